/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The content of a message as it comes after DATA (RFC 5321 section 4.5.2): takes the dots off,
 * finds the end, and notices what a correct client never sends; or as it comes in chunks.
 */
#ifndef MAILSUB_TESTING_CONTENT_H
#define MAILSUB_TESTING_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum mailsub__content_defect {
    MAILSUB__CONTENT_BARE_LF = 1u << 0,
    MAILSUB__CONTENT_BARE_CR = 1u << 1,
    MAILSUB__CONTENT_NUL = 1u << 2,
    MAILSUB__CONTENT_8BIT = 1u << 3,      /* 8BITMIME is not offered */
    MAILSUB__CONTENT_LONG_LINE = 1u << 4, /* RFC 5321 section 4.5.3.1.6: 998 and CRLF */
    MAILSUB__CONTENT_LONE_DOT = 1u << 5   /* a dot was put before a line that begins with none */
};

typedef struct mailsub__content {
    int place; /* enum place of content.c */
    size_t line_len;
    uint64_t len; /* octets so far, without the dots that were taken off */
    unsigned defects;
} mailsub__content;

void mailsub__content_init(mailsub__content *content);
/*
 * Take octets up to the end of the content, or all; returns their number. What was sent is appended
 * to out, which may be NULL; *out_ended is set when the final dot was found.
 */
size_t mailsub__content_feed(mailsub__content *content, const char *data, size_t len,
                             mailsub__buffer *out, bool *out_ended);
/* The same for octets of a chunk, which nothing was put into. */
void mailsub__content_feed_chunk(mailsub__content *content, const char *data, size_t len,
                                 mailsub__buffer *out);
/* In words for a person, the first of the defects; NULL when there is none. */
const char *mailsub__content_describe(unsigned defects);

#endif
