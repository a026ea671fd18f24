/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <mailsub/error.h>

#include "leftovers.h"
#include "lookup.h"
#include "net/poller.h"
#include "net/resolver.h"

static int create_result; /* of pthread_create, instead of a thread */
static size_t n_created;
static sigset_t mask_at_creation;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *context)
{
    n_created++;
    pthread_sigmask(SIG_SETMASK, NULL, &mask_at_creation);
    return create_result != 0 ? create_result
                              : __real_pthread_create(thread, attributes, run, context);
}

struct fixture {
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub__poller *poller;
    mailsub__resolver *resolver;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    fixture.allocator = unit_allocator(&fixture.heap);
    n_created = 0;
    create_result = 0;
    *state = &fixture;
    return mailsub__poller_new(&fixture.allocator, &fixture.poller);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mailsub__resolver_free(fixture->resolver);
    mailsub__poller_free(fixture->poller);
    return fixture->heap.n_live == 0 ? 0 : -1;
}

struct row {
    const char *name;
    const char *host;
    int want;
    const char *addresses[3]; /* as mailsub__endpoint_write writes them */
    const char *detail;       /* begins so */
    size_t n_threads;
};

static const struct row rows[] = {
    {"an IPv4 address", "192.0.2.7", MAILSUB_OK, {"192.0.2.7 port 587"}, "", 0},
    {"an IPv6 address", "2001:db8::7", MAILSUB_OK, {"2001:db8::7 port 587"}, "", 0},
    {"a name", "both.test", MAILSUB_OK, {"::1 port 587", "127.0.0.1 port 587"}, "", 1},
    {"a name that AI_ADDRCONFIG hides", "hidden.test", MAILSUB_OK, {"127.0.0.1 port 587"}, "", 1},
    {"no such name", "missing.test", MAILSUB_E_RESOLVE, {NULL}, "missing.test: ", 1},
    {"no address", "empty.test", MAILSUB_E_RESOLVE, {NULL}, "empty.test: ", 1},
    {"no address of a family", "family.test", MAILSUB_E_RESOLVE, {NULL}, "family.test: ", 1},
    {"service down", "down.test", MAILSUB_E_RESOLVE_AGAIN, {NULL}, "down.test: ", 1},
    {"service broken", "broken.test", MAILSUB_E_RESOLVE_AGAIN, {NULL}, "broken.test: ", 1},
    {"no memory", "short.test", MAILSUB_E_NOMEM, {NULL}, "short.test: ", 1},
    {"no memory in the system",
     "short-system.test",
     MAILSUB_E_NOMEM,
     {NULL},
     "short-system.test: Cannot allocate memory",
     1},
    {"no descriptor", "full.test", MAILSUB_E_SYSTEM, {NULL}, "full.test: Too many open files", 1},
    {"another failure of the system",
     "odd.test",
     MAILSUB_E_RESOLVE_AGAIN,
     {NULL},
     "odd.test: Input/output error",
     1},
};

static void a_host_is_resolved(void **state)
{
    const struct row *row = *state;
    void *fixture_state = NULL;
    assert_int_equal(set_up(&fixture_state), MAILSUB_OK);
    struct fixture *fixture = fixture_state;
    size_t n_threads = count_threads();
    assert_int_equal(mailsub__resolver_new(&fixture->allocator, fixture->poller, row->host, 587,
                                           &fixture->resolver),
                     MAILSUB_OK);
    assert_int_equal(n_created, row->n_threads);
    while (!mailsub__resolver_is_done(fixture->resolver)) {
        mailsub__poller_wait(fixture->poller, -1);
        mailsub__poller_clear(fixture->poller);
    }
    mailsub__endpoint out[3];
    size_t n = 99;
    mailsub__detail detail;
    mailsub__detail_clear(&detail);
    assert_int_equal(mailsub__resolver_get(fixture->resolver, out, 3, &n, &detail), row->want);
    assert_memory_equal(detail.text, row->detail, strlen(row->detail));
    for (size_t i = 0; row->addresses[i]; i++) {
        char text[MAILSUB__ENDPOINT_TEXT_LEN];
        assert_true(i < n);
        mailsub__endpoint_write(&out[i], text);
        assert_string_equal(text, row->addresses[i]);
    }
    if (row->want != MAILSUB_OK)
        assert_int_equal(n, 99);
    assert_int_equal(tear_down(&fixture_state), 0);
    assert_int_equal(await_threads(n_threads), n_threads);
}

static void no_more_is_given_than_there_is_room(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mailsub__resolver_new(&fixture->allocator, fixture->poller, "both.test", 25,
                                           &fixture->resolver),
                     MAILSUB_OK);
    mailsub__poller_wait(fixture->poller, -1);
    assert_true(mailsub__resolver_is_done(fixture->resolver));
    mailsub__endpoint out[1];
    size_t n = 0;
    mailsub__detail detail;
    mailsub__detail_clear(&detail);
    assert_int_equal(mailsub__resolver_get(fixture->resolver, out, 1, &n, &detail), MAILSUB_OK);
    assert_int_equal(n, 1);
}

static void the_thread_takes_no_signals(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mailsub__resolver_new(&fixture->allocator, fixture->poller, "slow.test", 25,
                                           &fixture->resolver),
                     MAILSUB_OK);
    assert_false(mailsub__resolver_is_done(fixture->resolver));
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    for (int number = 1; number < 32; number++) {
        assert_int_equal(sigismember(&now, number), 0);
        if (number != SIGKILL && number != SIGSTOP)
            assert_int_equal(sigismember(&mask_at_creation, number), 1);
    }
    lookup_release();
    /* tear_down waits for the thread */
}

static void a_missing_thread_is_told(void **state)
{
    struct fixture *fixture = *state;
    create_result = EAGAIN;
    errno = 0;
    int rc = mailsub__resolver_new(&fixture->allocator, fixture->poller, "both.test", 25,
                                   &fixture->resolver);
    assert_int_equal(rc, MAILSUB_E_SYSTEM);
    assert_int_equal(errno, EAGAIN);
    assert_null(fixture->resolver);
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    assert_int_equal(sigismember(&now, SIGTERM), 0);
}

static void each_failing_allocation_is_told(void **state)
{
    struct fixture *fixture = *state;
    fixture->heap.fail_at = fixture->heap.n_requests + 1;
    assert_int_equal(mailsub__resolver_new(&fixture->allocator, fixture->poller, "both.test", 25,
                                           &fixture->resolver),
                     MAILSUB_E_NOMEM);
    assert_null(fixture->resolver);
    assert_int_equal(n_created, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    struct CMUnitTest tests[4 + sizeof rows / sizeof rows[0]] = {
        TEST(no_more_is_given_than_there_is_room),
        TEST(the_thread_takes_no_signals),
        TEST(a_missing_thread_is_told),
        TEST(each_failing_allocation_is_told),
    };
    size_t n_tests = 4;
    UNIT_ADD_ROWS(tests, n_tests, rows, a_host_is_resolved);
    return UNIT_RUN(tests, n_tests);
}
