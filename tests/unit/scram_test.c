/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SCRAM: the examples of RFC 5802 and RFC 7677, and every message that a server should not send. */
#include "auth_kit.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "smtp/scram.h"

static const struct vector_row {
    const char *name;
    enum mailsub__hash hash;
    const char *salt;
    const char *auth_message;
    const char *want_proof;
    const char *want_signature;
} vector_rows[] = {
    {"RFC 5802 section 5", MAILSUB__SHA1, "QSXCR+Q6sek8bf92",
     "n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,"
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
     "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {"RFC 7677 section 3", MAILSUB__SHA256, "W22ZaJ0SNY7soEsUEjb6gQ==",
     "n=user,r=rOprNGfwEbeRWgbNEkqO,"
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
     "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

static void assert_base64(const unsigned char *octets, size_t len, const char *want)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 100);
    assert_int_equal(mailsub__base64_append(&buffer, octets, len), MAILSUB_OK);
    assert_string_equal(mailsub__buffer_str(&buffer), want);
    mailsub__buffer_deinit(&buffer);
}

static void proves(void **state)
{
    const struct vector_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    unsigned char proof[MAILSUB__MAX_DIGEST_LEN];
    unsigned char signature[MAILSUB__MAX_DIGEST_LEN];
    mailsub__buffer salt;
    mailsub__buffer_init(&salt, &allocator, 100);
    assert_int_equal(mailsub__base64_append_decoded(&salt, row->salt, strlen(row->salt)),
                     MAILSUB_OK);
    mailsub__scram_proof_input input = {row->hash, mailsub__slice_str("pencil"),
                                        mailsub__buffer_slice(&salt), 4096,
                                        mailsub__slice_str(row->auth_message)};
    assert_int_equal(mailsub__scram_prove(&input, proof, signature), MAILSUB_OK);
    assert_base64(proof, mailsub__hash_len(row->hash), row->want_proof);
    assert_base64(signature, mailsub__hash_len(row->hash), row->want_signature);
    mailsub__buffer_deinit(&salt);
}

static const struct first_row {
    const char *name;
    const char *message;
    int want;
    const char *want_nonce;
    const char *want_salt;
    uint32_t want_iterations;
} first_rows[] = {
    {"a first message", "r=ab,s=QQ==,i=4096", 0, "ab", "QQ==", 4096},
    {"with extensions", "r=ab,s=QQ==,i=1,x=,y=z=z", 0, "ab", "QQ==", 1},
    {"a nonce with equals signs", "r=a==,s=QQ==,i=1", 0, "a==", "QQ==", 1},
    {"the greatest count", "r=a,s=b,i=4294967295", 0, "a", "b", UINT32_MAX},
    {"a greater count", "r=a,s=b,i=4294967296", 0, "a", "b", UINT32_MAX},
    {"a far greater count", "r=a,s=b,i=99999999999999999999", 0, "a", "b", UINT32_MAX},
    {"nothing", "", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"an extension that must be known", "m=x,r=a,s=b,i=1", MAILSUB_E_REPLY_UNEXPECTED, 0, 0, 0},
    {"in another order", "s=b,r=a,i=1", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"without salt", "r=a,i=1", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"with an empty salt", "r=a,s=,i=1", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"without a count", "r=a,s=b", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"an empty nonce", "r=,s=b,i=1", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"a nonce with a space", "r=a b,s=b,i=1", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"a nonce beyond ASCII", "r=\xc3\xa4,s=b,i=1", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"a nonce with a DEL", "r=a\x7f,s=b,i=1", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"another attribute for the count", "r=a,s=b,j=4096", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"no count", "r=a,s=b,i=", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"a count of zero", "r=a,s=b,i=0", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"a leading zero", "r=a,s=b,i=04096", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"a negative count", "r=a,s=b,i=-1", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"a comma at the end", "r=a,s=b,i=1,", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"two commas", "r=a,,s=b,i=1", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"an extension without a value", "r=a,s=b,i=1,x", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
    {"an extension that is a number", "r=a,s=b,i=1,1=x", MAILSUB_E_REPLY_MALFORMED, 0, 0, 0},
};

/* Whole, and cut everywhere: what is cut is malformed, or another message, but never read beyond.
 */
static void reads_first(void **state)
{
    const struct first_row *row = *state;
    size_t len = strlen(row->message);
    for (size_t n = 0; n <= len; n++) {
        char *exact = malloc(n > 0 ? n : 1);
        memcpy(exact, row->message, n);
        mailsub__scram_first first = {.n_iterations = 7};
        int rc = mailsub__scram_read_first(mailsub__slice_of(exact, n), &first);
        if (n == len) {
            assert_int_equal(rc, row->want);
            if (rc == MAILSUB_OK) {
                assert_true(mailsub__slice_equal(first.nonce, mailsub__slice_str(row->want_nonce)));
                assert_true(mailsub__slice_equal(first.salt, mailsub__slice_str(row->want_salt)));
                assert_int_equal(first.n_iterations, row->want_iterations);
            } else {
                assert_int_equal(first.n_iterations, 7);
            }
        }
        free(exact);
    }
}

/* Octets that a server lets through, as far as the login takes them: the exchange of RFC 5802. */
static int talk(const mailsub_allocator *allocator, const char *first, const char *final)
{
    mailsub__login_settings settings = {.random = &kit_random};
    mailsub__auth auth;
    bool found = false;
    mailsub__auth_init(&auth, allocator, "user", "pencil", &settings);
    int rc = mailsub__auth_fetch(&auth);
    mailsub__auth_list(&auth, "SCRAM-SHA-1 ", true);
    if (rc == MAILSUB_OK)
        rc = mailsub__auth_choose(&auth, &found);
    if (rc == MAILSUB_OK) {
        assert_true(found);
        kit_expect(&auth, "n,,n=user,r=" KIT_NONCE);
        kit_challenge(&auth, first);
        rc = mailsub__auth_respond(&auth);
    }
    if (rc == MAILSUB_OK) {
        kit_expect(&auth,
                   "c=biws,r=" KIT_NONCE "3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
        kit_challenge(&auth, final);
        rc = mailsub__auth_respond(&auth);
    }
    if (rc == MAILSUB_OK)
        rc = mailsub__auth_accept(&auth);
    mailsub__auth_deinit(&auth);
    return rc;
}

#define FIRST "r=" KIT_NONCE "3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
#define FINAL "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="

static void the_whole_exchange(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    assert_int_equal(talk(&allocator, FIRST, FINAL), MAILSUB_OK);
    assert_int_equal(heap.n_live, 0);
    size_t n_requests = heap.n_requests;
    for (size_t i = 1; i <= n_requests; i++) {
        heap = (struct unit_heap){.fail_at = i};
        assert_int_equal(talk(&allocator, FIRST, FINAL), MAILSUB_E_NOMEM);
        assert_int_equal(heap.n_live, 0);
    }
}

/* No octet of the server's messages can be another one, none can be missing. */
static void every_octet_of_the_signature_counts(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    char final[] = FINAL;
    for (size_t i = 0; i + 1 < sizeof final; i++) {
        char before = final[i];
        final[i] = before == 'A' ? 'B' : 'A';
        int rc = talk(&allocator, FIRST, final);
        assert_true(rc == MAILSUB_E_AUTH_FORGED || rc == MAILSUB_E_REPLY_MALFORMED);
        final[i] = '\0';
        rc = talk(&allocator, FIRST, final);
        assert_true(rc == MAILSUB_E_AUTH_FORGED || rc == MAILSUB_E_REPLY_MALFORMED);
        final[i] = before;
    }
    assert_int_equal(heap.n_live, 0);
}

static int no_numbers(void *context, void *out, size_t n_bytes)
{
    (void)context;
    (void)out;
    (void)n_bytes;
    return MAILSUB_E_RANDOM;
}

static void without_random_numbers_there_is_none(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    const mailsub_random random = {sizeof random, NULL, no_numbers};
    const mailsub_random *const randoms[] = {NULL, &random};
    for (size_t i = 0; i < 2; i++) {
        mailsub__login_settings settings = {.random = randoms[i]};
        mailsub__auth auth;
        bool found = false;
        mailsub__auth_init(&auth, &allocator, "user", "pencil", &settings);
        assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
        mailsub__auth_list(&auth, "SCRAM-SHA-1 PLAIN ", true);
        assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_E_RANDOM);
        mailsub__auth_deinit(&auth);
    }
    assert_int_equal(heap.n_live, 0);
}

/* ---- hashes that fail ---- */

static unsigned n_hashes;
static unsigned failing_hash; /* counted from one; 0: none */

static bool hash_fails(void)
{
    return ++n_hashes == failing_hash;
}

int __real_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
                         const gnutls_datum_t *salt, unsigned iterations, void *output, size_t len);
int __wrap_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
                         const gnutls_datum_t *salt, unsigned iterations, void *output, size_t len);
int __real_gnutls_hmac_fast(gnutls_mac_algorithm_t algorithm, const void *key, size_t keylen,
                            const void *text, size_t textlen, void *digest);
int __wrap_gnutls_hmac_fast(gnutls_mac_algorithm_t algorithm, const void *key, size_t keylen,
                            const void *text, size_t textlen, void *digest);
int __real_gnutls_hash_fast(gnutls_digest_algorithm_t algorithm, const void *text, size_t len,
                            void *digest);
int __wrap_gnutls_hash_fast(gnutls_digest_algorithm_t algorithm, const void *text, size_t len,
                            void *digest);

int __wrap_gnutls_pbkdf2(gnutls_mac_algorithm_t mac, const gnutls_datum_t *key,
                         const gnutls_datum_t *salt, unsigned iterations, void *output, size_t len)
{
    return hash_fails() ? GNUTLS_E_MEMORY_ERROR
                        : __real_gnutls_pbkdf2(mac, key, salt, iterations, output, len);
}

int __wrap_gnutls_hmac_fast(gnutls_mac_algorithm_t algorithm, const void *key, size_t keylen,
                            const void *text, size_t textlen, void *digest)
{
    return hash_fails() ? GNUTLS_E_INTERNAL_ERROR
                        : __real_gnutls_hmac_fast(algorithm, key, keylen, text, textlen, digest);
}

int __wrap_gnutls_hash_fast(gnutls_digest_algorithm_t algorithm, const void *text, size_t len,
                            void *digest)
{
    return hash_fails() ? GNUTLS_E_INTERNAL_ERROR
                        : __real_gnutls_hash_fast(algorithm, text, len, digest);
}

/* PBKDF2, then the client's key, its hash and the proof, then the server's key and its signature:
   whichever fails, nothing is said and no server is believed. */
static void a_hash_that_fails_ends_the_login(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    failing_hash = 0;
    n_hashes = 0;
    assert_int_equal(talk(&allocator, FIRST, FINAL), MAILSUB_OK);
    unsigned n_all = n_hashes;
    assert_int_equal(n_all, 6);
    for (unsigned i = 1; i <= n_all; i++) {
        failing_hash = i;
        n_hashes = 0;
        assert_int_equal(talk(&allocator, FIRST, FINAL),
                         i == 1 ? MAILSUB_E_NOMEM : MAILSUB_E_CRYPTO);
        assert_int_equal(n_hashes, i); /* the rest is not even tried */
        assert_int_equal(heap.n_live, 0);
    }
    failing_hash = 0;
}

int main(void)
{
    static struct CMUnitTest tests[40];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, vector_rows, proves);
    UNIT_ADD_ROWS(tests, n_tests, first_rows, reads_first);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(the_whole_exchange);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_octet_of_the_signature_counts);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(without_random_numbers_there_is_none);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_hash_that_fails_ends_the_login);
    return UNIT_RUN(tests, n_tests);
}
