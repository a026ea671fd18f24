/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the proxies of socks.h and http_tunnel.h have in common. */
#ifndef MAILSUB_NET_PROXY_H
#define MAILSUB_NET_PROXY_H

/* RFC 1929: the lengths of user name and password are octets of their own. */
#define MAILSUB__PROXY_MAX_LOGIN 255

enum mailsub__proxy_kind { MAILSUB__PROXY_NONE, MAILSUB__PROXY_SOCKS5, MAILSUB__PROXY_HTTP };

/* Strings are borrowed and outlive their users. */
typedef struct mailsub__proxy {
    enum mailsub__proxy_kind kind;
    const char *host; /* A-label name, or address without brackets */
    int port;
    const char *user; /* SOCKS5: 1 to 255 octets; NULL: no login */
    const char *password;
    const char *credentials; /* HTTP: user:password in base64 (RFC 7617); NULL: no login */
} mailsub__proxy;

/* Where a conversation with a proxy stands. */
enum mailsub__proxy_state {
    MAILSUB__PROXY_TALKING,
    MAILSUB__PROXY_OPEN, /* what comes now is the server's */
    MAILSUB__PROXY_FAILED
};

#endif
