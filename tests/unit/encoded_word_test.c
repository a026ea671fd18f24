/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../codec_decode.h"
#include "codec_feed.h"

#include "codec/encoded_word.h"
#include "codec/utf8.h"

#define UE "\xc3\xbc"            /* u with diaeresis */
#define EURO "\xe2\x82\xac"      /* three octets */
#define SMILE "\xf0\x9f\x98\x80" /* four octets */
#define X10 "xxxxxxxxxx"

struct word_row {
    const char *name;
    const char *text;
    const char *in_text;
    const char *in_phrase; /* NULL: the same */
};

static const struct word_row rows[] = {
    {"nothing gives no word", "", "", NULL},
    {"one character", UE, "=?UTF-8?B?w7w=?=", NULL},
    {"words", "f" UE "r immer", "=?UTF-8?Q?f=C3=BCr_immer?=", NULL},
    {"Q when both are equal", "a" UE "bcdef", "=?UTF-8?Q?a=C3=BCbcdef?=", NULL},
    {"B when it is shorter", UE UE UE, "=?UTF-8?B?w7zDvMO8?=", NULL},
    {"ASCII", "hello", "=?UTF-8?Q?hello?=", NULL},
    {"white space inside is in the word", "a  b " UE "c", "=?UTF-8?Q?a__b_=C3=BCc?=", NULL},
    {"white space at both ends", " " UE "abc ", "=?UTF-8?Q?_=C3=BCabc_?=", NULL},
    {"only a space", " ", "=?UTF-8?Q?_?=", NULL},
    {"a tab", "abcdefgh\ti", "=?UTF-8?Q?abcdefgh=09i?=", NULL},
    {"the characters of the encoding", "a=b?c_d 12345678901",
     "=?UTF-8?Q?a=3Db=3Fc=5Fd_12345678901?=", NULL},
    {"marks that a phrase may not have", "Smith, J. (abcdefghijklmnop)",
     "=?UTF-8?Q?Smith,_J._(abcdefghijklmnop)?=",
     "=?UTF-8?Q?Smith=2C_J=2E_=28abcdefghijklmnop=29?="},
    {"marks that a phrase may have", "a!b*c+d-e/f", "=?UTF-8?Q?a!b*c+d-e/f?=", NULL},
    {"quotes, at and brackets in a phrase", "\"a\" <b@c> defghijklmnopqrstuvw",
     "=?UTF-8?Q?\"a\"_<b@c>_defghijklmnopqrstuvw?=",
     "=?UTF-8?Q?=22a=22_=3Cb=40c=3E_defghijklmnopqrstuvw?="},
    {"controls", "line\r\nbreak and more text", "=?UTF-8?Q?line=0D=0Abreak_and_more_text?=", NULL},
    {"an encoded word is text", "=?UTF-8?Q?a_long_enough_text?=",
     "=?UTF-8?B?PT9VVEYtOD9RP2FfbG9uZ19lbm91Z2hfdGV4dD89?=", NULL},
    {"63 characters are one word", X10 X10 X10 X10 X10 X10 "xxx",
     "=?UTF-8?Q?" X10 X10 X10 X10 X10 X10 "xxx?=", NULL},
    {"64 characters are two words", X10 X10 X10 X10 X10 X10 "xxxy",
     "=?UTF-8?Q?" X10 X10 X10 X10 X10 X10 "xxx?= =?UTF-8?Q?y?=", NULL},
    {"a character is not divided in Q", X10 X10 X10 X10 X10 "xxxxxxxx" UE "y",
     "=?UTF-8?Q?" X10 X10 X10 X10 X10 "xxxxxxxx?= =?UTF-8?Q?=C3=BCy?=", NULL},
    {"a character that just fits in Q", X10 X10 X10 X10 X10 "xxxxxxx" UE "y",
     "=?UTF-8?Q?" X10 X10 X10 X10 X10 "xxxxxxx=C3=BC?= =?UTF-8?Q?y?=", NULL},
    {"a space at the end of a word", X10 X10 X10 X10 X10 X10 "xx y",
     "=?UTF-8?Q?" X10 X10 X10 X10 X10 X10 "xx_?= =?UTF-8?Q?y?=", NULL},
    {"45 octets are one word in B",
     EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO,
     "=?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=", NULL},
    {"a character is not divided in B, and only the last word is padded",
     SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE SMILE,
     "=?UTF-8?B?8J+YgPCfmIDwn5iA8J+YgPCfmIDwn5iA8J+YgPCfmIDwn5iA?= "
     "=?UTF-8?B?8J+YgPCfmIDwn5iA8J+YgA==?=",
     NULL},
    {"a character stands apart where that spares padding in the middle",
     "a" EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO EURO,
     "=?UTF-8?Q?a?= =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?= "
     "=?UTF-8?B?4oKs?=",
     NULL},
};

static void check_words(const char *text, enum mailsub__encoded_word_place place, const char *want)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 4 + strlen(want));
    assert_int_equal(mailsub__buffer_append_str(&buffer, "S: "), MAILSUB_OK);
    size_t len = strlen(text);
    char *exact = malloc(len > 0 ? len : 1); /* ASan sees a read behind it */
    assert_non_null(exact);
    memcpy(exact, text, len);
    assert_int_equal(mailsub__encoded_word_append(&buffer, mailsub__slice_of(exact, len), place),
                     0);
    free(exact);
    assert_string_equal(mailsub__buffer_str(&buffer) + 3, want);
    char got[200];
    assert_int_equal(decode_words(mailsub__buffer_str(&buffer) + 3, strlen(want),
                                  place == MAILSUB__IN_PHRASE, got),
                     len);
    assert_memory_equal(got, text, len);
    mailsub__buffer_deinit(&buffer);
}

static void encodes(void **state)
{
    const struct word_row *row = *state;
    check_words(row->text, MAILSUB__IN_TEXT, row->in_text);
    check_words(row->text, MAILSUB__IN_PHRASE, row->in_phrase ? row->in_phrase : row->in_text);
}

static size_t random_text(uint64_t *seed, char *out, size_t max_len)
{
    static const char *const units[] = {"a", "b",  "Z", "0", " ",  "  ",  "?=", "=?",
                                        "_", "\"", "(", UE,  EURO, SMILE, "\t", "."};
    size_t n_units = codec_random(seed) % 2 ? sizeof units / sizeof units[0] : 11;
    size_t len = 0;
    size_t want = codec_random(seed) % (max_len - 4);
    while (len < want) {
        const char *unit = units[codec_random(seed) % n_units];
        memcpy(out + len, unit, strlen(unit));
        len += strlen(unit);
    }
    return len;
}

static void random_text_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 2047;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    for (size_t round = 0; round < 2000; round++) {
        char text[400];
        char got[sizeof text];
        size_t len = random_text(&seed, text, sizeof text);
        enum mailsub__encoded_word_place place = round % 2 ? MAILSUB__IN_PHRASE : MAILSUB__IN_TEXT;
        mailsub__buffer buffer;
        mailsub__buffer_init(&buffer, &allocator, 10000);
        mailsub__slice slice = mailsub__slice_of(text, len);
        assert_int_equal(mailsub__encoded_word_append(&buffer, slice, place), MAILSUB_OK);
        mailsub__slice words = mailsub__buffer_slice(&buffer);
        assert_int_equal(decode_words(words.ptr, words.len, round % 2, got), len);
        assert_memory_equal(got, text, len);
        mailsub__buffer_deinit(&buffer);
    }
    assert_int_equal(heap.n_live, 0);
}

static void a_mebibyte(void **state)
{
    (void)state;
    enum { LEN = 1 << 20 };
    char *text = malloc(LEN);
    char *got = malloc(LEN);
    assert_true(text && got);
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    for (size_t n_ascii = 0; n_ascii <= LEN; n_ascii += LEN / 2) {
        memset(text, 'a', n_ascii);
        size_t len = n_ascii + (LEN - n_ascii) / 3 * 3;
        for (size_t i = n_ascii; i < LEN; i++)
            text[i] = EURO[(i - n_ascii) % 3];
        mailsub__buffer buffer;
        mailsub__buffer_init(&buffer, &allocator, 4 * LEN);
        mailsub__slice slice = mailsub__slice_of(text, len);
        assert_int_equal(mailsub__encoded_word_append(&buffer, slice, MAILSUB__IN_TEXT), 0);
        mailsub__slice words = mailsub__buffer_slice(&buffer);
        assert_int_equal(decode_words(words.ptr, words.len, false, got), len);
        assert_memory_equal(got, text, len);
        mailsub__buffer_deinit(&buffer);
    }
    free(text);
    free(got);
}

static void errors_add_nothing(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__slice text =
        mailsub__slice_str(UE EURO SMILE " and much more text than fits into a word "
                                         "of seventy-five characters, and then more");
    for (size_t max = 3;; max++) {
        mailsub__buffer buffer;
        mailsub__buffer_init(&buffer, &allocator, max);
        assert_int_equal(mailsub__buffer_append_str(&buffer, "S: "), MAILSUB_OK);
        int rc = mailsub__encoded_word_append(&buffer, text, MAILSUB__IN_TEXT);
        assert_true(rc == MAILSUB_OK ? buffer.len == max
                                     : rc == MAILSUB_E_LIMIT && buffer.len == 3);
        mailsub__buffer_deinit(&buffer);
        if (rc == MAILSUB_OK)
            break;
    }
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 1000);
    heap.fail_at = heap.n_requests + 1;
    assert_int_equal(mailsub__encoded_word_append(&buffer, text, MAILSUB__IN_TEXT),
                     MAILSUB_E_NOMEM);
    assert_int_equal(buffer.len, 0);
    assert_int_equal(heap.n_requests, heap.fail_at);
    mailsub__buffer_deinit(&buffer);
    assert_int_equal(heap.n_live, 0);
}

struct lookalike_row {
    const char *name;
    const char *text;
    bool lookalike;
};

static const struct lookalike_row lookalike_rows[] = {
    {"no text is none", "", false},
    {"plain text is none", "Hello = what? =", false},
    {"an encoded word is one", "=?UTF-8?Q?a?=", true},
    {"small letters", "=?utf-8?b?YQ==?=", true},
    {"inside a word", "x=?UTF-8?Q?a?=x", true},
    {"with a language", "=?utf-8*de?q?a?=", true},
    {"with spaces in it", "=?utf-8?q?a b?=", true},
    {"without an end", "=?utf-8?q?a", true},
    {"without a charset", "=??q?a?=", true},
    {"the second start counts", "=? =?x?q?a", true},
    {"behind a wrong start", "=?a=?b?B?c", true},
    {"another encoding is none", "=?utf-8?x?a?=", false},
    {"a URL is none", "http://a/?b=?c=d", false},
    {"an end is none", "a?=", false},
    {"cut behind the start", "=?", false},
    {"cut behind the charset", "=?utf-8?", false},
    {"cut behind the encoding", "=?utf-8?q", false},
    {"many starts", "=?=?=?=?=?=?", false},
};

static void looks_alike(void **state)
{
    const struct lookalike_row *row = *state;
    size_t len = strlen(row->text);
    char *exact = malloc(len > 0 ? len : 1); /* ASan sees a read behind it */
    assert_non_null(exact);
    memcpy(exact, row->text, len);
    assert_int_equal(mailsub__encoded_word_lookalike(mailsub__slice_of(exact, len)),
                     row->lookalike);
    free(exact);
}

int main(void)
{
    struct CMUnitTest tests[64];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, encodes);
    UNIT_ADD_ROWS(tests, n_tests, lookalike_rows, looks_alike);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(random_text_comes_back);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_mebibyte);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(errors_add_nothing);
    return UNIT_RUN(tests, n_tests);
}
