/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom to trust in TLS: the system's authorities, or those that the caller named. Immutable. */
#ifndef MAILSUB_NET_TRUST_H
#define MAILSUB_NET_TRUST_H

#include <mailsub/system.h>

typedef struct mailsub__trust mailsub__trust;

/* The system's authorities; loaded when the first handshake needs them, once for all users. */
int mailsub__trust_new_system(const mailsub_allocator *allocator, mailsub__trust **out_trust);
/* Only those in pem. MAILSUB_E_CA: it holds no certificate, or one that cannot be
   read, or more than 16 MiB. */
int mailsub__trust_new_pem(const mailsub_allocator *allocator, const void *pem, size_t len,
                           mailsub__trust **out_trust);
/* Only those in a file. MAILSUB_E_CA too when the file cannot be read; *out_os_error then says why,
   or is 0. */
int mailsub__trust_new_file(const mailsub_allocator *allocator, const char *path,
                            mailsub__trust **out_trust, int *out_os_error);
void mailsub__trust_free(mailsub__trust *trust);

/* What TLS sessions share; the types are GnuTLS's, whose header users of this one do not need. */
typedef struct mailsub__trust_handles {
    struct gnutls_certificate_credentials_st *credentials;
    struct gnutls_priority_st *priority;
    int n_authorities; /* 0: a system without any, which therefore trusts nobody */
} mailsub__trust_handles;

/* Any thread. *out_handles is lent until the trust is freed. MAILSUB_E_NOMEM, _SYSTEM. */
int mailsub__trust_load(mailsub__trust *trust, const mailsub__trust_handles **out_handles);

#endif
