/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection to a server: a socket by dial.h, TLS by GnuTLS, and then bytes both ways. Or what
 * answers like one (outlet.h), without a socket and without TLS. Nothing here blocks, except _free
 * while the system's resolver has not returned, and files as long as the disk takes.
 *
 * A transport is used for one connection at a time: open, process until it is ready, read and
 * write, close; and open again.
 */
#ifndef MAILSUB_NET_TRANSPORT_H
#define MAILSUB_NET_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <mailsub/system.h>

#include "net/certificate.h"
#include "net/dial.h"
#include "net/outlet.h"
#include "net/poller.h"
#include "net/trust.h"

typedef struct mailsub__transport mailsub__transport;

/* Strings are borrowed and outlive the transport. */
typedef struct mailsub__transport_settings {
    mailsub__dial_settings dial;
    enum mailsub__outlet_kind outlet; /* but NONE: in place of all others */
    const char *outlet_path;
    const char *verify_name; /* A-label name or address that the certificate must bear */
    mailsub__trust *trust;
    bool verify; /* false: any certificate is taken, the result is told as not verified */
    bool resume; /* sessions of TLS, over successive connections */
} mailsub__transport_settings;

enum mailsub__transport_state {
    MAILSUB__TRANSPORT_CLOSED,
    MAILSUB__TRANSPORT_RESOLVING,
    MAILSUB__TRANSPORT_CONNECTING,
    MAILSUB__TRANSPORT_HANDSHAKING, /* the TLS handshake */
    MAILSUB__TRANSPORT_READY,       /* bytes may be read and written */
    MAILSUB__TRANSPORT_FAILED       /* see _get_error; only _close and _free are left */
};

int mailsub__transport_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                           const mailsub__transport_settings *settings,
                           mailsub__transport **out_transport);
/* Joins the resolver's thread and closes all descriptors. */
void mailsub__transport_free(mailsub__transport *transport);

/* The next _open uses this connected stream socket, which is closed here whatever happens. -1: none.
 */
void mailsub__transport_hand_in(mailsub__transport *transport, int fd);
/* Begin to connect. with_tls: the handshake follows at once. A failure shows in the state, which
   may already be any other but CLOSED on return. */
void mailsub__transport_open(mailsub__transport *transport, bool with_tls, int64_t now_ms);
/*
 * Go on with whatever is under way; in READY, send what waits. To be called whenever the poller was
 * due, before _read and _write. When the state becomes READY, read at once.
 */
void mailsub__transport_process(mailsub__transport *transport, int64_t now_ms);
/* READY in clear: begin the handshake on the standing connection (STARTTLS). */
void mailsub__transport_start_tls(mailsub__transport *transport);
enum mailsub__transport_state mailsub__transport_get_state(const mailsub__transport *transport);
/* When _process must be called if the poller stays quiet: the next address is due. -1: never. */
int64_t mailsub__transport_deadline(const mailsub__transport *transport);

/*
 * READY only, room at least 1. *out_len 0: nothing now; the poller tells when there is. Read until
 * then: octets that were taken from the socket for decryption are seen by no poller. (It costs no
 * system call when the socket was found empty since the poller's last _clear or _wait.)
 * MAILSUB_E_CONNECTION_LOST: the peer closed, or the network failed; with TLS also when the close
 * was not announced, which _get_detail tells. MAILSUB_E_TLS: a bad record, or an alert. After an
 * error the state is FAILED; what arrived before it has been handed out.
 */
int mailsub__transport_read(mailsub__transport *transport, char *out, size_t room, size_t *out_len);
/*
 * READY only. As many of the octets as go now; when not all did, the poller also watches for room,
 * and until a later call takes all that it is given. With TLS, up to 16 KiB that were taken may
 * wait here for room; _process, _read and _write send them.
 * MAILSUB_E_CONNECTION_LOST: no more can be sent. The state stays READY: read what the peer may
 * have said before it hung up, until that fails too. MAILSUB_E_TLS, _NOMEM likewise.
 */
int mailsub__transport_write(mailsub__transport *transport, const char *data, size_t len,
                             size_t *out_len);
/* Close; with_goodbye sends TLS close_notify if that is possible without waiting. In every state;
   does not wait for a name resolution, whose answer is then taken by the next open, or ignored. */
void mailsub__transport_close(mailsub__transport *transport, bool with_goodbye);

/*
 * In a child, whose poller has left its parent's descriptors or settled: forget the connection, which
 * is the parent's, without a word. closed: its descriptor is not there any more.
 */
void mailsub__transport_abandon(mailsub__transport *transport, bool closed);

/* MAILSUB_E_RESOLVE, _RESOLVE_AGAIN, _CONNECT, _TLS*, _CONNECTION_LOST, _SYSTEM, _NOMEM. The first
   cause since _open, also after _close; MAILSUB_OK when there is none. */
int mailsub__transport_get_error(const mailsub__transport *transport);
/* One line about that error for a person: addresses tried and the system's or GnuTLS's reason.
   While resolving and connecting, and after _close from there: who has not answered, for a
   time-out. */
const char *mailsub__transport_get_detail(const mailsub__transport *transport);

/* Of the connection that is or was: lent until the next open. "" when there is none. */
const char *mailsub__transport_get_tls_version(const mailsub__transport *transport);
const char *mailsub__transport_get_tls_cipher(const mailsub__transport *transport);
/*
 * Channel binding of a connection that is READY in TLS (RFC 5056): tls-exporter (RFC 9266) with TLS
 * 1.3, tls-unique (RFC 5929) below, which is safe only with the extended master secret (RFC 7627).
 * *out_type is its name, static. The octets; 0: there is none.
 */
#define MAILSUB__TLS_BINDING_LEN 64
size_t mailsub__transport_get_tls_binding(const mailsub__transport *transport,
                                          const char **out_type,
                                          unsigned char out[MAILSUB__TLS_BINDING_LEN]);
bool mailsub__transport_is_tls(const mailsub__transport *transport);
bool mailsub__transport_is_resumed(const mailsub__transport *transport);
/* Facts of the certificate; all zero when there is none. */
const mailsub__certificate_facts *
mailsub__transport_get_certificate(const mailsub__transport *transport);
/* The certificate was verified, whatever the settings say about a failure. */
bool mailsub__transport_is_verified(const mailsub__transport *transport);
/* True when the peer's address is of this host. */
bool mailsub__transport_is_loopback(const mailsub__transport *transport);
/* "192.0.2.1 port 25", "Unix socket /run/x" */
const char *mailsub__transport_get_peer(const mailsub__transport *transport);
/* This end as an address literal of RFC 5321 section 4.1.3: "[192.0.2.7]", "[IPv6:2001:db8::7]". */
const char *mailsub__transport_get_local_literal(const mailsub__transport *transport);

/* This host's name when it is fully qualified, else "". out has room for 256 octets. */
void mailsub__host_name(char out[256]);

#endif
