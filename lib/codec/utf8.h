/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#ifndef MAILSUB_CODEC_UTF8_H
#define MAILSUB_CODEC_UTF8_H

#include <stdint.h>

#include "base/slice.h"

/* Validates a text that comes in pieces. */
typedef struct mailsub__utf8 {
    uint8_t n_missing; /* continuation octets still to come */
    uint8_t low;       /* range of the next one */
    uint8_t high;
    bool failed;
} mailsub__utf8;

void mailsub__utf8_init(mailsub__utf8 *check);
/* False as soon as the text cannot be valid any more. */
bool mailsub__utf8_feed(mailsub__utf8 *check, const char *data, size_t len);
/* True when the text as a whole is valid. */
bool mailsub__utf8_finish(const mailsub__utf8 *check);

bool mailsub__utf8_is_valid(mailsub__slice text);
bool mailsub__ascii_only(mailsub__slice text);
/* Decode the first character of valid UTF-8 that is not empty; the octets it takes are returned. */
size_t mailsub__utf8_decode(mailsub__slice text, uint32_t *out_char);
/* Encode a character, which is no surrogate and not beyond U+10FFFF; the octets that it takes. */
size_t mailsub__utf8_encode(uint32_t character, char out[4]);

#endif
