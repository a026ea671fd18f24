/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The URL of a way out: scheme://[user[:password]@]host[:port] of a server, scheme:/path of what is
 * on this host (RFC 3986).
 */
#ifndef MAILSUB_SESSION_URL_H
#define MAILSUB_SESSION_URL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "net/proxy.h"

/* Where the mail goes out. */
enum mailsub__way {
    MAILSUB__WAY_TCP,
    MAILSUB__WAY_UNIX,     /* the socket at the path */
    MAILSUB__WAY_COMMAND,  /* the sendmail command at the path */
    MAILSUB__WAY_MAILDIR,  /* the Maildir at the path */
    MAILSUB__WAY_DIRECTORY /* files in the directory at the path */
};

typedef struct mailsub__url {
    const char *scheme; /* static, in small letters; NULL: of a proxy's URL */
    enum mailsub__way way;
    char host[256]; /* A-label name, or IP address without brackets; "localhost" with a path */
    int port;       /* 0 with a path */
    int tls;        /* MAILSUB_TLS_* by scheme, port and host */
    bool lmtp;
    enum mailsub__proxy_kind proxy; /* of a proxy's URL */
    bool has_user;
    bool has_password;        /* it may be empty */
    mailsub__buffer user;     /* percent-decoded, secret */
    mailsub__buffer password; /* percent-decoded, secret */
    mailsub__buffer path;     /* percent-decoded, begins with a slash; empty with TCP */
} mailsub__url;

/*
 * Parse. MAILSUB_E_URL: *out_cause is one static line about why. MAILSUB_E_NOMEM. On failure there
 * is nothing to deinit.
 */
int mailsub__url_parse(const mailsub_allocator *allocator, const char *text, mailsub__url *out_url,
                       const char **out_cause);
void mailsub__url_deinit(mailsub__url *url);
/*
 * Write a server's URL anew, without its login: scheme://host:port, with the port always, or
 * scheme:/path, percent-encoded. Printable ASCII. MAILSUB_E_NOMEM.
 */
int mailsub__url_write(const mailsub__url *url, mailsub__buffer *out);
/* The same for the URL of a proxy: scheme://[user:password@]host[:port], with way and tls unused. */
int mailsub__url_parse_proxy(const mailsub_allocator *allocator, const char *text,
                             mailsub__url *out_url, const char **out_cause);

/*
 * Write a host as it is looked up: IP address as given, or a name as A-labels.
 * MAILSUB_E_HOST_NAME: it is neither. MAILSUB_E_NOMEM.
 */
int mailsub__host_parse(mailsub__slice text, char out[256]);

#endif
