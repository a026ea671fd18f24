/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A config with DKIM signers, through a session to the fake server. */
#include "session_kit.h"

#include "dkim_keys.h"

static mailsub_dkim *signer(const char *domain, const char *selector)
{
    mailsub_dkim *dkim;
    ok(mailsub_dkim_new(NULL, domain, selector, &dkim));
    ok(mailsub_dkim_set_key_pem(dkim, KEY_ED25519, strlen(KEY_ED25519), NULL));
    return dkim;
}

static void add(mailsub_config *config, mailsub_dkim *dkim)
{
    ok(mailsub_config_add_dkim(config, dkim));
    mailsub_dkim_unref(dkim);
}

static mailsub_message *letter(const char *from, const char *text)
{
    mailsub_message *message;
    ok(mailsub_message_new(NULL, &message));
    ok(mailsub_message_set_from(message, from, NULL));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "b@example.net", NULL));
    ok(mailsub_message_set_text(message, text, MAILSUB_NUL_TERMINATED));
    return message;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    while ((text = strstr(text, what))) {
        n++;
        text++;
    }
    return n;
}

/* The message as the server got it; the caller frees it. */
static char *content(const mailsub_testing_server *server, size_t index)
{
    size_t len;
    const char *octets = mailsub_testing_server_get_content(server, index, &len);
    assert_non_null(octets);
    char *text = malloc(len + 1);
    assert_non_null(text);
    memcpy(text, octets, len);
    text[len] = '\0';
    return text;
}

static mailsub_testing_server *serve(uint32_t flags)
{
    mailsub_testing_server *server;
    ok(mailsub_testing_server_new(flags, &server));
    ok(mailsub_testing_server_start(server));
    return server;
}

static void messages_are_signed_by_their_domain(void **state)
{
    (void)state;
    mailsub_testing_server *server = serve(MAILSUB_TESTING_PIPELINING);
    mailsub_config *config;
    mailsub_session *session;
    ok(mailsub_config_new(NULL, &config));
    ok(mailsub_config_set_url(config, mailsub_testing_server_get_url(server)));
    add(config, signer("a.example", "first"));
    add(config, signer("b.example", "second"));
    add(config, signer("a.example", "third"));
    ok(mailsub_session_new(config, &session));
    static const char *const authors[] = {"x@a.example", "x@b.example", "x@c.example"};
    static const size_t want[] = {2, 1, 0};
    for (size_t i = 0; i < 3; i++) {
        mailsub_message *message = letter(authors[i], "Hi\n");
        ok(mailsub_session_submit(session, message, NULL));
        char *text = content(server, i);
        assert_int_equal(count(text, "DKIM-Signature: "), want[i]);
        assert_int_equal(count(text, " s=second;"), i == 1);
        free(text);
        mailsub_message_free(message);
    }
    mailsub_session_free(session);
    mailsub_config_unref(config);
    mailsub_testing_server_free(server);
}

/* The layout for the server that is there replaces the first one; the signature is its own. */
static void a_message_sent_twice_has_the_same_signature(void **state)
{
    (void)state;
    mailsub_testing_server *server = serve(MAILSUB_TESTING_PIPELINING);
    mailsub_config *config;
    mailsub_session *session;
    ok(mailsub_config_new(NULL, &config));
    ok(mailsub_config_set_url(config, mailsub_testing_server_get_url(server)));
    add(config, signer("a.example", "s"));
    mailsub_message *message =
        letter("x@a.example", "A text that has some letters: Gr\303\274\303\237e\n");
    char *texts[2];
    for (size_t i = 0; i < 2; i++) {
        ok(mailsub_session_new(config, &session));
        ok(mailsub_session_submit(session, message, NULL));
        mailsub_session_free(session);
        texts[i] = content(server, i);
    }
    assert_int_equal(count(texts[0], "DKIM-Signature: "), 1);
    assert_string_equal(texts[0], texts[1]);
    assert_non_null(strstr(texts[0], "quoted-printable"));
    free(texts[0]);
    free(texts[1]);
    mailsub_message_free(message);
    mailsub_config_unref(config);
    mailsub_testing_server_free(server);
}

static int fail_to_sign(void *context, const void *hash, size_t hash_len, void *out,
                        size_t *out_len)
{
    (void)context;
    (void)hash;
    (void)hash_len;
    (void)out;
    *out_len = 0;
    return -1;
}

static void what_cannot_be_signed_is_not_sent(void **state)
{
    (void)state;
    mailsub_testing_server *server = serve(0);
    mailsub_config *config;
    mailsub_session *session;
    mailsub_receipt *receipt;
    mailsub_dkim *dkim;
    ok(mailsub_config_new(NULL, &config));
    ok(mailsub_config_set_url(config, mailsub_testing_server_get_url(server)));
    ok(mailsub_dkim_new(NULL, "a.example", "s", &dkim));
    assert_int_equal(mailsub_config_add_dkim(config, dkim), MAILSUB_E_KEY);
    ok(mailsub_dkim_set_key_callback(dkim, KEY_ED25519_PUBLIC, strlen(KEY_ED25519_PUBLIC),
                                     fail_to_sign, NULL));
    add(config, dkim);
    ok(mailsub_session_new(config, &session));
    ok(mailsub_receipt_new(NULL, &receipt));
    mailsub_message *message = letter("x@a.example", "Hi\n");
    assert_int_equal(mailsub_session_submit(session, message, receipt), -1);
    assert_int_equal(mailsub_receipt_get_stage(receipt), MAILSUB_STAGE_CHECK);
    assert_string_equal(mailsub_receipt_get_detail(receipt), "a.example");
    assert_int_equal(mailsub_testing_server_count_connections(server), 0);
    mailsub_message_free(message);
    mailsub_receipt_free(receipt);
    mailsub_session_free(session);
    mailsub_config_unref(config);
    mailsub_testing_server_free(server);
}

static void a_config_holds_its_signers(void **state)
{
    (void)state;
    for (size_t fail_at = 1, done = 0; !done; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub_config *config = NULL;
        int rc = mailsub_config_new(&allocator, &config);
        for (size_t i = 0; i < 9 && !rc; i++) {
            mailsub_dkim *dkim = signer("a.example", "s");
            rc = mailsub_config_add_dkim(config, dkim);
            assert_int_equal(mailsub_config_count_dkim(config), i + !rc);
            assert_ptr_equal(mailsub_config_get_dkim(config, i), rc ? NULL : dkim);
            mailsub_dkim_unref(dkim);
        }
        mailsub_config_unref(config);
        assert_int_equal(heap.n_live, 0);
        assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM);
        done = heap.n_requests < fail_at;
        assert_true(!done || rc == MAILSUB_OK);
    }
}

static void a_config_has_a_most_of_signers(void **state)
{
    (void)state;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_dkim *dkim = signer("a.example", "s");
    ok(mailsub_config_new(NULL, &config));
    for (size_t i = 0; i < MAILSUB_MAX_CONFIG_SIGNERS; i++)
        ok(mailsub_config_add_dkim(config, dkim));
    assert_int_equal(mailsub_config_add_dkim(config, dkim), MAILSUB_E_LIMIT);
    assert_int_equal(mailsub_config_add_dkim(config, NULL), MAILSUB_E_INVALID);
    ok(mailsub_config_set_url(config, "smtp://localhost"));
    ok(mailsub_session_new(config, &session));
    assert_int_equal(mailsub_config_add_dkim(config, dkim), MAILSUB_E_STATE);
    assert_int_equal(mailsub_config_add_dkim(NULL, dkim), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_count_dkim(NULL), 0);
    assert_null(mailsub_config_get_dkim(NULL, 0));
    mailsub_dkim_unref(dkim);
    mailsub_session_free(session);
    mailsub_config_unref(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_config_has_a_most_of_signers),
        cmocka_unit_test(a_config_holds_its_signers),
        cmocka_unit_test(a_message_sent_twice_has_the_same_signature),
        cmocka_unit_test(messages_are_signed_by_their_domain),
        cmocka_unit_test(what_cannot_be_signed_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
