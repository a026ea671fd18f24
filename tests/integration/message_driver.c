/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds messages as it is told on standard input, so that a test in another language can ask for
 * any message and read back what came of it.
 *
 * A request is a line: a verb and its arguments, each in hexadecimal, "-" for NULL. Nothing is
 * answered but to "write": "ok LENGTH", a line end and that many octets; or "error NAME FIELD". The
 * next request then begins a new message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/random.h>

#include <mailsub/error.h>

#include "message/message.h"

enum { MAX_ARGUMENTS = 4 };

struct argument {
    char *data; /* NUL-terminated; NULL for NULL */
    size_t len;
};

struct octets {
    char *data;
    size_t len;
};

static int fixed_now(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    (void)context;
    *out_unix_s = 1732228260;
    *out_zone_min = 60;
    return MAILSUB_OK;
}

static int system_fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    return getrandom(out, n_bytes, 0) == (ssize_t)n_bytes ? MAILSUB_OK : MAILSUB_E_RANDOM;
}

_Noreturn static void fail(const char *why)
{
    fprintf(stderr, "message_driver: %s\n", why);
    exit(2);
}

static mailsub_message *new_message(void)
{
    const mailsub_clock clock = {.size = sizeof clock, .now = fixed_now};
    const mailsub_random random = {.size = sizeof random, .fill = system_fill};
    mailsub_message *message;
    if (mailsub__message_create(NULL, &clock, &random, &message) != MAILSUB_OK)
        fail("out of memory");
    return message;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode in place. */
static struct argument decode(char *hex)
{
    if (strcmp(hex, "-") == 0)
        return (struct argument){NULL, 0};
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(hex[2 * i]);
        int low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            fail("an argument is not hexadecimal");
        hex[i] = (char)(high * 16 + low);
    }
    hex[len] = '\0';
    return (struct argument){hex, len};
}

static int run(mailsub_message *m, const char *verb, const struct argument a[MAX_ARGUMENTS])
{
    static const char *const recipients[] = {"to", "cc", "bcc"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(verb, recipients[i]) == 0)
            return mailsub_message_add_recipient(m, i, a[0].data, a[1].data);
    }
    if (strcmp(verb, "from") == 0)
        return mailsub_message_set_from(m, a[0].data, a[1].data);
    if (strcmp(verb, "add-from") == 0)
        return mailsub_message_add_from(m, a[0].data, a[1].data);
    if (strcmp(verb, "to-list") == 0)
        return mailsub_message_add_recipients(m, MAILSUB_RECIPIENT_TO, a[0].data, a[0].len);
    if (strcmp(verb, "sender") == 0)
        return mailsub_message_set_sender(m, a[0].data, a[1].data);
    if (strcmp(verb, "reply-to") == 0)
        return mailsub_message_add_reply_to(m, a[0].data, a[1].data);
    if (strcmp(verb, "subject") == 0)
        return mailsub_message_set_subject(m, a[0].data);
    if (strcmp(verb, "header") == 0)
        return mailsub_message_add_header(m, a[0].data, a[1].data, a[1].len);
    if (strcmp(verb, "message-id") == 0)
        return mailsub_message_set_message_id(m, a[0].data);
    if (strcmp(verb, "text") == 0)
        return mailsub_message_set_text(m, a[0].data, a[0].len);
    if (strcmp(verb, "html") == 0) {
        int rc = mailsub_message_set_text_from_html(m, 0);
        return rc ? rc : mailsub_message_set_html(m, a[0].data, a[0].len);
    }
    if (strcmp(verb, "data") == 0)
        return mailsub_message_attach_data(m, a[0].data, a[1].data, a[2].data, a[2].len);
    if (strcmp(verb, "file") == 0)
        return mailsub_message_attach_file(m, a[2].data, a[0].data, a[1].data);
    fail("no such verb");
}

static int collect(void *context, const void *data, size_t len)
{
    struct octets *octets = context;
    octets->data = realloc(octets->data, octets->len + len);
    if (!octets->data)
        fail("out of memory");
    memcpy(octets->data + octets->len, data, len);
    octets->len += len;
    return 0;
}

static void answer(mailsub_message *message)
{
    struct octets octets = {NULL, 0};
    const char *field;
    int rc = mailsub_message_write(message, collect, &octets);
    mailsub_message_get_error(message, &field);
    if (rc) {
        printf("error %s %s\n", mailsub_error_name(rc), field);
    } else {
        printf("ok %zu\n", octets.len);
        fwrite(octets.data, 1, octets.len, stdout);
    }
    fflush(stdout);
    free(octets.data);
    mailsub_message_free(message);
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    mailsub_message *message = new_message();
    while (getline(&line, &capacity, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *rest = line;
        const char *verb = strsep(&rest, " ");
        struct argument arguments[MAX_ARGUMENTS] = {{NULL, 0}};
        for (size_t i = 0; rest && i < MAX_ARGUMENTS; i++)
            arguments[i] = decode(strsep(&rest, " "));
        if (strcmp(verb, "write") == 0) {
            answer(message);
            message = new_message();
        } else {
            run(message, verb, arguments); /* the message keeps the error */
        }
    }
    mailsub_message_free(message);
    free(line);
    return 0;
}
