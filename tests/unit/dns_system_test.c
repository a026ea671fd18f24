/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the system's name servers are asked, over a network that a script plays: every system call is
 * answered by the next letter of the row, so that each can fail at each place, and waiting costs the
 * test's clock alone. tests/integration/discover.py has real sockets.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "net/clock.h"
#include "net/dns.h"
#include "net/dns_system.h"

int __wrap___res_ninit(res_state state);
void __wrap___res_nclose(res_state state);
int64_t __wrap_mailsub__clock_monotonic_ms(void);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_poll(struct pollfd *entries, nfds_t n, int timeout_ms);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *out, size_t room, int flags);

struct row {
    const char *name;
    int n_servers; /* the second is an IPv6 one */
    const char *script;
    int want;
    int64_t want_ms; /* how long it took */
};

/*
 * socket   s a socket, M no descriptor is left, A no such family
 * connect  c connected, p under way, R refused
 * send     w all, 1 one octet, a not now, E broken
 * poll     r ready, t its time is up, i interrupted, x failed
 * recv     g the answer, f a failure, T truncated, o an answer to another, a not now, e refused,
 *          0 the end, l the answer's length, L more than there is room for, h half of the rest,
 *          b all of it
 */
static const struct row rows[] = {
    {"an answer", 1, "scwrg", 0, 0},
    {"an answer by IPv6", 2, "sRscwrg", 0, 0},
    {"a family that is not there", 2, "Ascwrg", 0, 0},
    {"no descriptor", 2, "M", MAILSUB_E_SYSTEM, 0},
    {"a question that cannot be sent", 1, "scEscE", MAILSUB_E_RESOLVE_AGAIN, 0},
    {"nobody is there", 1, "scwrescwre", MAILSUB_E_RESOLVE_AGAIN, 0},
    {"nobody is there, and then somebody", 1, "scwrescwrg", 0, 0},
    {"readiness that was none", 1, "scwrarg", 0, 0},
    {"an interruption", 1, "scwiirg", 0, 0},
    {"a wait that fails is one that is over", 1, "scwxscwx", MAILSUB_E_TIMEOUT, 0},
    {"another's answer", 1, "scwrororg", 0, 0},
    {"another's answer alone", 1, "scwrotscwrot", MAILSUB_E_TIMEOUT, 10000},
    {"silence", 1, "scwtscwt", MAILSUB_E_TIMEOUT, 10000},
    {"silence, and then an answer", 1, "scwtscwrg", 0, 5000},
    {"silence of two", 2, "scwtscwtscwtscwt", MAILSUB_E_TIMEOUT, 10000},
    {"silence of one does not use up the other's time", 2, "scwtscwrg", 0, 2500},
    {"a failure, and then an answer", 2, "scwrfscwrg", 0, 0},
    {"failures", 2, "scwrfscwrfscwrfscwrf", MAILSUB_E_RESOLVE_AGAIN, 0},
    {"a failure says more than silence", 2, "scwrfscwtscwtscwt", MAILSUB_E_RESOLVE_AGAIN, 10000},
    {"an answer over TCP", 1, "scwrTscrwrlrb", 0, 0},
    {"an answer over TCP, by pieces", 1, "scwrTsprararar1rwrlrhrhrarb", 0, 0},
    {"no connection", 1, "scwrTsRscwrTsprE", MAILSUB_E_RESOLVE_AGAIN, 0},
    {"no connection for long", 1, "scwrTsptscwrTspt", MAILSUB_E_TIMEOUT, 10000},
    {"no socket for a connection", 1, "scwrTM", MAILSUB_E_SYSTEM, 0},
    {"the end in front of the length", 1, "scwrTscrwr0scwrTscrwr0", MAILSUB_E_RESOLVE_AGAIN, 0},
    {"the end in front of the answer", 1, "scwrTscrwrlr0scwrTscrwrlrhre", MAILSUB_E_RESOLVE_AGAIN,
     0},
    {"silence in the middle of an answer", 1, "scwrTscrwrlrhtscwrTscrwt", MAILSUB_E_TIMEOUT, 10000},
    {"a length beyond the room", 1, "scwrTscrwrLscwrTscrwrL", MAILSUB_E_RESOLVE_AGAIN, 0},
};

/* The network. */
static const char *script;
static int n_servers;
static int64_t clock_ms;
static unsigned char question[MAILSUB__DNS_MAX_QUESTION];
static size_t question_len;
static size_t n_received; /* of an answer over TCP */
static size_t n_sent;     /* of a question over TCP */
static int n_states;      /* of the C library's, which are to be closed */
static bool is_stream;

static char next_step(const char *allowed)
{
    char step = *script;
    if (step == '\0' || !strchr(allowed, step))
        fail_msg("\"%s\" is next, and one of \"%s\" is wanted", script, allowed);
    script++;
    return step;
}

int64_t __wrap_mailsub__clock_monotonic_ms(void)
{
    return clock_ms;
}

static struct sockaddr_in6 ipv6_server;

int __wrap___res_ninit(res_state state)
{
    memset(state, 0, sizeof *state);
    state->retrans = 5;
    state->retry = 2;
    state->nscount = n_servers;
    state->nsaddr_list[0] = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ipv6_server = (struct sockaddr_in6){
        .sin6_family = AF_INET6, .sin6_port = htons(53), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    state->_u._ext.nsaddrs[1] = n_servers > 1 ? &ipv6_server : NULL;
    n_states++;
    return 0;
}

void __wrap___res_nclose(res_state state)
{
    assert_int_equal(state->nscount, n_servers);
    n_states--;
}

int __wrap_socket(int domain, int type, int protocol)
{
    assert_true(domain == AF_INET || domain == AF_INET6);
    assert_int_equal(type & ~(SOCK_DGRAM | SOCK_STREAM), SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_int_equal(protocol, 0);
    char step = next_step("sMA");
    is_stream = (type & (SOCK_DGRAM | SOCK_STREAM)) == SOCK_STREAM;
    n_sent = n_received = 0;
    if (step == 's')
        return open("/dev/null", O_RDWR | O_CLOEXEC);
    errno = step == 'M' ? EMFILE : EAFNOSUPPORT;
    return -1;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    assert_true(fd > 2);
    assert_true(address->sa_family == AF_INET || address->sa_family == AF_INET6);
    assert_true(len >= sizeof(struct sockaddr_in));
    char step = next_step("cpR");
    errno = step == 'p' ? EINPROGRESS : ECONNREFUSED;
    return step == 'c' ? 0 : -1;
}

int __wrap_poll(struct pollfd *entries, nfds_t n, int timeout_ms)
{
    assert_int_equal(n, 1);
    assert_in_range(timeout_ms, 1, 5000);
    char step = next_step("rtix");
    entries[0].revents = entries[0].events;
    if (step == 't')
        clock_ms += timeout_ms;
    errno = step == 'i' ? EINTR : EBADF;
    return step == 'r' ? 1 : step == 't' ? 0 : -1;
}

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
    assert_true(fd > 2);
    assert_int_equal(flags, MSG_NOSIGNAL);
    char step = next_step("w1aE");
    size_t n = step == 'w' ? len : 1;
    errno = step == 'a' ? EAGAIN : EPIPE;
    if (step == 'a' || step == 'E')
        return -1;
    unsigned char wanted[2 + sizeof question] = {(unsigned char)(question_len >> 8),
                                                 (unsigned char)question_len};
    memcpy(wanted + 2, question, question_len);
    assert_memory_equal(data, wanted + (is_stream ? n_sent : 2), n);
    n_sent += n;
    return (ssize_t)n;
}

/* The answer is the question with another head. */
static size_t write_answer(unsigned char *out, char kind)
{
    memcpy(out, question, question_len);
    out[1] = (unsigned char)(out[1] ^ (kind == 'o'));
    out[2] = kind == 'T' ? 0x83 : 0x81;
    out[3] = kind == 'f' ? 0x82 : 0x80;
    return question_len;
}

static ssize_t receive_part(unsigned char *out, char step)
{
    unsigned char whole[sizeof question];
    size_t len = write_answer(whole, 'g');
    if (step == 'l' || step == 'L') {
        out[0] = step == 'L' ? 0xff : (unsigned char)(len >> 8);
        out[1] = step == 'L' ? 0xff : (unsigned char)len;
        return 2;
    }
    size_t n = step == 'b' ? len - n_received : (len - n_received) / 2;
    memcpy(out, whole + n_received, n);
    n_received += n;
    return (ssize_t)n;
}

ssize_t __wrap_recv(int fd, void *out, size_t room, int flags)
{
    assert_true(fd > 2);
    assert_true(room > 0);
    assert_int_equal(flags, 0);
    char step = next_step(is_stream ? "lLhba0e" : "gfToae");
    errno = step == 'a' ? EAGAIN : ECONNREFUSED;
    if (step == 'a' || step == 'e')
        return -1;
    if (step == '0')
        return 0;
    return is_stream ? receive_part(out, step) : (ssize_t)write_answer(out, step);
}

/* The lowest that is free: the same before and after when all were closed. */
static int next_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd > 2);
    assert_int_equal(close(fd), 0);
    return fd;
}

static void play_row(void **state)
{
    const struct row *row = *state;
    unsigned char answer[4096];
    unsigned char wanted[sizeof question];
    size_t len = 77;
    assert_int_equal(mailsub__dns_write_question(7,
                                                 mailsub__slice_str("_submission._tcp.a.example"),
                                                 MAILSUB__DNS_SRV, question, &question_len),
                     MAILSUB_OK);
    mailsub_dns_question asked = {.size = sizeof asked,
                                  .name = "_submission._tcp.a.example",
                                  .type = MAILSUB__DNS_SRV,
                                  .octets = question,
                                  .len = question_len,
                                  .timeout_ms = 10000};
    int fd = next_descriptor();
    script = row->script;
    n_servers = row->n_servers;
    clock_ms = 1000;
    assert_int_equal(mailsub__system_resolver.query(NULL, &asked, answer, sizeof answer, &len),
                     row->want);
    assert_string_equal(script, "");
    assert_int_equal(n_states, 0);
    assert_int_equal(next_descriptor(), fd);
    assert_int_equal(clock_ms - 1000, row->want_ms);
    if (row->want) {
        assert_int_equal(len, 77);
    } else {
        assert_int_equal(len, write_answer(wanted, 'g'));
        assert_memory_equal(answer, wanted, len);
    }
}

static void without_a_server_nothing_is_asked(void **state)
{
    (void)state;
    static const struct row row = {"none", 0, "", MAILSUB_E_RESOLVE_AGAIN, 0};
    void *none = unit_row(&row);
    play_row(&none);
}

int main(void)
{
    static struct CMUnitTest tests[1 + sizeof rows / sizeof rows[0]] = {
        cmocka_unit_test(without_a_server_nothing_is_asked),
    };
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, play_row);
    return UNIT_RUN(tests, n_tests);
}
