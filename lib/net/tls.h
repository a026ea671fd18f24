/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client's side of TLS on a connected, non-blocking socket, by GnuTLS. Nothing here blocks.
 *
 * No ALPN: RFC 8314 and RFC 3207 name no protocol for submission, and servers that know of none may
 * refuse.
 */
#ifndef MAILSUB_NET_TLS_H
#define MAILSUB_NET_TLS_H

#include <stdbool.h>

#include "net/certificate.h"
#include "net/detail.h"
#include "net/trust.h"

typedef struct mailsub__tls mailsub__tls;

/*
 * What a server gave for the next handshake (RFC 8446 section 2.2, RFC 5077). It saves both sides
 * the signatures, and no flight. Each is used once, so that nobody can tell from it that two
 * connections belong together (RFC 8446 section C.4). All zero is none; a secret.
 */
typedef struct mailsub__tls_ticket {
    void *data;
    size_t len;
} mailsub__tls_ticket;

void mailsub__tls_ticket_drop(mailsub__tls_ticket *ticket);

/* Strings are borrowed and outlive the session. */
typedef struct mailsub__tls_settings {
    const char *host;        /* told to the server (SNI) when it is a name */
    const char *verify_name; /* that the certificate must bear: a name, or an address */
    mailsub__trust *trust;
    bool verify; /* false: go on whatever the verification finds, but a key that is not expected */
    mailsub__tls_ticket *ticket; /* to be used and replaced; NULL: no resumption */
} mailsub__tls_settings;

/*
 * detail is borrowed: failures of all calls are described there. The first call may load the
 * system's authorities, tens of milliseconds. MAILSUB_E_NOMEM, _SYSTEM.
 */
int mailsub__tls_new(const mailsub_allocator *allocator, int fd,
                     const mailsub__tls_settings *settings, mailsub__detail *detail,
                     mailsub__tls **out_tls);
void mailsub__tls_free(mailsub__tls *tls);

/*
 * Go on with the handshake; *out_done tells whether it is complete. The certificate is verified
 * before this side says Finished, and again when a session is resumed: its dates may have passed.
 * MAILSUB_E_TLS, _TLS_UNTRUSTED, _TLS_CERTIFICATE, _TLS_REVOKED, _TLS_DATES, _TLS_NAME, _TLS_PIN;
 * _CONNECTION_LOST; _NOMEM.
 */
int mailsub__tls_handshake(mailsub__tls *tls, bool *out_done);

/* The socket may have become readable: ask it again. Until then, one that was empty is not asked.
 */
void mailsub__tls_refresh(mailsub__tls *tls);
/* Octets wait here for room in the socket: call _flush when there is. */
bool mailsub__tls_has_unsent(const mailsub__tls *tls);
/* Octets were taken from the socket and not yet read. */
bool mailsub__tls_has_unread(const mailsub__tls *tls);
/* MAILSUB_E_CONNECTION_LOST. */
int mailsub__tls_flush(mailsub__tls *tls);

/* As mailsub__transport_read and _write say. */
int mailsub__tls_read(mailsub__tls *tls, char *out, size_t room, size_t *out_len);
int mailsub__tls_write(mailsub__tls *tls, const char *data, size_t len, size_t *out_len);
/* Send close_notify if that goes without waiting. */
void mailsub__tls_say_goodbye(mailsub__tls *tls);

/* Behind a complete handshake. */
/* As mailsub__transport_get_tls_binding says; out has room for 64 octets. */
size_t mailsub__tls_get_binding(const mailsub__tls *tls, const char **out_type, unsigned char *out);
const mailsub__certificate_facts *mailsub__tls_get_certificate(const mailsub__tls *tls);
bool mailsub__tls_is_resumed(const mailsub__tls *tls);
/* Fill the ticket of the settings with what the server has sent meanwhile, if anything. */
void mailsub__tls_keep_ticket(mailsub__tls *tls);
/* "TLS1.3"; static */
const char *mailsub__tls_get_version(const mailsub__tls *tls);
/* "TLS_AES_256_GCM_SHA384"; static */
const char *mailsub__tls_get_cipher(const mailsub__tls *tls);

#endif
