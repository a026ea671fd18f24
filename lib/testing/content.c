/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Only CRLF ends a line here, as RFC 5321 section 2.3.8 demands: a server that takes a bare LF for
 * a line end as well would let the client's error pass, and with it a smuggled message.
 */
#include "testing/content.h"

#include <string.h>

#define MAX_LINE 998

enum place { LINE_START, AFTER_DOT, AFTER_DOT_CR, IN_LINE, AFTER_CR };

void mailsub__content_init(mailsub__content *content)
{
    *content = (mailsub__content){.place = LINE_START};
}

static void emit(mailsub__content *content, const char *data, size_t len, mailsub__buffer *out)
{
    content->len += len;
    if (out)
        mailsub__buffer_append(out, data, len); /* a failure sticks and is seen at the end */
}

static bool has_high_bit(const char *data, size_t len)
{
    uint64_t all = 0;
    for (; len >= sizeof all; data += sizeof all, len -= sizeof all) {
        uint64_t word;
        memcpy(&word, data, sizeof word);
        all |= word;
    }
    for (; len > 0; data++, len--)
        all |= (uint64_t)(unsigned char)*data;
    return (all & UINT64_C(0x8080808080808080)) != 0;
}

/* Octets of one line up to a CR or the end of what there is; returns their number. */
static size_t take_run(mailsub__content *content, const char *data, size_t len,
                       mailsub__buffer *out)
{
    const char *cr = memchr(data, '\r', len);
    size_t run = cr ? (size_t)(cr - data) : len;
    if (memchr(data, '\n', run))
        content->defects |= MAILSUB__CONTENT_BARE_LF;
    if (memchr(data, '\0', run))
        content->defects |= MAILSUB__CONTENT_NUL;
    if (has_high_bit(data, run))
        content->defects |= MAILSUB__CONTENT_8BIT;
    emit(content, data, run, out);
    content->line_len += run;
    if (content->line_len > MAX_LINE)
        content->defects |= MAILSUB__CONTENT_LONG_LINE;
    if (!cr)
        return run;
    content->place = AFTER_CR;
    return run + 1;
}

/* The octet behind a CR. Returns 1 when it was taken. */
static size_t after_cr(mailsub__content *content, char c, mailsub__buffer *out)
{
    if (c == '\n') {
        emit(content, "\r\n", 2, out);
        content->line_len = 0;
        content->place = LINE_START;
        return 1;
    }
    content->defects |= MAILSUB__CONTENT_BARE_CR;
    emit(content, "\r", 1, out);
    content->line_len++;
    content->place = IN_LINE;
    return 0;
}

/* The octet behind a dot that began a line. Returns 1 when it was taken. */
static size_t after_dot(mailsub__content *content, char c)
{
    if (c == '\r') {
        content->place = AFTER_DOT_CR;
        return 1;
    }
    if (c != '.')
        content->defects |= MAILSUB__CONTENT_LONE_DOT;
    content->place = IN_LINE;
    return 0;
}

size_t mailsub__content_feed(mailsub__content *content, const char *data, size_t len,
                             mailsub__buffer *out, bool *out_ended)
{
    size_t at = 0;
    while (at < len) {
        switch ((enum place)content->place) {
        case LINE_START:
            content->place = data[at] == '.' ? AFTER_DOT : IN_LINE;
            at += data[at] == '.';
            break;
        case AFTER_DOT:
            at += after_dot(content, data[at]);
            break;
        case AFTER_DOT_CR:
            if (data[at] == '\n') {
                *out_ended = true;
                return at + 1;
            }
            content->place = AFTER_CR;
            break;
        case IN_LINE:
            at += take_run(content, data + at, len - at, out);
            break;
        case AFTER_CR:
            at += after_cr(content, data[at], out);
            break;
        }
    }
    return at;
}

void mailsub__content_feed_chunk(mailsub__content *content, const char *data, size_t len,
                                 mailsub__buffer *out)
{
    for (size_t at = 0; at < len;) {
        if (content->place == AFTER_CR) {
            at += after_cr(content, data[at], out);
        } else {
            content->place = IN_LINE;
            at += take_run(content, data + at, len - at, out);
        }
    }
}

const char *mailsub__content_describe(unsigned defects)
{
    static const struct {
        unsigned defect;
        const char *text;
    } rows[] = {
        {MAILSUB__CONTENT_BARE_LF, "bare LF in the content"},
        {MAILSUB__CONTENT_BARE_CR, "bare CR in the content"},
        {MAILSUB__CONTENT_NUL, "NUL in the content"},
        {MAILSUB__CONTENT_8BIT, "8-bit content, 8BITMIME was not offered"},
        {MAILSUB__CONTENT_LONG_LINE, "line of more than 998 octets in the content"},
        {MAILSUB__CONTENT_LONE_DOT, "a dot before a line that begins with none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (defects & rows[i].defect)
            return rows[i].text;
    }
    return NULL;
}
