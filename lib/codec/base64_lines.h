/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole lines of base64 by the processor's vector instructions. For the codec room only. */
#ifndef MAILSUB_CODEC_BASE64_LINES_H
#define MAILSUB_CODEC_BASE64_LINES_H

#include <stddef.h>

enum {
    MAILSUB__BASE64_LINE_LEN = 76,
    MAILSUB__BASE64_LINE_OCTETS = MAILSUB__BASE64_LINE_LEN / 4 * 3
};

/*
 * Encode lines, each from 57 octets to 76 characters and CRLF, at most n_lines of them. How many
 * were encoded is returned: 0 where the processor cannot, and one or none less than in_len octets
 * hold, because octets behind a line are read with it.
 */
size_t mailsub__base64_lines(const char *in, size_t in_len, size_t n_lines, char *out);

#endif
