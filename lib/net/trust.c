/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GnuTLS's credentials and priorities, made once and shared by all sessions of a config: parsing
 * the system's hundred and more authorities for each connection would take longer than the
 * handshake.
 *
 * What a setter takes is tried out at once, for its error, and kept as it was given; the handles
 * are made from all of it when the first session asks.
 */
#include "net/trust.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <mailsub/config.h>
#include <mailsub/error.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "net/file.h"

#define MAX_PEM_LEN (16u << 20)
#define MAX_PRIORITY_LEN 512

/*
 * RFC 9325 (BCP 195): TLS 1.2 at least; no key exchange without forward secrecy, which leaves out
 * RSA key transport; no SHA-1 in signatures (RFC 9155); 112 bits of security, thus RSA and DH from
 * 2,048 bits, in certificates too. NORMAL has neither RC4 nor 3DES nor export or NULL ciphers.
 */
static const char own_priority[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:"
                                   "-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:%PROFILE_MEDIUM";
/* Behind every priority string, so that none speaks what is older. */
static const char no_old_versions[] = ":-VERS-SSL3.0:-VERS-TLS1.0:-VERS-TLS1.1:-VERS-DTLS-ALL";
static const char no_tls12[] = ":-VERS-TLS1.2";

struct mailsub__trust {
    const mailsub_allocator *allocator;
    bool has_authorities; /* the caller's, in pem */
    mailsub__buffer authorities;
    mailsub__buffer crls;
    char priority[MAX_PRIORITY_LEN];
    mailsub__pins pins;
    gnutls_certificate_credentials_t client; /* NULL: nothing is shown */
    pthread_mutex_t mutex;                   /* guards the loading of what follows */
    bool is_loaded;
    mailsub__trust_handles handles;
};

static int map_error(int gnutls_error, int otherwise)
{
    return gnutls_error == GNUTLS_E_MEMORY_ERROR ? MAILSUB_E_NOMEM : otherwise;
}

/* GnuTLS reads it only. */
static gnutls_datum_t datum_of(mailsub__slice slice)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)slice.ptr, (unsigned)slice.len};
}

int mailsub__trust_new(const mailsub_allocator *allocator, mailsub__trust **out_trust)
{
    mailsub__trust *trust = mailsub__alloc_zeroed(allocator, sizeof *trust);
    if (!trust)
        return MAILSUB_E_NOMEM;
    trust->allocator = allocator;
    if (pthread_mutex_init(&trust->mutex, NULL) != 0) {
        mailsub__free(allocator, trust);
        return MAILSUB_E_SYSTEM;
    }
    mailsub__buffer_init(&trust->authorities, allocator, MAX_PEM_LEN + 16384);
    mailsub__buffer_init(&trust->crls, allocator, MAX_PEM_LEN + 16384);
    snprintf(trust->priority, sizeof trust->priority, "%s%s", own_priority, no_old_versions);
    *out_trust = trust;
    return MAILSUB_OK;
}

void mailsub__trust_free(mailsub__trust *trust)
{
    if (!trust)
        return;
    /* Once loaded, the client's credentials are those of the handles. */
    if (trust->handles.credentials)
        gnutls_certificate_free_credentials(trust->handles.credentials);
    else if (trust->client)
        gnutls_certificate_free_credentials(trust->client);
    if (trust->handles.priority)
        gnutls_priority_deinit(trust->handles.priority);
    mailsub__buffer_deinit(&trust->authorities);
    mailsub__buffer_deinit(&trust->crls);
    pthread_mutex_destroy(&trust->mutex);
    mailsub__free(trust->allocator, trust);
}

/* How many certificates, or revocation lists, GnuTLS finds; negative: an error of GnuTLS. */
typedef int (*import_fn)(gnutls_certificate_credentials_t credentials, const gnutls_datum_t *pem,
                         gnutls_x509_crt_fmt_t format);

/* Keep what was read into candidate if GnuTLS finds something in it. */
static int take_pem(mailsub__buffer *target, mailsub__buffer *candidate, import_fn import, int code)
{
    mailsub__slice pem = mailsub__buffer_slice(candidate);
    if (pem.len == 0 || pem.len > MAX_PEM_LEN)
        return code;
    gnutls_certificate_credentials_t scratch;
    int result = gnutls_certificate_allocate_credentials(&scratch);
    if (result != GNUTLS_E_SUCCESS)
        return map_error(result, MAILSUB_E_SYSTEM);
    gnutls_datum_t datum = datum_of(pem);
    int n = import(scratch, &datum, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(scratch);
    if (n <= 0)
        return map_error(n, code);
    mailsub__buffer_deinit(target);
    *target = *candidate;
    return MAILSUB_OK;
}

static int set_from_file(mailsub__trust *trust, mailsub__buffer *target, const char *path,
                         import_fn import, int *out_os_error)
{
    int code = target == &trust->crls ? MAILSUB_E_CERTIFICATE : MAILSUB_E_CA;
    mailsub__buffer candidate;
    mailsub__buffer_init(&candidate, trust->allocator, MAX_PEM_LEN + 16384);
    *out_os_error = 0;
    int rc = mailsub__file_read(path, &candidate, out_os_error);
    if (rc == MAILSUB_OK)
        rc = take_pem(target, &candidate, import, code);
    else if (rc == MAILSUB_E_FILE)
        rc = code;
    if (rc)
        mailsub__buffer_deinit(&candidate);
    return rc;
}

int mailsub__trust_set_authorities(mailsub__trust *trust, mailsub__slice pem)
{
    mailsub__buffer candidate;
    mailsub__buffer_init(&candidate, trust->allocator, MAX_PEM_LEN);
    int rc = mailsub__buffer_append(&candidate, pem.ptr, pem.len);
    if (rc == MAILSUB_OK)
        rc = take_pem(&trust->authorities, &candidate, gnutls_certificate_set_x509_trust_mem,
                      MAILSUB_E_CA);
    if (rc)
        mailsub__buffer_deinit(&candidate);
    else
        trust->has_authorities = true;
    return rc == MAILSUB_E_LIMIT ? MAILSUB_E_CA : rc;
}

int mailsub__trust_set_authorities_file(mailsub__trust *trust, const char *path, int *out_os_error)
{
    int rc = set_from_file(trust, &trust->authorities, path, gnutls_certificate_set_x509_trust_mem,
                           out_os_error);
    trust->has_authorities = trust->has_authorities || rc == MAILSUB_OK;
    return rc;
}

/* When the first of the lists runs out; -1 when one of them does not say. */
static int64_t find_end(mailsub__slice pem)
{
    gnutls_x509_crl_t *lists = NULL;
    unsigned n = 0;
    gnutls_datum_t datum = datum_of(pem);
    if (gnutls_x509_crl_list_import2(&lists, &n, &datum, GNUTLS_X509_FMT_PEM, 0) < 0)
        return -1;
    int64_t end = INT64_MAX;
    for (unsigned i = 0; i < n; i++) {
        int64_t next = gnutls_x509_crl_get_next_update(lists[i]);
        end = next < end ? next : end;
        gnutls_x509_crl_deinit(lists[i]);
    }
    gnutls_free(lists);
    return end;
}

int mailsub__trust_set_crl_file(mailsub__trust *trust, const char *path, int *out_os_error)
{
    int rc =
        set_from_file(trust, &trust->crls, path, gnutls_certificate_set_x509_crl_mem, out_os_error);
    if (rc == MAILSUB_OK)
        trust->handles.crls_until = find_end(mailsub__buffer_slice(&trust->crls));
    return rc;
}

/* Take credentials with this side's certificate in them, if result says that they are good. */
static int take_client(mailsub__trust *trust, gnutls_certificate_credentials_t credentials,
                       int result, const char **out_reason)
{
    if (result < 0) {
        gnutls_certificate_free_credentials(credentials);
        *out_reason = gnutls_strerror(result);
        return map_error(result, MAILSUB_E_CERTIFICATE);
    }
    if (trust->client)
        gnutls_certificate_free_credentials(trust->client);
    trust->client = credentials;
    return MAILSUB_OK;
}

int mailsub__trust_set_client_files(mailsub__trust *trust, const char *certificate, const char *key,
                                    const char *password, const char **out_reason)
{
    gnutls_certificate_credentials_t credentials;
    if (gnutls_certificate_allocate_credentials(&credentials) < 0)
        return MAILSUB_E_NOMEM;
    int result = gnutls_certificate_set_x509_key_file2(credentials, certificate, key,
                                                       GNUTLS_X509_FMT_PEM, password, 0);
    return take_client(trust, credentials, result, out_reason);
}

int mailsub__trust_set_client_pem(mailsub__trust *trust, mailsub__slice pem, const char *password,
                                  const char **out_reason)
{
    gnutls_certificate_credentials_t credentials;
    if (gnutls_certificate_allocate_credentials(&credentials) < 0)
        return MAILSUB_E_NOMEM;
    gnutls_datum_t datum = datum_of(pem);
    int result = gnutls_certificate_set_x509_key_mem2(credentials, &datum, &datum,
                                                      GNUTLS_X509_FMT_PEM, password, 0);
    return take_client(trust, credentials, result, out_reason);
}

int mailsub__trust_set_client_pkcs12(mailsub__trust *trust, const char *path, const char *password,
                                     const char **out_reason)
{
    gnutls_certificate_credentials_t credentials;
    if (gnutls_certificate_allocate_credentials(&credentials) < 0)
        return MAILSUB_E_NOMEM;
    int result = gnutls_certificate_set_x509_simple_pkcs12_file(credentials, path,
                                                                GNUTLS_X509_FMT_DER, password);
    return take_client(trust, credentials, result, out_reason);
}

int mailsub__trust_set_priority(mailsub__trust *trust, const char *priority, int min_version)
{
    char text[MAX_PRIORITY_LEN];
    bool only_tls13 = min_version == MAILSUB_TLS_VERSION_1_3;
    int len = snprintf(text, sizeof text, "%s%s%s", priority ? priority : own_priority,
                       no_old_versions, only_tls13 ? no_tls12 : "");
    if (len < 0 || (size_t)len >= sizeof text)
        return MAILSUB_E_INVALID;
    gnutls_priority_t scratch;
    int result = gnutls_priority_init2(&scratch, text, NULL, 0);
    if (result != GNUTLS_E_SUCCESS)
        return map_error(result, MAILSUB_E_INVALID);
    gnutls_priority_deinit(scratch);
    memcpy(trust->priority, text, (size_t)len + 1);
    return MAILSUB_OK;
}

mailsub__pins *mailsub__trust_pins(mailsub__trust *trust)
{
    return &trust->pins;
}

/* Give the credentials what was set. What was tried out before can still fail for memory. */
static int load_credentials(mailsub__trust *trust, gnutls_certificate_credentials_t credentials)
{
    if (trust->has_authorities) {
        gnutls_datum_t pem = datum_of(mailsub__buffer_slice(&trust->authorities));
        int n = gnutls_certificate_set_x509_trust_mem(credentials, &pem, GNUTLS_X509_FMT_PEM);
        if (n <= 0)
            return map_error(n, MAILSUB_E_SYSTEM);
        trust->handles.n_authorities = n;
    } else {
        /* A system without a store trusts nobody; that is for the verification to tell. */
        int n = gnutls_certificate_set_x509_system_trust(credentials);
        if (n == GNUTLS_E_MEMORY_ERROR)
            return MAILSUB_E_NOMEM;
        trust->handles.n_authorities = n > 0 ? n : 0;
    }
    if (trust->crls.len > 0) {
        gnutls_datum_t pem = datum_of(mailsub__buffer_slice(&trust->crls));
        int n = gnutls_certificate_set_x509_crl_mem(credentials, &pem, GNUTLS_X509_FMT_PEM);
        if (n <= 0)
            return map_error(n, MAILSUB_E_SYSTEM);
    }
    return MAILSUB_OK;
}

static int load(mailsub__trust *trust)
{
    gnutls_certificate_credentials_t credentials = trust->client;
    gnutls_priority_t priority;
    int result = gnutls_priority_init2(&priority, trust->priority, NULL, 0);
    if (result != GNUTLS_E_SUCCESS)
        return map_error(result, MAILSUB_E_SYSTEM);
    int rc = MAILSUB_OK;
    if (!credentials)
        rc = map_error(gnutls_certificate_allocate_credentials(&credentials), MAILSUB_OK);
    if (rc == MAILSUB_OK)
        rc = load_credentials(trust, credentials);
    if (rc) {
        gnutls_priority_deinit(priority);
        if (credentials != trust->client)
            gnutls_certificate_free_credentials(credentials);
        return rc;
    }
    trust->handles.credentials = credentials;
    trust->handles.priority = priority;
    trust->handles.pins = &trust->pins;
    return MAILSUB_OK;
}

int mailsub__trust_load(mailsub__trust *trust, const mailsub__trust_handles **out_handles)
{
    int rc = MAILSUB_OK;
    pthread_mutex_lock(&trust->mutex);
    if (!trust->is_loaded) {
        rc = load(trust);
        trust->is_loaded = rc == MAILSUB_OK;
    }
    pthread_mutex_unlock(&trust->mutex);
    if (rc == MAILSUB_OK)
        *out_handles = &trust->handles;
    return rc;
}
