/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every allocation and every call of the system, the resolver and GnuTLS fails once, in each of the
 * main scenarios: nothing crashes or leaks, the receipt tells the truth, and the next submission
 * works. The ways in which a call fails are the table of faults.c.
 *
 *   MAILSUB_TEST_FAULTS=N   fail only every Nth call: every one by itself, and every 13th under
 *                           valgrind, where each of some five hundred takes a tenth of a second
 *   MAILSUB_TEST_TURN=N     begin with another way to fail: 0 to 4 see each call fail in each way
 *   MAILSUB_TEST_VERBOSE=1  tell what each fault came to
 */
#include "faults.h"
#include "leftovers.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#define USER "user"
#define PASSWORD "s3cret"
#define LOGINS                                                                                     \
    (MAILSUB_TESTING_AUTH_PLAIN | MAILSUB_TESTING_AUTH_SCRAM_SHA_256 | MAILSUB_TESTING_AUTH_PLUS | \
     MAILSUB_TESTING_REQUIRE_AUTH)

struct scenario {
    const char *name;
    uint32_t flags;
    const char *mechanisms; /* NULL: no login */
    bool attaches;          /* a file */
    bool probes;
};

static const struct scenario scenarios[] = {
    {"implicit TLS and a login", MAILSUB_TESTING_IMPLICIT_TLS | MAILSUB_TESTING_PIPELINING | LOGINS,
     "PLAIN", false, false},
    {"STARTTLS and a login that is bound to it",
     MAILSUB_TESTING_STARTTLS | MAILSUB_TESTING_PIPELINING | LOGINS, "SCRAM-SHA-256-PLUS", false,
     false},
    {"in clear, with a file", MAILSUB_TESTING_PIPELINING, NULL, true, false},
    {"a probe, without pipelining", MAILSUB_TESTING_ENHANCED, NULL, false, true},
};

/* A submission and all it needs; what is NULL could not be made. */
struct attempt {
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *message;
    mailsub_receipt *receipt;
};

/* What the server must have taken in the end, and what it may have taken besides. */
struct tally {
    size_t n_accepted;
    size_t n_unknown;
};

static char file_path[] = "/tmp/mailsub-faults-XXXXXX";

static size_t setting(const char *name, size_t otherwise)
{
    const char *value = getenv(name);
    return value ? strtoul(value, NULL, 10) : otherwise;
}

static size_t stride(void)
{
    return setting("MAILSUB_TEST_FAULTS", unit_is_slow() ? 13 : 1);
}

static int make_config(struct attempt *attempt, const struct scenario *scenario,
                       const mailsub_testing_server *server)
{
    const char *ca = mailsub_testing_server_get_ca(server);
    int rc = mailsub_config_new(&faults_allocator, &attempt->config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(attempt->config, mailsub_testing_server_get_url(server));
    if (rc == MAILSUB_OK && ca[0] != '\0')
        rc = mailsub_config_set_ca_data(attempt->config, ca, strlen(ca));
    if (rc == MAILSUB_OK && scenario->mechanisms)
        rc = mailsub_config_set_credentials(attempt->config, USER, PASSWORD);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_mechanisms(attempt->config, scenario->mechanisms);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_deadline(attempt->config, 10000);
    return rc;
}

static int make_message(struct attempt *attempt, const struct scenario *scenario)
{
    int rc = mailsub_message_new(&faults_allocator, &attempt->message);
    if (rc)
        return rc;
    mailsub_message_set_from(attempt->message, "app@example.org", "B\xc3\xbcro");
    mailsub_message_add_recipient(attempt->message, MAILSUB_RECIPIENT_TO, "a@example.net", NULL);
    mailsub_message_add_recipient(attempt->message, MAILSUB_RECIPIENT_TO, "b@example.net", NULL);
    mailsub_message_set_subject(attempt->message, "Test");
    mailsub_message_set_text(attempt->message, "Test\n", MAILSUB_NUL_TERMINATED);
    if (scenario->attaches)
        mailsub_message_attach_file(attempt->message, file_path, "data.bin", NULL);
    return mailsub_message_get_error(attempt->message, NULL);
}

static int make(struct attempt *attempt, const struct scenario *scenario,
                const mailsub_testing_server *server)
{
    int rc = make_config(attempt, scenario, server);
    if (rc == MAILSUB_OK)
        rc = make_message(attempt, scenario);
    if (rc == MAILSUB_OK)
        rc = mailsub_receipt_new(&faults_allocator, &attempt->receipt);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(attempt->config, &attempt->session);
    return rc;
}

static int act(struct attempt *attempt, const struct scenario *scenario)
{
    return scenario->probes
               ? mailsub_session_probe(attempt->session, attempt->message, attempt->receipt)
               : mailsub_session_submit(attempt->session, attempt->message, attempt->receipt);
}

static void unmake(struct attempt *attempt)
{
    mailsub_session_free(attempt->session);
    mailsub_message_free(attempt->message);
    mailsub_receipt_free(attempt->receipt);
    mailsub_config_unref(attempt->config);
    *attempt = (struct attempt){0};
}

/* Both recipients share their fate here, and the code is the one of the receipt. */
static void check_receipt(const struct attempt *attempt, const struct scenario *scenario, int code,
                          struct tally *tally)
{
    int outcome = mailsub_receipt_get_outcome(attempt->receipt, 0);
    assert_int_equal(mailsub_receipt_get_code(attempt->receipt), code);
    if (mailsub_receipt_count_recipients(attempt->receipt) == 0) {
        assert_int_equal(code, MAILSUB_E_NOMEM); /* not even for their places */
        assert_in_range(mailsub_receipt_get_stage(attempt->receipt), 0, MAILSUB_STAGE_CHECK);
        return;
    }
    assert_int_equal(mailsub_receipt_count_recipients(attempt->receipt), 2);
    assert_int_equal(mailsub_receipt_get_outcome(attempt->receipt, 1), outcome);
    int good = scenario->probes ? MAILSUB_OUTCOME_WILLING : MAILSUB_OUTCOME_ACCEPTED;
    assert_int_equal(code == MAILSUB_OK, outcome == good);
    assert_int_equal(code == MAILSUB_E_UNKNOWN_OUTCOME, outcome == MAILSUB_OUTCOME_UNKNOWN);
    tally->n_accepted += outcome == MAILSUB_OUTCOME_ACCEPTED;
    tally->n_unknown += outcome == MAILSUB_OUTCOME_UNKNOWN;
    size_t n_safe = mailsub_receipt_count_retryable(attempt->receipt);
    assert_int_equal(n_safe, outcome == MAILSUB_OUTCOME_NOT_ATTEMPTED ? 2 : 0);
}

/* A fault may not be blamed on the caller, and nobody may wait for what will not come. */
static void check_code(int code)
{
    assert_string_not_equal(mailsub_error_name(code), "?");
    assert_int_not_equal(code, MAILSUB_E_INVALID);
    assert_int_not_equal(code, MAILSUB_E_STATE);
    assert_int_not_equal(code, MAILSUB_E_CANCELLED);
    assert_int_not_equal(code, MAILSUB_E_TIMEOUT);
}

/* One attempt with a fault, and one without on the same session. False: there was no such call. */
static bool fail_once(const struct scenario *scenario, const mailsub_testing_server *server,
                      size_t number, struct tally *tally)
{
    struct attempt attempt = {0};
    bool is_made = false;
    faults_arm(number, (size_t)(scenario - scenarios) + setting("MAILSUB_TEST_TURN", 0));
    int code = make(&attempt, scenario, server);
    if (code == MAILSUB_OK) {
        is_made = true;
        code = act(&attempt, scenario);
        assert_int_equal(mailsub_session_close(attempt.session), MAILSUB_OK);
    }
    const char *what = faults_disarm();
    if (getenv("MAILSUB_TEST_VERBOSE"))
        print_message("# %zu %s: %s\n", number, what, mailsub_error_name(code));
    check_code(code);
    if (is_made) {
        check_receipt(&attempt, scenario, code, tally);
        code = act(&attempt, scenario);
        if (code)
            print_message("# behind %s: %s %s\n", what, mailsub_error_name(code),
                          mailsub_receipt_get_detail(attempt.receipt));
        assert_int_equal(code, MAILSUB_OK);
        check_receipt(&attempt, scenario, code, tally);
    }
    unmake(&attempt);
    assert_int_equal(faults_count_blocks(), 0);
    return what[0] != '\0';
}

static void every_call_may_fail(void **state)
{
    const struct scenario *scenario = *state;
    mailsub_testing_server *server = NULL;
    struct tally tally = {0};
    size_t number = 1;
    size_t n_descriptors = count_descriptors();
    size_t n_threads = count_threads();
    assert_int_equal(mailsub_testing_server_new(scenario->flags, &server), 0);
    assert_int_equal(mailsub_testing_server_add_user(server, USER, PASSWORD), 0);
    assert_int_equal(mailsub_testing_server_start(server), 0);
    while (fail_once(scenario, server, number, &tally))
        number += stride();
    mailsub_testing_server_stop(server);
    size_t n_taken = mailsub_testing_server_count_messages(server);
    print_message("# %zu calls; %zu messages accepted, %zu unknown, %zu taken\n", number,
                  tally.n_accepted, tally.n_unknown, n_taken);
    assert_true(number > 50);
    assert_in_range(n_taken, tally.n_accepted, tally.n_accepted + tally.n_unknown);
    mailsub_testing_server_free(server);
    assert_int_equal(await_threads(n_threads), n_threads);
    assert_int_equal(count_descriptors(), n_descriptors);
}

static int make_file(void **state)
{
    (void)state;
    start_first_thread();
    int fd = mkstemp(file_path);
    static const char data[70000] = "data";
    ssize_t n = write(fd, data, sizeof data);
    close(fd);
    return n == (ssize_t)sizeof data ? 0 : -1;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file_path);
}

int main(void)
{
    static struct CMUnitTest tests[4];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, scenarios, every_call_may_fail);
    return _cmocka_run_group_tests("session_faults", tests, n_tests, make_file, remove_file);
}
