/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "receipt_kit.h"
#include "session/retry.h"

static const struct text_row {
    const char *name;
    const char *text;
    int64_t want;
} text_rows[] = {
    {"nothing", "", -1},
    {"no time", "Greylisted, try again later", -1},
    {"minutes", "Greylisted, please try again in 5 minutes", 300},
    {"seconds", "4.7.1 try again in 300 seconds", 300},
    {"a short unit", "retry in 90s", 90},
    {"hyphen", "greylisted for 10-minutes", 600},
    {"hours", "Please come back after 2 hours", 7200},
    {"days", "wait 1 day", 86400},
    {"clock", "Greylisted for 00:04:59", 299},
    {"short clock", "please try again in 04:59 minutes", 299},
    {"header", "Retry-After: 120", 120},
    {"in brackets", "Greylisted (in 7 min)", 420},
    {"any case", "Try Again IN 5 Minutes", 300},
    {"a number of something else", "Too many messages: 100 in 24 hours", 86400},
    {"a number that is no time", "see http://example.org/421 for 5 reasons", -1},
    {"a number without a lead", "5 minutes", -1},
    {"a lead without a number", "in minutes", -1},
    {"a bare number", "try again in 5", -1},
    {"zero", "try again in 0 seconds", -1},
    {"five days", "try again in 5 days", 432000},
    {"longer", "try again in 6 days", -1},
    {"absurd", "try again in 99999999999999999999 seconds", -1},
    {"absurd clock", "try again in 99999:99:99", -1},
    {"part of a word", "in a5 minutes", -1},
    {"the second one", "for 5 reasons, in 3 minutes", 180},
    {"ends behind the number", "retry-after: 7", 7},
};

static void reads_text(void **state)
{
    const struct text_row *row = *state;
    size_t len = strlen(row->text);
    for (size_t cut = 0; cut <= len; cut++) {
        char *exact = malloc(cut + 1);
        memcpy(exact, row->text, cut);
        int64_t have = mailsub__retry_read(mailsub__slice_of(exact, cut));
        if (cut == len)
            assert_int_equal(have, row->want);
        assert_in_range(have + 1, 0, 432001);
        free(exact);
    }
}

#define OK MAILSUB_OK, MAILSUB_STAGE_END_OF_DATA, 250, "2.0.0", "ok"

static const struct receipt_row {
    const char *name;
    struct kit_verdict whole;
    struct kit_verdict recipients[3];
    size_t n;
    unsigned attempt;
    int64_t want;
    size_t want_n;
} receipt_rows[] = {
    {"all accepted", {0, OK}, {{1, OK}, {1, OK}}, 2, 1, -1, 0},
    {"connection failed",
     {0, MAILSUB_E_CONNECT, MAILSUB_STAGE_CONNECT, 0, NULL, NULL},
     {{0, MAILSUB_E_CONNECT, MAILSUB_STAGE_CONNECT, 0, NULL, NULL}},
     1,
     1,
     300,
     1},
    {"second try", {0, MAILSUB_E_CONNECT, 3, 0, NULL, NULL}, {{0}}, 0, 2, 900, 0},
    {"sixth try", {0, MAILSUB_E_CONNECT, 3, 0, NULL, NULL}, {{0}}, 0, 6, 14400, 0},
    {"thirtieth try", {0, MAILSUB_E_CONNECT, 3, 0, NULL, NULL}, {{0}}, 0, 30, 14400, 0},
    {"five days later", {0, MAILSUB_E_CONNECT, 3, 0, NULL, NULL}, {{0}}, 0, 40, -1, 0},
    {"no try", {0, MAILSUB_E_CONNECT, 3, 0, NULL, NULL}, {{0}}, 0, 0, -1, 0},
    {"unknown",
     {0, MAILSUB_E_UNKNOWN_OUTCOME, MAILSUB_STAGE_END_OF_DATA, 0, NULL, NULL},
     {{MAILSUB_OUTCOME_UNKNOWN, MAILSUB_E_UNKNOWN_OUTCOME, 13, 0, NULL, NULL}},
     1,
     1,
     -1,
     0},
    {"refused for good",
     {0, MAILSUB_E_RECIPIENTS_REFUSED, MAILSUB_STAGE_RCPT, 550, "5.1.1", "in 5 minutes"},
     {{MAILSUB_OUTCOME_REFUSED, MAILSUB_E_RECIPIENTS_REFUSED, 10, 550, "5.1.1", "in 5 minutes"}},
     1,
     1,
     -1,
     0},
    {"wrong password",
     {0, MAILSUB_E_AUTH_REJECTED, MAILSUB_STAGE_AUTH, 535, "5.7.8", "no"},
     {{0, MAILSUB_E_AUTH_REJECTED, MAILSUB_STAGE_AUTH, 0, NULL, NULL}},
     1,
     1,
     -1,
     1},
    {"one greylisted among good ones",
     {0, MAILSUB_E_PARTIAL, 13, 250, "2.0.0", "ok"},
     {{1, OK},
      {MAILSUB_OUTCOME_DEFERRED, MAILSUB_E_RECIPIENTS_DEFERRED, 10, 451, "4.7.1", "in 10 minutes"},
      {MAILSUB_OUTCOME_REFUSED, MAILSUB_E_RECIPIENTS_REFUSED, 10, 550, "5.1.1", "no"}},
     3,
     1,
     600,
     1},
    {"the longest counts",
     {0, MAILSUB_E_RECIPIENTS_DEFERRED, 10, 451, "4.7.1", "in 1 minute"},
     {{MAILSUB_OUTCOME_DEFERRED, MAILSUB_E_RECIPIENTS_DEFERRED, 10, 451, "4.7.1", "in 1 minute"},
      {MAILSUB_OUTCOME_DEFERRED, MAILSUB_E_RECIPIENTS_DEFERRED, 10, 451, "4.7.1", "in 2 minutes"}},
     2,
     1,
     120,
     2},
    {"a full mailbox takes longer",
     {0, MAILSUB_E_RECIPIENTS_DEFERRED, 10, 452, "4.2.2", "mailbox full"},
     {{MAILSUB_OUTCOME_DEFERRED, MAILSUB_E_RECIPIENTS_DEFERRED, 10, 452, "4.2.2", "full"}},
     1,
     1,
     3600,
     1},
    {"the back-off outgrows it",
     {0, MAILSUB_E_UNAVAILABLE, 5, 421, "4.3.2", "busy"},
     {{0}},
     0,
     4,
     3600,
     0},
    {"a subject that begins alike",
     {0, MAILSUB_E_UNAVAILABLE, 5, 421, "4.2.22", "busy"},
     {{0}},
     0,
     1,
     300,
     0},
};

static void reads_receipt(void **state)
{
    const struct receipt_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub_receipt *receipt = NULL;
    assert_int_equal(mailsub_receipt_new(&allocator, &receipt), 0);
    assert_int_equal(mailsub_receipt_get_retry_after(receipt, 1), -1);
    assert_int_equal(kit_fill(receipt, &row->whole, row->recipients, row->n), 0);
    assert_int_equal(mailsub_receipt_get_retry_after(receipt, row->attempt), row->want);
    assert_int_equal(mailsub_receipt_count_retryable(receipt), row->want_n);
    for (size_t i = 0; i < row->want_n; i++) {
        size_t at = mailsub_receipt_get_retryable(receipt, i);
        int outcome = mailsub_receipt_get_outcome(receipt, at);
        assert_true(at < row->n);
        assert_true(outcome == MAILSUB_OUTCOME_DEFERRED ||
                    outcome == MAILSUB_OUTCOME_NOT_ATTEMPTED);
    }
    assert_int_equal(mailsub_receipt_get_retryable(receipt, row->want_n), SIZE_MAX);
    mailsub_receipt_free(receipt);
    assert_int_equal(heap.n_live, 0);
}

static void null_is_empty(void **state)
{
    (void)state;
    assert_int_equal(mailsub_receipt_get_retry_after(NULL, 1), -1);
    assert_int_equal(mailsub_receipt_count_retryable(NULL), 0);
    assert_int_equal(mailsub_receipt_get_retryable(NULL, 0), SIZE_MAX);
}

int main(void)
{
    static struct CMUnitTest tests[60] = {cmocka_unit_test(null_is_empty)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, text_rows, reads_text);
    UNIT_ADD_ROWS(tests, n_tests, receipt_rows, reads_receipt);
    return UNIT_RUN(tests, n_tests);
}
