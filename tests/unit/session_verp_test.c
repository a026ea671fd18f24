/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages whose return path names the recipient, from the session to the fake server. */
#include "session_kit.h"

#include <stdio.h>

#define FAST (MAILSUB_TESTING_PIPELINING | MAILSUB_TESTING_ENHANCED)

enum { N_RECIPIENTS = 4, N_SENDERS = 4 };

static const struct row {
    const char *name;
    uint32_t flags;
    struct {
        const char *verb;
        const char *argument;
        const char *reply; /* NULL: the server hangs up */
    } rule;
    const char *want_outcomes;           /* letters as below */
    const char *want_senders[N_SENDERS]; /* of the messages taken, in their order */
    size_t want_connections;
    int all_or_none;
    int64_t limit; /* recipients within the window; 0: any number */
} rows[] = {
    {.name = "each recipient has a return path of his own",
     .flags = FAST,
     .want_outcomes = "AAAN",
     .want_senders = {"n+anna=a.de", "n+bob=b.de", "n+carl=a.de"},
     .want_connections = 1},
    {.name = "the same without PIPELINING",
     .flags = MAILSUB_TESTING_ENHANCED,
     .want_outcomes = "AAAN",
     .want_senders = {"n+anna=a.de", "n+bob=b.de", "n+carl=a.de"},
     .want_connections = 1},
    {.name = "one return path is refused",
     .flags = FAST,
     .rule = {"MAIL", "+bob=", "550 5.1.7 no"},
     .want_outcomes = "ARAN",
     .want_senders = {"n+anna=a.de", "n+carl=a.de"},
     .want_connections = 1},
    {.name = "the first return path is refused for now, without PIPELINING",
     .flags = MAILSUB_TESTING_ENHANCED,
     .rule = {"MAIL", "+anna=", "451 4.1.8 later"},
     .want_outcomes = "DAAN",
     .want_senders = {"n+bob=b.de", "n+carl=a.de"},
     .want_connections = 1},
    {.name = "one recipient is refused",
     .flags = FAST,
     .rule = {"RCPT", "carl@", "550 5.1.1 no"},
     .want_outcomes = "AARN",
     .want_senders = {"n+anna=a.de", "n+bob=b.de"},
     .want_connections = 1},
    {.name = "two messages on a connection",
     .flags = FAST,
     .rule = {"EHLO", NULL, "250-x\n250-PIPELINING\n250 LIMITS MAILMAX=2"},
     .want_outcomes = "AAAN",
     .want_senders = {"n+anna=a.de", "n+bob=b.de", "n+carl=a.de"},
     .want_connections = 2},
    {.name = "the server hangs up at the second",
     .flags = MAILSUB_TESTING_ENHANCED,
     .rule = {"MAIL", "+bob=", NULL},
     .want_outcomes = "ANNN",
     .want_senders = {"n+anna=a.de"},
     .want_connections = 1},
    {.name = "all or none",
     .flags = FAST,
     .want_outcomes = "NNNN",
     .want_connections = 1,
     .all_or_none = 1},
    {.name = "the limiter lets two go",
     .flags = FAST,
     .want_outcomes = "AANN",
     .want_senders = {"n+anna=a.de", "n+bob=b.de"},
     .want_connections = 1,
     .limit = 2},
};

static void start_server(struct session_kit *fixture, const struct row *row)
{
    ok(mailsub_testing_server_new(row->flags, &fixture->server));
    if (row->rule.verb)
        ok(mailsub_testing_server_add_rule(fixture->server, row->rule.verb, row->rule.argument,
                                           row->rule.reply, 0));
    ok(mailsub_testing_server_start(fixture->server));
}

static void start_session(struct session_kit *fixture, const struct row *row)
{
    ok(mailsub_config_new(NULL, &fixture->config));
    ok(mailsub_config_set_url(fixture->config, mailsub_testing_server_get_url(fixture->server)));
    ok(mailsub_config_set_all_or_none(fixture->config, row->all_or_none));
    if (row->limit > 0) {
        mailsub_limiter *limiter;
        ok(mailsub_limiter_new(NULL, &limiter));
        ok(mailsub_limiter_add_rule(limiter, NULL, row->limit, 60000, 0));
        ok(mailsub_config_set_limiter(fixture->config, limiter, MAILSUB_WHEN_LIMITED_PART));
        mailsub_limiter_unref(limiter);
    }
    ok(mailsub_session_new(fixture->config, &fixture->session));
    ok(mailsub_receipt_new(NULL, &fixture->receipt));
}

static void make_message(struct session_kit *fixture)
{
    static const char *const recipients[N_RECIPIENTS] = {
        "anna@a.de", "bob@b.de", "carl@a.de",
        "whose-name-does-not-fit-into-the-return-path@as-it-has-a-long-domain.example.org"};
    ok(mailsub_message_new(NULL, &fixture->message));
    ok(mailsub_message_set_from(fixture->message, "desk@example.org", NULL));
    for (size_t i = 0; i < N_RECIPIENTS; i++)
        ok(mailsub_message_add_recipient(fixture->message, MAILSUB_RECIPIENT_BCC, recipients[i],
                                         NULL));
    ok(mailsub_message_set_subject(fixture->message, "News"));
    ok(mailsub_message_set_text(fixture->message, "Hello\n", MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_set_verp(fixture->message, "n@lists.example.org"));
}

/* One message for each sender, all with the same content. */
static void check_messages(const struct session_kit *fixture, const char *const *senders)
{
    const mailsub_testing_server *server = fixture->server;
    size_t n = 0;
    for (; n < N_SENDERS && senders[n]; n++) {
        char want[128];
        size_t first_len;
        size_t len;
        snprintf(want, sizeof want, "%s@lists.example.org", senders[n]);
        assert_string_equal(mailsub_testing_server_get_sender(server, n), want);
        const char *first = mailsub_testing_server_get_content(server, 0, &first_len);
        const char *content = mailsub_testing_server_get_content(server, n, &len);
        assert_int_equal(len, first_len);
        assert_memory_equal(content, first, len);
        assert_null(mailsub_testing_server_get_recipient(server, n, 1));
    }
    assert_int_equal(mailsub_testing_server_count_messages(server), n);
    assert_int_equal(mailsub_testing_server_count_client_errors(server), 0);
}

static void names_the_recipient(void **state)
{
    const struct row *row = *state;
    struct session_kit fixture = {0};
    start_server(&fixture, row);
    start_session(&fixture, row);
    make_message(&fixture);
    int rc = mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
    assert_int_equal(rc, row->all_or_none ? MAILSUB_E_LIMIT : MAILSUB_E_PARTIAL);
    for (size_t i = 0; i < N_RECIPIENTS; i++)
        assert_int_equal("NARDU"[mailsub_receipt_get_outcome(fixture.receipt, i)],
                         row -> want_outcomes[i]);
    assert_int_equal(mailsub_receipt_get_recipient_code(fixture.receipt, 3),
                     row->limit > 0 ? MAILSUB_E_RATE_LIMITED : MAILSUB_E_LIMIT);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server),
                     row->want_connections);
    check_messages(&fixture, row->want_senders);
    session_kit_free(&fixture);
}

int main(void)
{
    static struct CMUnitTest tests[16];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, names_the_recipient);
    return UNIT_RUN(tests, n_tests);
}
