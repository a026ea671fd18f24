/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is the server's certificate good, and is it this server's? RFC 5280, RFC 9525. */
#ifndef MAILSUB_NET_CERTIFICATE_H
#define MAILSUB_NET_CERTIFICATE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "net/detail.h"

/* How a name is written decides what of a certificate it is compared with. */
bool mailsub__certificate_is_address(const char *name);

/*
 * Verify the chain that the peer presented with the session's credentials: issuer, signatures,
 * dates, purpose, and name, which is a DNS name (A-labels) or an address. A name is looked for in
 * the subjectAltName only (RFC 9525 section 2), never in the common name.
 *
 * When several things are wrong, the result names the most fundamental, in the order issuer,
 * certificate, dates, name: what a stranger has signed says nothing of dates and names. The detail
 * tells all of them.
 *
 * MAILSUB_OK; MAILSUB_E_TLS_UNTRUSTED, _TLS_CERTIFICATE, _TLS_DATES, _TLS_NAME; MAILSUB_E_NOMEM.
 */
int mailsub__certificate_verify(gnutls_session_t session, const char *name,
                                mailsub__detail *detail);

#endif
