/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "message/body.h"

#define A78 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A66 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CN "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd"

struct body_row {
    const char *name;
    const char *text;
    enum mailsub__body_encoding want;
    const char *want_body; /* NULL: not compared */
    unsigned flags;
};

#define PLAIN MAILSUB__BODY_7BIT
#define QP MAILSUB__BODY_QUOTED_PRINTABLE
#define B64 MAILSUB__BODY_BASE64
#define EIGHT MAILSUB__BODY_8BIT
#define MAY_8BIT MAILSUB__BODY_MAY_8BIT
#define FLOWED MAILSUB__BODY_FLOWED
#define A920                                                                                       \
    A78 A78 A78 A78 A78 A78 A78 A78 A78 A78 A78                                                    \
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct body_row rows[] = {
    {"empty", "", PLAIN, "", 0},
    {"no line end", "a", PLAIN, "a\r\n", 0},
    {"LF", "a\nb\n", PLAIN, "a\r\nb\r\n", 0},
    {"CR", "a\rb\r", PLAIN, "a\r\nb\r\n", 0},
    {"mixed line ends", "a\r\nb\n\rc", PLAIN, "a\r\nb\r\n\r\nc\r\n", 0},
    {"only a line end", "\n", PLAIN, "\r\n", 0},
    {"tab inside a line", "a\tb\n", PLAIN, "a\tb\r\n", 0},
    {"78 octets", A78, PLAIN, A78 "\r\n", 0},
    {"79 octets", A78 "a", QP, NULL, 0},
    {"79 octets in the middle", "a\n" A78 "a\nb", QP, NULL, 0},
    {"space at the end of a line", "a \nb", QP, "a=20\r\nb\r\n", 0},
    {"tab at the end", "a\t", QP, "a=09\r\n", 0},
    {"a line of one space", "a\n \nb", QP, "a\r\n=20\r\nb\r\n", 0},
    {"a dot alone", "a\n.\nb", QP, "a\r\n=2E\r\nb\r\n", 0},
    {"dot in front", ".a", QP, "=2Ea\r\n", 0},
    {"dot inside", "a.b", PLAIN, "a.b\r\n", 0},
    {"From in front", "From me", QP, "=46rom me\r\n", 0},
    {"From after CR", "a\rFrom me", QP, NULL, 0},
    {"From and no space", "From: me", PLAIN, "From: me\r\n", 0},
    {"like a boundary", "a\n--=_0\n", QP, "a\r\n--=3D_0\r\n", 0},
    {"signature", "a\n-- \nb", QP, "a\r\n--=20\r\nb\r\n", 0},
    {"equals", "a=b", PLAIN, "a=b\r\n", 0},
    {"control", "abcdef\x1b", QP, "abcdef=1B\r\n", 0},
    {"DEL", "abcdef\x7f", QP, "abcdef=7F\r\n", 0},
    {"some umlauts",
     "Viele Gr\xc3\xbc\xc3\x9f"
     "e aus dem S\xc3\xbc"
     "den, und bis bald",
     QP, NULL, 0},
    {"others, 8BITMIME", CN "\n", EIGHT, CN "\r\n", MAY_8BIT},
    {"ASCII, 8BITMIME", "a", PLAIN, "a\r\n", MAY_8BIT},
    {"998 octets, 8BITMIME", A920 A78, QP, NULL, MAY_8BIT},
    {"998 octets and others, 8BITMIME", "x\n" A920 "aaaaaa" A66 "\xc3\xa4\xc3\xa4\xc3\xa4", EIGHT,
     NULL, MAY_8BIT},
    {"999 octets and others, 8BITMIME", "x\n" A920 "aaaaaaa" A66 "\xc3\xa4\xc3\xa4\xc3\xa4", QP,
     NULL, MAY_8BIT},
    {"control and others, 8BITMIME", "aaaaaaaaaaaaaaaaaa\xc3\xa4\x1b", QP, NULL, MAY_8BIT},
    {"dot and others, 8BITMIME", "aaaaaaaaaaaaaaaaaa\xc3\xa4\n.", QP, NULL, MAY_8BIT},
    {"like a boundary and others, 8BITMIME", "aaaaaaaaaaaaaaaaaa\xc3\xa4\n--=_0", QP, NULL,
     MAY_8BIT},
    {"flowed", "a \nb", PLAIN, "a \r\nb\r\n", FLOWED},
    {"flowed, tab at the end", "a\t\nb", QP, "a=09\r\nb\r\n", FLOWED},
    {"flowed and others", "\xc3\xa4\xc3\xa4 \nb", EIGHT, "\xc3\xa4\xc3\xa4 \r\nb\r\n",
     FLOWED | MAY_8BIT},
    {"mostly others", CN " " CN, B64, "5L2g5aW95L2g5aW9IOS9oOWlveS9oOWlvQ0K\r\n", 0},
};

static void check_row(void **state)
{
    const struct body_row *row = *state;
    size_t len = strlen(row->text);
    char *copy = malloc(len + 1);
    memcpy(copy, row->text, len);
    mailsub__slice text = mailsub__slice_of(copy, len);
    assert_int_equal(mailsub__body_choose(text, row->flags), row->want);
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 10000);
    assert_int_equal(mailsub__body_append(&out, text, row->want), MAILSUB_OK);
    if (row->want_body)
        assert_string_equal(mailsub__buffer_str(&out), row->want_body);
    mailsub__buffer_deinit(&out);
    assert_int_equal(heap.n_live, 0);
    free(copy);
}

static void large_texts_grow_as_needed(void **state)
{
    (void)state;
    enum { LEN = 300000 };
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    char *text = malloc(LEN);
    for (size_t i = 0; i < LEN; i++)
        text[i] = "a=\n"[i % 3]; /* much larger as quoted-printable, and as CRLF */
    static const size_t want_len[] = {
        [PLAIN] = LEN / 3 * 4, [EIGHT] = LEN / 3 * 4, [QP] = LEN / 3 * 6, [B64] = 0};
    for (int encoding = MAILSUB__BODY_7BIT; encoding <= MAILSUB__BODY_BASE64; encoding++) {
        if (encoding == MAILSUB__BODY_BINARY)
            continue;
        mailsub__buffer out;
        mailsub__buffer_init(&out, &allocator, 10 * LEN);
        assert_int_equal(mailsub__body_append(&out, mailsub__slice_of(text, LEN),
                                              (enum mailsub__body_encoding)encoding),
                         MAILSUB_OK);
        if (encoding == MAILSUB__BODY_BASE64)
            assert_int_equal(out.len, (LEN / 3 * 4 + 2) / 3 * 4 + (LEN / 3 * 4 + 56) / 57 * 2);
        else
            assert_int_equal(out.len, want_len[encoding]);
        mailsub__buffer_deinit(&out);
    }
    free(text);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    struct CMUnitTest tests[64] = {cmocka_unit_test(large_texts_grow_as_needed)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
