/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The signed messages of the RFCs, from their canonical form to the signature.
 *
 * RFC 8463 appendix A has the private keys, and both algorithms are deterministic, so our
 * signatures have to be those that are printed there, octet by octet. RFC 6376 appendix A has only
 * the public key; there is one signature that it verifies. Of its text, erratum 3192 takes a space
 * from the body ("game.  Are"), and erratum 4926 corrects how the fields are indented, which by the
 * simple form is part of what is signed.
 */
#include "unit.h"

#include <mailsub/dkim.h>

#include "base/crypto.h"
#include "base/key.h"
#include "codec/base64.h"
#include "dkim_keys.h"
#include "message/dkim_canon.h"

enum { MAX_FIELDS = 8 };

#define KEY_6376_PUBLIC                                                                            \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkM\n"                           \
    "oGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/R\n"                           \
    "tdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToI\n"                           \
    "MmPSPDdQPNUYckcQ2QIDAQAB\n"                                                                   \
    "-----END PUBLIC KEY-----\n"

#define KEY_8463_RSA_PUBLIC                                                                        \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6\n"                           \
    "Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/\n"                           \
    "e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G\n"                           \
    "+2kryOTIKT+l/K4w3QIDAQAB\n"                                                                   \
    "-----END PUBLIC KEY-----\n"

#define FROM "From: Joe SixPack <joe@football.example.com>"
#define TO "To: Suzie Q <suzie@shopping.example.net>"
#define SUBJECT "Subject: Is dinner ready?"
#define DATE "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)"
#define ID "Message-ID: <20030712040037.46341.5F8J@football.example.com>"
#define BODY_HASH "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="

static const struct row {
    const char *name;
    int form; /* of header and body */
    const char *body;
    const char *fields[MAX_FIELDS]; /* in the order of h= */
    const char *signature_field;    /* without the value of b= */
    const char *private_key;        /* NULL: the signature is only verified */
    const char *public_key;
    const char *want; /* b= */
} rows[] = {
    {"RFC 6376, RSA, simple",
     MAILSUB_DKIM_SIMPLE,
     "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n",
     {"Received: from client1.football.example.com  [192.0.2.1]\r\n"
      "      by submitserver.example.com with SUBMISSION;\r\n"
      "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)",
      FROM, TO, SUBJECT, DATE, ID},
     "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
     "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
     "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
     "      bh=" BODY_HASH ";\r\n      b=;",
     NULL,
     KEY_6376_PUBLIC,
     "AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1Ir"
     "E+NahM6L/LbvaHutKVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV4bmp/YzhwvcubU4="},
    {"RFC 8463, Ed25519, relaxed",
     MAILSUB_DKIM_RELAXED,
     "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n\r\n",
     {FROM, TO, SUBJECT, DATE, ID},
     "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
     " d=football.example.com; i=@football.example.com;\r\n"
     " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
     " subject : date : message-id : from : subject : date;\r\n"
     " bh=" BODY_HASH ";\r\n b=",
     KEY_ED25519,
     KEY_ED25519_PUBLIC,
     "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="},
    {"RFC 8463, RSA, relaxed",
     MAILSUB_DKIM_RELAXED,
     "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n",
     {FROM, TO, SUBJECT, DATE, ID},
     "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
     " d=football.example.com; i=@football.example.com;\r\n"
     " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
     " date : message-id : from : subject : date;\r\n"
     " bh=" BODY_HASH ";\r\n b=",
     KEY_RSA,
     KEY_8463_RSA_PUBLIC,
     "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tF"
     "OeS9mPYQTnGdaSGsgeefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="},
};

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static int append(void *out, mailsub__slice octets)
{
    return mailsub__buffer_append_slice(out, octets);
}

/* SHA-256 of what is in the buffer, which is empty then. */
static void hash(mailsub__buffer *text, unsigned char out[MAILSUB__KEY_DIGEST_LEN])
{
    mailsub__slice all = mailsub__buffer_slice(text);
    ok(mailsub__hash_of(MAILSUB__SHA256, all, out));
    mailsub__buffer_reset(text);
}

static void check_base64(mailsub__buffer *room, const void *data, size_t len, const char *want)
{
    ok(mailsub__base64_append(room, data, len));
    assert_string_equal(mailsub__buffer_str(room), want);
    mailsub__buffer_reset(room);
}

static void check_body_hash(const struct row *row, mailsub__buffer *room)
{
    unsigned char digest[MAILSUB__KEY_DIGEST_LEN];
    mailsub__dkim_body body;
    mailsub__dkim_body_init(&body, row->form, append, room);
    ok(mailsub__dkim_body_feed(&body, row->body, strlen(row->body)));
    ok(mailsub__dkim_body_finish(&body));
    hash(room, digest);
    check_base64(room, digest, sizeof digest, BODY_HASH);
}

static void hash_header(const struct row *row, mailsub__buffer *room, unsigned char *out)
{
    for (size_t i = 0; i < MAX_FIELDS && row->fields[i]; i++) {
        ok(mailsub__dkim_canon_field(row->form, mailsub__slice_str(row->fields[i]), room));
        ok(mailsub__buffer_append_str(room, "\r\n"));
    }
    ok(mailsub__dkim_canon_field(row->form, mailsub__slice_str(row->signature_field), room));
    hash(room, out);
}

static void check_signed(const struct row *row, const unsigned char *digest, mailsub__buffer *room)
{
    mailsub__key key = {.secret = NULL};
    unsigned char signature[MAILSUB__KEY_MAX_SIGNATURE];
    size_t len = 0;
    ok(mailsub__key_from_pem(&key, mailsub__slice_str(row->private_key), NULL));
    ok(mailsub__key_sign(&key, digest, signature, &len));
    check_base64(room, signature, len, row->want);
    mailsub__key_deinit(&key);
}

static void check_verified(const struct row *row, unsigned char *digest, mailsub__buffer *room)
{
    mailsub__key key = {.secret = NULL};
    ok(mailsub__key_from_public_pem(&key, mailsub__slice_str(row->public_key)));
    ok(mailsub__base64_append_decoded(room, row->want, strlen(row->want)));
    assert_true(mailsub__key_verify(&key, digest, mailsub__buffer_slice(room)));
    digest[0] ^= 1;
    assert_false(mailsub__key_verify(&key, digest, mailsub__buffer_slice(room)));
    mailsub__key_deinit(&key);
}

static void is_what_the_rfc_says(void **state)
{
    const struct row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    unsigned char digest[MAILSUB__KEY_DIGEST_LEN];
    mailsub__buffer room;
    mailsub__buffer_init(&room, &allocator, SIZE_MAX / 4);
    check_body_hash(row, &room);
    hash_header(row, &room, digest);
    if (row->private_key)
        check_signed(row, digest, &room);
    check_verified(row, digest, &room);
    mailsub__buffer_deinit(&room);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    static struct CMUnitTest tests[4];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, is_what_the_rfc_says);
    return UNIT_RUN(tests, n_tests);
}
