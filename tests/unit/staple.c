/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "staple.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHA1_LEN 20

/* DER, written from its end to its start: so each length is known when it is to be written. */
struct der {
    unsigned char octets[2048];
    size_t at; /* what is there begins here */
};

enum {
    INTEGER = 0x02,
    BIT_STRING = 0x03,
    OCTET_STRING = 0x04,
    ENUMERATED = 0x0a,
    GENERALIZED_TIME = 0x18,
    SEQUENCE = 0x30,
    CONTEXT = 0x80,         /* and the number of a tag */
    CONTEXT_EXPLICIT = 0xa0 /* around another one */
};

static const unsigned char oid_basic[] = {0x06, 0x09, 0x2b, 0x06, 0x01, 0x05,
                                          0x05, 0x07, 0x30, 0x01, 0x01};
static const unsigned char sha1[] = {0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
                                     0x03, 0x02, 0x1a, 0x05, 0x00};
static const unsigned char ecdsa_with_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                  0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

/* A test cannot go on without its responses. */
static void must(int result)
{
    if (result >= 0)
        return;
    fprintf(stderr, "OCSP responses for the test: %s\n", gnutls_strerror(result));
    abort();
}

static void put(struct der *der, const void *data, size_t len)
{
    must(len <= der->at ? 0 : GNUTLS_E_SHORT_MEMORY_BUFFER);
    der->at -= len;
    memcpy(der->octets + der->at, data, len);
}

static void put_octet(struct der *der, size_t octet)
{
    put(der, &(unsigned char){(unsigned char)octet}, 1);
}

/* Make one value of all that was written since the start was at end. */
static void wrap(struct der *der, size_t end, unsigned tag)
{
    size_t len = end - der->at;
    put_octet(der, len & 0xff);
    if (len > 0xff)
        put_octet(der, len >> 8);
    if (len > 0x7f)
        put_octet(der, len > 0xff ? 0x82 : 0x81);
    put_octet(der, tag);
}

static void put_value(struct der *der, unsigned tag, const void *data, size_t len)
{
    size_t end = der->at;
    put(der, data, len);
    wrap(der, end, tag);
}

static void put_day(struct der *der, int day)
{
    char text[32];
    struct tm calendar;
    time_t at = time(NULL) + (time_t)day * 86400;
    size_t len = strftime(text, sizeof text, "%Y%m%d%H%M%SZ", gmtime_r(&at, &calendar));
    put_value(der, GENERALIZED_TIME, text, len);
}

static void put_status(struct der *der, const struct staple *staple)
{
    size_t end = der->at;
    if (staple->status == STAPLE_REVOKED) {
        put_day(der, staple->from_day);
        wrap(der, end, CONTEXT_EXPLICIT | 1);
    } else {
        wrap(der, end, CONTEXT | (staple->status == STAPLE_GOOD ? 0 : 2));
    }
}

/* RFC 6960 section 4.1.1: of the key only the bits of its BIT STRING count, here a point. */
static void put_key_hash(struct der *der, const struct pki_ca *issuer)
{
    gnutls_pubkey_t key;
    gnutls_datum_t curve;
    gnutls_datum_t point;
    unsigned char hash[SHA1_LEN];
    must(gnutls_pubkey_init(&key));
    must(gnutls_pubkey_import_x509(key, issuer->certificate, 0));
    must(gnutls_pubkey_export_ecc_x962(key, &curve, &point));
    /* It comes as an OCTET STRING. */
    must(gnutls_hash_fast(GNUTLS_DIG_SHA1, point.data + 2, point.size - 2, hash));
    put_value(der, OCTET_STRING, hash, sizeof hash);
    gnutls_free(curve.data);
    gnutls_free(point.data);
    gnutls_pubkey_deinit(key);
}

static void put_certificate_id(struct der *der, const struct pki_ca *issuer,
                               gnutls_x509_crt_t certificate)
{
    size_t end = der->at;
    unsigned char serial[32];
    unsigned char hash[SHA1_LEN];
    size_t serial_len = sizeof serial;
    gnutls_datum_t name;
    must(gnutls_x509_crt_get_serial(certificate, serial, &serial_len));
    put_value(der, INTEGER, serial, serial_len);
    put_key_hash(der, issuer);
    must(gnutls_x509_crt_get_raw_dn(issuer->certificate, &name));
    must(gnutls_hash_fast(GNUTLS_DIG_SHA1, name.data, name.size, hash));
    put_value(der, OCTET_STRING, hash, sizeof hash);
    put(der, sha1, sizeof sha1);
    wrap(der, end, SEQUENCE);
    gnutls_free(name.data);
}

/* ResponseData, RFC 6960 section 4.2.1, of one certificate. */
static void put_data(struct der *der, const struct pki_ca *issuer, gnutls_x509_crt_t certificate,
                     const struct staple *staple)
{
    size_t end = der->at;
    if (staple->to_day != 0) {
        put_day(der, staple->to_day);
        wrap(der, end, CONTEXT_EXPLICIT | 0);
    }
    put_day(der, staple->from_day);
    put_status(der, staple);
    put_certificate_id(der, issuer, certificate);
    wrap(der, end, SEQUENCE); /* SingleResponse */
    wrap(der, end, SEQUENCE); /* all of them */
    put_day(der, staple->from_day);
    gnutls_datum_t name;
    size_t name_end = der->at;
    must(gnutls_x509_crt_get_raw_dn(issuer->certificate, &name));
    put(der, name.data, name.size);
    wrap(der, name_end, CONTEXT_EXPLICIT | 1); /* responder, by name */
    wrap(der, end, SEQUENCE);
    gnutls_free(name.data);
}

static gnutls_datum_t sign(const struct pki_ca *signer, const struct der *data)
{
    gnutls_privkey_t key;
    gnutls_datum_t text = {(unsigned char *)(uintptr_t)data->octets + data->at,
                           (unsigned)(sizeof data->octets - data->at)};
    gnutls_datum_t signature;
    must(gnutls_privkey_init(&key));
    must(gnutls_privkey_import_x509(key, signer->key, 0));
    must(gnutls_privkey_sign_data(key, GNUTLS_DIG_SHA256, 0, &text, &signature));
    gnutls_privkey_deinit(key);
    return signature;
}

gnutls_datum_t staple_make(const struct pki_ca *issuer, const struct pki_ca *signer,
                           gnutls_x509_crt_t certificate, const struct staple *staple)
{
    struct der data = {.at = sizeof data.octets};
    struct der out = {.at = sizeof out.octets};
    size_t end = out.at;
    put_data(&data, issuer, certificate, staple);
    gnutls_datum_t signature = sign(signer, &data);
    put(&out, signature.data, signature.size);
    put_octet(&out, 0); /* bits that do not count */
    wrap(&out, end, BIT_STRING);
    put(&out, ecdsa_with_sha256, sizeof ecdsa_with_sha256);
    put(&out, data.octets + data.at, sizeof data.octets - data.at);
    wrap(&out, end, SEQUENCE); /* BasicOCSPResponse */
    wrap(&out, end, OCTET_STRING);
    put(&out, oid_basic, sizeof oid_basic);
    wrap(&out, end, SEQUENCE);
    wrap(&out, end, CONTEXT_EXPLICIT | 0);
    put_value(&out, ENUMERATED, "\0", 1); /* successful */
    wrap(&out, end, SEQUENCE);
    gnutls_datum_t made = {gnutls_malloc(end - out.at), (unsigned)(end - out.at)};
    must(made.data ? 0 : GNUTLS_E_MEMORY_ERROR);
    memcpy(made.data, out.octets + out.at, made.size);
    gnutls_free(signature.data);
    return made;
}
