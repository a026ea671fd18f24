/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/key.h"

#include <assert.h>

#include <gnutls/abstract.h>

#include "base/memory.h"

static int code_of(int gnutls_code, int otherwise)
{
    if (gnutls_code >= 0)
        return MAILSUB_OK;
    return gnutls_code == GNUTLS_E_MEMORY_ERROR ? MAILSUB_E_NOMEM : otherwise;
}

/* GnuTLS takes octets in datums without const and does not write to them. */
static gnutls_datum_t datum_of(const void *data, size_t len)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)data, (unsigned)len};
}

/* Kind and size of the public key, which have to be of use. */
static int learn(mailsub__key *key)
{
    int kind = gnutls_pubkey_get_pk_algorithm(key->public, &key->n_bits);
    if (kind == GNUTLS_PK_EDDSA_ED25519) {
        key->kind = MAILSUB__KEY_ED25519;
        return MAILSUB_OK;
    }
    key->kind = MAILSUB__KEY_RSA;
    bool fits = kind == GNUTLS_PK_RSA && key->n_bits >= MAILSUB__KEY_LEAST_RSA_BITS &&
                key->n_bits <= MAILSUB__KEY_MOST_RSA_BITS;
    return fits ? MAILSUB_OK : MAILSUB_E_KEY;
}

/* One signature, so that a key which cannot sign is told now, and not when mail has to leave. */
static int try_out(const mailsub__key *key)
{
    static const unsigned char digest[MAILSUB__KEY_DIGEST_LEN] = {1};
    unsigned char signature[MAILSUB__KEY_MAX_SIGNATURE];
    size_t len;
    int rc = mailsub__key_sign(key, digest, signature, &len);
    if (rc)
        return rc == MAILSUB_E_SIGNING ? MAILSUB_E_KEY : rc;
    return mailsub__key_verify(key, digest, mailsub__slice_of(signature, len)) ? MAILSUB_OK
                                                                               : MAILSUB_E_KEY;
}

/* Derive the public key, check both, and put them in place. */
static int complete(mailsub__key *made, mailsub__key *key)
{
    gnutls_pubkey_t public;
    int rc = code_of(gnutls_pubkey_init(&public), MAILSUB_E_KEY);
    if (rc)
        return rc;
    made->public = public;
    rc = code_of(gnutls_pubkey_import_privkey(public, made->secret, 0, 0), MAILSUB_E_KEY);
    if (!rc)
        rc = learn(made);
    if (!rc)
        rc = try_out(made);
    if (!rc)
        *key = *made;
    return rc;
}

int mailsub__key_from_pem(mailsub__key *key, mailsub__slice pem, const char *passphrase)
{
    gnutls_privkey_t secret;
    if (pem.len > UINT32_MAX)
        return MAILSUB_E_KEY;
    int rc = code_of(gnutls_privkey_init(&secret), MAILSUB_E_KEY);
    if (rc)
        return rc;
    mailsub__key made = {.secret = secret};
    gnutls_datum_t datum = datum_of(pem.ptr, pem.len);
    rc = code_of(gnutls_privkey_import_x509_raw(secret, &datum, GNUTLS_X509_FMT_PEM, passphrase, 0),
                 MAILSUB_E_KEY);
    if (!rc)
        rc = complete(&made, key);
    if (rc)
        mailsub__key_deinit(&made);
    return rc;
}

/* Told only once: a token locks itself after some wrong ones. */
static int tell_pin(void *context, int attempt, const char *url, const char *label, unsigned flags,
                    char *out, size_t room)
{
    (void)url;
    (void)label;
    const char *pin = context;
    size_t len = pin ? strlen(pin) : 0;
    if (!pin || attempt > 0 || (flags & GNUTLS_PIN_WRONG) || len >= room)
        return GNUTLS_E_PKCS11_PIN_ERROR;
    memcpy(out, pin, len + 1);
    return 0;
}

int mailsub__key_from_url(mailsub__key *key, const char *url, const char *pin)
{
    gnutls_privkey_t secret;
    int rc = code_of(gnutls_privkey_init(&secret), MAILSUB_E_KEY);
    if (rc)
        return rc;
    mailsub__key made = {.secret = secret};
    gnutls_privkey_set_pin_function(secret, tell_pin, (void *)(uintptr_t)pin);
    rc = code_of(gnutls_privkey_import_url(secret, url, 0), MAILSUB_E_KEY);
    if (!rc)
        rc = complete(&made, key);
    if (rc)
        mailsub__key_deinit(&made);
    return rc;
}

int mailsub__key_from_public_pem(mailsub__key *key, mailsub__slice pem)
{
    gnutls_pubkey_t public;
    if (pem.len > UINT32_MAX)
        return MAILSUB_E_KEY;
    int rc = code_of(gnutls_pubkey_init(&public), MAILSUB_E_KEY);
    if (rc)
        return rc;
    mailsub__key made = {.public = public};
    gnutls_datum_t datum = datum_of(pem.ptr, pem.len);
    rc = code_of(gnutls_pubkey_import(public, &datum, GNUTLS_X509_FMT_PEM), MAILSUB_E_KEY);
    if (!rc)
        rc = learn(&made);
    if (rc)
        mailsub__key_deinit(&made);
    else
        *key = made;
    return rc;
}

void mailsub__key_deinit(mailsub__key *key)
{
    if (key->secret)
        gnutls_privkey_deinit(key->secret);
    if (key->public)
        gnutls_pubkey_deinit(key->public);
    *key = (mailsub__key){.secret = NULL};
}

int mailsub__key_sign(const mailsub__key *key, const unsigned char *digest, unsigned char *out,
                      size_t *out_len)
{
    gnutls_datum_t datum = datum_of(digest, MAILSUB__KEY_DIGEST_LEN);
    gnutls_datum_t signature = {NULL, 0};
    assert(key->secret);
    int rc =
        key->kind == MAILSUB__KEY_RSA
            ? gnutls_privkey_sign_hash2(key->secret, GNUTLS_SIGN_RSA_SHA256, 0, &datum, &signature)
            : gnutls_privkey_sign_data2(key->secret, GNUTLS_SIGN_EDDSA_ED25519, 0, &datum,
                                        &signature);
    rc = code_of(rc, MAILSUB_E_SIGNING);
    if (!rc && signature.size > MAILSUB__KEY_MAX_SIGNATURE)
        rc = MAILSUB_E_SIGNING;
    if (!rc) {
        memcpy(out, signature.data, signature.size);
        *out_len = signature.size;
    }
    gnutls_free(signature.data);
    return rc;
}

bool mailsub__key_verify(const mailsub__key *key, const unsigned char *digest,
                         mailsub__slice signature)
{
    gnutls_datum_t datum = datum_of(digest, MAILSUB__KEY_DIGEST_LEN);
    gnutls_datum_t signed_by = datum_of(signature.ptr, signature.len);
    int rc =
        key->kind == MAILSUB__KEY_RSA
            ? gnutls_pubkey_verify_hash2(key->public, GNUTLS_SIGN_RSA_SHA256, 0, &datum, &signed_by)
            : gnutls_pubkey_verify_data2(key->public, GNUTLS_SIGN_EDDSA_ED25519, 0, &datum,
                                         &signed_by);
    return rc >= 0;
}

int mailsub__key_append_public(const mailsub__key *key, mailsub__buffer *out)
{
    gnutls_datum_t datum = {NULL, 0};
    gnutls_ecc_curve_t curve;
    int rc = key->kind == MAILSUB__KEY_RSA
                 ? gnutls_pubkey_export2(key->public, GNUTLS_X509_FMT_DER, &datum)
                 : gnutls_pubkey_export_ecc_raw2(key->public, &curve, &datum, NULL, 0);
    rc = code_of(rc, MAILSUB_E_KEY);
    if (!rc)
        rc = mailsub__buffer_append(out, datum.data, datum.size);
    gnutls_free(datum.data);
    return rc;
}
