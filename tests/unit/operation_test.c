/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Operations, wishes and capabilities through the public interface, against the fake server. What
 * each reply means is told by the dialogues; here it is that they come through.
 */
#include "session_kit.h"

#define FULL                                                                                       \
    (MAILSUB_TESTING_PIPELINING | MAILSUB_TESTING_ENHANCED | MAILSUB_TESTING_AUTH_PLAIN |          \
     MAILSUB_TESTING_STARTTLS)
#define EHLO_ETRN "250-localhost\n250-ETRN\n250 HELP"

static void add_rule(struct session_kit *fixture, const char *verb, const char *argument,
                     const char *reply)
{
    assert_int_equal(mailsub_testing_server_add_rule(fixture->server, verb, argument, reply, 0), 0);
}

static void set_up(struct session_kit *fixture, uint32_t flags)
{
    *fixture = (struct session_kit){0};
    assert_int_equal(mailsub_testing_server_new(flags, &fixture->server), 0);
    assert_int_equal(mailsub_testing_server_add_user(fixture->server, "user", "s3cret"), 0);
    assert_int_equal(mailsub_receipt_new(NULL, &fixture->receipt), 0);
}

static void start(struct session_kit *fixture)
{
    assert_int_equal(mailsub_testing_server_start(fixture->server), 0);
    assert_int_equal(mailsub_config_new(NULL, &fixture->config), 0);
    const char *url = mailsub_testing_server_get_url(fixture->server);
    const char *ca = mailsub_testing_server_get_ca(fixture->server);
    assert_int_equal(mailsub_config_set_url(fixture->config, url), 0);
    if (strncmp(url, "submission", strlen("submission")) == 0) {
        assert_int_equal(mailsub_config_set_ca_data(fixture->config, ca, strlen(ca)), 0);
        assert_int_equal(mailsub_config_set_credentials(fixture->config, "user", "s3cret"), 0);
    }
    assert_int_equal(mailsub_session_new(fixture->config, &fixture->session), 0);
}

static mailsub_message *make_message(void)
{
    mailsub_message *message = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    mailsub_message_set_from(message, "app@example.org", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "one@example.net", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_CC, "two@example.net", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, "three@example.net", NULL);
    return message;
}

/* ---- ETRN ---- */

static const struct etrn_row {
    const char *name;
    const char *node;
    const char *reply;
    int want;
    int want_reply;
    int64_t want_pending;
} etrn_rows[] = {
    {"a domain", "example.org", "250 OK, queuing for node example.org started", 0, 250, -1},
    {"a domain with subdomains", "@example.org", "251 OK, no messages waiting", 0, 251, -1},
    {"a queue", "#uucp", "252 OK, pending messages for node #uucp started", 0, 252, -1},
    {"so many", "example.org", "253 OK, 7 pending messages for node x started", 0, 253, 7},
    {"an IDN",
     "b\xc3\xbc"
     "cher.example",
     "250 ok", 0, 250, -1},
    {"not now", "example.org", "458 Unable to queue", MAILSUB_E_COMMAND_DEFERRED, 458, -1},
    {"not allowed", "example.org", "459 not allowed: x", MAILSUB_E_COMMAND_REFUSED, 459, -1},
    {"not known", "example.org", "500 Syntax", MAILSUB_E_COMMAND, 500, -1},
    {"malformed to the server", "example.org", "501 Syntax", MAILSUB_E_COMMAND_ARGUMENT, 501, -1},
    {"no domain", "exa mple.org", NULL, MAILSUB_E_DOMAIN, 0, -1},
    {"injection", "example.org\r\nRSET", NULL, MAILSUB_E_DOMAIN, 0, -1},
    {"injection into a queue", "#a\r\nRSET", NULL, MAILSUB_E_DOMAIN, 0, -1},
    {"empty", "", NULL, MAILSUB_E_DOMAIN, 0, -1},
    {"an empty queue", "#", NULL, MAILSUB_E_DOMAIN, 0, -1},
    {"nothing", NULL, NULL, MAILSUB_E_INVALID, 0, -1},
};

static void etrn(void **state)
{
    const struct etrn_row *row = *state;
    struct session_kit fixture;
    set_up(&fixture, 0);
    add_rule(&fixture, "EHLO", NULL, EHLO_ETRN);
    add_rule(&fixture, "ETRN", NULL, row->reply);
    start(&fixture);
    assert_int_equal(mailsub_session_etrn(fixture.session, row->node, fixture.receipt), row->want);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipt), row->want);
    assert_int_equal(mailsub_receipt_get_reply_code(fixture.receipt), row->want_reply);
    assert_int_equal(mailsub_receipt_get_pending(fixture.receipt), row->want_pending);
    assert_int_equal(mailsub_receipt_get_stage(fixture.receipt),
                     row->reply ? MAILSUB_STAGE_ETRN : MAILSUB_STAGE_NONE);
    assert_int_equal(mailsub_receipt_count_lines(fixture.receipt), row->reply != NULL);
    session_kit_free(&fixture);
}

static void etrn_is_not_said_where_it_is_not_offered(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL);
    start(&fixture);
    assert_int_equal(mailsub_session_etrn(fixture.session, "example.org", fixture.receipt),
                     MAILSUB_E_COMMAND);
    assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_CHECK);
    session_kit_free(&fixture);
}

/* ---- VRFY, EXPN, HELP ---- */

static void lines_are_kept(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL);
    add_rule(&fixture, "VRFY", "anna", "250 2.1.5 Anna <anna@example.org>");
    add_rule(&fixture, "VRFY", "brt", "550 5.1.1 unknown");
    add_rule(&fixture, "VRFY", NULL, "252 2.0.0 try it");
    add_rule(&fixture, "EXPN", NULL, "250-2.1.5 <a@example.org>\n250 2.1.5 <b@example.org>");
    add_rule(&fixture, "HELP", NULL, "214-2.0.0 one\n214 2.0.0 two");
    start(&fixture);
    mailsub_session *session = fixture.session;
    mailsub_receipt *receipt = fixture.receipt;
    assert_int_equal(mailsub_session_verify(session, "anna", receipt), 0);
    assert_string_equal(mailsub_receipt_get_line(receipt, 0), "Anna <anna@example.org>");
    assert_int_equal(mailsub_session_verify(session, "brt", receipt), MAILSUB_E_RECIPIENTS_REFUSED);
    assert_int_equal(mailsub_session_verify(session, "carl@example.org", receipt),
                     MAILSUB_E_NOT_VERIFIED);
    assert_int_equal(mailsub_session_expand(session, "staff", receipt), 0);
    assert_int_equal(mailsub_receipt_count_lines(receipt), 2);
    assert_string_equal(mailsub_receipt_get_line(receipt, 1), "<b@example.org>");
    assert_string_equal(mailsub_receipt_get_line(receipt, 2), "");
    assert_int_equal(mailsub_session_help(session, NULL, receipt), 0);
    assert_string_equal(mailsub_receipt_get_line(receipt, 0), "one");
    assert_int_equal(mailsub_session_help(session, "MAIL", receipt), 0);
    assert_int_equal(mailsub_session_verify(session, "a\nRSET", receipt), MAILSUB_E_CONTROL);
    assert_int_equal(mailsub_session_verify(session, "", receipt), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_verify(session, "\xff", receipt), MAILSUB_E_UTF8);
    assert_int_equal(mailsub_session_verify(session, "j\xc3\xb6rg", receipt), MAILSUB_E_SMTPUTF8);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 1);
    session_kit_free(&fixture);
}

/* ---- probe ---- */

static void recipients_are_probed(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL);
    add_rule(&fixture, "RCPT", "two@", "550 5.1.1 unknown");
    add_rule(&fixture, "RCPT", "three@", "450 4.2.0 later");
    start(&fixture);
    mailsub_message *message = make_message();
    mailsub_receipt *receipt = fixture.receipt;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mailsub_session_probe(fixture.session, message, receipt),
                         MAILSUB_E_PARTIAL);
        assert_int_equal(mailsub_receipt_get_outcome(receipt, 0), MAILSUB_OUTCOME_WILLING);
        assert_int_equal(mailsub_receipt_get_outcome(receipt, 1), MAILSUB_OUTCOME_REFUSED);
        assert_int_equal(mailsub_receipt_get_outcome(receipt, 2), MAILSUB_OUTCOME_DEFERRED);
    }
    /* The same message is then sent over the same connection. */
    assert_int_equal(mailsub_session_submit(fixture.session, message, receipt), MAILSUB_E_PARTIAL);
    assert_int_equal(mailsub_receipt_get_outcome(receipt, 0), MAILSUB_OUTCOME_ACCEPTED);
    assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 1);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 1);
    assert_int_equal(mailsub_testing_server_count_client_errors(fixture.server), 0);
    mailsub_message_free(message);
    session_kit_free(&fixture);
}

static void a_probe_needs_an_envelope_only(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL);
    start(&fixture);
    mailsub_message *message = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "one@example.net", NULL);
    assert_int_equal(mailsub_session_probe(fixture.session, message, NULL), MAILSUB_E_NO_FROM);
    assert_int_equal(mailsub_message_set_return_path(message, ""), 0);
    assert_int_equal(mailsub_session_probe(fixture.session, message, NULL), 0);
    mailsub_message_free(message);
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    mailsub_message_set_from(message, "app@example.org", NULL);
    assert_int_equal(mailsub_session_probe(fixture.session, message, NULL),
                     MAILSUB_E_NO_RECIPIENTS);
    mailsub_message_free(message);
    session_kit_free(&fixture);
}

/* ---- check, capabilities ---- */

static void a_server_is_checked(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL);
    start(&fixture);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mailsub_session_check(fixture.session, fixture.receipt), 0);
        assert_string_not_equal(mailsub_receipt_get_tls_version(fixture.receipt), "");
        assert_int_equal(mailsub_receipt_get_tls_verified_by(fixture.receipt),
                         MAILSUB_VERIFIED_BY_AUTHORITY);
    }
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 2);
    assert_int_equal(mailsub_testing_server_count_client_errors(fixture.server), 0);
    session_kit_free(&fixture);
}

static void a_refused_login_fails_the_check(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL);
    add_rule(&fixture, "AUTH", NULL, "535 5.7.8 no");
    start(&fixture);
    assert_int_equal(mailsub_session_check(fixture.session, fixture.receipt),
                     MAILSUB_E_AUTH_REJECTED);
    assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_AUTH);
    session_kit_free(&fixture);
}

static void capabilities_are_read_before_and_after_tls(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL);
    start(&fixture);
    mailsub_session *session = fixture.session;
    assert_int_equal(mailsub_session_count_capabilities(session, MAILSUB_OFFER_LAST), 0);
    assert_int_equal(mailsub_session_check(session, NULL), 0);
    assert_non_null(mailsub_session_find_capability(session, MAILSUB_OFFER_CLEAR, "starttls"));
    assert_null(mailsub_session_find_capability(session, MAILSUB_OFFER_CLEAR, "AUTH"));
    assert_null(mailsub_session_find_capability(session, MAILSUB_OFFER_LAST, "STARTTLS"));
    assert_string_equal(mailsub_session_find_capability(session, MAILSUB_OFFER_LAST, "AUTH"),
                        "PLAIN");
    assert_string_equal(mailsub_session_find_capability(session, MAILSUB_OFFER_LAST, "PIPELINING"),
                        "");
    assert_string_equal(mailsub_session_get_capability(session, MAILSUB_OFFER_LAST, 0),
                        "PIPELINING");
    assert_string_equal(mailsub_session_get_capability(session, MAILSUB_OFFER_LAST, 99), "");
    assert_int_equal(mailsub_session_count_capabilities(session, 2), 0);
    assert_int_equal(mailsub_session_count_capabilities(NULL, 0), 0);
    session_kit_free(&fixture);
}

/* ---- wishes ---- */

static void what_is_left_out_is_told(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL);
    start(&fixture);
    mailsub_message *message = make_message();
    mailsub_receipt *receipt = fixture.receipt;
    assert_int_equal(mailsub_message_set_dsn(message, MAILSUB_RETURN_FULL, "id"), 0);
    assert_int_equal(mailsub_message_set_submitter(message, ""), 0);
    assert_int_equal(mailsub_message_set_priority(message, 3), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, message, receipt), 0);
    assert_int_equal(mailsub_receipt_get_dropped(receipt),
                     1u << MAILSUB_EXTENSION_DSN | 1u << MAILSUB_EXTENSION_MT_PRIORITY);
    assert_int_equal(mailsub_receipt_count_warnings(receipt), 2);
    assert_non_null(strstr(mailsub_receipt_get_warning(receipt, 0), "DSN was"));
    assert_non_null(strstr(mailsub_receipt_get_warning(receipt, 1), "MT-PRIORITY was"));
    assert_string_equal(mailsub_receipt_get_warning(receipt, 2), "");
    assert_int_equal(mailsub_message_set_require_tls(message, 1), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, message, receipt),
                     MAILSUB_E_EXTENSION);
    assert_string_equal(mailsub_receipt_get_detail(receipt), "REQUIRETLS");
    assert_int_equal(mailsub_receipt_count_warnings(receipt), 0);
    mailsub_message_free(message);
    session_kit_free(&fixture);
}

static void null_is_refused(void **state)
{
    (void)state;
    mailsub_receipt *receipt = NULL;
    assert_int_equal(mailsub_receipt_new(NULL, &receipt), 0);
    assert_int_equal(mailsub_session_etrn(NULL, "a.de", receipt), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_receipt_get_code(receipt), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_probe(NULL, NULL, receipt), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_check(NULL, receipt), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_verify(NULL, "a", receipt), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_expand(NULL, "a", NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_help(NULL, NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_receipt_get_pending(NULL), -1);
    assert_int_equal(mailsub_receipt_count_lines(NULL), 0);
    assert_string_equal(mailsub_receipt_get_line(NULL, 0), "");
    assert_int_equal(mailsub_receipt_get_dropped(NULL), 0);
    assert_int_equal(mailsub_receipt_count_warnings(NULL), 0);
    mailsub_receipt_free(receipt);
}

int main(void)
{
    static struct CMUnitTest tests[40] = {
        cmocka_unit_test(etrn_is_not_said_where_it_is_not_offered),
        cmocka_unit_test(lines_are_kept),
        cmocka_unit_test(recipients_are_probed),
        cmocka_unit_test(a_probe_needs_an_envelope_only),
        cmocka_unit_test(a_server_is_checked),
        cmocka_unit_test(a_refused_login_fails_the_check),
        cmocka_unit_test(capabilities_are_read_before_and_after_tls),
        cmocka_unit_test(what_is_left_out_is_told),
        cmocka_unit_test(null_is_refused),
    };
    size_t n_tests = 9;
    UNIT_ADD_ROWS(tests, n_tests, etrn_rows, etrn);
    return UNIT_RUN(tests, n_tests);
}
