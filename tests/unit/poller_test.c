/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/fd.h"
#include "leftovers.h"
#include "net/clock.h"
#include "net/poller.h"

struct fixture {
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub__poller *poller;
    int ends[2];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    fixture.allocator = unit_allocator(&fixture.heap);
    assert_int_equal(mailsub__poller_new(&fixture.allocator, &fixture.poller), MAILSUB_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fixture.ends), 0);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    mailsub__poller_free(fixture->poller);
    close(fixture->ends[0]);
    close(fixture->ends[1]);
    assert_int_equal(fixture->heap.n_live, 0);
    return 0;
}

static bool is_due(struct fixture *fixture)
{
    struct pollfd entry = {mailsub__poller_get_fd(fixture->poller), POLLIN, 0};
    return poll(&entry, 1, 0) == 1;
}

static void what_is_watched_for_counts(void **state)
{
    struct fixture *fixture = *state;
    mailsub__poller *poller = fixture->poller;
    int fd = fixture->ends[0];
    assert_false(is_due(fixture));
    assert_int_equal(mailsub__poller_add(poller, fd, true, false), MAILSUB_OK);
    assert_false(is_due(fixture));
    assert_int_equal(mailsub__poller_change(poller, fd, true, true), MAILSUB_OK);
    assert_true(is_due(fixture));
    assert_int_equal(mailsub__poller_change(poller, fd, true, false), MAILSUB_OK);
    assert_false(is_due(fixture));
    assert_int_equal(write(fixture->ends[1], "x", 1), 1);
    assert_true(is_due(fixture));
    assert_true(is_due(fixture)); /* until it is read */
    assert_int_equal(mailsub__poller_change(poller, fd, false, false), MAILSUB_OK);
    assert_false(is_due(fixture));
    assert_int_equal(mailsub__poller_change(poller, fd, true, false), MAILSUB_OK);
    mailsub__poller_remove(poller, fd);
    assert_false(is_due(fixture));
}

static void refusals_are_told(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mailsub__poller_add(fixture->poller, -1, true, false), MAILSUB_E_SYSTEM);
    assert_int_equal(mailsub__poller_change(fixture->poller, fixture->ends[0], true, false),
                     MAILSUB_E_SYSTEM);
}

static void a_wake_lasts_until_it_is_cleared(void **state)
{
    struct fixture *fixture = *state;
    errno = 77;
    mailsub__poller_wake(fixture->poller);
    mailsub__poller_wake(fixture->poller);
    assert_int_equal(errno, 77);
    assert_true(is_due(fixture));
    mailsub__poller_wait(fixture->poller, -1);
    mailsub__poller_clear(fixture->poller);
    assert_false(is_due(fixture));
    mailsub__poller_clear(fixture->poller);
    mailsub__poller_wake(fixture->poller);
    assert_true(is_due(fixture));
}

static void waiting_ends_with_time(void **state)
{
    struct fixture *fixture = *state;
    int64_t begin = mailsub__clock_monotonic_ms();
    mailsub__poller_wait(fixture->poller, 0);
    mailsub__poller_wait(fixture->poller, 5);
    assert_true(mailsub__clock_monotonic_ms() - begin >= 4);
    mailsub__poller_wake(fixture->poller);
    mailsub__poller_wait(fixture->poller, INT64_MAX);
}

static void waiting_and_clearing_begin_a_round(void **state)
{
    struct fixture *fixture = *state;
    unsigned first = mailsub__poller_get_round(fixture->poller);
    assert_int_equal(mailsub__poller_get_round(fixture->poller), first);
    mailsub__poller_clear(fixture->poller);
    unsigned second = mailsub__poller_get_round(fixture->poller);
    assert_int_not_equal(second, first);
    mailsub__poller_wait(fixture->poller, 0);
    assert_int_not_equal(mailsub__poller_get_round(fixture->poller), second);
}

#define N_WAKES 2000

static void *wake_often(void *context)
{
    struct fixture *fixture = context;
    for (int i = 0; i < N_WAKES; i++)
        mailsub__poller_wake(fixture->poller);
    return NULL;
}

static void wakes_from_other_threads_arrive(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wake_often, fixture), 0);
    mailsub__poller_wait(fixture->poller, -1);
    for (int i = 0; i < N_WAKES; i++)
        mailsub__poller_clear(fixture->poller);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    mailsub__poller_clear(fixture->poller);
    mailsub__poller_clear(fixture->poller);
    assert_false(is_due(fixture));
    mailsub__poller_wake(fixture->poller);
    assert_true(is_due(fixture));
}

static mailsub__poller *woken_by_signal;

static void on_alarm(int number)
{
    (void)number;
    mailsub__poller_wake(woken_by_signal);
}

static void a_signal_handler_can_wake(void **state)
{
    struct fixture *fixture = *state;
    woken_by_signal = fixture->poller;
    struct sigaction action = {.sa_handler = on_alarm};
    struct sigaction old;
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_true(is_due(fixture));
    assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
}

static void each_failing_allocation_is_told(void **state)
{
    struct fixture *fixture = *state;
    size_t n_before = count_descriptors();
    mailsub__poller *poller = NULL;
    fixture->heap.fail_at = fixture->heap.n_requests + 1;
    assert_int_equal(mailsub__poller_new(&fixture->allocator, &poller), MAILSUB_E_NOMEM);
    assert_null(poller);
    assert_int_equal(count_descriptors(), n_before);
}

/* With room for n descriptors more, a poller needs two. */
static void missing_descriptors_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    int next = dup(0);
    close(next);
    for (rlim_t n = 0; n < 2; n++) {
        struct rlimit tight = {(rlim_t)next + n, old.rlim_max};
        size_t n_before = count_descriptors();
        mailsub__poller *poller = NULL;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
        int rc = mailsub__poller_new(&fixture->allocator, &poller);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
        assert_int_equal(rc, MAILSUB_E_SYSTEM);
        assert_null(poller);
        assert_int_equal(count_descriptors(), n_before);
    }
}

static void standard_descriptors_stay_free(void **state)
{
    (void)state;
    int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    assert_true(kept >= 10);
    close(STDIN_FILENO);
    int fd = mailsub__fd_lift(open("/dev/null", O_RDONLY | O_CLOEXEC));
    assert_true(fd > STDERR_FILENO);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
    close(fd);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
    errno = EMFILE;
    assert_int_equal(mailsub__fd_lift(-1), -1);
    assert_int_equal(errno, EMFILE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_watched_for_counts),         TEST(refusals_are_told),
        TEST(a_wake_lasts_until_it_is_cleared),   TEST(waiting_ends_with_time),
        TEST(waiting_and_clearing_begin_a_round), TEST(wakes_from_other_threads_arrive),
        TEST(a_signal_handler_can_wake),          TEST(each_failing_allocation_is_told),
        TEST(missing_descriptors_are_told),       cmocka_unit_test(standard_descriptors_stay_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
