/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys and certificates that the caller knows beforehand: SHA-256 of a SubjectPublicKeyInfo (RFC
 * 7469 section 2.4), or of a whole certificate.
 */
#ifndef MAILSUB_NET_PIN_H
#define MAILSUB_NET_PIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/crypto.h"
#include "base/slice.h"

#define MAILSUB__MAX_PINS 16
#define MAILSUB__PIN_LEN 32
/* In hexadecimal, with its NUL. */
#define MAILSUB__PIN_TEXT_LEN (2 * MAILSUB__PIN_LEN + 1)

typedef struct mailsub__pins {
    unsigned char keys[MAILSUB__MAX_PINS][MAILSUB__PIN_LEN];
    size_t n_keys;
    unsigned char certificate[MAILSUB__PIN_LEN];
    bool has_certificate;
} mailsub__pins;

/*
 * Read a SHA-256: "sha256//" and base64, or 64 hexadecimal digits with or without colons between
 * the octets. MAILSUB_E_PIN, MAILSUB_E_NOMEM.
 */
int mailsub__pin_parse(mailsub__slice text, unsigned char out[MAILSUB__PIN_LEN]);
void mailsub__pin_write(const unsigned char pin[MAILSUB__PIN_LEN], char out[MAILSUB__PIN_TEXT_LEN]);

bool mailsub__pins_have_key(const mailsub__pins *pins, const unsigned char key[MAILSUB__PIN_LEN]);

#endif
