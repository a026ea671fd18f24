/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions with a limiter, against the fake server. */
#include "unit.h"

#include <stdio.h>

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#define DAY_MS (24LL * 60 * 60 * 1000)
#define SENDER "app@example.org"

struct fixture {
    mailsub_testing_server *server;
    mailsub_limiter *limiter;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_receipt *receipt;
    mailsub_ticket *ticket;
};

static void set_up(struct fixture *f, int64_t limit, int64_t window_ms, int when_limited)
{
    *f = (struct fixture){0};
    assert_int_equal(mailsub_testing_server_new(
                         MAILSUB_TESTING_PIPELINING | MAILSUB_TESTING_ENHANCED, &f->server),
                     0);
    assert_int_equal(mailsub_limiter_new(NULL, &f->limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(f->limiter, NULL, limit, window_ms, 0), 0);
    assert_int_equal(mailsub_receipt_new(NULL, &f->receipt), 0);
    assert_int_equal(mailsub_ticket_new(NULL, &f->ticket), 0);
    assert_int_equal(mailsub_config_new(NULL, &f->config), 0);
    assert_int_equal(mailsub_config_set_limiter(f->config, f->limiter, when_limited), 0);
    assert_int_equal(mailsub_config_insecure_set_no_tls(f->config), 0);
}

static void begin(struct fixture *f)
{
    char url[64];
    assert_int_equal(mailsub_testing_server_start(f->server), 0);
    snprintf(url, sizeof url, "smtp://127.0.0.1:%d", mailsub_testing_server_get_port(f->server));
    assert_int_equal(mailsub_config_set_url(f->config, url), 0);
    assert_int_equal(mailsub_session_new(f->config, &f->session), 0);
}

static void tear_down(struct fixture *f)
{
    mailsub_session_free(f->session);
    mailsub_config_unref(f->config);
    mailsub_limiter_unref(f->limiter);
    mailsub_receipt_free(f->receipt);
    mailsub_ticket_free(f->ticket);
    mailsub_testing_server_free(f->server);
}

static int submit(struct fixture *f, int n)
{
    mailsub_message *message = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    assert_int_equal(mailsub_message_set_from(message, SENDER, NULL), 0);
    for (int i = 0; i < n; i++) {
        char address[32];
        snprintf(address, sizeof address, "r%d@example.net", i);
        assert_int_equal(
            mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, address, NULL), 0);
    }
    assert_int_equal(mailsub_message_set_subject(message, "Test"), 0);
    assert_int_equal(mailsub_message_set_text(message, "Test\n", MAILSUB_NUL_TERMINATED), 0);
    int rc = mailsub_session_submit(f->session, message, f->receipt);
    mailsub_message_free(message);
    return rc;
}

static int64_t used(struct fixture *f)
{
    int64_t n = -1;
    assert_int_equal(mailsub_limiter_query(f->limiter, SENDER, NULL, f->ticket), 0);
    assert_int_equal(mailsub_ticket_get_usage(f->ticket, 0, &n, NULL, NULL), 0);
    return n;
}

static void check_outcomes(struct fixture *f, const char *want)
{
    assert_int_equal(mailsub_receipt_count_recipients(f->receipt), strlen(want));
    for (size_t i = 0; want[i] != '\0'; i++)
        assert_int_equal("NARDU"[mailsub_receipt_get_outcome(f->receipt, i)], want[i]);
}

static void the_next_message_is_stopped_before_a_connection(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 3, DAY_MS, MAILSUB_WHEN_LIMITED_FAIL);
    begin(&f);
    assert_int_equal(submit(&f, 3), MAILSUB_OK);
    assert_int_equal(mailsub_session_close(f.session), 0);
    assert_int_equal(submit(&f, 1), MAILSUB_E_RATE_LIMITED);
    assert_int_equal(mailsub_receipt_get_stage(f.receipt), MAILSUB_STAGE_CHECK);
    assert_int_equal(mailsub_receipt_get_recipient_code(f.receipt, 0), MAILSUB_E_RATE_LIMITED);
    assert_true(mailsub_receipt_get_quota_wait(f.receipt) > DAY_MS - 60000);
    assert_non_null(strstr(mailsub_receipt_get_detail(f.receipt), "the next slot opens in"));
    check_outcomes(&f, "N");
    assert_int_equal(mailsub_testing_server_count_connections(f.server), 1);
    assert_int_equal(mailsub_testing_server_count_messages(f.server), 1);
    tear_down(&f);
}

static void too_many_at_once_never_fit(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 2, DAY_MS, MAILSUB_WHEN_LIMITED_FAIL);
    begin(&f);
    assert_int_equal(submit(&f, 3), MAILSUB_E_RATE_LIMITED);
    assert_int_equal(mailsub_receipt_get_quota_wait(f.receipt), -1);
    check_outcomes(&f, "NNN");
    assert_int_equal(used(&f), 0);
    assert_int_equal(submit(&f, 2), MAILSUB_OK); /* over the same connection */
    assert_int_equal(mailsub_testing_server_count_connections(f.server), 1);
    tear_down(&f);
}

static void a_part_is_sent(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 2, DAY_MS, MAILSUB_WHEN_LIMITED_PART);
    begin(&f);
    assert_int_equal(submit(&f, 3), MAILSUB_E_PARTIAL);
    check_outcomes(&f, "AAN");
    assert_int_equal(mailsub_receipt_get_recipient_code(f.receipt, 2), MAILSUB_E_RATE_LIMITED);
    assert_true(mailsub_receipt_get_quota_wait(f.receipt) > DAY_MS - 60000);
    assert_int_equal(submit(&f, 3), MAILSUB_E_RATE_LIMITED);
    check_outcomes(&f, "NNN");
    assert_int_equal(used(&f), 2);
    tear_down(&f);
}

/* Two windows of a second: the only test that waits, for it is what is tested. */
static void a_message_waits_for_its_slots(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 2, 1000, MAILSUB_WHEN_LIMITED_WAIT);
    assert_int_equal(mailsub_testing_server_add_rule(f.server, "RCPT", "r1@", "550 5.1.1 No", 1),
                     0);
    begin(&f);
    assert_int_equal(submit(&f, 3), MAILSUB_E_PARTIAL);
    check_outcomes(&f, "ARA");
    assert_int_equal(mailsub_testing_server_count_messages(f.server), 2);
    assert_int_equal(mailsub_testing_server_count_connections(f.server), 2);
    assert_string_equal(mailsub_receipt_get_recipient_reply_text(f.receipt, 1), "No");
    assert_int_equal(mailsub_receipt_get_quota_wait(f.receipt), 0);
    tear_down(&f);
}

static void waiting_ends_with_the_deadline(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 2, DAY_MS, MAILSUB_WHEN_LIMITED_WAIT);
    assert_int_equal(mailsub_config_set_deadline(f.config, 60000), 0);
    begin(&f);
    assert_int_equal(submit(&f, 3), MAILSUB_E_PARTIAL);
    check_outcomes(&f, "AAN");
    assert_true(mailsub_receipt_get_quota_wait(f.receipt) > 60000);
    tear_down(&f);
}

static void a_failed_connection_costs_nothing(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 5, DAY_MS, MAILSUB_WHEN_LIMITED_FAIL);
    begin(&f);
    mailsub_testing_server_stop(f.server);
    assert_int_equal(submit(&f, 3), MAILSUB_E_CONNECT);
    assert_int_equal(used(&f), 0);
    tear_down(&f);
}

static void what_was_not_attempted_is_given_back(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 5, DAY_MS, MAILSUB_WHEN_LIMITED_FAIL);
    assert_int_equal(mailsub_config_set_all_or_none(f.config, 1), 0);
    assert_int_equal(mailsub_testing_server_add_rule(f.server, "RCPT", "r1@", "550 5.1.1 No", 1),
                     0);
    begin(&f);
    assert_int_equal(submit(&f, 3), MAILSUB_E_RECIPIENTS_REFUSED);
    check_outcomes(&f, "NRN");
    assert_int_equal(used(&f), 1);
    tear_down(&f);
}

static void a_server_that_asks_for_patience_gets_it(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 5, DAY_MS, MAILSUB_WHEN_LIMITED_FAIL);
    assert_int_equal(mailsub_testing_server_add_rule(f.server, "RCPT", "r0@",
                                                     "450 4.7.1 Rate limit exceeded", 1),
                     0);
    begin(&f);
    assert_int_equal(submit(&f, 1), MAILSUB_E_RECIPIENTS_DEFERRED);
    assert_int_equal(used(&f), 1);
    int64_t closed_ms = mailsub_ticket_get_closed(f.ticket);
    assert_true(closed_ms > 50000 && closed_ms <= 61000);
    assert_int_equal(submit(&f, 1), MAILSUB_E_RATE_LIMITED);
    assert_true(mailsub_receipt_get_quota_wait(f.receipt) > 50000);
    tear_down(&f);
}

static void settings_are_checked(void **state)
{
    (void)state;
    mailsub_config *config = NULL;
    mailsub_limiter *limiter = NULL;
    assert_int_equal(mailsub_config_new(NULL, &config), 0);
    assert_int_equal(mailsub_limiter_new(NULL, &limiter), 0);
    assert_int_equal(mailsub_config_set_limiter(config, limiter, 3), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_limiter(NULL, limiter, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_limiter(config, limiter, 0), 0);
    assert_int_equal(mailsub_config_set_limiter(config, limiter, 1), 0);
    mailsub_limiter_unref(limiter);
    assert_int_equal(mailsub_config_set_limiter(config, NULL, 0), 0);
    mailsub_config_unref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_message_is_stopped_before_a_connection),
        cmocka_unit_test(too_many_at_once_never_fit),
        cmocka_unit_test(a_part_is_sent),
        cmocka_unit_test(a_message_waits_for_its_slots),
        cmocka_unit_test(waiting_ends_with_the_deadline),
        cmocka_unit_test(a_failed_connection_costs_nothing),
        cmocka_unit_test(what_was_not_attempted_is_given_back),
        cmocka_unit_test(a_server_that_asks_for_patience_gets_it),
        cmocka_unit_test(settings_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
