/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message that was found clean, and is checked again by another policy, with other facts or at
 * another time, is judged as if it had never been seen. What happens when the message itself is
 * changed, each row of policy_test.c shows.
 */
#include "message_kit.h"

#include <mailsub/policy.h>

#include "message/state.h"

enum { NOW = 1700000000 };

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static const mailsub_facts other_login = {.size = sizeof(mailsub_facts),
                                          .login = "office@library.example.org"};
static const mailsub_facts small_server = {.size = sizeof(mailsub_facts), .max_size = 600};
static const mailsub_facts bare_helo = {.size = sizeof(mailsub_facts), .helo_name = "web7"};
static const char *const own_key[] = {"example.org"};
static const mailsub_facts has_key = {
    .size = sizeof(mailsub_facts), .signing_domains = own_key, .n_signing_domains = 1};

/* What a check finds, as text; to be freed. */
static char *found_in(mailsub_message *message, const mailsub_policy *policy,
                      const mailsub_facts *facts)
{
    struct kit_text text = {0};
    mailsub_findings *findings;
    ok(mailsub_findings_new(NULL, &findings));
    int rc = mailsub_message_check(message, policy, facts, findings);
    assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_POLICY);
    ok(mailsub_findings_write(findings, kit_sink, &text));
    mailsub_findings_free(findings);
    return text.data ? text.data : strdup("");
}

static void check_as_if_new(mailsub_message *message, mailsub_message *new,
                            const mailsub_policy *policy, const mailsub_facts *facts)
{
    char *again = found_in(message, policy, facts);
    char *first = found_in(new, policy, facts);
    assert_string_equal(again, first);
    free(again);
    free(first);
}

static void warn_of_one(mailsub_policy *policy)
{
    ok(mailsub_policy_set_threshold(policy, "many-visible-recipients", 0));
}

static void warn_of_octets(mailsub_policy *policy)
{
    ok(mailsub_policy_set_threshold(policy, "large-attachment", 3));
}

static void warn_of_a_second(mailsub_policy *policy)
{
    ok(mailsub_policy_set_threshold(policy, "date-skew", 0));
}

static void warn_of_own_host(mailsub_policy *policy)
{
    static const char *const host = "library.example.org";
    ok(mailsub_policy_set_shorteners(policy, &host, 1));
}

static void warn_of_made_text(mailsub_policy *policy)
{
    ok(mailsub_policy_set_severity(policy, "text-made-of-html", MAILSUB_SEVERITY_WARNING));
}

static int say_so(void *context, mailsub_message *message, mailsub_rule_report_fn report,
                  void *report_context)
{
    (void)context;
    (void)message;
    return report(report_context, "Subject", "it is said each time");
}

static void warn_by_own_rule(mailsub_policy *policy)
{
    ok(mailsub_policy_add_rule(policy, "own", MAILSUB_SEVERITY_WARNING, say_so, NULL));
}

static const struct policy_row {
    const char *name;
    void (*change)(mailsub_policy *policy);
    int profile;
    const mailsub_facts *facts;
} policy_rows[] = {
    {"another number of recipients", warn_of_one, MAILSUB_PROFILE_DEFAULT, NULL},
    {"another number of octets", warn_of_octets, MAILSUB_PROFILE_DEFAULT, NULL},
    {"another number of seconds", warn_of_a_second, MAILSUB_PROFILE_DEFAULT, NULL},
    {"another list of shorteners", warn_of_own_host, MAILSUB_PROFILE_DEFAULT, NULL},
    {"a rule that was off", warn_of_made_text, MAILSUB_PROFILE_DEFAULT, NULL},
    {"a rule of the program", warn_by_own_rule, MAILSUB_PROFILE_DEFAULT, NULL},
    {"the profile of bulk mail", NULL, MAILSUB_PROFILE_BULK, NULL},
    {"another login", NULL, MAILSUB_PROFILE_DEFAULT, &other_login},
    {"a smaller SIZE", NULL, MAILSUB_PROFILE_DEFAULT, &small_server},
    {"another name in EHLO", NULL, MAILSUB_PROFILE_DEFAULT, &bare_helo},
    {"a key", NULL, MAILSUB_PROFILE_DEFAULT, &has_key},
};

static mailsub_message *clean_message(struct unit_heap *heap)
{
    mailsub_message *message = kit_message_on(heap);
    ok(mailsub_message_set_from(message, "desk@library.example.org", "City library"));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "a@example.net", NULL));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "b@example.net", NULL));
    ok(mailsub_message_set_subject(message, "Your book is ready"));
    ok(mailsub_message_set_html(message,
                                "<p>See <a href='https://library.example.org/1'>here</a>.</p>",
                                MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_attach_data(message, "plan.pdf", NULL, "%PDF", 4));
    ok(mailsub_message_set_date(message, NOW - 60, 0));
    return message;
}

/* The message stays, and the policy and the facts become others. */
static void check_policy(void **state)
{
    const struct policy_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_message *message = clean_message(&heap);
    mailsub_message *new = clean_message(&heap);
    mailsub_policy *policy;
    ok(mailsub_message_check(message, NULL, NULL, NULL));
    assert_true(message->clean.is_known);
    ok(mailsub_policy_new(NULL, row->profile, &policy));
    if (row->change)
        row->change(policy);
    char *found = found_in(new, policy, row->facts);
    assert_true(found[0] != '\0');
    free(found);
    check_as_if_new(message, new, policy, row->facts);
    check_as_if_new(message, new, policy, row->facts);
    mailsub_policy_unref(policy);
    mailsub_message_free(message);
    mailsub_message_free(new);
    assert_int_equal(heap.n_live, 0);
}

static int tell_late(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    const int64_t *now_s = context;
    *out_unix_s = *now_s;
    *out_zone_min = 0;
    return MAILSUB_OK;
}

static void time_goes_on_for_a_clean_message(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = clean_message(&heap);
    int64_t now_s = NOW;
    ok(mailsub_message_set_clock(
        message,
        &(mailsub_clock){.size = sizeof(mailsub_clock), .context = &now_s, .now = tell_late}));
    char *found = found_in(message, NULL, NULL);
    assert_string_equal(found, "");
    free(found);
    assert_true(message->clean.is_known);
    now_s += 2 * 24 * 60 * 60;
    found = found_in(message, NULL, NULL);
    assert_non_null(strstr(found, "date-skew"));
    free(found);
    mailsub_message_free(message);
}

/* What it holds may have become something else. */
static void a_file_is_looked_into_each_time(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = clean_message(&heap);
    ok(mailsub_message_attach_file(message, "/proc/version", "version.txt", "text/plain"));
    ok(mailsub_message_check(message, NULL, NULL, NULL));
    assert_false(message->clean.is_known);
    mailsub_message_free(message);
}

int main(void)
{
    static struct CMUnitTest tests[16] = {
        cmocka_unit_test(time_goes_on_for_a_clean_message),
        cmocka_unit_test(a_file_is_looked_into_each_time),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, policy_rows, check_policy);
    return UNIT_RUN(tests, n_tests);
}
