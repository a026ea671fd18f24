/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "codec/utf8.h"

struct utf8_row {
    const char *name;
    const char *text;
    bool valid;
};

static const struct utf8_row rows[] = {
    {"nothing", "", true},
    {"ASCII", "Hello, world: more than eight octets\x7f\x01", true},
    {"first of two octets", "\xc2\x80", true},
    {"last of two octets", "\xdf\xbf", true},
    {"first of three octets", "\xe0\xa0\x80", true},
    {"last before the surrogates", "\xed\x9f\xbf", true},
    {"first behind the surrogates", "\xee\x80\x80", true},
    {"last of three octets", "\xef\xbf\xbf", true},
    {"first of four octets", "\xf0\x90\x80\x80", true},
    {"last of all", "\xf4\x8f\xbf\xbf", true},
    {"mixed",
     "Gr\xc3\xbc\xc3\x9f"
     "e \xe2\x82\xac \xf0\x9f\x98\x80.",
     true},
    {"ASCII behind eight octets",
     "12345678\xc3\xbc"
     "12345678",
     true},
    {"a lone continuation octet", "\x80", false},
    {"one continuation octet too many", "\xc3\xbc\xbc", false},
    {"cut after the first of two", "a\xc3", false},
    {"cut after the second of three", "a\xe2\x82", false},
    {"cut after the third of four", "a\xf0\x9f\x98", false},
    {"a character broken off by ASCII",
     "\xe2\x82"
     "a",
     false},
    {"a character broken off by a lead octet", "\xe2\x82\xc3\xbc", false},
    {"overlong slash in two octets", "\xc0\xaf", false},
    {"overlong in two octets, C1", "\xc1\xbf", false},
    {"overlong in three octets", "\xe0\x9f\xbf", false},
    {"overlong in four octets", "\xf0\x8f\xbf\xbf", false},
    {"overlong NUL", "\xc0\x80", false},
    {"first surrogate", "\xed\xa0\x80", false},
    {"last surrogate", "\xed\xbf\xbf", false},
    {"a pair of surrogates (CESU-8)", "\xed\xa0\xbd\xed\xb8\x80", false},
    {"beyond U+10FFFF", "\xf4\x90\x80\x80", false},
    {"F5", "\xf5\x80\x80\x80", false},
    {"five octets", "\xf8\x88\x80\x80\x80", false},
    {"FE", "\xfe", false},
    {"FF behind ASCII", "12345678901234567\xff", false},
};

static void validates(void **state)
{
    const struct utf8_row *row = *state;
    size_t len = strlen(row->text);
    char *exact = malloc(len > 0 ? len : 1); /* ASan sees a read behind it */
    assert_non_null(exact);
    memcpy(exact, row->text, len);
    assert_int_equal(mailsub__utf8_is_valid(mailsub__slice_of(exact, len)), row->valid);
    for (size_t piece = 1; piece <= len; piece++) {
        mailsub__utf8 check;
        mailsub__utf8_init(&check);
        bool ok = true;
        for (size_t at = 0; at < len; at += piece) {
            ok = mailsub__utf8_feed(&check, exact + at, len - at < piece ? len - at : piece);
            assert_true(ok || !row->valid);
            assert_true(ok || !mailsub__utf8_finish(&check));
        }
        assert_int_equal(mailsub__utf8_finish(&check), row->valid);
    }
    free(exact);
}

static size_t encode(uint32_t c, char *out)
{
    static const uint32_t limit[] = {0x80, 0x800, 0x10000, 0x110000};
    static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    size_t n_tails = 0;
    while (c >= limit[n_tails])
        n_tails++;
    for (size_t i = n_tails; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n_tails] | c);
    return n_tails + 1;
}

static void every_character_is_valid_and_decodes(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x110000; c++) {
        char text[4];
        size_t len = encode(c, text);
        bool surrogate = c >= 0xd800 && c <= 0xdfff;
        if (mailsub__utf8_is_valid(mailsub__slice_of(text, len)) == surrogate)
            fail_msg("U+%04X", (unsigned)c);
        uint32_t decoded;
        if (!surrogate &&
            (mailsub__utf8_decode(mailsub__slice_of(text, len), &decoded) != len || decoded != c))
            fail_msg("U+%04X decodes to U+%04X", (unsigned)c, (unsigned)decoded);
        char again[4];
        if (!surrogate && (mailsub__utf8_encode(c, again) != len || memcmp(again, text, len) != 0))
            fail_msg("U+%04X is not encoded as it is decoded", (unsigned)c);
    }
}

/* All 16.7 million texts of three octets would be slow under valgrind: of two, and a third that
 * stands for its class. */
static void every_short_text_is_valid_once_only(void **state)
{
    (void)state;
    static const uint8_t thirds[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xff};
    for (unsigned pair = 0; pair < 65536; pair++) {
        for (size_t i = 0; i < sizeof thirds; i++) {
            char text[3] = {(char)(pair >> 8), (char)pair, (char)thirds[i]};
            if (!mailsub__utf8_is_valid(mailsub__slice_of(text, 3)))
                continue;
            /* What is accepted must be the one encoding of what it decodes to. */
            for (size_t at = 0; at < 3;) {
                uint32_t c;
                char again[4];
                size_t len = mailsub__utf8_decode(mailsub__slice_of(text + at, 3 - at), &c);
                assert_int_equal(encode(c, again), len);
                assert_memory_equal(again, text + at, len);
                at += len;
            }
        }
    }
}

static void ascii(void **state)
{
    (void)state;
    assert_true(mailsub__ascii_only(MAILSUB__SLICE_EMPTY));
    char text[40];
    memset(text, 'a', sizeof text);
    for (size_t len = 1; len <= sizeof text; len++) {
        assert_true(mailsub__ascii_only(mailsub__slice_of(text, len)));
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)0x80;
            assert_false(mailsub__ascii_only(mailsub__slice_of(text, len)));
            assert_true(mailsub__ascii_only(mailsub__slice_of(text, i)));
            text[i] = 'a';
        }
    }
}

int main(void)
{
    struct CMUnitTest tests[sizeof rows / sizeof rows[0] + 3];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, validates);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_character_is_valid_and_decodes);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_short_text_is_valid_once_only);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(ascii);
    return UNIT_RUN(tests, n_tests);
}
