/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake server's certification authority and certificate, and the TLS sessions made with them.
 */
#ifndef MAILSUB_TESTING_IDENTITY_H
#define MAILSUB_TESTING_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include <gnutls/gnutls.h>

#include <mailsub/system.h>

typedef struct mailsub__identity {
    const mailsub_allocator *allocator;
    char *name; /* NULL: localhost and the loopback addresses */
    int64_t from_s;
    int64_t until_s;
    bool only_tls12;
    char *ca_pem; /* NULL before _make */
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
} mailsub__identity;

void mailsub__identity_init(mailsub__identity *identity, const mailsub_allocator *allocator);
void mailsub__identity_deinit(mailsub__identity *identity);
/* MAILSUB_E_INVALID, MAILSUB_E_NOMEM. */
int mailsub__identity_set(mailsub__identity *identity, const char *name, int64_t from_s,
                          int64_t until_s);
/* Make keys and certificates. MAILSUB_E_TLS, MAILSUB_E_NOMEM; _unmake what was made then. */
int mailsub__identity_make(mailsub__identity *identity);
void mailsub__identity_unmake(mailsub__identity *identity);
/* The server's side of a session over fd, before its handshake. MAILSUB_E_TLS. */
int mailsub__identity_accept(const mailsub__identity *identity, int fd,
                             gnutls_session_t *out_session);

#endif
