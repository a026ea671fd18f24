/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "message/line.h"

#include <mailsub/error.h>
#include <mailsub/export.h>

struct line_row {
    const char *name;
    const char *text;
    int want;     /* without tabs */
    int want_tab; /* with tabs */
};

#define BOTH(code) code, code

static const struct line_row rows[] = {
    {"nothing", "", BOTH(MAILSUB_OK)},
    {"words", "plain words ~", BOTH(MAILSUB_OK)},
    {"any script", "Gr\xc3\xbc\xc3\x9f\x65 \xe4\xbd\xa0 \xf0\x9f\x98\x80", BOTH(MAILSUB_OK)},
    {"tab", "a\tb", MAILSUB_E_CONTROL, MAILSUB_OK},
    {"CR", "a\rb", BOTH(MAILSUB_E_CONTROL)},
    {"LF", "a\nb", BOTH(MAILSUB_E_CONTROL)},
    {"CRLF", "a\r\nb", BOTH(MAILSUB_E_CONTROL)},
    {"CRLF and a space", "a\r\n b", BOTH(MAILSUB_E_CONTROL)},
    {"LF at the end", "a\n", BOTH(MAILSUB_E_CONTROL)},
    {"U+0001", "\x01", BOTH(MAILSUB_E_CONTROL)},
    {"vertical tab", "\v", BOTH(MAILSUB_E_CONTROL)},
    {"form feed", "\f", BOTH(MAILSUB_E_CONTROL)},
    {"escape", "\x1b[2J", BOTH(MAILSUB_E_CONTROL)},
    {"U+001F", "\x1f", BOTH(MAILSUB_E_CONTROL)},
    {"U+007F", "\x7f", BOTH(MAILSUB_E_CONTROL)},
    {"U+0080", "\xc2\x80", BOTH(MAILSUB_E_CONTROL)},
    {"U+0085", "a\xc2\x85", BOTH(MAILSUB_E_CONTROL)},
    {"U+009F", "\xc2\x9f", BOTH(MAILSUB_E_CONTROL)},
    {"U+00A0", "\xc2\xa0", BOTH(MAILSUB_OK)},
    {"U+2027", "\xe2\x80\xa7", BOTH(MAILSUB_OK)},
    {"U+2028", "\xe2\x80\xa8", BOTH(MAILSUB_E_CONTROL)},
    {"U+2029", "\xe2\x80\xa9", BOTH(MAILSUB_E_CONTROL)},
    {"U+202A", "\xe2\x80\xaa", BOTH(MAILSUB_OK)},
    {"octets of NEL inside another character", "\xe0\xa2\x85 \xf0\x9f\x82\x85", BOTH(MAILSUB_OK)},
    {"overlong LF", "\xc0\x8a", BOTH(MAILSUB_E_UTF8)},
    {"overlong NUL", "\xc0\x80", BOTH(MAILSUB_E_UTF8)},
    {"overlong CR of three", "\xe0\x80\x8d", BOTH(MAILSUB_E_UTF8)},
    {"surrogate", "\xed\xa0\x80", BOTH(MAILSUB_E_UTF8)},
    {"Latin-1", "Gr\xfc\xdf\x65", BOTH(MAILSUB_E_UTF8)},
    {"cut character", "a\xe2\x80", BOTH(MAILSUB_E_UTF8)},
};

static void check_row(void **state)
{
    const struct line_row *row = *state;
    size_t len = strlen(row->text);
    char *text = malloc(len + 1);
    memcpy(text, row->text, len);
    mailsub__slice slice = mailsub__slice_of(text, len);
    assert_int_equal(mailsub__line_check(slice, MAILSUB__LINE_NO_TAB), row->want);
    assert_int_equal(mailsub__line_check(slice, MAILSUB__LINE_TAB), row->want_tab);
    free(text);
}

static void a_length_may_hold_nul(void **state)
{
    (void)state;
    assert_int_equal(mailsub__line_check(mailsub__slice_of("a\0b", 3), MAILSUB__LINE_TAB),
                     MAILSUB_E_CONTROL);
}

static void a_mebibyte_is_the_limit(void **state)
{
    (void)state;
    char *text = malloc(MAILSUB_MAX_HEADER_VALUE + 1);
    memset(text, 'a', MAILSUB_MAX_HEADER_VALUE + 1);
    assert_int_equal(
        mailsub__line_check(mailsub__slice_of(text, MAILSUB_MAX_HEADER_VALUE), MAILSUB__LINE_TAB),
        MAILSUB_OK);
    assert_int_equal(mailsub__line_check(mailsub__slice_of(text, MAILSUB_MAX_HEADER_VALUE + 1),
                                         MAILSUB__LINE_TAB),
                     MAILSUB_E_LIMIT);
    free(text);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(a_length_may_hold_nul),
        cmocka_unit_test(a_mebibyte_is_the_limit),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
