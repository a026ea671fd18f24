/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text bodies: which transfer encoding carries one safely, and writing it (RFC 2045). */
#ifndef MAILSUB_MESSAGE_BODY_H
#define MAILSUB_MESSAGE_BODY_H

#include "base/buffer.h"

enum mailsub__body_encoding {
    MAILSUB__BODY_7BIT,
    MAILSUB__BODY_QUOTED_PRINTABLE,
    MAILSUB__BODY_BASE64
};

/* Name for the field Content-Transfer-Encoding. */
const char *mailsub__body_encoding_name(enum mailsub__body_encoding encoding);
/* The simplest encoding that survives every relay; of the others the shorter one. */
enum mailsub__body_encoding mailsub__body_choose(mailsub__slice text);
/*
 * Append text, its line ends made CRLF, the last one too; empty text adds nothing. The error of the
 * buffer.
 */
int mailsub__body_append(mailsub__buffer *out, mailsub__slice text,
                         enum mailsub__body_encoding encoding);

#endif
