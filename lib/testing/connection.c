/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of one client, in clear or in TLS, without blocking.
 *
 * As long as the client does not take its replies, nothing more is read from it, like from a server
 * that blocks on its socket: a client that sends without reading gets stuck here too.
 */
#include "testing/connection.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

#define MAX_OUT ((size_t)16 * 1024 * 1024)
#define ENOUGH_OUT ((size_t)64 * 1024)
/* After a hang-up: enough to let a client finish its sentence, so that no reset overtakes the last
   reply; too little for one that never looks up from its content. */
#define MAX_DRAINED ((size_t)1024 * 1024)

enum { WOULD_BLOCK = -1, BROKEN = -2 };

mailsub__connection *mailsub__connection_new(mailsub_testing_server *server, int fd)
{
    /* Not zeroed as a whole: the room for input is not touched before it is used. */
    mailsub__connection *connection = mailsub__alloc(&server->allocator, sizeof *connection);
    if (!connection) {
        close(fd);
        return NULL;
    }
    memset(connection, 0, offsetof(mailsub__connection, in));
    connection->server = server;
    connection->fd = fd;
    connection->phase = MAILSUB__PHASE_OPEN;
    mailsub__sasl_init(&connection->exchange, server);
    connection->number = mailsub__record_add_connection(server->record);
    mailsub__buffer_init(&connection->out, &server->allocator, MAX_OUT);
    if (server->flags & MAILSUB_TESTING_IMPLICIT_TLS)
        connection->wants_tls = true;
    else
        mailsub__dialogue_greet(connection);
    return connection;
}

void mailsub__connection_free(mailsub__connection *connection)
{
    mailsub__dialogue_forget(connection);
    mailsub__buffer_deinit(&connection->out);
    if (connection->tls)
        gnutls_deinit(connection->tls);
    close(connection->fd);
    mailsub__free(&connection->server->allocator, connection);
}

void mailsub__connection_write(mailsub__connection *connection, mailsub__slice text)
{
    if (mailsub__buffer_append_slice(&connection->out, text) != MAILSUB_OK)
        connection->phase = MAILSUB__PHASE_CLOSED;
}

void mailsub__connection_close(mailsub__connection *connection, bool announced)
{
    connection->phase = MAILSUB__PHASE_CLOSING;
    connection->announce_close = announced;
}

bool mailsub__connection_has_input(const mailsub__connection *connection)
{
    if (connection->in_at < connection->in_end)
        return true;
    /* In TLS, what the socket holds may be an alert. A record that was begun has been read as a
       whole, as there was room for it, see MAILSUB__CONNECTION_ROOM. */
    if (connection->tls)
        return false;
    int n_waiting = 0;
    return ioctl(connection->fd, FIONREAD, &n_waiting) == 0 && n_waiting > 0;
}

static bool is_transient(int tls_result)
{
    return tls_result == GNUTLS_E_AGAIN || tls_result == GNUTLS_E_INTERRUPTED;
}

/* Octets read, 0 at the end, or WOULD_BLOCK or BROKEN. */
static ssize_t read_some(mailsub__connection *connection, char *out, size_t room)
{
    ssize_t n;
    if (connection->tls) {
        n = gnutls_record_recv(connection->tls, out, room);
        return n >= 0 ? n : is_transient((int)n) ? WOULD_BLOCK : BROKEN;
    }
    n = recv(connection->fd, out, room, 0);
    return n >= 0 ? n : errno == EAGAIN || errno == EINTR ? WOULD_BLOCK : BROKEN;
}

static ssize_t write_some(mailsub__connection *connection, mailsub__slice data)
{
    ssize_t n;
    if (connection->tls) {
        n = gnutls_record_send(connection->tls, data.ptr, data.len);
        return n >= 0 ? n : is_transient((int)n) ? WOULD_BLOCK : BROKEN;
    }
    n = send(connection->fd, data.ptr, data.len, MSG_NOSIGNAL);
    return n >= 0 ? n : errno == EAGAIN || errno == EINTR ? WOULD_BLOCK : BROKEN;
}

static void tell(mailsub__connection *connection, const char *text)
{
    mailsub__record_add_line(connection->server->record, connection->number, "-- ",
                             mailsub__slice_str(text));
}

/* True when all is sent. */
static bool flush(mailsub__connection *connection)
{
    while (connection->out.len > 0) {
        ssize_t n = write_some(connection, mailsub__buffer_slice(&connection->out));
        if (n == BROKEN) {
            tell(connection, "the client is gone");
            connection->phase = MAILSUB__PHASE_CLOSED;
        }
        if (n < 0)
            return false;
        mailsub__buffer_consume(&connection->out, (size_t)n);
    }
    return true;
}

static bool begin_tls(mailsub__connection *connection)
{
    connection->wants_tls = false;
    mailsub__dialogue_forget(connection);
    connection->in_at = connection->in_end = 0;
    bool made = mailsub__identity_accept(&connection->server->identity, connection->fd,
                                         &connection->tls) == MAILSUB_OK;
    connection->phase = made ? MAILSUB__PHASE_HANDSHAKE : MAILSUB__PHASE_CLOSED;
    return made;
}

static bool handshake(mailsub__connection *connection)
{
    int rc;
    do {
        rc = gnutls_handshake(connection->tls);
    } while (rc == GNUTLS_E_INTERRUPTED || rc == GNUTLS_E_WARNING_ALERT_RECEIVED);
    if (rc == GNUTLS_E_AGAIN)
        return false;
    if (rc < 0) {
        const char *reason = gnutls_strerror(rc);
        if (rc == GNUTLS_E_FATAL_ALERT_RECEIVED)
            reason = gnutls_alert_get_name(gnutls_alert_get(connection->tls));
        char text[200];
        snprintf(text, sizeof text, "the TLS handshake failed: %s", reason);
        tell(connection, text);
        connection->phase = MAILSUB__PHASE_CLOSED;
        return false;
    }
    tell(connection, gnutls_protocol_get_name(gnutls_protocol_get_version(connection->tls)));
    connection->phase = MAILSUB__PHASE_OPEN;
    if (connection->server->flags & MAILSUB_TESTING_IMPLICIT_TLS)
        mailsub__dialogue_greet(connection);
    return true;
}

/* Read once and answer. False when there is nothing more to read now. */
static bool take_input(mailsub__connection *connection)
{
    if (connection->in_at > 0) {
        connection->in_end -= connection->in_at;
        memmove(connection->in, connection->in + connection->in_at, connection->in_end);
        connection->in_at = 0;
    }
    size_t room = sizeof connection->in - connection->in_end;
    ssize_t n = read_some(connection, connection->in + connection->in_end, room);
    if (n == WOULD_BLOCK)
        return false;
    if (n <= 0) {
        tell(connection, n == 0 ? "the client hung up" : "the client is gone");
        connection->phase = MAILSUB__PHASE_CLOSED;
        return false;
    }
    connection->in_end += (size_t)n;
    mailsub__dialogue_process(connection);
    /* Less than there was room for empties a socket: reading again would only say so. */
    bool more = connection->tls || connection->wants_tls || (size_t)n == room ||
                connection->phase != MAILSUB__PHASE_OPEN;
    if (!more)
        flush(connection);
    return more;
}

static bool hang_up(mailsub__connection *connection)
{
    if (connection->tls && connection->announce_close)
        gnutls_bye(connection->tls, GNUTLS_SHUT_WR);
    shutdown(connection->fd, SHUT_WR);
    connection->phase = MAILSUB__PHASE_DRAINING;
    return true;
}

/* TLS or not, these octets mean nothing any more. */
static bool drain(mailsub__connection *connection)
{
    while (connection->n_drained < MAX_DRAINED) {
        ssize_t n = recv(connection->fd, connection->in, sizeof connection->in, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        if (n <= 0)
            break;
        connection->n_drained += (size_t)n;
    }
    connection->phase = MAILSUB__PHASE_CLOSED;
    return false;
}

/* False when nothing more can be done without waiting. */
static bool step(mailsub__connection *connection)
{
    switch (connection->phase) {
    case MAILSUB__PHASE_HANDSHAKE:
        return handshake(connection);
    case MAILSUB__PHASE_OPEN: {
        bool sent = flush(connection);
        if (connection->phase != MAILSUB__PHASE_OPEN)
            return false;
        if (connection->wants_tls)
            return sent && begin_tls(connection);
        return connection->out.len < ENOUGH_OUT && take_input(connection);
    }
    case MAILSUB__PHASE_SILENT:
        flush(connection);
        return false;
    case MAILSUB__PHASE_CLOSING:
        return flush(connection) && hang_up(connection);
    case MAILSUB__PHASE_DRAINING:
        return drain(connection);
    case MAILSUB__PHASE_CLOSED:
        break;
    }
    return false;
}

void mailsub__connection_process(mailsub__connection *connection, uint32_t events)
{
    /* A silent server does not read, so nothing else would tell it that the client has gone. */
    if (connection->phase == MAILSUB__PHASE_SILENT &&
        (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        connection->phase = MAILSUB__PHASE_CLOSED;
    while (step(connection))
        ;
}

uint32_t mailsub__connection_wanted(const mailsub__connection *connection)
{
    uint32_t writing = connection->out.len > 0 ? EPOLLOUT : 0;
    switch (connection->phase) {
    case MAILSUB__PHASE_HANDSHAKE:
        return gnutls_record_get_direction(connection->tls) ? EPOLLOUT : EPOLLIN;
    case MAILSUB__PHASE_OPEN:
        if (connection->wants_tls || connection->out.len >= ENOUGH_OUT)
            return writing;
        return writing | EPOLLIN;
    case MAILSUB__PHASE_SILENT:
        return writing | EPOLLRDHUP;
    case MAILSUB__PHASE_CLOSING:
        return writing;
    case MAILSUB__PHASE_DRAINING:
        return EPOLLIN;
    case MAILSUB__PHASE_CLOSED:
        break;
    }
    return 0;
}
