/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several servers: what sends a message to the next, what does not, and when the first is used
 * again. The clock of the library is the system's, and what the tests add to it.
 */
#include "unit.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include "net/clock.h"

#define AUTH                                                                                       \
    (MAILSUB_TESTING_AUTH_PLAIN | MAILSUB_TESTING_AUTH_CLEAR | MAILSUB_TESTING_REQUIRE_AUTH)
#define TLS MAILSUB_TESTING_STARTTLS

enum { MAX_SERVERS = 3, MAX_RULES = 3, MAX_MESSAGES = 12 };

/* ---- the clock ---- */

static int64_t ahead_ms;

int64_t __real_mailsub__clock_monotonic_ms(void);
int64_t __wrap_mailsub__clock_monotonic_ms(void);

int64_t __wrap_mailsub__clock_monotonic_ms(void)
{
    return __real_mailsub__clock_monotonic_ms() + ahead_ms;
}

/* ---- servers, and a session for them ---- */

struct rule {
    const char *verb;
    const char *reply; /* as mailsub_testing_server_add_rule has it */
    unsigned times;
};

struct fixture {
    mailsub_testing_server *servers[MAX_SERVERS];
    size_t n;
    mailsub_config *config;
    mailsub_session *session;
    size_t n_messages;
    mailsub_message *messages[MAX_MESSAGES];
    mailsub_receipt *receipts[MAX_MESSAGES];
    unsigned n_failovers;
    unsigned n_started; /* connections over which the greeting is waited for, or was */
};

static void count_events(void *context, const mailsub_log_event *event)
{
    struct fixture *fixture = context;
    fixture->n_started += mailsub_log_get_id(event) == MAILSUB_LOG_STARTED;
    if (mailsub_log_get_id(event) != MAILSUB_LOG_FAILOVER)
        return;
    fixture->n_failovers++;
    assert_int_not_equal(mailsub_log_get_code(event), MAILSUB_OK);
    assert_non_null(strstr(mailsub_log_get_name(event), "://localhost:"));
}

static void add_server(struct fixture *fixture, uint32_t flags, const struct rule *rules)
{
    mailsub_testing_server *server = NULL;
    assert_int_equal(mailsub_testing_server_new(flags, &server), 0);
    for (size_t i = 0; rules && i < MAX_RULES && rules[i].verb; i++)
        assert_int_equal(mailsub_testing_server_add_rule(server, rules[i].verb, NULL,
                                                         rules[i].reply, rules[i].times),
                         0);
    if (flags & AUTH)
        assert_int_equal(mailsub_testing_server_add_user(server, "me", "pw"), 0);
    fixture->servers[fixture->n++] = server;
}

/* Start them, and name them in their order. */
static int configure(struct fixture *fixture, const mailsub_allocator *allocator)
{
    char authorities[16384] = "";
    int rc = mailsub_config_new(allocator, &fixture->config);
    for (size_t i = 0; i < fixture->n && rc == MAILSUB_OK; i++) {
        const char *url = mailsub_testing_server_get_url(fixture->servers[i]);
        rc = i == 0 ? mailsub_config_set_url(fixture->config, url)
                    : mailsub_config_add_url(fixture->config, url);
        strcat(authorities, mailsub_testing_server_get_ca(fixture->servers[i]));
    }
    if (rc == MAILSUB_OK && authorities[0] != '\0')
        rc = mailsub_config_set_ca_data(fixture->config, authorities, strlen(authorities));
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_log(fixture->config, count_events, fixture);
    return rc;
}

static int make_messages(struct fixture *fixture, const mailsub_allocator *allocator, size_t n)
{
    for (; fixture->n_messages < n; fixture->n_messages++) {
        mailsub_message **message = &fixture->messages[fixture->n_messages];
        if (mailsub_receipt_new(allocator, &fixture->receipts[fixture->n_messages]) ||
            mailsub_message_new(allocator, message))
            return MAILSUB_E_NOMEM;
        mailsub_message_set_from(*message, "from@example.org", NULL);
        mailsub_message_add_recipient(*message, MAILSUB_RECIPIENT_TO, "to@example.net", NULL);
        mailsub_message_set_text(*message, "text\n", MAILSUB_NUL_TERMINATED);
        int rc = mailsub_message_get_error(*message, NULL);
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}

static void start_servers(struct fixture *fixture)
{
    ahead_ms = 0;
    for (size_t i = 0; i < fixture->n; i++)
        assert_int_equal(mailsub_testing_server_start(fixture->servers[i]), 0);
}

static void begin(struct fixture *fixture, size_t n_messages)
{
    start_servers(fixture);
    assert_int_equal(configure(fixture, NULL), 0);
    assert_int_equal(make_messages(fixture, NULL, n_messages), 0);
}

static void open_session(struct fixture *fixture)
{
    assert_int_equal(mailsub_session_new(fixture->config, &fixture->session), 0);
}

static void close_client(struct fixture *fixture)
{
    mailsub_session_free(fixture->session);
    mailsub_config_unref(fixture->config);
    for (size_t i = 0; i < MAX_MESSAGES; i++) {
        mailsub_message_free(fixture->messages[i]);
        mailsub_receipt_free(fixture->receipts[i]);
        fixture->messages[i] = NULL;
        fixture->receipts[i] = NULL;
    }
    fixture->n_messages = 0;
    fixture->session = NULL;
    fixture->config = NULL;
}

static void end(struct fixture *fixture)
{
    close_client(fixture);
    for (size_t i = 0; i < fixture->n; i++) {
        assert_int_equal(mailsub_testing_server_count_client_errors(fixture->servers[i]), 0);
        mailsub_testing_server_free(fixture->servers[i]);
    }
}

static size_t count_mails(const struct fixture *fixture, size_t server)
{
    return mailsub_testing_server_count_messages(fixture->servers[server]);
}

static size_t count_connections(const struct fixture *fixture, size_t server)
{
    return mailsub_testing_server_count_connections(fixture->servers[server]);
}

/* Submit the first message once more. */
static int submit(struct fixture *fixture)
{
    return mailsub_session_submit(fixture->session, fixture->messages[0], fixture->receipts[0]);
}

static void assert_server(const struct fixture *fixture, size_t receipt, size_t server)
{
    assert_string_equal(mailsub_receipt_get_server(fixture->receipts[receipt]),
                        mailsub_config_get_server(fixture->config, server));
}

/* ---- what a failing server does to a message ---- */

static const struct row {
    const char *name;
    uint32_t flags;         /* of all servers */
    const char *other_name; /* in the first one's certificate */
    bool is_stopped;
    struct rule rules[MAX_RULES]; /* of the first */
    int code;                     /* of the first */
    int stage;
    int reply_code;
    bool goes_on; /* to the second */
} rows[] = {
    {"a port where nobody listens",
     0,
     NULL,
     true,
     {{0}},
     MAILSUB_E_CONNECT,
     MAILSUB_STAGE_CONNECT,
     0,
     true},
    {"a greeting of 421",
     0,
     NULL,
     false,
     {{"", "421 4.3.2 later", 0}},
     MAILSUB_E_UNAVAILABLE,
     MAILSUB_STAGE_GREETING,
     421,
     true},
    {"a greeting of 554",
     0,
     NULL,
     false,
     {{"", "554 not you", 0}},
     MAILSUB_E_GREETING_REFUSED,
     MAILSUB_STAGE_GREETING,
     554,
     true},
    {"no greeting",
     0,
     NULL,
     false,
     {{"", NULL, 0}},
     MAILSUB_E_CONNECTION_LOST,
     MAILSUB_STAGE_GREETING,
     0,
     true},
    {"a greeting that is none",
     0,
     NULL,
     false,
     {{"", "hello", 0}},
     MAILSUB_E_REPLY_MALFORMED,
     MAILSUB_STAGE_GREETING,
     0,
     false},
    {"EHLO and HELO refused",
     0,
     NULL,
     false,
     {{"EHLO", "502 no", 0}, {"HELO", "502 no", 0}},
     MAILSUB_E_EHLO_REFUSED,
     MAILSUB_STAGE_EHLO,
     502,
     true},
    {"EHLO answered by 421",
     0,
     NULL,
     false,
     {{"EHLO", "421 bye", 0}},
     MAILSUB_E_UNAVAILABLE,
     MAILSUB_STAGE_EHLO,
     421,
     true},
    {"STARTTLS not now",
     TLS,
     NULL,
     false,
     {{"STARTTLS", "454 4.7.0 not now", 0}},
     MAILSUB_E_TLS_REFUSED,
     MAILSUB_STAGE_STARTTLS,
     454,
     true},
    {"STARTTLS not offered",
     TLS,
     NULL,
     false,
     {{"EHLO", "250 me", 0}},
     MAILSUB_E_TLS_NOT_OFFERED,
     MAILSUB_STAGE_STARTTLS,
     0,
     false},
    {"a certificate of another host",
     TLS,
     "mail.example.com",
     false,
     {{0}},
     MAILSUB_E_TLS_NAME,
     MAILSUB_STAGE_TLS,
     0,
     false},
    {"a login that cannot be checked",
     AUTH,
     NULL,
     false,
     {{"AUTH", "454 4.7.0 later", 0}},
     MAILSUB_E_AUTH_DEFERRED,
     MAILSUB_STAGE_AUTH,
     454,
     true},
    {"a login that is refused",
     AUTH,
     NULL,
     false,
     {{"AUTH", "535 5.7.8 wrong", 0}},
     MAILSUB_E_AUTH_REJECTED,
     MAILSUB_STAGE_AUTH,
     535,
     false},
    {"death behind MAIL",
     0,
     NULL,
     false,
     {{"MAIL", NULL, 0}},
     MAILSUB_E_CONNECTION_LOST,
     MAILSUB_STAGE_MAIL,
     0,
     true},
    {"421 to MAIL",
     0,
     NULL,
     false,
     {{"MAIL", "421 4.3.2 bye", 0}},
     MAILSUB_E_UNAVAILABLE,
     MAILSUB_STAGE_MAIL,
     421,
     true},
    {"death behind RCPT",
     0,
     NULL,
     false,
     {{"RCPT", NULL, 0}},
     MAILSUB_E_CONNECTION_LOST,
     MAILSUB_STAGE_RCPT,
     0,
     true},
    {"death behind DATA",
     0,
     NULL,
     false,
     {{"DATA", NULL, 0}},
     MAILSUB_E_CONNECTION_LOST,
     MAILSUB_STAGE_DATA,
     0,
     true},
    {"death behind the content",
     0,
     NULL,
     false,
     {{".", NULL, 0}},
     MAILSUB_E_UNKNOWN_OUTCOME,
     MAILSUB_STAGE_END_OF_DATA,
     0,
     false},
    {"421 to the content",
     0,
     NULL,
     false,
     {{".", "421 4.3.2 bye", 0}},
     MAILSUB_E_MESSAGE_DEFERRED,
     MAILSUB_STAGE_END_OF_DATA,
     421,
     false},
    {"a sender not now",
     0,
     NULL,
     false,
     {{"MAIL", "451 4.7.1 later", 0}},
     MAILSUB_E_SENDER_DEFERRED,
     MAILSUB_STAGE_MAIL,
     451,
     false},
    {"a recipient refused",
     0,
     NULL,
     false,
     {{"RCPT", "550 5.1.1 no", 0}},
     MAILSUB_E_RECIPIENTS_REFUSED,
     MAILSUB_STAGE_RCPT,
     550,
     false},
    {"a recipient not now",
     0,
     NULL,
     false,
     {{"RCPT", "450 4.2.1 later", 0}},
     MAILSUB_E_RECIPIENTS_DEFERRED,
     MAILSUB_STAGE_RCPT,
     450,
     false},
};

static void assert_failed(const mailsub_receipt *receipt, size_t i, int code, int stage)
{
    assert_int_equal(mailsub_receipt_get_failed_server_code(receipt, i), code);
    assert_int_equal(mailsub_receipt_get_failed_server_stage(receipt, i), stage);
}

static void set_up_row(struct fixture *fixture, const struct row *row)
{
    *fixture = (struct fixture){.n = 0};
    add_server(fixture, row->flags, row->rules);
    add_server(fixture, row->flags, NULL);
    if (row->other_name)
        assert_int_equal(mailsub_testing_server_set_certificate(fixture->servers[0],
                                                                row->other_name, -86400, 86400),
                         0);
    begin(fixture, 1);
    if (row->flags & AUTH) {
        assert_int_equal(mailsub_config_set_credentials(fixture->config, "me", "pw"), 0);
        assert_int_equal(mailsub_config_insecure_allow_clear_login(fixture->config), 0);
    }
    if (row->flags & TLS)
        assert_int_equal(mailsub_config_set_tls(fixture->config, MAILSUB_TLS_STARTTLS), 0);
    if (row->is_stopped)
        mailsub_testing_server_stop(fixture->servers[0]);
    open_session(fixture);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct fixture fixture;
    set_up_row(&fixture, row);
    const mailsub_receipt *receipt = fixture.receipts[0];
    int code = submit(&fixture);
    assert_int_equal(code, row->goes_on ? MAILSUB_OK : row->code);
    assert_int_equal(mailsub_receipt_get_code(receipt), code);
    assert_int_equal(count_mails(&fixture, 1), row->goes_on);
    assert_int_equal(count_connections(&fixture, 1), row->goes_on);
    assert_server(&fixture, 0, row->goes_on);
    if (row->goes_on) {
        assert_int_equal(mailsub_receipt_count_failed_servers(receipt), 1);
        assert_string_equal(mailsub_receipt_get_failed_server(receipt, 0),
                            mailsub_config_get_server(fixture.config, 0));
        assert_failed(receipt, 0, row->code, row->stage);
        assert_int_equal(mailsub_receipt_get_failed_server_reply_code(receipt, 0), row->reply_code);
        assert_string_not_equal(mailsub_receipt_get_failed_server_text(receipt, 0), "");
        assert_int_equal(mailsub_receipt_get_outcome(receipt, 0), MAILSUB_OUTCOME_ACCEPTED);
        assert_int_equal(count_mails(&fixture, 0), 0);
    } else {
        assert_int_equal(mailsub_receipt_get_stage(receipt), row->stage);
        assert_int_equal(mailsub_receipt_get_reply_code(receipt), row->reply_code);
    }
    assert_int_equal(fixture.n_failovers, row->goes_on);
    end(&fixture);
}

/* ---- back-off ---- */

static void a_dead_server_is_left_alone_and_then_asked_again(void **state)
{
    (void)state;
    static const struct rule twice[MAX_RULES] = {{"", "421 4.3.2 later", 2}};
    static const struct {
        int64_t after_ms;
        size_t server;        /* that takes the mail */
        size_t n_connections; /* of the first */
    } steps[] = {
        {0, 1, 1},     {29000, 1, 1}, {1100, 1, 2}, {31000, 1, 2},
        {28000, 1, 2}, {1100, 0, 3},  {0, 0, 3},
    };
    struct fixture fixture = {.n = 0};
    add_server(&fixture, 0, twice);
    add_server(&fixture, 0, NULL);
    begin(&fixture, 1);
    open_session(&fixture);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        ahead_ms += steps[i].after_ms;
        assert_int_equal(submit(&fixture), MAILSUB_OK);
        assert_server(&fixture, 0, steps[i].server);
        assert_int_equal(count_connections(&fixture, 0), steps[i].n_connections);
    }
    assert_int_equal(count_mails(&fixture, 0), 2);
    assert_int_equal(count_mails(&fixture, 1), 5);
    end(&fixture);
}

static void the_pause_can_be_chosen(void **state)
{
    (void)state;
    static const struct rule once[MAX_RULES] = {{"", "421 4.3.2 later", 2}};
    struct fixture fixture = {.n = 0};
    add_server(&fixture, 0, once);
    add_server(&fixture, 0, NULL);
    begin(&fixture, 1);
    assert_int_equal(mailsub_config_set_server_pause(fixture.config, 0, 0), 0);
    open_session(&fixture);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(submit(&fixture), MAILSUB_OK);
        assert_server(&fixture, 0, i < 2);
        assert_int_equal(count_connections(&fixture, 0), i + 1);
    }
    end(&fixture);
}

/* All of them at first, then each time the one whose time ends first. */
static void when_all_are_dead_one_is_asked_at_once(void **state)
{
    (void)state;
    static const struct rule first[MAX_RULES] = {{"", "421 4.3.2 later", 2}};
    static const struct rule second[MAX_RULES] = {{"", "554 no", 2}};
    struct fixture fixture = {.n = 0};
    add_server(&fixture, 0, first);
    add_server(&fixture, 0, second);
    begin(&fixture, 1);
    open_session(&fixture);
    const mailsub_receipt *receipt = fixture.receipts[0];
    /* A later attempt may help at the first, so that is the result. */
    assert_int_equal(submit(&fixture), MAILSUB_E_UNAVAILABLE);
    assert_server(&fixture, 0, 0);
    assert_int_equal(mailsub_receipt_get_reply_code(receipt), 421);
    assert_string_equal(mailsub_receipt_get_reply_text(receipt), "later");
    assert_int_equal(mailsub_receipt_get_outcome(receipt, 0), MAILSUB_OUTCOME_NOT_ATTEMPTED);
    assert_int_equal(mailsub_receipt_count_failed_servers(receipt), 2);
    assert_failed(receipt, 0, MAILSUB_E_UNAVAILABLE, MAILSUB_STAGE_GREETING);
    assert_failed(receipt, 1, MAILSUB_E_GREETING_REFUSED, MAILSUB_STAGE_GREETING);
    ahead_ms += 10;
    assert_int_equal(submit(&fixture), MAILSUB_E_UNAVAILABLE);
    assert_int_equal(mailsub_receipt_count_failed_servers(receipt), 1);
    ahead_ms += 10;
    assert_int_equal(submit(&fixture), MAILSUB_E_GREETING_REFUSED);
    assert_int_equal(mailsub_receipt_count_failed_servers(receipt), 1);
    assert_server(&fixture, 0, 1);
    ahead_ms += 10;
    assert_int_equal(submit(&fixture), MAILSUB_OK);
    assert_server(&fixture, 0, 0);
    assert_int_equal(mailsub_receipt_count_failed_servers(receipt), 0);
    assert_int_equal(count_connections(&fixture, 0), 3);
    assert_int_equal(count_connections(&fixture, 1), 2);
    end(&fixture);
}

/* ---- silence ---- */

static void step(struct fixture *fixture, int most_ms)
{
    struct pollfd watched = {.fd = mailsub_session_get_fd(fixture->session), .events = POLLIN};
    int64_t timeout_ms = mailsub_session_get_timeout(fixture->session);
    assert_true(
        poll(&watched, 1, timeout_ms < 0 || timeout_ms > most_ms ? most_ms : (int)timeout_ms) >= 0);
    assert_int_equal(mailsub_session_process(fixture->session), 0);
}

static void finish(struct fixture *fixture)
{
    while (mailsub_session_count_pending(fixture->session) > 0)
        step(fixture, 20000);
    while (mailsub_session_next_done(fixture->session, NULL, NULL, NULL))
        ;
}

static void post(struct fixture *fixture, size_t i)
{
    assert_int_equal(mailsub_session_post(fixture->session, fixture->messages[i],
                                          fixture->receipts[i], NULL, NULL),
                     0);
}

/* The first server takes the connection and says nothing, until the clock goes on by ms. */
static void wait_in_vain(struct fixture *fixture, int64_t ms)
{
    open_session(fixture);
    post(fixture, 0);
    while (fixture->n_started == 0)
        step(fixture, 10);
    assert_int_equal(mailsub_session_count_pending(fixture->session), 1);
    ahead_ms += ms;
    finish(fixture);
}

static void begin_silent(struct fixture *fixture)
{
    static const struct rule silent[MAX_RULES] = {{"", "", 0}};
    *fixture = (struct fixture){.n = 0};
    add_server(fixture, 0, silent);
    add_server(fixture, 0, NULL);
    begin(fixture, 1);
}

static void a_silent_server_is_left_when_its_phase_ends(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_silent(&fixture);
    wait_in_vain(&fixture, 300000);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipts[0]), MAILSUB_OK);
    assert_failed(fixture.receipts[0], 0, MAILSUB_E_TIMEOUT, MAILSUB_STAGE_GREETING);
    assert_server(&fixture, 0, 1);
    end(&fixture);
}

static void a_silent_server_gets_its_share_of_the_deadline(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_silent(&fixture);
    assert_int_equal(mailsub_config_set_deadline(fixture.config, 100000), 0);
    wait_in_vain(&fixture, 50000);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipts[0]), MAILSUB_OK);
    assert_failed(fixture.receipts[0], 0, MAILSUB_E_TIMEOUT, MAILSUB_STAGE_GREETING);
    assert_server(&fixture, 0, 1);
    end(&fixture);
}

/* The message is lost to the deadline; the next one is not. */
static void a_deadline_that_passes_leaves_the_server_alone(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_silent(&fixture);
    assert_int_equal(mailsub_config_set_deadline(fixture.config, 100000), 0);
    wait_in_vain(&fixture, 100000);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipts[0]), MAILSUB_E_TIMEOUT);
    assert_int_equal(count_connections(&fixture, 1), 0);
    assert_int_equal(submit(&fixture), MAILSUB_OK);
    assert_server(&fixture, 0, 1);
    end(&fixture);
}

static void a_cancelled_message_goes_nowhere(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_silent(&fixture);
    open_session(&fixture);
    post(&fixture, 0);
    while (count_connections(&fixture, 0) == 0)
        step(&fixture, 10);
    assert_int_equal(mailsub_session_cancel(fixture.session), 0);
    finish(&fixture);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipts[0]), MAILSUB_E_CANCELLED);
    assert_int_equal(count_connections(&fixture, 1), 0);
    assert_int_equal(fixture.n_failovers, 0);
    end(&fixture);
}

/* ---- other orders ---- */

static void begin_stopped(struct fixture *fixture, uint32_t flags, size_t n_messages)
{
    *fixture = (struct fixture){.n = 0};
    add_server(fixture, flags, NULL);
    add_server(fixture, flags, NULL);
    begin(fixture, n_messages);
    mailsub_testing_server_stop(fixture->servers[0]);
}

static void probes_and_operations_go_to_the_next_too(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_stopped(&fixture, 0, 1);
    open_session(&fixture);
    mailsub_receipt *receipt = fixture.receipts[0];
    assert_int_equal(mailsub_session_probe(fixture.session, fixture.messages[0], receipt), 0);
    assert_server(&fixture, 0, 1);
    assert_int_equal(mailsub_receipt_count_failed_servers(receipt), 1);
    assert_int_equal(mailsub_session_etrn(fixture.session, "example.org", receipt),
                     MAILSUB_E_COMMAND);
    assert_server(&fixture, 0, 1);
    assert_int_equal(mailsub_receipt_count_failed_servers(receipt), 0);
    end(&fixture);
}

static void a_check_begins_with_the_first(void **state)
{
    (void)state;
    static const struct rule twice[MAX_RULES] = {{"", "421 4.3.2 later", 2}};
    struct fixture fixture = {.n = 0};
    add_server(&fixture, 0, twice);
    add_server(&fixture, 0, NULL);
    begin(&fixture, 1);
    open_session(&fixture);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(mailsub_session_check(fixture.session, fixture.receipts[0]), 0);
        assert_server(&fixture, 0, i < 2);
        assert_int_equal(count_connections(&fixture, 0), i + 1);
    }
    assert_int_equal(submit(&fixture), MAILSUB_OK);
    assert_server(&fixture, 0, 0);
    end(&fixture);
}

/* ---- many ---- */

static void finish_all(struct fixture *fixture)
{
    for (size_t i = 0; i < fixture->n_messages; i++)
        post(fixture, i);
    finish(fixture);
    for (size_t i = 0; i < fixture->n_messages; i++)
        assert_int_equal(mailsub_receipt_get_code(fixture->receipts[i]), MAILSUB_OK);
}

static void several_connections_go_to_the_next(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_stopped(&fixture, MAILSUB_TESTING_PIPELINING | MAILSUB_TESTING_CHUNKING, MAX_MESSAGES);
    assert_int_equal(mailsub_config_set_max_connections(fixture.config, 3), 0);
    open_session(&fixture);
    finish_all(&fixture);
    assert_int_equal(count_mails(&fixture, 1), MAX_MESSAGES);
    assert_int_equal(fixture.n_failovers, 1);
    assert_int_equal(mailsub_receipt_count_failed_servers(fixture.receipts[0]), 1);
    assert_int_equal(mailsub_receipt_count_failed_servers(fixture.receipts[1]), 0);
    end(&fixture);
}

/* One connection is what it allows: that is no reason to go elsewhere. */
static void a_server_that_wants_no_more_connections_is_not_dead(void **state)
{
    (void)state;
    static const struct rule one[MAX_RULES] = {{"", "220 welcome", 1}, {"", "421 too many", 0}};
    struct fixture fixture = {.n = 0};
    add_server(&fixture, 0, one);
    add_server(&fixture, 0, NULL);
    begin(&fixture, MAX_MESSAGES);
    assert_int_equal(mailsub_config_set_max_connections(fixture.config, 3), 0);
    open_session(&fixture);
    finish_all(&fixture);
    assert_int_equal(count_mails(&fixture, 0), MAX_MESSAGES);
    assert_int_equal(count_connections(&fixture, 1), 0);
    assert_int_equal(fixture.n_failovers, 0);
    end(&fixture);
}

static void a_server_that_dies_under_many_loses_none(void **state)
{
    (void)state;
    static const struct rule dying[MAX_RULES] = {{"MAIL", NULL, 0}};
    struct fixture fixture = {.n = 0};
    add_server(&fixture, MAILSUB_TESTING_PIPELINING, dying);
    add_server(&fixture, MAILSUB_TESTING_PIPELINING, NULL);
    begin(&fixture, MAX_MESSAGES);
    assert_int_equal(mailsub_config_set_max_connections(fixture.config, 2), 0);
    open_session(&fixture);
    finish_all(&fixture);
    assert_int_equal(count_mails(&fixture, 0), 0);
    assert_int_equal(count_mails(&fixture, 1), MAX_MESSAGES);
    end(&fixture);
}

/* ---- memory ---- */

static void every_allocation_fails_once(void **state)
{
    (void)state;
    struct fixture fixture;
    begin_stopped(&fixture, 0, 0);
    close_client(&fixture);
    size_t n_sent = 0;
    bool failed = true;
    for (size_t fail_at = 1; failed; fail_at += unit_is_slow() ? 7 : 1) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        int rc = configure(&fixture, &allocator);
        if (rc == MAILSUB_OK)
            rc = make_messages(&fixture, &allocator, 1);
        if (rc == MAILSUB_OK)
            rc = mailsub_session_new(fixture.config, &fixture.session);
        if (rc == MAILSUB_OK)
            rc = submit(&fixture);
        n_sent += rc == MAILSUB_OK;
        failed = heap.n_requests >= fail_at;
        assert_true(rc == MAILSUB_OK || (failed && rc == MAILSUB_E_NOMEM));
        close_client(&fixture);
        assert_int_equal(heap.n_live, 0);
    }
    assert_int_equal(count_mails(&fixture, 1), n_sent);
    end(&fixture);
}

int main(void)
{
    struct CMUnitTest tests[60] = {
        cmocka_unit_test(a_dead_server_is_left_alone_and_then_asked_again),
        cmocka_unit_test(the_pause_can_be_chosen),
        cmocka_unit_test(when_all_are_dead_one_is_asked_at_once),
        cmocka_unit_test(a_silent_server_is_left_when_its_phase_ends),
        cmocka_unit_test(a_silent_server_gets_its_share_of_the_deadline),
        cmocka_unit_test(a_deadline_that_passes_leaves_the_server_alone),
        cmocka_unit_test(a_cancelled_message_goes_nowhere),
        cmocka_unit_test(probes_and_operations_go_to_the_next_too),
        cmocka_unit_test(a_check_begins_with_the_first),
        cmocka_unit_test(several_connections_go_to_the_next),
        cmocka_unit_test(a_server_that_wants_no_more_connections_is_not_dead),
        cmocka_unit_test(a_server_that_dies_under_many_loses_none),
        cmocka_unit_test(every_allocation_fails_once),
    };
    size_t n_tests = 13;
    UNIT_ADD_ROWS(tests, n_tests, rows, test_row);
    return UNIT_RUN(tests, n_tests);
}
