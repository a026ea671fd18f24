/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a session does to the process that it lives in: descriptors, signals, surroundings; and many
 * threads that cancel one another's sessions. What could spoil the test's own process is done in a
 * child, which tells by its exit status.
 */
#include "bulk_kit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE MAILSUB_TESTING_PIPELINING
#define CHUNK (MAILSUB_TESTING_PIPELINING | MAILSUB_TESTING_CHUNKING)
#define TLS MAILSUB_TESTING_STARTTLS

/* What a message carries: a file of this test's own, as no other program writes to it meanwhile. */
static char file[] = "/tmp/mailsub-manners-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(file);
    return fd < 0 || write(fd, "one\ntwo\n", 8) != 8 || close(fd) != 0;
}

static int drop_file(void **state)
{
    (void)state;
    return unlink(file);
}

static void prepare(struct bulk *bulk, uint32_t flags, const struct bulk_rule *rules,
                    const char *text)
{
    char url[64];
    bulk_begin(bulk, flags, rules);
    assert_int_equal(bulk_configure(bulk, NULL), 0);
    /* By its address: what the C library opens to resolve a name is not the session's. */
    const char *given = mailsub_testing_server_get_url(bulk->server);
    snprintf(url, sizeof url, "%.*s127.0.0.1:%d", (int)(strstr(given, "localhost") - given), given,
             mailsub_testing_server_get_port(bulk->server));
    assert_int_equal(mailsub_config_set_url(bulk->config, url), 0);
    assert_int_equal(bulk_make(bulk, NULL, 2, text), 0);
    assert_int_equal(mailsub_message_attach_file(bulk->messages[1], file, "list.txt", NULL), 0);
}

/* The descriptors that are open, as bits, up to 63. */
static uint64_t list_descriptors(void)
{
    uint64_t open_ones = 0;
    for (int fd = 0; fd < 64; fd++)
        open_ones |= fcntl(fd, F_GETFD) >= 0 ? UINT64_C(1) << fd : 0;
    return open_ones;
}

static int without_standard_streams(struct bulk *bulk)
{
    for (int fd = 0; fd <= 2; fd++)
        close(fd);
    if (mailsub_session_new(bulk->config, &bulk->session))
        return 1;
    for (size_t i = 0; i < bulk->n; i++) {
        if (mailsub_session_post(bulk->session, bulk->messages[i], NULL, NULL, NULL))
            return 2;
    }
    while (mailsub_session_count_pending(bulk->session) > 0) {
        struct pollfd watched = {.fd = mailsub_session_get_fd(bulk->session), .events = POLLIN};
        poll(&watched, 1, (int)mailsub_session_get_timeout(bulk->session));
        mailsub_session_process(bulk->session);
        if ((list_descriptors() & 7) != 0)
            return 3; /* what the application prints would go there */
    }
    int code = 1;
    while (mailsub_session_next_done(bulk->session, NULL, &code, NULL)) {
        if (code != MAILSUB_OK)
            return 4;
    }
    mailsub_session_free(bulk->session);
    return (list_descriptors() & 7) != 0 ? 5 : 0;
}

static void standard_streams_may_be_closed(void **state)
{
    (void)state;
    static const uint32_t ways[] = {PIPE, CHUNK | TLS, MAILSUB_TESTING_IMPLICIT_TLS};
    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
        struct bulk bulk;
        prepare(&bulk, ways[way], NULL, "text\n");
        bulk_in_child(&bulk, without_standard_streams);
        assert_int_equal(mailsub_testing_server_count_messages(bulk.server), 2);
        bulk_end(&bulk);
    }
}

/* Each descriptor that is there now, and was not before, is closed when a program is run. */
static int check_descriptors(uint64_t before)
{
    uint64_t now = list_descriptors() & ~before;
    for (int fd = 0; fd < 64; fd++) {
        if ((now & UINT64_C(1) << fd) != 0 && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
            return 1;
    }
    return 0;
}

static int watch_descriptors(struct bulk *bulk)
{
    uint64_t before = list_descriptors();
    size_t n_seen = 0;
    if (mailsub_session_new(bulk->config, &bulk->session))
        return 1;
    for (size_t i = 0; i < bulk->n; i++)
        mailsub_session_post(bulk->session, bulk->messages[i], NULL, NULL, NULL);
    while (mailsub_session_count_pending(bulk->session) > 0) {
        struct pollfd watched = {.fd = mailsub_session_get_fd(bulk->session), .events = POLLIN};
        poll(&watched, 1, (int)mailsub_session_get_timeout(bulk->session));
        mailsub_session_process(bulk->session);
        n_seen += (list_descriptors() & ~before) != 0;
        if (check_descriptors(before))
            return 2;
    }
    mailsub_session_free(bulk->session);
    return n_seen > 0 && list_descriptors() == before ? 0 : 3;
}

static void descriptors_are_closed_on_exec_and_given_back(void **state)
{
    (void)state;
    static const uint32_t ways[] = {PIPE, CHUNK | TLS, MAILSUB_TESTING_IMPLICIT_TLS};
    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
        struct bulk bulk;
        prepare(&bulk, ways[way], NULL, "text\n");
        bulk_in_child(&bulk, watch_descriptors);
        bulk_end(&bulk);
    }
}

static bool are_same(const sigset_t *a, const sigset_t *b)
{
    int i = 1;
    while (i < 65 && sigismember(a, i) == sigismember(b, i))
        i++;
    return i == 65;
}

static bool handles_alike(const struct sigaction *a, const struct sigaction *b)
{
    return a->sa_handler == b->sa_handler && a->sa_flags == b->sa_flags &&
           are_same(&a->sa_mask, &b->sa_mask);
}

/* SIGPIPE would kill: the server hangs up in the middle of contents that are still being sent. */
static int write_into_the_void(struct bulk *bulk)
{
    static struct sigaction before[65];
    sigset_t blocked_before;
    sigset_t blocked;
    signal(SIGPIPE, SIG_DFL);
    for (int i = 1; i < 65; i++)
        sigaction(i, NULL, &before[i]);
    sigprocmask(SIG_SETMASK, NULL, &blocked_before);
    const char *place = setlocale(LC_ALL, NULL);
    mode_t mask = umask(077);
    if (mailsub_session_new(bulk->config, &bulk->session))
        return 1;
    for (size_t i = 0; i < bulk->n; i++) {
        if (mailsub_session_submit(bulk->session, bulk->messages[i], NULL) == MAILSUB_OK)
            return 2;
    }
    mailsub_session_free(bulk->session);
    for (int i = 1; i < 65; i++) {
        struct sigaction now = {0};
        if (sigaction(i, NULL, &now) == 0 && !handles_alike(&now, &before[i]))
            return 3;
    }
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    if (!are_same(&blocked, &blocked_before))
        return 4;
    return strcmp(setlocale(LC_ALL, NULL), place) == 0 && umask(mask) == 077 ? 0 : 5;
}

static void no_signal_is_raised_or_touched(void **state)
{
    (void)state;
    static const struct bulk_rule by_data[] = {{"CONTENT", NULL, NULL, 0}, {0}};
    static const struct bulk_rule by_chunks[] = {{"BDAT", NULL, NULL, 0}, {0}};
    static char text[1000001];
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = i % 70 == 69 ? '\n' : 'x';
    static const struct {
        uint32_t flags;
        const struct bulk_rule *rules;
    } ways[] = {
        {PIPE, by_data}, {CHUNK, by_chunks}, {PIPE | TLS, by_data}, {CHUNK | TLS, by_chunks}};
    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
        struct bulk bulk;
        prepare(&bulk, ways[way].flags, ways[way].rules, text);
        bulk_in_child(&bulk, write_into_the_void);
        bulk_end(&bulk);
    }
}

/* ---- many threads ---- */

enum { N_THREADS = 8, N_EACH = 20 };

struct storm {
    struct bulk *bulk;
    mailsub_session *sessions[N_THREADS];
    atomic_size_t n_working;
    int codes[N_THREADS][N_EACH];
};

struct worker {
    struct storm *storm;
    size_t i;
};

static void *work(void *context)
{
    const struct worker *worker = context;
    struct storm *storm = worker->storm;
    for (size_t k = 0; k < N_EACH; k++) {
        mailsub_message *message = NULL;
        char sender[32];
        snprintf(sender, sizeof sender, "w%zu.%zu@example.org", worker->i, k);
        int rc = mailsub_message_new(NULL, &message);
        mailsub_message_set_from(message, sender, NULL);
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "to@example.net", NULL);
        mailsub_message_set_text(message, "text\n", MAILSUB_NUL_TERMINATED);
        if (rc == MAILSUB_OK)
            rc = mailsub_session_submit(storm->sessions[worker->i], message, NULL);
        storm->codes[worker->i][k] = rc;
        mailsub_message_free(message);
    }
    atomic_fetch_sub(&storm->n_working, 1);
    return NULL;
}

/* Now one session, now another, as long as somebody works. */
static void *blow(void *context)
{
    struct storm *storm = context;
    for (unsigned n = 0; atomic_load(&storm->n_working) > 0; n++) {
        mailsub_session_cancel(storm->sessions[n % N_THREADS]);
        sched_yield();
    }
    return NULL;
}

static void check_each(const struct storm *storm)
{
    for (size_t i = 0; i < N_THREADS; i++) {
        for (size_t k = 0; k < N_EACH; k++) {
            char sender[32];
            size_t n = 0;
            snprintf(sender, sizeof sender, "w%zu.%zu@example.org", i, k);
            for (size_t m = 0; m < mailsub_testing_server_count_messages(storm->bulk->server); m++)
                n += strcmp(mailsub_testing_server_get_sender(storm->bulk->server, m), sender) == 0;
            int code = storm->codes[i][k];
            if (code == MAILSUB_OK)
                assert_int_equal(n, 1);
            else if (code == MAILSUB_E_UNKNOWN_OUTCOME)
                assert_true(n <= 1);
            else
                assert_int_equal(n, 0);
            assert_true(code == MAILSUB_OK || code == MAILSUB_E_UNKNOWN_OUTCOME ||
                        code == MAILSUB_E_CANCELLED);
        }
    }
}

static void cancelling_from_other_threads_tells_the_truth(void **state)
{
    (void)state;
    struct bulk bulk;
    struct storm storm = {.bulk = &bulk};
    struct worker workers[N_THREADS];
    pthread_t threads[N_THREADS];
    pthread_t storms[2];
    mailsub_limiter *limiter = NULL;
    bulk_begin(&bulk, PIPE, NULL);
    assert_int_equal(bulk_configure(&bulk, NULL), 0);
    assert_int_equal(mailsub_config_set_transcript(bulk.config, NULL, NULL), 0);
    assert_int_equal(mailsub_limiter_new(NULL, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, 1000000, 86400000, 0), 0);
    assert_int_equal(mailsub_config_set_limiter(bulk.config, limiter, MAILSUB_WHEN_LIMITED_FAIL),
                     0);
    atomic_init(&storm.n_working, N_THREADS);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(mailsub_session_new(bulk.config, &storm.sessions[i]), 0);
    for (size_t i = 0; i < N_THREADS; i++) {
        workers[i] = (struct worker){&storm, i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&storms[i], NULL, blow, &storm), 0);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(storms[i], NULL), 0);
    for (size_t i = 0; i < N_THREADS; i++)
        mailsub_session_free(storm.sessions[i]);
    check_each(&storm);
    bulk_end(&bulk);
    mailsub_limiter_unref(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_streams_may_be_closed),
        cmocka_unit_test(descriptors_are_closed_on_exec_and_given_back),
        cmocka_unit_test(no_signal_is_raised_or_touched),
        cmocka_unit_test(cancelling_from_other_threads_tells_the_truth),
    };
    return cmocka_run_group_tests(tests, make_file, drop_file);
}
