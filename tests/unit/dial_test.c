/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways to a connected socket; race_test.c and resolver_test.c have the way by name. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "leftovers.h"
#include "net/dial.h"
#include "peer.h"

struct fixture {
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub__poller *poller;
    mailsub__detail detail;
    mailsub__dial *dial;
    mailsub__ends ends;
    char path[64]; /* of a Unix socket */
    size_t n_descriptors;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    snprintf(fixture.path, sizeof fixture.path, "/tmp/mailsub-dial-%ld", (long)getpid());
    fixture.n_descriptors = count_descriptors();
    fixture.allocator = unit_allocator(&fixture.heap);
    assert_int_equal(mailsub__poller_new(&fixture.allocator, &fixture.poller), MAILSUB_OK);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mailsub__dial_free(fixture->dial);
    mailsub__poller_free(fixture->poller);
    unlink(fixture->path);
    assert_int_equal(fixture->heap.n_live, 0);
    assert_int_equal(count_descriptors(), fixture->n_descriptors);
    return 0;
}

static void make(struct fixture *fixture, const mailsub__dial_settings *settings)
{
    assert_int_equal(mailsub__dial_new(&fixture->allocator, fixture->poller, settings,
                                       &fixture->detail, &fixture->dial),
                     MAILSUB_OK);
}

/* Go on until the dial is connected or has failed. */
static enum mailsub__dial_state finish(struct fixture *fixture)
{
    while (mailsub__dial_get_state(fixture->dial) < MAILSUB__DIAL_CONNECTED) {
        mailsub__poller_wait(fixture->poller, 20000);
        mailsub__poller_clear(fixture->poller);
        mailsub__dial_process(fixture->dial, 0);
    }
    return mailsub__dial_get_state(fixture->dial);
}

static enum mailsub__dial_state open_it(struct fixture *fixture)
{
    mailsub__dial_open(fixture->dial, 0);
    return finish(fixture);
}

/* The socket that was dialled: its number and its flags are as they must be. */
static int take(struct fixture *fixture)
{
    int fd = mailsub__dial_take(fixture->dial, &fixture->ends);
    assert_true(fd > STDERR_FILENO);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(mailsub__dial_get_state(fixture->dial), MAILSUB__DIAL_CLOSED);
    assert_string_equal(fixture->detail.text, "");
    /* It is in no poller. */
    assert_int_equal(mailsub__poller_add(fixture->poller, fd, true, false), MAILSUB_OK);
    mailsub__poller_remove(fixture->poller, fd);
    return fd;
}

static void expect_failure(struct fixture *fixture, int code, const char *detail)
{
    assert_int_equal(open_it(fixture), MAILSUB__DIAL_FAILED);
    assert_int_equal(mailsub__dial_get_error(fixture->dial), code);
    assert_string_equal(fixture->detail.text, detail);
    mailsub__dial_close(fixture->dial);
}

static int listen_at(const char *path, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static void a_unix_socket_is_connected(void **state)
{
    struct fixture *fixture = *state;
    int listener = listen_at(fixture->path, 4);
    make(fixture, &(mailsub__dial_settings){.host = "localhost", .unix_path = fixture->path});
    assert_int_equal(open_it(fixture), MAILSUB__DIAL_CONNECTED);
    int fd = take(fixture);
    char want[MAILSUB__PEER_LEN];
    snprintf(want, sizeof want, "Unix socket %s", fixture->path);
    assert_string_equal(fixture->ends.peer, want);
    assert_string_equal(fixture->ends.local_literal, "[127.0.0.1]");
    assert_true(fixture->ends.is_local);
    int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(peer >= 0);
    close(peer);
    close(fd);
    close(listener);
}

static void a_unix_socket_without_a_server_fails(void **state)
{
    struct fixture *fixture = *state;
    char want[128];
    make(fixture, &(mailsub__dial_settings){.host = "localhost", .unix_path = fixture->path});
    snprintf(want, sizeof want, "%s: No such file or directory", fixture->path);
    expect_failure(fixture, MAILSUB_E_CONNECT, want);
    int nobody = listen_at(fixture->path, -1);
    snprintf(want, sizeof want, "%s: Connection refused", fixture->path);
    expect_failure(fixture, MAILSUB_E_CONNECT, want);
    close(nobody);
}

static void the_longest_path_fits(void **state)
{
    struct fixture *fixture = *state;
    char path[MAILSUB__UNIX_PATH_LEN];
    memset(path, 'x', sizeof path);
    memcpy(path, "/nonexistent/", 13);
    path[sizeof path - 1] = '\0';
    make(fixture, &(mailsub__dial_settings){.host = "localhost", .unix_path = path});
    char want[256];
    snprintf(want, sizeof want, "%s: No such file or directory", path);
    expect_failure(fixture, MAILSUB_E_CONNECT, want);
}

static void a_full_queue_is_asked_again(void **state)
{
    struct fixture *fixture = *state;
    int listener = listen_at(fixture->path, 0);
    mailsub__dial_settings settings = {.host = "localhost", .unix_path = fixture->path};
    make(fixture, &settings);
    assert_int_equal(open_it(fixture), MAILSUB__DIAL_CONNECTED);
    int first = take(fixture);
    mailsub__dial_open(fixture->dial, 1000);
    assert_int_equal(mailsub__dial_get_state(fixture->dial), MAILSUB__DIAL_CONNECTING);
    assert_int_equal(mailsub__dial_deadline(fixture->dial), 1050);
    assert_non_null(strstr(fixture->detail.text, ": too many wait there already"));
    mailsub__dial_process(fixture->dial, 1050);
    assert_int_equal(mailsub__dial_deadline(fixture->dial), 1100);
    int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    mailsub__dial_process(fixture->dial, 1099);
    assert_int_equal(mailsub__dial_get_state(fixture->dial), MAILSUB__DIAL_CONNECTING);
    mailsub__dial_process(fixture->dial, 1100);
    assert_int_equal(mailsub__dial_get_state(fixture->dial), MAILSUB__DIAL_CONNECTED);
    assert_int_equal(mailsub__dial_deadline(fixture->dial), -1);
    close(take(fixture));
    close(first);
    close(peer);
    close(listener);
}

/* ---- this end's address ---- */

static void wait_for_end(int fd, void *context)
{
    (void)context;
    char scrap;
    recv(fd, &scrap, 1, 0);
}

struct source_row {
    const char *name;
    const char *host;
    const char *ipv4;
    const char *ipv6;
    const char *want_literal; /* NULL: no connection */
    const char *want_detail;
};

static const struct source_row sources[] = {
    {"another address of this host", "127.0.0.1", "127.0.0.2", NULL, "[127.0.0.2]", ""},
    {"one of each family", "both.test", "127.0.0.3", "::1", "[127.0.0.3]", ""},
    {"the other family is not tried", "both.test", "127.0.0.3", NULL, "[127.0.0.3]", ""},
    {"no address of the family", "::1", "127.0.0.1", NULL, NULL,
     "::1: no address of the source address's family"},
    {"no address of the family, the other way round", "127.0.0.1", NULL, "::1", NULL,
     "127.0.0.1: no address of the source address's family"},
    {"an address of another host", "127.0.0.1", "192.0.2.1", NULL, NULL,
     ": Cannot assign requested address"},
};

static void connections_come_from_the_source(void **state)
{
    const struct source_row *row = *state;
    void *fixture_state = NULL;
    struct peer peer;
    set_up(&fixture_state);
    struct fixture *fixture = fixture_state;
    peer_start(&peer, AF_INET, wait_for_end, NULL);
    make(fixture, &(mailsub__dial_settings){.host = row->host,
                                            .port = peer.port,
                                            .source_ipv4 = row->ipv4,
                                            .source_ipv6 = row->ipv6});
    enum mailsub__dial_state end = open_it(fixture);
    if (row->want_literal) {
        assert_int_equal(end, MAILSUB__DIAL_CONNECTED);
        int fd = take(fixture);
        assert_string_equal(fixture->ends.local_literal, row->want_literal);
        assert_true(fixture->ends.is_local);
        close(fd);
    } else {
        assert_int_equal(end, MAILSUB__DIAL_FAILED);
        assert_int_equal(mailsub__dial_get_error(fixture->dial), MAILSUB_E_CONNECT);
        assert_non_null(strstr(fixture->detail.text, row->want_detail));
    }
    mailsub__dial_close(fixture->dial);
    peer_stop(&peer); /* before descriptors are counted: it has some */
    tear_down(&fixture_state);
}

/* ---- what the application hands in ---- */

static void a_descriptor_serves_once(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    make(fixture, &(mailsub__dial_settings){.host = "localhost", .unix_path = fixture->path});
    mailsub__dial_hand_in(fixture->dial, pair[0]);
    assert_int_equal(open_it(fixture), MAILSUB__DIAL_CONNECTED);
    int fd = take(fixture);
    assert_true(fixture->ends.is_local);
    assert_int_equal(write(fd, "x", 1), 1);
    char octet;
    assert_int_equal(read(pair[1], &octet, 1), 1);
    close(fd);
    close(pair[1]);
    /* The next connection is made as the settings say. */
    assert_int_equal(open_it(fixture), MAILSUB__DIAL_FAILED);
    assert_non_null(strstr(fixture->detail.text, "No such file"));
}

static void a_standard_descriptor_is_moved_away(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    make(fixture, &(mailsub__dial_settings){.host = "localhost", .unix_path = fixture->path});
    int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 40);
    assert_int_equal(dup2(pair[0], STDIN_FILENO), STDIN_FILENO);
    close(pair[0]);
    mailsub__dial_hand_in(fixture->dial, STDIN_FILENO);
    enum mailsub__dial_state end = open_it(fixture);
    bool is_closed = fcntl(STDIN_FILENO, F_GETFD) < 0;
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
    assert_int_equal(end, MAILSUB__DIAL_CONNECTED);
    assert_true(is_closed);
    close(take(fixture));
    close(pair[1]);
}

static void what_is_not_used_is_closed(void **state)
{
    struct fixture *fixture = *state;
    int pairs[2][2];
    make(fixture, &(mailsub__dial_settings){.host = "localhost", .unix_path = fixture->path});
    for (int i = 0; i < 2; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        mailsub__dial_hand_in(fixture->dial, pairs[i][0]);
    }
    char scrap;
    assert_int_equal(read(pairs[0][1], &scrap, 1), 0);
    mailsub__dial_free(fixture->dial);
    fixture->dial = NULL;
    assert_int_equal(read(pairs[1][1], &scrap, 1), 0);
    close(pairs[0][1]);
    close(pairs[1][1]);
}

static void a_socket_that_is_not_connected_is_no_connection(void **state)
{
    struct fixture *fixture = *state;
    make(fixture, &(mailsub__dial_settings){.host = "mail.test", .port = 25});
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    mailsub__dial_hand_in(fixture->dial, fd);
    assert_int_equal(open_it(fixture), MAILSUB__DIAL_FAILED);
    assert_int_equal(mailsub__dial_get_error(fixture->dial), MAILSUB_E_CONNECT);
    assert_non_null(strstr(fixture->detail.text, "mail.test port 25: "));
}

/* ---- the application's own connecting ---- */

enum answer {
    CONNECTED,
    CONNECTING,
    REFUSED,
    NO_SOCKET,
    NO_DESCRIPTOR,
    NO_NAME,
    SOME_NUMBER,
};

struct application {
    enum answer answer;
    int port; /* somebody listens there */
};

static int connect_tcp(int port, int flags)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | flags, 0);
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    assert_true(result == 0 || errno == EINPROGRESS);
    return fd;
}

static int connect_own_way(void *context, const char *host, int port, int *out_fd)
{
    const struct application *application = context;
    assert_string_equal(host, "mail.test");
    assert_int_equal(port, 25);
    switch (application->answer) {
    case CONNECTED:
        *out_fd = connect_tcp(application->port, 0);
        break;
    case CONNECTING:
        *out_fd = connect_tcp(application->port, SOCK_NONBLOCK);
        break;
    case REFUSED:
        *out_fd = connect_tcp(1, SOCK_NONBLOCK);
        break;
    case NO_SOCKET:
        *out_fd = dup(STDERR_FILENO);
        break;
    case NO_DESCRIPTOR:
        break;
    case NO_NAME:
        *out_fd = STDERR_FILENO;
        return MAILSUB_E_RESOLVE;
    case SOME_NUMBER:
        return 5;
    }
    return MAILSUB_OK;
}

struct answer_row {
    const char *name;
    enum answer answer;
    int want;
    const char *want_detail;
};

static const struct answer_row answers[] = {
    {"it is connected", CONNECTED, MAILSUB_OK, ""},
    {"it is being connected", CONNECTING, MAILSUB_OK, ""},
    {"it is being refused", REFUSED, MAILSUB_E_CONNECT, "mail.test port 25: Connection refused"},
    {"what it gave is no socket", NO_SOCKET, MAILSUB_E_CONNECT,
     "mail.test port 25: the application made no stream socket"},
    {"it gave nothing", NO_DESCRIPTOR, MAILSUB_E_CONNECT,
     "mail.test port 25: the application made no stream socket"},
    {"its error is passed on", NO_NAME, MAILSUB_E_RESOLVE,
     "mail.test port 25: the application could not connect"},
    {"what is no error of the library's is no connection", SOME_NUMBER, MAILSUB_E_CONNECT,
     "mail.test port 25: the application could not connect"},
};

static void the_application_may_connect(void **state)
{
    const struct answer_row *row = *state;
    void *fixture_state = NULL;
    set_up(&fixture_state);
    struct fixture *fixture = fixture_state;
    struct peer peer;
    peer_start(&peer, AF_INET, wait_for_end, NULL);
    struct application application = {row->answer, peer.port};
    make(fixture, &(mailsub__dial_settings){.host = "mail.test",
                                            .port = 25,
                                            .connect = connect_own_way,
                                            .connect_context = &application});
    if (row->want) {
        expect_failure(fixture, row->want, row->want_detail);
    } else {
        assert_int_equal(open_it(fixture), MAILSUB__DIAL_CONNECTED);
        int fd = take(fixture);
        char want[64];
        snprintf(want, sizeof want, "127.0.0.1 port %d", peer.port);
        assert_string_equal(fixture->ends.peer, want);
        assert_true(fixture->ends.is_local);
        close(fd);
    }
    peer_stop(&peer);
    tear_down(&fixture_state);
}

static void each_failing_allocation_is_told(void **state)
{
    struct fixture *fixture = *state;
    mailsub__dial_settings settings = {.host = "127.0.0.1", .port = 1};
    size_t n_before = fixture->heap.n_requests;
    make(fixture, &settings);
    assert_int_equal(open_it(fixture), MAILSUB__DIAL_FAILED);
    size_t n_requests = fixture->heap.n_requests - n_before;
    for (size_t i = 1; i <= n_requests; i++) {
        mailsub__dial_free(fixture->dial);
        fixture->dial = NULL;
        fixture->heap.fail_at = fixture->heap.n_requests + i;
        int rc = mailsub__dial_new(&fixture->allocator, fixture->poller, &settings,
                                   &fixture->detail, &fixture->dial);
        if (rc == MAILSUB_OK) {
            assert_int_equal(open_it(fixture), MAILSUB__DIAL_FAILED);
            rc = mailsub__dial_get_error(fixture->dial);
        }
        assert_int_equal(rc, MAILSUB_E_NOMEM);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    start_first_thread();
    struct CMUnitTest tests[32] = {
        TEST(a_unix_socket_is_connected),
        TEST(a_unix_socket_without_a_server_fails),
        TEST(the_longest_path_fits),
        TEST(a_full_queue_is_asked_again),
        TEST(a_descriptor_serves_once),
        TEST(a_standard_descriptor_is_moved_away),
        TEST(what_is_not_used_is_closed),
        TEST(a_socket_that_is_not_connected_is_no_connection),
        TEST(each_failing_allocation_is_told),
    };
    size_t n_tests = 9;
    UNIT_ADD_ROWS(tests, n_tests, sources, connections_come_from_the_source);
    UNIT_ADD_ROWS(tests, n_tests, answers, the_application_may_connect);
    return UNIT_RUN(tests, n_tests);
}
