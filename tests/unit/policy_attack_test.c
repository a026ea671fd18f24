/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The check of hostile content takes time and memory in proportion to its length: texts of 256 KiB,
 * each made of one unit, as text and as HTML. A check that is not linear runs into the time limit
 * of the test.
 */
#include "message_kit.h"

#include <mailsub/policy.h>

struct attack_row {
    const char *name;
    const char *head;
    const char *unit;
};

enum { ATTACK_LEN = 1 << 18 };

static const struct attack_row attack_rows[] = {
    {"links", "", "https://a.example/ "},
    {"shortened links", "", "http://bit.ly/1 "},
    {"one long link", "https://", "a"},
    {"one long host", "https://", "a."},
    {"one long host of other letters", "https://", "\u00fc."},
    {"one long user name", "https://", "a@"},
    {"one long port", "https://a:", "1"},
    {"slashes", "https:", "/"},
    {"schemes", "", "https:"},
    {"dots", "", "."},
    {"dots behind www", "", "www."},
    {"marks", "a", "...,,,"},
    {"words", "", "a "},
    {"one word", "", "a"},
    {"Han", "", "\u65e5"},
    {"letters and Han", "", "a\u65e5"},
    {"percents", "https://", "%41"},
    {"ampersands", "", "&"},
    {"references", "", "&uuml;"},
    {"links of HTML", "", "<a href=https://a.example/>https://b.example</a>"},
    {"open links", "", "<a href=https://a.example/>b"},
    {"one long text of a link", "<a href=https://a.example/>", "https://b.example"},
    {"one long target", "<a href=https://", "a"},
    {"areas", "", "<area href=http://a.example>"},
    {"raw elements", "", "<style>"},
    {"ends of raw elements", "<style>", "</"},
    {"tags", "", "<p>"},
    {"lookalikes", "", "https://p\u0430ypal.example/ "},
    {"lines", "", "\n"},
    {"slashes in lines", "", "a/\n"},
};

static void withstands(void **state)
{
    const struct attack_row *row = *state;
    size_t head = strlen(row->head);
    size_t unit = strlen(row->unit);
    char *text = malloc(head + ATTACK_LEN + unit + 1);
    assert_non_null(text);
    size_t len = head;
    memcpy(text, row->head, head);
    for (; len < ATTACK_LEN; len += unit)
        memcpy(text + len, row->unit, unit);
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    mailsub_findings *findings;
    assert_int_equal(mailsub_findings_new(NULL, &findings), MAILSUB_OK);
    assert_int_equal(mailsub_message_set_text(message, text, len), MAILSUB_OK);
    assert_int_equal(mailsub_message_set_html(message, text, len), MAILSUB_OK);
    size_t before = heap.n_requests;
    assert_int_equal(mailsub_message_check(message, NULL, NULL, findings), MAILSUB_OK);
    assert_true(heap.n_requests - before < 100);
    assert_true(mailsub_findings_count(findings) <= 20 * mailsub_rule_count());
    mailsub_findings_free(findings);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
    free(text);
}

/* The most recipients that there may be. */
static void many_recipients_are_compared_in_time(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    for (int i = 0; i < MAILSUB_MAX_RECIPIENTS; i++)
        assert_int_equal(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO,
                                                       i % 2 ? "a@a.de" : "b@a.de", NULL),
                         MAILSUB_OK);
    assert_int_equal(mailsub_message_check(message, NULL, NULL, NULL), MAILSUB_OK);
    mailsub_message_free(message);
}

int main(void)
{
    static struct CMUnitTest tests[40] = {
        cmocka_unit_test(many_recipients_are_compared_in_time),
    };
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, attack_rows, withstands);
    return UNIT_RUN(tests, n_tests);
}
