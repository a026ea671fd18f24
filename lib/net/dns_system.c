/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The C library tells which servers to ask, and no more: its res_nsend counts time in seconds, and
 * over TCP waits as long as the server likes, so no deadline could be held; in a thread of its own
 * it could not be ended. Nor does it say which of its datagrams it has passed over.
 *
 * Each question is sent from a socket of its own, whose port the kernel chooses: who forges an
 * answer has to guess it besides the ID (RFC 5452 section 9.2).
 *
 * Not handled: the options rotate and edns0, and sources of names other than DNS, which have no SRV
 * records.
 */
#include "net/dns_system.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/fd.h"
#include "net/clock.h"
#include "net/dns.h"
#include "net/endpoint.h"

/* What became of asking one server. */
enum outcome {
    ANSWERED,
    FAILED,      /* it cannot tell, or what came is not to be used */
    UNREACHABLE, /* nobody is there */
    SILENT,      /* its time is up */
    NO_SOCKET    /* the system gives none: another server would not help */
};

struct servers {
    mailsub__endpoint list[MAXNS];
    size_t n;
    int n_rounds;
    int64_t wait_ms; /* for one answer */
    bool tcp_only;
};

struct exchange {
    mailsub__slice question;
    char *answer;
    size_t room;
    size_t len;       /* of the answer */
    int64_t until_ms; /* for this server */
};

/* glibc keeps IPv6 addresses apart, in the places that the IPv4 list leaves empty. */
static bool add_server(struct servers *servers, const struct __res_state *state, int index)
{
    const struct sockaddr_in *ipv4 = &state->nsaddr_list[index];
    const struct sockaddr_in6 *ipv6 = state->_u._ext.nsaddrs[index];
    mailsub__endpoint *out = &servers->list[servers->n];
    if (ipv4->sin_family == AF_INET)
        return mailsub__endpoint_init(out, (const struct sockaddr *)ipv4, sizeof *ipv4);
    return ipv6 && mailsub__endpoint_init(out, (const struct sockaddr *)ipv6, sizeof *ipv6);
}

/* The state is this call's own: threads share none. */
static int load_servers(struct servers *servers)
{
    struct __res_state state = {0};
    if (res_ninit(&state) != 0)
        return MAILSUB_E_SYSTEM;
    *servers = (struct servers){
        .n_rounds = state.retry > 0 ? state.retry : 1,
        .wait_ms = (state.retrans > 0 ? state.retrans : 1) * INT64_C(1000),
        .tcp_only = (state.options & RES_USEVC) != 0,
    };
    for (int i = 0; i < state.nscount && i < MAXNS; i++)
        servers->n += add_server(servers, &state, i);
    res_nclose(&state);
    return servers->n > 0 ? MAILSUB_OK : MAILSUB_E_RESOLVE_AGAIN;
}

/* False: time is up. An error of the socket counts as ready, and the next call on it tells it. */
static bool await(int fd, short events, int64_t until_ms)
{
    for (;;) {
        int64_t left = until_ms - mailsub__clock_monotonic_ms();
        if (left <= 0)
            return false;
        struct pollfd entry = {.fd = fd, .events = events};
        int n = poll(&entry, 1, left < INT32_MAX ? (int)left : INT32_MAX);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
    }
}

static enum outcome connect_to(const mailsub__endpoint *server, int type, int *out_fd)
{
    int fd =
        mailsub__fd_lift(socket(server->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0)
        return errno == EAFNOSUPPORT ? UNREACHABLE : NO_SOCKET;
    if (connect(fd, &server->any, mailsub__endpoint_len(server)) != 0 && errno != EINPROGRESS) {
        mailsub__fd_close(&fd);
        return UNREACHABLE;
    }
    *out_fd = fd;
    return ANSWERED;
}

static enum outcome judge(const struct exchange *exchange)
{
    return mailsub__dns_is_failure(mailsub__slice_of(exchange->answer, exchange->len)) ? FAILED
                                                                                       : ANSWERED;
}

/* Wait for the answer: a datagram that is none, from whom the port could be guessed, is not the
   end of it. */
static enum outcome receive_datagram(int fd, struct exchange *exchange)
{
    while (await(fd, POLLIN, exchange->until_ms)) {
        ssize_t n = recv(fd, exchange->answer, exchange->room, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return UNREACHABLE;
        exchange->len = (size_t)n;
        if (mailsub__dns_is_answer(exchange->question,
                                   mailsub__slice_of(exchange->answer, exchange->len)))
            return judge(exchange);
    }
    return SILENT;
}

static enum outcome ask_by_datagram(const mailsub__endpoint *server, struct exchange *exchange)
{
    int fd = -1;
    enum outcome outcome = connect_to(server, SOCK_DGRAM, &fd);
    if (outcome != ANSWERED)
        return outcome;
    outcome = UNREACHABLE;
    if (send(fd, exchange->question.ptr, exchange->question.len, MSG_NOSIGNAL) >= 0)
        outcome = receive_datagram(fd, exchange);
    mailsub__fd_close(&fd);
    return outcome;
}

static enum outcome send_all(int fd, const char *data, size_t len, int64_t until_ms)
{
    while (len > 0) {
        if (!await(fd, POLLOUT, until_ms))
            return SILENT;
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return UNREACHABLE;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return ANSWERED;
}

static enum outcome receive_all(int fd, char *out, size_t len, int64_t until_ms)
{
    while (len > 0) {
        if (!await(fd, POLLIN, until_ms))
            return SILENT;
        ssize_t n = recv(fd, out, len, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return FAILED;
        if (n > 0) {
            out += n;
            len -= (size_t)n;
        }
    }
    return ANSWERED;
}

/* Its length stands before a message: RFC 1035 section 4.2.2. In one segment: RFC 7766 section 8. */
static enum outcome talk(int fd, struct exchange *exchange)
{
    char framed[2 + MAILSUB__DNS_MAX_QUESTION];
    unsigned char prefix[2];
    size_t len = exchange->question.len;
    framed[0] = (char)(len >> 8);
    framed[1] = (char)len;
    memcpy(framed + 2, exchange->question.ptr, len);
    enum outcome outcome = send_all(fd, framed, len + 2, exchange->until_ms);
    if (outcome == ANSWERED)
        outcome = receive_all(fd, (char *)prefix, sizeof prefix, exchange->until_ms);
    if (outcome != ANSWERED)
        return outcome;
    exchange->len = (size_t)prefix[0] << 8 | prefix[1];
    if (exchange->len > exchange->room)
        return FAILED;
    outcome = receive_all(fd, exchange->answer, exchange->len, exchange->until_ms);
    if (outcome != ANSWERED)
        return outcome;
    mailsub__slice answer = mailsub__slice_of(exchange->answer, exchange->len);
    return mailsub__dns_is_answer(exchange->question, answer) ? judge(exchange) : FAILED;
}

static enum outcome ask_by_stream(const mailsub__endpoint *server, struct exchange *exchange)
{
    int fd = -1;
    enum outcome outcome = connect_to(server, SOCK_STREAM, &fd);
    if (outcome != ANSWERED)
        return outcome;
    outcome = talk(fd, exchange);
    mailsub__fd_close(&fd);
    return outcome;
}

static enum outcome ask_server(const struct servers *servers, size_t index,
                               struct exchange *exchange)
{
    const mailsub__endpoint *server = &servers->list[index];
    if (servers->tcp_only)
        return ask_by_stream(server, exchange);
    enum outcome outcome = ask_by_datagram(server, exchange);
    if (outcome == ANSWERED &&
        mailsub__dns_is_truncated(mailsub__slice_of(exchange->answer, exchange->len)))
        outcome = ask_by_stream(server, exchange);
    return outcome;
}

/* One after the other. The time that is left is shared by all turns that are left, so that the last
   server gets its own before the deadline. */
static int ask_all(const struct servers *servers, struct exchange *exchange, int64_t deadline_ms)
{
    size_t n_turns = servers->n * (size_t)servers->n_rounds;
    bool is_silent = false;
    bool has_failed = false;
    for (size_t i = 0; i < n_turns; i++) {
        int64_t now_ms = mailsub__clock_monotonic_ms();
        int64_t share_ms = (deadline_ms - now_ms) / (int64_t)(n_turns - i);
        if (deadline_ms <= now_ms)
            return MAILSUB_E_TIMEOUT;
        if (share_ms > servers->wait_ms)
            share_ms = servers->wait_ms;
        exchange->until_ms = now_ms + (share_ms > 1 ? share_ms : 1);
        enum outcome outcome = ask_server(servers, i % servers->n, exchange);
        if (outcome == ANSWERED)
            return MAILSUB_OK;
        if (outcome == NO_SOCKET)
            return MAILSUB_E_SYSTEM;
        is_silent = is_silent || outcome == SILENT;
        has_failed = has_failed || outcome == FAILED;
    }
    /* Who has said that it cannot tell says more than who has said nothing. */
    return is_silent && !has_failed ? MAILSUB_E_TIMEOUT : MAILSUB_E_RESOLVE_AGAIN;
}

static int query(void *context, const mailsub_dns_question *question, void *answer, size_t room,
                 size_t *out_len)
{
    (void)context;
    int64_t deadline_ms = mailsub__clock_monotonic_ms() + question->timeout_ms;
    struct servers servers;
    struct exchange exchange = {
        .question = mailsub__slice_of(question->octets, question->len),
        .answer = answer,
        .room = room,
    };
    int rc = load_servers(&servers);
    if (rc == MAILSUB_OK)
        rc = ask_all(&servers, &exchange, deadline_ms);
    if (rc == MAILSUB_OK)
        *out_len = exchange.len;
    return rc;
}

const mailsub_resolver mailsub__system_resolver = {
    .size = sizeof(mailsub_resolver),
    .query = query,
};
