/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store of examples/limiter_postgresql.c: see run_postgresql, which runs this. */
#include "unit.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mailsub/mailsub.h>

#include "../store/conformance.h"

#define DAY_MS (24LL * 60 * 60 * 1000)

/* Of the example. */
int postgresql_store(const char *conninfo, int server_clock, mailsub_store *out_store);

static const char *conninfo(void)
{
    const char *text = getenv("MAILSUB_POSTGRESQL");
    assert_non_null(text);
    return text;
}

static int open_store(int server_clock, mailsub_limiter **out_limiter)
{
    mailsub_store store;
    int rc = postgresql_store(conninfo(), server_clock, &store);
    return rc ? rc : mailsub_limiter_new_with_store(NULL, &store, out_limiter);
}

static int open_for_suite(void *context, mailsub_limiter **out_limiter)
{
    (void)context;
    return open_store(0, out_limiter);
}

static void tell_failure(void *context, const char *check, const char *what)
{
    (void)context;
    printf("# %s: %s\n", check, what);
}

static void the_store_conforms(void **state)
{
    (void)state;
    const struct conformance suite = {
        .flags = CONFORMANCE_SHARED,
        .open = open_for_suite,
        .failed = tell_failure,
        .n_operations = 1500,
        .seed = 0x9057,
    };
    assert_int_equal(conformance_run(&suite), 0);
}

static mailsub_limiter *open_limit(int64_t limit)
{
    mailsub_limiter *limiter = NULL;
    assert_int_equal(open_store(1, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, limit, DAY_MS, 0), 0);
    return limiter;
}

static int reserve(mailsub_limiter *limiter, const char *sender)
{
    mailsub_ticket *ticket = NULL;
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    int rc = mailsub_limiter_reserve(limiter, sender, 1, NULL, ticket);
    mailsub_ticket_free(ticket);
    return rc;
}

/* The parent's connection is not the children's. */
static void processes_count_together(void **state)
{
    (void)state;
    int fds[2];
    mailsub_limiter *limiter = open_limit(100);
    assert_int_equal(reserve(limiter, "all@x.example"), 0);
    assert_int_equal(pipe(fds), 0);
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            while (reserve(limiter, "all@x.example") == 0) {
                if (write(fds[1], "x", 1) != 1)
                    _exit(1);
            }
            _exit(0);
        }
    }
    int n = 1;
    while (reserve(limiter, "all@x.example") == 0)
        n++;
    close(fds[1]);
    for (char c; read(fds[0], &c, 1) == 1;)
        n++;
    close(fds[0]);
    for (int i = 0; i < 4; i++)
        wait(NULL);
    assert_int_equal(n, 100);
    mailsub_limiter_unref(limiter);
}

static long run(const char *statement)
{
    PGconn *connection = PQconnectdb(conninfo());
    PGresult *result = PQexec(connection, statement);
    long n = PQntuples(result) > 0 ? strtol(PQgetvalue(result, 0, 0), NULL, 10) : -1;
    assert_true(PQresultStatus(result) == PGRES_TUPLES_OK ||
                PQresultStatus(result) == PGRES_COMMAND_OK);
    PQclear(result);
    PQfinish(connection);
    return n;
}

static void rows_that_count_no_more_are_deleted(void **state)
{
    (void)state;
    mailsub_limiter *limiter = open_limit(100);
    assert_int_equal(reserve(limiter, "old1@x.example"), 0);
    assert_int_equal(reserve(limiter, "old2@x.example"), 0);
    run("UPDATE mailsub_limits SET idle_at = 1 WHERE convert_from(sender, 'UTF8') LIKE 'old%'");
    long n = run("SELECT count(*) FROM mailsub_limits");
    assert_int_equal(reserve(limiter, "new@x.example"), 0);
    assert_int_equal(run("SELECT count(*) FROM mailsub_limits"), n - 1);
    assert_int_equal(reserve(limiter, "new@x.example"), 0); /* not a new one any more */
    assert_int_equal(run("SELECT count(*) FROM mailsub_limits"), n - 1);
    mailsub_limiter_unref(limiter);
}

static void a_connection_that_was_lost_is_made_anew(void **state)
{
    (void)state;
    mailsub_limiter *limiter = open_limit(100);
    assert_int_equal(reserve(limiter, "lost@x.example"), 0);
    run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
    assert_int_equal(reserve(limiter, "lost@x.example"), 0);
    mailsub_limiter_unref(limiter);
}

static void damaged_and_later_rows_are_refused(void **state)
{
    (void)state;
    mailsub_limiter *limiter = open_limit(100);
    assert_int_equal(reserve(limiter, "damaged@x.example"), 0);
    run("UPDATE mailsub_limits SET state = 'x' WHERE sender = 'damaged@x.example'");
    assert_int_equal(reserve(limiter, "damaged@x.example"), MAILSUB_E_STORE_VERSION);
    run("UPDATE mailsub_limits SET state = '' WHERE sender = 'damaged@x.example'");
    assert_int_equal(reserve(limiter, "damaged@x.example"), 0);
    mailsub_limiter_unref(limiter);
    mailsub_store store;
    assert_int_equal(postgresql_store("host=/nonexistent", 1, &store), MAILSUB_E_STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_store_conforms),
        cmocka_unit_test(processes_count_together),
        cmocka_unit_test(rows_that_count_no_more_are_deleted),
        cmocka_unit_test(a_connection_that_was_lost_is_made_anew),
        cmocka_unit_test(damaged_and_later_rows_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
