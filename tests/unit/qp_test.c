/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "../codec_decode.h"
#include "codec_feed.h"

#include "codec/qp.h"

CODEC_FEED_ENCODE(qp)

#define X10 "xxxxxxxxxx"
#define X70 X10 X10 X10 X10 X10 X10 X10
#define X72 X70 "xx"
#define X75 X70 "xxxxx"
#define HEX6 "=C3=BC"

struct qp_row {
    const char *name;
    const char *in;
    const char *want;
    size_t in_len; /* 0: the length of the string */
};

static const struct qp_row rows[] = {
    {"nothing stays nothing", "", "", 0},
    {"plain text", "Hello, world!\r\n", "Hello, world!\r\n", 0},
    {"an open line is ended", "a", "a\r\n", 0},
    {"LF", "a\n\nb\n", "a\r\n\r\nb\r\n", 0},
    {"CR", "a\r\rb\r", "a\r\n\r\nb\r\n", 0},
    {"mixed line ends", "a\r\nb\rc\nd\n\re", "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n", 0},
    {"CR CR LF", "a\r\r\nb", "a\r\n\r\nb\r\n", 0},
    {"all printable characters",
     " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcd\n",
     " !\"#$%&'()*+,-./0123456789:;<=3D>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcd\r\n", 0},
    {"the rest of them", "efghijklmnopqrstuvwxyz{|}~\n", "efghijklmnopqrstuvwxyz{|}~\r\n", 0},
    {"the equals sign", "a=b", "a=3Db\r\n", 0},
    {"UTF-8",
     "Gr\xc3\xbc\xc3\x9f"
     "e",
     "Gr=C3=BC=C3=9Fe\r\n", 0},
    {"controls", "\x01\x1f\x7f\x0b\x0c", "=01=1F=7F=0B=0C\r\n", 0},
    {"NUL", "\0a\0", "=00a=00\r\n", 3},
    {"white space inside stays", "a b\tc  d\t\te", "a b\tc  d\t\te\r\n", 0},
    {"a space before a line end", "a \nb", "a=20\r\nb\r\n", 0},
    {"a tab before a line end", "a\t\r\nb", "a=09\r\nb\r\n", 0},
    {"a space at the end", "a ", "a=20\r\n", 0},
    {"only the last white space is encoded", "a \t \r", "a \t=20\r\n", 0},
    {"lines of white space", " \n\t\n  \n", "=20\r\n=09\r\n =20\r\n", 0},
    {"white space in front stays", " a\n\tb\n", " a\r\n\tb\r\n", 0},
    {"white space before an encoded octet", "a \xff", "a =FF\r\n", 0},
    {"a signature separator", "-- \nme", "--=20\r\nme\r\n", 0},
    {"a dot in front", ".", "=2E\r\n", 0},
    {"a lone dot between", "a\n.\nb\n", "a\r\n=2E\r\nb\r\n", 0},
    {"only the first dot", "...\n", "=2E..\r\n", 0},
    {"a dot behind a space stays", " .\n", " .\r\n", 0},
    {"From in front", "From me", "=46rom me\r\n", 0},
    {"From in each line", "From a\nFrom b\r\nFrom \n", "=46rom a\r\n=46rom b\r\n=46rom=20\r\n", 0},
    {"From without a space stays", "From:\nFromm\nFrom\nFrom", "From:\r\nFromm\r\nFrom\r\nFrom\r\n",
     0},
    {"From and a tab stays", "From\tme\n", "From\tme\r\n", 0},
    {"a start of From stays", "F\nFr\nFro\nFrFrom \n", "F\r\nFr\r\nFro\r\nFrFrom=20\r\n", 0},
    {"From behind a quote mark stays", ">From me\n", ">From me\r\n", 0},
    {"small from stays", "from me\n", "from me\r\n", 0},
    {"76 characters fit", X75 "y\n", X75 "y\r\n", 0},
    {"76 characters fit at the end", X75 "y", X75 "y\r\n", 0},
    {"77 characters are broken", X75 "yz\n", X75 "=\r\nyz\r\n", 0},
    {"152 characters", X75 "y" X75 "z\n", X75 "=\r\ny" X72 "xx=\r\nxz\r\n", 0},
    {"an encoded octet that fits at 76", X72 "x\xff\n", X72 "x=FF\r\n", 0},
    {"an encoded octet that does not fit at 76",
     X72 "x\xff"
         "y",
     X72 "x=\r\n=FFy\r\n", 0},
    {"an encoded octet that fits at 75",
     X72 "\xff"
         "y",
     X72 "=FFy\r\n", 0},
    {"an encoded octet and two more",
     X72 "\xff"
         "yz",
     X72 "=FF=\r\nyz\r\n", 0},
    {"an encoded octet is not divided at 74", X72 "xx\xff", X72 "xx=\r\n=FF\r\n", 0},
    {"an encoded octet is not divided at 75", X75 "\xff", X75 "=\r\n=FF\r\n", 0},
    {"UTF-8 at the margin", X70 "\xc3\xbc", X70 HEX6 "\r\n", 0},
    {"a space at 76 with text behind", X75 " z", X75 "=\r\n z\r\n", 0},
    {"a space at 75 with text behind", X72 "xx z", X72 "xx z\r\n", 0},
    {"a space at 75 and a break behind it", X72 "xx zz", X72 "xx =\r\nzz\r\n", 0},
    {"a space at 76 at the end of the line", X75 " \n", X75 "=\r\n=20\r\n", 0},
    {"a space at 74 at the end of the line", X72 "x \n", X72 "x=20\r\n", 0},
    {"a dot behind a soft break", X75 ".x", X75 "=\r\n=2Ex\r\n", 0},
    {"a dot at 76", X75 ".\n", X75 ".\r\n", 0},
    {"From behind a soft break", X75 "From me\n", X75 "=\r\n=46rom me\r\n", 0},
    {"no From behind a soft break", X75 "Fromm\n", X75 "=\r\nFromm\r\n", 0},
};

static void encodes(void **state)
{
    const struct qp_row *row = *state;
    size_t in_len = row->in_len > 0 ? row->in_len : strlen(row->in);
    for (size_t i = 0; i < CODEC_N_CUTS; i++) {
        mailsub__qp codec;
        mailsub__qp_init(&codec);
        size_t len;
        char *out = codec_feed(qp_feed_encode, &codec, row->in, in_len, codec_cuts[i], &len);
        assert_string_equal(out, row->want);
        assert_int_equal(len, strlen(row->want));
        free(out);
    }
}

/* One line: every =XX in it must be one that RFC 2045 or our rules for line starts ask for. */
static void check_needed(const char *line, size_t len, bool soft)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if (line[i] != '=')
            continue;
        int octet = decode_hex(line + i + 1, len - i - 1);
        bool plain = octet > 32 && octet < 127 && octet != '=';
        bool white = octet == ' ' || octet == '\t';
        bool first = i == 0 && (octet == '.' || memcmp(line, "=46rom", 6) == 0);
        assert_true(!plain || first);
        assert_true(!white || (i + 3 == len && !soft));
    }
}

/* No soft break could have come later, no octet is encoded without need. */
static void check_minimal(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *end = memmem(text + at, len - at, "\r\n", 2);
        assert_non_null(end);
        size_t line_len = (size_t)(end - (text + at));
        bool soft = line_len > 0 && text[at + line_len - 1] == '=';
        check_needed(text + at, line_len, soft);
        at += line_len + 2;
        if (!soft)
            continue;
        size_t unit = text[at] == '=' ? 3 : 1;
        /* In the line before, a dot or an F would have been itself. */
        if (unit == 3 && (memcmp(text + at, "=2E", 3) == 0 || memcmp(text + at, "=46", 3) == 0))
            unit = 1;
        bool alone = text[at + unit] == '\r';
        assert_true(line_len - 1 + unit > (alone ? 76 : 75));
    }
}

/* The result must be minimal and what a strict reader turns back into in; the caller frees it. */
static char *encode_checked(const char *in, size_t len, struct codec_cut cut)
{
    char want[2048];
    char got[2048];
    assert_true(2 * len + 2 <= sizeof want);
    mailsub__qp codec;
    mailsub__qp_init(&codec);
    size_t out_len;
    char *out = codec_feed(qp_feed_encode, &codec, in, len, cut, &out_len);
    size_t want_len = decode_lines(in, len, want);
    assert_int_equal(decode_qp(out, out_len, got), want_len);
    assert_memory_equal(got, want, want_len);
    check_minimal(out, out_len);
    return out;
}

static void random_text_comes_back(void **state)
{
    (void)state;
    static const char alphabet[] = "aaaaaaaa..FFrom From  \t\t\r\n\n=\xc3\xbc\xff";
    uint64_t seed = 2045;
    for (size_t round = 0; round < 2000; round++) {
        char in[500];
        size_t len = codec_random(&seed) % sizeof in;
        size_t n_letters = codec_random(&seed) % 2 ? sizeof alphabet - 1 : 20;
        for (size_t i = 0; i < len; i++)
            in[i] = alphabet[codec_random(&seed) % n_letters];
        free(encode_checked(in, len, codec_cuts[round % CODEC_N_CUTS]));
    }
}

static void check_margin(size_t width, const char *unit, const char *tail, const char *more)
{
    char in[160];
    memset(in, 'a', width);
    size_t len =
        width + (size_t)snprintf(in + width, sizeof in - width, "%s%s%s", unit, tail, more);
    char *whole = encode_checked(in, len, codec_cuts[0]);
    for (size_t i = 1; i < CODEC_N_CUTS; i++) {
        char *out = encode_checked(in, len, codec_cuts[i]);
        assert_string_equal(out, whole);
        free(out);
    }
    free(whole);
}

/*
 * Every width around the margin, every kind of octet there, every kind of what follows; and with
 * more behind it, so that it is taken sixteen octets at a time.
 */
static void every_margin(void **state)
{
    (void)state;
    static const char *const units[] = {"x", " ", "\t", ".", "\xff", "=", "From "};
    static const char *const tails[] = {"", "\n", "\r\n", "x", " ", " \n", ".", "\xff\n", "From x"};
    for (size_t width = 66; width < 80; width++) {
        for (size_t unit = 0; unit < sizeof units / sizeof units[0]; unit++) {
            for (size_t tail = 0; tail < sizeof tails / sizeof tails[0]; tail++) {
                check_margin(width, units[unit], tails[tail], "");
                check_margin(width, units[unit], tails[tail],
                             "\xc3\xbcyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
            }
        }
    }
}

int main(void)
{
    struct CMUnitTest tests[sizeof rows / sizeof rows[0] + 2];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, encodes);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(random_text_comes_back);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_margin);
    return UNIT_RUN(tests, n_tests);
}
