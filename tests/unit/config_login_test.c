/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a config takes about logins, and what a receipt tells of one that was never made. */
#include "config_kit.h"

#include <mailsub/mailsub.h>

static mailsub_config *new_config(void)
{
    return kit_config("smtp://mail.example.org");
}

static int answer(void *context, void *state, mailsub_login *login, const void *challenge,
                  size_t len)
{
    (void)context;
    (void)state;
    (void)challenge;
    (void)len;
    return mailsub_login_answer(login, "", 0);
}

static const mailsub_mechanism gssapi = {.size = sizeof gssapi, .name = "GSSAPI", .answer = answer};

static const struct names_row {
    const char *name;
    const char *names;
    int want;
    const char *want_kept;
} names_rows[] = {
    {"one", "PLAIN", MAILSUB_OK, "PLAIN "},
    {"several, among spaces", "  scram-sha-256   PLAIN ", MAILSUB_OK, "scram-sha-256 PLAIN "},
    {"one of the program's own", "GSSAPI CRAM-MD5 EXTERNAL", MAILSUB_OK,
     "GSSAPI CRAM-MD5 EXTERNAL "},
    {"one twice", "PLAIN LOGIN plain", MAILSUB_E_INVALID, NULL},
    {"an unknown one", "NTLM", MAILSUB_E_INVALID, NULL},
    {"a comma", "PLAIN,LOGIN", MAILSUB_E_INVALID, NULL},
    {"a line end", "PLAIN\r\nQUIT", MAILSUB_E_INVALID, NULL},
    {"nothing", "", MAILSUB_E_INVALID, NULL},
    {"spaces", "   ", MAILSUB_E_INVALID, NULL},
};

static void mechanisms_are_named(void **state)
{
    const struct names_row *row = *state;
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_add_mechanism(config, &gssapi), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_mechanisms(config, "LOGIN"), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_mechanisms(config, row->names), row->want);
    assert_string_equal(config->mechanisms, row->want_kept ? row->want_kept : "LOGIN ");
    assert_int_equal(mailsub_config_get_error_detail(config)[0] != '\0', row->want != MAILSUB_OK);
    assert_int_equal(mailsub_config_set_mechanisms(config, NULL), MAILSUB_OK);
    assert_false(config->mechanisms_chosen);
    mailsub_config_unref(config);
}

static void mechanisms_are_excluded(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    char name[] = "X-A";
    assert_int_equal(mailsub_config_exclude_mechanism(config, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_exclude_mechanism(config, ""), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_exclude_mechanism(config, "A B"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_exclude_mechanism(config, "ABCDEFGHIJKLMNOPQRSTU"),
                     MAILSUB_E_INVALID);
    for (int i = 0; i < 20; i++) {
        name[2] = (char)('A' + i);
        assert_int_equal(mailsub_config_exclude_mechanism(config, name), MAILSUB_OK);
    }
    assert_int_equal(mailsub_config_exclude_mechanism(config, "x-a"), MAILSUB_OK); /* again */
    assert_int_equal(mailsub_config_exclude_mechanism(config, "PLAIN"), MAILSUB_E_LIMIT);
    mailsub_config_unref(config);
}

/* Each is refused. */
static const struct mechanism_row {
    const char *name;
    mailsub_mechanism mechanism;
} mechanism_rows[] = {
    {"too small", {.size = sizeof(size_t), .name = "X", .answer = answer}},
    {"without a name", {.size = sizeof(mailsub_mechanism), .answer = answer}},
    {"with an empty name", {.size = sizeof(mailsub_mechanism), .name = "", .answer = answer}},
    {"with small letters", {.size = sizeof(mailsub_mechanism), .name = "gs", .answer = answer}},
    {"with a line end", {.size = sizeof(mailsub_mechanism), .name = "X\r\n", .answer = answer}},
    {"with a long name",
     {.size = sizeof(mailsub_mechanism), .name = "ABCDEFGHIJKLMNOPQRSTU", .answer = answer}},
    {"without an answer", {.size = sizeof(mailsub_mechanism), .name = "X"}},
    {"with an unknown flag",
     {.size = sizeof(mailsub_mechanism), .name = "X", .flags = 8, .answer = answer}},
    {"with both secrets",
     {.size = sizeof(mailsub_mechanism),
      .name = "X",
      .flags = MAILSUB_MECHANISM_PASSWORD | MAILSUB_MECHANISM_TOKEN,
      .answer = answer}},
    {"that was added already",
     {.size = sizeof(mailsub_mechanism), .name = "GSSAPI", .answer = answer}},
};

static void odd_mechanisms_are_refused(void **state)
{
    const struct mechanism_row *row = *state;
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_add_mechanism(config, &gssapi), MAILSUB_OK);
    assert_int_equal(mailsub_config_add_mechanism(config, &row->mechanism), MAILSUB_E_INVALID);
    assert_int_equal(config->n_custom, 1);
    mailsub_config_unref(config);
}

static void eight_mechanisms_are_the_most(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    char name[] = "X0";
    mailsub_mechanism mechanism = gssapi;
    mechanism.name = name;
    for (int i = 0; i < 9; i++) {
        name[1] = (char)('0' + i);
        assert_int_equal(mailsub_config_add_mechanism(config, &mechanism),
                         i < 8 ? MAILSUB_OK : MAILSUB_E_LIMIT);
    }
    assert_string_equal(config->custom[0].name, "X0"); /* the name was copied */
    mailsub_config_unref(config);
}

static void tokens_are_checked(void **state)
{
    (void)state;
    static char token[8194];
    mailsub_config *config = new_config();
    memset(token, 't', sizeof token - 1);
    assert_int_equal(mailsub_config_set_token(config, "me", "t0k"), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_token(config, NULL, "x"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_token(config, "", "x"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_token(config, "\xff", "x"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_token(config, "me", ""), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_token(config, "me", "a b"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_token(config, "me",
                                              "a\x01"
                                              "b"),
                     MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_token(config, "me", token), MAILSUB_E_CREDENTIALS);
    assert_string_equal(config->token, "t0k");
    token[8192] = '\0';
    assert_int_equal(mailsub_config_set_token(config, "you", token), MAILSUB_OK);
    assert_string_equal(config->user, "you");
    assert_int_equal(mailsub_config_set_token(config, NULL, NULL), MAILSUB_OK);
    assert_null(config->token);
    assert_string_equal(config->user, "you");
    assert_int_equal(mailsub_config_set_token(config, "me", "t0k"), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_credentials(config, NULL, NULL), MAILSUB_OK);
    assert_null(config->token);
    assert_null(config->user);
    mailsub_config_unref(config);
}

static void identities_are_checked(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_set_authorization(config, "bob"), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_authorization(config, ""), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_config_set_authorization(config, "\xff"), MAILSUB_E_CREDENTIALS);
    assert_string_equal(config->authorization, "bob");
    assert_int_equal(mailsub_config_set_authorization(config, NULL), MAILSUB_OK);
    assert_null(config->authorization);
    mailsub_config_unref(config);
}

static void a_url_without_a_password_has_none(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_set_url(config, "smtp://me@mail.example.org"), MAILSUB_OK);
    assert_null(config->password);
    assert_int_equal(mailsub_config_set_url(config, "smtp://me:@mail.example.org"), MAILSUB_OK);
    assert_string_equal(config->password, "");
    mailsub_config_unref(config);
}

static int fetch(void *context, int reason, mailsub_credentials *credentials)
{
    (void)context;
    (void)reason;
    (void)credentials;
    return MAILSUB_OK;
}

static void a_config_in_use_is_frozen(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    mailsub_session *session = NULL;
    assert_int_equal(mailsub_config_set_credentials_callback(config, fetch, NULL), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(config, &session), MAILSUB_OK);
    assert_int_equal(mailsub_config_set_mechanisms(config, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_exclude_mechanism(config, "LOGIN"), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_token(config, "a", "b"), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_authorization(config, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_set_credentials_callback(config, NULL, NULL), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_add_mechanism(config, &gssapi), MAILSUB_E_STATE);
    mailsub_session_free(session);
    mailsub_config_unref(config);
}

static void null_is_answered(void **state)
{
    (void)state;
    mailsub_config *config = new_config();
    assert_int_equal(mailsub_config_set_mechanisms(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_exclude_mechanism(NULL, "LOGIN"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_token(NULL, "a", "b"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_authorization(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_credentials_callback(NULL, NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_add_mechanism(NULL, &gssapi), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_add_mechanism(config, NULL), MAILSUB_E_INVALID);
    mailsub_config_unref(config);
    assert_string_equal(mailsub_receipt_get_login(NULL), "");
    assert_string_equal(mailsub_receipt_get_login_text(NULL), "");
    assert_int_equal(mailsub_receipt_count_mechanisms(NULL), 0);
    assert_string_equal(mailsub_receipt_get_mechanism(NULL, 0), "");
    assert_int_equal(mailsub_receipt_get_mechanism_state(NULL, 0), MAILSUB_LOGIN_NOT_TRIED);
    mailsub_receipt *receipt = NULL;
    assert_int_equal(mailsub_receipt_new(NULL, &receipt), MAILSUB_OK);
    assert_string_equal(mailsub_receipt_get_login(receipt), "");
    assert_string_equal(mailsub_receipt_get_mechanism(receipt, 0), "");
    mailsub_receipt_free(receipt);
}

static void every_state_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < MAILSUB_LOGIN_END_; i++)
        assert_true(strlen(mailsub_login_state_name(i)) > 1);
    assert_string_equal(mailsub_login_state_name(-1), "?");
    assert_string_equal(mailsub_login_state_name(MAILSUB_LOGIN_END_), "?");
}

static int set_what_is_copied(mailsub_config *config)
{
    int rc = mailsub_config_set_token(config, "me", "t0k");
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_token(config, "you", "t1k");
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_authorization(config, "bob");
    return rc;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    kit_config_fail_each(set_what_is_copied);
}

int main(void)
{
    static struct CMUnitTest tests[40] = {
        cmocka_unit_test(mechanisms_are_excluded),
        cmocka_unit_test(eight_mechanisms_are_the_most),
        cmocka_unit_test(tokens_are_checked),
        cmocka_unit_test(identities_are_checked),
        cmocka_unit_test(a_url_without_a_password_has_none),
        cmocka_unit_test(a_config_in_use_is_frozen),
        cmocka_unit_test(null_is_answered),
        cmocka_unit_test(every_state_has_a_name),
        cmocka_unit_test(every_allocation_may_fail),
    };
    size_t n_tests = 9;
    UNIT_ADD_ROWS(tests, n_tests, names_rows, mechanisms_are_named);
    UNIT_ADD_ROWS(tests, n_tests, mechanism_rows, odd_mechanisms_are_refused);
    return UNIT_RUN(tests, n_tests);
}
