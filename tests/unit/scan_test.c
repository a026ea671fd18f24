/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "message/scan.h"

#define A83 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A996 A83 A83 A83 A83 A83 A83 A83 A83 A83 A83 A83 A83
#define NEEDLE "=_needle"

struct scan_row {
    const char *name;
    const char *text;
    size_t len;
    size_t want_octets;
    bool want_needle;
    bool want_high;
    bool want_not_lines;
};

#define TEXT(text) text, sizeof(text) - 1

static const struct scan_row rows[] = {
    {"empty", TEXT(""), 0, false, false, false},
    {"one line", TEXT("a\r\n"), 3, false, false, false},
    {"no line end", TEXT("a"), 3, false, false, false},
    {"LF", TEXT("a\nb\n"), 6, false, false, false},
    {"CR", TEXT("a\rb\r"), 6, false, false, false},
    {"mixed", TEXT("\r\n\n\r\r\n"), 8, false, false, false},
    {"high", TEXT("\xc3\xa4\r\n"), 4, false, true, false},
    {"NUL", TEXT("a\0\r\n"), 4, false, false, true},
    {"998", TEXT("x\r\n" A996 "bb\r\ny\r\n"), 1006, false, false, false},
    {"998 at the end", TEXT(A996 "bb"), 1000, false, false, false},
    {"999", TEXT("x\n" A996 "bbb\ny\n"), 1007, false, false, true},
    {"999 at the end", TEXT(A996 "bbb"), 1001, false, false, true},
    {"needle", TEXT("a" NEEDLE "b"), 12, true, false, false},
    {"needle at the start", TEXT(NEEDLE), 10, true, false, false},
    {"needle begun twice", TEXT("=_=_need" NEEDLE), 18, true, false, false},
    {"most of the needle", TEXT("=_needl\r\ne"), 12, false, false, false},
};

static void check_scan(const struct scan_row *row, size_t piece)
{
    mailsub__scan scan;
    mailsub__scan_init(&scan, mailsub__slice_str(NEEDLE));
    char *copy = malloc(row->len + 1);
    memcpy(copy, row->text, row->len);
    for (size_t at = 0; at < row->len; at += piece) {
        size_t n = row->len - at < piece ? row->len - at : piece;
        mailsub__scan_feed(&scan, mailsub__slice_of(copy + at, n), false);
    }
    mailsub__scan_feed(&scan, MAILSUB__SLICE_EMPTY, true);
    assert_int_equal(scan.n_octets, row->want_octets);
    assert_int_equal(scan.has_needle, row->want_needle);
    assert_int_equal(scan.has_high, row->want_high);
    assert_int_equal(scan.is_not_lines, row->want_not_lines);
    assert_true(scan.digest ==
                mailsub__scan_digest(MAILSUB__SCAN_DIGEST_START, row->text, row->len));
    free(copy);
}

static void check_row(void **state)
{
    const struct scan_row *row = *state;
    for (size_t piece = 1; piece < 12; piece++)
        check_scan(row, piece);
    check_scan(row, 1000);
    check_scan(row, 100000);
}

static void large_content_is_scanned_whole(void **state)
{
    (void)state;
    enum { LEN = 100000 };
    char *text = malloc(LEN);
    memset(text, '\n', LEN);
    mailsub__scan scan;
    mailsub__scan_init(&scan, mailsub__slice_str(NEEDLE));
    mailsub__scan_feed(&scan, mailsub__slice_of(text, LEN), true);
    assert_int_equal(scan.n_octets, 2 * LEN);
    free(text);
}

int main(void)
{
    struct CMUnitTest tests[32] = {cmocka_unit_test(large_content_is_scanned_whole)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
