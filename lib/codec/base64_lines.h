/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole lines of base64 by the processor's vector instructions. For the codec room only. */
#ifndef MAILSUB_CODEC_BASE64_LINES_H
#define MAILSUB_CODEC_BASE64_LINES_H

#include "base/slice.h"

enum {
    MAILSUB__BASE64_LINE_LEN = 76,
    MAILSUB__BASE64_LINE_OCTETS = MAILSUB__BASE64_LINE_LEN / 4 * 3
};

/* The instructions by which it is done: those of the processor, from the least to the best. */
enum mailsub__base64_form { MAILSUB__BASE64_SCALAR, MAILSUB__BASE64_SSSE3, MAILSUB__BASE64_AVX2 };

/* What this processor can. */
enum mailsub__base64_form mailsub__base64_best(void);

/*
 * Encode lines, each from 57 octets to 76 characters and CRLF, at most n_lines of them. How many
 * were encoded is returned: 0 for the scalar form, and one or none less than in_len octets hold,
 * because octets behind a line are read with it. The processor has to know the form.
 */
size_t mailsub__base64_lines(enum mailsub__base64_form form, mailsub__slice in, size_t n_lines,
                             char *out);

#endif
