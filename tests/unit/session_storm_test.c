/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Eight threads with a session each, which share one config and one limiter, and a ninth that
 * cancels all of them again and again. Every submission is accounted for: the server took what was
 * accepted, may have taken what is unknown, and nothing else. To be run with ThreadSanitizer too:
 *
 *   CC=clang-14 meson setup -Db_sanitize=thread -Db_lundef=false DIR
 *   MAILSUB_TEST_STORM=1000 DIR/tests/unit/session_storm_test
 */
#include "leftovers.h"
#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#define N_THREADS 8
/* Of a thread, unless MAILSUB_TEST_STORM says otherwise; under valgrind a handshake takes long. */
#define N_MESSAGES 12
#define N_MESSAGES_SLOW 4
#define N_RECIPIENTS 2
#define HOUR_MS (60LL * 60 * 1000)
/* Less than all of them ask for: some are held back. */
#define LIMIT (N_THREADS * N_RECIPIENTS * n_messages() / 4)

struct storm {
    mailsub_testing_server *server;
    mailsub_config *config;
    mailsub_limiter *limiter;
    atomic_size_t n_accepted;
    atomic_bool is_over;
};

struct worker {
    pthread_t thread;
    struct storm *storm;
    mailsub_session *session;
    mailsub_message *message;
    mailsub_receipt *receipt;
    size_t n_accepted;
    size_t n_unknown;
    size_t n_cancelled;
    size_t n_limited;
    int odd_code; /* one that cannot be */
};

static int64_t n_messages(void)
{
    const char *wanted = getenv("MAILSUB_TEST_STORM");
    if (wanted)
        return strtoll(wanted, NULL, 10);
    return unit_is_slow() ? N_MESSAGES_SLOW : N_MESSAGES;
}

static mailsub_message *make_message(void)
{
    mailsub_message *message = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    mailsub_message_set_from(message, "app@example.org", NULL);
    for (int i = 0; i < N_RECIPIENTS; i++) {
        char address[32];
        snprintf(address, sizeof address, "r%d@example.net", i);
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, address, NULL);
    }
    mailsub_message_set_text(message, "Hello\n", MAILSUB_NUL_TERMINATED);
    assert_int_equal(mailsub_message_get_error(message, NULL), 0);
    return message;
}

/* In the worker's thread, where nothing may be asserted. */
static void note(struct worker *worker, int code)
{
    switch (code) {
    case MAILSUB_OK:
        worker->n_accepted++;
        worker->storm->n_accepted++;
        break;
    case MAILSUB_E_UNKNOWN_OUTCOME:
        worker->n_unknown++;
        break;
    case MAILSUB_E_CANCELLED:
        worker->n_cancelled++;
        break;
    case MAILSUB_E_RATE_LIMITED:
        worker->n_limited++;
        break;
    default:
        worker->odd_code = code;
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    for (int64_t i = 0; i < n_messages(); i++) {
        note(worker, mailsub_session_submit(worker->session, worker->message, worker->receipt));
        if (i % 5 == 4)
            mailsub_session_close(worker->session);
    }
    return NULL;
}

struct canceller {
    pthread_t thread;
    struct storm *storm;
    struct worker *workers;
};

/* Between two gusts some come through; where it takes long, the next one does not wait for them. */
static void await_calm(const struct storm *storm)
{
    size_t n_accepted = storm->n_accepted;
    for (int i = 0; i < 1000 && storm->n_accepted < n_accepted + 2 && !storm->is_over; i++)
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void *cancel_all(void *context)
{
    struct canceller *canceller = context;
    for (size_t i = 0; !canceller->storm->is_over; i++) {
        mailsub_session_cancel(canceller->workers[i % N_THREADS].session);
        if (i % (2 * N_THREADS + 1) == 0)
            await_calm(canceller->storm);
    }
    return NULL;
}

static void begin(struct storm *storm)
{
    const uint32_t flags = MAILSUB_TESTING_STARTTLS | MAILSUB_TESTING_PIPELINING |
                           MAILSUB_TESTING_AUTH_PLAIN | MAILSUB_TESTING_DISCARD;
    assert_int_equal(mailsub_testing_server_new(flags, &storm->server), 0);
    assert_int_equal(mailsub_testing_server_add_user(storm->server, "user", "s3cret"), 0);
    assert_int_equal(mailsub_testing_server_start(storm->server), 0);
    const char *ca = mailsub_testing_server_get_ca(storm->server);
    const char *url = mailsub_testing_server_get_url(storm->server);
    assert_int_equal(mailsub_limiter_new(NULL, &storm->limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(storm->limiter, NULL, LIMIT, HOUR_MS, 0), 0);
    assert_int_equal(mailsub_config_new(NULL, &storm->config), 0);
    assert_int_equal(mailsub_config_set_url(storm->config, url), 0);
    assert_int_equal(mailsub_config_set_ca_data(storm->config, ca, strlen(ca)), 0);
    assert_int_equal(mailsub_config_set_credentials(storm->config, "user", "s3cret"), 0);
    assert_int_equal(
        mailsub_config_set_limiter(storm->config, storm->limiter, MAILSUB_WHEN_LIMITED_FAIL), 0);
    atomic_init(&storm->n_accepted, 0);
    atomic_init(&storm->is_over, false);
}

static void begin_worker(struct worker *worker, struct storm *storm)
{
    *worker = (struct worker){.storm = storm, .message = make_message()};
    assert_int_equal(mailsub_receipt_new(NULL, &worker->receipt), 0);
    assert_int_equal(mailsub_session_new(storm->config, &worker->session), 0);
}

static void end_worker(struct worker *worker)
{
    mailsub_session_free(worker->session);
    mailsub_receipt_free(worker->receipt);
    mailsub_message_free(worker->message);
}

/* The limiter counts what was accepted or may have been, and nothing that was given back. */
static void check_limiter(const struct storm *storm, int64_t n_accepted, int64_t n_unknown)
{
    mailsub_ticket *ticket = NULL;
    int64_t used = -1;
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    assert_int_equal(mailsub_limiter_query(storm->limiter, "app@example.org", NULL, ticket), 0);
    assert_int_equal(mailsub_ticket_get_usage(ticket, 0, &used, NULL, NULL), 0);
    assert_true(used >= n_accepted * N_RECIPIENTS);
    assert_true(used <= (n_accepted + n_unknown) * N_RECIPIENTS);
    mailsub_ticket_free(ticket);
}

static void a_storm_loses_nothing(void **state)
{
    (void)state;
    struct storm storm;
    struct worker workers[N_THREADS];
    struct canceller canceller = {.storm = &storm, .workers = workers};
    size_t n_threads = count_threads();
    size_t n_descriptors = count_descriptors();
    begin(&storm);
    for (size_t i = 0; i < N_THREADS; i++)
        begin_worker(&workers[i], &storm);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    assert_int_equal(pthread_create(&canceller.thread, NULL, cancel_all, &canceller), 0);
    struct worker all = {0};
    for (size_t i = 0; i < N_THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        all.n_accepted += workers[i].n_accepted;
        all.n_unknown += workers[i].n_unknown;
        all.n_cancelled += workers[i].n_cancelled;
        all.n_limited += workers[i].n_limited;
        assert_string_equal(mailsub_error_name(workers[i].odd_code), "MAILSUB_OK");
    }
    storm.is_over = true;
    pthread_join(canceller.thread, NULL);
    for (size_t i = 0; i < N_THREADS; i++)
        end_worker(&workers[i]);
    mailsub_testing_server_stop(storm.server);
    size_t n_taken = mailsub_testing_server_count_messages(storm.server);
    print_message("# %zu accepted, %zu unknown, %zu cancelled, %zu limited; %zu taken\n",
                  all.n_accepted, all.n_unknown, all.n_cancelled, all.n_limited, n_taken);
    assert_in_range(n_taken, all.n_accepted, all.n_accepted + all.n_unknown);
    check_limiter(&storm, (int64_t)all.n_accepted, (int64_t)all.n_unknown);
    mailsub_config_unref(storm.config);
    mailsub_limiter_unref(storm.limiter);
    mailsub_testing_server_free(storm.server);
    assert_int_equal(await_threads(n_threads), n_threads);
    assert_int_equal(count_descriptors(), n_descriptors);
}

static int set_up(void **state)
{
    (void)state;
    start_first_thread();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_storm_loses_nothing)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
