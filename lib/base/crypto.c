/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hashes and keyed hashes on GnuTLS's primitives. */
#include "base/crypto.h"

#include <assert.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <mailsub/error.h>

static const struct {
    gnutls_digest_algorithm_t digest;
    gnutls_mac_algorithm_t mac;
    size_t len;
} hashes[] = {
    [MAILSUB__MD5] = {GNUTLS_DIG_MD5, GNUTLS_MAC_MD5, 16},
    [MAILSUB__SHA1] = {GNUTLS_DIG_SHA1, GNUTLS_MAC_SHA1, 20},
    [MAILSUB__SHA256] = {GNUTLS_DIG_SHA256, GNUTLS_MAC_SHA256, 32},
};

static int code_of(int gnutls_code)
{
    if (gnutls_code >= 0)
        return MAILSUB_OK;
    return gnutls_code == GNUTLS_E_MEMORY_ERROR ? MAILSUB_E_NOMEM : MAILSUB_E_CRYPTO;
}

size_t mailsub__hash_len(enum mailsub__hash hash)
{
    return hashes[hash].len;
}

int mailsub__hasher_begin(mailsub__hasher *hasher, enum mailsub__hash hash)
{
    gnutls_hash_hd_t handle;
    int rc = gnutls_hash_init(&handle, hashes[hash].digest);
    if (rc < 0)
        return code_of(rc);
    hasher->handle = handle;
    hasher->n_held = 0;
    return MAILSUB_OK;
}

/* Take of data what is hashed with what is held; all of it, where that is not yet full. */
static int fill_up(mailsub__hasher *hasher, mailsub__slice *data)
{
    size_t n = sizeof hasher->held - hasher->n_held;
    if (n > data->len)
        n = data->len;
    memcpy(hasher->held + hasher->n_held, data->ptr, n);
    hasher->n_held += n;
    *data = mailsub__slice_of(data->ptr + n, data->len - n);
    if (hasher->n_held < sizeof hasher->held)
        return MAILSUB_OK;
    hasher->n_held = 0;
    return code_of(gnutls_hash(hasher->handle, hasher->held, sizeof hasher->held));
}

int mailsub__hasher_update(mailsub__hasher *hasher, mailsub__slice data)
{
    int rc = MAILSUB_OK;
    if (data.len == 0)
        return MAILSUB_OK;
    if (hasher->n_held > 0 || data.len < sizeof hasher->held)
        rc = fill_up(hasher, &data);
    size_t rest = data.len % sizeof hasher->held;
    if (!rc && data.len > rest)
        rc = code_of(gnutls_hash(hasher->handle, data.ptr, data.len - rest));
    if (!rc && rest > 0)
        rc = fill_up(hasher, &(mailsub__slice){data.ptr + data.len - rest, rest});
    return rc;
}

int mailsub__hasher_finish(mailsub__hasher *hasher, unsigned char *out_digest)
{
    int rc = code_of(gnutls_hash(hasher->handle, hasher->held, hasher->n_held));
    gnutls_hash_deinit(hasher->handle, rc ? NULL : out_digest);
    hasher->handle = NULL;
    return rc;
}

void mailsub__hasher_deinit(mailsub__hasher *hasher)
{
    if (hasher->handle)
        gnutls_hash_deinit(hasher->handle, NULL);
    hasher->handle = NULL;
}

int mailsub__hash_of(enum mailsub__hash hash, mailsub__slice data, unsigned char *out_digest)
{
    return code_of(gnutls_hash_fast(hashes[hash].digest, data.ptr, data.len, out_digest));
}

int mailsub__hmac(enum mailsub__hash hash, mailsub__slice key, mailsub__slice data,
                  unsigned char *out_digest)
{
    return code_of(
        gnutls_hmac_fast(hashes[hash].mac, key.ptr, key.len, data.ptr, data.len, out_digest));
}

/* GnuTLS takes the secrets in datums without const and does not write to them. */
static gnutls_datum_t datum_of(mailsub__slice slice)
{
    assert(slice.len <= UINT32_MAX);
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)slice.ptr, (unsigned)slice.len};
}

int mailsub__pbkdf2(enum mailsub__hash hash, mailsub__slice password, mailsub__slice salt,
                    uint32_t n_iterations, unsigned char *out_key)
{
    gnutls_datum_t key = datum_of(password);
    gnutls_datum_t grain = datum_of(salt);
    return code_of(
        gnutls_pbkdf2(hashes[hash].mac, &key, &grain, n_iterations, out_key, hashes[hash].len));
}

bool mailsub__equal_secret(const void *a, const void *b, size_t len)
{
    return gnutls_memcmp(a, b, len) == 0;
}
