/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server on a free loopback port, in a thread, and what else the tests do with such ports. */
#ifndef MAILSUB_TESTS_PEER_H
#define MAILSUB_TESTS_PEER_H

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Serves one connection, in the peer's thread; the socket is blocking, and closed afterwards. */
typedef void (*peer_serve_fn)(int fd, void *context);

struct peer {
    int family;
    int listener;
    int port;
    peer_serve_fn serve;
    void *context;
    pthread_t thread;
    atomic_bool is_stopping;
};

/* A listening socket on a free port of 127.0.0.1 or ::1. */
int peer_listen(int family, int backlog, int *out_port);

/* A connection to a port of 127.0.0.1 without delays, or -1. */
int peer_connect(int port);

void peer_start(struct peer *peer, int family, peer_serve_fn serve, void *context);
void peer_stop(struct peer *peer);

/* All of it, or false. */
bool peer_send(int fd, const void *data, size_t len);
bool peer_receive(int fd, void *out, size_t len);

/* A server's TLS session on fd, before its handshake; priority NULL for the default. */
gnutls_session_t peer_tls_new(int fd, gnutls_certificate_credentials_t credentials,
                              const char *priority);
bool peer_tls_handshake(gnutls_session_t session);
bool peer_tls_send(gnutls_session_t session, const void *data, size_t len);
bool peer_tls_receive(gnutls_session_t session, void *out, size_t len);

#endif
