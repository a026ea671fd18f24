/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions against the fake server of libmailsub-testing: every kind of outcome, the event form,
 * reuse and loss of connections, and that nothing is left behind.
 */
#include "leftovers.h"
#include "session_kit.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>

enum {
    NO_CA = 1u << 0,
    ALL_OR_NONE = 1u << 1,
    CLEAR_LOGIN = 1u << 2,
    SKIP_VERIFY = 1u << 3,
    NO_TLS = 1u << 4,
    DEMAND_STARTTLS = 1u << 5,
    OTHER_NAME = 1u << 6,
    EXPIRED = 1u << 7,
    SHORT_GREETING = 1u << 8,
    DEADLINE = 1u << 9,
    NO_PASSWORD = 1u << 10,
    WRONG_PASSWORD = 1u << 11,
    UTF8_SENDER = 1u << 13,
    SHORT_COMMAND = 1u << 14,
    SHORT_END = 1u << 15,
    SMTP_URL = 1u << 12 /* the scheme that leaves TLS to the port and the host */
};

#define FULL                                                                                       \
    (MAILSUB_TESTING_PIPELINING | MAILSUB_TESTING_ENHANCED | MAILSUB_TESTING_AUTH_PLAIN |          \
     MAILSUB_TESTING_AUTH_LOGIN)

struct rule {
    const char *verb;
    const char *argument;
    const char *reply;
};

#define N_RECIPIENTS 3
static const char *const recipients[] = {"one@example.net", "two@example.net", "three@example.net"};

struct row {
    const char *name;
    uint32_t flags;
    uint32_t settings;
    struct rule rules[3];
    int want_code;
    int want_stage;
    int want_reply_code;
    const char *want_enhanced;
    const char *want_outcomes; /* a letter a recipient: Accepted Refused Deferred Not Unknown */
};

#define ACCEPTED 0, MAILSUB_STAGE_END_OF_DATA, 250, "2.0.0", "AAA"

static const struct row rows[] = {
    {"implicit TLS with login", FULL | MAILSUB_TESTING_IMPLICIT_TLS, 0, {{0}}, ACCEPTED},
    {"STARTTLS with login", FULL | MAILSUB_TESTING_STARTTLS, 0, {{0}}, ACCEPTED},
    {"LOGIN when PLAIN is not offered",
     (FULL & ~(unsigned)MAILSUB_TESTING_AUTH_PLAIN) | MAILSUB_TESTING_STARTTLS |
         MAILSUB_TESTING_REQUIRE_AUTH,
     0,
     {{0}},
     ACCEPTED},
    {"without PIPELINING",
     (FULL & ~(unsigned)MAILSUB_TESTING_PIPELINING) | MAILSUB_TESTING_IMPLICIT_TLS,
     0,
     {{0}},
     ACCEPTED},
    {"in clear to this host, without login",
     MAILSUB_TESTING_ENHANCED,
     NO_PASSWORD,
     {{0}},
     ACCEPTED},
    {"a server that knows HELO only",
     MAILSUB_TESTING_NO_EHLO | MAILSUB_TESTING_ENHANCED,
     NO_PASSWORD,
     {{0}},
     MAILSUB_OK,
     MAILSUB_STAGE_END_OF_DATA,
     250,
     "2.0.0",
     "AAA"},
    {"one of three unknown",
     FULL | MAILSUB_TESTING_IMPLICIT_TLS,
     0,
     {{"RCPT", "two@", "550 5.1.1 No such user"}},
     MAILSUB_E_PARTIAL,
     MAILSUB_STAGE_END_OF_DATA,
     250,
     "2.0.0",
     "ARA"},
    {"one of three unknown, all or none",
     FULL | MAILSUB_TESTING_IMPLICIT_TLS,
     ALL_OR_NONE,
     {{"RCPT", "two@", "550 5.1.1 No such user"}},
     MAILSUB_E_RECIPIENTS_REFUSED,
     MAILSUB_STAGE_RCPT,
     550,
     "5.1.1",
     "NRN"},
    {"all unknown",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"RCPT", NULL, "550 5.1.1 No such user"}},
     MAILSUB_E_RECIPIENTS_REFUSED,
     MAILSUB_STAGE_RCPT,
     550,
     "5.1.1",
     "RRR"},
    {"all greylisted",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"RCPT", NULL, "450 4.2.0 Greylisted"}},
     MAILSUB_E_RECIPIENTS_DEFERRED,
     MAILSUB_STAGE_RCPT,
     450,
     "4.2.0",
     "DDD"},
    {"sender refused",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"MAIL", NULL, "553 5.7.1 Not your address"}},
     MAILSUB_E_SENDER_REFUSED,
     MAILSUB_STAGE_MAIL,
     553,
     "5.7.1",
     "RRR"},
    {"sender refused for now",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"MAIL", NULL, "450 4.1.8 Verifying"}},
     MAILSUB_E_SENDER_DEFERRED,
     MAILSUB_STAGE_MAIL,
     450,
     "4.1.8",
     "DDD"},
    {"message refused",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{".", NULL, "554 5.6.0 Not wanted"}},
     MAILSUB_E_MESSAGE_REFUSED,
     MAILSUB_STAGE_END_OF_DATA,
     554,
     "5.6.0",
     "RRR"},
    {"message refused for now",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{".", NULL, "451 4.3.0 Disk full"}},
     MAILSUB_E_MESSAGE_DEFERRED,
     MAILSUB_STAGE_END_OF_DATA,
     451,
     "4.3.0",
     "DDD"},
    {"wrong password",
     FULL | MAILSUB_TESTING_STARTTLS,
     WRONG_PASSWORD,
     {{0}},
     MAILSUB_E_AUTH_REJECTED,
     MAILSUB_STAGE_AUTH,
     535,
     "5.7.8",
     "NNN"},
    {"login cannot be checked now",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"AUTH", NULL, "454 4.7.0 Try again"}},
     MAILSUB_E_AUTH_DEFERRED,
     MAILSUB_STAGE_AUTH,
     454,
     "4.7.0",
     "NNN"},
    {"no login offered",
     MAILSUB_TESTING_ENHANCED | MAILSUB_TESTING_STARTTLS,
     0,
     {{0}},
     MAILSUB_E_AUTH_NOT_OFFERED,
     MAILSUB_STAGE_AUTH,
     0,
     "",
     "NNN"},
    {"login demanded, none given",
     FULL | MAILSUB_TESTING_STARTTLS | MAILSUB_TESTING_REQUIRE_AUTH,
     NO_PASSWORD,
     {{0}},
     MAILSUB_E_AUTH_REQUIRED,
     MAILSUB_STAGE_MAIL,
     530,
     "5.7.0",
     "RRR"},
    {"login in clear",
     FULL | MAILSUB_TESTING_AUTH_CLEAR,
     0,
     {{0}},
     MAILSUB_E_CLEAR_LOGIN,
     MAILSUB_STAGE_AUTH,
     0,
     "",
     "NNN"},
    {"login in clear, allowed by name",
     FULL | MAILSUB_TESTING_AUTH_CLEAR | MAILSUB_TESTING_REQUIRE_AUTH,
     CLEAR_LOGIN,
     {{0}},
     ACCEPTED},
    {"no STARTTLS offered",
     FULL,
     DEMAND_STARTTLS,
     {{0}},
     MAILSUB_E_TLS_NOT_OFFERED,
     MAILSUB_STAGE_STARTTLS,
     0,
     "",
     "NNN"},
    {"STARTTLS refused",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"STARTTLS", NULL, "454 4.7.0 TLS not available"}},
     MAILSUB_E_TLS_REFUSED,
     MAILSUB_STAGE_STARTTLS,
     454,
     "4.7.0",
     "NNN"},
    {"unknown authority",
     FULL | MAILSUB_TESTING_IMPLICIT_TLS,
     NO_CA,
     {{0}},
     MAILSUB_E_TLS_UNTRUSTED,
     MAILSUB_STAGE_TLS,
     0,
     "",
     "NNN"},
    {"unknown authority after STARTTLS",
     FULL | MAILSUB_TESTING_STARTTLS,
     NO_CA,
     {{0}},
     MAILSUB_E_TLS_UNTRUSTED,
     MAILSUB_STAGE_TLS,
     0,
     "",
     "NNN"},
    {"certificate of another host",
     FULL | MAILSUB_TESTING_STARTTLS,
     OTHER_NAME,
     {{0}},
     MAILSUB_E_TLS_NAME,
     MAILSUB_STAGE_TLS,
     0,
     "",
     "NNN"},
    {"certificate of yesterday",
     FULL | MAILSUB_TESTING_IMPLICIT_TLS,
     EXPIRED,
     {{0}},
     MAILSUB_E_TLS_DATES,
     MAILSUB_STAGE_TLS,
     0,
     "",
     "NNN"},
    {"any certificate, but no login over it",
     FULL | MAILSUB_TESTING_IMPLICIT_TLS,
     NO_CA | SKIP_VERIFY,
     {{0}},
     MAILSUB_E_CLEAR_LOGIN,
     MAILSUB_STAGE_AUTH,
     0,
     "",
     "NNN"},
    {"any certificate, without login",
     FULL | MAILSUB_TESTING_IMPLICIT_TLS,
     NO_CA | SKIP_VERIFY | NO_PASSWORD,
     {{0}},
     ACCEPTED},
    {"this host may present any certificate",
     FULL | MAILSUB_TESTING_STARTTLS,
     NO_CA | NO_PASSWORD | SMTP_URL,
     {{0}},
     ACCEPTED},
    {"this host's certificate counts when the authority was named",
     FULL | MAILSUB_TESTING_STARTTLS,
     OTHER_NAME | NO_PASSWORD | SMTP_URL,
     {{0}},
     MAILSUB_E_TLS_NAME,
     MAILSUB_STAGE_TLS,
     0,
     "",
     "NNN"},
    {"no login to this host over a certificate of nobody",
     FULL | MAILSUB_TESTING_STARTTLS,
     NO_CA | SMTP_URL,
     {{0}},
     MAILSUB_E_CLEAR_LOGIN,
     MAILSUB_STAGE_AUTH,
     0,
     "",
     "NNN"},
    {"a sender that needs SMTPUTF8",
     FULL | MAILSUB_TESTING_STARTTLS,
     UTF8_SENDER,
     {{0}},
     MAILSUB_E_SMTPUTF8,
     MAILSUB_STAGE_CHECK,
     0,
     "",
     "NNN"},
    {"greeting refuses",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"", NULL, "554 5.7.1 Go away"}},
     MAILSUB_E_GREETING_REFUSED,
     MAILSUB_STAGE_GREETING,
     554,
     "5.7.1",
     "NNN"},
    {"greeting refuses for now",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"", NULL, "421 4.3.2 Too busy"}},
     MAILSUB_E_UNAVAILABLE,
     MAILSUB_STAGE_GREETING,
     421,
     "4.3.2",
     "NNN"},
    {"not SMTP at all",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"", NULL, "HTTP/1.1 400 Bad Request"}},
     MAILSUB_E_REPLY_MALFORMED,
     MAILSUB_STAGE_GREETING,
     0,
     "",
     "NNN"},
    {"hangs up at the greeting",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"", NULL, NULL}},
     MAILSUB_E_CONNECTION_LOST,
     MAILSUB_STAGE_GREETING,
     0,
     "",
     "NNN"},
    {"hangs up at MAIL",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{"MAIL", NULL, NULL}},
     MAILSUB_E_CONNECTION_LOST,
     MAILSUB_STAGE_MAIL,
     0,
     "",
     "NNN"},
    {"hangs up after the message",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{".", NULL, NULL}},
     MAILSUB_E_UNKNOWN_OUTCOME,
     MAILSUB_STAGE_END_OF_DATA,
     0,
     "",
     "UUU"},
    {"hangs up after the message, one refused before",
     FULL | MAILSUB_TESTING_STARTTLS,
     0,
     {{".", NULL, NULL}, {"RCPT", "three@", "550 5.1.1 No such user"}},
     MAILSUB_E_UNKNOWN_OUTCOME,
     MAILSUB_STAGE_END_OF_DATA,
     0,
     "",
     "UUR"},
    {"silent at the greeting",
     FULL | MAILSUB_TESTING_STARTTLS,
     SHORT_GREETING,
     {{"", NULL, ""}},
     MAILSUB_E_TIMEOUT,
     MAILSUB_STAGE_GREETING,
     0,
     "",
     "NNN"},
    {"silent at RCPT",
     FULL | MAILSUB_TESTING_STARTTLS,
     SHORT_COMMAND,
     {{"RCPT", NULL, ""}},
     MAILSUB_E_TIMEOUT,
     MAILSUB_STAGE_RCPT,
     0,
     "",
     "NNN"},
    {"silent after the message",
     FULL | MAILSUB_TESTING_STARTTLS,
     SHORT_END,
     {{".", NULL, ""}},
     MAILSUB_E_UNKNOWN_OUTCOME,
     MAILSUB_STAGE_END_OF_DATA,
     0,
     "",
     "UUU"},
    {"the overall deadline passes",
     FULL | MAILSUB_TESTING_STARTTLS,
     DEADLINE,
     {{"EHLO", NULL, ""}},
     MAILSUB_E_TIMEOUT,
     MAILSUB_STAGE_EHLO,
     0,
     "",
     "NNN"},
};

static struct kit_transcript transcript;

static mailsub_testing_server *start_server(uint32_t flags, uint32_t settings,
                                            const struct rule *rules, size_t n_rules)
{
    mailsub_testing_server *server = NULL;
    assert_int_equal(mailsub_testing_server_new(flags, &server), 0);
    assert_int_equal(mailsub_testing_server_add_user(server, "user", "s3cret"), 0);
    if (settings & OTHER_NAME)
        assert_int_equal(
            mailsub_testing_server_set_certificate(server, "other.example", -60, 86400), 0);
    if (settings & EXPIRED)
        assert_int_equal(mailsub_testing_server_set_certificate(server, NULL, -172800, -86400), 0);
    for (size_t i = 0; i < n_rules && rules[i].verb; i++) {
        assert_int_equal(mailsub_testing_server_add_rule(server, rules[i].verb, rules[i].argument,
                                                         rules[i].reply, 0),
                         0);
    }
    assert_int_equal(mailsub_testing_server_start(server), 0);
    return server;
}

static mailsub_config *make_config(struct session_kit *fixture, uint32_t settings)
{
    mailsub_config *config = NULL;
    const char *ca = mailsub_testing_server_get_ca(fixture->server);
    assert_int_equal(mailsub_config_new(NULL, &config), 0);
    const char *url = mailsub_testing_server_get_url(fixture->server);
    char smtp_url[64];
    snprintf(smtp_url, sizeof smtp_url, "smtp://localhost:%d",
             mailsub_testing_server_get_port(fixture->server));
    assert_int_equal(mailsub_config_set_url(config, settings & SMTP_URL ? smtp_url : url), 0);
    if (!(settings & NO_CA) && ca[0] != '\0')
        assert_int_equal(mailsub_config_set_ca_data(config, ca, strlen(ca)), 0);
    if (!(settings & NO_PASSWORD))
        assert_int_equal(mailsub_config_set_credentials(
                             config, "user", settings & WRONG_PASSWORD ? "wr0ng" : "s3cret"),
                         0);
    if (settings & ALL_OR_NONE)
        assert_int_equal(mailsub_config_set_all_or_none(config, 1), 0);
    if (settings & CLEAR_LOGIN)
        assert_int_equal(mailsub_config_insecure_allow_clear_login(config), 0);
    if (settings & SKIP_VERIFY)
        assert_int_equal(mailsub_config_insecure_skip_verify(config), 0);
    if (settings & NO_TLS)
        assert_int_equal(mailsub_config_insecure_set_no_tls(config), 0);
    if (settings & DEMAND_STARTTLS)
        assert_int_equal(mailsub_config_set_tls(config, MAILSUB_TLS_STARTTLS), 0);
    /* Only what is to run out is short, and long enough for a busy machine to come so far. */
    if (settings & SHORT_GREETING)
        assert_int_equal(mailsub_config_set_timeout(config, MAILSUB_TIMEOUT_GREETING, 100), 0);
    if (settings & SHORT_COMMAND)
        assert_int_equal(mailsub_config_set_timeout(config, MAILSUB_TIMEOUT_COMMAND, 2000), 0);
    if (settings & SHORT_END)
        assert_int_equal(mailsub_config_set_timeout(config, MAILSUB_TIMEOUT_END_OF_DATA, 100), 0);
    if (settings & DEADLINE)
        assert_int_equal(mailsub_config_set_deadline(config, 2000), 0);
    assert_int_equal(mailsub_config_set_transcript(config, kit_note, &transcript), 0);
    return config;
}

static mailsub_message *make_message(const mailsub_allocator *allocator)
{
    mailsub_message *message = NULL;
    if (mailsub_message_new(allocator, &message))
        return NULL;
    mailsub_message_set_from(message, "app@example.org", "Anwendung");
    for (size_t i = 0; i < N_RECIPIENTS; i++)
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, recipients[i], NULL);
    mailsub_message_set_subject(message, "Gr\303\274\303\237e");
    mailsub_message_set_text(message, ".\nHello\n.\n", MAILSUB_NUL_TERMINATED);
    return message;
}

static void set_up(struct session_kit *fixture, uint32_t flags, uint32_t settings,
                   const struct rule *rules, size_t n_rules)
{
    *fixture = (struct session_kit){0};
    transcript = (struct kit_transcript){0};
    fixture->server = start_server(flags, settings, rules, n_rules);
    fixture->config = make_config(fixture, settings);
    fixture->message = make_message(NULL);
    assert_non_null(fixture->message);
    assert_int_equal(mailsub_receipt_new(NULL, &fixture->receipt), 0);
    assert_int_equal(mailsub_session_new(fixture->config, &fixture->session), 0);
}

struct text {
    char *data;
    size_t len;
};

static int keep_text(void *context, const void *data, size_t len)
{
    struct text *text = context;
    text->data = realloc(text->data, text->len + len + 1);
    assert_non_null(text->data);
    memcpy(text->data + text->len, data, len);
    text->data[text->len += len] = '\0';
    return 0;
}

/* What the server got is what the builder writes. */
static void check_content(const struct session_kit *fixture, size_t index)
{
    struct text want = {0};
    size_t len = 0;
    const char *content = mailsub_testing_server_get_content(fixture->server, index, &len);
    assert_non_null(content);
    assert_int_equal(mailsub_message_write(fixture->message, keep_text, &want), 0);
    assert_int_equal(len, want.len);
    assert_memory_equal(content, want.data, len);
    free(want.data);
}

static void check_outcomes(const mailsub_receipt *receipt, const char *want)
{
    static const char letters[] = "NARDU";
    char got[N_RECIPIENTS + 1] = "";
    assert_int_equal(mailsub_receipt_count_recipients(receipt), N_RECIPIENTS);
    for (size_t i = 0; i < N_RECIPIENTS; i++) {
        assert_string_equal(mailsub_receipt_get_recipient(receipt, i), recipients[i]);
        int outcome = mailsub_receipt_get_outcome(receipt, i);
        got[i] = letters[outcome];
        assert_int_equal(mailsub_receipt_get_recipient_code(receipt, i) == MAILSUB_OK,
                         outcome == MAILSUB_OUTCOME_ACCEPTED);
        /* Every reply of the rows has a text, and whoever gets the code gets the text. */
        assert_int_equal(*mailsub_receipt_get_recipient_reply_text(receipt, i) != '\0',
                         mailsub_receipt_get_recipient_reply_code(receipt, i) != 0);
    }
    assert_string_equal(got, want);
}

static void submit_row(void **state)
{
    const struct row *row = *state;
    struct session_kit fixture;
    set_up(&fixture, row->flags, row->settings, row->rules, 3);
    if (row->settings & UTF8_SENDER) {
        mailsub_message_allow_smtputf8(fixture.message, 1);
        mailsub_message_set_from(fixture.message, "j\xc3\xb6rg@example.org", NULL);
    }
    int rc = mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
    if (rc != row->want_code)
        print_message("%s: %s\n%s", mailsub_error_name(rc),
                      mailsub_receipt_get_detail(fixture.receipt), transcript.text);
    assert_int_equal(rc, row->want_code);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipt), rc);
    assert_string_equal(mailsub_stage_name(mailsub_receipt_get_stage(fixture.receipt)),
                        mailsub_stage_name(row->want_stage));
    assert_int_equal(mailsub_receipt_get_reply_code(fixture.receipt), row->want_reply_code);
    assert_string_equal(mailsub_receipt_get_enhanced_status(fixture.receipt), row->want_enhanced);
    check_outcomes(fixture.receipt, row->want_outcomes);
    if (strchr(row->want_outcomes, 'A') != NULL) {
        assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 1);
        check_content(&fixture, 0);
        assert_string_equal(mailsub_testing_server_get_sender(fixture.server, 0),
                            "app@example.org");
    } else {
        assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 0);
    }
    assert_null(strstr(transcript.text, "s3cret"));
    assert_null(strstr(transcript.text, "dXNlcg")); /* "user", base64 */
    session_kit_free(&fixture);
}

static void a_connection_is_kept(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL | MAILSUB_TESTING_STARTTLS, 0, NULL, 0);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt),
                         0);
        check_content(&fixture, i);
    }
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 1);
    assert_int_equal(mailsub_session_close(fixture.session), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL), 0);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 2);
    session_kit_free(&fixture);
}

static void limits_are_kept_to(void **state)
{
    (void)state;
    struct session_kit fixture;
    static const struct rule rules[] = {{"EHLO", NULL, "250-x\n250 LIMITS RCPTMAX=2 MAILMAX=1"}};
    set_up(&fixture, MAILSUB_TESTING_ENHANCED, NO_PASSWORD, rules, 1);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt), 0);
    check_outcomes(fixture.receipt, "AAA");
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 2);
    session_kit_free(&fixture);
}

static void a_dead_kept_connection_is_replaced_once(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL | MAILSUB_TESTING_STARTTLS, 0, NULL, 0);
    session_kit_free(&fixture);
    fixture = (struct session_kit){0};
    assert_int_equal(mailsub_testing_server_new(FULL | MAILSUB_TESTING_STARTTLS, &fixture.server),
                     0);
    assert_int_equal(mailsub_testing_server_add_user(fixture.server, "user", "s3cret"), 0);
    /* The second message's MAIL finds the connection dead; the third's on a fresh one too. */
    assert_int_equal(mailsub_testing_server_add_rule(fixture.server, "MAIL", "second@", NULL, 1),
                     0);
    assert_int_equal(mailsub_testing_server_add_rule(fixture.server, "MAIL", "third@", NULL, 2), 0);
    assert_int_equal(mailsub_testing_server_start(fixture.server), 0);
    fixture.config = make_config(&fixture, 0);
    fixture.message = make_message(NULL);
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL), 0);
    assert_int_equal(mailsub_message_set_return_path(fixture.message, "second@example.org"), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL), 0);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 2);
    assert_int_equal(mailsub_message_set_return_path(fixture.message, "third@example.org"), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL),
                     MAILSUB_E_CONNECTION_LOST);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 3);
    assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 2);
    session_kit_free(&fixture);
}

static void nothing_is_repeated_once_content_went(void **state)
{
    (void)state;
    struct session_kit fixture = {0};
    assert_int_equal(mailsub_testing_server_new(FULL | MAILSUB_TESTING_STARTTLS, &fixture.server),
                     0);
    assert_int_equal(mailsub_testing_server_add_user(fixture.server, "user", "s3cret"), 0);
    /* The first end of data is answered as usual; the second finds no answer. */
    assert_int_equal(mailsub_testing_server_add_rule(fixture.server, ".", NULL, "250 2.0.0 Ok", 1),
                     0);
    assert_int_equal(mailsub_testing_server_add_rule(fixture.server, ".", NULL, NULL, 1), 0);
    assert_int_equal(mailsub_testing_server_start(fixture.server), 0);
    fixture.config = make_config(&fixture, 0);
    fixture.message = make_message(NULL);
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL),
                     MAILSUB_E_UNKNOWN_OUTCOME);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 1);
    session_kit_free(&fixture);
}

/* Counts posted messages that came back, and posts one more from within. */
struct counter {
    size_t n_done;
    int last_code;
    mailsub_session *session;
    mailsub_message *again;
};

static void count_done(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    struct counter *counter = context;
    (void)message;
    counter->n_done++;
    counter->last_code = code;
    if (receipt)
        assert_int_equal(mailsub_receipt_get_code(receipt), code);
    if (counter->session) {
        assert_int_equal(mailsub_session_process(counter->session), MAILSUB_E_STATE);
        assert_int_equal(mailsub_session_submit(counter->session, message, NULL), MAILSUB_E_STATE);
    }
    if (counter->again) {
        mailsub_message *again = counter->again;
        counter->again = NULL;
        assert_int_equal(mailsub_session_post(counter->session, again, NULL, count_done, counter),
                         0);
    }
}

static void the_event_form_never_waits(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL | MAILSUB_TESTING_STARTTLS, 0, NULL, 0);
    mailsub_message *second = make_message(NULL);
    mailsub_message *third = make_message(NULL);
    struct counter counter = {.session = fixture.session, .again = third};
    assert_int_equal(mailsub_session_get_timeout(fixture.session), -1);
    assert_int_equal(mailsub_session_post(fixture.session, fixture.message, fixture.receipt,
                                          count_done, &counter),
                     0);
    assert_int_equal(
        mailsub_session_post(fixture.session, fixture.message, NULL, count_done, &counter),
        MAILSUB_E_STATE);
    assert_int_equal(mailsub_session_post(fixture.session, second, NULL, count_done, &counter), 0);
    assert_int_equal(mailsub_message_set_subject(fixture.message, "late"), MAILSUB_E_STATE);
    assert_int_equal(mailsub_session_submit(fixture.session, third, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_session_close(fixture.session), MAILSUB_E_STATE);
    assert_int_equal(mailsub_session_count_pending(fixture.session), 2);
    struct pollfd watched = {.fd = mailsub_session_get_fd(fixture.session), .events = POLLIN};
    while (mailsub_session_count_pending(fixture.session) > 0) {
        int64_t timeout_ms = mailsub_session_get_timeout(fixture.session);
        assert_true(timeout_ms >= 0);
        assert_true(poll(&watched, 1, (int)timeout_ms) >= 0);
        assert_int_equal(mailsub_session_process(fixture.session), 0);
    }
    assert_int_equal(counter.n_done, 3);
    assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 3);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 1);
    assert_int_equal(mailsub_message_clear_error(fixture.message), 0);
    mailsub_message_free(second);
    mailsub_message_free(third);
    session_kit_free(&fixture);
}

static void *cancel_soon(void *context)
{
    mailsub_session_cancel(context);
    return NULL;
}

static void a_wait_can_be_cancelled(void **state)
{
    (void)state;
    static const struct rule silent[] = {{"EHLO", NULL, ""}, {NULL, NULL, NULL}};
    struct session_kit fixture;
    set_up(&fixture, FULL | MAILSUB_TESTING_STARTTLS, 0, silent, 2);
    struct counter counter = {0};
    mailsub_message *second = make_message(NULL);
    mailsub_receipt *late = NULL; /* of a message whose turn has not come */
    assert_int_equal(mailsub_receipt_new(NULL, &late), 0);
    mailsub_session *session = fixture.session;
    mailsub_session_post(session, fixture.message, fixture.receipt, count_done, &counter);
    mailsub_session_post(session, second, late, count_done, &counter);
    struct pollfd watched = {.fd = mailsub_session_get_fd(session), .events = POLLIN};
    while (strstr(transcript.text, "CEHLO") == NULL) {
        assert_true(poll(&watched, 1, 5000) > 0);
        assert_int_equal(mailsub_session_process(session), 0);
    }
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, session), 0);
    assert_int_equal(poll(&watched, 1, 5000), 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(mailsub_session_process(session), 0);
    assert_int_equal(counter.n_done, 2);
    assert_int_equal(counter.last_code, MAILSUB_E_CANCELLED);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipt), MAILSUB_E_CANCELLED);
    assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_EHLO);
    check_outcomes(fixture.receipt, "NNN");
    check_outcomes(late, "NNN");
    mailsub_receipt_free(late);
    mailsub_message_free(second);
    session_kit_free(&fixture);
}

static void freeing_ends_what_is_posted(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL | MAILSUB_TESTING_STARTTLS, 0, NULL, 0);
    mailsub_session_free(fixture.session);
    fixture.session = NULL;
    size_t n_descriptors = count_descriptors();
    size_t n_threads = count_threads();
    for (int rounds = 0; rounds < 20; rounds++) {
        struct counter counter = {0};
        mailsub_session *session = NULL;
        assert_int_equal(mailsub_session_new(fixture.config, &session), 0);
        assert_int_equal(
            mailsub_session_post(session, fixture.message, fixture.receipt, count_done, &counter),
            0);
        for (int i = 0; i < rounds; i++) {
            struct pollfd watched = {.fd = mailsub_session_get_fd(session), .events = POLLIN};
            poll(&watched, 1, 10);
            assert_int_equal(mailsub_session_process(session), 0);
        }
        mailsub_session_free(session);
        assert_int_equal(counter.n_done, 1);
    }
    /* The server's thread ends, and with it the descriptors of its ends of the connections. */
    mailsub_testing_server_stop(fixture.server);
    assert_int_equal(await_threads(n_threads - 1), n_threads - 1);
    assert_true(count_descriptors() < n_descriptors);
    session_kit_free(&fixture);
}

static void post_again(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    struct counter *counter = context;
    (void)receipt;
    counter->n_done++;
    counter->last_code = code;
    int rc = mailsub_session_post(counter->session, message, NULL, post_again, counter);
    assert_int_equal(rc, counter->again ? MAILSUB_OK : MAILSUB_E_STATE);
}

static void a_message_posted_while_others_end_is_not_lost(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL | MAILSUB_TESTING_STARTTLS, 0, NULL, 0);
    mailsub_message *second = make_message(NULL);
    struct counter counter = {.session = fixture.session, .again = second};
    assert_int_equal(
        mailsub_session_post(fixture.session, fixture.message, NULL, post_again, &counter), 0);
    assert_int_equal(mailsub_session_post(fixture.session, second, NULL, post_again, &counter), 0);
    assert_int_equal(mailsub_session_cancel(fixture.session), 0);
    assert_int_equal(mailsub_session_process(fixture.session), 0);
    assert_int_equal(counter.n_done, 2);
    assert_int_equal(mailsub_session_count_pending(fixture.session), 2);
    counter.again = NULL; /* from now on a post is to be refused */
    mailsub_session_free(fixture.session);
    fixture.session = NULL;
    assert_int_equal(counter.n_done, 4);
    assert_int_equal(counter.last_code, MAILSUB_E_CANCELLED);
    mailsub_message_free(second);
    session_kit_free(&fixture);
}

static void bad_messages_send_nothing(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL | MAILSUB_TESTING_STARTTLS, 0, NULL, 0);
    mailsub_message *message = NULL;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    assert_int_equal(mailsub_session_submit(fixture.session, message, fixture.receipt),
                     MAILSUB_E_NO_FROM);
    assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_CHECK);
    mailsub_message_set_from(message, "app@example.org", NULL);
    assert_int_equal(mailsub_session_submit(fixture.session, message, fixture.receipt),
                     MAILSUB_E_NO_RECIPIENTS);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "one@example.net", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "x@example.net\r\nDATA", NULL);
    int rc = mailsub_session_submit(fixture.session, message, fixture.receipt);
    assert_int_equal(rc, mailsub_message_get_error(message, NULL));
    assert_int_equal(mailsub_error_group(rc), MAILSUB_GROUP_MESSAGE);
    assert_string_equal(mailsub_receipt_get_detail(fixture.receipt), "To");
    assert_int_equal(mailsub_receipt_count_recipients(fixture.receipt), 1); /* the good one */
    assert_int_equal(mailsub_session_submit(fixture.session, NULL, fixture.receipt),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipt), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_session_submit(NULL, fixture.message, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 0);
    mailsub_message_free(message);
    session_kit_free(&fixture);
}

static void a_server_that_is_not_there(void **state)
{
    (void)state;
    struct session_kit fixture;
    set_up(&fixture, FULL | MAILSUB_TESTING_STARTTLS, 0, NULL, 0);
    mailsub_testing_server_stop(fixture.server);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt),
                     MAILSUB_E_CONNECT);
    assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_CONNECT);
    assert_non_null(strstr(mailsub_receipt_get_detail(fixture.receipt), "127.0.0.1"));
    check_outcomes(fixture.receipt, "NNN");
    session_kit_free(&fixture);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct session_kit fixture = {0};
    fixture.server = start_server(FULL | MAILSUB_TESTING_STARTTLS, 0, NULL, 0);
    const char *ca = mailsub_testing_server_get_ca(fixture.server);
    size_t n_accepted = 0;
    for (size_t fail_at = 1;; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub_config *config = NULL;
        mailsub_session *session = NULL;
        mailsub_message *message = make_message(&allocator);
        int rc = message ? mailsub_message_get_error(message, NULL) : MAILSUB_E_NOMEM;
        if (rc == MAILSUB_OK)
            rc = mailsub_config_new(&allocator, &config);
        if (rc == MAILSUB_OK)
            rc = mailsub_config_set_url(config, mailsub_testing_server_get_url(fixture.server));
        if (rc == MAILSUB_OK)
            rc = mailsub_config_set_ca_data(config, ca, strlen(ca));
        if (rc == MAILSUB_OK)
            rc = mailsub_config_set_credentials(config, "user", "s3cret");
        if (rc == MAILSUB_OK)
            rc = mailsub_session_new(config, &session);
        if (rc == MAILSUB_OK)
            rc = mailsub_session_submit(session, message, NULL);
        mailsub_session_free(session);
        mailsub_message_free(message);
        mailsub_config_unref(config);
        assert_int_equal(heap.n_live, 0);
        if (heap.n_requests < fail_at) {
            assert_int_equal(rc, MAILSUB_OK);
            break;
        }
        /* Words that found no memory may be missing from a success; nothing else may. */
        assert_true(rc == MAILSUB_E_NOMEM || rc == MAILSUB_OK);
        n_accepted += rc == MAILSUB_OK;
        assert_int_equal(mailsub_testing_server_count_messages(fixture.server), n_accepted);
    }
    mailsub_testing_server_free(fixture.server);
}

static void a_receipt_can_be_read_and_used_again(void **state)
{
    (void)state;
    static const struct rule unknown[] = {{"RCPT", "two@", "550 5.1.1 No such user"}};
    struct session_kit fixture;
    set_up(&fixture, FULL | MAILSUB_TESTING_IMPLICIT_TLS, 0, unknown, 1);
    struct text text = {0};
    assert_int_equal(mailsub_receipt_write(fixture.receipt, keep_text, &text), MAILSUB_E_STATE);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipt), MAILSUB_E_STATE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt),
                         MAILSUB_E_PARTIAL);
        assert_int_equal(mailsub_receipt_count_recipients(fixture.receipt), N_RECIPIENTS);
    }
    const char *message_id = NULL;
    assert_int_equal(mailsub_message_get_message_id(fixture.message, &message_id), 0);
    assert_string_equal(mailsub_receipt_get_message_id(fixture.receipt), message_id);
    assert_string_equal(mailsub_receipt_get_tls_version(fixture.receipt), "TLS1.3");
    assert_true(strlen(mailsub_receipt_get_tls_cipher(fixture.receipt)) > 0);
    assert_int_equal(mailsub_receipt_get_tls_verified_by(fixture.receipt),
                     MAILSUB_VERIFIED_BY_AUTHORITY);
    assert_string_equal(mailsub_receipt_get_recipient_enhanced_status(fixture.receipt, 1), "5.1.1");
    assert_string_equal(mailsub_receipt_get_recipient_reply_text(fixture.receipt, 1),
                        "No such user");
    assert_int_equal(mailsub_receipt_get_recipient_reply_code(fixture.receipt, 1), 550);
    assert_int_equal(mailsub_receipt_get_recipient_stage(fixture.receipt, 1), MAILSUB_STAGE_RCPT);
    assert_string_equal(mailsub_receipt_get_recipient(fixture.receipt, 3), "");
    assert_int_equal(mailsub_receipt_get_recipient_reply_code(fixture.receipt, 3), 0);
    assert_int_equal(mailsub_receipt_write(fixture.receipt, keep_text, &text), 0);
    assert_non_null(strstr(text.data, "result: MAILSUB_E_PARTIAL"));
    assert_non_null(
        strstr(text.data, "recipient: <two@example.net> refused: 550 5.1.1 No such user"));
    assert_non_null(strstr(text.data, "certificate verified"));
    free(text.data);
    session_kit_free(&fixture);
}

int main(void)
{
    static struct CMUnitTest tests[80] = {
        cmocka_unit_test(a_connection_is_kept),
        cmocka_unit_test(limits_are_kept_to),
        cmocka_unit_test(a_dead_kept_connection_is_replaced_once),
        cmocka_unit_test(nothing_is_repeated_once_content_went),
        cmocka_unit_test(the_event_form_never_waits),
        cmocka_unit_test(a_wait_can_be_cancelled),
        cmocka_unit_test(freeing_ends_what_is_posted),
        cmocka_unit_test(a_message_posted_while_others_end_is_not_lost),
        cmocka_unit_test(bad_messages_send_nothing),
        cmocka_unit_test(a_server_that_is_not_there),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_receipt_can_be_read_and_used_again),
    };
    size_t n_tests = 12;
    UNIT_ADD_ROWS(tests, n_tests, rows, submit_row);
    return UNIT_RUN(tests, n_tests);
}
