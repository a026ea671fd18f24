/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a message asked of its delivery, out of the parameters that were sent (RFC 3461 and others). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mailsub/extension.h>

#include "codec/civil.h"
#include "replay.h"

static int digit(char c)
{
    const char *at = c ? strchr("0123456789ABCDEF", c) : NULL;
    return at ? (int)(at - "0123456789ABCDEF") : -1;
}

/* A character "{XXXX}" at *at in UTF-8. */
static size_t put_character(const char **at, char *out)
{
    char *end;
    unsigned long c = strtoul(*at + 1, &end, 16);
    *at = *end == '}' ? end + 1 : end;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(leads[n] | (c & 0xff));
    return n;
}

/* Undo xtext: it only gets shorter. */
static mailsub__slice plain(struct replay_message *message, mailsub__slice text)
{
    char *out = message->replay->copies + message->replay->n_copied;
    if (replay_copy(message->replay, text).len != text.len)
        return MAILSUB__SLICE_EMPTY;
    const char *end = text.ptr + text.len;
    size_t len = 0;
    for (const char *at = text.ptr; at < end;) {
        if (*at == '+' && end - at > 2 && digit(at[1]) >= 0 && digit(at[2]) >= 0) {
            out[len++] = (char)(digit(at[1]) * 16 + digit(at[2]));
            at += 3;
        } else if (*at == '\\' && end - at > 3 && at[1] == 'x' && at[2] == '{') {
            at += 2;
            len += put_character(&at, out + len);
        } else {
            out[len++] = *at++;
        }
    }
    return mailsub__slice_of(out, len);
}

/* The value of " KEY=value" in a command; false: it is not there. */
static bool find(const char *line, const char *key, mailsub__slice *out)
{
    const char *at = strstr(line, key);
    if (!at)
        return false;
    at += strlen(key);
    *out = mailsub__slice_of(at, strcspn(at, " "));
    return true;
}

static void take_deliver_by(mailsub__delivery *delivery, const char *value)
{
    char *mode;
    delivery->deliver_by_s = strtoll(value, &mode, 10);
    delivery->deliver_by =
        mode[0] == ';' && mode[1] == 'R' ? MAILSUB_DELIVER_BY_RETURN : MAILSUB_DELIVER_BY_NOTIFY;
    delivery->deliver_by_trace = mode[0] == ';' && mode[1] && mode[2] == 'T';
}

/* The instant whose text this is: by trial, which needs no other calendar. */
static int64_t instant_of(mailsub__slice text)
{
    int64_t low = 0;
    int64_t high = INT64_C(253402300799);
    char written[MAILSUB__RFC3339_SIZE];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        mailsub__rfc3339_write(written, middle);
        if (strncmp(written, text.ptr, text.len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take_hold(mailsub__delivery *delivery, const char *line)
{
    mailsub__slice value;
    if (find(line, " HOLDFOR=", &value)) {
        delivery->hold = MAILSUB_HOLD_FOR;
        delivery->hold_time = strtoll(value.ptr, NULL, 10);
    } else if (find(line, " HOLDUNTIL=", &value)) {
        delivery->hold = MAILSUB_HOLD_UNTIL;
        delivery->hold_time = instant_of(value);
    }
}

void replay_wish_mail(struct replay_message *message, const char *line)
{
    mailsub__delivery *delivery = &message->delivery;
    mailsub__slice value;
    if (find(line, " RET=", &value))
        delivery->return_part = value.ptr[0] == 'F' ? MAILSUB_RETURN_FULL : MAILSUB_RETURN_HEADERS;
    /* Sent again for another transaction, where the first is undone already. */
    if (delivery->envelope_id.len == 0 && find(line, " ENVID=", &value))
        delivery->envelope_id = plain(message, value);
    if (find(line, " BY=", &value))
        take_deliver_by(delivery, value.ptr);
    take_hold(delivery, line);
    if (find(line, " MT-PRIORITY=", &value))
        delivery->priority = (int)strtol(value.ptr, NULL, 10);
    delivery->require_tls |= strstr(line, " REQUIRETLS") != NULL;
    if (!delivery->has_submitter && find(line, " AUTH=", &value)) {
        delivery->has_submitter = true;
        delivery->submitter = mailsub__slice_equal(value, mailsub__slice_str("<>"))
                                  ? MAILSUB__SLICE_EMPTY
                                  : plain(message, value);
    }
}

void replay_wish_rcpt(struct replay_message *message, size_t i, const char *line)
{
    static const struct {
        const char *word;
        uint8_t flag;
    } words[] = {{"NEVER", MAILSUB_NOTIFY_NEVER},
                 {"SUCCESS", MAILSUB_NOTIFY_SUCCESS},
                 {"FAILURE", MAILSUB_NOTIFY_FAILURE},
                 {"DELAY", MAILSUB_NOTIFY_DELAY}};
    mailsub__recipient_wish *wish = &message->wishes[i];
    mailsub__slice value;
    if (find(line, " NOTIFY=", &value)) {
        wish->has_notify = true;
        for (size_t j = 0; j < sizeof words / sizeof words[0]; j++) {
            if (memmem(value.ptr, value.len, words[j].word, strlen(words[j].word)))
                wish->notify |= words[j].flag;
        }
        message->delivery.dsn_by_recipient = true;
    }
    if (wish->original.len > 0 || !find(line, " ORCPT=", &value))
        return;
    const char *semicolon = memchr(value.ptr, ';', value.len);
    if (!semicolon)
        return;
    size_t len = (size_t)(semicolon - value.ptr);
    wish->original_type = mailsub__slice_of(value.ptr, len);
    wish->original = plain(message, mailsub__slice_of(semicolon + 1, value.len - len - 1));
    message->delivery.dsn_by_recipient = true;
}

void replay_wish_extension(struct replay_message *message, int extension)
{
    mailsub__delivery *delivery = &message->delivery;
    switch (extension) {
    case MAILSUB_EXTENSION_DSN:
        delivery->return_part = MAILSUB_RETURN_FULL;
        break;
    case MAILSUB_EXTENSION_DELIVERBY:
        delivery->deliver_by = MAILSUB_DELIVER_BY_RETURN;
        delivery->deliver_by_s = 1;
        break;
    case MAILSUB_EXTENSION_FUTURERELEASE:
        delivery->hold = MAILSUB_HOLD_FOR;
        delivery->hold_time = INT64_C(9999999999);
        break;
    case MAILSUB_EXTENSION_MT_PRIORITY:
        delivery->priority = 1;
        break;
    case MAILSUB_EXTENSION_REQUIRETLS:
        delivery->require_tls = true;
        break;
    case MAILSUB_EXTENSION_AUTH:
        delivery->has_submitter = true;
        break;
    default:
        break;
    }
}
