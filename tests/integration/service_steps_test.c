/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the services of services.py do over several submissions: quotas that fill up, senders that
 * are verified first, bounces that come back, recipients that are asked for, queues that are woken.
 */
#include "submission.h"

#include <dirent.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 30000
#define STEP_MS 10
#define DAY_MS (24LL * 60 * 60 * 1000)

static void pause_step(void)
{
    nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000}, NULL);
}

/* Add recipients r1, r2 ... of a domain that takes all of them. */
static void add_crowd(struct fixture *fixture, unsigned n)
{
    char address[64];
    for (unsigned i = 1; i <= n; i++) {
        snprintf(address, sizeof address, "r%u@bulk.example", i);
        assert_int_equal(
            mailsub_message_add_recipient(fixture->message, MAILSUB_RECIPIENT_BCC, address, NULL),
            MAILSUB_OK);
    }
}

static void submit(struct fixture *fixture, int want)
{
    int code = mailsub_session_submit(fixture->session, fixture->message, fixture->receipt);
    if (code != want)
        print_message("# %s %s\n", mailsub_receipt_get_reply_text(fixture->receipt),
                      mailsub_receipt_get_detail(fixture->receipt));
    assert_string_equal(mailsub_error_name(code), mailsub_error_name(want));
}

static size_t count_outcome(const struct fixture *fixture, int outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < mailsub_receipt_count_recipients(fixture->receipt); i++)
        n += mailsub_receipt_get_outcome(fixture->receipt, i) == outcome;
    return n;
}

/* All that were not accepted ended alike. */
static void check_rest(const struct fixture *fixture, size_t n_accepted, int outcome,
                       const char *text)
{
    const mailsub_receipt *receipt = fixture->receipt;
    size_t n = mailsub_receipt_count_recipients(receipt);
    assert_int_equal(count_outcome(fixture, MAILSUB_OUTCOME_ACCEPTED), n_accepted);
    assert_int_equal(count_outcome(fixture, outcome), n - n_accepted);
    for (size_t i = 0; i < n; i++) {
        if (mailsub_receipt_get_outcome(receipt, i) == MAILSUB_OUTCOME_ACCEPTED)
            continue;
        assert_int_equal(mailsub_receipt_get_recipient_stage(receipt, i), MAILSUB_STAGE_RCPT);
        real_assert_text(mailsub_receipt_get_recipient_reply_text(receipt, i), text);
    }
}

/* 200 recipients, then 100 of whom 50 fit, then one too many. */
static void a_quota_is_told_for_each_recipient(void **state)
{
    (void)state;
    static const struct submission row = {"quota", "submissions", "p1_465", AS_ALICE,
                                          .from = "quota"};
    static struct fixture fixture;
    static const char *const words = "Quota of 250 recipients in 24 hours is used up";
    submission_set_up(&fixture, &row);
    add_crowd(&fixture, 200);
    submit(&fixture, MAILSUB_OK);
    mailsub_session_free(fixture.session);
    fixture.session = NULL;
    submission_set_up(&fixture, &row);
    add_crowd(&fixture, 100);
    submit(&fixture, MAILSUB_E_PARTIAL);
    check_rest(&fixture, 50, MAILSUB_OUTCOME_REFUSED, words);
    assert_int_equal(mailsub_receipt_count_retryable(fixture.receipt), 0);
    submit(&fixture, MAILSUB_E_RECIPIENTS_REFUSED);
    check_rest(&fixture, 0, MAILSUB_OUTCOME_REFUSED, words);
    submission_tear_down(&fixture);
}

/* More than a transaction may have, and more than a client without a proper name may send. */
static void any_number_of_recipients_is_sent(void **state)
{
    (void)state;
    static const struct submission named = {"named", "smtp", "p2_named", .flags = OPPORTUNISTIC,
                                            .return_path = "named@ours.example"};
    static const struct submission unnamed = {"unnamed", "smtp", "p2_unnamed",
                                              .flags = OPPORTUNISTIC,
                                              .return_path = "unnamed@ours.example"};
    static struct fixture fixture;
    submission_set_up(&fixture, &named);
    add_crowd(&fixture, 1040);
    submit(&fixture, MAILSUB_OK);
    check_rest(&fixture, 1040, MAILSUB_OUTCOME_DEFERRED, NULL);
    submission_tear_down(&fixture);
    submission_set_up(&fixture, &unnamed);
    add_crowd(&fixture, 1040);
    submit(&fixture, MAILSUB_E_PARTIAL);
    check_rest(&fixture, 1000, MAILSUB_OUTCOME_DEFERRED, "Quota of 1000 recipients");
    assert_int_equal(mailsub_receipt_count_retryable(fixture.receipt), 40);
    assert_true(mailsub_receipt_get_retry_after(fixture.receipt, 1) > 0);
    submission_tear_down(&fixture);
}

/* Submit again, as a queue would, until it is no longer refused for now. */
static int submit_until_settled(struct fixture *fixture)
{
    int code = MAILSUB_E_RECIPIENTS_DEFERRED;
    for (int waited = 0; code == MAILSUB_E_RECIPIENTS_DEFERRED; waited += STEP_MS) {
        assert_true(waited < WAIT_MS);
        pause_step();
        code = mailsub_session_submit(fixture->session, fixture->message, fixture->receipt);
    }
    return code;
}

/* Postfix asks at the first RCPT, and says so of each; what it knows it says at MAIL. */
static void check_deferred(const struct fixture *fixture)
{
    const mailsub_receipt *receipt = fixture->receipt;
    assert_int_equal(mailsub_receipt_get_stage(receipt), MAILSUB_STAGE_RCPT);
    assert_int_equal(mailsub_receipt_get_reply_code(receipt), 450);
    assert_string_equal(mailsub_receipt_get_enhanced_status(receipt), "4.1.7");
    assert_int_equal(mailsub_error_action(mailsub_receipt_get_code(receipt)),
                     MAILSUB_ACTION_RETRY_LATER);
    assert_int_equal(mailsub_receipt_count_retryable(receipt), 1);
    assert_true(mailsub_receipt_get_retry_after(receipt, 1) > 0);
}

static void a_sender_is_verified_first(void **state)
{
    (void)state;
    static const struct submission row = {
        "verified",
        "smtp",
        "p2",
        .flags = OPPORTUNISTIC,
        .from = "ann",
        SUCCESS,
        .protocol = "ESMTPS",
        .fates = {ACCEPTED("ben")},
    };
    static struct fixture fixture;
    submission_set_up(&fixture, &row);
    submit(&fixture, MAILSUB_E_RECIPIENTS_DEFERRED);
    check_deferred(&fixture);
    assert_int_equal(submit_until_settled(&fixture), MAILSUB_OK);
    submission_check(&fixture, &row);
    submission_tear_down(&fixture);
}

static void a_sender_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    static const struct submission row = {
        "not verified",
        "smtp",
        "p2",
        .flags = OPPORTUNISTIC,
        .from = "nobody",
        FAILURE(E_SENDER_REFUSED, MAIL, 550, "5.1.7", "undeliverable address"),
        .fates = {REFUSED("ben", E_SENDER_REFUSED, MAIL, 550, "5.1.7", "undeliverable address")},
    };
    static struct fixture fixture;
    submission_set_up(&fixture, &row);
    submit(&fixture, MAILSUB_E_RECIPIENTS_DEFERRED);
    check_deferred(&fixture);
    assert_int_equal(submit_until_settled(&fixture), MAILSUB_E_SENDER_REFUSED);
    submission_check(&fixture, &row);
    submission_tear_down(&fixture);
}

/* Postfix hangs up behind its twentieth refusal: some refused for good, and nobody else lost. */
static void too_many_refusals_end_the_connection(void **state)
{
    (void)state;
    static const struct submission row = {"refusals", "smtp", "p2_strict", .flags = OPPORTUNISTIC};
    static struct fixture fixture;
    submission_set_up(&fixture, &row);
    for (int i = 0; i < 40; i++) {
        char address[64];
        snprintf(address, sizeof address, "nobody%d@ours.example", i);
        mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_BCC, address, NULL);
    }
    mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO, "ann@ours.example", NULL);
    submit(&fixture, MAILSUB_E_UNAVAILABLE);
    assert_int_equal(mailsub_receipt_get_reply_code(fixture.receipt), 421);
    assert_int_equal(count_outcome(&fixture, MAILSUB_OUTCOME_REFUSED), 20);
    assert_int_equal(mailsub_receipt_count_retryable(fixture.receipt), 21);
    submission_tear_down(&fixture);
}

/* The sender's agreed limit is kept by this side: the server never sees what exceeds it. */
static void an_agreed_limit_is_kept(void **state)
{
    (void)state;
    static const struct submission row = {
        "agreed",     "submissions", "p3_465", .user = "app", .password = "f\xc3\xbcr Bescheide",
        .from = "app"};
    static struct fixture fixture;
    mailsub_limiter *limiter = NULL;
    submission_set_up(&fixture, &row);
    assert_int_equal(mailsub_limiter_new(NULL, &limiter), MAILSUB_OK);
    assert_int_equal(mailsub_limiter_add_rule(limiter, "app@ours.example", 5, DAY_MS, 0),
                     MAILSUB_OK);
    mailsub_session_free(fixture.session);
    fixture.session = NULL;
    submission_configure(&fixture, &row);
    assert_int_equal(mailsub_config_set_limiter(fixture.config, limiter, MAILSUB_WHEN_LIMITED_PART),
                     MAILSUB_OK);
    assert_int_equal(mailsub_session_new(fixture.config, &fixture.session), MAILSUB_OK);
    add_crowd(&fixture, 7);
    submit(&fixture, MAILSUB_E_PARTIAL);
    assert_int_equal(count_outcome(&fixture, MAILSUB_OUTCOME_ACCEPTED), 5);
    assert_int_equal(count_outcome(&fixture, MAILSUB_OUTCOME_NOT_ATTEMPTED), 2);
    assert_null(strstr(fixture.transcript, "C: RCPT TO:<r6@bulk.example>"));
    submit(&fixture, MAILSUB_E_RATE_LIMITED);
    assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_CHECK);
    assert_true(mailsub_receipt_get_quota_wait(fixture.receipt) > DAY_MS - 600000);
    mailsub_limiter_unref(limiter);
    submission_tear_down(&fixture);
}

/* What exceeds it there, where nobody kept to it, is accepted and waits. */
static void what_exceeds_the_limit_there_is_held(void **state)
{
    (void)state;
    static const struct submission row = {
        "held",       "submissions", "p3_held", .user = "app", .password = "f\xc3\xbcr Bescheide",
        .from = "app"};
    static struct fixture fixture;
    char path[512];
    submission_set_up(&fixture, &row);
    mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO, "ann@ours.example", NULL);
    submit(&fixture, MAILSUB_OK);
    snprintf(path, sizeof path, "%s/queue/hold/%s", real_setting("MAILSUB_SCRATCH"),
             mailsub_receipt_get_queue_id(fixture.receipt));
    assert_int_equal(access(path, F_OK), 0);
    submission_tear_down(&fixture);
}

/* ---- files ---- */

/* A file anywhere below a directory; waits until there is one. */
static bool find_file(const char *directory, char out[1024])
{
    DIR *dir = opendir(directory);
    bool found = false;
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry && !found; entry = readdir(dir)) {
        char path[1024];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%.500s/%s", directory, entry->d_name);
        found = entry->d_type == DT_DIR ? find_file(path, out) : true;
        if (found && entry->d_type != DT_DIR)
            memcpy(out, path, sizeof path);
    }
    if (dir)
        closedir(dir);
    return found;
}

static void await_file(const char *setting, const char *below, char out[1024])
{
    char directory[512];
    snprintf(directory, sizeof directory, "%s%s", real_setting(setting), below);
    for (int waited = 0; !find_file(directory, out); waited += STEP_MS) {
        if (waited > WAIT_MS)
            fail_msg("nothing came into %s", directory);
        pause_step();
    }
}

static void take_file(const char *path, char *out, size_t room)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    out[fread(out, 1, room - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(unlink(path), 0);
}

/* ---- bounces ---- */

/* A dead mailbox shows later: the bounce tells by its address whom it is about. */
static void a_bounce_names_the_dead_mailbox(void **state)
{
    (void)state;
    static const struct submission row = {
        "bounces",    "submissions", "p3_465", .user = "app", .password = "f\xc3\xbcr Bescheide",
        .from = "app"};
    static struct fixture fixture;
    static char text[65536];
    char path[1024];
    char whom[MAILSUB_MAX_ADDRESS + 1];
    char address[256];
    submission_set_up(&fixture, &row);
    mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO, "gone@dead.example", NULL);
    assert_int_equal(mailsub_message_set_verp(fixture.message, "app@ours.example"), MAILSUB_OK);
    submit(&fixture, MAILSUB_OK);
    await_file("MAILSUB_MAIL", "/app/new", path);
    take_file(path, text, sizeof text);
    const char *to = strstr(text, "\nX-Original-To: ");
    assert_non_null(to);
    assert_int_equal(sscanf(to, "\nX-Original-To: %255s", address), 1);
    assert_int_equal(mailsub_verp_get_recipient("app@ours.example", address, whom, sizeof whom),
                     MAILSUB_OK);
    assert_string_equal(whom, "gone@dead.example");
    assert_memory_equal(text, "Return-Path: <>\n", 16);
    real_assert_text(text, "\nFinal-Recipient: rfc822; gone@dead.example\n");
    real_assert_text(text, "\nStatus: 5.1.1\n");
    real_assert_text(text, mailsub_receipt_get_message_id(fixture.receipt));
    submission_tear_down(&fixture);
}

/* ---- recipients are asked for ---- */

static void recipients_are_probed_without_sending(void **state)
{
    (void)state;
    static const struct submission row = {.name = "probe", .scheme = "submission", .service = "r1"};
    static const struct {
        const char *address;
        int outcome;
    } asked[] = {{"ann@ours.example", MAILSUB_OUTCOME_WILLING},
                 {"nobody@ours.example", MAILSUB_OUTCOME_REFUSED},
                 {"later@ours.example", MAILSUB_OUTCOME_DEFERRED}};
    static struct fixture fixture;
    submission_set_up(&fixture, &row);
    for (size_t i = 0; i < 3; i++)
        mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO, asked[i].address,
                                      NULL);
    assert_int_equal(mailsub_session_probe(fixture.session, fixture.message, fixture.receipt),
                     MAILSUB_E_PARTIAL);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, i), asked[i].outcome);
    assert_int_equal(mailsub_receipt_get_recipient_reply_code(fixture.receipt, 1), 550);
    assert_null(strstr(fixture.transcript, "C: DATA"));
    assert_null(strstr(fixture.transcript, "C: BDAT"));
    real_assert_text(fixture.transcript, "C: RSET");
    submission_tear_down(&fixture); /* run_services sees that nothing was delivered */
}

/* ---- ETRN ---- */

static const struct etrn_row {
    const char *name;
    struct submission to; /* the service, and who asks */
    const char *node;
    int want;
    int want_reply;
} etrn_rows[] = {
    {"C3: the queue is started", {.service = "c3"}, "asleep.example", MAILSUB_OK, 250},
    {"C3: the server keeps no queue for the domain",
     {.service = "c3"},
     "ours.example",
     MAILSUB_E_COMMAND_REFUSED,
     459},
    {"C3: the queue cannot be started now",
     {.service = "c3_broken"},
     "asleep.example",
     MAILSUB_E_COMMAND_DEFERRED,
     458},
    {"C3: this client may not",
     {.service = "c3_forbidden"},
     "asleep.example",
     MAILSUB_E_COMMAND_REFUSED,
     554},
    {"C3: not without a login",
     {.service = "c3_login"},
     "asleep.example",
     MAILSUB_E_COMMAND_REFUSED,
     554},
    {"C3: with a login", {.service = "c3_login", AS_ALICE}, "asleep.example", MAILSUB_OK, 250},
    {"C3: ETRN is not offered", {.service = "c3_without"}, "asleep.example", MAILSUB_E_COMMAND, 0},
    {"C3: a domain that is none", {.service = "c3"}, "not a domain", MAILSUB_E_DOMAIN, 0},
    {"C3: no server is running", {.service = "refusing"}, "asleep.example", MAILSUB_E_CONNECT, 0},
};

static void a_queue_is_asked_for(void **state)
{
    const struct etrn_row *row = *state;
    struct submission to = row->to;
    static struct fixture fixture;
    to.name = row->name;
    to.scheme = "smtp";
    submission_set_up(&fixture, &to);
    int code = mailsub_session_etrn(fixture.session, row->node, fixture.receipt);
    assert_string_equal(mailsub_error_name(code), mailsub_error_name(row->want));
    assert_int_equal(mailsub_receipt_get_reply_code(fixture.receipt), row->want_reply);
    if (row->want_reply)
        assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_ETRN);
    submission_tear_down(&fixture);
}

/* A message waits for a host that sleeps; the host wakes up and asks for it. */
static void a_waiting_message_is_fetched(void **state)
{
    (void)state;
    static const struct submission row = {.name = "waiting", .scheme = "smtp", .service = "c3"};
    static struct fixture fixture;
    static char text[65536];
    char path[1024];
    submission_set_up(&fixture, &row);
    mailsub_message_add_recipient(fixture.message, MAILSUB_RECIPIENT_TO, "ann@asleep.example",
                                  NULL);
    submit(&fixture, MAILSUB_OK);
    await_file("MAILSUB_SCRATCH", "/queue/deferred", path);
    real_assert_text(path, mailsub_receipt_get_queue_id(fixture.receipt));
    char message_id[256];
    snprintf(message_id, sizeof message_id, "%s", mailsub_receipt_get_message_id(fixture.receipt));
    FILE *awake = fopen(real_setting("MAILSUB_AWAKE"), "w");
    assert_non_null(awake);
    fclose(awake);
    assert_int_equal(mailsub_session_etrn(fixture.session, "asleep.example", fixture.receipt),
                     MAILSUB_OK);
    await_file("MAILSUB_SINK", "", path);
    take_file(path, text, sizeof text);
    real_assert_text(text, message_id);
    submission_tear_down(&fixture);
}

#define CASE(name_, function)                                                                      \
    {                                                                                              \
        .name = (name_), .test_func = (function)                                                   \
    }

int main(void)
{
    static struct CMUnitTest tests[40] = {
        CASE("P1: a quota of 250 recipients fills up", a_quota_is_told_for_each_recipient),
        CASE("P2: 1,040 recipients, and quotas", any_number_of_recipients_is_sent),
        CASE("P2: 450 while the sender is verified, then yes", a_sender_is_verified_first),
        CASE("P2: 450 while the sender is verified, then no",
             a_sender_that_does_not_exist_is_refused),
        CASE("P2: too many refusals end the connection", too_many_refusals_end_the_connection),
        CASE("P3: the agreed limit is kept by this side", an_agreed_limit_is_kept),
        CASE("P3: what exceeds the limit is accepted and held",
             what_exceeds_the_limit_there_is_held),
        CASE("P3: a bounce names the dead mailbox", a_bounce_names_the_dead_mailbox),
        CASE("R1: recipients are probed without sending", recipients_are_probed_without_sending),
    };
    size_t n_tests = 9;
    UNIT_ADD_ROWS(tests, n_tests, etrn_rows, a_queue_is_asked_for);
    tests[n_tests++] = (struct CMUnitTest)CASE("C3: a message that waits is fetched",
                                               a_waiting_message_is_fetched);
    return UNIT_RUN(tests, n_tests);
}
