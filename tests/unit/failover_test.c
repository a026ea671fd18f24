/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which server is asked, and how long one is left alone: by a clock that the tests hold. */
#include "unit.h"

#include <stdio.h>

#include <mailsub/error.h>
#include <mailsub/receipt.h>

#include "session/failover.h"

#define FIRST_MS 30000
#define MOST_MS 1800000
#define NONE SIZE_MAX

struct fixture {
    mailsub__failover failover;
    mailsub__health servers[MAILSUB_MAX_SERVERS];
};

static void set_up(struct fixture *fixture, size_t n)
{
    const mailsub_config config = {
        .n_servers = n, .pause_first_ms = FIRST_MS, .pause_most_ms = MOST_MS};
    *fixture = (struct fixture){.failover.n = 0};
    mailsub__failover_init(&fixture->failover, &config, fixture->servers);
}

static size_t next(const struct fixture *fixture, const mailsub__tour *tour, int64_t now_ms)
{
    size_t server = mailsub__failover_next(&fixture->failover, tour, now_ms);
    return server == fixture->failover.n ? NONE : server;
}

/* A try that fails. */
static int64_t fail_at(struct fixture *fixture, size_t server, int64_t now_ms)
{
    mailsub__failover_begin(&fixture->failover, server, now_ms);
    return mailsub__failover_fail(&fixture->failover, server, now_ms);
}

/* ---- what leads to the next server ---- */

static const struct permit_row {
    const char *name;
    int code;
    int last_stage; /* -1: at no stage */
} permit_rows[] = {
    {"a name that does not exist", MAILSUB_E_RESOLVE, MAILSUB_STAGE_RESOLVE},
    {"a name that is not resolved now", MAILSUB_E_RESOLVE_AGAIN, MAILSUB_STAGE_RESOLVE},
    {"no connection", MAILSUB_E_CONNECT, MAILSUB_STAGE_CONNECT},
    {"a proxy that gets no connection", MAILSUB_E_PROXY, MAILSUB_STAGE_CONNECT},
    {"a proxy that does not want this one", MAILSUB_E_PROXY_REFUSED, MAILSUB_STAGE_CONNECT},
    {"a handshake that breaks", MAILSUB_E_TLS, MAILSUB_STAGE_TLS},
    {"STARTTLS not now", MAILSUB_E_TLS_REFUSED, MAILSUB_STAGE_STARTTLS},
    {"a greeting that refuses", MAILSUB_E_GREETING_REFUSED, MAILSUB_STAGE_GREETING},
    {"EHLO that is refused", MAILSUB_E_EHLO_REFUSED, MAILSUB_STAGE_EHLO},
    {"a login that cannot be checked", MAILSUB_E_AUTH_DEFERRED, MAILSUB_STAGE_AUTH},
    {"421", MAILSUB_E_UNAVAILABLE, MAILSUB_STAGE_END_ - 1},
    {"silence", MAILSUB_E_TIMEOUT, MAILSUB_STAGE_END_ - 1},
    {"a connection that ends", MAILSUB_E_CONNECTION_LOST, MAILSUB_STAGE_END_ - 1},
};

static int wanted_last_stage(int code)
{
    for (size_t i = 0; i < sizeof permit_rows / sizeof permit_rows[0]; i++) {
        if (permit_rows[i].code == code)
            return permit_rows[i].last_stage;
    }
    return -1;
}

static void test_permit(void **state)
{
    const struct permit_row *row = *state;
    for (int stage = 0; stage < MAILSUB_STAGE_END_; stage++)
        assert_int_equal(mailsub__failover_permits(row->code, stage), stage <= row->last_stage);
}

/* Certificates, logins, the protocol, the message and this side's own troubles. */
static void nothing_else_leads_to_another_server(void **state)
{
    (void)state;
    int code = 0;
    size_t n = 0;
    for (size_t i = 0; mailsub_error_at(i, &code) == MAILSUB_OK; i++) {
        for (int stage = 0; stage < MAILSUB_STAGE_END_; stage++) {
            bool permits = mailsub__failover_permits(code, stage);
            assert_int_equal(permits, stage <= wanted_last_stage(code));
            n += permits && mailsub_error_group(code) != MAILSUB_GROUP_NETWORK &&
                 mailsub_error_action(code) != MAILSUB_ACTION_RETRY_LATER;
        }
    }
    /* Without a status of their own: the handshake, and refusals to this client by greeting and
       EHLO. */
    assert_int_equal(n, (MAILSUB_STAGE_TLS + 1) + (MAILSUB_STAGE_GREETING + 1) +
                            (MAILSUB_STAGE_EHLO + 1));
}

/* ---- back-off ---- */

static void the_time_doubles_up_to_the_most(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, 2);
    int64_t now_ms = 5;
    int64_t wanted_ms = FIRST_MS;
    for (int i = 0; i < 12; i++) {
        assert_int_equal(next(&fixture, NULL, now_ms), 0);
        assert_int_equal(fail_at(&fixture, 0, now_ms), wanted_ms);
        assert_int_equal(next(&fixture, NULL, now_ms + wanted_ms - 1), 1);
        now_ms += wanted_ms;
        wanted_ms = wanted_ms * 2 > MOST_MS ? MOST_MS : wanted_ms * 2;
    }
    mailsub__failover_begin(&fixture.failover, 0, now_ms);
    mailsub__failover_succeed(&fixture.failover, 0);
    assert_int_equal(next(&fixture, NULL, now_ms), 0);
    assert_int_equal(fail_at(&fixture, 0, now_ms), FIRST_MS);
}

static void one_connection_asks_whether_it_is_back(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, 2);
    fail_at(&fixture, 0, 0);
    assert_false(mailsub__failover_has_better(&fixture.failover, NULL, 1, FIRST_MS - 1));
    assert_true(mailsub__failover_has_better(&fixture.failover, NULL, 1, FIRST_MS));
    assert_false(mailsub__failover_has_better(&fixture.failover, NULL, 0, FIRST_MS));
    mailsub__failover_begin(&fixture.failover, 0, FIRST_MS);
    assert_int_equal(next(&fixture, NULL, FIRST_MS), 1);
    assert_false(mailsub__failover_has_better(&fixture.failover, NULL, 1, FIRST_MS));
    /* It was cancelled: another one may ask. */
    mailsub__failover_leave(&fixture.failover, 0);
    assert_int_equal(next(&fixture, NULL, FIRST_MS), 0);
    mailsub__failover_begin(&fixture.failover, 0, FIRST_MS);
    mailsub__failover_succeed(&fixture.failover, 0);
    assert_int_equal(next(&fixture, NULL, FIRST_MS), 0);
    assert_true(mailsub__failover_has_better(&fixture.failover, NULL, 1, FIRST_MS));
}

/* Three servers fail one behind the other; then each job asks one. */
static void the_one_whose_time_ends_first_is_asked_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, 3);
    for (size_t i = 0; i < 3; i++)
        fail_at(&fixture, i, 100 * (int64_t)(3 - i)); /* the last one's time ends first */
    for (size_t i = 0; i < 6; i++) {
        mailsub__tour tour = {0};
        int64_t now_ms = 1000 + 10 * (int64_t)i;
        size_t wanted = 2 - i % 3; /* each that fails again stands behind the others */
        assert_int_equal(next(&fixture, &tour, now_ms), wanted);
        mailsub__failover_begin(&fixture.failover, wanted, now_ms);
        mailsub__failover_pass(&fixture.failover, &tour, wanted);
        assert_int_equal(mailsub__failover_fail(&fixture.failover, wanted, now_ms), FIRST_MS);
        assert_int_equal(next(&fixture, &tour, now_ms), NONE);
    }
}

/* Behind those that are not left alone, one that is. */
static void a_tour_asks_each_server_once(void **state)
{
    (void)state;
    struct fixture fixture;
    static const size_t order[] = {0, 3, 2};
    set_up(&fixture, 4);
    fail_at(&fixture, 1, 20);
    fail_at(&fixture, 2, 10);
    mailsub__tour tour = {0};
    assert_int_equal(mailsub__failover_count_left(&fixture.failover, &tour, 30), 2);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(next(&fixture, &tour, 30), order[i]);
        mailsub__failover_begin(&fixture.failover, order[i], 30);
        mailsub__failover_pass(&fixture.failover, &tour, order[i]);
        mailsub__failover_fail(&fixture.failover, order[i], 30);
        assert_int_equal(mailsub__failover_count_left(&fixture.failover, &tour, 30), 1);
    }
    assert_int_equal(next(&fixture, &tour, 30), NONE);
}

static void connections_that_fall_together_are_one_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, 2);
    for (int i = 0; i < 5; i++)
        assert_int_equal(mailsub__failover_fail(&fixture.failover, 0, 100 + i), FIRST_MS);
    assert_int_equal(next(&fixture, NULL, 99 + FIRST_MS), 1);
    assert_int_equal(next(&fixture, NULL, 100 + FIRST_MS), 0);
}

static void without_a_pause_each_job_asks_the_first(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, 2);
    fixture.failover.first_ms = 0;
    fixture.failover.most_ms = 0;
    for (int i = 0; i < 3; i++) {
        mailsub__tour tour = {0};
        assert_int_equal(next(&fixture, &tour, i), 0);
        mailsub__failover_begin(&fixture.failover, 0, i);
        mailsub__failover_pass(&fixture.failover, &tour, 0);
        assert_int_equal(mailsub__failover_fail(&fixture.failover, 0, i), 0);
        assert_int_equal(next(&fixture, &tour, i), 1);
        assert_false(mailsub__failover_has_better(&fixture.failover, &tour, 1, i));
    }
}

static void all_servers_have_their_bit(void **state)
{
    (void)state;
    struct fixture fixture;
    mailsub__tour tour = {0};
    set_up(&fixture, MAILSUB_MAX_SERVERS);
    for (size_t i = 0; i < MAILSUB_MAX_SERVERS; i++) {
        assert_int_equal(next(&fixture, &tour, 0), i);
        mailsub__failover_begin(&fixture.failover, i, 0);
        mailsub__failover_pass(&fixture.failover, &tour, i);
        mailsub__failover_fail(&fixture.failover, i, 0);
    }
    assert_int_equal(next(&fixture, &tour, 0), NONE);
    mailsub__failover_forget(&fixture.failover);
    assert_int_equal(next(&fixture, NULL, 0), 0);
}

int main(void)
{
    struct CMUnitTest tests[40] = {
        cmocka_unit_test(nothing_else_leads_to_another_server),
        cmocka_unit_test(the_time_doubles_up_to_the_most),
        cmocka_unit_test(one_connection_asks_whether_it_is_back),
        cmocka_unit_test(the_one_whose_time_ends_first_is_asked_at_once),
        cmocka_unit_test(a_tour_asks_each_server_once),
        cmocka_unit_test(connections_that_fall_together_are_one_failure),
        cmocka_unit_test(without_a_pause_each_job_asks_the_first),
        cmocka_unit_test(all_servers_have_their_bit),
    };
    size_t n_tests = 8;
    UNIT_ADD_ROWS(tests, n_tests, permit_rows, test_permit);
    return UNIT_RUN(tests, n_tests);
}
