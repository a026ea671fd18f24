/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message submitted again and again: it is known for the same by its Date and Message-ID. */
#include "session_kit.h"

#include <stdio.h>

/* A server that answers verb in its own way; the message goes to it in clear. */
static void set_up(struct session_kit *fixture, const char *verb, const char *reply)
{
    *fixture = (struct session_kit){0};
    assert_int_equal(mailsub_testing_server_new(MAILSUB_TESTING_ENHANCED, &fixture->server), 0);
    assert_int_equal(mailsub_testing_server_add_rule(fixture->server, verb, NULL, reply, 0), 0);
    assert_int_equal(mailsub_testing_server_start(fixture->server), 0);
    assert_int_equal(mailsub_config_new(NULL, &fixture->config), 0);
    assert_int_equal(
        mailsub_config_set_url(fixture->config, mailsub_testing_server_get_url(fixture->server)),
        0);
    assert_int_equal(mailsub_session_new(fixture->config, &fixture->session), 0);
    assert_int_equal(mailsub_receipt_new(NULL, &fixture->receipt), 0);
}

/* A clock that goes on between any two looks at it. */
static int next_hour(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    int64_t *unix_s = context;
    *unix_s += 3600;
    *out_unix_s = *unix_s;
    *out_zone_min = 60;
    return MAILSUB_OK;
}

static mailsub_message *make_message(int64_t *hour)
{
    const mailsub_clock clock = {.size = sizeof clock, .context = hour, .now = next_hour};
    mailsub_message *message;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    mailsub_message_set_clock(message, &clock);
    mailsub_message_set_from(message, "app@example.org", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "jo@example.net", NULL);
    mailsub_message_set_text(message,
                             "Gr\xc3\xbc\xc3\x9f"
                             "e\n",
                             MAILSUB_NUL_TERMINATED);
    assert_int_equal(mailsub_message_get_error(message, NULL), 0);
    return message;
}

static void assert_has_line(const struct session_kit *fixture, size_t index, const char *line)
{
    size_t len = 0;
    const char *content = mailsub_testing_server_get_content(fixture->server, index, &len);
    assert_non_null(content);
    assert_non_null(memmem(content, len, line, strlen(line)));
}

/* Refused for now, sent elsewhere, and there once more. */
static void a_message_stays_the_same(void **state)
{
    (void)state;
    int64_t hour = 1700000000;
    struct session_kit first;
    struct session_kit second;
    const char *id;
    char line[400];
    mailsub_message *message = make_message(&hour);
    set_up(&first, ".", "451 4.3.0 Later");
    set_up(&second, "EHLO", "250-x\n250 SIZE 1000000");
    assert_int_equal(mailsub_session_submit(first.session, message, first.receipt),
                     MAILSUB_E_MESSAGE_DEFERRED);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mailsub_session_submit(second.session, message, second.receipt), 0);
        assert_int_equal(mailsub_message_get_message_id(message, &id), 0);
        assert_string_equal(mailsub_receipt_get_message_id(first.receipt), id);
        assert_string_equal(mailsub_receipt_get_message_id(second.receipt), id);
        snprintf(line, sizeof line, "\r\nMessage-ID: %s\r\n", id);
        assert_has_line(&second, i, line);
        assert_has_line(&second, i, "Date: Wed, 15 Nov 2023 00:13:20 +0100\r\n");
    }
    session_kit_free(&first);
    session_kit_free(&second);
    mailsub_message_free(message);
}

/* A copy is another message, and known for another one. */
static void a_copy_is_another_message(void **state)
{
    (void)state;
    int64_t hour = 1700000000;
    struct session_kit fixture;
    mailsub_message *message = make_message(&hour);
    mailsub_message *copy;
    char first[300];
    set_up(&fixture, "NOOP", "250 2.0.0 Ok");
    assert_int_equal(mailsub_session_submit(fixture.session, message, fixture.receipt), 0);
    snprintf(first, sizeof first, "%s", mailsub_receipt_get_message_id(fixture.receipt));
    assert_int_equal(mailsub_message_dup(message, &copy), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, copy, fixture.receipt), 0);
    assert_string_not_equal(mailsub_receipt_get_message_id(fixture.receipt), first);
    assert_has_line(&fixture, 0, "Date: Wed, 15 Nov 2023 00:13:20 +0100\r\n");
    assert_has_line(&fixture, 1, "Date: Wed, 15 Nov 2023 01:13:20 +0100\r\n");
    session_kit_free(&fixture);
    mailsub_message_free(copy);
    mailsub_message_free(message);
}

/* Where a server hangs up, and what is open then. */
struct break_row {
    const char *name;
    const char *at;
    int want;
    int outcome;
    size_t n_retryable;
};

static const struct break_row breaks[] = {
    {"lost at MAIL", "MAIL", MAILSUB_E_CONNECTION_LOST, MAILSUB_OUTCOME_NOT_ATTEMPTED, 1},
    {"lost at RCPT", "RCPT", MAILSUB_E_CONNECTION_LOST, MAILSUB_OUTCOME_NOT_ATTEMPTED, 1},
    {"lost at DATA", "DATA", MAILSUB_E_CONNECTION_LOST, MAILSUB_OUTCOME_NOT_ATTEMPTED, 1},
    {"lost behind the content", ".", MAILSUB_E_UNKNOWN_OUTCOME, MAILSUB_OUTCOME_UNKNOWN, 0},
};

/* Nothing is sent again by itself; the receipt tells what is open, and the message stays known. */
static void what_is_open_is_told(void **state)
{
    const struct break_row *row = *state;
    int64_t hour = 1700000000;
    struct session_kit first;
    struct session_kit second;
    const char *id = NULL;
    mailsub_message *message = make_message(&hour);
    set_up(&first, row->at, NULL);
    set_up(&second, "NOOP", "250 2.0.0 Ok");
    assert_int_equal(mailsub_session_submit(first.session, message, first.receipt), row->want);
    assert_int_equal(mailsub_testing_server_count_connections(first.server), 1);
    assert_int_equal(mailsub_testing_server_count_messages(first.server), 0);
    assert_int_equal(mailsub_receipt_get_outcome(first.receipt, 0), row->outcome);
    assert_int_equal(mailsub_receipt_count_retryable(first.receipt), row->n_retryable);
    assert_int_equal(mailsub_receipt_get_retry_after(first.receipt, 1) > 0, row->n_retryable > 0);
    assert_int_equal(mailsub_message_get_message_id(message, &id), 0);
    assert_string_equal(mailsub_receipt_get_message_id(first.receipt), id);
    assert_int_equal(mailsub_session_submit(second.session, message, second.receipt), 0);
    assert_string_equal(mailsub_receipt_get_message_id(second.receipt), id);
    assert_has_line(&second, 0, "Date: Wed, 15 Nov 2023 00:13:20 +0100\r\n");
    session_kit_free(&first);
    session_kit_free(&second);
    mailsub_message_free(message);
}

int main(void)
{
    static struct CMUnitTest tests[8] = {
        cmocka_unit_test(a_message_stays_the_same),
        cmocka_unit_test(a_copy_is_another_message),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, breaks, what_is_open_is_told);
    return UNIT_RUN(tests, n_tests);
}
