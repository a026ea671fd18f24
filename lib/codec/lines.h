/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the newline and dot codecs share: every CRLF, bare CR and bare LF becomes one CRLF, and on
 * demand a dot at the start of a line is doubled. For the codec room only.
 */
#ifndef MAILSUB_CODEC_LINES_H
#define MAILSUB_CODEC_LINES_H

#include <stdint.h>

#include "codec/pending.h"
#include "codec/step.h"

typedef struct mailsub__lines {
    bool stuff_dots;
    bool leaves_open; /* the last line gets no line end that it does not have */
    bool at_line_start;
    bool after_cr;                      /* a CR was written as CRLF; a following LF belongs to it */
    char pending[MAILSUB__PENDING_LEN]; /* output that found no room */
    uint8_t n_pending;
    bool ended;
} mailsub__lines;

void mailsub__lines_init(mailsub__lines *lines, bool stuff_dots);
/*
 * Encode; true when step->last and all is written. At the end of the input a line that is open gets
 * its CRLF, and then comes epilogue, of at most 4 characters.
 */
bool mailsub__lines_encode(mailsub__lines *lines, mailsub__step *step, const char *epilogue);

/* Octets at the front up to the first bare CR or LF; a CR at the end counts as one. */
size_t mailsub__lines_clean_len(const char *data, size_t len);

#endif
