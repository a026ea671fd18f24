/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sessions with a real Postfix beyond one message: a connection that is kept, used again after a
 * refusal, found closed, or shared with others in one event loop; and contents that are easy to
 * damage on the way.
 */
#include "submission.h"

#include <poll.h>
#include <stdbool.h>
#include <time.h>

#define N_SESSIONS 3
#define LOOP_MS 30000

static const struct submission good = {
    "a message",
    "submissions",
    "smtps",
    AS_ALICE,
    SUCCESS,
    .protocol = "ESMTPSA",
    .fates = {ACCEPTED("ann"), ACCEPTED("ben")},
};

/* How often the server greeted: the number of connections that reached it. */
static size_t count_greetings(const struct fixture *fixture)
{
    size_t n = 0;
    for (const char *at = fixture->transcript; (at = strstr(at, "S: 220 mx.ours.example")); at++)
        n++;
    return n;
}

static void submit(struct fixture *fixture, const struct submission *row)
{
    int code = mailsub_session_submit(fixture->session, fixture->message, fixture->receipt);
    assert_string_equal(mailsub_error_name(code), mailsub_error_name(row->code));
    submission_check(fixture, row);
}

static void messages_share_a_connection(void **state)
{
    (void)state;
    static struct fixture fixture;
    submission_set_up(&fixture, &good);
    for (int i = 0; i < 5; i++)
        submit(&fixture, &good);
    assert_int_equal(count_greetings(&fixture), 1);
    assert_int_equal(mailsub_session_close(fixture.session), MAILSUB_OK);
    real_assert_text(fixture.transcript, "C: QUIT\nS: 221 ");
    submit(&fixture, &good);
    assert_int_equal(count_greetings(&fixture), 2);
    submission_tear_down(&fixture);
}

/* What is refused in between, and what becomes of it, on one service. */
static const struct submission refusals[] = {
    {"a refused sender in between", "smtp", "plain", .from = "banned",
     FAILURE(E_SENDER_REFUSED, MAIL, 550, "5.7.1", "may not send"),
     .fates = {REFUSED("ann", E_SENDER_REFUSED, MAIL, 550, "5.7.1", "may not send")}},
    {"refused recipients in between", "smtp", "plain",
     FAILURE(E_RECIPIENTS_REFUSED, RCPT, 550, "5.1.1", "User unknown"), .fates = {UNKNOWN_USER}},
    {"refused content in between", "smtp", "plain", .flags = REFUSED_CONTENT,
     FAILURE(E_MESSAGE_REFUSED, END_OF_DATA, 550, "5.7.1", "not wanted"),
     .fates = {REFUSED("ann", E_MESSAGE_REFUSED, END_OF_DATA, 550, "5.7.1", "not wanted")}},
    {"all or none in between", "smtp", "plain", .flags = ALL_OR_NONE,
     FAILURE(E_RECIPIENTS_REFUSED, RCPT, 550, "5.1.1", "User unknown"),
     .fates = {UNTRIED("ann", E_RECIPIENTS_REFUSED, RCPT), UNKNOWN_USER}},
};

static void a_refusal_does_not_end_the_connection(void **state)
{
    static const struct submission after = {
        "a good message", "smtp", "plain", SUCCESS, .protocol = "ESMTP", .fates = {ACCEPTED("ann")},
    };
    const struct submission *refusal = *state;
    static struct fixture fixture;
    static struct fixture other;
    submission_set_up(&fixture, refusal);
    submission_set_up(&other, &after);
    for (int i = 0; i < 2; i++) {
        submit(&fixture, refusal);
        int code = mailsub_session_submit(fixture.session, other.message, other.receipt);
        assert_string_equal(mailsub_error_name(code), "MAILSUB_OK");
        submission_check(&other, &after);
    }
    assert_int_equal(count_greetings(&fixture), 1);
    submission_free(&other);
    submission_tear_down(&fixture);
}

/* Postfix says 421 and hangs up after a second of silence; the next message must not suffer. */
static void a_connection_found_closed_is_replaced(void **state)
{
    (void)state;
    static const struct submission row = {
        "a late message",           "smtp", "impatient", SUCCESS, .protocol = "ESMTP",
        .fates = {ACCEPTED("ann")},
    };
    const struct timespec silence = {.tv_sec = 1, .tv_nsec = 500000000};
    static struct fixture fixture;
    submission_set_up(&fixture, &row);
    submit(&fixture, &row);
    nanosleep(&silence, NULL);
    submit(&fixture, &row);
    assert_int_equal(count_greetings(&fixture), 2);
    submission_tear_down(&fixture);
}

static void count_done(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    size_t *n_done = context;
    assert_non_null(message);
    assert_int_equal(mailsub_receipt_get_code(receipt), code);
    ++*n_done;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait as the interface says, for whichever session is first. */
static void poll_sessions(struct fixture fixtures[N_SESSIONS])
{
    struct pollfd fds[N_SESSIONS];
    int64_t wait_ms = LOOP_MS;
    for (size_t i = 0; i < N_SESSIONS; i++) {
        int64_t timeout_ms = mailsub_session_get_timeout(fixtures[i].session);
        if (timeout_ms >= 0 && timeout_ms < wait_ms)
            wait_ms = timeout_ms;
        fds[i] =
            (struct pollfd){.fd = mailsub_session_get_fd(fixtures[i].session), .events = POLLIN};
    }
    assert_true(poll(fds, N_SESSIONS, (int)wait_ms) >= 0);
    for (size_t i = 0; i < N_SESSIONS; i++)
        assert_int_equal(mailsub_session_process(fixtures[i].session), MAILSUB_OK);
}

static void sessions_share_an_event_loop(void **state)
{
    (void)state;
    static const struct submission rows[N_SESSIONS] = {
        {"over TLS", "submissions", "smtps", AS_ALICE, SUCCESS, .protocol = "ESMTPSA",
         .fates = {ACCEPTED("ann")}},
        {"by STARTTLS", "submission", "submission", AS_BOB, SUCCESS, .protocol = "ESMTPSA",
         .fates = {ACCEPTED("ben")}},
        {"in clear, and one is unknown", "smtp", "plain", PARTIAL, .protocol = "ESMTP",
         .fates = {UNKNOWN_USER, ACCEPTED("cleo")}},
    };
    static struct fixture fixtures[N_SESSIONS];
    struct real_resources before = real_count_resources();
    size_t n_done = 0;
    for (size_t i = 0; i < N_SESSIONS; i++) {
        submission_set_up(&fixtures[i], &rows[i]);
        assert_int_equal(mailsub_session_post(fixtures[i].session, fixtures[i].message,
                                              fixtures[i].receipt, count_done, &n_done),
                         MAILSUB_OK);
        assert_int_equal(mailsub_session_count_pending(fixtures[i].session), 1);
    }
    int64_t until_ms = now_ms() + LOOP_MS;
    while (n_done < N_SESSIONS && now_ms() < until_ms)
        poll_sessions(fixtures);
    assert_int_equal(n_done, N_SESSIONS);
    for (size_t i = 0; i < N_SESSIONS; i++) {
        assert_int_equal(mailsub_session_count_pending(fixtures[i].session), 0);
        submission_check(&fixtures[i], &rows[i]);
    }
    for (size_t i = 0; i < N_SESSIONS; i++)
        submission_free(&fixtures[i]);
    real_assert_resources(before);
}

/* Free a session in the middle of its work: nothing is left, and the message is accounted for. */
static void a_session_is_freed_under_way(void **state)
{
    (void)state;
    static struct fixture fixture;
    submission_set_up(&fixture, &good);
    size_t n_done = 0;
    assert_int_equal(mailsub_session_post(fixture.session, fixture.message, fixture.receipt,
                                          count_done, &n_done),
                     MAILSUB_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(mailsub_session_process(fixture.session), MAILSUB_OK);
    mailsub_session_free(fixture.session);
    fixture.session = NULL;
    assert_int_equal(n_done, 1);
    assert_int_equal(mailsub_receipt_get_code(fixture.receipt), MAILSUB_E_CANCELLED);
    assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, 0),
                     MAILSUB_OUTCOME_NOT_ATTEMPTED);
    submission_tear_down(&fixture);
}

struct content {
    const char *name;
    void (*fill)(mailsub_message *message);
};

static void fill_nothing(mailsub_message *message)
{
    mailsub_message_set_text(message, "", 0);
}

static void fill_dots(mailsub_message *message)
{
    mailsub_message_set_text(message, ".\r\n..\r\n.\r\nMAIL FROM:<x@y>\r\n.\r\n\r\n...three\r\n.",
                             MAILSUB_NUL_TERMINATED);
}

static void fill_bare_line_ends(mailsub_message *message)
{
    mailsub_message_set_text(message, "one\rtwo\nthree\r\n.\rfour\n.\nfive\r\r\n\nsix \t\n\n\n",
                             MAILSUB_NUL_TERMINATED);
}

static void fill_no_last_line_end(mailsub_message *message)
{
    mailsub_message_set_text(message, "no line end follows", MAILSUB_NUL_TERMINATED);
}

static void fill_long_lines(mailsub_message *message)
{
    static char line[20000];
    memset(line, '.', sizeof line);
    mailsub_message_set_text(message, line, sizeof line);
}

static void fill_all_octets(mailsub_message *message)
{
    unsigned char octets[256];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (unsigned char)i;
    mailsub_message_attach_data(message, "octets", NULL, octets, sizeof octets);
    mailsub_message_attach_data(message, "empty", NULL, NULL, 0);
}

static void fill_raw_text_attachment(mailsub_message *message)
{
    static const char text[] = ".\nFrom here\n.dot\r\nlast\r";
    mailsub_message_attach_data(message, "notes.txt", "text/plain", text, sizeof text - 1);
}

static void fill_alternative(mailsub_message *message)
{
    mailsub_message_set_text(message,
                             "Gr\xc3\xbc\xc3\x9f"
                             "e aus M\xc3\xbcnchen \xf0\x9f\x8d\xba\n",
                             MAILSUB_NUL_TERMINATED);
    mailsub_message_set_html(message,
                             "<p>Gr&uuml;\xc3\x9f"
                             "e = <b>M\xc3\xbcnchen</b></p>\n.\n",
                             MAILSUB_NUL_TERMINATED);
    mailsub_message_attach_data(message, "Pl\xc3\xa4ne \xe6\x97\xa5\xe6\x9c\xac.pdf",
                                "application/pdf", "%PDF-1.7\n\0x", 11);
}

/* Postfix folds, unfolds and completes header fields where it finds cause; it must find none. */
static void fill_long_header(mailsub_message *message)
{
    static char subject[3000];
    for (size_t i = 0; i < sizeof subject - 1; i++)
        subject[i] = i % 7 == 6 ? ' ' : (char)('a' + i % 26);
    mailsub_message_set_subject(message, subject);
    mailsub_message_set_sender(message, "bob@ours.example", NULL);
    mailsub_message_add_header(message, "X-Long", subject, 2000);
    for (int i = 0; i < 40; i++)
        mailsub_message_add_reply_to(message, "replies@ours.example", "R\xc3\xa9ponses, \"vite\"");
}

static const struct content contents[] = {
    {"an empty text is kept", fill_nothing},
    {"lines of dots are kept", fill_dots},
    {"bare CR and LF become line ends, and stay", fill_bare_line_ends},
    {"a text without a last line end is kept", fill_no_last_line_end},
    {"a line of 20,000 dots is kept", fill_long_lines},
    {"every octet is kept in an attachment", fill_all_octets},
    {"a text attachment is kept", fill_raw_text_attachment},
    {"text, HTML and attachment are kept", fill_alternative},
    {"long header fields are kept", fill_long_header},
};

static void content_is_kept(void **state)
{
    static const struct submission rows[] = {
        {"over TLS", "submissions", "smtps", AS_ALICE, SUCCESS},
        {"without any extension", "smtp", "no_extensions", SUCCESS},
    };
    const struct content *content = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct fixture fixture;
        char trace[REAL_TRACE_ROOM];
        submission_set_up(&fixture, &rows[i]);
        mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO, "cleo@ours.example",
                                      NULL);
        content->fill(fixture.message);
        assert_int_equal(mailsub_message_get_error(fixture.message, NULL), MAILSUB_OK);
        assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt),
                         MAILSUB_OK);
        real_take_mail(rows[i].service, "cleo@ours.example", fixture.message, trace);
        submission_tear_down(&fixture);
    }
}

int main(void)
{
    static struct CMUnitTest tests[40];
    size_t n_tests = 0;
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(messages_share_a_connection);
    UNIT_ADD_ROWS(tests, n_tests, refusals, a_refusal_does_not_end_the_connection);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_connection_found_closed_is_replaced);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(sessions_share_an_event_loop);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_session_is_freed_under_way);
    UNIT_ADD_ROWS(tests, n_tests, contents, content_is_kept);
    return UNIT_RUN(tests, n_tests);
}
