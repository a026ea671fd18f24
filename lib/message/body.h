/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text bodies: which transfer encoding carries one safely, and writing it (RFC 2045). */
#ifndef MAILSUB_MESSAGE_BODY_H
#define MAILSUB_MESSAGE_BODY_H

#include "base/buffer.h"

/* The first three are also what a whole message can be for the server: its BODY= (RFC 6152, 3030).
 */
enum mailsub__body_encoding {
    MAILSUB__BODY_7BIT,
    MAILSUB__BODY_8BIT,
    MAILSUB__BODY_BINARY,
    MAILSUB__BODY_QUOTED_PRINTABLE,
    MAILSUB__BODY_BASE64
};

enum {
    MAILSUB__BODY_LONGEST_LINE = 998, /* of 7bit and 8bit, RFC 5322 section 2.1.1 */

    /* Flags for choosing. */
    MAILSUB__BODY_MAY_8BIT = 1u << 0,
    MAILSUB__BODY_FLOWED = 1u << 1 /* a space at the end of a line has a meaning (RFC 3676) */
};

/* Name for the field Content-Transfer-Encoding. */
const char *mailsub__body_encoding_name(enum mailsub__body_encoding encoding);
/* What is on the wire when a part is encoded so: 7BIT, 8BIT or BINARY, the later the wider. */
enum mailsub__body_encoding mailsub__body_domain(enum mailsub__body_encoding encoding);
/* The simplest encoding that survives every relay; of the others the shorter one. Never BINARY. */
enum mailsub__body_encoding mailsub__body_choose(mailsub__slice text, unsigned flags);
/*
 * Append text, its line ends made CRLF, the last one too; empty text adds nothing. The error of the
 * buffer.
 */
int mailsub__body_append(mailsub__buffer *out, mailsub__slice text,
                         enum mailsub__body_encoding encoding);

#endif
