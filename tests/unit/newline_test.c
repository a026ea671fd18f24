/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec_feed.h"

#include "codec/newline.h"

CODEC_FEED_ENCODE(newline)

struct newline_row {
    const char *name;
    const char *in;
    const char *want;
};

static const struct newline_row rows[] = {
    {"nothing stays nothing", "", ""},
    {"CRLF stays", "a\r\nb\r\n", "a\r\nb\r\n"},
    {"LF", "a\nb\n", "a\r\nb\r\n"},
    {"CR", "a\rb\r", "a\r\nb\r\n"},
    {"all three", "a\r\nb\rc\nd", "a\r\nb\r\nc\r\nd\r\n"},
    {"an open line is ended", "a", "a\r\n"},
    {"empty lines of LF", "\n\n\n", "\r\n\r\n\r\n"},
    {"empty lines of CR", "\r\r\r", "\r\n\r\n\r\n"},
    {"empty lines of CRLF", "\r\n\r\n", "\r\n\r\n"},
    {"CR CR LF are two", "\r\r\n", "\r\n\r\n"},
    {"CR LF LF are two", "\r\n\n", "\r\n\r\n"},
    {"LF CR are two", "\n\r", "\r\n\r\n"},
    {"LF CR LF are two", "\n\r\n", "\r\n\r\n"},
    {"a dot is text", ".\n..\n", ".\r\n..\r\n"},
    {"octets above 127", "\x8a\x8d\n\xff", "\x8a\x8d\r\n\xff\r\n"},
};

static void encodes(void **state)
{
    const struct newline_row *row = *state;
    for (size_t i = 0; i < CODEC_N_CUTS; i++) {
        mailsub__newline codec;
        mailsub__newline_init(&codec);
        size_t len;
        char *out =
            codec_feed(newline_feed_encode, &codec, row->in, strlen(row->in), codec_cuts[i], &len);
        assert_string_equal(out, row->want);
        assert_int_equal(len, strlen(row->want));
        free(out);
    }
}

/* Every text of up to seven octets over CR, LF and a letter, against lines counted by hand. */
static void all_short_texts(void **state)
{
    (void)state;
    for (size_t number = 0; number < 3 * 3 * 3 * 3 * 3 * 3 * 3; number++) {
        char in[8] = "";
        char want[24] = "";
        size_t rest = number;
        for (size_t i = 0; i < 7; i++, rest /= 3)
            in[i] = "\r\na"[rest % 3];
        size_t n = 0;
        for (size_t i = 0; i < 7; i++) {
            bool second_half = i > 0 && in[i - 1] == '\r' && in[i] == '\n';
            if (in[i] == 'a') {
                want[n++] = 'a';
            } else if (!second_half) {
                want[n++] = '\r';
                want[n++] = '\n';
            }
        }
        if (in[6] == 'a')
            memcpy(want + n, "\r\n", 2);
        for (size_t i = 0; i < CODEC_N_CUTS; i++) {
            mailsub__newline codec;
            mailsub__newline_init(&codec);
            size_t len;
            char *out = codec_feed(newline_feed_encode, &codec, in, 7, codec_cuts[i], &len);
            assert_string_equal(out, want);
            free(out);
        }
    }
}

/* The same in every place of a longer text, which is looked at sixteen octets at a time. Octet by
   octet it is not. */
static void every_place_of_a_long_text(void **state)
{
    (void)state;
    enum { N = 3 * 3 * 3 * 3, PLACES = 40, LEN = 60 };
    for (size_t number = 0; number < N * PLACES; number++) {
        char in[LEN];
        size_t lens[2];
        char *outs[2];
        memset(in, 'b', sizeof in);
        size_t rest = number / PLACES;
        for (size_t i = 0; i < 4; i++, rest /= 3)
            in[number % PLACES + i] = "\r\na"[rest % 3];
        for (size_t cut = 0; cut < 2; cut++) {
            mailsub__newline codec;
            mailsub__newline_init(&codec);
            outs[cut] =
                codec_feed(newline_feed_encode, &codec, in, LEN, codec_cuts[cut], &lens[cut]);
        }
        assert_int_equal(lens[0], lens[1]);
        assert_memory_equal(outs[0], outs[1], lens[0]);
        bool is_clean = lens[0] == LEN + 2 && memcmp(outs[0], in, LEN) == 0;
        assert_int_equal(mailsub__newline_clean_len(in, LEN) == LEN, is_clean);
        free(outs[0]);
        free(outs[1]);
    }
}

int main(void)
{
    struct CMUnitTest tests[sizeof rows / sizeof rows[0] + 2];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, encodes);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(all_short_texts);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_place_of_a_long_text);
    return UNIT_RUN(tests, n_tests);
}
