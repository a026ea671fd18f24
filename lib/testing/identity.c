/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fresh authority and a fresh key for every server: nothing to commit, nothing to expire. */
#include "testing/identity.h"

#include <arpa/inet.h>
#include <time.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "base/memory.h"
#include "testing/rule.h"

#define HOUR_S 3600
#define YEAR_S (INT64_C(365) * 24 * HOUR_S)
/* Further away than that, a time of X.509 (years 1970 to 9999, here) could be left. */
#define MAX_DISTANCE_S (50 * YEAR_S)

static const char both[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
static const char only_tls12[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2";

struct certificate {
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
};

void mailsub__identity_init(mailsub__identity *identity, const mailsub_allocator *allocator)
{
    *identity = (mailsub__identity){
        .allocator = allocator, .from_s = -HOUR_S, .until_s = 30 * INT64_C(24) * HOUR_S};
}

void mailsub__identity_unmake(mailsub__identity *identity)
{
    mailsub__free(identity->allocator, identity->ca_pem);
    if (identity->credentials)
        gnutls_certificate_free_credentials(identity->credentials);
    if (identity->priorities)
        gnutls_priority_deinit(identity->priorities);
    identity->ca_pem = NULL;
    identity->credentials = NULL;
    identity->priorities = NULL;
}

void mailsub__identity_deinit(mailsub__identity *identity)
{
    mailsub__identity_unmake(identity);
    mailsub__free(identity->allocator, identity->name);
    mailsub__identity_init(identity, identity->allocator);
}

int mailsub__identity_set(mailsub__identity *identity, const char *name, int64_t from_s,
                          int64_t until_s)
{
    if (until_s <= from_s || from_s < -MAX_DISTANCE_S || until_s > MAX_DISTANCE_S ||
        (name && !*name))
        return MAILSUB_E_INVALID;
    char *copy = name ? mailsub__copy_str(identity->allocator, name) : NULL;
    if (name && !copy)
        return MAILSUB_E_NOMEM;
    mailsub__free(identity->allocator, identity->name);
    identity->name = copy;
    identity->from_s = from_s;
    identity->until_s = until_s;
    return MAILSUB_OK;
}

/* What an authority and a server have in common: a key, a name and a time. */
static bool begin(struct certificate *it, const char *common_name, int64_t from_s, int64_t until_s)
{
    time_t now = time(NULL);
    unsigned char serial[16];
    unsigned char key_id[20];
    size_t key_id_len = sizeof key_id;
    if (gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial) < 0)
        return false;
    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* RFC 5280 4.1.2.2: positive */
    return gnutls_x509_crt_init(&it->crt) >= 0 && gnutls_x509_privkey_init(&it->key) >= 0 &&
           gnutls_x509_privkey_generate(it->key, GNUTLS_PK_ECDSA,
                                        GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) >= 0 &&
           gnutls_x509_crt_set_version(it->crt, 3) >= 0 &&
           gnutls_x509_crt_set_serial(it->crt, serial, sizeof serial) >= 0 &&
           gnutls_x509_crt_set_key(it->crt, it->key) >= 0 &&
           gnutls_x509_crt_set_dn_by_oid(it->crt, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                         (unsigned)strlen(common_name)) >= 0 &&
           gnutls_x509_crt_set_activation_time(it->crt, now + (time_t)from_s) >= 0 &&
           gnutls_x509_crt_set_expiration_time(it->crt, now + (time_t)until_s) >= 0 &&
           gnutls_x509_crt_get_key_id(it->crt, 0, key_id, &key_id_len) >= 0 &&
           gnutls_x509_crt_set_subject_key_id(it->crt, key_id, key_id_len) >= 0;
}

static void end(struct certificate *it)
{
    if (it->crt)
        gnutls_x509_crt_deinit(it->crt);
    if (it->key)
        gnutls_x509_privkey_deinit(it->key);
}

static bool sign(struct certificate *it, const struct certificate *issuer)
{
    return gnutls_x509_crt_sign2(it->crt, issuer->crt, issuer->key, GNUTLS_DIG_SHA256, 0) >= 0;
}

/* The authority is valid now whatever the server's certificate is, so that a test of dates finds
   fault with the latter alone. */
static bool make_authority(struct certificate *ca)
{
    return begin(ca, "libmailsub-testing authority", -HOUR_S, YEAR_S) &&
           gnutls_x509_crt_set_basic_constraints(ca->crt, 1, 0) >= 0 &&
           gnutls_x509_crt_set_key_usage(ca->crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN) >=
               0 &&
           sign(ca, ca);
}

static bool add_address(gnutls_x509_crt_t crt, int family, const char *text)
{
    unsigned char address[16];
    unsigned len = family == AF_INET ? 4 : 16;
    return inet_pton(family, text, address) == 1 &&
           gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, len,
                                                GNUTLS_FSAN_APPEND) >= 0;
}

static bool add_dns_name(gnutls_x509_crt_t crt, const char *name)
{
    return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name,
                                                (unsigned)strlen(name), GNUTLS_FSAN_APPEND) >= 0;
}

static bool make_leaf(const mailsub__identity *identity, const struct certificate *ca,
                      struct certificate *leaf)
{
    const char *name = identity->name;
    if (!begin(leaf, name ? name : "localhost", identity->from_s, identity->until_s))
        return false;
    if (name ? !add_dns_name(leaf->crt, name)
             : !add_dns_name(leaf->crt, "localhost") ||
                   !add_address(leaf->crt, AF_INET, "127.0.0.1") ||
                   !add_address(leaf->crt, AF_INET6, "::1"))
        return false;
    unsigned char ca_id[20];
    size_t ca_id_len = sizeof ca_id;
    return gnutls_x509_crt_set_basic_constraints(leaf->crt, 0, -1) >= 0 &&
           gnutls_x509_crt_set_key_usage(leaf->crt, GNUTLS_KEY_DIGITAL_SIGNATURE) >= 0 &&
           gnutls_x509_crt_set_key_purpose_oid(leaf->crt, GNUTLS_KP_TLS_WWW_SERVER, 0) >= 0 &&
           gnutls_x509_crt_get_subject_key_id(ca->crt, ca_id, &ca_id_len, NULL) >= 0 &&
           gnutls_x509_crt_set_authority_key_id(leaf->crt, ca_id, ca_id_len) >= 0 && sign(leaf, ca);
}

static int export_pem(mailsub__identity *identity, gnutls_x509_crt_t crt)
{
    gnutls_datum_t pem = {NULL, 0};
    if (gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem) < 0)
        return MAILSUB_E_TLS;
    /* export2 ends it with a NUL, which the size does not count. */
    identity->ca_pem = mailsub__copy_str(identity->allocator, (const char *)pem.data);
    gnutls_free(pem.data);
    return identity->ca_pem ? MAILSUB_OK : MAILSUB_E_NOMEM;
}

int mailsub__identity_make(mailsub__identity *identity)
{
    struct certificate ca = {NULL, NULL};
    struct certificate leaf = {NULL, NULL};
    int rc = MAILSUB_E_TLS;
    if (!make_authority(&ca) || !make_leaf(identity, &ca, &leaf))
        goto out;
    if (gnutls_certificate_allocate_credentials(&identity->credentials) < 0 ||
        gnutls_certificate_set_x509_key(identity->credentials, &leaf.crt, 1, leaf.key) < 0 ||
        gnutls_priority_init(&identity->priorities, identity->only_tls12 ? only_tls12 : both,
                             NULL) < 0)
        goto out;
    rc = export_pem(identity, ca.crt);
out:
    end(&leaf);
    end(&ca);
    return rc;
}

int mailsub__identity_accept(const mailsub__identity *identity, int fd,
                             gnutls_session_t *out_session)
{
    gnutls_session_t session;
    if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0)
        return MAILSUB_E_TLS;
    if (gnutls_priority_set(session, identity->priorities) < 0 ||
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, identity->credentials) < 0) {
        gnutls_deinit(session);
        return MAILSUB_E_TLS;
    }
    gnutls_transport_set_int(session, fd);
    *out_session = session;
    return MAILSUB_OK;
}
