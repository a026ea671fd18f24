/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions with a limiter against a real Postfix, whose service "counted" takes every recipient and
 * delivers to none. Each session has a limiter of its own on one file, as scripts that are started
 * one after the other have.
 */
#include "real.h"

#include <unistd.h>

#define DAY_MS (24LL * 60 * 60 * 1000)
#define SENDER "alice@ours.example"

struct fixture {
    char path[256];
    char url[300];
    int64_t limit;
    int64_t window_ms;
    int when_limited;
    mailsub_receipt *receipt;
};

static void set_up(struct fixture *f, int64_t limit, int64_t window_ms, int when_limited)
{
    *f = (struct fixture){.limit = limit, .window_ms = window_ms, .when_limited = when_limited};
    snprintf(f->path, sizeof f->path, "%s/limits", real_setting("MAILSUB_SCRATCH"));
    snprintf(f->url, sizeof f->url, "file:%s", f->path);
    assert_int_equal(mailsub_receipt_new(NULL, &f->receipt), 0);
}

static void tear_down(struct fixture *f)
{
    mailsub_receipt_free(f->receipt);
    assert_int_equal(unlink(f->path), 0);
}

static mailsub_limiter *open_limiter(const struct fixture *f)
{
    mailsub_limiter *limiter = NULL;
    assert_int_equal(mailsub_limiter_open(NULL, f->url, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, f->limit, f->window_ms, 0), 0);
    return limiter;
}

static int64_t used(const struct fixture *f)
{
    int64_t n = -1;
    mailsub_ticket *ticket = NULL;
    mailsub_limiter *limiter = open_limiter(f);
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    assert_int_equal(mailsub_limiter_query(limiter, SENDER, NULL, ticket), 0);
    assert_int_equal(mailsub_ticket_get_usage(ticket, 0, &n, NULL, NULL), 0);
    mailsub_ticket_free(ticket);
    mailsub_limiter_unref(limiter);
    return n;
}

static mailsub_message *build(int n)
{
    mailsub_message *message = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    mailsub_message_set_from(message, SENDER, NULL);
    for (int i = 0; i < n; i++) {
        char address[64];
        snprintf(address, sizeof address, "reader%d@ours.example", i);
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, address, NULL);
    }
    mailsub_message_set_subject(message, "Counted");
    mailsub_message_set_text(message, "One more.\n", MAILSUB_NUL_TERMINATED);
    assert_int_equal(mailsub_message_get_error(message, NULL), 0);
    return message;
}

static void count_mail(void *context, int direction, const char *line, size_t len)
{
    int *n_mails = context;
    *n_mails +=
        direction == MAILSUB_TRANSCRIPT_CLIENT && len >= 10 && strncmp(line, "MAIL FROM:", 10) == 0;
}

struct sent {
    const char *scheme;
    const char *service;
    const char *password; /* NULL: no login */
    int n;
};

/* One script: submit to n recipients, and count the times that MAIL was said. */
static int submit(const struct fixture *f, const struct sent *sent, int *out_n_mails)
{
    char url[128];
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    mailsub_limiter *limiter = open_limiter(f);
    mailsub_message *message = build(sent->n);
    *out_n_mails = 0;
    real_url(url, sizeof url, sent->scheme, "localhost", sent->service);
    assert_int_equal(mailsub_config_new(NULL, &config), 0);
    assert_int_equal(mailsub_config_set_url(config, url), 0);
    assert_int_equal(mailsub_config_set_ca_file(config, real_setting("MAILSUB_CA")), 0);
    if (sent->password)
        assert_int_equal(mailsub_config_set_credentials(config, "alice", sent->password), 0);
    assert_int_equal(mailsub_config_set_limiter(config, limiter, f->when_limited), 0);
    mailsub_limiter_unref(limiter);
    assert_int_equal(mailsub_config_set_transcript(config, count_mail, out_n_mails), 0);
    assert_int_equal(mailsub_session_new(config, &session), 0);
    int rc = mailsub_session_submit(session, message, f->receipt);
    mailsub_session_close(session);
    mailsub_session_free(session);
    mailsub_config_unref(config);
    mailsub_message_free(message);
    return rc;
}

static void check_all(const struct fixture *f, int outcome, int code)
{
    for (size_t i = 0; i < mailsub_receipt_count_recipients(f->receipt); i++) {
        assert_int_equal(mailsub_receipt_get_outcome(f->receipt, i), outcome);
        assert_int_equal(mailsub_receipt_get_recipient_code(f->receipt, i), code);
    }
}

static void the_251st_recipient_is_stopped_before_mail(void **state)
{
    (void)state;
    static const struct sent many = {"smtp", "counted", NULL, 249};
    static const struct sent one = {"smtp", "counted", NULL, 1};
    struct fixture f;
    int n_mails = 0;
    set_up(&f, 250, DAY_MS, MAILSUB_WHEN_LIMITED_FAIL);
    assert_int_equal(submit(&f, &many, &n_mails), MAILSUB_OK);
    check_all(&f, MAILSUB_OUTCOME_ACCEPTED, MAILSUB_OK);
    assert_int_equal(n_mails, 1);
    assert_int_equal(submit(&f, &one, &n_mails), MAILSUB_OK);
    assert_int_equal(used(&f), 250);
    assert_int_equal(submit(&f, &one, &n_mails), MAILSUB_E_RATE_LIMITED);
    check_all(&f, MAILSUB_OUTCOME_NOT_ATTEMPTED, MAILSUB_E_RATE_LIMITED);
    assert_int_equal(n_mails, 0);
    assert_int_equal(mailsub_receipt_get_stage(f.receipt), MAILSUB_STAGE_CHECK);
    assert_int_equal(mailsub_receipt_get_reply_code(f.receipt), 0);
    int64_t wait_ms = mailsub_receipt_get_quota_wait(f.receipt);
    assert_true(wait_ms > DAY_MS - 60000 && wait_ms <= DAY_MS + DAY_MS / 20);
    assert_int_equal(used(&f), 250);
    tear_down(&f);
}

/* It waits for the second window, which is what is tested: a second. */
static void a_submission_is_split_over_two_windows(void **state)
{
    (void)state;
    static const struct sent sent = {"smtp", "counted", NULL, 5};
    struct fixture f;
    int n_mails = 0;
    set_up(&f, 3, 1000, MAILSUB_WHEN_LIMITED_WAIT);
    assert_int_equal(submit(&f, &sent, &n_mails), MAILSUB_OK);
    check_all(&f, MAILSUB_OUTCOME_ACCEPTED, MAILSUB_OK);
    assert_int_equal(n_mails, 2);
    assert_int_equal(mailsub_receipt_get_quota_wait(f.receipt), 0);
    tear_down(&f);
}

static const struct failed_row {
    const char *name;
    struct sent sent;
    int want;
} failed_rows[] = {
    {"nobody listens", {"smtp", "refusing", NULL, 3}, MAILSUB_E_CONNECT},
    {"wrong password", {"submissions", "smtps", "wrong", 3}, MAILSUB_E_AUTH_REJECTED},
    {"certificate of another",
     {"submissions", "stranger", "correct horse", 3},
     MAILSUB_E_TLS_UNTRUSTED},
    {"server that turns away", {"smtp", "unwelcoming", NULL, 3}, MAILSUB_E_GREETING_REFUSED},
};

static void what_fails_before_mail_costs_nothing(void **state)
{
    const struct failed_row *row = *state;
    struct fixture f;
    int n_mails = 0;
    set_up(&f, 250, DAY_MS, MAILSUB_WHEN_LIMITED_FAIL);
    assert_int_equal(submit(&f, &row->sent, &n_mails), row->want);
    assert_int_equal(n_mails, 0);
    assert_int_equal(used(&f), 0);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(the_251st_recipient_is_stopped_before_mail),
        cmocka_unit_test(a_submission_is_split_over_two_windows),
    };
    struct CMUnitTest tests[16];
    size_t n = 0;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        tests[n++] = fixed[i];
    UNIT_ADD_ROWS(tests, n, failed_rows, what_fails_before_mail_costs_nothing);
    return UNIT_RUN(tests, n);
}
