/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a body that somebody else wrote consists of, seen in one pass over its pieces. */
#ifndef MAILSUB_MESSAGE_EXISTING_BODY_H
#define MAILSUB_MESSAGE_EXISTING_BODY_H

#include <stdint.h>

#include "base/slice.h"
#include "codec/utf8.h"

enum { MAILSUB__EXISTING_LONGEST_LINE = 998 }; /* RFC 5322 section 2.1.1, without CRLF */

typedef struct mailsub__existing_body {
    uint64_t len;          /* octets as they are */
    uint64_t repaired_len; /* the same with CRLF line ends, the last line ended too */
    uint64_t n_8bit;
    uint64_t n_escaped; /* octets that quoted-printable would escape */
    bool has_nul;
    bool has_long_line;
    bool has_crlf;
    bool has_bare_cr;
    bool has_bare_lf;
    bool has_pgp; /* a line begins a text that OpenPGP signed in place */
    mailsub__utf8 utf8;

    uint64_t column;
    unsigned n_mark; /* octets of that line's mark in front of column */
    bool after_cr;
} mailsub__existing_body;

void mailsub__existing_body_init(mailsub__existing_body *body);
void mailsub__existing_body_feed(mailsub__existing_body *body, const char *data, size_t len);
void mailsub__existing_body_finish(mailsub__existing_body *body);

#endif
