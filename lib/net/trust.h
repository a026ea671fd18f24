/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whom to trust in TLS, and what to show for oneself: authorities, revocation lists, known keys, a
 * certificate of this side, and the versions and algorithms to be spoken.
 *
 * Built by the setters, then read only: no setter may be called once a session has loaded it. A
 * setter that fails changes nothing.
 */
#ifndef MAILSUB_NET_TRUST_H
#define MAILSUB_NET_TRUST_H

#include <stdint.h>

#include <mailsub/system.h>

#include "base/slice.h"
#include "net/pin.h"

typedef struct mailsub__trust mailsub__trust;

/* The system's authorities, until others are set; the allocator is borrowed. */
int mailsub__trust_new(const mailsub_allocator *allocator, mailsub__trust **out_trust);
void mailsub__trust_free(mailsub__trust *trust);

/* Only the authorities in pem. MAILSUB_E_CA: it holds no certificate, or one that cannot be read,
   or more than 16 MiB. */
int mailsub__trust_set_authorities(mailsub__trust *trust, mailsub__slice pem);
/* Only those in a file. MAILSUB_E_CA too when the file cannot be read; *out_os_error then says why,
   or is 0. */
int mailsub__trust_set_authorities_file(mailsub__trust *trust, const char *path, int *out_os_error);
/* Revocation lists, PEM; each must say until when it is good. MAILSUB_E_CERTIFICATE, in the same
   way. */
int mailsub__trust_set_crl_file(mailsub__trust *trust, const char *path, int *out_os_error);

/*
 * This side's certificate, with its chain, and its private key: PEM files or PKCS #11 URLs; PEM in
 * memory, both in one; a PKCS #12 file. A password that is not needed may be NULL. Replaces what
 * was set before. MAILSUB_E_CERTIFICATE with GnuTLS's reason in *out_reason (static), _NOMEM.
 */
int mailsub__trust_set_client_files(mailsub__trust *trust, const char *certificate, const char *key,
                                    const char *password, const char **out_reason);
int mailsub__trust_set_client_pem(mailsub__trust *trust, mailsub__slice pem, const char *password,
                                  const char **out_reason);
int mailsub__trust_set_client_pkcs12(mailsub__trust *trust, const char *path, const char *password,
                                     const char **out_reason);

/* A GnuTLS priority string; NULL: the library's own. *_version: MAILSUB_TLS_VERSION_*, which no
   priority string undercuts. MAILSUB_E_INVALID: it is malformed, or leaves no version. */
int mailsub__trust_set_priority(mailsub__trust *trust, const char *priority, int min_version);

/* To be filled by the setters' owner. */
mailsub__pins *mailsub__trust_pins(mailsub__trust *trust);

/* What TLS sessions share; the types are GnuTLS's, whose header users of this one do not need. */
typedef struct mailsub__trust_handles {
    struct gnutls_certificate_credentials_st *credentials;
    struct gnutls_priority_st *priority;
    int n_authorities; /* 0: a system without any, which therefore trusts nobody */
    const mailsub__pins *pins;
    int64_t crls_until; /* when the first revocation list runs out, seconds of 1970; 0: no list */
} mailsub__trust_handles;

/* Any thread. *out_handles is lent until the trust is freed. MAILSUB_E_NOMEM, _SYSTEM. */
int mailsub__trust_load(mailsub__trust *trust, const mailsub__trust_handles **out_handles);

#endif
