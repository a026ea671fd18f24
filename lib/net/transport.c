/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Legal sequences of states:
 *
 *   CLOSED -> RESOLVING -> CONNECTING -> [HANDSHAKING ->] READY -> [HANDSHAKING -> READY] -> CLOSED
 *
 * and from each but CLOSED to FAILED, from where _close leads to CLOSED. One _process may pass
 * through several. RESOLVING and CONNECTING are the dial's; HANDSHAKING holds a socket and a TLS
 * session, READY a socket and perhaps a TLS session, FAILED and CLOSED none of them.
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
#include "net/tls.h"

struct mailsub__transport {
    const mailsub_allocator *allocator;
    mailsub__poller *poller;
    mailsub__tls_settings tls_settings;
    mailsub__tls_ticket ticket; /* from the last connection, for the next */
    enum mailsub__transport_state state;
    bool with_tls;
    mailsub__dial *dial;
    mailsub__outlet *outlet; /* NULL: there is a server */
    const char *outlet_path;
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
    mailsub__ends ends;
    mailsub__certificate_facts certificate;
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
    transport->tls_settings = (mailsub__tls_settings){
        .host = settings->dial.host,
        .verify_name = settings->verify_name,
        .trust = settings->trust,
        .verify = settings->verify,
        .ticket = settings->resume ? &transport->ticket : NULL,
    };
    transport->fd = -1;
    transport->state = MAILSUB__TRANSPORT_CLOSED;
    transport->outlet_path = settings->outlet_path;
    int rc =
        mailsub__dial_new(allocator, poller, &settings->dial, &transport->detail, &transport->dial);
    if (rc == MAILSUB_OK && settings->outlet != MAILSUB__OUTLET_NONE)
        rc = mailsub__outlet_new(allocator, poller, settings->outlet, settings->outlet_path,
                                 &transport->outlet);
    if (rc) {
        mailsub__dial_free(transport->dial);
        mailsub__free(allocator, transport);
        return rc;
    }
    *out_transport = transport;
    return MAILSUB_OK;
}

/* Give up dialling, TLS session and socket. */
static void drop_connection(mailsub__transport *transport)
{
    mailsub__dial_close(transport->dial);
    if (transport->outlet)
        mailsub__outlet_close(transport->outlet);
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
    mailsub__dial_free(transport->dial);
    mailsub__outlet_free(transport->outlet);
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

static void take_socket(mailsub__transport *transport)
{
    transport->fd = mailsub__dial_take(transport->dial, &transport->ends);
    if (mailsub__poller_add(transport->poller, transport->fd, true, false) != MAILSUB_OK) {
        mailsub__detail_append_os_error(&transport->detail, errno);
        fail(transport, MAILSUB_E_SYSTEM);
    } else if (transport->with_tls) {
        begin_tls(transport);
    } else {
        transport->state = MAILSUB__TRANSPORT_READY;
    }
}

/* Follow the dial. */
static void follow_dial(mailsub__transport *transport)
{
    switch (mailsub__dial_get_state(transport->dial)) {
    case MAILSUB__DIAL_CLOSED:
        break;
    case MAILSUB__DIAL_RESOLVING:
        transport->state = MAILSUB__TRANSPORT_RESOLVING;
        break;
    case MAILSUB__DIAL_CONNECTING:
        transport->state = MAILSUB__TRANSPORT_CONNECTING;
        break;
    case MAILSUB__DIAL_CONNECTED:
        take_socket(transport);
        break;
    case MAILSUB__DIAL_FAILED:
        fail(transport, mailsub__dial_get_error(transport->dial));
        break;
    }
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

/* It is there at once; whether it can do its work shows when it has to. */
static void open_outlet(mailsub__transport *transport)
{
    assert(!transport->with_tls);
    begin_detail(transport);
    snprintf(transport->ends.peer, sizeof transport->ends.peer, "%s %s",
             mailsub__outlet_get_noun(transport->outlet), transport->outlet_path);
    snprintf(transport->ends.local_literal, sizeof transport->ends.local_literal, "[127.0.0.1]");
    transport->ends.is_local = true;
    mailsub__outlet_open(transport->outlet);
    transport->state = MAILSUB__TRANSPORT_READY;
}

void mailsub__transport_open(mailsub__transport *transport, bool with_tls, int64_t now_ms)
{
    assert(transport->state == MAILSUB__TRANSPORT_CLOSED);
    transport->with_tls = with_tls;
    transport->error = MAILSUB_OK;
    transport->is_tls = false;
    transport->is_resumed = false;
    transport->certificate = (mailsub__certificate_facts){0};
    transport->ends = (mailsub__ends){.is_local = false};
    transport->tls_version[0] = '\0';
    transport->tls_cipher[0] = '\0';
    if (transport->outlet) {
        open_outlet(transport);
        return;
    }
    mailsub__dial_open(transport->dial, now_ms);
    follow_dial(transport);
    mailsub__transport_process(transport, now_ms);
}

void mailsub__transport_hand_in(mailsub__transport *transport, int fd)
{
    mailsub__dial_hand_in(transport->dial, fd);
}

void mailsub__transport_process(mailsub__transport *transport, int64_t now_ms)
{
    refresh_once(transport);
    if (transport->state == MAILSUB__TRANSPORT_RESOLVING ||
        transport->state == MAILSUB__TRANSPORT_CONNECTING) {
        mailsub__dial_process(transport->dial, now_ms);
        follow_dial(transport);
    }
    if (transport->outlet)
        mailsub__outlet_process(transport->outlet);
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
    return mailsub__dial_deadline(transport->dial);
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

static int read_outlet(mailsub__transport *transport, char *out, size_t room, size_t *out_len)
{
    int rc = mailsub__outlet_read(transport->outlet, out, room, out_len);
    if (rc == MAILSUB_E_CONNECTION_LOST)
        return lose(transport, mailsub__outlet_get_detail(transport->outlet), 0);
    return rc;
}

int mailsub__transport_read(mailsub__transport *transport, char *out, size_t room, size_t *out_len)
{
    assert(transport->state == MAILSUB__TRANSPORT_READY && room > 0);
    refresh_once(transport);
    flush(transport);
    size_t len = 0;
    int rc = transport->outlet ? read_outlet(transport, out, room, &len)
             : transport->tls  ? mailsub__tls_read(transport->tls, out, room, &len)
                               : read_clear(transport, out, room, &len);
    if (rc != MAILSUB_OK)
        return fail(transport, rc);
    *out_len = len;
    return MAILSUB_OK;
}

/* It takes everything: what it keeps goes into a file. */
static int write_outlet(mailsub__transport *transport, const char *data, size_t len,
                        size_t *out_len)
{
    *out_len = len;
    return mailsub__outlet_write(transport->outlet, data, len);
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
    int rc = transport->outlet ? write_outlet(transport, data, len, &taken)
             : transport->tls  ? mailsub__tls_write(transport->tls, data, len, &taken)
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
        if (transport->fd >= 0)
            discard_input(transport->fd);
    }
    drop_connection(transport);
    transport->state = MAILSUB__TRANSPORT_CLOSED;
}

void mailsub__transport_abandon(mailsub__transport *transport, bool closed)
{
    if (closed)
        transport->fd = -1;
    mailsub__dial_abandon(transport->dial, closed);
    if (transport->outlet)
        mailsub__outlet_abandon(transport->outlet, closed);
    drop_connection(transport);
    /* The ticket is the parent's: used twice, it would show that both are one (RFC 8446 C.4). */
    mailsub__tls_ticket_drop(&transport->ticket);
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
    return transport->ends.is_local;
}

const char *mailsub__transport_get_peer(const mailsub__transport *transport)
{
    return transport->ends.peer;
}

const char *mailsub__transport_get_local_literal(const mailsub__transport *transport)
{
    return transport->ends.local_literal;
}
