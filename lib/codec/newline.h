/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Line ends: CRLF, bare CR and bare LF all become CRLF, streaming. */
#ifndef MAILSUB_CODEC_NEWLINE_H
#define MAILSUB_CODEC_NEWLINE_H

#include "codec/lines.h"

typedef struct mailsub__newline {
    mailsub__lines lines;
} mailsub__newline;

void mailsub__newline_init(mailsub__newline *codec);
/* Call behind init for a text whose last line is to stay without a line end where it has none. */
void mailsub__newline_leave_open(mailsub__newline *codec);
/* True when step->last and all is written; a text without a last line end gets one else. */
bool mailsub__newline_encode(mailsub__newline *codec, mailsub__step *step);

/* Octets at the front up to the first bare CR or LF; a CR at the end counts as one. */
size_t mailsub__newline_clean_len(const char *data, size_t len);

#endif
