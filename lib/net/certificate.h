/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is the server's certificate good, and is it this server's? RFC 5280, RFC 9525. */
#ifndef MAILSUB_NET_CERTIFICATE_H
#define MAILSUB_NET_CERTIFICATE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "net/detail.h"
#include "net/pin.h"
#include "net/trust.h"

/* How a name is written decides what of a certificate it is compared with. */
bool mailsub__certificate_is_address(const char *name);

/* What was found of the server's certificate. */
typedef struct mailsub__certificate_facts {
    int verified_by;                         /* MAILSUB_VERIFIED_*, see receipt.h */
    char fingerprint[MAILSUB__PIN_TEXT_LEN]; /* SHA-256 of the whole; "" for none */
    char names[256];                         /* its DNS names, as many as have room */
} mailsub__certificate_facts;

/*
 * Verify the certificate that the peer presented.
 *
 * When pins name a certificate, it must be that one, and then its issuer, dates and names do not
 * count. Otherwise the chain is verified with the session's credentials: issuer, signatures, dates,
 * revocation, purpose, and name, which is a DNS name (A-labels) or an address. A name is looked for in the
 * subjectAltName only (RFC 9525 section 2), never in the common name. When pins name keys, the
 * certificate's must be one of them besides.
 *
 * When several things are wrong, the result names the most fundamental, in the order key,
 * issuer, certificate, dates, name: what a stranger has signed says nothing of dates and names. The
 * detail tells all of them. The facts are filled whatever the result; a known key counts as
 * verification also where the chain does not hold, for callers that go on then.
 *
 * MAILSUB_OK; MAILSUB_E_TLS_UNTRUSTED, _TLS_CERTIFICATE, _TLS_REVOKED, _TLS_DATES, _TLS_NAME,
 * _TLS_PIN; MAILSUB_E_NOMEM.
 */
int mailsub__certificate_verify(gnutls_session_t session, const char *name,
                                const mailsub__trust_handles *trust,
                                mailsub__certificate_facts *facts, mailsub__detail *detail);

#endif
