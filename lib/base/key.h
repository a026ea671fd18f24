/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys that sign a SHA-256 hash, by GnuTLS's abstract interface, so that a key may as well stay in a
 * token: RSA with PKCS #1 version 1.5 (RFC 8017 section 8.2), and Ed25519 (RFC 8032), which signs
 * the hash as if it were the message, as RFC 8463 has it.
 */
#ifndef MAILSUB_BASE_KEY_H
#define MAILSUB_BASE_KEY_H

#include <stdbool.h>

#include "base/buffer.h"

enum mailsub__key_kind { MAILSUB__KEY_RSA, MAILSUB__KEY_ED25519 };

enum {
    MAILSUB__KEY_LEAST_RSA_BITS = 1024, /* RFC 8301 section 3.2 */
    MAILSUB__KEY_MOST_RSA_BITS = 4096,  /* no verifier has to take more, same place */
    MAILSUB__KEY_MAX_SIGNATURE = MAILSUB__KEY_MOST_RSA_BITS / 8,
    MAILSUB__KEY_DIGEST_LEN = 32
};

/* A pair of keys, or the public one alone. All zero is none. */
typedef struct mailsub__key {
    void *secret; /* NULL: somebody else signs */
    void *public;
    enum mailsub__key_kind kind;
    unsigned n_bits;
} mailsub__key;

/*
 * Take a private key from PEM, PKCS #1 or PKCS #8; passphrase is NULL where none is needed.
 * MAILSUB_E_KEY: malformed, a wrong passphrase, another kind, too few or too many bits; or it does
 * not sign. MAILSUB_E_NOMEM. On failure *key is unchanged.
 */
int mailsub__key_from_pem(mailsub__key *key, mailsub__slice pem, const char *passphrase);
/*
 * Take a private key that a URL of GnuTLS names ("pkcs11:...", "tpmkey:..."). pin may be NULL; it
 * is asked for later too, and has to live as long as the key.
 */
int mailsub__key_from_url(mailsub__key *key, const char *url, const char *pin);
/* Take a public key from PEM: SubjectPublicKeyInfo. */
int mailsub__key_from_public_pem(mailsub__key *key, mailsub__slice pem);
void mailsub__key_deinit(mailsub__key *key);

/*
 * Sign with the private key, which there must be; out has room for MAILSUB__KEY_MAX_SIGNATURE
 * octets. MAILSUB_E_SIGNING, MAILSUB_E_NOMEM. Different threads may do so at once.
 */
int mailsub__key_sign(const mailsub__key *key, const unsigned char *digest, unsigned char *out,
                      size_t *out_len);
bool mailsub__key_verify(const mailsub__key *key, const unsigned char *digest,
                         mailsub__slice signature);
/* Append the public key: of RSA its SubjectPublicKeyInfo in DER, of Ed25519 its 32 octets. */
int mailsub__key_append_public(const mailsub__key *key, mailsub__buffer *out);

#endif
