/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policy check within a submission: what stops it, and what travels in the receipt. */
#include "message_kit.h"

#include <stdio.h>

#include "session_kit.h"

static void start(struct session_kit *fixture, mailsub_policy *policy, const char *ehlo)
{
    *fixture = (struct session_kit){0};
    ok(mailsub_testing_server_new(MAILSUB_TESTING_ENHANCED, &fixture->server));
    if (ehlo)
        ok(mailsub_testing_server_add_rule(fixture->server, "EHLO", NULL, ehlo, 0));
    ok(mailsub_testing_server_start(fixture->server));
    ok(mailsub_config_new(NULL, &fixture->config));
    ok(mailsub_config_set_url(fixture->config, mailsub_testing_server_get_url(fixture->server)));
    ok(mailsub_config_set_policy(fixture->config, policy));
    ok(mailsub_session_new(fixture->config, &fixture->session));
    ok(mailsub_receipt_new(NULL, &fixture->receipt));
    ok(mailsub_message_new(NULL, &fixture->message));
    ok(mailsub_message_set_from(fixture->message, "no-reply@example.org", NULL));
    ok(mailsub_message_add_recipient(fixture->message, MAILSUB_RECIPIENT_TO, "a@example.net",
                                     NULL));
    ok(mailsub_message_set_subject(fixture->message, "Subject"));
    ok(mailsub_message_set_text(fixture->message, "Hello\n", MAILSUB_NUL_TERMINATED));
}

static void warnings_travel_in_the_receipt(void **state)
{
    (void)state;
    struct session_kit fixture;
    start(&fixture, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        ok(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt));
        const mailsub_findings *findings = mailsub_receipt_get_findings(fixture.receipt);
        assert_int_equal(mailsub_findings_count(findings), 1);
        assert_string_equal(mailsub_findings_get_rule(findings, 0), "noreply-sender");
        assert_int_equal(mailsub_findings_get_severity(findings, 0), MAILSUB_SEVERITY_WARNING);
    }
    struct kit_text text = {0};
    ok(mailsub_receipt_write(fixture.receipt, kit_sink, &text));
    assert_non_null(
        strstr(text.data, "\nfinding: warning: noreply-sender: From: no-reply@example.org\n"));
    free(text.data);
    /* Without a receipt too. */
    ok(mailsub_session_submit(fixture.session, fixture.message, NULL));
    assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 3);
    session_kit_free(&fixture);
}

static void errors_stop_before_a_connection_is_made(void **state)
{
    (void)state;
    mailsub_policy *policy;
    struct session_kit fixture;
    ok(mailsub_policy_new(NULL, MAILSUB_PROFILE_STRICT, &policy));
    start(&fixture, policy, NULL);
    assert_int_equal(mailsub_policy_set_severity(policy, "oversize", 0), MAILSUB_E_STATE);
    mailsub_policy_unref(policy); /* the config holds its own reference */
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt),
                     MAILSUB_E_POLICY);
    assert_int_equal(mailsub_receipt_get_stage(fixture.receipt), MAILSUB_STAGE_CHECK);
    assert_string_equal(mailsub_receipt_get_detail(fixture.receipt),
                        "noreply-sender: From: no-reply@example.org");
    assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, 0),
                     MAILSUB_OUTCOME_NOT_ATTEMPTED);
    assert_int_equal(mailsub_receipt_get_recipient_code(fixture.receipt, 0), MAILSUB_E_POLICY);
    const mailsub_findings *findings = mailsub_receipt_get_findings(fixture.receipt);
    assert_int_equal(mailsub_findings_count(findings), 1);
    assert_int_equal(mailsub_findings_get_severity(findings, 0), MAILSUB_SEVERITY_ERROR);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, NULL),
                     MAILSUB_E_POLICY);
    assert_int_equal(mailsub_testing_server_count_connections(fixture.server), 0);
    ok(mailsub_message_set_from(fixture.message, "desk@example.org", NULL));
    ok(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt));
    assert_int_equal(mailsub_findings_count(mailsub_receipt_get_findings(fixture.receipt)), 0);
    session_kit_free(&fixture);
}

static void the_size_of_the_server_is_known(void **state)
{
    (void)state;
    struct session_kit fixture;
    start(&fixture, NULL, "250-here\r\n250 SIZE 200");
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt),
                     MAILSUB_E_MESSAGE_TOO_BIG);
    const mailsub_findings *findings = mailsub_receipt_get_findings(fixture.receipt);
    assert_int_equal(mailsub_findings_count(findings), 2);
    assert_string_equal(mailsub_findings_get_rule(findings, 1), "oversize");
    assert_int_equal(mailsub_testing_server_count_messages(fixture.server), 0);
    session_kit_free(&fixture);
}

static int refuse(void *context, mailsub_message *message, mailsub_rule_report_fn report,
                  void *report_context)
{
    const char *subject;
    (void)context;
    ok(mailsub_message_get_subject(message, &subject));
    return report(report_context, "Subject", subject);
}

static void rules_of_the_program_count(void **state)
{
    (void)state;
    mailsub_policy *policy;
    struct session_kit fixture;
    ok(mailsub_policy_new(NULL, MAILSUB_PROFILE_NONE, &policy));
    ok(mailsub_policy_add_rule(policy, "no-subject-here", MAILSUB_SEVERITY_ERROR, refuse, NULL));
    start(&fixture, policy, NULL);
    mailsub_policy_unref(policy);
    assert_int_equal(mailsub_session_submit(fixture.session, fixture.message, fixture.receipt),
                     MAILSUB_E_POLICY);
    assert_string_equal(mailsub_receipt_get_detail(fixture.receipt),
                        "no-subject-here: Subject: Subject");
    session_kit_free(&fixture);
}

static void the_config_keeps_its_policy(void **state)
{
    (void)state;
    mailsub_policy *policy;
    mailsub_config *config;
    mailsub_session *session;
    ok(mailsub_policy_new(NULL, MAILSUB_PROFILE_BULK, &policy));
    ok(mailsub_config_new(NULL, &config));
    ok(mailsub_config_set_policy(config, policy));
    ok(mailsub_config_set_policy(config, policy));
    ok(mailsub_config_set_policy(config, NULL));
    ok(mailsub_config_set_policy(config, policy));
    mailsub_policy_unref(policy);
    ok(mailsub_config_set_relay_signs(config, 1));
    assert_int_equal(mailsub_config_set_relay_signs(config, 2), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_relay_signs(NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_policy(NULL, NULL), MAILSUB_E_INVALID);
    ok(mailsub_config_set_url(config, "smtp://localhost"));
    ok(mailsub_session_new(config, &session));
    assert_int_equal(mailsub_config_set_policy(config, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_relay_signs(config, 0), MAILSUB_E_STATE);
    mailsub_session_free(session);
    mailsub_config_unref(config);
    assert_null(mailsub_receipt_get_findings(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warnings_travel_in_the_receipt),
        cmocka_unit_test(errors_stop_before_a_connection_is_made),
        cmocka_unit_test(the_size_of_the_server_is_known),
        cmocka_unit_test(rules_of_the_program_count),
        cmocka_unit_test(the_config_keeps_its_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
