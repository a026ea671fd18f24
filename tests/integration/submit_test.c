/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Submissions to a real Postfix, through the public interface only: every way to connect, and every
 * kind of refusal with what the receipt tells of it. Each row checks besides that what was stored
 * is what was written, that the transcript tells no secret, and that nothing is left behind.
 */
#include "submission.h"

static const struct submission ways[] = {
    {"implicit TLS with login", "submissions", "smtps", AS_ALICE, SUCCESS, .protocol = "ESMTPSA",
     .fates = {ACCEPTED("ann")}},
    {"implicit TLS without login", "smtps", "smtps", SUCCESS, .protocol = "ESMTPS",
     .fates = {ACCEPTED("ann")}},
    {"implicit TLS to an IP address", "submissions", "smtps", "127.0.0.1", AS_ALICE, SUCCESS,
     .protocol = "ESMTPSA", .fates = {ACCEPTED("ann")}},
    {"implicit TLS with a certificate of another, expected name", "submissions", "othername",
     .verify_name = "mail.elsewhere.example", SUCCESS, .protocol = "ESMTPS",
     .fates = {ACCEPTED("ann")}},
    {"STARTTLS demanded, with login", "submission", "submission", AS_ALICE, SUCCESS,
     .protocol = "ESMTPSA", .fates = {ACCEPTED("ann")}},
    {"STARTTLS demanded, without login", "submission", "starttls", SUCCESS, .protocol = "ESMTPS",
     .fates = {ACCEPTED("ann")}},
    {"STARTTLS and a password that is not ASCII", "submission", "submission", AS_BOB, SUCCESS,
     .protocol = "ESMTPSA", .fates = {ACCEPTED("ann")}},
    {"STARTTLS, and PLAIN by name", "submission", "submission", AS_ALICE, .mechanisms = "PLAIN",
     SUCCESS, .protocol = "ESMTPSA", .fates = {ACCEPTED("ann")}},
    {"STARTTLS and a server that knows AUTH LOGIN only", "submission", "login_mechanism", AS_ALICE,
     SUCCESS, .protocol = "ESMTPSA", .fates = {ACCEPTED("ann")}},
    {"STARTTLS with a certificate of another, expected name", "submission", "othername_starttls",
     .verify_name = "mail.elsewhere.example", SUCCESS, .protocol = "ESMTPS",
     .fates = {ACCEPTED("ann")}},
    {"a loopback server that offers STARTTLS", "smtp", "starttls_nologin", SUCCESS,
     .protocol = "ESMTPS", .fates = {ACCEPTED("ann")}},
    {"plain to loopback without login", "smtp", "plain", SUCCESS, .protocol = "ESMTP",
     .fates = {ACCEPTED("ann")}},
    {"plain to a loopback address", "smtp", "plain", "127.0.0.1", SUCCESS, .protocol = "ESMTP",
     .fates = {ACCEPTED("ann")}},
    {"plain to loopback with a login, allowed by name", "smtp", "plain_login", AS_ALICE,
     .flags = ALLOW_CLEAR_LOGIN, SUCCESS, .protocol = "ESMTPA", .fates = {ACCEPTED("ann")}},
    {"any certificate, allowed by name", "submissions", "stranger", .flags = SKIP_VERIFY, SUCCESS,
     .protocol = "ESMTPS", .fates = {ACCEPTED("ann")}},
    {"a server without any extension", "smtp", "no_extensions", SUCCESS, .protocol = "ESMTP",
     .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"a server that pipelines nothing, three fates", "smtp", "no_extensions", PARTIAL,
     .protocol = "ESMTP", .fates = {UNKNOWN_USER, ACCEPTED("ann"), BUSY_MAILBOX}},
    {"three recipients", "submissions", "smtps", AS_ALICE, SUCCESS, .protocol = "ESMTPSA",
     .fates = {ACCEPTED("ann"), ACCEPTED("ben"), ACCEPTED("cleo")}},
    {"blind recipients", "submissions", "smtps", AS_ALICE, .flags = BLIND, SUCCESS,
     .protocol = "ESMTPSA", .fates = {ACCEPTED("ann"), ACCEPTED("ben"), ACCEPTED("cleo")}},
    {"the null sender", "smtp", "plain", .return_path = "", SUCCESS, .protocol = "ESMTP",
     .fates = {ACCEPTED("ann")}},
    {"bounces to another mailbox", "smtp", "plain", .return_path = "bounces@ours.example", SUCCESS,
     .protocol = "ESMTP", .fates = {ACCEPTED("ann")}},
    {"a message as big as the server takes", "smtp", "small", .padding = 15000, SUCCESS,
     .protocol = "ESMTP", .fates = {ACCEPTED("ann")}},
};

/* Messages that exist already, as sendmail -t is handed them. */
#define CRON                                                                                       \
    "From: Nightly backup <alice@ours.example>\nTo: ann@ours.example\nBcc: ben@ours.example\n"     \
    "Subject: Backup finished\n"
#define UTF8_MIME "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"

static const struct submission existing[] = {
    {"an existing message", "smtp", "plain", .existing = CRON "\nAll is saved.\n.\n..\nFrom us\n",
     SUCCESS, .protocol = "ESMTP", .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"an existing message, with a login", "submissions", "smtps", AS_ALICE,
     .existing = CRON "\nAll is saved.", SUCCESS, .protocol = "ESMTPSA",
     .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"an existing message with 8-bit octets, for a server that takes them", "smtp", "plain",
     .existing = CRON UTF8_MIME "Content-Transfer-Encoding: 8bit\n\nGr\xc3\xbc\xc3\x9f"
                                "e\n",
     SUCCESS, .protocol = "ESMTP", .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"an existing message with 8-bit octets, for a server that takes none", "smtp", "no_extensions",
     .existing = CRON UTF8_MIME "Content-Transfer-Encoding: 8bit\n\nGr\xc3\xbc\xc3\x9f"
                                "e\n",
     SUCCESS, .protocol = "ESMTP", .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"an existing message without MIME fields and with 8-bit octets", "smtp", "no_extensions",
     .existing = CRON "\ncaf\xe9\n", SUCCESS, .protocol = "ESMTP",
     .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"an existing message that is sent on", "smtp", "plain",
     .existing = "Resent-From: alice@ours.example\nResent-To: cleo@ours.example\n"
                 "From: x@elsewhere.example\nTo: ann@ours.example\nSubject: x\n\nHi\n",
     SUCCESS, .protocol = "ESMTP", .fates = {ACCEPTED("cleo")}},
};

/* The first row of each kind; their codes are distinct, see kinds_have_distinct_codes. */
static const struct submission kinds[] = {
    {"an unknown recipient among good ones", "submission", "submission", AS_ALICE, PARTIAL,
     .protocol = "ESMTPSA", .fates = {ACCEPTED("ann"), UNKNOWN_USER, ACCEPTED("ben")}},
    {"every recipient is unknown", "submission", "submission", AS_ALICE,
     FAILURE(E_RECIPIENTS_REFUSED, RCPT, 550, "5.1.1", "User unknown in virtual mailbox table"),
     .fates = {UNKNOWN_USER}},
    {"every recipient is refused for now", "submission", "submission", AS_ALICE,
     FAILURE(E_RECIPIENTS_DEFERRED, RCPT, 450, "4.2.0", "Mailbox is busy"),
     .fates = {BUSY_MAILBOX}},
    {"wrong password", "submission", "submission", .user = ALICE, .password = "wrong horse",
     FAILURE(E_AUTH_REJECTED, AUTH, 535, "5.7.8", "authentication failed"),
     .fates = {WRONG_PASSWORD("ann")}},
    {"a login is demanded", "submission", "submission",
     FAILURE(E_AUTH_REQUIRED, MAIL, 530, "5.7.0", "Authentication required"),
     .fates = {REFUSED("ann", E_AUTH_REQUIRED, MAIL, 530, "5.7.0", "Authentication required")}},
    {"no login is offered", "submission", "starttls_nologin", AS_ALICE,
     FAILURE(E_AUTH_NOT_OFFERED, AUTH, 0, "", ""),
     .fates = {UNTRIED("ann", E_AUTH_NOT_OFFERED, AUTH)}},
    {"a login in clear", "smtp", "plain_login", AS_ALICE, FAILURE(E_CLEAR_LOGIN, AUTH, 0, "", ""),
     .fates = {UNTRIED("ann", E_CLEAR_LOGIN, AUTH)}},
    {"a refused sender", "smtp", "plain", .from = "banned",
     FAILURE(E_SENDER_REFUSED, MAIL, 550, "5.7.1", "This sender may not send"),
     .fates = {REFUSED("ann", E_SENDER_REFUSED, MAIL, 550, "5.7.1", "may not send")}},
    {"a sender refused for now", "smtp", "plain", .from = "unchecked",
     FAILURE(E_SENDER_DEFERRED, MAIL, 450, "4.1.8", "cannot be verified now"),
     .fates = {DEFERRED("ann", E_SENDER_DEFERRED, MAIL, 450, "4.1.8", "cannot be verified")}},
    {"refused content", "smtp", "plain", .flags = REFUSED_CONTENT,
     FAILURE(E_MESSAGE_REFUSED, END_OF_DATA, 550, "5.7.1", "Content is not wanted here"),
     .fates = {REFUSED("ann", E_MESSAGE_REFUSED, END_OF_DATA, 550, "5.7.1", "not wanted")}},
    {"content refused for now", "smtp", "plain", .from = "scanner-down",
     FAILURE(E_MESSAGE_DEFERRED, END_OF_DATA, 451, "4.7.1", "content scanner is not available"),
     .fates = {DEFERRED("ann", E_MESSAGE_DEFERRED, END_OF_DATA, 451, "4.7.1", "scanner")}},
    {"a message bigger than the server says that it takes", "smtp", "small", .padding = 30000,
     FAILURE(E_MESSAGE_TOO_BIG, CHECK, 0, "", "the server takes 20000"),
     .fates = {UNTRIED("ann", E_MESSAGE_TOO_BIG, CHECK)}},
    {"an unknown certification authority", "submissions", "stranger",
     FAILURE(E_TLS_UNTRUSTED, TLS, 0, "", ""), .fates = {UNTRIED("ann", E_TLS_UNTRUSTED, TLS)}},
    {"a certificate of another host", "submissions", "othername",
     FAILURE(E_TLS_NAME, TLS, 0, "", ""), .fates = {UNTRIED("ann", E_TLS_NAME, TLS)}},
    {"an expired certificate", "submissions", "expired", FAILURE(E_TLS_DATES, TLS, 0, "", ""),
     .fates = {UNTRIED("ann", E_TLS_DATES, TLS)}},
    {"no STARTTLS offered", "submission", "plain", FAILURE(E_TLS_NOT_OFFERED, STARTTLS, 0, "", ""),
     .fates = {UNTRIED("ann", E_TLS_NOT_OFFERED, STARTTLS)}},
    {"TLS to a server that speaks in clear", "submissions", "plain", FAILURE(E_TLS, TLS, 0, "", ""),
     .fates = {UNTRIED("ann", E_TLS, TLS)}},
    {"in clear to a server that waits for TLS", "smtp", "smtps", .flags = SHORT_GREETING,
     FAILURE(E_TIMEOUT, GREETING, 0, "", ""), .fates = {UNTRIED("ann", E_TIMEOUT, GREETING)}},
    {"nobody listens", "smtp", "refusing", FAILURE(E_CONNECT, CONNECT, 0, "", ""),
     .fates = {UNTRIED("ann", E_CONNECT, CONNECT)}},
    {"a server that wants no client", "smtp", "unwelcoming",
     FAILURE(E_GREETING_REFUSED, GREETING, 554, "5.7.1", "Client host rejected"),
     .fates = {TURNED_AWAY("ann", E_GREETING_REFUSED, GREETING, 554, "5.7.1",
                           "Client host rejected")}},
    {"a server that is too busy", "smtp", "busy",
     FAILURE(E_UNAVAILABLE, GREETING, 450, "4.3.2", "Too busy"),
     .fates = {TURNED_AWAY("ann", E_UNAVAILABLE, GREETING, 450, "4.3.2", "Too busy")}},
};

/* The same kinds on other ways, and mixtures. */
static const struct submission variants[] = {
    {"one recipient for each fate", "smtp", "plain", PARTIAL, .protocol = "ESMTP",
     .fates = {BUSY_MAILBOX, UNKNOWN_USER, ACCEPTED("cleo"),
               DEFERRED("full", E_RECIPIENTS_DEFERRED, RCPT, 452, "4.2.2", "Mailbox is full")}},
    {"all or none, and one is unknown", "smtp", "plain", .flags = ALL_OR_NONE,
     FAILURE(E_RECIPIENTS_REFUSED, RCPT, 550, "5.1.1", "User unknown"),
     .fates = {UNTRIED("ann", E_RECIPIENTS_REFUSED, RCPT), UNKNOWN_USER,
               UNTRIED("ben", E_RECIPIENTS_REFUSED, RCPT)}},
    {"all or none, and all are good", "smtp", "plain", .flags = ALL_OR_NONE, SUCCESS,
     .protocol = "ESMTP", .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"refused and deferred recipients, none good: a later try may help", "smtp", "plain",
     FAILURE(E_RECIPIENTS_DEFERRED, RCPT, 450, "4.2.0", "Mailbox is busy"),
     .fates = {UNKNOWN_USER, BUSY_MAILBOX}},
    {"wrong password over implicit TLS", "submissions", "smtps", .user = ALICE,
     .password = "wrong horse", FAILURE(E_AUTH_REJECTED, AUTH, 535, "5.7.8", "failed"),
     .fates = {WRONG_PASSWORD("ann"), WRONG_PASSWORD("ben")}},
    {"wrong password by AUTH LOGIN", "submission", "login_mechanism", .user = ALICE,
     .password = "wrong horse", FAILURE(E_AUTH_REJECTED, AUTH, 535, "5.7.8", "failed"),
     .fates = {WRONG_PASSWORD("ann")}},
    {"wrong password in clear, allowed by name", "smtp", "plain_login", .user = ALICE,
     .password = "wrong horse", .flags = ALLOW_CLEAR_LOGIN,
     FAILURE(E_AUTH_REJECTED, AUTH, 535, "5.7.8", "failed"), .fates = {WRONG_PASSWORD("ann")}},
    {"a login over TLS that is not verified", "submissions", "smtps", AS_ALICE,
     .flags = SKIP_VERIFY | TRUST_SYSTEM, FAILURE(E_CLEAR_LOGIN, AUTH, 0, "", ""),
     .fates = {UNTRIED("ann", E_CLEAR_LOGIN, AUTH)}},
    {"a sender that belongs to another login", "submission", "submission", AS_ALICE, .from = "bob",
     FAILURE(E_SENDER_REFUSED, MAIL, 553, "5.7.1", "not owned by user alice"),
     .fates = {REFUSED("ann", E_SENDER_REFUSED, MAIL, 553, "5.7.1", "not owned")}},
    {"a sender whose name before the @ is not ASCII", "smtp", "plain", .from = "j\xc3\xb6rg",
     SUCCESS, .protocol = "UTF8SMTP", .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"such a sender, and a server without SMTPUTF8", "smtp", "no_extensions", .from = "j\xc3\xb6rg",
     FAILURE(E_SMTPUTF8, CHECK, 0, "", ""), .fates = {UNTRIED("ann", E_SMTPUTF8, CHECK)}},
    {"a sender refused in reply to RCPT", "smtp", "late_refusal", .from = "banned",
     FAILURE(E_RECIPIENTS_REFUSED, RCPT, 550, "5.7.1", "This sender may not send"),
     .fates = {REFUSED("ann", E_RECIPIENTS_REFUSED, RCPT, 550, "5.7.1", "may not send")}},
    {"a message too big, which the server says at its end", "smtp", "small_unsaid",
     .padding = 30000, FAILURE(E_MESSAGE_TOO_BIG, END_OF_DATA, 552, "5.3.4", "size limit"),
     .fates = {REFUSED("ann", E_MESSAGE_TOO_BIG, END_OF_DATA, 552, "5.3.4", "size limit")}},
    {"an unknown certification authority behind STARTTLS", "submission", "stranger_starttls",
     FAILURE(E_TLS_UNTRUSTED, TLS, 0, "", ""), .fates = {UNTRIED("ann", E_TLS_UNTRUSTED, TLS)}},
    {"a certification authority known to the system only", "submissions", "smtps",
     .flags = TRUST_SYSTEM, FAILURE(E_TLS_UNTRUSTED, TLS, 0, "", ""),
     .fates = {UNTRIED("ann", E_TLS_UNTRUSTED, TLS)}},
    {"a certificate of another host behind STARTTLS", "submission", "othername_starttls",
     FAILURE(E_TLS_NAME, TLS, 0, "", ""), .fates = {UNTRIED("ann", E_TLS_NAME, TLS)}},
    {"a certificate of the host, where another name is demanded", "submission", "starttls",
     .verify_name = "mail.elsewhere.example", FAILURE(E_TLS_NAME, TLS, 0, "", ""),
     .fates = {UNTRIED("ann", E_TLS_NAME, TLS)}},
    {"a bad certificate on loopback, where STARTTLS is merely taken", "smtp", "stranger_starttls",
     FAILURE(E_TLS_UNTRUSTED, TLS, 0, "", ""), .fates = {UNTRIED("ann", E_TLS_UNTRUSTED, TLS)}},
    {"no STARTTLS offered, and a login", "submission", "plain_login", AS_ALICE,
     FAILURE(E_TLS_NOT_OFFERED, STARTTLS, 0, "", ""),
     .fates = {UNTRIED("ann", E_TLS_NOT_OFFERED, STARTTLS)}},
};

static void submit(void **state)
{
    const struct submission *row = *state;
    static struct fixture fixture;
    submission_set_up(&fixture, row);
    int code = mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
    assert_string_equal(mailsub_error_name(code), mailsub_error_name(row->code));
    submission_check(&fixture, row);
    assert_int_equal(mailsub_session_close(fixture.session), MAILSUB_OK);
    submission_tear_down(&fixture);
}

static void kinds_have_distinct_codes(void **state)
{
    (void)state;
    const size_t n = sizeof kinds / sizeof kinds[0];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (kinds[i].code == kinds[j].code)
                fail_msg("\"%s\" and \"%s\" end alike", kinds[i].name, kinds[j].name);
        }
    }
}

int main(void)
{
    static struct CMUnitTest tests[100];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, ways, submit);
    UNIT_ADD_ROWS(tests, n_tests, existing, submit);
    UNIT_ADD_ROWS(tests, n_tests, kinds, submit);
    UNIT_ADD_ROWS(tests, n_tests, variants, submit);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(kinds_have_distinct_codes);
    return UNIT_RUN(tests, n_tests);
}
