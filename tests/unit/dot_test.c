/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../codec_decode.h"
#include "codec_feed.h"

#include "codec/dot.h"

CODEC_FEED_ENCODE(dot)

struct dot_row {
    const char *name;
    const char *in;
    const char *want;
    size_t in_len; /* 0: the length of the string */
};

static const struct dot_row rows[] = {
    {"no content is an empty body", "", ".\r\n", 0},
    {"a line stays", "a\r\n", "a\r\n.\r\n", 0},
    {"lines stay", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n.\r\n", 0},
    {"an open line is ended", "a\r\nb", "a\r\nb\r\n.\r\n", 0},
    {"a lone dot is doubled", ".\r\n", "..\r\n.\r\n", 0},
    {"a dot at the end without a line end", "a\r\n.", "a\r\n..\r\n.\r\n", 0},
    {"two dots become three", "..\r\n", "...\r\n.\r\n", 0},
    {"dots in every line", ".a\r\n.b\r\n..\r\n", "..a\r\n..b\r\n...\r\n.\r\n", 0},
    {"a dot inside a line stays", "a.b\r\n .\r\n", "a.b\r\n .\r\n.\r\n", 0},
    {"a whole dialogue is content", "a\r\n.\r\nQUIT\r\n", "a\r\n..\r\nQUIT\r\n.\r\n", 0},
    {"bare LF around a dot (smuggling)", "a\n.\nMAIL\r\n", "a\r\n..\r\nMAIL\r\n.\r\n", 0},
    {"bare CR around a dot (smuggling)", "a\r.\rMAIL\r\n", "a\r\n..\r\nMAIL\r\n.\r\n", 0},
    {"LF dot CRLF (smuggling)", "a\n.\r\nMAIL\r\n", "a\r\n..\r\nMAIL\r\n.\r\n", 0},
    {"CRLF dot LF (smuggling)", "a\r\n.\nMAIL\r\n", "a\r\n..\r\nMAIL\r\n.\r\n", 0},
    {"CRLF dot CR (smuggling)", "a\r\n.\rMAIL\r\n", "a\r\n..\r\nMAIL\r\n.\r\n", 0},
    {"CR CR LF dot", "a\r\r\n.\r\n", "a\r\n\r\n..\r\n.\r\n", 0},
    {"CR at the end", "a\r", "a\r\n.\r\n", 0},
    {"LF at the end", "a\n", "a\r\n.\r\n", 0},
    {"LF CR", "a\n\rb", "a\r\n\r\nb\r\n.\r\n", 0},
    {"NUL is no line end", "a\0\r\n.\0\r\n", "a\0\r\n..\0\r\n.\r\n", 8},
    {"octets above 127", "\xff\r\n.\xfe", "\xff\r\n..\xfe\r\n.\r\n", 0},
};

static size_t wanted_len(const struct dot_row *row)
{
    return row->in_len > 0 ? row->in_len + 4 : strlen(row->want);
}

static void encodes(void **state)
{
    const struct dot_row *row = *state;
    size_t in_len = row->in_len > 0 ? row->in_len : strlen(row->in);
    for (size_t i = 0; i < CODEC_N_CUTS; i++) {
        mailsub__dot codec;
        mailsub__dot_init(&codec);
        size_t len;
        char *out = codec_feed(dot_feed_encode, &codec, row->in, in_len, codec_cuts[i], &len);
        assert_int_equal(len, wanted_len(row));
        assert_memory_equal(out, row->want, len);
        free(out);
    }
}

static void random_content_arrives(void **state)
{
    (void)state;
    static const char alphabet[] = "..\r\n\r\nab\n\r";
    uint64_t seed = 5321;
    for (size_t round = 0; round < 1500; round++) {
        char in[300];
        char want[2 * sizeof in + 2];
        char got[8 * sizeof in];
        size_t len = codec_random(&seed) % sizeof in;
        for (size_t i = 0; i < len; i++)
            in[i] = alphabet[codec_random(&seed) % (sizeof alphabet - 1)];
        mailsub__dot codec;
        mailsub__dot_init(&codec);
        size_t wire_len;
        char *wire = codec_feed(dot_feed_encode, &codec, in, len, codec_cuts[round % CODEC_N_CUTS],
                                &wire_len);
        size_t want_len = decode_lines(in, len, want);
        assert_int_equal(decode_dots(wire, wire_len, got), want_len);
        assert_memory_equal(got, want, want_len);
        free(wire);
    }
}

/* Lines longer than the window of the search for line ends, and texts that once took square time.
 */
static void long_runs_stay(void **state)
{
    (void)state;
    enum { LEN = 1 << 18 };
    char *in = malloc(LEN);
    assert_non_null(in);
    static const char fill[] = {'a', '.', '\r', '\n'};
    static const size_t want_len[] = {LEN + 5, LEN + 6, 2 * LEN + 3, 2 * LEN + 3};
    for (size_t i = 0; i < sizeof fill; i++) {
        memset(in, fill[i], LEN);
        mailsub__dot codec;
        mailsub__dot_init(&codec);
        size_t len;
        char *out = codec_feed(dot_feed_encode, &codec, in, LEN, codec_cuts[0], &len);
        assert_int_equal(len, want_len[i]);
        free(out);
    }
    free(in);
}

int main(void)
{
    struct CMUnitTest tests[sizeof rows / sizeof rows[0] + 2];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, encodes);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(random_content_arrives);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(long_runs_stay);
    return UNIT_RUN(tests, n_tests);
}
