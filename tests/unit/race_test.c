/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connect is replaced, so that each address behaves as its row says: 192.0.2.x never answers,
 * 198.51.100.x is unreachable, 203.0.113.x connects to itself; 127.0.0.1 and ::1 are real.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "leftovers.h"
#include "net/race.h"
#include "peer.h"

int __real_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);

#define N_FILLERS 4

/* A listener that accepts nobody, and those who wait there already: the next one gets no answer. */
static int full_listener;
static int full_port;
static int fillers[N_FILLERS];

static int connect_to_nobody(int fd)
{
    struct sockaddr_in full = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)full_port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return __real_connect(fd, (struct sockaddr *)&full, sizeof full);
}

static int fill_listener(void **state)
{
    (void)state;
    full_listener = peer_listen(AF_INET, 0, &full_port);
    for (size_t i = 0; i < N_FILLERS; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect_to_nobody(fillers[i]);
    }
    return 0;
}

static int close_listener(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FILLERS; i++)
        close(fillers[i]);
    close(full_listener);
    return 0;
}

static int connect_to_itself(int fd)
{
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof self;
    if (bind(fd, (struct sockaddr *)&self, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&self, &len) != 0)
        return -1;
    return __real_connect(fd, (struct sockaddr *)&self, len);
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;
    uint32_t net = address->sa_family == AF_INET ? ntohl(ipv4->sin_addr.s_addr) >> 8 : 0;
    if (net == 0xc00002)
        return connect_to_nobody(fd);
    if (net == 0xcb0071)
        return connect_to_itself(fd);
    if (net != 0xc63364)
        return __real_connect(fd, address, len);
    errno = ENETUNREACH;
    return -1;
}

struct fixture {
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub__poller *poller;
    mailsub__race *race;
    struct peer peer;
    size_t n_descriptors;
};

static void wait_for_end(int fd, void *context)
{
    (void)context;
    char scrap;
    recv(fd, &scrap, 1, 0);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    fixture.allocator = unit_allocator(&fixture.heap);
    peer_start(&fixture.peer, AF_INET, wait_for_end, NULL);
    assert_int_equal(mailsub__poller_new(&fixture.allocator, &fixture.poller), MAILSUB_OK);
    fixture.n_descriptors = count_descriptors();
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mailsub__race_free(fixture->race);
    peer_stop(&fixture->peer);
    mailsub__poller_free(fixture->poller);
    assert_int_equal(fixture->heap.n_live, 0);
    return 0;
}

static size_t n_own_descriptors(const struct fixture *fixture)
{
    return count_descriptors() - fixture->n_descriptors;
}

/* From "192.0.2.1 2001:db8::1" and so on. */
static size_t parse(const char *list, int port, mailsub__endpoint *out, size_t room)
{
    size_t n = 0;
    char copy[1024];
    snprintf(copy, sizeof copy, "%s", list);
    for (char *text = strtok(copy, " "); text; text = strtok(NULL, " ")) {
        assert_true(n < room);
        memset(&out[n], 0, sizeof out[n]);
        if (inet_pton(AF_INET, text, &out[n].ipv4.sin_addr) == 1) {
            out[n].ipv4.sin_family = AF_INET;
            out[n].ipv4.sin_port = htons((uint16_t)port);
        } else {
            assert_int_equal(inet_pton(AF_INET6, text, &out[n].ipv6.sin6_addr), 1);
            out[n].ipv6.sin6_family = AF_INET6;
            out[n].ipv6.sin6_port = htons((uint16_t)port);
        }
        n++;
    }
    return n;
}

static void begin(struct fixture *fixture, const char *list, int port)
{
    mailsub__endpoint addresses[32];
    size_t n = parse(list, port, addresses, 32);
    assert_int_equal(
        mailsub__race_new(&fixture->allocator, fixture->poller, addresses, n, &fixture->race),
        MAILSUB_OK);
}

/* Wait for the network, at a standing time. */
static enum mailsub__race_state settle(struct fixture *fixture, int64_t now_ms)
{
    mailsub__race_process(fixture->race, now_ms);
    while (mailsub__race_get_state(fixture->race) == MAILSUB__RACE_RUNNING) {
        mailsub__poller_wait(fixture->poller, 20000);
        mailsub__race_process(fixture->race, now_ms);
    }
    return mailsub__race_get_state(fixture->race);
}

static const char *describe(const struct fixture *fixture)
{
    static mailsub__detail detail;
    mailsub__detail_clear(&detail);
    mailsub__race_describe(fixture->race, &detail);
    return detail.text;
}

static void check_winner(struct fixture *fixture)
{
    mailsub__endpoint peer;
    int fd = mailsub__race_take(fixture->race, &peer);
    assert_int_equal(ntohl(peer.ipv4.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_int_equal(ntohs(peer.ipv4.sin_port), fixture->peer.port);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    int on = 0;
    socklen_t len = sizeof on;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
    assert_int_equal(on, 1);
    mailsub__race_free(fixture->race);
    fixture->race = NULL;
    /* It outlives the race, and is in no poller. */
    assert_int_equal(mailsub__poller_add(fixture->poller, fd, false, true), MAILSUB_OK);
    mailsub__poller_remove(fixture->poller, fd);
    close(fd);
}

static void a_silent_address_is_overtaken(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, "192.0.2.1 127.0.0.1 192.0.2.2", fixture->peer.port);
    assert_int_equal(n_own_descriptors(fixture), 0);
    mailsub__race_process(fixture->race, 1000);
    assert_int_equal(mailsub__race_deadline(fixture->race), 1250);
    assert_int_equal(n_own_descriptors(fixture), 1);
    mailsub__race_process(fixture->race, 1249);
    assert_int_equal(n_own_descriptors(fixture), 1);
    assert_int_equal(settle(fixture, 1250), MAILSUB__RACE_WON);
    assert_int_equal(mailsub__race_deadline(fixture->race), -1);
    check_winner(fixture);
}

static void a_failure_lets_the_next_begin_at_once(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, "198.51.100.1 203.0.113.1 198.51.100.2 127.0.0.1", fixture->peer.port);
    assert_int_equal(settle(fixture, 1000), MAILSUB__RACE_WON);
    check_winner(fixture);
}

/* Refused while a silent one is under way: the third does not wait for its time. */
static void a_late_failure_lets_the_next_begin_at_once(void **state)
{
    struct fixture *fixture = *state;
    mailsub__endpoint addresses[3];
    parse("192.0.2.1 127.0.0.1 127.0.0.1", fixture->peer.port, addresses, 3);
    addresses[1].ipv4.sin_port = htons(1);
    assert_int_equal(
        mailsub__race_new(&fixture->allocator, fixture->poller, addresses, 3, &fixture->race),
        MAILSUB_OK);
    mailsub__race_process(fixture->race, 1000);
    assert_int_equal(settle(fixture, 1250), MAILSUB__RACE_WON);
    assert_int_equal(mailsub__race_deadline(fixture->race), -1);
    char want[128];
    snprintf(want, sizeof want,
             "192.0.2.1 port %d: no answer; 127.0.0.1 port 1: Connection refused; ",
             fixture->peer.port);
    assert_memory_equal(describe(fixture), want, strlen(want));
    check_winner(fixture);
}

struct order_row {
    const char *name;
    const char *addresses;
    const char *want;
};

static const struct order_row orders[] = {
    {"one", "198.51.100.1", "198.51.100.1 port 9: Network is unreachable"},
    {"families take turns, the first first",
     "::1 2001:db8::2 198.51.100.1 198.51.100.2 198.51.100.3",
     "::1 port 9: X; 198.51.100.1 port 9: X; 2001:db8::2 port 9: X; 198.51.100.2 port 9: X; "
     "198.51.100.3 port 9: X"},
    {"IPv4 first when the system says so", "198.51.100.1 198.51.100.2 ::1",
     "198.51.100.1 port 9: X; ::1 port 9: X; 198.51.100.2 port 9: X"},
};

/* What follows "port 9: " depends on the host's network, up to the semicolon. */
static void reduce_reasons(const char *from, char *out)
{
    while (*from) {
        if (strncmp(from, ": ", 2) == 0) {
            strcpy(out, ": X");
            out += 3;
            from += strcspn(from, ";");
        } else {
            *out++ = *from++;
        }
    }
    *out = '\0';
}

static void addresses_are_interleaved(void **state)
{
    const struct order_row *row = *state;
    void *fixture_state = NULL;
    set_up(&fixture_state);
    struct fixture *fixture = fixture_state;
    begin(fixture, row->addresses, 9);
    assert_int_equal(settle(fixture, 0), MAILSUB__RACE_LOST);
    char got[MAILSUB__DETAIL_LEN];
    char want[MAILSUB__DETAIL_LEN];
    reduce_reasons(describe(fixture), got);
    reduce_reasons(row->want, want);
    assert_string_equal(got, want);
    assert_int_equal(mailsub__race_get_error(fixture->race), MAILSUB_E_CONNECT);
    assert_int_equal(n_own_descriptors(fixture), 0);
    tear_down(&fixture_state);
}

static void too_many_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    mailsub__endpoint addresses[64];
    for (size_t i = 0; i < 64; i++)
        parse("192.0.2.1", 25, &addresses[i], 1);
    assert_int_equal(
        mailsub__race_new(&fixture->allocator, fixture->poller, addresses, 64, &fixture->race),
        MAILSUB_OK);
    for (int64_t now_ms = 0; now_ms < 64 * 250; now_ms += 250)
        mailsub__race_process(fixture->race, now_ms);
    assert_int_equal(mailsub__race_get_state(fixture->race), MAILSUB__RACE_RUNNING);
    assert_int_equal(mailsub__race_deadline(fixture->race), -1);
    assert_int_equal(n_own_descriptors(fixture), MAILSUB__RACE_MAX_ATTEMPTS);
    mailsub__race_free(fixture->race);
    fixture->race = NULL;
    assert_int_equal(n_own_descriptors(fixture), 0);
}

static void a_connection_to_itself_is_none(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, "203.0.113.1", 9);
    assert_int_equal(settle(fixture, 0), MAILSUB__RACE_LOST);
    assert_string_equal(describe(fixture), "203.0.113.1 port 9: Connection refused");
}

static void missing_descriptors_are_told(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, "127.0.0.1 127.0.0.1", fixture->peer.port);
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    int next = dup(0);
    close(next);
    struct rlimit tight = {(rlim_t)next, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    mailsub__race_process(fixture->race, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(mailsub__race_get_state(fixture->race), MAILSUB__RACE_LOST);
    assert_int_equal(mailsub__race_get_error(fixture->race), MAILSUB_E_SYSTEM);
}

static void each_failing_allocation_is_told(void **state)
{
    struct fixture *fixture = *state;
    mailsub__endpoint address;
    parse("127.0.0.1", 25, &address, 1);
    fixture->heap.fail_at = fixture->heap.n_requests + 1;
    assert_int_equal(
        mailsub__race_new(&fixture->allocator, fixture->poller, &address, 1, &fixture->race),
        MAILSUB_E_NOMEM);
    assert_null(fixture->race);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    struct CMUnitTest tests[7 + sizeof orders / sizeof orders[0]] = {
        TEST(a_silent_address_is_overtaken),
        TEST(a_failure_lets_the_next_begin_at_once),
        TEST(a_late_failure_lets_the_next_begin_at_once),
        TEST(too_many_are_left_out),
        TEST(a_connection_to_itself_is_none),
        TEST(missing_descriptors_are_told),
        TEST(each_failing_allocation_is_told),
    };
    size_t n_tests = 7;
    UNIT_ADD_ROWS(tests, n_tests, orders, addresses_are_interleaved);
    return _cmocka_run_group_tests("race", tests, n_tests, fill_listener, close_listener);
}
