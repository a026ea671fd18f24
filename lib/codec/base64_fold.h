/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Base64 that somebody else made, streaming, folded anew at 76 characters: line ends mean nothing
 * in it (RFC 2045 section 6.8). All else comes out as it went in.
 */
#ifndef MAILSUB_CODEC_BASE64_FOLD_H
#define MAILSUB_CODEC_BASE64_FOLD_H

#include "codec/pending.h"
#include "codec/step.h"

typedef struct mailsub__base64_fold {
    uint8_t column;
    char pending[MAILSUB__PENDING_LEN]; /* output that found no room */
    uint8_t n_pending;
    bool ended;
} mailsub__base64_fold;

void mailsub__base64_fold_init(mailsub__base64_fold *codec);
/* True when step->last and all is written, the CRLF behind the last line included. */
bool mailsub__base64_fold_encode(mailsub__base64_fold *codec, mailsub__step *step);

#endif
