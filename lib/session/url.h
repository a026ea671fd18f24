/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The URL of a submission server: scheme://[user[:password]@]host[:port] (RFC 3986). */
#ifndef MAILSUB_SESSION_URL_H
#define MAILSUB_SESSION_URL_H

#include <stdbool.h>

#include "base/buffer.h"

typedef struct mailsub__url {
    char host[256]; /* A-label name, or IP address without brackets */
    int port;
    int tls; /* MAILSUB_TLS_* by scheme, port and host */
    bool has_user;
    bool has_password;        /* it may be empty */
    mailsub__buffer user;     /* percent-decoded, secret */
    mailsub__buffer password; /* percent-decoded, secret */
} mailsub__url;

/*
 * Parse. MAILSUB_E_URL: *out_cause is one static line about why. MAILSUB_E_NOMEM. On failure there
 * is nothing to deinit.
 */
int mailsub__url_parse(const mailsub_allocator *allocator, const char *text, mailsub__url *out_url,
                       const char **out_cause);
void mailsub__url_deinit(mailsub__url *url);

/*
 * Write a host as it is looked up: IP address as given, or a name as A-labels.
 * MAILSUB_E_HOST_NAME: it is neither. MAILSUB_E_NOMEM.
 */
int mailsub__host_parse(mailsub__slice text, char out[256]);

#endif
