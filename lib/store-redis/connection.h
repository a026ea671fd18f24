/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to a Redis server: a socket, TLS where it is asked for, and hiredis's reader. */
#ifndef MAILSUB_STORE_REDIS_CONNECTION_H
#define MAILSUB_STORE_REDIS_CONNECTION_H

#include <stddef.h>

#include <gnutls/gnutls.h>
#include <hiredis/hiredis.h>

#include "store-redis/address.h"

typedef struct redis_connection {
    int fd; /* -1: none */
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t tls; /* NULL: in clear */
    redisReader *reader;
    int timeout_ms;
} redis_connection;

/* Connect, with TLS where the address says so. MAILSUB_E_STORE; MAILSUB_E_CA; MAILSUB_E_NOMEM. */
int redis_connection_open(redis_connection *connection, const redis_address *address);
void redis_connection_close(redis_connection *connection);
/* In the child of a fork: give up the parent's connection without a word to the server. */
void redis_connection_abandon(redis_connection *connection);
/* Send a command and wait for its reply, which the caller frees. */
int redis_connection_call(redis_connection *connection, int argc, const char **argv,
                          const size_t *argv_len, redisReply **out_reply);

#endif
