/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The services that libmailsub is for, each one as its operator runs it: services.py has the
 * servers, and the key to the rows' names. Each row is a submission, and what becomes of it: over
 * success and over every refusal that the service knows. What takes several steps (quotas, sender
 * verification, bounces, ETRN) is in service_steps_test.c; 50 MiB are in large_test.c.
 */
#include "submission.h"

#define APP "app"
#define APP_PASSWORD "f\xc3\xbcr Bescheide"
#define AS_APP .user = APP, .password = APP_PASSWORD, .from = "app"

#define TO(who, outcome_, code_, stage_, reply_code_, enhanced_, text_)                            \
    {                                                                                              \
        .address = (who), .outcome = MAILSUB_OUTCOME_##outcome_, .code = MAILSUB_##code_,          \
        .stage = MAILSUB_STAGE_##stage_, .reply_code = (reply_code_), .enhanced = (enhanced_),     \
        .text = (text_)                                                                            \
    }
#define NOT_OWNED(who)                                                                             \
    FAILURE(E_SENDER_REFUSED, MAIL, 553, "5.7.1", "not owned by user " who),                       \
        .fates = {REFUSED("ann", E_SENDER_REFUSED, MAIL, 553, "5.7.1", "not owned")}
#define LOGIN_MISSING                                                                              \
    FAILURE(E_AUTH_REQUIRED, MAIL, 530, "5.7.0", "Authentication required"),                       \
        .fates = {REFUSED("ann", E_AUTH_REQUIRED, MAIL, 530, "5.7.0", "Authentication required")}
#define LOGIN_REJECTED                                                                             \
    FAILURE(E_AUTH_REJECTED, AUTH, 535, "5.7.8", "authentication failed"),                         \
        .fates = {WRONG_PASSWORD("ann")}
#define TLS_FAILURE(cause) FAILURE(cause, TLS, 0, "", ""), .fates = {UNTRIED("ann", cause, TLS)}

/*
 * Postfix's command does not look at recipients: it takes a message for all of them or for none. It
 * ends with EX_TEMPFAIL for each of its refusals, for a faulty main.cf too.
 */
#define TAKEN(who) TO(who "@ours.example", ACCEPTED, OK, END_OF_DATA, 250, "2.0.0", "Taken")
#define BY_COMMAND_SUCCESS                                                                         \
    .code = MAILSUB_OK, .stage = MAILSUB_STAGE_END_OF_DATA, .reply_code = 250,                     \
    .enhanced = "2.0.0", .text = "Taken"
#define BY_COMMAND_TEMPFAIL(words)                                                                 \
    FAILURE(E_MESSAGE_DEFERRED, END_OF_DATA, 451, "4.3.0", words),                                 \
        .fates = {DEFERRED("ann", E_MESSAGE_DEFERRED, END_OF_DATA, 451, "4.3.0", words),           \
                  DEFERRED("ben", E_MESSAGE_DEFERRED, END_OF_DATA, 451, "4.3.0", "(EX_TEMPFAIL)")}
/* As sendmail -t is handed it: a lone dot ends nothing, and neither does a line that has two. */
#define DOTTED                                                                                     \
    "From: alice@ours.example\nTo: ann@ours.example\nBcc: ben@ours.example\n"                      \
    "Subject: Dots\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"                  \
    "Content-Transfer-Encoding: 8bit\n\nThe first\n.\n..\nFrom gr\xc3\xbcn\n.\n"

static const struct submission local[] = {
    {"L1: localhost, port 25, without TLS and login", "smtp", "l1", SUCCESS, .protocol = "ESMTP",
     .never = "C: STARTTLS", .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"L1: a login is offered, and none is attempted", "smtp", "l1_login", SUCCESS,
     .protocol = "ESMTP", .never = "C: AUTH", .fates = {ACCEPTED("ann")}},
    {"L1: a certificate of nobody, as packages come with", "smtp", "l1_snakeoil",
     .flags = TRUST_SYSTEM | UNVERIFIED, SUCCESS, .protocol = "ESMTPS", .never = "C: AUTH",
     .fates = {ACCEPTED("ann")}},
    {"L1: an unknown recipient", "smtp", "l1", PARTIAL, .protocol = "ESMTP",
     .fates = {UNKNOWN_USER, ACCEPTED("ann")}},
    {"L1: relaying elsewhere is denied", "smtp", "l1",
     FAILURE(E_RECIPIENTS_REFUSED, RCPT, 554, "5.7.1", "Relay access denied"),
     .fates = {TO("ann@elsewhere.example", REFUSED, E_RECIPIENTS_REFUSED, RCPT, 554, "5.7.1",
                  "Relay access denied")}},
    {"L1: no relay is running", "smtp", "refusing", FAILURE(E_CONNECT, CONNECT, 0, "", ""),
     .fates = {UNTRIED("ann", E_CONNECT, CONNECT)}},
    {"L2: the sendmail command", "sendmail", "l2", BY_COMMAND_SUCCESS,
     .fates = {TAKEN("ann"), TAKEN("ben")}},
    {"L2: bounces go to another address than the author's", "sendmail", "l2",
     .return_path = "app@ours.example", BY_COMMAND_SUCCESS, .fates = {TAKEN("ann")}},
    {"L2: lines that are a lone dot, and 8-bit octets", "sendmail", "l2", .existing = DOTTED,
     BY_COMMAND_SUCCESS, .fates = {TAKEN("ann"), TAKEN("ben")}},
    {"L2: the user may not submit", "sendmail", "l2_forbidden",
     BY_COMMAND_TEMPFAIL("is not allowed to submit mail")},
    {"L2: more than the command takes", "sendmail", "l2_small", .padding = 30000,
     BY_COMMAND_TEMPFAIL("File too large")},
    {"L2: the command is not there", "sendmail", "l2_missing",
     FAILURE(E_SENDMAIL, END_OF_DATA, 554, "5.3.5", "No such file or directory"),
     .fates = {REFUSED("ann", E_SENDMAIL, END_OF_DATA, 554, "5.3.5", "No such file")}},
};

static const struct submission departmental[] = {
    {"D1: port 587 with STARTTLS", "submission", "d1_587", SUCCESS, .protocol = "ESMTPS",
     .never = "C: AUTH", .fates = {ACCEPTED("ann")}},
    {"D1: port 25 with STARTTLS", "submission", "d1_25", SUCCESS, .protocol = "ESMTPS",
     .never = "C: AUTH", .fates = {ACCEPTED("ann")}},
    {"D1: port 465 with TLS", "submissions", "d1_465", SUCCESS, .protocol = "ESMTPS",
     .never = "C: AUTH", .fates = {ACCEPTED("ann")}},
    {"D1: port 465 with TLS, because it is 465", "smtp", "d1_465", SUCCESS, .protocol = "ESMTPS",
     .never = "C: STARTTLS", .fates = {ACCEPTED("ann")}},
    {"D1: port 587 with STARTTLS, because it is not 465", "smtp", "d1_587", SUCCESS,
     .protocol = "ESMTPS", .never = "C: AUTH", .fates = {ACCEPTED("ann")}},
    {"D1: with a login, once it has one", "submission", "d1_login", AS_ALICE, SUCCESS,
     .protocol = "ESMTPSA", .fates = {ACCEPTED("ann")}},
    {"D1: without a login, once it has one", "submission", "d1_login", .never = "C: AUTH",
     LOGIN_MISSING},
    {"D1: the offer of STARTTLS is missing", "submission", "d1_stripped",
     FAILURE(E_TLS_NOT_OFFERED, STARTTLS, 0, "", ""), .never = "C: MAIL",
     .fates = {UNTRIED("ann", E_TLS_NOT_OFFERED, STARTTLS)}},
    {"D1: the public certificate is another one's", "submissions", "d1_othername",
     TLS_FAILURE(E_TLS_NAME)},
    {"D1: the public certificate's issuer is not trusted", "submissions", "d1_465",
     .flags = TRUST_SYSTEM, TLS_FAILURE(E_TLS_UNTRUSTED)},
};

#define FOREIGN "This address may not send"

static const struct submission smarthost[] = {
    {"D2: port 25 with TLS, which is offered", "smtp", "d2", .flags = OPPORTUNISTIC, SUCCESS,
     .protocol = "ESMTPS", .never = "C: AUTH", .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"D2: port 25 in clear, when TLS is not offered", "smtp", "d2_clear", .flags = OPPORTUNISTIC,
     SUCCESS, .protocol = "ESMTP", .never = "C: STARTTLS", .fates = {ACCEPTED("ann")}},
    {"D2: a client of another network is refused at once", "smtp", "d2_foreign",
     .flags = OPPORTUNISTIC, FAILURE(E_GREETING_REFUSED, GREETING, 554, "5.7.1", FOREIGN),
     .fates = {TURNED_AWAY("ann", E_GREETING_REFUSED, GREETING, 554, "5.7.1", FOREIGN)}},
    {"D2: a client of another network is refused at RCPT", "smtp", "d2_foreign_late",
     .flags = OPPORTUNISTIC, FAILURE(E_RECIPIENTS_REFUSED, RCPT, 554, "5.7.1", FOREIGN),
     .fates = {REFUSED("ann", E_RECIPIENTS_REFUSED, RCPT, 554, "5.7.1", FOREIGN)}},
};

static const struct submission people[] = {
    {"P1: port 465 with login", "submissions", "p1_465", AS_ALICE, SUCCESS, .protocol = "ESMTPSA",
     .fates = {ACCEPTED("ann")}},
    {"P1: port 587 with login", "submission", "p1_587", AS_BOB, SUCCESS, .protocol = "ESMTPSA",
     .fates = {ACCEPTED("ann"), ACCEPTED("ben")}},
    {"P1: not without TLS", "smtp", "p1_587", .flags = NO_TLS,
     FAILURE(E_AUTH_REQUIRED, MAIL, 530, "5.7.0", "Must issue a STARTTLS command first"),
     .fates = {REFUSED("ann", E_AUTH_REQUIRED, MAIL, 530, "5.7.0", "STARTTLS")}},
    {"P1: not without a login", "submission", "p1_587", LOGIN_MISSING},
    {"P1: a wrong password", "submissions", "p1_465", .user = ALICE, .password = "wrong horse",
     LOGIN_REJECTED},
    {"P1: an account that is locked", "submissions", "p1_465", .user = "locked",
     .password = "locked out", LOGIN_REJECTED},
    {"P1: an envelope sender of another login", "submissions", "p1_465", AS_ALICE, .from = "bob",
     NOT_OWNED("alice")},
    {"P1: an author of another login", "submissions", "p1_465", AS_ALICE, .from = "eve",
     .return_path = "alice@ours.example",
     FAILURE(E_MESSAGE_REFUSED, END_OF_DATA, 550, "5.7.1", "Author is not owned by this login"),
     .fates = {REFUSED("ann", E_MESSAGE_REFUSED, END_OF_DATA, 550, "5.7.1", "not owned")}},
    {"P1: a recipient's domain does not exist", "submission", "p1_587", AS_ALICE, PARTIAL,
     .protocol = "ESMTPSA",
     .fates = {ACCEPTED("ann"), TO("ann@nosuch.example", REFUSED, E_RECIPIENTS_REFUSED, RCPT, 550,
                                   "5.1.2", "Domain does not exist")}},
    {"P1: a recipient's mailbox does not exist", "submission", "p1_587", AS_ALICE, PARTIAL,
     .protocol = "ESMTPSA", .fates = {UNKNOWN_USER, ACCEPTED("ben"), ACCEPTED("cleo")}},
};

static const struct submission relays[] = {
    {"P2: several recipients, of whom one is unknown and one is full", "smtp", "p2_slow",
     .flags = OPPORTUNISTIC, PARTIAL, .protocol = "ESMTPS",
     .fates = {ACCEPTED("ann"), UNKNOWN_USER, ACCEPTED("ben")}},
};

static const struct submission applications[] = {
    {"P3: port 465 with a function account", "submissions", "p3_465", AS_APP, SUCCESS,
     .protocol = "ESMTPSA", .fates = {ACCEPTED("ann")}},
    {"P3: port 587 with a function account", "submission", "p3_587", AS_APP, SUCCESS,
     .protocol = "ESMTPSA", .fates = {ACCEPTED("ann")}},
    {"P3: not without TLS", "submission", "p1_587", .flags = NO_TLS, .user = APP,
     .password = APP_PASSWORD, FAILURE(E_CLEAR_LOGIN, AUTH, 0, "", ""),
     .fates = {UNTRIED("ann", E_CLEAR_LOGIN, AUTH)}},
    {"P3: a wrong password", "submissions", "p3_465", .user = APP, .password = "wrong horse",
     LOGIN_REJECTED},
    {"P3: a sender address that was not agreed", "submissions", "p3_465", .user = APP,
     .password = APP_PASSWORD, .from = "alice", NOT_OWNED("app")},
    {"P3: a client outside the address range", "submissions", "p3_foreign", AS_APP,
     FAILURE(E_GREETING_REFUSED, GREETING, 554, "5.7.1", FOREIGN),
     .fates = {TURNED_AWAY("ann", E_GREETING_REFUSED, GREETING, 554, "5.7.1", FOREIGN)}},
};

static const struct submission receivers[] = {
    {"R1: STARTTLS with a trusted certificate", "submission", "r1", SUCCESS, .protocol = "ESMTPS",
     .fates = {ACCEPTED("ann")}},
    {"R1: an unknown recipient is refused at RCPT", "submission", "r1",
     FAILURE(E_RECIPIENTS_REFUSED, RCPT, 550, "5.1.1", "User unknown"), .never = "C: DATA",
     .fates = {UNKNOWN_USER}},
    {"R1: an untrusted certificate", "submission", "r1_stranger", .never = "C: MAIL",
     TLS_FAILURE(E_TLS_UNTRUSTED)},
    {"R1: more than the server takes is not begun", "submission", "r1_small", .padding = 30000,
     FAILURE(E_MESSAGE_TOO_BIG, CHECK, 0, "", "the server takes 20000"), .never = "C: MAIL",
     .fates = {UNTRIED("ann", E_MESSAGE_TOO_BIG, CHECK)}},
};

#define GIVEN_NAME .verify_name = "mail.elsewhere.example"
#define NO_ACCESS                                                                                  \
    FAILURE(E_RECIPIENTS_REFUSED, RCPT, 554, "5.7.1", "Access denied"),                            \
        .fates = {REFUSED("ann", E_RECIPIENTS_REFUSED, RCPT, 554, "5.7.1", "Access denied")}

static const struct submission certified[] = {
    {"C1: port 25, one authority, a given name, a client certificate", "submission", "c1",
     GIVEN_NAME, .client = "client", SUCCESS, .protocol = "ESMTPS", .fates = {ACCEPTED("ann")}},
    {"C1: the given name is missing", "submission", "c1", .client = "client", .never = "C: MAIL",
     TLS_FAILURE(E_TLS_NAME)},
    {"C1: another authority", "submission", "c1_stranger", .client = "client", .never = "C: MAIL",
     TLS_FAILURE(E_TLS_UNTRUSTED)},
    {"C1: the system's authorities do not count beside the given one", "submission", "c1",
     GIVEN_NAME, .flags = TRUST_SYSTEM, .never = "C: MAIL", TLS_FAILURE(E_TLS_UNTRUSTED)},
    {"C1: no client certificate", "submission", "c1", GIVEN_NAME, NO_ACCESS},
    {"C1: a client certificate that nobody knows", "submission", "c1", GIVEN_NAME,
     .client = "nobody", NO_ACCESS},
    {"C1: a client certificate that TLS demands", "submission", "c1_demanded", GIVEN_NAME,
     .client = "client", SUCCESS, .protocol = "ESMTPS", .fates = {ACCEPTED("ann")}},
    {"C1: EXTERNAL, with TLS", "submissions", "c1_external", .client = "client",
     .mechanisms = "EXTERNAL", SUCCESS, .fates = {ACCEPTED("ann")}},
    {"C1: EXTERNAL, with STARTTLS", "submission", "c1_external_starttls", .client = "client",
     .mechanisms = "EXTERNAL", SUCCESS, .fates = {ACCEPTED("ann")}},
    {"C1: EXTERNAL, for a name without an account", "submissions", "c1_external",
     .client = "nobody", .mechanisms = "EXTERNAL", .never = "C: MAIL",
     FAILURE(E_AUTH_REJECTED, AUTH, 535, "5.7.8", "Authentication failed"),
     .fates = {TURNED_AWAY("ann", E_AUTH_REJECTED, AUTH, 535, "5.7.8", "Authentication failed")}},
    {"C1: EXTERNAL, without a certificate", "submissions", "c1_external", .mechanisms = "EXTERNAL",
     .never = "C: MAIL", FAILURE(E_AUTH_REJECTED, AUTH, 535, "5.7.8", "Authentication failed"),
     .fates = {TURNED_AWAY("ann", E_AUTH_REJECTED, AUTH, 535, "5.7.8", "Authentication failed")}},
};

static const struct submission in_token[] = {
    {"C1: the client's key is in a PKCS #11 token", "submission", "c1", GIVEN_NAME, .client = TOKEN,
     SUCCESS, .protocol = "ESMTPS", .fates = {ACCEPTED("ann")}},
};

static const struct submission on_any_port[] = {
    {"C2: any port, one authority, a given name, a client certificate", "submissions", "c2",
     GIVEN_NAME, .client = "client", SUCCESS, .protocol = "ESMTPS", .fates = {ACCEPTED("ann")}},
    {"C2: the given name is missing", "submissions", "c2", .client = "client",
     TLS_FAILURE(E_TLS_NAME)},
    {"C2: no client certificate", "submissions", "c2", GIVEN_NAME, NO_ACCESS},
    {"C2: nobody listens there", "submissions", "refusing", GIVEN_NAME,
     FAILURE(E_CONNECT, CONNECT, 0, "", ""), .fates = {UNTRIED("ann", E_CONNECT, CONNECT)}},
};

/* The queue's file system is so small that it is soon full. */
static const struct submission full_disk[] = {
    {"the server's disk becomes full while it writes", "smtp", "full_unsaid", .padding = 20000000,
     FAILURE(E_MESSAGE_DEFERRED, END_OF_DATA, 451, "4.3.0", "queue file write error"),
     .fates = {DEFERRED("ann", E_MESSAGE_DEFERRED, END_OF_DATA, 451, "4.3.0", "write error"),
               DEFERRED("ben", E_MESSAGE_DEFERRED, END_OF_DATA, 451, "4.3.0", "write error")}},
};

static const struct submission reserved[] = {
    {"the server keeps the rest of its disk for itself", "smtp", "full_reserve",
     FAILURE(E_SENDER_DEFERRED, MAIL, 452, "4.3.1", "Insufficient system storage"),
     .fates = {DEFERRED("ann", E_SENDER_DEFERRED, MAIL, 452, "4.3.1", "Insufficient")}},
};

static void submit(void **state)
{
    const struct submission *row = *state;
    static struct fixture fixture;
    submission_set_up(&fixture, row);
    int code = mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
    if (code != row->code)
        print_message("# %s\n%s", mailsub_receipt_get_detail(fixture.receipt), fixture.transcript);
    assert_string_equal(mailsub_error_name(code), mailsub_error_name(row->code));
    submission_check(&fixture, row);
    assert_int_equal(mailsub_session_close(fixture.session), MAILSUB_OK);
    submission_tear_down(&fixture);
}

/* Where this host could not be given what the row needs, as services.py says by a setting. */
static void submit_where_possible(void **state)
{
    const struct submission *row = *state;
    const char *setting = row->client ? "MAILSUB_TOKEN_URL" : "MAILSUB_SMALL_DISK";
    if (!getenv(setting))
        skip();
    submit(state);
}

int main(void)
{
    static struct CMUnitTest tests[80];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, local, submit);
    UNIT_ADD_ROWS(tests, n_tests, departmental, submit);
    UNIT_ADD_ROWS(tests, n_tests, smarthost, submit);
    UNIT_ADD_ROWS(tests, n_tests, people, submit);
    UNIT_ADD_ROWS(tests, n_tests, relays, submit);
    UNIT_ADD_ROWS(tests, n_tests, applications, submit);
    UNIT_ADD_ROWS(tests, n_tests, receivers, submit);
    UNIT_ADD_ROWS(tests, n_tests, certified, submit);
    UNIT_ADD_ROWS(tests, n_tests, in_token, submit_where_possible);
    UNIT_ADD_ROWS(tests, n_tests, on_any_port, submit);
    UNIT_ADD_ROWS(tests, n_tests, full_disk, submit_where_possible);
    UNIT_ADD_ROWS(tests, n_tests, reserved, submit);
    return UNIT_RUN(tests, n_tests);
}
