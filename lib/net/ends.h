/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is at the two ends of a connected stream socket. */
#ifndef MAILSUB_NET_ENDS_H
#define MAILSUB_NET_ENDS_H

#include <stdbool.h>

#include "net/endpoint.h"

/* "HOST port 587 by proxy ADDRESS port 1080" */
#define MAILSUB__PEER_LEN 360

typedef struct mailsub__ends {
    char peer[MAILSUB__PEER_LEN];                   /* "192.0.2.1 port 25", "Unix socket /run/x" */
    char local_literal[MAILSUB__ENDPOINT_TEXT_LEN]; /* "[192.0.2.7]": RFC 5321 section 4.1.3 */
    bool is_local;                                  /* the peer is this host, for certain */
} mailsub__ends;

/* Of a socket that was connected to peer. That one is not asked for: it may have hung up. */
void mailsub__ends_of_connection(int fd, const mailsub__endpoint *peer, mailsub__ends *out);
/* Of a socket of any family; unix_path: what it was connected to, or NULL. */
void mailsub__ends_of_socket(int fd, const char *unix_path, mailsub__ends *out);

#endif
