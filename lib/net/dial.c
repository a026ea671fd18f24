/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 *   CLOSED -> [RESOLVING ->] CONNECTING -> CONNECTED -> CLOSED
 *
 * and from each but CLOSED to FAILED, from where _close leads to CLOSED. What each state holds:
 * RESOLVING a resolver; CONNECTING a race, or one socket and perhaps a tunnel, or neither while a
 * Unix socket's queue is full; CONNECTED one socket; FAILED and CLOSED at most a resolver whose
 * answer nobody waits for any more, because its thread cannot be stopped.
 */
#include "net/dial.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/memory.h"
#include "net/fd.h"
#include "net/race.h"
#include "net/resolver.h"
#include "net/tunnel.h"

/* As many addresses of a name are looked at; the race takes from them what it tries. */
#define MAX_ADDRESSES 64
/* A Unix socket whose queue is full says so at once, and no poller tells when there is room. */
#define FULL_QUEUE_MS 50

struct mailsub__dial {
    const mailsub_allocator *allocator;
    mailsub__poller *poller;
    mailsub__dial_settings settings;
    mailsub__detail *detail;
    enum mailsub__dial_state state;
    mailsub__resolver *resolver;
    mailsub__race *race;
    mailsub__tunnel *tunnel;
    mailsub__ends ends;
    int fd;              /* of the one socket, which is in the poller; -1: none */
    bool is_direct;      /* it leads to the server itself */
    int handed_in;       /* for the next open; -1: none */
    int64_t retry_at_ms; /* -1: not waiting for a queue */
    int error;
};

int mailsub__dial_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                      const mailsub__dial_settings *settings, mailsub__detail *detail,
                      mailsub__dial **out_dial)
{
    mailsub__dial *dial = mailsub__alloc_zeroed(allocator, sizeof *dial);
    if (!dial)
        return MAILSUB_E_NOMEM;
    dial->allocator = allocator;
    dial->poller = poller;
    dial->settings = *settings;
    dial->detail = detail;
    dial->fd = -1;
    dial->handed_in = -1;
    dial->retry_at_ms = -1;
    *out_dial = dial;
    return MAILSUB_OK;
}

/* Give up all but the resolver. */
static void drop(mailsub__dial *dial)
{
    mailsub__race_free(dial->race);
    dial->race = NULL;
    mailsub__tunnel_free(dial->tunnel);
    dial->tunnel = NULL;
    if (dial->fd >= 0)
        mailsub__poller_remove(dial->poller, dial->fd);
    mailsub__fd_close(&dial->fd);
    dial->retry_at_ms = -1;
}

void mailsub__dial_free(mailsub__dial *dial)
{
    if (!dial)
        return;
    drop(dial);
    mailsub__fd_close(&dial->handed_in);
    mailsub__resolver_free(dial->resolver);
    mailsub__free(dial->allocator, dial);
}

static void fail(mailsub__dial *dial, int error)
{
    drop(dial);
    dial->error = error;
    dial->state = MAILSUB__DIAL_FAILED;
}

/* Whom to resolve and connect to: the server, or the proxy on the way to it. */
static const char *next_host(const mailsub__dial *dial)
{
    const mailsub__dial_settings *settings = &dial->settings;
    return settings->proxy.kind == MAILSUB__PROXY_NONE ? settings->host : settings->proxy.host;
}

static int next_port(const mailsub__dial *dial)
{
    const mailsub__dial_settings *settings = &dial->settings;
    return settings->proxy.kind == MAILSUB__PROXY_NONE ? settings->port : settings->proxy.port;
}

/* ---- through a proxy ---- */

static void advance_tunnel(mailsub__dial *dial)
{
    mailsub__tunnel_process(dial->tunnel);
    mailsub__detail_clear(dial->detail);
    mailsub__tunnel_describe(dial->tunnel, dial->detail);
    enum mailsub__proxy_state state = mailsub__tunnel_get_state(dial->tunnel);
    if (state == MAILSUB__PROXY_FAILED)
        fail(dial, mailsub__tunnel_get_error(dial->tunnel));
    else if (state == MAILSUB__PROXY_OPEN)
        dial->state = MAILSUB__DIAL_CONNECTED;
}

static void start_tunnel(mailsub__dial *dial)
{
    const mailsub__dial_settings *settings = &dial->settings;
    char proxy[MAILSUB__ENDPOINT_TEXT_LEN];
    int rc = mailsub__tunnel_new(dial->allocator, dial->poller, dial->fd, &settings->proxy,
                                 &dial->tunnel);
    if (rc) {
        fail(dial, rc);
        return;
    }
    snprintf(proxy, sizeof proxy, "%.60s", dial->ends.peer);
    snprintf(dial->ends.peer, sizeof dial->ends.peer, "%s port %d by proxy %s", settings->host,
             settings->port, proxy);
    dial->ends.is_local = false; /* what the proxy calls localhost is not ours */
    mailsub__tunnel_begin(dial->tunnel, settings->host, settings->port);
    advance_tunnel(dial);
}

/* The one socket leads to the server, or to the proxy. */
static void go_on_from_socket(mailsub__dial *dial)
{
    if (dial->is_direct || dial->settings.proxy.kind == MAILSUB__PROXY_NONE)
        dial->state = MAILSUB__DIAL_CONNECTED;
    else
        start_tunnel(dial);
}

/* ---- one socket ---- */

/* Whom the one socket leads to, as it stands in a line for a person. */
static void describe_target(const mailsub__dial *dial)
{
    mailsub__detail_clear(dial->detail);
    if (dial->settings.unix_path) {
        mailsub__detail_append(dial->detail, dial->settings.unix_path);
    } else {
        mailsub__detail_append(dial->detail, next_host(dial));
        mailsub__detail_append(dial->detail, " port ");
        mailsub__detail_append_int(dial->detail, next_port(dial));
    }
    mailsub__detail_append(dial->detail, ": ");
}

static void fail_socket(mailsub__dial *dial, int error, int os_error)
{
    describe_target(dial);
    mailsub__detail_append_os_error(dial->detail, os_error);
    fail(dial, error);
}

static int code_of(int os_error)
{
    bool is_want_of_resource = os_error == EMFILE || os_error == ENFILE || os_error == ENOBUFS ||
                               os_error == ENOMEM || os_error == ENOSPC;
    return is_want_of_resource ? MAILSUB_E_SYSTEM : MAILSUB_E_CONNECT;
}

/* Is the connection made? It is once the socket can be written to, has no error, and has a peer. */
static void check_socket(mailsub__dial *dial)
{
    struct pollfd entry = {dial->fd, POLLOUT, 0};
    if (poll(&entry, 1, 0) <= 0)
        return;
    int error = 0;
    socklen_t len = sizeof error;
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof peer;
    if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error == 0 && getpeername(dial->fd, (struct sockaddr *)&peer, &peer_len) != 0)
        error = errno;
    if (error != 0) {
        fail_socket(dial, code_of(error), error);
        return;
    }
    mailsub__ends_of_socket(dial->fd, dial->settings.unix_path, &dial->ends);
    go_on_from_socket(dial);
}

/* Wait for the connection of a socket, which is ours from now on. */
static void await_socket(mailsub__dial *dial, int fd)
{
    if (mailsub__poller_add(dial->poller, fd, false, true) != MAILSUB_OK) {
        int os_error = errno;
        close(fd);
        fail_socket(dial, MAILSUB_E_SYSTEM, os_error);
        return;
    }
    dial->fd = fd;
    describe_target(dial);
    mailsub__detail_append(dial->detail, "no answer");
    check_socket(dial);
}

/* A descriptor of the application: it may be of any number, inherited, and blocking. */
static void adopt(mailsub__dial *dial, int given)
{
    static const int on = 1;
    int fd = mailsub__fd_lift(given);
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        int os_error = errno;
        mailsub__fd_close(&fd);
        fail_socket(dial, code_of(os_error), os_error);
        return;
    }
    /* As for the race's own; fails where it is not TCP. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    await_socket(dial, fd);
}

void mailsub__dial_hand_in(mailsub__dial *dial, int fd)
{
    mailsub__fd_close(&dial->handed_in);
    dial->handed_in = fd;
}

static void ask_application(mailsub__dial *dial)
{
    int fd = -1;
    const mailsub__dial_settings *settings = &dial->settings;
    int rc = settings->connect(settings->connect_context, next_host(dial), next_port(dial), &fd);
    if (rc == MAILSUB_OK && fd >= 0 && mailsub__fd_is_stream_socket(fd)) {
        adopt(dial, fd);
        return;
    }
    if (rc == MAILSUB_OK)
        mailsub__fd_close(&fd);
    describe_target(dial);
    mailsub__detail_append(dial->detail, rc == MAILSUB_OK ? "the application made no stream socket"
                                                          : "the application could not connect");
    fail(dial, mailsub_error_group(rc) == MAILSUB_GROUP_NONE ? MAILSUB_E_CONNECT : rc);
}

static void connect_unix(mailsub__dial *dial, int64_t now_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert(strlen(dial->settings.unix_path) < sizeof address.sun_path);
    strcpy(address.sun_path, dial->settings.unix_path);
    int fd = mailsub__fd_lift(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0) {
        fail_socket(dial, code_of(errno), errno);
        return;
    }
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
        await_socket(dial, fd);
        return;
    }
    int os_error = errno;
    close(fd);
    if (os_error != EAGAIN) {
        fail_socket(dial, code_of(os_error), os_error);
        return;
    }
    describe_target(dial);
    mailsub__detail_append(dial->detail, "too many wait there already");
    dial->retry_at_ms = now_ms + FULL_QUEUE_MS;
}

/* ---- by name ---- */

/* Leave the addresses out that this end's address cannot reach. The number of those left. */
static size_t keep_families(const mailsub__dial *dial, mailsub__endpoint *addresses, size_t n)
{
    const mailsub__dial_settings *settings = &dial->settings;
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_ipv4 = addresses[i].any.sa_family == AF_INET;
        bool has_source = (is_ipv4 ? settings->source_ipv4 : settings->source_ipv6) != NULL;
        if (has_source || (!settings->source_ipv4 && !settings->source_ipv6))
            addresses[n_kept++] = addresses[i];
    }
    return n_kept;
}

static int make_race(mailsub__dial *dial, const mailsub__endpoint *addresses, size_t n)
{
    const mailsub__dial_settings *settings = &dial->settings;
    if (n == 0) {
        mailsub__detail_append(dial->detail, next_host(dial));
        mailsub__detail_append(dial->detail, ": no address of the source address's family");
        return MAILSUB_E_CONNECT;
    }
    int rc = mailsub__race_new(dial->allocator, dial->poller, addresses, n, &dial->race);
    if (rc)
        return rc;
    mailsub__endpoint source;
    if (settings->source_ipv4 && mailsub__endpoint_parse(settings->source_ipv4, &source))
        mailsub__race_set_source(dial->race, &source);
    if (settings->source_ipv6 && mailsub__endpoint_parse(settings->source_ipv6, &source))
        mailsub__race_set_source(dial->race, &source);
    return MAILSUB_OK;
}

static void start_race(mailsub__dial *dial)
{
    mailsub__endpoint addresses[MAX_ADDRESSES];
    size_t n = 0;
    mailsub__detail_clear(dial->detail);
    int rc = mailsub__resolver_get(dial->resolver, addresses, MAX_ADDRESSES, &n, dial->detail);
    mailsub__resolver_free(dial->resolver);
    dial->resolver = NULL;
    if (rc == MAILSUB_OK)
        rc = make_race(dial, addresses, keep_families(dial, addresses, n));
    if (rc)
        fail(dial, rc);
    else
        dial->state = MAILSUB__DIAL_CONNECTING;
}

static void take_winner(mailsub__dial *dial)
{
    mailsub__endpoint peer;
    int fd = mailsub__race_take(dial->race, &peer);
    mailsub__race_free(dial->race);
    dial->race = NULL;
    if (mailsub__poller_add(dial->poller, fd, true, false) != MAILSUB_OK) {
        int os_error = errno;
        close(fd);
        fail_socket(dial, MAILSUB_E_SYSTEM, os_error);
        return;
    }
    dial->fd = fd;
    mailsub__ends_of_connection(dial->fd, &peer, &dial->ends);
    go_on_from_socket(dial);
}

static void advance_race(mailsub__dial *dial, int64_t now_ms)
{
    mailsub__race_process(dial->race, now_ms);
    mailsub__detail_clear(dial->detail);
    mailsub__race_describe(dial->race, dial->detail);
    enum mailsub__race_state state = mailsub__race_get_state(dial->race);
    if (state == MAILSUB__RACE_WON)
        take_winner(dial);
    else if (state == MAILSUB__RACE_LOST)
        fail(dial, mailsub__race_get_error(dial->race));
}

static void resolve(mailsub__dial *dial)
{
    /* The answer to an earlier open, which was given up, is stale. A question that is still being
       asked is the same one: its answer will do, and waiting for it here would block. */
    if (dial->resolver && mailsub__resolver_is_done(dial->resolver)) {
        mailsub__resolver_free(dial->resolver);
        dial->resolver = NULL;
    }
    int rc = dial->resolver ? MAILSUB_OK
                            : mailsub__resolver_new(dial->allocator, dial->poller, next_host(dial),
                                                    next_port(dial), &dial->resolver);
    if (rc) {
        mailsub__detail_append(dial->detail, "starting the name resolution: ");
        mailsub__detail_append_os_error(dial->detail, rc == MAILSUB_E_NOMEM ? ENOMEM : errno);
        fail(dial, rc);
        return;
    }
    mailsub__detail_append(dial->detail, next_host(dial));
    mailsub__detail_append(dial->detail, ": no answer from the name service");
    dial->state = MAILSUB__DIAL_RESOLVING;
}

/* ---- the whole ---- */

void mailsub__dial_open(mailsub__dial *dial, int64_t now_ms)
{
    assert(dial->state == MAILSUB__DIAL_CLOSED);
    mailsub__detail_clear(dial->detail);
    dial->error = MAILSUB_OK;
    dial->state = MAILSUB__DIAL_CONNECTING;
    dial->is_direct = dial->handed_in >= 0 || dial->settings.unix_path;
    if (dial->handed_in >= 0) {
        int fd = dial->handed_in;
        dial->handed_in = -1;
        adopt(dial, fd);
    } else if (dial->settings.unix_path) {
        connect_unix(dial, now_ms);
    } else if (dial->settings.connect) {
        ask_application(dial);
    } else {
        resolve(dial);
        mailsub__dial_process(dial, now_ms);
    }
}

void mailsub__dial_process(mailsub__dial *dial, int64_t now_ms)
{
    if (dial->state == MAILSUB__DIAL_RESOLVING && mailsub__resolver_is_done(dial->resolver))
        start_race(dial);
    if (dial->state != MAILSUB__DIAL_CONNECTING)
        return;
    if (dial->race) {
        advance_race(dial, now_ms);
    } else if (dial->tunnel) {
        advance_tunnel(dial);
    } else if (dial->fd >= 0) {
        check_socket(dial);
    } else if (now_ms >= dial->retry_at_ms) {
        dial->retry_at_ms = -1;
        connect_unix(dial, now_ms);
    }
}

enum mailsub__dial_state mailsub__dial_get_state(const mailsub__dial *dial)
{
    return dial->state;
}

int64_t mailsub__dial_deadline(const mailsub__dial *dial)
{
    return dial->race ? mailsub__race_deadline(dial->race) : dial->retry_at_ms;
}

int mailsub__dial_take(mailsub__dial *dial, mailsub__ends *out_ends)
{
    assert(dial->state == MAILSUB__DIAL_CONNECTED);
    int fd = dial->fd;
    mailsub__poller_remove(dial->poller, fd);
    dial->fd = -1;
    *out_ends = dial->ends;
    mailsub__dial_close(dial);
    mailsub__detail_clear(dial->detail);
    return fd;
}

int mailsub__dial_get_error(const mailsub__dial *dial)
{
    return dial->error;
}

void mailsub__dial_close(mailsub__dial *dial)
{
    drop(dial);
    dial->state = MAILSUB__DIAL_CLOSED;
}

void mailsub__dial_abandon(mailsub__dial *dial, bool closed)
{
    if (closed) {
        dial->fd = -1;
        dial->handed_in = -1;
        dial->race = NULL; /* its numbers are not to be closed: so little is left behind */
    }
    drop(dial);
    mailsub__fd_close(&dial->handed_in);
    mailsub__resolver_abandon(dial->resolver);
    dial->resolver = NULL;
    dial->state = MAILSUB__DIAL_CLOSED;
}
