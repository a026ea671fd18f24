/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies, rules of the program, and lists of findings. */
#include "message_kit.h"

#include <stdio.h>

#include <mailsub/policy.h>

#include "message/findings.h"
#include "message/shorteners.h"

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static mailsub_policy *new_policy(int profile)
{
    mailsub_policy *policy = NULL;
    ok(mailsub_policy_new(NULL, profile, &policy));
    return policy;
}

static mailsub_message *new_message(struct unit_heap *heap, const char *text)
{
    mailsub_message *message = kit_message_on(heap);
    ok(mailsub_message_set_from(message, "desk@example.org", NULL));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "a@example.net", NULL));
    ok(mailsub_message_set_subject(message, "Subject"));
    ok(mailsub_message_set_text(message, text, MAILSUB_NUL_TERMINATED));
    return message;
}

static void every_rule_has_its_words(void **state)
{
    (void)state;
    assert_true(mailsub_rule_count() >= 25);
    for (size_t i = 0; i < mailsub_rule_count(); i++) {
        const char *id = mailsub_rule_get_id(i);
        assert_true(strlen(id) > 0);
        assert_true(strlen(mailsub_rule_get_text(id)) > 10);
        assert_true(strlen(mailsub_rule_get_reason(id)) > 10);
        assert_true(strlen(mailsub_rule_get_reference(id)) > 5);
        assert_true(strlen(mailsub_rule_get_advice(id)) > 10);
        int strict = mailsub_rule_get_severity(id, MAILSUB_PROFILE_STRICT);
        assert_true(strict >= mailsub_rule_get_severity(id, MAILSUB_PROFILE_DEFAULT));
        assert_int_equal(mailsub_rule_get_severity(id, MAILSUB_PROFILE_NONE), MAILSUB_SEVERITY_OFF);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(id, mailsub_rule_get_id(j));
        for (int profile = 0; profile <= MAILSUB_PROFILE_NONE; profile++) {
            mailsub_policy *policy = new_policy(profile);
            int severity = -1;
            ok(mailsub_policy_get_severity(policy, id, &severity));
            assert_int_equal(severity, mailsub_rule_get_severity(id, profile));
            mailsub_policy_unref(policy);
        }
    }
    assert_string_equal(mailsub_rule_get_id(mailsub_rule_count()), "");
    assert_string_equal(mailsub_rule_get_text("no-such-rule"), "");
    assert_string_equal(mailsub_rule_get_text(NULL), "");
    assert_int_equal(mailsub_rule_get_severity("oversize", 4), MAILSUB_SEVERITY_OFF);
    assert_int_equal(mailsub_rule_get_severity("oversize", -1), MAILSUB_SEVERITY_OFF);
}

static int find_two(void *context, mailsub_message *message, mailsub_rule_report_fn report,
                    void *report_context)
{
    size_t *n_calls = context;
    ++*n_calls;
    assert_int_equal(mailsub_message_set_subject(message, "x"), MAILSUB_E_STATE);
    int rc = report(report_context, "Subject", "one\r\ntwo\u202e");
    return rc ? rc : report(report_context, NULL, NULL);
}

static int find_thousand(void *context, mailsub_message *message, mailsub_rule_report_fn report,
                         void *report_context)
{
    (void)context;
    (void)message;
    int rc = MAILSUB_OK;
    for (int i = 0; i < 1000 && !rc; i++)
        rc = report(report_context, "text", "again");
    return rc;
}

static int break_down(void *context, mailsub_message *message, mailsub_rule_report_fn report,
                      void *report_context)
{
    (void)message;
    ok(report(report_context, "text", "lost"));
    return *(const int *)context;
}

static void the_program_adds_rules(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub_policy *policy;
    ok(mailsub_policy_new(&allocator, MAILSUB_PROFILE_DEFAULT, &policy));
    size_t n_calls = 0;
    ok(mailsub_policy_add_rule(policy, "house-style", MAILSUB_SEVERITY_WARNING, find_two,
                               &n_calls));
    mailsub_message *message = new_message(&heap, "Hello\n");
    mailsub_findings *findings;
    ok(mailsub_findings_new(&allocator, &findings));
    ok(mailsub_message_check(message, policy, NULL, findings));
    assert_int_equal(mailsub_findings_count(findings), 2);
    assert_string_equal(mailsub_findings_get_rule(findings, 0), "house-style");
    assert_string_equal(mailsub_findings_get_where(findings, 0), "Subject");
    assert_string_equal(mailsub_findings_get_detail(findings, 0), "one??two?");
    assert_string_equal(mailsub_findings_get_advice(findings, 0), "");
    assert_string_equal(mailsub_findings_get_where(findings, 1), "");
    struct kit_text text = {0};
    ok(mailsub_findings_write(findings, kit_sink, &text));
    assert_string_equal(text.data, "warning: house-style: Subject: one??two?\n"
                                   "warning: house-style\n");
    free(text.data);
    ok(mailsub_policy_set_severity(policy, "house-style", MAILSUB_SEVERITY_ERROR));
    assert_int_equal(mailsub_message_check(message, policy, NULL, NULL), MAILSUB_E_POLICY);
    ok(mailsub_policy_set_severity(policy, "house-style", MAILSUB_SEVERITY_OFF));
    ok(mailsub_message_check(message, policy, NULL, findings));
    assert_int_equal(mailsub_findings_count(findings), 0);
    assert_int_equal(n_calls, 2);
    ok(mailsub_policy_add_rule(policy, "chatty", MAILSUB_SEVERITY_WARNING, find_thousand, NULL));
    ok(mailsub_message_check(message, policy, NULL, findings));
    assert_int_equal(mailsub_findings_count(findings), 20);
    int code = MAILSUB_E_SYSTEM;
    ok(mailsub_policy_add_rule(policy, "broken", MAILSUB_SEVERITY_WARNING, break_down, &code));
    assert_int_equal(mailsub_message_check(message, policy, NULL, findings), MAILSUB_E_SYSTEM);
    assert_int_equal(mailsub_findings_count(findings), 0);
    code = 1;
    assert_int_equal(mailsub_message_check(message, policy, NULL, findings), MAILSUB_E_SINK);
    mailsub_findings_free(findings);
    mailsub_message_free(message);
    mailsub_policy_unref(policy);
    assert_int_equal(heap.n_live, 0);
}

static void wrong_rules_are_refused(void **state)
{
    (void)state;
    mailsub_policy *policy = new_policy(MAILSUB_PROFILE_DEFAULT);
    static const char *const ids[] = {"",          "Rule", "a rule", "oversize",
                                      "r\u00fcle", "a_b",  "a/b",    NULL};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert_int_equal(mailsub_policy_add_rule(policy, ids[i], 1, find_two, NULL),
                         MAILSUB_E_INVALID);
    char id[70];
    memset(id, 'a', 65);
    id[65] = '\0';
    assert_int_equal(mailsub_policy_add_rule(policy, id, 1, find_two, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_add_rule(policy, id + 1, 3, find_two, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_add_rule(policy, id + 1, 1, NULL, NULL), MAILSUB_E_INVALID);
    ok(mailsub_policy_add_rule(policy, id + 1, 1, find_two, NULL));
    assert_int_equal(mailsub_policy_add_rule(policy, id + 1, 1, find_two, NULL), MAILSUB_E_INVALID);
    for (int i = 1; i < 100; i++) {
        snprintf(id, sizeof id, "rule-%d", i);
        ok(mailsub_policy_add_rule(policy, id, 0, find_two, NULL));
    }
    assert_int_equal(mailsub_policy_add_rule(policy, "one-more", 0, find_two, NULL),
                     MAILSUB_E_LIMIT);
    mailsub_policy_unref(policy);
}

static void null_and_nonsense_are_refused(void **state)
{
    (void)state;
    mailsub_policy *policy = NULL;
    int severity = 7;
    int64_t most = 7;
    assert_int_equal(mailsub_policy_new(NULL, 0, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_new(NULL, -1, &policy), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_new(NULL, 4, &policy), MAILSUB_E_INVALID);
    assert_null(policy);
    policy = new_policy(MAILSUB_PROFILE_DEFAULT);
    assert_int_equal(mailsub_policy_set_severity(NULL, "oversize", 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_set_severity(policy, NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_set_severity(policy, "over-size", 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_set_severity(policy, "oversize", 3), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_set_severity(policy, "oversize", -1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_get_severity(policy, "x", &severity), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_get_severity(policy, NULL, &severity), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_get_severity(policy, "oversize", NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_set_threshold(policy, "oversize", 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_set_threshold(policy, NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_set_threshold(policy, "date-skew", -1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_get_threshold(policy, "oversize", &most), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_policy_get_threshold(policy, "date-skew", NULL), MAILSUB_E_INVALID);
    assert_int_equal(severity, 7);
    assert_int_equal(most, 7);
    assert_int_equal(mailsub_policy_set_shorteners(policy, NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_check(NULL, policy, NULL, NULL), MAILSUB_E_INVALID);
    struct unit_heap heap = {0};
    mailsub_message *message = new_message(&heap, "a\n");
    const mailsub_facts small = {.size = sizeof small - 1};
    assert_int_equal(mailsub_message_check(message, policy, &small, NULL), MAILSUB_E_INVALID);
    mailsub_message_free(message);
    assert_int_equal(mailsub_findings_new(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_findings_count(NULL), 0);
    assert_string_equal(mailsub_findings_get_rule(NULL, 0), "");
    assert_string_equal(mailsub_findings_get_where(NULL, 0), "");
    assert_string_equal(mailsub_findings_get_detail(NULL, 0), "");
    assert_string_equal(mailsub_findings_get_advice(NULL, 0), "");
    assert_int_equal(mailsub_findings_get_severity(NULL, 0), 0);
    assert_int_equal(mailsub_findings_write(NULL, kit_sink, NULL), MAILSUB_E_INVALID);
    mailsub_findings_free(NULL);
    mailsub_policy_unref(NULL);
    assert_null(mailsub_policy_ref(NULL));
    assert_ptr_equal(mailsub_policy_ref(policy), policy);
    mailsub_policy_unref(policy);
    mailsub_policy_unref(policy);
}

static void numbers_can_be_changed(void **state)
{
    (void)state;
    mailsub_policy *policy = new_policy(MAILSUB_PROFILE_DEFAULT);
    int64_t most;
    ok(mailsub_policy_get_threshold(NULL, "many-visible-recipients", &most));
    assert_int_equal(most, 20);
    ok(mailsub_policy_set_threshold(policy, "many-visible-recipients", 0));
    ok(mailsub_policy_get_threshold(policy, "many-visible-recipients", &most));
    assert_int_equal(most, 0);
    struct unit_heap heap = {0};
    mailsub_message *message = new_message(&heap, "a\n");
    mailsub_findings *findings;
    ok(mailsub_findings_new(NULL, &findings));
    ok(mailsub_message_check(message, policy, NULL, findings));
    assert_int_equal(mailsub_findings_count(findings), 1);
    assert_string_equal(mailsub_findings_get_detail(findings, 0), "1 mailboxes in To and Cc");
    mailsub_findings_free(findings);
    mailsub_message_free(message);
    mailsub_policy_unref(policy);
}

static size_t count_shortened(const mailsub_policy *policy, const char *text)
{
    struct unit_heap heap = {0};
    mailsub_message *message = new_message(&heap, text);
    mailsub_findings *findings;
    ok(mailsub_findings_new(NULL, &findings));
    ok(mailsub_message_check(message, policy, NULL, findings));
    size_t n = mailsub_findings_count(findings);
    mailsub_findings_free(findings);
    mailsub_message_free(message);
    return n;
}

static void the_list_of_shorteners_can_be_replaced(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub_policy *policy;
    ok(mailsub_policy_new(&allocator, MAILSUB_PROFILE_DEFAULT, &policy));
    static const char *const hosts[] = {"s.example.org", "WWW.k\u00fcrze.example", "a.example"};
    static const char text[] = "https://s.example.org/1 https://www.xn--krze-0ra.example/2 "
                               "https://K\u00dcRZE.example/3 https://a.example/ https://bit.ly/4\n";
    assert_int_equal(count_shortened(policy, text), 1);
    ok(mailsub_policy_set_shorteners(policy, hosts, 3));
    assert_int_equal(count_shortened(policy, text), 4);
    static const char *const wrong[] = {"ok.example", "not a host"};
    assert_int_equal(mailsub_policy_set_shorteners(policy, wrong, 2), MAILSUB_E_DOMAIN);
    assert_int_equal(count_shortened(policy, text), 4);
    static const char *const missing[] = {"ok.example", NULL};
    assert_int_equal(mailsub_policy_set_shorteners(policy, missing, 2), MAILSUB_E_INVALID);
    for (size_t at = 1; at <= 2; at++) {
        heap.fail_at = heap.n_requests + at;
        assert_int_equal(mailsub_policy_set_shorteners(policy, hosts, 3), MAILSUB_E_NOMEM);
    }
    heap.fail_at = 0;
    assert_int_equal(count_shortened(policy, text), 4);
    ok(mailsub_policy_set_shorteners(policy, NULL, 0));
    assert_int_equal(count_shortened(policy, text), 0);
    mailsub_policy_unref(policy);
    assert_int_equal(heap.n_live, 0);
}

static void the_built_in_shorteners_are_sorted(void **state)
{
    (void)state;
    size_t i = 0;
    for (; mailsub__shorteners_at(i); i++) {
        const char *name = mailsub__shorteners_at(i);
        assert_true(mailsub__shorteners_have(mailsub__slice_str(name)));
        assert_true(i == 0 || strcmp(mailsub__shorteners_at(i - 1), name) < 0);
    }
    assert_true(i > 50);
    assert_false(mailsub__shorteners_have(mailsub__slice_str("bit.l")));
    assert_false(mailsub__shorteners_have(mailsub__slice_str("bit.lyx")));
    assert_false(mailsub__shorteners_have(MAILSUB__SLICE_EMPTY));
}

static void findings_have_limits(void **state)
{
    (void)state;
    char text[2000] = "https://bit.ly/";
    for (int i = 0; i < 40; i++)
        strcat(text, " http://bit.ly/1 http://tinyurl.com/2");
    /* Twenty of each of two rules. */
    assert_int_equal(count_shortened(NULL, text), 40);
}

int main(void)
{
    static struct CMUnitTest tests[32] = {
        cmocka_unit_test(every_rule_has_its_words),
        cmocka_unit_test(the_program_adds_rules),
        cmocka_unit_test(wrong_rules_are_refused),
        cmocka_unit_test(null_and_nonsense_are_refused),
        cmocka_unit_test(numbers_can_be_changed),
        cmocka_unit_test(the_list_of_shorteners_can_be_replaced),
        cmocka_unit_test(the_built_in_shorteners_are_sorted),
        cmocka_unit_test(findings_have_limits),
    };
    size_t n_tests = 8;
    return UNIT_RUN(tests, n_tests);
}
