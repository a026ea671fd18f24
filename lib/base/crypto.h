/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hashes and keyed hashes, by GnuTLS: what logins (SCRAM, CRAM-MD5) and signatures (DKIM) stand on.
 * No other room names GnuTLS's functions for them.
 */
#ifndef MAILSUB_BASE_CRYPTO_H
#define MAILSUB_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum mailsub__hash { MAILSUB__MD5, MAILSUB__SHA1, MAILSUB__SHA256 };

#define MAILSUB__MAX_DIGEST_LEN 32

size_t mailsub__hash_len(enum mailsub__hash hash);

/*
 * A hash of octets that come piece by piece. All zero is one that was never begun. Pieces go on in
 * multiples of the hash's block: what lies across two of GnuTLS's calls is hashed by its plain code,
 * which for a message of a few KiB takes more than all else that is done beside hash and signature.
 */
typedef struct mailsub__hasher {
    void *handle;
    size_t n_held;
    unsigned char held[1024];
} mailsub__hasher;

/* MAILSUB_E_NOMEM; MAILSUB_E_CRYPTO: this system's policy forbids the hash. */
int mailsub__hasher_begin(mailsub__hasher *hasher, enum mailsub__hash hash);
int mailsub__hasher_update(mailsub__hasher *hasher, mailsub__slice data);
/* Writes mailsub__hash_len octets and ends the hash; also where it fails, and then writes nothing. */
int mailsub__hasher_finish(mailsub__hasher *hasher, unsigned char *out_digest);
/* Ends a hash that may have been begun, without its result. */
void mailsub__hasher_deinit(mailsub__hasher *hasher);

/* In one step; the codes of mailsub__hasher_begin. */
int mailsub__hash_of(enum mailsub__hash hash, mailsub__slice data, unsigned char *out_digest);
/* RFC 2104 */
int mailsub__hmac(enum mailsub__hash hash, mailsub__slice key, mailsub__slice data,
                  unsigned char *out_digest);
/* RFC 8018 section 5.2, with as many octets as the hash has. The caller bounds n_iterations. */
int mailsub__pbkdf2(enum mailsub__hash hash, mailsub__slice password, mailsub__slice salt,
                    uint32_t n_iterations, unsigned char *out_key);

/* Takes the same time wherever the first difference is. */
bool mailsub__equal_secret(const void *a, const void *b, size_t len);

#endif
