/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dot-stuffing and the end of data (RFC 5321 section 4.5.2), streaming. The input has CRLF line
 * ends; bare CR and bare LF, which it must not have, are made CRLF here as well, so that whatever
 * comes in, no line of the content can end DATA (the smuggling of CVE-2023-51764 and its kin).
 */
#ifndef MAILSUB_CODEC_DOT_H
#define MAILSUB_CODEC_DOT_H

#include "codec/lines.h"

typedef struct mailsub__dot {
    mailsub__lines lines;
} mailsub__dot;

void mailsub__dot_init(mailsub__dot *codec);
/* True when step->last and all is written, ".\r\n" included. */
bool mailsub__dot_encode(mailsub__dot *codec, mailsub__step *step);

#endif
