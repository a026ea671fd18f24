/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Legal sequences of states:
 *
 *   CLOSED -> RESOLVING -> CONNECTING -> [HANDSHAKING ->] READY -> [HANDSHAKING -> READY] -> CLOSED
 *
 * and from each but CLOSED to FAILED, from where _close leads to CLOSED. One _process may pass
 * through several. What each state holds: RESOLVING a resolver; CONNECTING a race; HANDSHAKING a
 * socket and a TLS session; READY a socket and perhaps a TLS session; FAILED and CLOSED none of
 * them, but a resolver whose answer nobody waits for any more: its thread cannot be stopped.
 */
#include "net/transport.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mailsub/error.h>
#include <mailsub/receipt.h>

#include "base/memory.h"
#include "net/detail.h"
#include "net/endpoint.h"
#include "net/race.h"
#include "net/resolver.h"
#include "net/tls.h"

/* As many addresses of a name are looked at; the race takes from them what it tries. */
#define MAX_ADDRESSES 64

struct mailsub__transport {
    const mailsub_allocator *allocator;
    mailsub__poller *poller;
    const char *host;
    int port;
    mailsub__tls_settings tls_settings;
    mailsub__tls_ticket ticket; /* from the last connection, for the next */
    enum mailsub__transport_state state;
    bool with_tls;
    mailsub__resolver *resolver;
    mailsub__race *race;
    int fd; /* -1: none */
    mailsub__tls *tls;
    bool wants_write; /* what the poller watches for, besides reading */
    bool is_short;    /* the last write did not take all */
    bool is_drained;  /* in clear: the last recv emptied the socket, no more until refreshed */
    unsigned round;   /* of the poller, when the socket was refreshed */
    int write_error;  /* writing has failed; what the peer said before may still be read */
    int error;        /* first cause */
    mailsub__detail detail;

    /* Facts about the connection that is or was. */
    bool is_tls;
    bool is_resumed;
    bool is_loopback;
    mailsub__certificate_facts certificate;
    char peer[MAILSUB__ENDPOINT_TEXT_LEN];
    char local_literal[MAILSUB__ENDPOINT_TEXT_LEN];
    char tls_version[16];
    char tls_cipher[64];
};

int mailsub__transport_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                           const mailsub__transport_settings *settings,
                           mailsub__transport **out_transport)
{
    mailsub__transport *transport = mailsub__alloc_zeroed(allocator, sizeof *transport);
    if (!transport)
        return MAILSUB_E_NOMEM;
    transport->allocator = allocator;
    transport->poller = poller;
    transport->host = settings->host;
    transport->port = settings->port;
    transport->tls_settings = (mailsub__tls_settings){
        .host = settings->host,
        .verify_name = settings->verify_name,
        .trust = settings->trust,
        .verify = settings->verify,
        .ticket = settings->resume ? &transport->ticket : NULL,
    };
    transport->fd = -1;
    transport->state = MAILSUB__TRANSPORT_CLOSED;
    *out_transport = transport;
    return MAILSUB_OK;
}

/* Give up race, TLS session and socket, not the resolver. */
static void drop_connection(mailsub__transport *transport)
{
    mailsub__race_free(transport->race);
    transport->race = NULL;
    if (transport->tls)
        mailsub__tls_keep_ticket(transport->tls);
    mailsub__tls_free(transport->tls);
    transport->tls = NULL;
    if (transport->fd >= 0) {
        mailsub__poller_remove(transport->poller, transport->fd);
        close(transport->fd);
    }
    transport->fd = -1;
    transport->wants_write = false;
    transport->is_short = false;
    transport->is_drained = false;
    transport->write_error = MAILSUB_OK;
}

void mailsub__transport_free(mailsub__transport *transport)
{
    if (!transport)
        return;
    drop_connection(transport);
    mailsub__resolver_free(transport->resolver);
    mailsub__tls_ticket_drop(&transport->ticket);
    mailsub__free(transport->allocator, transport);
}

/* What follows describes a new matter: forget what was said of the last one. */
static mailsub__detail *begin_detail(mailsub__transport *transport)
{
    mailsub__detail_clear(&transport->detail);
    return &transport->detail;
}

static int fail(mailsub__transport *transport, int error)
{
    if (transport->error == MAILSUB_OK)
        transport->error = error;
    drop_connection(transport);
    transport->state = MAILSUB__TRANSPORT_FAILED;
    return error;
}

static void start_race(mailsub__transport *transport)
{
    mailsub__endpoint addresses[MAX_ADDRESSES];
    size_t n = 0;
    int rc = mailsub__resolver_get(transport->resolver, addresses, MAX_ADDRESSES, &n,
                                   begin_detail(transport));
    mailsub__resolver_free(transport->resolver);
    transport->resolver = NULL;
    if (rc == MAILSUB_OK)
        rc = mailsub__race_new(transport->allocator, transport->poller, addresses, n,
                               &transport->race);
    if (rc != MAILSUB_OK) {
        fail(transport, rc);
        return;
    }
    transport->state = MAILSUB__TRANSPORT_CONNECTING;
}

/* Who is at the two ends of the connection. The peer is not asked for: it may have hung up. */
static void note_ends(mailsub__transport *transport, const mailsub__endpoint *peer)
{
    mailsub__endpoint local = {0};
    socklen_t len = sizeof local;
    getsockname(transport->fd, &local.any, &len);
    mailsub__endpoint_write(peer, transport->peer);
    mailsub__endpoint_write_literal(&local, transport->local_literal);
    transport->is_loopback = mailsub__endpoint_is_loopback(peer, &local);
}

/* Begin the handshake on the socket. */
static void begin_tls(mailsub__transport *transport)
{
    int rc = mailsub__tls_new(transport->allocator, transport->fd, &transport->tls_settings,
                              begin_detail(transport), &transport->tls);
    if (rc != MAILSUB_OK) {
        fail(transport, rc);
        return;
    }
    transport->state = MAILSUB__TRANSPORT_HANDSHAKING;
}

static void take_winner(mailsub__transport *transport)
{
    mailsub__endpoint peer;
    transport->fd = mailsub__race_take(transport->race, &peer);
    mailsub__race_free(transport->race);
    transport->race = NULL;
    mailsub__detail_clear(&transport->detail);
    note_ends(transport, &peer);
    if (mailsub__poller_add(transport->poller, transport->fd, true, false) != MAILSUB_OK) {
        mailsub__detail_append_os_error(&transport->detail, errno);
        fail(transport, MAILSUB_E_SYSTEM);
    } else if (transport->with_tls) {
        begin_tls(transport);
    } else {
        transport->state = MAILSUB__TRANSPORT_READY;
    }
}

static void advance_race(mailsub__transport *transport, int64_t now_ms)
{
    mailsub__race_process(transport->race, now_ms);
    /* Also for a time-out, which only the owner knows of. */
    mailsub__race_describe(transport->race, begin_detail(transport));
    enum mailsub__race_state state = mailsub__race_get_state(transport->race);
    if (state == MAILSUB__RACE_WON)
        take_winner(transport);
    else if (state == MAILSUB__RACE_LOST)
        fail(transport, mailsub__race_get_error(transport->race));
}

/* Have the poller watch for room when octets wait for it. */
static void update_watch(mailsub__transport *transport)
{
    bool wants_write =
        transport->write_error == MAILSUB_OK &&
        (transport->is_short || (transport->tls && mailsub__tls_has_unsent(transport->tls)));
    if (wants_write == transport->wants_write)
        return;
    if (mailsub__poller_change(transport->poller, transport->fd, true, wants_write) == MAILSUB_OK)
        transport->wants_write = wants_write;
}

static void note_tls(mailsub__transport *transport)
{
    transport->is_tls = true;
    transport->is_resumed = mailsub__tls_is_resumed(transport->tls);
    transport->certificate = *mailsub__tls_get_certificate(transport->tls);
    snprintf(transport->tls_version, sizeof transport->tls_version, "%s",
             mailsub__tls_get_version(transport->tls));
    snprintf(transport->tls_cipher, sizeof transport->tls_cipher, "%s",
             mailsub__tls_get_cipher(transport->tls));
}

static void advance_handshake(mailsub__transport *transport)
{
    bool is_done = false;
    int rc = mailsub__tls_handshake(transport->tls, &is_done);
    if (rc != MAILSUB_OK) {
        fail(transport, rc);
        return;
    }
    if (is_done) {
        note_tls(transport);
        transport->state = MAILSUB__TRANSPORT_READY;
        /* The greeting may have come with the handshake's last octets; no poller sees it here. */
        if (mailsub__tls_has_unread(transport->tls))
            mailsub__poller_wake(transport->poller);
    }
    update_watch(transport);
}

/* Sockets that were empty may have something. */
static void refresh(mailsub__transport *transport)
{
    transport->is_drained = false;
    if (transport->tls)
        mailsub__tls_refresh(transport->tls);
}

/* The same, once in each round of the poller. */
static void refresh_once(mailsub__transport *transport)
{
    unsigned round = mailsub__poller_get_round(transport->poller);
    if (round == transport->round)
        return;
    transport->round = round;
    refresh(transport);
}

/* Writing has failed for good. Reading has not: the peer may have said why before it hung up. */
static int fail_write(mailsub__transport *transport, int error)
{
    refresh(transport);
    transport->write_error = error;
    if (transport->error == MAILSUB_OK)
        transport->error = error;
    update_watch(transport);
    return error;
}

static void flush(mailsub__transport *transport)
{
    if (!transport->tls || transport->write_error != MAILSUB_OK ||
        !mailsub__tls_has_unsent(transport->tls))
        return;
    int rc = mailsub__tls_flush(transport->tls);
    if (rc != MAILSUB_OK)
        fail_write(transport, rc);
    else
        update_watch(transport);
}

void mailsub__transport_open(mailsub__transport *transport, bool with_tls, int64_t now_ms)
{
    assert(transport->state == MAILSUB__TRANSPORT_CLOSED);
    transport->with_tls = with_tls;
    transport->error = MAILSUB_OK;
    transport->is_tls = false;
    transport->is_resumed = false;
    transport->certificate = (mailsub__certificate_facts){0};
    transport->is_loopback = false;
    transport->peer[0] = '\0';
    transport->local_literal[0] = '\0';
    transport->tls_version[0] = '\0';
    transport->tls_cipher[0] = '\0';
    /* The answer to an earlier open, which was given up, is stale. A question that is still being
       asked is the same one: its answer will do, and waiting for it here would block. */
    if (transport->resolver && mailsub__resolver_is_done(transport->resolver)) {
        mailsub__resolver_free(transport->resolver);
        transport->resolver = NULL;
    }
    mailsub__detail *detail = begin_detail(transport);
    if (!transport->resolver) {
        int rc = mailsub__resolver_new(transport->allocator, transport->poller, transport->host,
                                       transport->port, &transport->resolver);
        if (rc != MAILSUB_OK) {
            mailsub__detail_append(detail, "starting the name resolution: ");
            mailsub__detail_append_os_error(detail, rc == MAILSUB_E_NOMEM ? ENOMEM : errno);
            fail(transport, rc);
            return;
        }
    }
    mailsub__detail_append(detail, transport->host);
    mailsub__detail_append(detail, ": no answer from the name service");
    transport->state = MAILSUB__TRANSPORT_RESOLVING;
    mailsub__transport_process(transport, now_ms);
}

void mailsub__transport_process(mailsub__transport *transport, int64_t now_ms)
{
    refresh_once(transport);
    if (transport->state == MAILSUB__TRANSPORT_RESOLVING &&
        mailsub__resolver_is_done(transport->resolver))
        start_race(transport);
    if (transport->state == MAILSUB__TRANSPORT_CONNECTING)
        advance_race(transport, now_ms);
    if (transport->state == MAILSUB__TRANSPORT_HANDSHAKING)
        advance_handshake(transport);
    else if (transport->state == MAILSUB__TRANSPORT_READY)
        flush(transport);
}

void mailsub__transport_start_tls(mailsub__transport *transport)
{
    assert(transport->state == MAILSUB__TRANSPORT_READY && !transport->tls);
    begin_tls(transport);
    if (transport->state == MAILSUB__TRANSPORT_HANDSHAKING)
        advance_handshake(transport);
}

enum mailsub__transport_state mailsub__transport_get_state(const mailsub__transport *transport)
{
    return transport->state;
}

int64_t mailsub__transport_deadline(const mailsub__transport *transport)
{
    return transport->race ? mailsub__race_deadline(transport->race) : -1;
}

/* The connection broke: os_error, or 0 when the peer closed it. */
static int lose(mailsub__transport *transport, const char *what, int os_error)
{
    mailsub__detail_separate(&transport->detail);
    mailsub__detail_append(&transport->detail, what);
    if (os_error != 0)
        mailsub__detail_append_os_error(&transport->detail, os_error);
    return MAILSUB_E_CONNECTION_LOST;
}

static int read_clear(mailsub__transport *transport, char *out, size_t room, size_t *out_len)
{
    *out_len = 0;
    if (transport->is_drained)
        return MAILSUB_OK;
    ssize_t n;
    do
        n = recv(transport->fd, out, room, 0);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return lose(transport, "the server closed the connection", 0);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        return lose(transport, "receiving: ", errno);
    *out_len = n > 0 ? (size_t)n : 0;
    transport->is_drained = *out_len < room;
    return MAILSUB_OK;
}

int mailsub__transport_read(mailsub__transport *transport, char *out, size_t room, size_t *out_len)
{
    assert(transport->state == MAILSUB__TRANSPORT_READY && room > 0);
    refresh_once(transport);
    flush(transport);
    size_t len = 0;
    int rc = transport->tls ? mailsub__tls_read(transport->tls, out, room, &len)
                            : read_clear(transport, out, room, &len);
    if (rc != MAILSUB_OK)
        return fail(transport, rc);
    *out_len = len;
    return MAILSUB_OK;
}

static int write_clear(mailsub__transport *transport, const char *data, size_t len, size_t *out_len)
{
    ssize_t n;
    do
        n = send(transport->fd, data, len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        return lose(transport, "sending: ", errno);
    *out_len = n > 0 ? (size_t)n : 0;
    return MAILSUB_OK;
}

int mailsub__transport_write(mailsub__transport *transport, const char *data, size_t len,
                             size_t *out_len)
{
    assert(transport->state == MAILSUB__TRANSPORT_READY);
    if (transport->write_error != MAILSUB_OK)
        return transport->write_error;
    size_t taken = 0;
    int rc = transport->tls ? mailsub__tls_write(transport->tls, data, len, &taken)
                            : write_clear(transport, data, len, &taken);
    if (rc != MAILSUB_OK)
        return fail_write(transport, rc);
    transport->is_short = taken < len;
    update_watch(transport);
    *out_len = taken;
    return MAILSUB_OK;
}

/*
 * Closing a socket with unread octets resets the connection, and the reset may overtake what was
 * sent last. Nobody wants those octets any more, so take them, without waiting.
 */
static void discard_input(int fd)
{
    char scrap[4096];
    for (int i = 0; i < 16; i++) {
        if (recv(fd, scrap, sizeof scrap, 0) < (ssize_t)sizeof scrap)
            return;
    }
}

void mailsub__transport_close(mailsub__transport *transport, bool with_goodbye)
{
    if (transport->state == MAILSUB__TRANSPORT_READY && with_goodbye) {
        flush(transport);
        if (transport->tls)
            mailsub__tls_say_goodbye(transport->tls);
        discard_input(transport->fd);
    }
    drop_connection(transport);
    transport->state = MAILSUB__TRANSPORT_CLOSED;
}

int mailsub__transport_get_error(const mailsub__transport *transport)
{
    return transport->error;
}

const char *mailsub__transport_get_detail(const mailsub__transport *transport)
{
    return transport->detail.text;
}

const char *mailsub__transport_get_tls_version(const mailsub__transport *transport)
{
    return transport->tls_version;
}

const char *mailsub__transport_get_tls_cipher(const mailsub__transport *transport)
{
    return transport->tls_cipher;
}

size_t mailsub__transport_get_tls_binding(const mailsub__transport *transport,
                                          const char **out_type,
                                          unsigned char out[MAILSUB__TLS_BINDING_LEN])
{
    if (transport->state != MAILSUB__TRANSPORT_READY || !transport->tls)
        return 0;
    return mailsub__tls_get_binding(transport->tls, out_type, out);
}

bool mailsub__transport_is_tls(const mailsub__transport *transport)
{
    return transport->is_tls;
}

bool mailsub__transport_is_verified(const mailsub__transport *transport)
{
    return transport->certificate.verified_by != MAILSUB_VERIFIED_NOT;
}

bool mailsub__transport_is_resumed(const mailsub__transport *transport)
{
    return transport->is_resumed;
}

const mailsub__certificate_facts *
mailsub__transport_get_certificate(const mailsub__transport *transport)
{
    return &transport->certificate;
}

bool mailsub__transport_is_loopback(const mailsub__transport *transport)
{
    return transport->is_loopback;
}

const char *mailsub__transport_get_peer(const mailsub__transport *transport)
{
    return transport->peer;
}

const char *mailsub__transport_get_local_literal(const mailsub__transport *transport)
{
    return transport->local_literal;
}
