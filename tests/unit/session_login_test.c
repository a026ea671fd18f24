/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logins over real TLS, against the fake server of libmailsub-testing, which knows each mechanism
 * from the other side: success, refusal, and what the receipt tells of each mechanism.
 */
#include "leftovers.h"
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#define TLS MAILSUB_TESTING_IMPLICIT_TLS
#define STARTTLS MAILSUB_TESTING_STARTTLS
#define ONLY_1_2 MAILSUB_TESTING_TLS_1_2
#define PLAIN MAILSUB_TESTING_AUTH_PLAIN
#define LOGIN MAILSUB_TESTING_AUTH_LOGIN
#define SCRAM_1 MAILSUB_TESTING_AUTH_SCRAM_SHA_1
#define SCRAM_256 MAILSUB_TESTING_AUTH_SCRAM_SHA_256
#define PLUS MAILSUB_TESTING_AUTH_PLUS
#define BEARER MAILSUB_TESTING_AUTH_OAUTHBEARER
#define XOAUTH2 MAILSUB_TESTING_AUTH_XOAUTH2
#define CRAM MAILSUB_TESTING_AUTH_CRAM_MD5
#define EXTERNAL MAILSUB_TESTING_AUTH_EXTERNAL

#define PASSWORD "s3cret horse"
#define TOKEN "t0k.en-of.user"

static const struct row {
    const char *name;
    uint32_t flags;
    const char *password;
    const char *token;
    const char *mechanisms; /* NULL: the default */
    const char *excluded;
    const char *rule_argument; /* a rule for AUTH with it, NULL: none */
    const char *rule_reply;
    int want;
    const char *want_login;
    const char *want_other; /* "NAME state" of another one, NULL: not looked at */
    const char *want_text;
} rows[] = {
    {"SCRAM bound to TLS 1.3", TLS | SCRAM_256 | SCRAM_1 | PLUS | PLAIN, PASSWORD, NULL, NULL, NULL,
     NULL, NULL, 0, "SCRAM-SHA-256-PLUS", "PLAIN not tried", ""},
    {"SCRAM bound to TLS 1.2", TLS | ONLY_1_2 | SCRAM_256 | PLUS, PASSWORD, NULL, NULL, NULL, NULL,
     NULL, 0, "SCRAM-SHA-256-PLUS", NULL, ""},
    {"SCRAM bound behind STARTTLS", STARTTLS | SCRAM_256 | PLUS, PASSWORD, NULL, NULL, NULL, NULL,
     NULL, 0, "SCRAM-SHA-256-PLUS", NULL, ""},
    {"SCRAM-SHA-1 bound", TLS | SCRAM_1 | PLUS, PASSWORD, NULL, NULL, NULL, NULL, NULL, 0,
     "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256 not offered", ""},
    {"SCRAM that could be bound", TLS | SCRAM_256 | SCRAM_1, PASSWORD, NULL, NULL, NULL, NULL, NULL,
     0, "SCRAM-SHA-256", "SCRAM-SHA-1 not tried", ""},
    {"SCRAM-SHA-1", STARTTLS | SCRAM_1 | LOGIN, PASSWORD, NULL, NULL, NULL, NULL, NULL, 0,
     "SCRAM-SHA-1", NULL, ""},
    {"SCRAM that is not to be bound", TLS | SCRAM_256 | PLUS, PASSWORD, NULL, "SCRAM-SHA-256", NULL,
     NULL, NULL, 0, "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS excluded", ""},
    {"SCRAM with a wrong password", TLS | SCRAM_256 | PLUS | PLAIN, "wrong horse", NULL, NULL, NULL,
     NULL, NULL, MAILSUB_E_AUTH_REJECTED, "", "PLAIN withheld after a refusal", ""},
    {"SCRAM that cannot be checked now", TLS | SCRAM_256 | PLAIN, PASSWORD, NULL, NULL, NULL,
     "SCRAM", "454 4.7.0 Later", MAILSUB_E_AUTH_DEFERRED, "", "SCRAM-SHA-256 deferred", ""},
    {"a mechanism that is refused", TLS | SCRAM_256 | PLAIN, PASSWORD, NULL, NULL, NULL, "SCRAM",
     "504 5.5.4 Not today", 0, "PLAIN", "SCRAM-SHA-256 rejected", ""},
    {"an excluded one", TLS | SCRAM_256 | PLAIN, PASSWORD, NULL, NULL, "SCRAM-SHA-256", NULL, NULL,
     0, "PLAIN", "SCRAM-SHA-256 excluded", ""},
    {"OAUTHBEARER", TLS | BEARER | XOAUTH2 | PLAIN, NULL, TOKEN, NULL, NULL, NULL, NULL, 0,
     "OAUTHBEARER", "PLAIN no credentials", ""},
    {"OAUTHBEARER with an old token", TLS | BEARER, NULL, "old-token", NULL, NULL, NULL, NULL,
     MAILSUB_E_AUTH_REJECTED, "", "OAUTHBEARER rejected",
     "{\"status\":\"invalid_token\",\"schemes\":\"bearer\"}"},
    {"XOAUTH2", STARTTLS | XOAUTH2, NULL, TOKEN, NULL, NULL, NULL, NULL, 0, "XOAUTH2", NULL, ""},
    {"XOAUTH2 with an old token", TLS | XOAUTH2, NULL, "old-token", NULL, NULL, NULL, NULL,
     MAILSUB_E_AUTH_REJECTED, "", NULL, "{\"status\":\"invalid_token\",\"schemes\":\"bearer\"}"},
    {"CRAM-MD5 by name", TLS | CRAM | PLAIN, PASSWORD, NULL, "CRAM-MD5", NULL, NULL, NULL, 0,
     "CRAM-MD5", "PLAIN excluded", ""},
    {"CRAM-MD5 with a wrong password", TLS | CRAM, "wrong", NULL, "CRAM-MD5", NULL, NULL, NULL,
     MAILSUB_E_AUTH_REJECTED, "", NULL, ""},
    {"CRAM-MD5 unasked", TLS | CRAM, PASSWORD, NULL, NULL, NULL, NULL, NULL,
     MAILSUB_E_AUTH_NOT_OFFERED, "", "CRAM-MD5 only by name", ""},
    {"EXTERNAL", TLS | EXTERNAL | PLAIN, NULL, NULL, "EXTERNAL", NULL, NULL, NULL, 0, "EXTERNAL",
     NULL, ""},
    {"PLAIN", STARTTLS | PLAIN, PASSWORD, NULL, NULL, NULL, NULL, NULL, 0, "PLAIN", NULL, ""},
    {"LOGIN", STARTTLS | LOGIN, PASSWORD, NULL, NULL, NULL, NULL, NULL, 0, "LOGIN", NULL, ""},
};

static void keep_transcript(void *context, int direction, const char *line, size_t len)
{
    char *transcript = context;
    size_t used = strlen(transcript);
    (void)direction;
    assert_true(used + len + 2 < 8192);
    memcpy(transcript + used, line, len);
    memcpy(transcript + used + len, "\n", 2);
}

static mailsub_testing_server *start_server(uint32_t flags, const char *password)
{
    mailsub_testing_server *server = NULL;
    assert_int_equal(mailsub_testing_server_new(
                         flags | MAILSUB_TESTING_ENHANCED | MAILSUB_TESTING_REQUIRE_AUTH, &server),
                     0);
    assert_int_equal(mailsub_testing_server_add_user(server, "user", password), 0);
    return server;
}

static mailsub_message *make_message(void)
{
    mailsub_message *message = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    mailsub_message_set_from(message, "app@example.org", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "you@example.net", NULL);
    mailsub_message_set_text(message, "Hello\n", MAILSUB_NUL_TERMINATED);
    return message;
}

static mailsub_config *make_config(const mailsub_testing_server *server)
{
    mailsub_config *config = NULL;
    const char *ca = mailsub_testing_server_get_ca(server);
    assert_int_equal(mailsub_config_new(NULL, &config), 0);
    assert_int_equal(mailsub_config_set_url(config, mailsub_testing_server_get_url(server)), 0);
    assert_int_equal(mailsub_config_set_ca_data(config, ca, strlen(ca)), 0);
    return config;
}

static void apply(mailsub_config *config, const struct row *row)
{
    if (row->password)
        assert_int_equal(mailsub_config_set_credentials(config, "user", row->password), 0);
    if (row->token)
        assert_int_equal(mailsub_config_set_token(config, "user", row->token), 0);
    if (row->mechanisms)
        assert_int_equal(mailsub_config_set_mechanisms(config, row->mechanisms), 0);
    if (row->excluded)
        assert_int_equal(mailsub_config_exclude_mechanism(config, row->excluded), 0);
}

static void check_receipt(const mailsub_receipt *receipt, const struct row *row)
{
    bool found = row->want_other == NULL;
    assert_string_equal(mailsub_receipt_get_login(receipt), row->want_login);
    assert_string_equal(mailsub_receipt_get_login_text(receipt), row->want_text);
    assert_int_equal(mailsub_receipt_count_mechanisms(receipt), 10);
    for (size_t i = 0; i < mailsub_receipt_count_mechanisms(receipt); i++) {
        char line[64];
        snprintf(line, sizeof line, "%s %s", mailsub_receipt_get_mechanism(receipt, i),
                 mailsub_login_state_name(mailsub_receipt_get_mechanism_state(receipt, i)));
        found = found || strcmp(line, row->want_other) == 0;
    }
    assert_true(found);
}

static void logs_in(void **state)
{
    const struct row *row = *state;
    char transcript[8192] = "";
    mailsub_session *session = NULL;
    mailsub_receipt *receipt = NULL;
    mailsub_message *message = make_message();
    bool by_token = row->flags & (BEARER | XOAUTH2);
    mailsub_testing_server *server = start_server(row->flags, by_token ? TOKEN : PASSWORD);
    if (row->rule_argument)
        assert_int_equal(
            mailsub_testing_server_add_rule(server, "AUTH", row->rule_argument, row->rule_reply, 0),
            0);
    assert_int_equal(mailsub_testing_server_start(server), 0);
    mailsub_config *config = make_config(server);
    apply(config, row);
    assert_int_equal(mailsub_config_set_transcript(config, keep_transcript, transcript), 0);
    assert_int_equal(mailsub_receipt_new(NULL, &receipt), 0);
    assert_int_equal(mailsub_session_new(config, &session), 0);
    int rc = mailsub_session_submit(session, message, receipt);
    if (rc != row->want)
        print_message("%s\n%s", mailsub_error_name(rc), transcript);
    assert_int_equal(rc, row->want);
    check_receipt(receipt, row);
    assert_null(strstr(transcript, "horse"));
    assert_null(strstr(transcript, "t0k"));
    assert_null(strstr(transcript, "old-token"));
    if (rc == MAILSUB_OK) {
        assert_string_equal(mailsub_testing_server_get_login(server, 0), "user");
        /* A kept connection was logged in by what the first receipt says. */
        assert_int_equal(mailsub_session_submit(session, message, receipt), 0);
        check_receipt(receipt, row);
        assert_int_equal(mailsub_testing_server_count_connections(server), 1);
    } else {
        assert_int_equal(mailsub_receipt_get_stage(receipt), MAILSUB_STAGE_AUTH);
        assert_int_equal(mailsub_testing_server_count_messages(server), 0);
    }
    mailsub_session_free(session);
    assert_int_equal(mailsub_testing_server_count_client_errors(server), 0);
    mailsub_receipt_free(receipt);
    mailsub_message_free(message);
    mailsub_config_unref(config);
    mailsub_testing_server_free(server);
}

struct tokens {
    unsigned n_asked;
    const char *given[3];
};

static int give_token(void *context, int reason, mailsub_credentials *credentials)
{
    struct tokens *tokens = context;
    assert_int_equal(reason, tokens->n_asked % 2 == 0 ? MAILSUB_CREDENTIALS_FIRST
                                                      : MAILSUB_CREDENTIALS_REFUSED);
    int rc = mailsub_credentials_set_user(credentials, "user");
    return rc ? rc : mailsub_credentials_set_token(credentials, tokens->given[tokens->n_asked++]);
}

static void a_token_is_refreshed_once(void **state)
{
    (void)state;
    mailsub_session *session = NULL;
    mailsub_receipt *receipt = NULL;
    mailsub_message *message = make_message();
    struct tokens tokens = {0, {"old-token", TOKEN, TOKEN}};
    mailsub_testing_server *server = start_server(TLS | BEARER, TOKEN);
    assert_int_equal(mailsub_testing_server_start(server), 0);
    mailsub_config *config = make_config(server);
    assert_int_equal(mailsub_config_set_credentials_callback(config, give_token, &tokens), 0);
    assert_int_equal(mailsub_receipt_new(NULL, &receipt), 0);
    assert_int_equal(mailsub_session_new(config, &session), 0);
    assert_int_equal(mailsub_session_submit(session, message, receipt), 0);
    assert_int_equal(tokens.n_asked, 2);
    assert_string_equal(mailsub_receipt_get_login(receipt), "OAUTHBEARER");
    assert_int_equal(mailsub_session_close(session), 0);
    assert_int_equal(mailsub_session_submit(session, message, receipt), 0); /* another connection */
    assert_int_equal(tokens.n_asked, 3);
    assert_int_equal(mailsub_testing_server_count_client_errors(server), 0);
    mailsub_session_free(session);
    mailsub_receipt_free(receipt);
    mailsub_message_free(message);
    mailsub_config_unref(config);
    mailsub_testing_server_free(server);
}

static int give_error(void *context, int reason, mailsub_credentials *credentials)
{
    (void)context;
    (void)reason;
    (void)credentials;
    return MAILSUB_E_TIMEOUT;
}

static void a_callback_may_fail(void **state)
{
    (void)state;
    mailsub_session *session = NULL;
    mailsub_message *message = make_message();
    mailsub_testing_server *server = start_server(TLS | PLAIN, PASSWORD);
    assert_int_equal(mailsub_testing_server_start(server), 0);
    mailsub_config *config = make_config(server);
    assert_int_equal(mailsub_config_set_credentials_callback(config, give_error, NULL), 0);
    assert_int_equal(mailsub_session_new(config, &session), 0);
    assert_int_equal(mailsub_session_submit(session, message, NULL), MAILSUB_E_TIMEOUT);
    assert_int_equal(mailsub_testing_server_count_messages(server), 0);
    mailsub_session_free(session);
    mailsub_message_free(message);
    mailsub_config_unref(config);
    mailsub_testing_server_free(server);
}

/* What the receipt says in lines. */
static int keep_text(void *context, const void *data, size_t len)
{
    strncat(context, data, len);
    return 0;
}

static void the_receipt_is_written(void **state)
{
    (void)state;
    char text[4096] = "";
    mailsub_session *session = NULL;
    mailsub_receipt *receipt = NULL;
    mailsub_message *message = make_message();
    mailsub_testing_server *server = start_server(TLS | SCRAM_256 | PLAIN, PASSWORD);
    assert_int_equal(mailsub_testing_server_start(server), 0);
    mailsub_config *config = make_config(server);
    assert_int_equal(mailsub_config_set_credentials(config, "user", "wrong"), 0);
    assert_int_equal(mailsub_receipt_new(NULL, &receipt), 0);
    assert_int_equal(mailsub_session_new(config, &session), 0);
    assert_int_equal(mailsub_session_submit(session, message, receipt), MAILSUB_E_AUTH_REJECTED);
    assert_int_equal(mailsub_receipt_write(receipt, keep_text, text), 0);
    assert_non_null(
        strstr(text, "login: SCRAM-SHA-256 rejected, PLAIN withheld after a refusal\n"));
    mailsub_session_free(session);
    mailsub_receipt_free(receipt);
    mailsub_message_free(message);
    mailsub_config_unref(config);
    mailsub_testing_server_free(server);
}

int main(void)
{
    start_first_thread();
    static struct CMUnitTest tests[40] = {
        cmocka_unit_test(a_token_is_refreshed_once),
        cmocka_unit_test(a_callback_may_fail),
        cmocka_unit_test(the_receipt_is_written),
    };
    size_t n_tests = 3;
    UNIT_ADD_ROWS(tests, n_tests, rows, logs_in);
    return UNIT_RUN(tests, n_tests);
}
