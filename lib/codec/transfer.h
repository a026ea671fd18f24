/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the transfer encodings of RFC 2045 section 6, streaming and as leniently as the readers
 * of mail do: what is no base64 is passed over, what is no quoted-printable stands for itself.
 * Where the input was cut never changes the result.
 */
#ifndef MAILSUB_CODEC_TRANSFER_H
#define MAILSUB_CODEC_TRANSFER_H

#include <stdint.h>

#include "base/slice.h"

enum mailsub__transfer_coding {
    MAILSUB__TRANSFER_NONE, /* 7bit, 8bit, binary, and what is not known */
    MAILSUB__TRANSFER_BASE64,
    MAILSUB__TRANSFER_QUOTED_PRINTABLE
};

typedef struct mailsub__transfer {
    enum mailsub__transfer_coding coding;
    uint32_t bits; /* of base64: those that make no octet yet */
    uint8_t n_bits;
    char held[2]; /* of quoted-printable: "=" and what stands behind it */
    uint8_t n_held;
} mailsub__transfer;

void mailsub__transfer_init(mailsub__transfer *codec, enum mailsub__transfer_coding coding);
/* Decode; out has room for in.len + 2 octets. The octets that were written. */
size_t mailsub__transfer_decode(mailsub__transfer *codec, mailsub__slice in, char *out);
/* What is held back at the end; out has room for 2 octets. */
size_t mailsub__transfer_finish(mailsub__transfer *codec, char *out);

#endif
