/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pki.h"

#include <gnutls/x509-ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "leftovers.h"

struct pki_ca pki_authority;
struct pki_ca pki_stranger;

/* A test cannot go on without its certificates. */
static void must(int result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "certificates for the test: %s\n", gnutls_strerror(result));
    abort();
}

static gnutls_x509_privkey_t make_key(int rsa_bits)
{
    gnutls_x509_privkey_t key;
    must(gnutls_x509_privkey_init(&key));
    if (rsa_bits > 0)
        must(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, (unsigned)rsa_bits, 0));
    else
        must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                          GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    return key;
}

static gnutls_x509_crt_t begin_certificate(gnutls_x509_privkey_t key, const char *common_name,
                                           int from_day, int to_day)
{
    static unsigned char serial[4] = {1, 0, 0, 0};
    serial[3]++;
    time_t now = time(NULL);
    gnutls_x509_crt_t certificate;
    must(gnutls_x509_crt_init(&certificate));
    must(gnutls_x509_crt_set_version(certificate, 3));
    must(gnutls_x509_crt_set_serial(certificate, serial, sizeof serial));
    must(gnutls_x509_crt_set_activation_time(certificate, now + from_day * 86400));
    must(gnutls_x509_crt_set_expiration_time(certificate, now + to_day * 86400));
    must(gnutls_x509_crt_set_key(certificate, key));
    if (common_name)
        must(gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                           (unsigned)strlen(common_name)));
    return certificate;
}

void pki_ca_init(struct pki_ca *ca, const char *name)
{
    ca->key = make_key(0);
    ca->certificate = begin_certificate(ca->key, name, -10, 100);
    must(gnutls_x509_crt_set_basic_constraints(ca->certificate, 1, -1));
    must(gnutls_x509_crt_set_key_usage(ca->certificate,
                                       GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
    must(gnutls_x509_crt_sign2(ca->certificate, ca->certificate, ca->key, GNUTLS_DIG_SHA256, 0));
    must(gnutls_x509_crt_export2(ca->certificate, GNUTLS_X509_FMT_PEM, &ca->pem));
}

void pki_ca_deinit(struct pki_ca *ca)
{
    gnutls_free(ca->pem.data);
    gnutls_x509_crt_deinit(ca->certificate);
    gnutls_x509_privkey_deinit(ca->key);
}

int pki_set_up(void **state)
{
    (void)state;
    start_first_thread();
    pki_ca_init(&pki_authority, "test authority");
    pki_ca_init(&pki_stranger, "stranger");
    return 0;
}

int pki_tear_down(void **state)
{
    (void)state;
    pki_ca_deinit(&pki_authority);
    pki_ca_deinit(&pki_stranger);
    return 0;
}

static void add_names(gnutls_x509_crt_t certificate, const struct pki_leaf *leaf)
{
    for (size_t i = 0; i < 3 && leaf->dns[i]; i++)
        must(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, leaf->dns[i],
                                                  (unsigned)strlen(leaf->dns[i]),
                                                  GNUTLS_FSAN_APPEND));
    if (leaf->ip)
        must(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, leaf->ip,
                                                  leaf->ip_len, GNUTLS_FSAN_APPEND));
}

/* The TLS feature status_request: a server with this certificate promises to staple its status. */
static void add_must_staple(gnutls_x509_crt_t certificate)
{
    gnutls_x509_tlsfeatures_t features;
    must(gnutls_x509_tlsfeatures_init(&features));
    must(gnutls_x509_tlsfeatures_add(features, 5));
    must(gnutls_x509_crt_set_tlsfeatures(certificate, features));
    gnutls_x509_tlsfeatures_deinit(features);
}

static gnutls_x509_crt_t issue(const struct pki_ca *ca, const struct pki_leaf *leaf,
                               gnutls_x509_privkey_t key)
{
    gnutls_x509_crt_t certificate =
        begin_certificate(key, leaf->common_name, leaf->from_day ? leaf->from_day : -1,
                          leaf->to_day ? leaf->to_day : 30);
    add_names(certificate, leaf);
    if (leaf->must_staple)
        add_must_staple(certificate);
    must(gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_DIGITAL_SIGNATURE));
    must(gnutls_x509_crt_set_key_purpose_oid(
        certificate, leaf->is_for_clients ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER,
        0));
    must(gnutls_x509_crt_sign2(certificate, leaf->is_self_signed ? certificate : ca->certificate,
                               leaf->is_self_signed ? key : ca->key, GNUTLS_DIG_SHA256, 0));
    return certificate;
}

gnutls_certificate_credentials_t pki_issue(const struct pki_ca *ca, const struct pki_leaf *leaf)
{
    gnutls_x509_privkey_t key = make_key(leaf->rsa_bits);
    gnutls_x509_crt_t certificate = issue(ca, leaf, key);
    gnutls_certificate_credentials_t credentials;
    must(gnutls_certificate_allocate_credentials(&credentials));
    must(gnutls_certificate_set_x509_key(credentials, &certificate, 1, key));
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
    return credentials;
}

gnutls_datum_t pki_issue_pem(const struct pki_ca *ca, const struct pki_leaf *leaf)
{
    gnutls_x509_privkey_t key = make_key(leaf->rsa_bits);
    gnutls_x509_crt_t certificate = issue(ca, leaf, key);
    gnutls_datum_t parts[2];
    must(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &parts[0]));
    must(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &parts[1]));
    gnutls_datum_t both = {gnutls_malloc(parts[0].size + parts[1].size + 1),
                           parts[0].size + parts[1].size};
    must(both.data ? 0 : GNUTLS_E_MEMORY_ERROR);
    snprintf((char *)both.data, both.size + 1, "%s%s", (const char *)parts[0].data,
             (const char *)parts[1].data);
    gnutls_free(parts[0].data);
    gnutls_free(parts[1].data);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
    return both;
}

gnutls_x509_crt_t pki_certificate(gnutls_datum_t pem)
{
    gnutls_x509_crt_t certificate;
    must(gnutls_x509_crt_init(&certificate));
    must(gnutls_x509_crt_import(certificate, &pem, GNUTLS_X509_FMT_PEM));
    return certificate;
}

gnutls_datum_t pki_revoke(const struct pki_ca *ca, gnutls_x509_crt_t certificate, int from_day,
                          int to_day)
{
    time_t now = time(NULL);
    gnutls_x509_crl_t list;
    gnutls_datum_t pem;
    must(gnutls_x509_crl_init(&list));
    must(gnutls_x509_crl_set_version(list, 2));
    must(gnutls_x509_crl_set_this_update(list, now + from_day * 86400));
    must(gnutls_x509_crl_set_next_update(list, now + to_day * 86400));
    if (certificate)
        must(gnutls_x509_crl_set_crt(list, certificate, now + from_day * 86400));
    must(gnutls_x509_crl_sign2(list, ca->certificate, ca->key, GNUTLS_DIG_SHA256, 0));
    must(gnutls_x509_crl_export2(list, GNUTLS_X509_FMT_PEM, &pem));
    gnutls_x509_crl_deinit(list);
    return pem;
}
