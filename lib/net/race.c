/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/race.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/fd.h"
#include "base/memory.h"

struct attempt {
    mailsub__endpoint address;
    int fd;       /* -1 unless it is under way, or has won */
    int os_error; /* why it failed; 0 while it has not */
};

struct mailsub__race {
    const mailsub_allocator *allocator;
    mailsub__poller *poller;
    enum mailsub__race_state state;
    int64_t next_at_ms;           /* when the next attempt may begin even if one is under way */
    mailsub__endpoint sources[2]; /* IPv4, IPv6; the system chooses where the family is 0 */
    size_t winner;
    size_t n_begun;
    size_t n_open;
    size_t n;
    struct attempt attempts[MAILSUB__RACE_MAX_ATTEMPTS];
};

/* The families take turns, each in its own order. */
static void interleave(mailsub__race *race, const mailsub__endpoint *addresses, size_t n)
{
    sa_family_t turn = addresses[0].any.sa_family;
    size_t next[2] = {0, 0}; /* of the turn's family, and of the other */
    for (size_t i = 0; race->n < n && race->n < MAILSUB__RACE_MAX_ATTEMPTS; i++) {
        size_t *at = &next[i % 2];
        while (*at < n && (addresses[*at].any.sa_family == turn) != (i % 2 == 0))
            (*at)++;
        if (*at < n)
            race->attempts[race->n++] = (struct attempt){addresses[(*at)++], -1, 0};
    }
}

int mailsub__race_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                      const mailsub__endpoint *addresses, size_t n, mailsub__race **out_race)
{
    assert(n > 0);
    mailsub__race *race = mailsub__alloc_zeroed(allocator, sizeof *race);
    if (!race)
        return MAILSUB_E_NOMEM;
    race->allocator = allocator;
    race->poller = poller;
    race->state = MAILSUB__RACE_RUNNING;
    interleave(race, addresses, n);
    *out_race = race;
    return MAILSUB_OK;
}

static size_t family_index(const mailsub__endpoint *address)
{
    return address->any.sa_family == AF_INET ? 0 : 1;
}

void mailsub__race_set_source(mailsub__race *race, const mailsub__endpoint *source)
{
    race->sources[family_index(source)] = *source;
}

static void close_attempt(mailsub__race *race, struct attempt *attempt)
{
    if (attempt->fd < 0)
        return;
    mailsub__poller_remove(race->poller, attempt->fd);
    close(attempt->fd);
    attempt->fd = -1;
    race->n_open--;
}

void mailsub__race_free(mailsub__race *race)
{
    if (!race)
        return;
    for (size_t i = 0; i < race->n_begun; i++)
        close_attempt(race, &race->attempts[i]);
    mailsub__free(race->allocator, race);
}

static void fail_attempt(mailsub__race *race, struct attempt *attempt, int os_error)
{
    close_attempt(race, attempt);
    attempt->os_error = os_error;
}

/*
 * A TCP socket can connect to itself when its port is chosen from the same range as the peer's and
 * nobody listens there. That is no server.
 */
static bool is_self_connected(int fd)
{
    mailsub__endpoint peer = {0};
    mailsub__endpoint local = {0};
    socklen_t peer_len = sizeof peer;
    socklen_t local_len = sizeof local;
    return getpeername(fd, &peer.any, &peer_len) == 0 &&
           getsockname(fd, &local.any, &local_len) == 0 && mailsub__endpoint_equal(&peer, &local);
}

static void win(mailsub__race *race, struct attempt *attempt)
{
    if (is_self_connected(attempt->fd)) {
        fail_attempt(race, attempt, ECONNREFUSED);
        return;
    }
    race->state = MAILSUB__RACE_WON;
    race->winner = (size_t)(attempt - race->attempts);
    for (size_t i = 0; i < race->n_begun; i++) {
        if (i != race->winner)
            close_attempt(race, &race->attempts[i]);
    }
}

static int open_socket(const mailsub__endpoint *address)
{
    int fd = mailsub__fd_lift(
        socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
    /* Commands are small and wait for nobody: Nagle's algorithm would hold them back for the
       acknowledgement of the one before. Its failure costs time only. */
    static const int on = 1;
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* From the address that was asked for. The port is chosen when the connection is made: only then
   may one port serve connections to several peers (ip(7), IP_BIND_ADDRESS_NO_PORT). */
static bool bind_source(const mailsub__race *race, const struct attempt *attempt)
{
    static const int on = 1;
    const mailsub__endpoint *source = &race->sources[family_index(&attempt->address)];
    if (source->any.sa_family == AF_UNSPEC)
        return true;
    setsockopt(attempt->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return bind(attempt->fd, &source->any, mailsub__endpoint_len(source)) == 0;
}

static void begin_attempt(mailsub__race *race, int64_t now_ms)
{
    struct attempt *attempt = &race->attempts[race->n_begun++];
    race->next_at_ms = now_ms + MAILSUB__RACE_DELAY_MS;
    attempt->fd = open_socket(&attempt->address);
    if (attempt->fd < 0) {
        attempt->os_error = errno;
        return;
    }
    race->n_open++;
    if (!bind_source(race, attempt)) {
        fail_attempt(race, attempt, errno);
        return;
    }
    int result =
        connect(attempt->fd, &attempt->address.any, mailsub__endpoint_len(&attempt->address));
    bool is_pending = result < 0 && (errno == EINPROGRESS || errno == EINTR);
    if (result < 0 && !is_pending)
        fail_attempt(race, attempt, errno);
    else if (mailsub__poller_add(race->poller, attempt->fd, false, true) != MAILSUB_OK)
        fail_attempt(race, attempt, errno);
    else if (!is_pending)
        win(race, attempt);
}

/* Settle the attempts that have come to their end. */
static void check_attempts(mailsub__race *race)
{
    struct pollfd entries[MAILSUB__RACE_MAX_ATTEMPTS];
    for (size_t i = 0; i < race->n_begun; i++)
        entries[i] = (struct pollfd){race->attempts[i].fd, POLLOUT, 0}; /* -1 is passed over */
    if (poll(entries, race->n_begun, 0) <= 0)
        return;
    for (size_t i = 0; i < race->n_begun && race->state == MAILSUB__RACE_RUNNING; i++) {
        struct attempt *attempt = &race->attempts[i];
        if (attempt->fd < 0 || entries[i].revents == 0)
            continue;
        int error = 0;
        socklen_t len = sizeof error;
        if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
            error = errno;
        if (error == 0)
            win(race, attempt);
        else
            fail_attempt(race, attempt, error);
    }
}

void mailsub__race_process(mailsub__race *race, int64_t now_ms)
{
    if (race->state != MAILSUB__RACE_RUNNING)
        return;
    size_t n_open_before = race->n_open;
    if (race->n_open > 0)
        check_attempts(race);
    if (race->n_open < n_open_before)
        race->next_at_ms = now_ms; /* section 5: a failure lets the next begin at once */
    while (race->state == MAILSUB__RACE_RUNNING && race->n_begun < race->n &&
           (race->n_open == 0 || now_ms >= race->next_at_ms))
        begin_attempt(race, now_ms);
    if (race->state == MAILSUB__RACE_RUNNING && race->n_open == 0 && race->n_begun == race->n)
        race->state = MAILSUB__RACE_LOST;
}

enum mailsub__race_state mailsub__race_get_state(const mailsub__race *race)
{
    return race->state;
}

int64_t mailsub__race_deadline(const mailsub__race *race)
{
    bool has_next = race->state == MAILSUB__RACE_RUNNING && race->n_begun < race->n;
    return has_next ? race->next_at_ms : -1;
}

int mailsub__race_take(mailsub__race *race, mailsub__endpoint *out_peer)
{
    assert(race->state == MAILSUB__RACE_WON);
    struct attempt *winner = &race->attempts[race->winner];
    int fd = winner->fd;
    mailsub__poller_remove(race->poller, fd);
    winner->fd = -1;
    race->n_open--;
    *out_peer = winner->address;
    return fd;
}

static bool is_want_of_resource(int os_error)
{
    return os_error == EMFILE || os_error == ENFILE || os_error == ENOBUFS || os_error == ENOMEM ||
           os_error == ENOSPC;
}

int mailsub__race_get_error(const mailsub__race *race)
{
    assert(race->state == MAILSUB__RACE_LOST);
    for (size_t i = 0; i < race->n; i++) {
        if (!is_want_of_resource(race->attempts[i].os_error))
            return MAILSUB_E_CONNECT;
    }
    return MAILSUB_E_SYSTEM;
}

void mailsub__race_describe(const mailsub__race *race, mailsub__detail *detail)
{
    for (size_t i = 0; i < race->n_begun; i++) {
        const struct attempt *attempt = &race->attempts[i];
        char text[MAILSUB__ENDPOINT_TEXT_LEN];
        mailsub__endpoint_write(&attempt->address, text);
        mailsub__detail_separate(detail);
        mailsub__detail_append(detail, text);
        mailsub__detail_append(detail, ": ");
        if (attempt->os_error != 0)
            mailsub__detail_append_os_error(detail, attempt->os_error);
        else
            mailsub__detail_append(detail, "no answer");
    }
}
