/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client's side of SOCKS5 (RFC 1928), with user name and password (RFC 1929), without I/O:
 * octets in, octets out.
 *
 * A server's name goes to the proxy as it is: who uses a proxy often cannot resolve it, or must not
 * ask.
 *
 * Not handled: GSSAPI (RFC 1961), which RFC 1928 demands and nobody has; BIND and UDP ASSOCIATE.
 */
#ifndef MAILSUB_NET_SOCKS_H
#define MAILSUB_NET_SOCKS_H

#include <stdbool.h>

#include "base/slice.h"
#include "net/detail.h"
#include "net/proxy.h"

typedef struct mailsub__socks {
    const mailsub__proxy *proxy;
    const char *host;
    int port;
    enum mailsub__proxy_state state;
    int phase;              /* of the conversation, see socks.c */
    unsigned char out[516]; /* the longest is a login: 3 octets and twice 255 */
    size_t out_len;
    size_t out_at;          /* octets that were sent */
    unsigned char reply[5]; /* as much of it as decides */
    size_t n_seen;          /* octets of the reply that have come */
    size_t n_wanted;        /* octets that it has, as far as is known */
    int error;
    const char *reason; /* static */
} mailsub__socks;

/* To be connected to host and port; the proxy and host are borrowed. */
void mailsub__socks_init(mailsub__socks *socks, const mailsub__proxy *proxy, const char *host,
                         int port);
/* Wipes the login. */
void mailsub__socks_deinit(mailsub__socks *socks);

/* What is to be sent; lent until the next call. */
mailsub__slice mailsub__socks_peek_output(const mailsub__socks *socks);
/* len octets of it were sent. */
void mailsub__socks_ack_output(mailsub__socks *socks, size_t len);
/*
 * Take what has arrived. *out_used: octets that were the proxy's; fewer than len once the state is
 * no longer TALKING.
 */
void mailsub__socks_feed(mailsub__socks *socks, const char *data, size_t len, size_t *out_used);
enum mailsub__proxy_state mailsub__socks_get_state(const mailsub__socks *socks);
/* FAILED: MAILSUB_E_PROXY, _PROXY_LOGIN, _PROXY_REFUSED, _PROXY_PROTOCOL. */
int mailsub__socks_get_error(const mailsub__socks *socks);
/* FAILED: say why. */
void mailsub__socks_describe(const mailsub__socks *socks, mailsub__detail *detail);

#endif
