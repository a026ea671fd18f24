/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Builds messages as it is told on standard input, so that a test in another language can ask for
 * any message and read back what came of it.
 *
 * A request is a line: a verb and its arguments, each in hexadecimal, "-" for NULL. Nothing is
 * answered but to "write", with what a server can do (MAILSUB_CAN_*, in decimal; none when left
 * out): "ok LENGTH", a line end and that many octets; or "error NAME FIELD". The next request then
 * begins a new message. "existing" takes its octets for a message that exists already, and its
 * recipients from it when it has a second argument.
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

typedef int verb_fn(mailsub_message *m, const struct argument a[MAX_ARGUMENTS]);

static int set_from(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_set_from(m, a[0].data, a[1].data);
}

static int add_from(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_add_from(m, a[0].data, a[1].data);
}

static int set_sender(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_set_sender(m, a[0].data, a[1].data);
}

static int add_reply_to(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_add_reply_to(m, a[0].data, a[1].data);
}

static int add_to(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_TO, a[0].data, a[1].data);
}

static int add_cc(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_CC, a[0].data, a[1].data);
}

static int add_bcc(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_BCC, a[0].data, a[1].data);
}

static int add_to_list(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_add_recipients(m, MAILSUB_RECIPIENT_TO, a[0].data, a[0].len);
}

static int allow_smtputf8(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    (void)a;
    return mailsub_message_allow_smtputf8(m, 1);
}

static int set_subject(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_set_subject(m, a[0].data);
}

static int add_header(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_add_header(m, a[0].data, a[1].data, a[1].len);
}

/* Seconds since 1970 and minutes east of UTC, both in decimal. */
static int set_date(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_set_date(m, strtoll(a[0].data, NULL, 10),
                                    (int32_t)strtol(a[1].data, NULL, 10));
}

static int set_message_id(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_set_message_id(m, a[0].data);
}

static int set_parent(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_set_parent(m, a[0].data, a[1].data);
}

static int set_text(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_set_text(m, a[0].data, a[0].len);
}

static int set_flowed(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    (void)a;
    return mailsub_message_set_text_flowed(m, 1);
}

/* Without a text made of it. */
static int set_html(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    int rc = mailsub_message_set_text_from_html(m, 0);
    return rc ? rc : mailsub_message_set_html(m, a[0].data, a[0].len);
}

static int set_html_and_text(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_set_html(m, a[0].data, a[0].len);
}

static int set_calendar(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_set_calendar(m, a[0].data, a[1].data, a[1].len);
}

static int attach_data(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_attach_data(m, a[0].data, a[1].data, a[2].data, a[2].len);
}

static int attach_file(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_attach_file(m, a[2].data, a[0].data, a[1].data);
}

static int embed_data(mailsub_message *m, const struct argument a[MAX_ARGUMENTS])
{
    return mailsub_message_embed_data(m, a[0].data, a[1].data, a[2].data, a[2].len);
}

static const struct verb {
    const char *name;
    verb_fn *run;
} verbs[] = {
    {"from", set_from},
    {"add-from", add_from},
    {"sender", set_sender},
    {"reply-to", add_reply_to},
    {"to", add_to},
    {"cc", add_cc},
    {"bcc", add_bcc},
    {"to-list", add_to_list},
    {"smtputf8", allow_smtputf8},
    {"subject", set_subject},
    {"header", add_header},
    {"date", set_date},
    {"message-id", set_message_id},
    {"parent", set_parent},
    {"text", set_text},
    {"flowed", set_flowed},
    {"html", set_html},
    {"html-and-text", set_html_and_text},
    {"calendar", set_calendar},
    {"data", attach_data},
    {"file", attach_file},
    {"embed", embed_data},
};

static void run(mailsub_message *m, const char *verb, const struct argument a[MAX_ARGUMENTS])
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verb, verbs[i].name) == 0) {
            verbs[i].run(m, a); /* the message keeps the error */
            return;
        }
    }
    fail("no such verb");
}

/* In place of the message: one that exists already, its recipients taken from it or not. */
static int adopt(mailsub_message **message, const struct argument a[MAX_ARGUMENTS])
{
    uint32_t flags = a[1].data ? MAILSUB_FROM_TAKE_RECIPIENTS : 0;
    mailsub_message_free(*message);
    *message = NULL;
    return mailsub_message_from_bytes(NULL, a[0].data, a[0].len, flags, message);
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

/* For a server that can do that. */
static void answer(mailsub_message *message, int error, uint32_t capabilities)
{
    struct octets octets = {NULL, 0};
    const char *field = "";
    int rc = error;
    if (!rc)
        rc = mailsub_message_write_for(message, capabilities, collect, &octets);
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
    int error = MAILSUB_OK; /* of "existing" */
    mailsub_message *message = new_message();
    while (getline(&line, &capacity, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *rest = line;
        const char *verb = strsep(&rest, " ");
        struct argument arguments[MAX_ARGUMENTS] = {{NULL, 0}};
        for (size_t i = 0; rest && i < MAX_ARGUMENTS; i++)
            arguments[i] = decode(strsep(&rest, " "));
        if (strcmp(verb, "write") == 0) {
            const char *wanted = arguments[0].data ? arguments[0].data : "0";
            answer(message, error, (uint32_t)strtoul(wanted, NULL, 10));
            message = new_message();
            error = MAILSUB_OK;
        } else if (strcmp(verb, "existing") == 0) {
            error = adopt(&message, arguments);
        } else if (!error) {
            run(message, verb, arguments);
        }
    }
    mailsub_message_free(message);
    free(line);
    return 0;
}
