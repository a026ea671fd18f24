/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../codec_decode.h"
#include "codec_feed.h"

#include "codec/base64.h"

CODEC_FEED_ENCODE(base64)

struct encode_row {
    const char *name;
    const char *in;
    size_t in_len;
    const char *want; /* without line ends */
};

/* The first seven are the test vectors of RFC 4648 section 10. */
static const struct encode_row encode_rows[] = {
    {"nothing", "", 0, ""},
    {"f", "f", 1, "Zg=="},
    {"fo", "fo", 2, "Zm8="},
    {"foo", "foo", 3, "Zm9v"},
    {"foob", "foob", 4, "Zm9vYg=="},
    {"fooba", "fooba", 5, "Zm9vYmE="},
    {"foobar", "foobar", 6, "Zm9vYmFy"},
    {"NUL", "\0\0\0\0", 4, "AAAAAA=="},
    {"all bits", "\xff\xff\xff\xff\xff", 5, "//////8="},
    {"the last two characters", "\xfb\xef\xbe\xff\xff\xff\xfb\xef\xbe", 9, "++++////++++"},
    {"AUTH PLAIN", "\0user\0pass", 10, "AHVzZXIAcGFzcw=="},
};

static void encodes(void **state)
{
    const struct encode_row *row = *state;
    for (size_t i = 0; i < CODEC_N_CUTS; i++) {
        mailsub__base64 codec;
        mailsub__base64_init(&codec);
        size_t len;
        char *out =
            codec_feed(base64_feed_encode, &codec, row->in, row->in_len, codec_cuts[i], &len);
        size_t want_len = strlen(row->want);
        assert_memory_equal(out, row->want, want_len);
        assert_string_equal(out + want_len, want_len > 0 ? "\r\n" : "");
        assert_int_equal(len, mailsub__base64_encoded_len(row->in_len));
        free(out);
    }
}

static void appends_and_decodes(void **state)
{
    const struct encode_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer text;
    mailsub__buffer octets;
    mailsub__buffer_init(&text, &allocator, 100);
    mailsub__buffer_init(&octets, &allocator, 100);
    assert_int_equal(mailsub__buffer_append_str(&text, "AUTH "), 0);
    assert_int_equal(mailsub__base64_append(&text, row->in, row->in_len), 0);
    assert_int_equal(text.len, 5 + strlen(row->want));
    assert_string_equal(mailsub__buffer_str(&text) + 5, row->want);
    assert_int_equal(mailsub__base64_append_decoded(&octets, row->want, strlen(row->want)), 0);
    assert_true(mailsub__slice_equal(mailsub__buffer_slice(&octets),
                                     mailsub__slice_of(row->in, row->in_len)));
    mailsub__buffer_deinit(&text);
    mailsub__buffer_deinit(&octets);
    assert_int_equal(heap.n_live, 0);
}

struct refused_row {
    const char *name;
    const char *text;
    size_t len; /* 0: of the string */
};

static const struct refused_row refused_rows[] = {
    {"one character", "Z", 0},
    {"no padding", "Zg", 0},
    {"half of the padding", "Zg=", 0},
    {"too much padding", "Z===", 0},
    {"only padding", "====", 0},
    {"padding in the middle", "Zg==Zg==", 0},
    {"padding before a character", "Zm=v", 0},
    {"a padded group and more", "Zm9vZg==Z", 0},
    {"unused bits behind one octet", "Zh==", 0},
    {"unused bits behind two octets", "Zm9=", 0},
    {"a space", "Zm9 ", 0},
    {"a space in front", " Zm9v", 0},
    {"a line end", "Zm9v\r\n", 0},
    {"a line end that makes up four", "Zm\r\n", 0},
    {"the URL alphabet", "-_-_", 0},
    {"a NUL", "Zm9v\0AAA", 8},
    {"above 127", "Zm9\xe1", 0},
    {"an early bad group", "!!!!Zm9v", 0},
};

static void refuses(void **state)
{
    const struct refused_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer octets;
    mailsub__buffer_init(&octets, &allocator, 100);
    assert_int_equal(mailsub__buffer_append_str(&octets, "kept"), 0);
    size_t len = row->len > 0 ? row->len : strlen(row->text);
    assert_int_equal(mailsub__base64_append_decoded(&octets, row->text, len),
                     MAILSUB_E_REPLY_MALFORMED);
    assert_string_equal(mailsub__buffer_str(&octets), "kept");
    mailsub__buffer_deinit(&octets);
}

static void errors_of_the_buffer(void **state)
{
    (void)state;
    struct unit_heap heap = {.fail_at = 1};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 7);
    assert_int_equal(mailsub__base64_append(&buffer, "abc", 3), MAILSUB_E_NOMEM);
    mailsub__buffer_reset(&buffer);
    assert_int_equal(mailsub__base64_append(&buffer, "abcd", 4), MAILSUB_E_LIMIT);
    mailsub__buffer_reset(&buffer);
    assert_int_equal(mailsub__base64_append(&buffer, "abc", 3), MAILSUB_OK);
    assert_int_equal(mailsub__base64_append_decoded(&buffer, "YWJjZA==", 8), MAILSUB_E_LIMIT);
    assert_int_equal(mailsub__base64_append(&buffer, "", 0), MAILSUB_E_LIMIT);
    assert_string_equal(mailsub__buffer_str(&buffer), "YWJj");
    mailsub__buffer_deinit(&buffer);
    heap.fail_at = heap.n_requests + 1;
    assert_int_equal(mailsub__base64_append_decoded(&buffer, "YWJj", 4), MAILSUB_E_NOMEM);
    mailsub__buffer_deinit(&buffer);
    assert_int_equal(heap.n_live, 0);
}

static void every_length_comes_back(void **state)
{
    (void)state;
    uint64_t seed = 4648;
    char in[240];
    char got[sizeof in + 3];
    for (size_t len = 0; len <= sizeof in; len++) {
        for (size_t i = 0; i < len; i++)
            in[i] = (char)codec_random(&seed);
        for (size_t i = 0; i < CODEC_N_CUTS; i++) {
            mailsub__base64 codec;
            mailsub__base64_init(&codec);
            size_t out_len;
            char *out = codec_feed(base64_feed_encode, &codec, in, len, codec_cuts[i], &out_len);
            assert_int_equal(out_len, mailsub__base64_encoded_len(len));
            assert_int_equal(decode_base64_lines(out, out_len, got), len);
            assert_memory_equal(got, in, len);
            free(out);
        }
    }
}

static void pieces_of_any_size(void **state)
{
    (void)state;
    uint64_t seed = 2045;
    enum { LEN = 8000 };
    char *in = malloc(LEN);
    char *got = malloc(LEN + 3);
    assert_true(in && got);
    for (size_t i = 0; i < LEN; i++)
        in[i] = (char)codec_random(&seed);
    for (size_t round = 0; round < 200; round++) {
        struct codec_cut cut = {1 + codec_random(&seed) % 500, 1 + codec_random(&seed) % 500};
        mailsub__base64 codec;
        mailsub__base64_init(&codec);
        size_t out_len;
        char *out = codec_feed(base64_feed_encode, &codec, in, LEN, cut, &out_len);
        assert_int_equal(decode_base64_lines(out, out_len, got), LEN);
        assert_memory_equal(got, in, LEN);
        free(out);
    }
    free(in);
    free(got);
}

static void lengths(void **state)
{
    (void)state;
    assert_int_equal(mailsub__base64_encoded_len(0), 0);
    assert_int_equal(mailsub__base64_encoded_len(1), 6);
    assert_int_equal(mailsub__base64_encoded_len(57), 78);
    assert_int_equal(mailsub__base64_encoded_len(58), 84);
    assert_int_equal(mailsub__base64_encoded_len(114), 156);
    assert_true(mailsub__base64_encoded_len(SIZE_MAX) == SIZE_MAX);
    assert_true(mailsub__base64_encoded_len(SIZE_MAX / 78 * 57 + 57) == SIZE_MAX);
    assert_true(mailsub__base64_encoded_len(SIZE_MAX / 78 * 57) < SIZE_MAX);
}

int main(void)
{
    struct CMUnitTest tests[64];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, encode_rows, encodes);
    UNIT_ADD_ROWS(tests, n_tests, encode_rows, appends_and_decodes);
    UNIT_ADD_ROWS(tests, n_tests, refused_rows, refuses);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(errors_of_the_buffer);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_length_comes_back);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(pieces_of_any_size);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(lengths);
    return UNIT_RUN(tests, n_tests);
}
