/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The published examples: FIPS 180-4, RFC 1321, 2202, 4231, 6070 and 7914. */
#include "unit.h"

#include <stdio.h>

#include "base/crypto.h"

struct row {
    const char *name;
    enum mailsub__hash hash;
    const char *key;  /* NULL: a plain hash */
    const char *data; /* with n_iterations: the salt */
    uint32_t n_iterations;
    const char *want;
};

static const struct row rows[] = {
    {"MD5", MAILSUB__MD5, NULL, "abc", 0, "900150983cd24fb0d6963f7d28e17f72"},
    {"SHA-1", MAILSUB__SHA1, NULL, "abc", 0, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"SHA-256", MAILSUB__SHA256, NULL, "abc", 0,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"SHA-256 of nothing", MAILSUB__SHA256, NULL, "", 0,
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"HMAC-MD5", MAILSUB__MD5, "Jefe", "what do ya want for nothing?", 0,
     "750c783e6ab0b503eaa86e310a5db738"},
    {"HMAC-SHA-1", MAILSUB__SHA1, "Jefe", "what do ya want for nothing?", 0,
     "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {"HMAC-SHA-256", MAILSUB__SHA256, "Jefe", "what do ya want for nothing?", 0,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"PBKDF2-SHA-1, one round", MAILSUB__SHA1, "password", "salt", 1,
     "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
    {"PBKDF2-SHA-1, many rounds", MAILSUB__SHA1, "password", "salt", 4096,
     "4b007901b765489abead49d926f721d065a429c1"},
    {"PBKDF2-SHA-256, one round", MAILSUB__SHA256, "passwd", "salt", 1,
     "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"},
};

static void hex(const unsigned char *digest, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static void a_digest_is_the_published_one(void **state)
{
    const struct row *row = *state;
    unsigned char digest[MAILSUB__MAX_DIGEST_LEN];
    mailsub__slice data = mailsub__slice_str(row->data);
    if (row->n_iterations > 0)
        assert_int_equal(mailsub__pbkdf2(row->hash, mailsub__slice_str(row->key), data,
                                         row->n_iterations, digest),
                         0);
    else if (row->key)
        assert_int_equal(mailsub__hmac(row->hash, mailsub__slice_str(row->key), data, digest), 0);
    else
        assert_int_equal(mailsub__hash_of(row->hash, data, digest), 0);
    char text[2 * MAILSUB__MAX_DIGEST_LEN + 1];
    hex(digest, mailsub__hash_len(row->hash), text);
    assert_string_equal(text, row->want);
}

/* Also when they are as long as what the hasher holds, a little less or more, or several times it. */
static void pieces_hash_as_the_whole(void **state)
{
    (void)state;
    static const size_t lens[] = {1, 7, 64, 511, 1023, 1024, 1025, 2048, 2999, 5000};
    static char text[5000];
    unsigned char whole[MAILSUB__MAX_DIGEST_LEN];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7 + i / 256);
    mailsub__slice all = mailsub__slice_of(text, sizeof text);
    assert_int_equal(mailsub__hash_of(MAILSUB__SHA256, all, whole), 0);
    enum { N_LENS = sizeof lens / sizeof lens[0] };
    for (size_t i = 0; i < N_LENS * N_LENS; i++) {
        const size_t turns[] = {lens[i / N_LENS], lens[i % N_LENS]};
        unsigned char pieces[MAILSUB__MAX_DIGEST_LEN];
        mailsub__hasher hasher;
        assert_int_equal(mailsub__hasher_begin(&hasher, MAILSUB__SHA256), 0);
        for (size_t at = 0, turn = 0, len; at < sizeof text; at += len, turn = !turn) {
            len = turns[turn] < sizeof text - at ? turns[turn] : sizeof text - at;
            assert_int_equal(mailsub__hasher_update(&hasher, mailsub__slice_of(text + at, len)), 0);
        }
        assert_int_equal(mailsub__hasher_finish(&hasher, pieces), 0);
        assert_true(mailsub__equal_secret(whole, pieces, sizeof whole));
    }
}

static void a_hash_may_be_given_up(void **state)
{
    (void)state;
    mailsub__hasher hasher = {0};
    mailsub__hasher_deinit(&hasher);
    assert_int_equal(mailsub__hasher_begin(&hasher, MAILSUB__SHA1), 0);
    mailsub__hasher_deinit(&hasher);
    mailsub__hasher_deinit(&hasher);
}

int main(void)
{
    struct CMUnitTest tests[16] = {
        cmocka_unit_test(pieces_hash_as_the_whole),
        cmocka_unit_test(a_hash_may_be_given_up),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, rows, a_digest_is_the_published_one);
    return UNIT_RUN(tests, n_tests);
}
