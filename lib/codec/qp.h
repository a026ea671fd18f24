/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Quoted-printable of text (RFC 2045 section 6.7), streaming: lines of at most 76 characters, CRLF,
 * bare CR and bare LF taken as line ends, white space before a line end encoded. A dot and "From "
 * at the start of a line are encoded too, against relays that mishandle them; a line that a soft
 * break made is such a line as well. Nothing else is encoded that need not be.
 */
#ifndef MAILSUB_CODEC_QP_H
#define MAILSUB_CODEC_QP_H

#include <stdint.h>

#include "codec/pending.h"
#include "codec/step.h"

typedef struct mailsub__qp {
    char held[8]; /* input that what follows will decide on: "From", white space */
    uint8_t n_held;
    uint8_t column;
    char pending[MAILSUB__PENDING_LEN]; /* output that found no room */
    uint8_t n_pending;
    bool after_cr; /* a CR was taken as a line end; a following LF belongs to it */
    bool ended;
} mailsub__qp;

void mailsub__qp_init(mailsub__qp *codec);
/* Encode. True when step->last and all is written; a text without a last line end gets one. */
bool mailsub__qp_encode(mailsub__qp *codec, mailsub__step *step);

#endif
