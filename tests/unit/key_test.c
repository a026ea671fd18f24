/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "dkim_keys.h"

#include "base/crypto.h"
#include "base/key.h"
#include "codec/base64.h"
#include "message/dkim_canon.h"

#include <mailsub/dkim.h>

struct pem_row {
    const char *name;
    const char *pem;
    const char *passphrase;
    int want;
    unsigned want_bits;
};

static const struct pem_row pem_rows[] = {
    {"RSA of 1024 bits", KEY_RSA, NULL, MAILSUB_OK, 1024},
    {"Ed25519", KEY_ED25519, NULL, MAILSUB_OK, 256},
    {"an encrypted key", KEY_ENCRYPTED, "secret", MAILSUB_OK, 256},
    {"an encrypted key with a wrong passphrase", KEY_ENCRYPTED, "Secret", MAILSUB_E_KEY, 0},
    {"an encrypted key without its passphrase", KEY_ENCRYPTED, NULL, MAILSUB_E_KEY, 0},
    {"RSA of 512 bits", KEY_RSA_SHORT, NULL, MAILSUB_E_KEY, 0},
    {"ECDSA", KEY_ECDSA, NULL, MAILSUB_E_KEY, 0},
    {"a public key", KEY_ED25519_PUBLIC, NULL, MAILSUB_E_KEY, 0},
    {"nothing", "", NULL, MAILSUB_E_KEY, 0},
    {"no PEM", "secret", NULL, MAILSUB_E_KEY, 0},
};

static void check_pem_row(void **state)
{
    const struct pem_row *row = *state;
    mailsub__key key = {.n_bits = 7};
    assert_int_equal(mailsub__key_from_pem(&key, mailsub__slice_str(row->pem), row->passphrase),
                     row->want);
    if (row->want) {
        assert_int_equal(key.n_bits, 7);
        return;
    }
    assert_int_equal(key.n_bits, row->want_bits);
    mailsub__key_deinit(&key);
    assert_null(key.secret);
}

static void a_cut_key_is_refused(void **state)
{
    (void)state;
    static const char pem[] = KEY_ED25519;
    size_t whole = (size_t)(strstr(pem, "-----END") - pem);
    for (size_t len = 0; len < whole; len++) {
        mailsub__key key;
        assert_int_equal(mailsub__key_from_pem(&key, mailsub__slice_of(pem, len), NULL),
                         MAILSUB_E_KEY);
    }
}

static void urls_of_nothing_are_refused(void **state)
{
    (void)state;
    mailsub__key key;
    assert_int_equal(mailsub__key_from_url(&key, "nothing:", NULL), MAILSUB_E_KEY);
    assert_int_equal(mailsub__key_from_url(&key, "pkcs11:token=mailsub-no-such-token", "1"),
                     MAILSUB_E_KEY);
}

/* The message of RFC 8463 appendix A.3, without its signatures. */
#define RFC_HEADER                                                                                 \
    "from:Joe SixPack <joe@football.example.com>\r\n"                                              \
    "to:Suzie Q <suzie@shopping.example.net>\r\n"                                                  \
    "subject:Is dinner ready?\r\n"                                                                 \
    "date:Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"                                               \
    "message-id:<20030712040037.46341.5F8J@football.example.com>\r\n"
#define RFC_BODY "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
#define RFC_BODY_HASH "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="

static const struct signature_row {
    const char *name;
    const char *pem;
    const char *field; /* DKIM-Signature, without the value of b= */
    const char *want;
} signature_rows[] = {
    {"the Ed25519 signature of RFC 8463", KEY_ED25519,
     "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
     " d=football.example.com; i=@football.example.com;\r\n"
     " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
     " subject : date : message-id : from : subject : date;\r\n"
     " bh=" RFC_BODY_HASH ";\r\n"
     " b=",
     "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"
     "Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="},
    {"the RSA signature of RFC 8463", KEY_RSA,
     "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
     " d=football.example.com; i=@football.example.com;\r\n"
     " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
     " date : message-id : from : subject : date;\r\n"
     " bh=" RFC_BODY_HASH ";\r\n"
     " b=",
     "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3"
     "DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
     "dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="},
};

static void check_signature_row(void **state)
{
    const struct signature_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer text;
    mailsub__buffer_init(&text, &allocator, 10000);
    mailsub__buffer_append_str(&text, RFC_HEADER);
    assert_int_equal(
        mailsub__dkim_canon_field(MAILSUB_DKIM_RELAXED, mailsub__slice_str(row->field), &text),
        MAILSUB_OK);
    unsigned char digest[32];
    assert_int_equal(mailsub__hash_of(MAILSUB__SHA256, mailsub__buffer_slice(&text), digest),
                     MAILSUB_OK);
    mailsub__key key;
    assert_int_equal(mailsub__key_from_pem(&key, mailsub__slice_str(row->pem), NULL), MAILSUB_OK);
    unsigned char signature[MAILSUB__KEY_MAX_SIGNATURE];
    size_t len;
    assert_int_equal(mailsub__key_sign(&key, digest, signature, &len), MAILSUB_OK);
    assert_true(mailsub__key_verify(&key, digest, mailsub__slice_of(signature, len)));
    mailsub__buffer_reset(&text);
    mailsub__base64_append(&text, signature, len);
    assert_string_equal(mailsub__buffer_str(&text), row->want);
    digest[0] ^= 1;
    assert_false(mailsub__key_verify(&key, digest, mailsub__slice_of(signature, len)));
    mailsub__key_deinit(&key);
    mailsub__buffer_deinit(&text);
}

static int put_hash(void *hasher, mailsub__slice octets)
{
    return mailsub__hasher_update(hasher, octets);
}

static void the_body_hash_is_that_of_the_rfc(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__hasher hasher = {0};
    mailsub__dkim_body body;
    unsigned char digest[32];
    mailsub__buffer text;
    mailsub__buffer_init(&text, &allocator, 100);
    assert_int_equal(mailsub__hasher_begin(&hasher, MAILSUB__SHA256), MAILSUB_OK);
    mailsub__dkim_body_init(&body, MAILSUB_DKIM_RELAXED, put_hash, &hasher);
    assert_int_equal(mailsub__dkim_body_feed(&body, RFC_BODY, sizeof RFC_BODY - 1), MAILSUB_OK);
    assert_int_equal(mailsub__dkim_body_finish(&body), MAILSUB_OK);
    assert_int_equal(mailsub__hasher_finish(&hasher, digest), MAILSUB_OK);
    mailsub__base64_append(&text, digest, sizeof digest);
    assert_string_equal(mailsub__buffer_str(&text), RFC_BODY_HASH);
    mailsub__buffer_deinit(&text);
}

int main(void)
{
    struct CMUnitTest tests[24] = {
        cmocka_unit_test(a_cut_key_is_refused),
        cmocka_unit_test(the_body_hash_is_that_of_the_rfc),
        cmocka_unit_test(urls_of_nothing_are_refused),
    };
    size_t n_tests = 3;
    UNIT_ADD_ROWS(tests, n_tests, pem_rows, check_pem_row);
    UNIT_ADD_ROWS(tests, n_tests, signature_rows, check_signature_row);
    return UNIT_RUN(tests, n_tests);
}
