/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a real Postfix answers to ETRN, VRFY, EXPN and HELP, what a probe of its recipients tells,
 * and what it offers before and after TLS.
 */
#include "real.h"

struct fixture {
    mailsub_config *config;
    mailsub_session *session;
    mailsub_receipt *receipt;
};

static void set_up(struct fixture *fixture, const char *scheme, const char *service)
{
    char url[128];
    real_url(url, sizeof url, scheme, "localhost", service);
    assert_int_equal(mailsub_config_new(NULL, &fixture->config), 0);
    assert_int_equal(mailsub_config_set_url(fixture->config, url), 0);
    assert_int_equal(mailsub_config_set_ca_file(fixture->config, real_setting("MAILSUB_CA")), 0);
    assert_int_equal(mailsub_session_new(fixture->config, &fixture->session), 0);
    assert_int_equal(mailsub_receipt_new(NULL, &fixture->receipt), 0);
}

static void tear_down(struct fixture *fixture)
{
    mailsub_session_close(fixture->session);
    mailsub_session_free(fixture->session);
    mailsub_receipt_free(fixture->receipt);
    mailsub_config_unref(fixture->config);
}

static void commands_are_answered(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, "smtp", "plain");
    mailsub_session *session = fixture.session;
    mailsub_receipt *receipt = fixture.receipt;
    assert_int_equal(mailsub_session_verify(session, "ann@ours.example", receipt),
                     MAILSUB_E_NOT_VERIFIED);
    assert_int_equal(mailsub_receipt_get_reply_code(receipt), 252);
    assert_int_equal(mailsub_session_verify(session, "nobody@ours.example", receipt),
                     MAILSUB_E_RECIPIENTS_REFUSED);
    assert_int_equal(mailsub_receipt_get_reply_code(receipt), 550);
    assert_string_equal(mailsub_receipt_get_enhanced_status(receipt), "5.1.1");
    /* fast_flush_domains does not name the domain. */
    assert_int_equal(mailsub_session_etrn(session, "ours.example", receipt),
                     MAILSUB_E_COMMAND_REFUSED);
    assert_int_equal(mailsub_receipt_get_reply_code(receipt), 459);
    assert_int_equal(mailsub_receipt_get_stage(receipt), MAILSUB_STAGE_ETRN);
    assert_int_equal(mailsub_session_expand(session, "staff", receipt), MAILSUB_E_COMMAND);
    assert_int_equal(mailsub_session_help(session, NULL, receipt), MAILSUB_E_COMMAND);
    tear_down(&fixture);
}

static void what_is_not_offered_is_not_asked(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, "smtp", "no_extensions");
    assert_int_equal(mailsub_session_etrn(fixture.session, "ours.example", fixture.receipt),
                     MAILSUB_E_COMMAND);
    assert_int_equal(mailsub_receipt_get_reply_code(fixture.receipt), 0);
    tear_down(&fixture);
}

static void recipients_are_probed(void **state)
{
    (void)state;
    static const char *const services[] = {"plain", "no_extensions"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        mailsub_message *message = NULL;
        set_up(&fixture, "smtp", services[i]);
        assert_int_equal(mailsub_message_new(NULL, &message), 0);
        mailsub_message_set_from(message, "alice@ours.example", NULL);
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "ann@ours.example", NULL);
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "nobody@ours.example", NULL);
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "later@ours.example", NULL);
        for (int again = 0; again < 2; again++) {
            mailsub_receipt *receipt = fixture.receipt;
            assert_int_equal(mailsub_session_probe(fixture.session, message, receipt),
                             MAILSUB_E_PARTIAL);
            assert_int_equal(mailsub_receipt_get_outcome(receipt, 0), MAILSUB_OUTCOME_WILLING);
            assert_int_equal(mailsub_receipt_get_outcome(receipt, 1), MAILSUB_OUTCOME_REFUSED);
            assert_int_equal(mailsub_receipt_get_outcome(receipt, 2), MAILSUB_OUTCOME_DEFERRED);
        }
        mailsub_message_free(message);
        tear_down(&fixture);
    }
}

static void a_server_is_checked(void **state)
{
    (void)state;
    struct fixture fixture;
    set_up(&fixture, "submission", "starttls");
    mailsub_session *session = fixture.session;
    assert_int_equal(mailsub_session_check(session, fixture.receipt), 0);
    assert_string_not_equal(mailsub_receipt_get_tls_version(fixture.receipt), "");
    assert_non_null(mailsub_session_find_capability(session, MAILSUB_OFFER_CLEAR, "STARTTLS"));
    assert_null(mailsub_session_find_capability(session, MAILSUB_OFFER_LAST, "STARTTLS"));
    assert_string_equal(mailsub_session_find_capability(session, MAILSUB_OFFER_LAST, "SIZE"),
                        "104857600");
    tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_answered),
        cmocka_unit_test(what_is_not_offered_is_not_asked),
        cmocka_unit_test(recipients_are_probed),
        cmocka_unit_test(a_server_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
