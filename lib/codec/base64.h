/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64 (RFC 4648 section 4), streaming, folded at 76 characters by CRLF (RFC 2045 section 6.8).
 */
#ifndef MAILSUB_CODEC_BASE64_H
#define MAILSUB_CODEC_BASE64_H

#include <stdint.h>

#include "base/buffer.h"
#include "codec/pending.h"
#include "codec/step.h"

typedef struct mailsub__base64 {
    uint8_t carry[3]; /* octets of an unfinished group */
    uint8_t n_carry;
    uint8_t column;                     /* characters on the current line */
    char pending[MAILSUB__PENDING_LEN]; /* output that found no room */
    uint8_t n_pending;
    bool ended;
} mailsub__base64;

void mailsub__base64_init(mailsub__base64 *codec);
/*
 * Encode. True when step->last and all is written, the CRLF behind the last line included; an empty
 * input gives no line.
 */
bool mailsub__base64_encode(mailsub__base64 *codec, mailsub__step *step);
/* Octets that len octets become, line ends included. SIZE_MAX: more than size_t holds. */
size_t mailsub__base64_encoded_len(size_t len);
/* Append without folding, for AUTH and encoded words; the result is the buffer's. */
int mailsub__base64_append(mailsub__buffer *buffer, const void *data, size_t len);
/*
 * Append what strict, unfolded base64 stands for: padded, without other characters, the bits that
 * padding leaves unused zero. MAILSUB_E_REPLY_MALFORMED when text is none; else the buffer's.
 */
int mailsub__base64_append_decoded(mailsub__buffer *buffer, const char *text, size_t len);

#endif
