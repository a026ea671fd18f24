/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates for the tests of TLS, made when a test starts. */
#ifndef MAILSUB_TESTS_PKI_H
#define MAILSUB_TESTS_PKI_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>

struct pki_ca {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t certificate;
    gnutls_datum_t pem; /* NUL-terminated */
};

/* What a certificate says; zero is a sound one without names. */
struct pki_leaf {
    const char *dns[3];
    const unsigned char *ip; /* ip_len octets */
    unsigned ip_len;
    const char *common_name;
    int from_day; /* relative to today; 0 stands for -1 */
    int to_day;   /* 0 stands for 30 */
    bool is_self_signed;
    bool is_for_clients; /* the wrong purpose */
    bool must_staple;    /* RFC 7633 */
    int rsa_bits;        /* 0: an elliptic curve */
};

void pki_ca_init(struct pki_ca *ca, const char *name);
void pki_ca_deinit(struct pki_ca *ca);

/* Two that know nothing of each other, from a group's set-up to its tear-down: these functions. */
extern struct pki_ca pki_authority; /* "test authority" */
extern struct pki_ca pki_stranger;  /* "stranger" */
int pki_set_up(void **state);
int pki_tear_down(void **state);

/* A certificate and its key, as PEM in one text; the caller frees it with gnutls_free. */
gnutls_datum_t pki_issue_pem(const struct pki_ca *ca, const struct pki_leaf *leaf);
/* The certificate in a PEM text; the caller frees it. */
gnutls_x509_crt_t pki_certificate(gnutls_datum_t pem);
/* A revocation list, valid from and to these days, with the certificate in it, if any; PEM, freed
   with gnutls_free. */
gnutls_datum_t pki_revoke(const struct pki_ca *ca, gnutls_x509_crt_t certificate, int from_day,
                          int to_day);
/* Credentials for a server; the caller frees them. */
gnutls_certificate_credentials_t pki_issue(const struct pki_ca *ca, const struct pki_leaf *leaf);

#endif
