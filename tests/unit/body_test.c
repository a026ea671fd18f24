/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "message/body.h"

#define A78 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CN "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0\xe5\xa5\xbd"

struct body_row {
    const char *name;
    const char *text;
    enum mailsub__body_encoding want;
    const char *want_body; /* NULL: not compared */
};

#define PLAIN MAILSUB__BODY_7BIT
#define QP MAILSUB__BODY_QUOTED_PRINTABLE
#define B64 MAILSUB__BODY_BASE64

static const struct body_row rows[] = {
    {"empty", "", PLAIN, ""},
    {"no line end", "a", PLAIN, "a\r\n"},
    {"LF", "a\nb\n", PLAIN, "a\r\nb\r\n"},
    {"CR", "a\rb\r", PLAIN, "a\r\nb\r\n"},
    {"mixed line ends", "a\r\nb\n\rc", PLAIN, "a\r\nb\r\n\r\nc\r\n"},
    {"only a line end", "\n", PLAIN, "\r\n"},
    {"tab inside a line", "a\tb\n", PLAIN, "a\tb\r\n"},
    {"78 octets", A78, PLAIN, A78 "\r\n"},
    {"79 octets", A78 "a", QP, NULL},
    {"79 octets in the middle", "a\n" A78 "a\nb", QP, NULL},
    {"space at the end of a line", "a \nb", QP, "a=20\r\nb\r\n"},
    {"tab at the end", "a\t", QP, "a=09\r\n"},
    {"a line of one space", "a\n \nb", QP, "a\r\n=20\r\nb\r\n"},
    {"a dot alone", "a\n.\nb", QP, "a\r\n=2E\r\nb\r\n"},
    {"dot in front", ".a", QP, "=2Ea\r\n"},
    {"dot inside", "a.b", PLAIN, "a.b\r\n"},
    {"From in front", "From me", QP, "=46rom me\r\n"},
    {"From after CR", "a\rFrom me", QP, NULL},
    {"From and no space", "From: me", PLAIN, "From: me\r\n"},
    {"like a boundary", "a\n--=_0\n", QP, "a\r\n--=3D_0\r\n"},
    {"signature", "a\n-- \nb", QP, "a\r\n--=20\r\nb\r\n"},
    {"equals", "a=b", PLAIN, "a=b\r\n"},
    {"control", "abcdef\x1b", QP, "abcdef=1B\r\n"},
    {"DEL", "abcdef\x7f", QP, "abcdef=7F\r\n"},
    {"some umlauts",
     "Viele Gr\xc3\xbc\xc3\x9f"
     "e aus dem S\xc3\xbc"
     "den, und bis bald",
     QP, NULL},
    {"mostly others", CN " " CN, B64, "5L2g5aW95L2g5aW9IOS9oOWlveS9oOWlvQ0K\r\n"},
};

static void check_row(void **state)
{
    const struct body_row *row = *state;
    size_t len = strlen(row->text);
    char *copy = malloc(len + 1);
    memcpy(copy, row->text, len);
    mailsub__slice text = mailsub__slice_of(copy, len);
    assert_int_equal(mailsub__body_choose(text), row->want);
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
    static const size_t want_len[] = {LEN / 3 * 4, LEN / 3 * 6, 0};
    for (int encoding = MAILSUB__BODY_7BIT; encoding <= MAILSUB__BODY_BASE64; encoding++) {
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
