/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client's side of HTTP's CONNECT (RFC 9110 section 9.3.6, RFC 9112), with the Basic login (RFC
 * 7617), without I/O: octets in, octets out. A server's name goes to the proxy as it is.
 *
 * The head of a reply is read strictly, and it may not be long: a proxy has little to say. Of a
 * reply that refuses, the body is left unread.
 *
 * Not handled: proxies that speak TLS themselves; logins by Digest, NTLM or Negotiate.
 */
#ifndef MAILSUB_NET_HTTP_TUNNEL_H
#define MAILSUB_NET_HTTP_TUNNEL_H

#include <stdbool.h>

#include "base/slice.h"
#include "net/detail.h"
#include "net/proxy.h"

/* All heads of a reply together; those of status 1xx may precede it. */
#define MAILSUB__HTTP_MAX_HEAD 16384

typedef struct mailsub__http_tunnel {
    const mailsub__proxy *proxy;
    enum mailsub__proxy_state state;
    char out[1600]; /* twice a host with its port, and a login of twice 255 octets in base64 */
    size_t out_len;
    size_t out_at;  /* octets that were sent */
    int place;      /* in the reply's head, see http_tunnel.c */
    size_t n_head;  /* octets of heads so far */
    int status;     /* of the reply; 0 before it is read */
    char line[160]; /* the status line, as far as it fits */
    size_t line_len;
    size_t n_line; /* octets of the current line */
    int error;
    const char *reason; /* static; NULL: the status line says it */
} mailsub__http_tunnel;

/* To be connected to host and port; the proxy is borrowed. */
void mailsub__http_tunnel_init(mailsub__http_tunnel *tunnel, const mailsub__proxy *proxy,
                               const char *host, int port);
/* Wipes the login. */
void mailsub__http_tunnel_deinit(mailsub__http_tunnel *tunnel);

/* As in socks.h. */
mailsub__slice mailsub__http_tunnel_peek_output(const mailsub__http_tunnel *tunnel);
void mailsub__http_tunnel_ack_output(mailsub__http_tunnel *tunnel, size_t len);
void mailsub__http_tunnel_feed(mailsub__http_tunnel *tunnel, const char *data, size_t len,
                               size_t *out_used);
enum mailsub__proxy_state mailsub__http_tunnel_get_state(const mailsub__http_tunnel *tunnel);
int mailsub__http_tunnel_get_error(const mailsub__http_tunnel *tunnel);
void mailsub__http_tunnel_describe(const mailsub__http_tunnel *tunnel, mailsub__detail *detail);

#endif
