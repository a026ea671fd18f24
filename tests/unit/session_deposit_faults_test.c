/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every allocation and every call of the system fails once, and in each way that faults.c knows, while
 * a message becomes a file: it is whole or it is not there, the receipt tells which, and the next
 * message is taken.
 */
#include "deposit_kit.h"
#include "faults.h"
#include "leftovers.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mailsub/mailsub.h>

struct scenario {
    const char *name; /* the URL's scheme */
    const char *seen; /* the directory in which messages show */
    size_t n_files;   /* of a message */
};

static const struct scenario scenarios[] = {
    {"maildir", "m/new", 1},
    {"directory", "d", 2},
};

/* Most ways of a call. */
#define N_TURNS 5

struct attempt {
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *message;
    mailsub_receipt *receipt;
};

static int make(struct attempt *attempt, const struct scenario *scenario)
{
    char url[256];
    snprintf(url, sizeof url, "%s:%s", scenario->name,
             deposit_path(scenario->name[0] == 'm' ? "m" : "d"));
    int rc = mailsub_config_new(&faults_allocator, &attempt->config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(attempt->config, url);
    if (rc == MAILSUB_OK)
        rc = mailsub_message_new(&faults_allocator, &attempt->message);
    if (rc)
        return rc;
    mailsub_message_set_from(attempt->message, "me@example.org", NULL);
    mailsub_message_add_recipient(attempt->message, MAILSUB_RECIPIENT_TO, "a@example.net", NULL);
    mailsub_message_set_subject(attempt->message, "Test");
    mailsub_message_set_text(attempt->message, "Test\n", MAILSUB_NUL_TERMINATED);
    rc = mailsub_message_get_error(attempt->message, NULL);
    if (rc == MAILSUB_OK)
        rc = mailsub_receipt_new(&faults_allocator, &attempt->receipt);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(attempt->config, &attempt->session);
    return rc;
}

static void unmake(struct attempt *attempt)
{
    mailsub_session_free(attempt->session);
    mailsub_message_free(attempt->message);
    mailsub_receipt_free(attempt->receipt);
    mailsub_config_unref(attempt->config);
}

static void check_files(const struct scenario *scenario, int code, const char *what)
{
    size_t want = code == MAILSUB_OK || code == MAILSUB_E_UNKNOWN_OUTCOME ? scenario->n_files : 0;
    size_t n = deposit_count(scenario->seen);
    /* Before the reply was to be read, nothing was lost that is not told. */
    bool is_untold = code == MAILSUB_E_UNKNOWN_OUTCOME && n == 0;
    if (n != want && !is_untold)
        print_message("# behind %s: %s, %zu files\n", what, mailsub_error_name(code), n);
    assert_true(n == want || is_untold);
    assert_int_equal(deposit_count("m/tmp"), 0);
}

/* One attempt with a fault, and one without. False: there was no such call. */
static bool fail_once(const struct scenario *scenario, size_t number, size_t turn)
{
    struct attempt attempt = {0};
    bool is_made = false;
    deposit_empty_place();
    mkdir(deposit_path("d"), 0700);
    faults_arm(number, turn);
    int code = make(&attempt, scenario);
    if (code == MAILSUB_OK) {
        is_made = true;
        code = mailsub_session_submit(attempt.session, attempt.message, attempt.receipt);
    }
    const char *what = faults_disarm();
    assert_string_not_equal(mailsub_error_name(code), "?");
    assert_int_not_equal(code, MAILSUB_E_INVALID);
    assert_int_not_equal(code, MAILSUB_E_TIMEOUT);
    check_files(scenario, code, what);
    if (is_made) {
        deposit_empty_place();
        mkdir(deposit_path("d"), 0700);
        assert_int_equal(mailsub_receipt_get_code(attempt.receipt), code);
        code = mailsub_session_submit(attempt.session, attempt.message, attempt.receipt);
        assert_int_equal(code, MAILSUB_OK);
        check_files(scenario, code, "nothing");
    }
    unmake(&attempt);
    assert_int_equal(faults_count_blocks(), 0);
    return what[0] != '\0';
}

static void every_call_may_fail(void **state)
{
    const struct scenario *scenario = *state;
    size_t n_descriptors = count_descriptors();
    size_t n_calls = 0;
    deposit_make_place();
    for (size_t turn = 0; turn < (unit_is_slow() ? 1 : N_TURNS); turn++) {
        size_t number = 1;
        while (fail_once(scenario, number, turn))
            number++;
        n_calls = number - 1;
    }
    deposit_remove_place();
    print_message("# %zu calls\n", n_calls);
    assert_true(n_calls > 50);
    assert_int_equal(count_descriptors(), n_descriptors);
}

int main(void)
{
    static struct CMUnitTest tests[2];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, scenarios, every_call_may_fail);
    return UNIT_RUN(tests, n_tests);
}
