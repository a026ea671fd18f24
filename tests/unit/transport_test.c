/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transport in clear; tls_test.c has the rest. */
#include "client.h"

#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "leftovers.h"
#include "lookup.h"
#include "peer.h"

static mailsub__transport_settings settings_for(const char *host, int port)
{
    return (mailsub__transport_settings){.dial = {.host = host, .port = port}, .verify_name = host};
}

/* Says a word, hears one, says what it heard. */
static void greet(int fd, void *context)
{
    (void)context;
    char word[5];
    if (peer_send(fd, "hello", 5) && peer_receive(fd, word, 5))
        peer_send(fd, word, 5);
}

struct host_row {
    const char *name;
    const char *host;
    int family;
    const char *peer; /* before the port */
    const char *literal;
};

static const struct host_row hosts[] = {
    {"IPv4 address", "127.0.0.1", AF_INET, "127.0.0.1", "[127.0.0.1]"},
    {"IPv6 address", "::1", AF_INET6, "::1", "[IPv6:::1]"},
    {"name, server on IPv4", "localhost", AF_INET, "127.0.0.1", "[127.0.0.1]"},
    {"name with both families, server on IPv4", "both.test", AF_INET, "127.0.0.1", "[127.0.0.1]"},
    {"name with both families, server on IPv6", "both.test", AF_INET6, "::1", "[IPv6:::1]"},
};

static void words_go_both_ways(void **state)
{
    const struct host_row *row = *state;
    size_t n_descriptors = count_descriptors();
    struct peer peer;
    peer_start(&peer, row->family, greet, NULL);
    mailsub__transport_settings settings = settings_for(row->host, peer.port);
    struct client client = {0};
    assert_int_equal(client_init(&client, &settings), MAILSUB_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(client_open(&client, false), MAILSUB_OK);
        char word[6] = "";
        assert_int_equal(client_read(&client, word, 5), MAILSUB_OK);
        assert_string_equal(word, "hello");
        assert_int_equal(client_write(&client, "world", 5), MAILSUB_OK);
        assert_int_equal(client_read(&client, word, 5), MAILSUB_OK);
        assert_string_equal(word, "world");
        mailsub__transport_close(client.transport, true);
        assert_int_equal(mailsub__transport_get_state(client.transport), MAILSUB__TRANSPORT_CLOSED);
        char want[64];
        snprintf(want, sizeof want, "%s port %d", row->peer, peer.port);
        assert_string_equal(mailsub__transport_get_peer(client.transport), want);
        assert_string_equal(mailsub__transport_get_local_literal(client.transport), row->literal);
        assert_true(mailsub__transport_is_loopback(client.transport));
        assert_false(mailsub__transport_is_tls(client.transport));
        assert_false(mailsub__transport_is_verified(client.transport));
        assert_string_equal(mailsub__transport_get_tls_version(client.transport), "");
        assert_string_equal(mailsub__transport_get_tls_cipher(client.transport), "");
        assert_string_equal(mailsub__transport_get_detail(client.transport), "");
    }
    client_deinit(&client);
    peer_stop(&peer);
    assert_int_equal(count_descriptors(), n_descriptors);
}

struct failure_row {
    const char *name;
    const char *host;
    int want;
    const char *detail; /* part of it */
};

static const struct failure_row failures[] = {
    {"nobody listens", "127.0.0.1", MAILSUB_E_CONNECT, "127.0.0.1 port 1: Connection refused"},
    {"nobody listens on any address", "both.test", MAILSUB_E_CONNECT, "; 127.0.0.1 port 1: Conn"},
    {"name that does not exist", "missing.test", MAILSUB_E_RESOLVE, "missing.test: "},
    {"name without addresses", "empty.test", MAILSUB_E_RESOLVE, "empty.test: "},
    {"name service that is down", "down.test", MAILSUB_E_RESOLVE_AGAIN, "down.test: "},
    {"name service without memory", "short.test", MAILSUB_E_NOMEM, "short.test: "},
};

static void failures_are_typed(void **state)
{
    const struct failure_row *row = *state;
    size_t n_descriptors = count_descriptors();
    size_t n_threads = count_threads();
    mailsub__transport_settings settings = settings_for(row->host, 1);
    struct client client = {0};
    assert_int_equal(client_init(&client, &settings), MAILSUB_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(client_open(&client, true), row->want);
        assert_int_equal(mailsub__transport_get_state(client.transport), MAILSUB__TRANSPORT_FAILED);
        assert_non_null(strstr(mailsub__transport_get_detail(client.transport), row->detail));
        assert_int_equal(mailsub__transport_deadline(client.transport), -1);
        mailsub__transport_close(client.transport, false);
        assert_int_equal(mailsub__transport_get_error(client.transport), row->want);
    }
    client_deinit(&client);
    assert_int_equal(count_descriptors(), n_descriptors);
    assert_int_equal(await_threads(n_threads), n_threads);
}

static void a_resolution_can_be_given_up(void **state)
{
    (void)state;
    size_t n_threads = count_threads();
    mailsub__transport_settings settings = settings_for("slow.test", 1);
    struct client client = {0};
    assert_int_equal(client_init(&client, &settings), MAILSUB_OK);
    mailsub__transport_open(client.transport, false, 0);
    assert_int_equal(mailsub__transport_get_state(client.transport), MAILSUB__TRANSPORT_RESOLVING);
    assert_int_equal(mailsub__transport_deadline(client.transport), -1);
    mailsub__transport_close(client.transport, true);
    assert_string_equal(mailsub__transport_get_detail(client.transport),
                        "slow.test: no answer from the name service");
    /* The same question again is asked once: there is one thread, and its answer counts. */
    lookup_await(1);
    size_t n_lookups = lookup_count();
    mailsub__transport_open(client.transport, false, 0);
    assert_int_equal(await_threads(n_threads + 1), n_threads + 1);
    lookup_release();
    assert_int_equal(client_finish(&client), MAILSUB_E_CONNECT);
    assert_int_equal(lookup_count(), n_lookups);
    mailsub__transport_close(client.transport, false);
    /* An answer that came while nobody waited is not taken by a later open. */
    mailsub__transport_open(client.transport, false, 0);
    mailsub__transport_close(client.transport, false);
    lookup_release();
    mailsub__poller_wait(client.poller, -1);
    mailsub__transport_open(client.transport, false, 0);
    lookup_release();
    assert_int_equal(client_finish(&client), MAILSUB_E_CONNECT);
    assert_int_equal(lookup_count(), n_lookups + 2);
    mailsub__transport_close(client.transport, false);
    /* And free waits for the thread. */
    mailsub__transport_open(client.transport, false, 0);
    mailsub__transport_close(client.transport, false);
    lookup_release();
    client_deinit(&client);
    assert_int_equal(await_threads(n_threads), n_threads);
}

static void say_goodbye(int fd, void *context)
{
    (void)context;
    peer_send(fd, "421 bye", 7);
}

static void last_words_are_read_before_the_end(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, AF_INET, say_goodbye, NULL);
    mailsub__transport_settings settings = settings_for("127.0.0.1", peer.port);
    struct client client = {0};
    assert_int_equal(client_init(&client, &settings), MAILSUB_OK);
    assert_int_equal(client_open(&client, false), MAILSUB_OK);
    /* Write until the connection breaks; no signal may come of it. */
    char block[4096] = {0};
    size_t n;
    int rc;
    do {
        rc = mailsub__transport_write(client.transport, block, sizeof block, &n);
        if (rc == MAILSUB_OK)
            client_step(&client);
    } while (rc == MAILSUB_OK);
    assert_int_equal(rc, MAILSUB_E_CONNECTION_LOST);
    assert_int_equal(mailsub__transport_get_state(client.transport), MAILSUB__TRANSPORT_READY);
    assert_int_equal(mailsub__transport_write(client.transport, block, 1, &n), rc);
    char words[8] = "";
    assert_int_equal(client_read(&client, words, 7), MAILSUB_OK);
    assert_string_equal(words, "421 bye");
    assert_int_equal(client_drain(&client), MAILSUB_E_CONNECTION_LOST);
    assert_int_equal(mailsub__transport_get_state(client.transport), MAILSUB__TRANSPORT_FAILED);
    assert_int_equal(mailsub__transport_get_error(client.transport), MAILSUB_E_CONNECTION_LOST);
    assert_non_null(strstr(mailsub__transport_get_detail(client.transport), "sending: "));
    client_deinit(&client);
    peer_stop(&peer);
}

/* Waits to be told: a reset that comes too soon is one of the connecting, not of the connection. */
static void reset(int fd, void *context)
{
    static const struct linger now = {1, 0};
    sem_wait(context);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

struct end_row {
    const char *name;
    peer_serve_fn serve;
    const char *detail;
};

static const struct end_row ends[] = {
    {"the peer closes", say_goodbye, "the server closed the connection"},
    {"the peer resets", reset, "receiving: Connection reset by peer"},
};

static void the_end_is_told(void **state)
{
    const struct end_row *row = *state;
    struct peer peer;
    sem_t opened;
    sem_init(&opened, 0, 0);
    peer_start(&peer, AF_INET, row->serve, &opened);
    mailsub__transport_settings settings = settings_for("127.0.0.1", peer.port);
    struct client client = {0};
    assert_int_equal(client_init(&client, &settings), MAILSUB_OK);
    assert_int_equal(client_open(&client, false), MAILSUB_OK);
    sem_post(&opened);
    assert_int_equal(client_drain(&client), MAILSUB_E_CONNECTION_LOST);
    assert_string_equal(mailsub__transport_get_detail(client.transport), row->detail);
    client_deinit(&client);
    peer_stop(&peer);
    sem_destroy(&opened);
}

#define BULK_LEN (8u << 20)

/* Waits to be told, takes all, and answers by its sum. */
static void take_bulk(int fd, void *context)
{
    sem_wait(context);
    uint32_t sum = 0;
    char block[65536];
    for (size_t left = BULK_LEN; left > 0;) {
        ssize_t n = recv(fd, block, sizeof block < left ? sizeof block : left, 0);
        if (n <= 0)
            return;
        for (ssize_t i = 0; i < n; i++)
            sum = sum * 31 + (unsigned char)block[i];
        left -= (size_t)n;
    }
    peer_send(fd, &sum, sizeof sum);
}

static bool is_due(mailsub__poller *poller)
{
    struct pollfd entry = {mailsub__poller_get_fd(poller), POLLIN, 0};
    return poll(&entry, 1, 0) == 1;
}

static void a_full_socket_takes_what_it_can(void **state)
{
    (void)state;
    sem_t start;
    sem_init(&start, 0, 0);
    struct peer peer;
    peer_start(&peer, AF_INET, take_bulk, &start);
    mailsub__transport_settings settings = settings_for("127.0.0.1", peer.port);
    struct client client = {0};
    assert_int_equal(client_init(&client, &settings), MAILSUB_OK);
    assert_int_equal(client_open(&client, false), MAILSUB_OK);
    char *bulk = malloc(BULK_LEN);
    uint32_t want = 0;
    for (size_t i = 0; i < BULK_LEN; i++) {
        bulk[i] = (char)(i * 7 + i / 253);
        want = want * 31 + (unsigned char)bulk[i];
    }
    size_t at = 0;
    size_t n = 1;
    while (n > 0) {
        assert_int_equal(mailsub__transport_write(client.transport, bulk + at, BULK_LEN - at, &n),
                         MAILSUB_OK);
        at += n;
    }
    assert_in_range(at, 1, BULK_LEN - 1);
    assert_false(is_due(client.poller));
    sem_post(&start);
    assert_int_equal(client_write(&client, bulk + at, BULK_LEN - at), MAILSUB_OK);
    uint32_t sum = 0;
    assert_int_equal(client_read(&client, (char *)&sum, sizeof sum), MAILSUB_OK);
    assert_int_equal(sum, want);
    free(bulk);
    client_deinit(&client);
    peer_stop(&peer);
    sem_destroy(&start);
}

static void reading_is_thrifty(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, AF_INET, greet, NULL);
    mailsub__transport_settings settings = settings_for("127.0.0.1", peer.port);
    struct client client = {0};
    assert_int_equal(client_init(&client, &settings), MAILSUB_OK);
    assert_int_equal(client_open(&client, false), MAILSUB_OK);
    client_check_thrift(&client);
    assert_int_equal(client_write(&client, "world", 5), MAILSUB_OK);
    client_check_thrift(&client);
    client_deinit(&client);
    peer_stop(&peer);
}

static void each_failing_allocation_is_told(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, AF_INET, greet, NULL);
    mailsub__transport_settings settings = settings_for("localhost", peer.port);
    size_t n_descriptors = count_descriptors();
    int rc = MAILSUB_E_NOMEM;
    for (size_t n = 1; rc == MAILSUB_E_NOMEM; n++) {
        assert_true(n < 100);
        struct client client = {.heap = {.fail_at = n}};
        rc = client_init(&client, &settings);
        if (rc == MAILSUB_OK)
            rc = client_open(&client, false);
        assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM);
        client_deinit(&client);
    }
    peer_stop(&peer);
    assert_int_equal(count_descriptors(), n_descriptors - 1); /* the peer's */
}

/* With fewer and fewer descriptors to be had, opening fails by the right name. */
static void missing_descriptors_are_told(void **state)
{
    (void)state;
    mailsub__transport_settings settings = settings_for("127.0.0.1", 1);
    struct client client = {0};
    assert_int_equal(client_init(&client, &settings), MAILSUB_OK);
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    int next = dup(0);
    close(next);
    struct rlimit tight = {(rlim_t)next, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int rc = client_open(&client, false);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(rc, MAILSUB_E_SYSTEM);
    assert_non_null(strstr(mailsub__transport_get_detail(client.transport), "Too many open files"));
    client_deinit(&client);
}

static void descriptors_are_not_inherited_nor_standard(void **state)
{
    (void)state;
    struct peer peer;
    peer_start(&peer, AF_INET, greet, NULL);
    mailsub__transport_settings settings = settings_for("127.0.0.1", peer.port);
    bool was_open[64];
    for (int fd = 0; fd < 64; fd++)
        was_open[fd] = fcntl(fd, F_GETFD) >= 0;
    int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 40);
    close(STDIN_FILENO);
    was_open[STDIN_FILENO] = false;
    was_open[kept] = true;
    struct client client = {0};
    assert_int_equal(client_init(&client, &settings), MAILSUB_OK);
    assert_int_equal(client_open(&client, false), MAILSUB_OK);
    char word[5];
    assert_int_equal(client_read(&client, word, 5), MAILSUB_OK);
    int n_new = 0;
    for (int fd = 0; fd < 64; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (was_open[fd] || flags < 0)
            continue;
        assert_true(fd > STDERR_FILENO);
        assert_true(flags & FD_CLOEXEC);
        n_new++;
    }
    client_deinit(&client);
    peer_stop(&peer);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
    assert_int_equal(n_new, 3); /* epoll, eventfd, socket */
}

int main(void)
{
    start_first_thread();
    struct CMUnitTest tests[32] = {
        cmocka_unit_test(a_resolution_can_be_given_up),
        cmocka_unit_test(last_words_are_read_before_the_end),
        cmocka_unit_test(a_full_socket_takes_what_it_can),
        cmocka_unit_test(reading_is_thrifty),
        cmocka_unit_test(each_failing_allocation_is_told),
        cmocka_unit_test(missing_descriptors_are_told),
        cmocka_unit_test(descriptors_are_not_inherited_nor_standard),
    };
    size_t n_tests = 7;
    UNIT_ADD_ROWS(tests, n_tests, hosts, words_go_both_ways);
    UNIT_ADD_ROWS(tests, n_tests, failures, failures_are_typed);
    UNIT_ADD_ROWS(tests, n_tests, ends, the_end_is_told);
    return UNIT_RUN(tests, n_tests);
}
