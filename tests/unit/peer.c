/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void must(bool is_true, const char *what)
{
    if (is_true)
        return;
    perror(what);
    abort();
}

static socklen_t loopback(int family, int port, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (family == AF_INET) {
        struct sockaddr_in *ipv4 = (struct sockaddr_in *)out;
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons((uint16_t)port);
        ipv4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return sizeof *ipv4;
    }
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)out;
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons((uint16_t)port);
    ipv6->sin6_addr = in6addr_loopback;
    return sizeof *ipv6;
}

int peer_listen(int family, int backlog, int *out_port)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    struct sockaddr_storage address;
    socklen_t len = loopback(family, 0, &address);
    must(bind(fd, (struct sockaddr *)&address, len) == 0, "bind");
    must(listen(fd, backlog) == 0, "listen");
    must(getsockname(fd, (struct sockaddr *)&address, &len) == 0, "getsockname");
    *out_port = ntohs(family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                        : ((struct sockaddr_in6 *)&address)->sin6_port);
    return fd;
}

int peer_connect(int port)
{
    static const int on = 1;
    struct sockaddr_storage address;
    socklen_t len = loopback(AF_INET, port, &address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    if (connect(fd, (struct sockaddr *)&address, len) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void *run(void *context)
{
    struct peer *peer = context;
    while (!peer->is_stopping) {
        int accepted = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        if (accepted < 0)
            continue;
        /* Away from the numbers that the tests look at. */
        int fd = fcntl(accepted, F_DUPFD_CLOEXEC, 100);
        close(accepted);
        /* A test that fails must end: nobody waits for longer. */
        struct timeval limit = {.tv_sec = 20};
        static const int on = 1;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (!peer->is_stopping)
            peer->serve(fd, peer->context);
        close(fd);
    }
    return NULL;
}

void peer_start(struct peer *peer, int family, peer_serve_fn serve, void *context)
{
    peer->family = family;
    peer->serve = serve;
    peer->context = context;
    atomic_init(&peer->is_stopping, false);
    peer->listener = peer_listen(family, 16, &peer->port);
    must(pthread_create(&peer->thread, NULL, run, peer) == 0, "pthread_create");
}

void peer_stop(struct peer *peer)
{
    peer->is_stopping = true;
    /* accept returns for one more connection. */
    int fd = socket(peer->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage address;
    socklen_t len = loopback(peer->family, peer->port, &address);
    must(connect(fd, (struct sockaddr *)&address, len) == 0, "connect");
    pthread_join(peer->thread, NULL);
    close(fd);
    close(peer->listener);
}

bool peer_send(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool peer_receive(int fd, void *out, size_t len)
{
    return recv(fd, out, len, MSG_WAITALL) == (ssize_t)len;
}

gnutls_session_t peer_tls_new(int fd, gnutls_certificate_credentials_t credentials,
                              const char *priority)
{
    gnutls_session_t session;
    must(gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL) >= 0, "gnutls_init");
    must(gnutls_priority_set_direct(session, priority ? priority : "NORMAL", NULL) >= 0,
         "gnutls_priority_set_direct");
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_transport_set_int(session, fd);
    return session;
}

bool peer_tls_handshake(gnutls_session_t session)
{
    int result;
    do
        result = gnutls_handshake(session);
    while (result < 0 && !gnutls_error_is_fatal(result));
    if (result < 0)
        gnutls_alert_send_appropriate(session, result);
    return result == GNUTLS_E_SUCCESS;
}

bool peer_tls_send(gnutls_session_t session, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = gnutls_record_send(session, at, len);
        if (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_AGAIN) /* or a key update */
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool peer_tls_receive(gnutls_session_t session, void *out, size_t len)
{
    char *at = out;
    while (len > 0) {
        ssize_t n = gnutls_record_recv(session, at, len);
        if (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_AGAIN) /* or a key update */
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}
