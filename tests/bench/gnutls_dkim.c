/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The least that a signature takes: SHA-256 of octets in memory, and one signature, by GnuTLS.
 * Files: private key, octets.
 */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "bench.h"

const char bench_name[] = "gnutls_dkim";
const int bench_n_files = 2;

static gnutls_privkey_t key;
static char *octets;
static size_t n_octets;

void bench_prepare(struct bench *bench)
{
    size_t len;
    gnutls_datum_t pem;
    pem.data = (unsigned char *)bench_load(bench->paths[0], &len);
    pem.size = (unsigned)len;
    bench_need(gnutls_privkey_init(&key) == 0, "privkey");
    bench_need(gnutls_privkey_import_x509_raw(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0) == 0, "key");
    octets = bench_load(bench->paths[1], &n_octets);
}

void bench_one(struct bench *bench)
{
    unsigned char digest[32];
    gnutls_datum_t hash = {digest, sizeof digest};
    gnutls_datum_t signature;
    bench_need(gnutls_hash_fast(GNUTLS_DIG_SHA256, octets, n_octets, digest) == 0, "hash");
    int rc = gnutls_privkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_RSA
                 ? gnutls_privkey_sign_hash2(key, GNUTLS_SIGN_RSA_SHA256, 0, &hash, &signature)
                 : gnutls_privkey_sign_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, &hash, &signature);
    bench_need(rc == 0, "sign");
    bench_put(bench, signature.data, signature.size);
    gnutls_free(signature.data);
}
