/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/certificate.h"

#include <arpa/inet.h>
#include <gnutls/ocsp.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <mailsub/error.h>
#include <mailsub/receipt.h>

/* How far the clock of who signs a certificate's status may be ahead of this one. */
#define MAX_AHEAD_S 300

/* Names of the certificate that the detail tells; more help nobody. */
#define MAX_TOLD_NAMES 4

/* What GnuTLS may find, the most fundamental first. */
struct finding {
    unsigned flag;
    int code;
    const char *text;
};

static const struct finding findings[] = {
    {GNUTLS_CERT_SIGNER_NOT_FOUND, MAILSUB_E_TLS_UNTRUSTED, "its issuer is not trusted"},
    {GNUTLS_CERT_SIGNER_NOT_CA, MAILSUB_E_TLS_UNTRUSTED, "its issuer is no authority"},
    {GNUTLS_CERT_SIGNATURE_FAILURE, MAILSUB_E_TLS_CERTIFICATE, "a signature is wrong"},
    {GNUTLS_CERT_REVOKED, MAILSUB_E_TLS_REVOKED, "it is revoked"},
    {GNUTLS_CERT_INSECURE_ALGORITHM, MAILSUB_E_TLS_CERTIFICATE, "a key or signature is too weak"},
    {GNUTLS_CERT_PURPOSE_MISMATCH, MAILSUB_E_TLS_CERTIFICATE, "it is not meant for servers"},
    {GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, MAILSUB_E_TLS_CERTIFICATE,
     "its issuer may not issue it"},
    {GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS, MAILSUB_E_TLS_CERTIFICATE,
     "it has an unknown critical extension"},
    {GNUTLS_CERT_MISSING_OCSP_STATUS, MAILSUB_E_TLS_CERTIFICATE, "its OCSP status is missing"},
    {GNUTLS_CERT_INVALID_OCSP_STATUS, MAILSUB_E_TLS_CERTIFICATE, "its OCSP status is wrong"},
    {GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED, MAILSUB_E_TLS_CERTIFICATE,
     "the revocation data are old"},
    {GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE, MAILSUB_E_TLS_CERTIFICATE,
     "the revocation data are of the future"},
    {GNUTLS_CERT_EXPIRED, MAILSUB_E_TLS_DATES, "it has expired"},
    {GNUTLS_CERT_NOT_ACTIVATED, MAILSUB_E_TLS_DATES, "it is not valid yet"},
    {GNUTLS_CERT_UNEXPECTED_OWNER, MAILSUB_E_TLS_NAME, "it is for another name"},
};

#define N_FINDINGS (sizeof findings / sizeof findings[0])

/* The binary address of name; 0 when it is none. */
static unsigned parse_address(const char *name, unsigned char out[16])
{
    if (inet_pton(AF_INET, name, out) == 1)
        return 4;
    return inet_pton(AF_INET6, name, out) == 1 ? 16 : 0;
}

bool mailsub__certificate_is_address(const char *name)
{
    unsigned char address[16];
    return parse_address(name, address) > 0;
}

/* The server's own certificate; the caller frees it. NULL: none, or no memory. */
static gnutls_x509_crt_t get_leaf(gnutls_session_t session)
{
    unsigned n = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
    gnutls_x509_crt_t leaf;
    if (!chain || n == 0 || gnutls_x509_crt_init(&leaf) != GNUTLS_E_SUCCESS)
        return NULL;
    if (gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS)
        return leaf;
    gnutls_x509_crt_deinit(leaf);
    return NULL;
}

/*
 * The next DNS name at or behind *index, which is moved behind it. False: there is none. What does
 * not fit into out, which no DNS name can be, is passed over.
 */
static bool next_dns_name(gnutls_x509_crt_t leaf, unsigned *index, char *out, size_t room)
{
    for (;;) {
        size_t len = room - 1;
        unsigned type = 0;
        int result =
            gnutls_x509_crt_get_subject_alt_name2(leaf, (*index)++, out, &len, &type, NULL);
        if (result == GNUTLS_E_SHORT_MEMORY_BUFFER)
            continue;
        if (result < 0)
            return false;
        if (type == GNUTLS_SAN_DNSNAME) {
            out[len] = '\0';
            return true;
        }
    }
}

/* GnuTLS would take the common name of a certificate that has no DNS name. */
static bool has_dns_name(gnutls_x509_crt_t leaf)
{
    char name[256];
    unsigned index = 0;
    return leaf && next_dns_name(leaf, &index, name, sizeof name);
}

static void tell_names(gnutls_x509_crt_t leaf, mailsub__detail *detail)
{
    char name[256];
    unsigned index = 0;
    unsigned n = 0;
    while (n < MAX_TOLD_NAMES && next_dns_name(leaf, &index, name, sizeof name)) {
        mailsub__detail_append(detail, n++ == 0 ? " (" : ", ");
        mailsub__detail_append_foreign(detail, mailsub__slice_str(name));
    }
    if (n > 0)
        mailsub__detail_append(detail, n == MAX_TOLD_NAMES ? ", ...)" : ")");
}

static void tell_issuer(gnutls_x509_crt_t leaf, mailsub__detail *detail)
{
    char name[256];
    size_t len = sizeof name;
    if (gnutls_x509_crt_get_issuer_dn(leaf, name, &len) != GNUTLS_E_SUCCESS)
        return;
    mailsub__detail_append(detail, " (");
    mailsub__detail_append_foreign(detail, mailsub__slice_of(name, strnlen(name, len)));
    mailsub__detail_append(detail, ")");
}

static void tell_day(time_t at, mailsub__detail *detail)
{
    struct tm calendar;
    char day[32];
    if (at == (time_t)-1 || !gmtime_r(&at, &calendar) ||
        strftime(day, sizeof day, " (%Y-%m-%d)", &calendar) == 0)
        return;
    mailsub__detail_append(detail, day);
}

static void tell_finding(const struct finding *finding, gnutls_x509_crt_t leaf,
                         mailsub__detail *detail)
{
    mailsub__detail_append(detail, finding->text);
    if (!leaf)
        return;
    if (finding->flag == GNUTLS_CERT_SIGNER_NOT_FOUND)
        tell_issuer(leaf, detail);
    else if (finding->flag == GNUTLS_CERT_EXPIRED)
        tell_day(gnutls_x509_crt_get_expiration_time(leaf), detail);
    else if (finding->flag == GNUTLS_CERT_NOT_ACTIVATED)
        tell_day(gnutls_x509_crt_get_activation_time(leaf), detail);
    else if (finding->flag == GNUTLS_CERT_UNEXPECTED_OWNER)
        tell_names(leaf, detail);
}

/* All findings into detail; the first one decides. */
static int judge(unsigned status, const char *name, gnutls_x509_crt_t leaf, mailsub__detail *detail)
{
    if (status == 0)
        return MAILSUB_OK;
    int code = MAILSUB_OK;
    mailsub__detail_append(detail, "the certificate for ");
    mailsub__detail_append(detail, name);
    for (size_t i = 0; i < N_FINDINGS; i++) {
        if (!(status & findings[i].flag))
            continue;
        mailsub__detail_append(detail, code == MAILSUB_OK ? ": " : "; ");
        tell_finding(&findings[i], leaf, detail);
        code = code == MAILSUB_OK ? findings[i].code : code;
    }
    if (code == MAILSUB_OK)
        mailsub__detail_append(detail, " is not acceptable");
    return code == MAILSUB_OK ? MAILSUB_E_TLS_CERTIFICATE : code;
}

/* GnuTLS declares what it only reads without const. */
static unsigned char *as_data(const void *data)
{
    return (unsigned char *)(uintptr_t)data;
}

/* Of the first status in a response: GnuTLS has held that one against the certificate. */
static unsigned judge_response(const gnutls_datum_t *der)
{
    gnutls_ocsp_resp_t response;
    unsigned known = GNUTLS_OCSP_CERT_UNKNOWN;
    time_t made_at = (time_t)-1;
    if (gnutls_ocsp_resp_init(&response) != GNUTLS_E_SUCCESS)
        return GNUTLS_CERT_INVALID_OCSP_STATUS;
    int result = gnutls_ocsp_resp_import(response, der);
    if (result == GNUTLS_E_SUCCESS)
        result = gnutls_ocsp_resp_get_single(response, 0, NULL, NULL, NULL, NULL, &known, &made_at,
                                             NULL, NULL, NULL);
    gnutls_ocsp_resp_deinit(response);
    if (result < 0 || known == GNUTLS_OCSP_CERT_UNKNOWN)
        return GNUTLS_CERT_INVALID_OCSP_STATUS;
    return made_at > time(NULL) + MAX_AHEAD_S ? GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE : 0;
}

/*
 * What GnuTLS lets pass in a status that the server staples: that its issuer does not know the
 * certificate, and a date that is still to come (RFC 6960 section 4.2.2.1). RFC 6066 section 8
 * demands to abort the handshake when a response is not satisfactory.
 */
static unsigned judge_staple(gnutls_session_t session)
{
    gnutls_datum_t der;
    if (gnutls_ocsp_status_request_get(session, &der) != GNUTLS_E_SUCCESS || der.size == 0)
        return 0;
    return judge_response(&der);
}

/* Issuer, signatures, dates, purpose, name. */
static int verify_chain(gnutls_session_t session, const char *name,
                        const mailsub__trust_handles *trust, gnutls_x509_crt_t leaf,
                        mailsub__detail *detail)
{
    unsigned char address[16];
    unsigned address_len = parse_address(name, address);
    gnutls_typed_vdata_st wanted[] = {
        {GNUTLS_DT_KEY_PURPOSE_OID, as_data(GNUTLS_KP_TLS_WWW_SERVER), 0},
        address_len > 0 ? (gnutls_typed_vdata_st){GNUTLS_DT_IP_ADDRESS, address, address_len}
                        : (gnutls_typed_vdata_st){GNUTLS_DT_DNS_HOSTNAME, as_data(name), 0},
    };
    unsigned status = 0;
    int result = gnutls_certificate_verify_peers(session, wanted, 2, &status);
    if (result == GNUTLS_E_MEMORY_ERROR)
        return MAILSUB_E_NOMEM;
    if (result != GNUTLS_E_SUCCESS) {
        mailsub__detail_append(detail, "the certificate cannot be verified: ");
        mailsub__detail_append(detail, gnutls_strerror(result));
        return MAILSUB_E_TLS_CERTIFICATE;
    }
    if (address_len == 0 && !has_dns_name(leaf))
        status |= GNUTLS_CERT_UNEXPECTED_OWNER;
    status |= judge_staple(session);
    /* GnuTLS looks into a list of any age. One that is not renewed may hide a revocation. */
    if (trust->crls_until != 0 && trust->crls_until < time(NULL))
        status |= GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED;
    return judge(status, name, leaf, detail);
}

static bool hash_key(gnutls_x509_crt_t leaf, unsigned char out[MAILSUB__PIN_LEN])
{
    size_t len = MAILSUB__PIN_LEN;
    return leaf &&
           gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, out, &len) == GNUTLS_E_SUCCESS;
}

static bool hash_certificate(gnutls_x509_crt_t leaf, unsigned char out[MAILSUB__PIN_LEN])
{
    size_t len = MAILSUB__PIN_LEN;
    return leaf &&
           gnutls_x509_crt_get_fingerprint(leaf, GNUTLS_DIG_SHA256, out, &len) == GNUTLS_E_SUCCESS;
}

static void note_names(gnutls_x509_crt_t leaf, char *out, size_t room)
{
    char name[256];
    unsigned index = 0;
    size_t len = 0;
    out[0] = '\0';
    while (leaf && next_dns_name(leaf, &index, name, sizeof name)) {
        size_t n = strlen(name);
        if (len + n + 3 > room)
            return;
        if (len > 0)
            out[len++] = ',';
        for (size_t i = 0; i < n; i++)
            out[len++] = name[i] > ' ' && name[i] < 0x7f && name[i] != ',' ? name[i] : '?';
        out[len] = '\0';
    }
}

/* A certificate or key that is not the expected one; which one it is helps to tell why. */
static int refuse_pin(const char *what, const unsigned char found[MAILSUB__PIN_LEN],
                      mailsub__detail *detail)
{
    char text[MAILSUB__PIN_TEXT_LEN];
    mailsub__pin_write(found, text);
    mailsub__detail_separate(detail);
    mailsub__detail_append(detail, what);
    mailsub__detail_append(detail, text);
    return MAILSUB_E_TLS_PIN;
}

static int verify_pinned(const mailsub__pins *pins, const unsigned char found[MAILSUB__PIN_LEN],
                         mailsub__certificate_facts *facts, mailsub__detail *detail)
{
    if (memcmp(found, pins->certificate, MAILSUB__PIN_LEN) != 0)
        return refuse_pin("the certificate is not the expected one; its SHA-256 is ", found,
                          detail);
    facts->verified_by = MAILSUB_VERIFIED_BY_FINGERPRINT;
    return MAILSUB_OK;
}

/* The chain gave rc; is the key a known one? */
static int verify_key(gnutls_x509_crt_t leaf, const mailsub__pins *pins, int rc,
                      mailsub__certificate_facts *facts, mailsub__detail *detail)
{
    if (pins->n_keys == 0) {
        facts->verified_by = rc ? MAILSUB_VERIFIED_NOT : MAILSUB_VERIFIED_BY_AUTHORITY;
        return rc;
    }
    unsigned char key[MAILSUB__PIN_LEN] = {0};
    if (!hash_key(leaf, key) || !mailsub__pins_have_key(pins, key)) {
        int code = refuse_pin("the key is not an expected one; its SHA-256 is ", key, detail);
        return rc == MAILSUB_E_NOMEM ? rc : code;
    }
    facts->verified_by = rc ? MAILSUB_VERIFIED_BY_KEY : MAILSUB_VERIFIED_BY_AUTHORITY_AND_KEY;
    return rc;
}

int mailsub__certificate_verify(gnutls_session_t session, const char *name,
                                const mailsub__trust_handles *trust,
                                mailsub__certificate_facts *facts, mailsub__detail *detail)
{
    const mailsub__pins *pins = trust->pins;
    unsigned char fingerprint[MAILSUB__PIN_LEN];
    gnutls_x509_crt_t leaf = get_leaf(session);
    *facts = (mailsub__certificate_facts){.verified_by = MAILSUB_VERIFIED_NOT};
    note_names(leaf, facts->names, sizeof facts->names);
    int rc;
    if (!hash_certificate(leaf, fingerprint)) {
        mailsub__detail_append(detail, "the server's certificate cannot be read");
        rc = MAILSUB_E_TLS_CERTIFICATE;
    } else {
        mailsub__pin_write(fingerprint, facts->fingerprint);
        if (pins->has_certificate)
            rc = verify_pinned(pins, fingerprint, facts, detail);
        else
            rc = verify_key(leaf, pins, verify_chain(session, name, trust, leaf, detail), facts,
                            detail);
    }
    if (leaf)
        gnutls_x509_crt_deinit(leaf);
    return rc;
}
