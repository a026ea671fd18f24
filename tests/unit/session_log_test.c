/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session tells of its connections, against the fake server. */
#include "unit.h"

#include <stdio.h>

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

struct fixture {
    mailsub_testing_server *server;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *message;
    char events[16384]; /* "CONNECTION ID name ..." each as a line */
    int64_t last_ms;
};

static void keep_event(void *context, const mailsub_log_event *event)
{
    struct fixture *fixture = context;
    size_t len = strlen(fixture->events);
    char line[MAILSUB_LOG_LINE_LEN];
    mailsub_log_format(event, line, sizeof line);
    assert_true(mailsub_log_get_time(event) >= fixture->last_ms);
    fixture->last_ms = mailsub_log_get_time(event);
    snprintf(fixture->events + len, sizeof fixture->events - len, "%s\n", line);
}

static void set_up(struct fixture *fixture, uint32_t flags)
{
    *fixture = (struct fixture){.last_ms = 0};
    assert_int_equal(mailsub_testing_server_new(flags, &fixture->server), 0);
}

static void connect_to(struct fixture *fixture)
{
    assert_int_equal(mailsub_testing_server_start(fixture->server), 0);
    assert_int_equal(mailsub_config_new(NULL, &fixture->config), 0);
    const char *ca = mailsub_testing_server_get_ca(fixture->server);
    assert_int_equal(
        mailsub_config_set_url(fixture->config, mailsub_testing_server_get_url(fixture->server)),
        0);
    assert_int_equal(mailsub_config_set_ca_data(fixture->config, ca, strlen(ca)), 0);
    assert_int_equal(mailsub_config_set_log(fixture->config, keep_event, fixture), 0);
    assert_int_equal(mailsub_session_new(fixture->config, &fixture->session), 0);
    assert_int_equal(mailsub_message_new(NULL, &fixture->message), 0);
    mailsub_message_set_from(fixture->message, "app@example.org", NULL);
    mailsub_message_add_recipient(fixture->message, MAILSUB_RECIPIENT_TO, "jo@example.net", NULL);
    mailsub_message_set_text(fixture->message, "Hello\n", MAILSUB_NUL_TERMINATED);
}

static void tear_down(struct fixture *fixture)
{
    mailsub_session_free(fixture->session);
    mailsub_config_unref(fixture->config);
    mailsub_message_free(fixture->message);
    mailsub_testing_server_free(fixture->server);
}

/* Each text is told, in this order. */
static void expect_in_order(const char *events, const char *const *want)
{
    const char *at = events;
    for (; *want; want++) {
        at = strstr(at, *want);
        if (!at)
            fail_msg("\"%s\" is not, or not in its place, among:\n%s", *want, events);
        at += strlen(*want);
    }
}

static void a_connection_is_told_from_its_name_to_its_end(void **state)
{
    (void)state;
    static const char *const want[] = {
        "CONNECTING connection=1 name=",
        "\nCONNECTED connection=1: ",
        "\nTLS connection=1 name=TLS1.3: ",
        "certificate verified\n",
        "STARTED connection=1 name=verified: tls=implicit login=no",
        "\nGREETING connection=1 ",
        "\nREADY connection=1\n",
        "SUBMITTED connection=1 message=1 ",
        "\nENDED connection=1 message=1 ",
        "\nCLOSED connection=1 ",
        NULL,
    };
    struct fixture fixture;
    set_up(&fixture, MAILSUB_TESTING_IMPLICIT_TLS);
    connect_to(&fixture);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL), 0);
    mailsub_session_close(fixture.session);
    expect_in_order(fixture.events, want);
    tear_down(&fixture);
}

static void starttls_is_told(void **state)
{
    (void)state;
    static const char *const want[] = {
        "STARTED connection=1 name=clear: tls=starttls",
        "COMMAND connection=1 name=STARTTLS ",
        "\nTLS connection=1 name=TLS1.3: ",
        "\nTLS_STARTED connection=1 name=verified\n",
        "COMMAND connection=1 name=EHLO ",
        NULL,
    };
    struct fixture fixture;
    set_up(&fixture, MAILSUB_TESTING_STARTTLS);
    connect_to(&fixture);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL), 0);
    expect_in_order(fixture.events, want);
    tear_down(&fixture);
}

/* A kept connection that is gone is replaced: the message is told on both. */
static void another_connection_has_another_number(void **state)
{
    (void)state;
    static const char *const want[] = {
        "ENDED connection=1 message=1 ",
        "LOST connection=1 code=MAILSUB_E_CONNECTION_LOST ",
        "ENDED connection=1 message=2 ",
        "RETRY connection=1 message=2 code=MAILSUB_E_CONNECTION_LOST ",
        "CONNECTING connection=2 ",
        "ENDED connection=2 message=1 ",
        NULL,
    };
    struct fixture fixture;
    set_up(&fixture, 0);
    assert_int_equal(mailsub_testing_server_add_rule(fixture.server, "MAIL", NULL, "250 Ok", 1), 0);
    assert_int_equal(mailsub_testing_server_add_rule(fixture.server, "MAIL", NULL, NULL, 1), 0);
    connect_to(&fixture);
    for (int i = 0; i < 2; i++)
        assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL), 0);
    expect_in_order(fixture.events, want);
    tear_down(&fixture);
}

static void a_connection_that_cannot_be_made_is_told(void **state)
{
    (void)state;
    static const char *const want[] = {
        "CONNECTING connection=1 ",
        "CONNECT_FAILED connection=1 code=MAILSUB_E_CONNECT stage=CONNECT: ",
        NULL,
    };
    struct fixture fixture;
    set_up(&fixture, 0);
    connect_to(&fixture);
    mailsub_testing_server_stop(fixture.server);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL),
                     MAILSUB_E_CONNECT);
    expect_in_order(fixture.events, want);
    assert_null(strstr(fixture.events, "CONNECTED"));
    tear_down(&fixture);
}

static void a_certificate_that_is_refused_is_told(void **state)
{
    (void)state;
    static const char *const want[] = {
        "CONNECTING connection=1 ",
        "CONNECT_FAILED connection=1 code=MAILSUB_E_",
        " stage=TLS: ",
        NULL,
    };
    struct fixture fixture;
    set_up(&fixture, MAILSUB_TESTING_IMPLICIT_TLS);
    assert_int_equal(
        mailsub_testing_server_set_certificate(fixture.server, "other.example", -60, 3600), 0);
    connect_to(&fixture);
    assert_true(mailsub_session_submit(fixture.session, fixture.message, NULL) < 0);
    expect_in_order(fixture.events, want);
    tear_down(&fixture);
}

static void note_done(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    (void)context;
    (void)message;
    (void)receipt;
    assert_int_equal(code, MAILSUB_E_CANCELLED);
}

/* Until the session is freed. */
static void waiting_for_a_slot_is_told(void **state)
{
    (void)state;
    struct fixture fixture;
    mailsub_limiter *limiter;
    set_up(&fixture, 0);
    connect_to(&fixture);
    mailsub_session_free(fixture.session);
    mailsub_config_unref(fixture.config);
    assert_int_equal(mailsub_config_new(NULL, &fixture.config), 0);
    assert_int_equal(
        mailsub_config_set_url(fixture.config, mailsub_testing_server_get_url(fixture.server)), 0);
    assert_int_equal(mailsub_config_set_log(fixture.config, keep_event, &fixture), 0);
    assert_int_equal(mailsub_limiter_new(NULL, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, 1, 86400000, 0), 0);
    assert_int_equal(mailsub_config_set_limiter(fixture.config, limiter, MAILSUB_WHEN_LIMITED_WAIT),
                     0);
    mailsub_limiter_unref(limiter);
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL), 0);
    assert_int_equal(mailsub_session_post(fixture.session, fixture.message, NULL, note_done, NULL),
                     0);
    assert_int_equal(mailsub_session_process(fixture.session), 0);
    assert_non_null(strstr(fixture.events, "\nWAITING connection=1 number="));
    tear_down(&fixture);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_told_from_its_name_to_its_end),
        cmocka_unit_test(starttls_is_told),
        cmocka_unit_test(another_connection_has_another_number),
        cmocka_unit_test(a_connection_that_cannot_be_made_is_told),
        cmocka_unit_test(a_certificate_that_is_refused_is_told),
        cmocka_unit_test(waiting_for_a_slot_is_told),
    };
    return UNIT_RUN(tests, sizeof tests / sizeof tests[0]);
}
