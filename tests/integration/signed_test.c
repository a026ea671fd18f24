/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signed messages through a real Postfix, where OpenDKIM verifies them as a milter: what is stored
 * says so. The records of the keys are in postfix.py. Without OpenDKIM these tests are skipped.
 */
#include "real.h"

#include "dkim_keys.h"

#define DOMAIN "ours.example"
#define SERVICE "verified"
#define PASS_RSA "dkim=pass (1024-bit key) header.d=" DOMAIN
#define PASS_ED25519 "header.a=ed25519-sha256 header.s=ed25519"

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static mailsub_dkim *signer(const char *selector, const char *pem, int form)
{
    mailsub_dkim *dkim;
    ok(mailsub_dkim_new(NULL, DOMAIN, selector, &dkim));
    ok(mailsub_dkim_set_key_pem(dkim, pem, strlen(pem), NULL));
    ok(mailsub_dkim_set_canonicalization(dkim, form, form));
    return dkim;
}

struct row {
    const char *name;
    const char *text;
    int form;
    size_t n_octets; /* of an attachment */
};

static const struct row rows[] = {
    {"7-bit text, relaxed", "Hello.\n", MAILSUB_DKIM_RELAXED, 0},
    {"7-bit text, simple", "Hello.\n", MAILSUB_DKIM_SIMPLE, 0},
    {"dots at line starts", ".\n..\n.a\n\n.\n", MAILSUB_DKIM_SIMPLE, 0},
    {"8-bit text, relaxed", "Gr\303\274\303\237e  aus M\303\274nchen\n\n", MAILSUB_DKIM_RELAXED, 0},
    {"8-bit text, simple", "Gr\303\274\303\237e  aus M\303\274nchen\n\n", MAILSUB_DKIM_SIMPLE, 0},
    {"quoted-printable", "white space at the end \n and \t in front\n", MAILSUB_DKIM_SIMPLE, 0},
    {"an empty text", "", MAILSUB_DKIM_SIMPLE, 0},
    {"an attachment", "Here it is.\n", MAILSUB_DKIM_SIMPLE, 500000},
};

static mailsub_message *build(const struct row *row)
{
    mailsub_message *message;
    ok(mailsub_message_new(NULL, &message));
    ok(mailsub_message_set_from(message, "dora@" DOMAIN, "D\303\266ra"));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "ann@" DOMAIN, "Ann"));
    ok(mailsub_message_set_subject(message, "Signed  with  spaces: \303\244"));
    ok(mailsub_message_set_text(message, row->text, MAILSUB_NUL_TERMINATED));
    if (row->n_octets > 0) {
        char *octets = calloc(1, row->n_octets);
        assert_non_null(octets);
        ok(mailsub_message_attach_data(message, "a.bin", NULL, octets, row->n_octets));
        free(octets);
    }
    return message;
}

static void submit(mailsub_message *message)
{
    char url[256];
    mailsub_config *config;
    mailsub_session *session;
    real_url(url, sizeof url, "smtp", "localhost", SERVICE);
    ok(mailsub_config_new(NULL, &config));
    ok(mailsub_config_set_url(config, url));
    ok(mailsub_session_new(config, &session));
    ok(mailsub_session_submit(session, message, NULL));
    mailsub_session_free(session);
    mailsub_config_unref(config);
}

static void check_row(void **state)
{
    const struct row *row = *state;
    char trace[REAL_TRACE_ROOM];
    if (!getenv("MAILSUB_PORT_VERIFIED"))
        skip();
    real_empty_mailboxes();
    mailsub_message *message = build(row);
    mailsub_dkim *rsa = signer("rsa", KEY_RSA, row->form);
    mailsub_dkim *ed25519 = signer("ed25519", KEY_ED25519, row->form);
    ok(mailsub_message_sign_dkim(message, rsa));
    ok(mailsub_message_sign_dkim(message, ed25519));
    submit(message);
    real_take_mail(SERVICE, "ann@" DOMAIN, message, trace);
    real_assert_text(trace, "Authentication-Results: mx." DOMAIN);
    real_assert_text(trace, PASS_RSA);
    real_assert_text(trace, PASS_ED25519);
    assert_null(strstr(trace, "dkim=fail"));
    mailsub_message_free(message);
    mailsub_dkim_unref(rsa);
    mailsub_dkim_unref(ed25519);
}

/* So that a pass means something: the same key under a selector whose record is another's. */
static void a_wrong_key_fails(void **state)
{
    (void)state;
    char trace[REAL_TRACE_ROOM];
    if (!getenv("MAILSUB_PORT_VERIFIED"))
        skip();
    real_empty_mailboxes();
    mailsub_message *message = build(&rows[0]);
    mailsub_dkim *dkim = signer("rsa", KEY_ED25519, MAILSUB_DKIM_RELAXED);
    ok(mailsub_message_sign_dkim(message, dkim));
    submit(message);
    real_take_mail(SERVICE, "ann@" DOMAIN, message, trace);
    assert_null(strstr(trace, "dkim=pass"));
    mailsub_message_free(message);
    mailsub_dkim_unref(dkim);
}

int main(void)
{
    struct CMUnitTest tests[16] = {cmocka_unit_test(a_wrong_key_fails)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
