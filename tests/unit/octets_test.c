/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdbool.h>

#include "codec/octets.h"

static bool is_special(unsigned char c)
{
    return c < ' ' || c == '=' || c >= 0x7f;
}

static bool is_loose(unsigned char c, unsigned char behind)
{
    return c < ' ' || (c == ' ' && behind <= ' ');
}

/* Both forms, octet by octet, against the plain sense of the words. */
static void check(const char octets[MAILSUB__OCTETS + 1])
{
    uint32_t special = 0;
    uint32_t high = 0;
    uint32_t loose = 0;
    uint32_t tab = 0;
    uint32_t unprintable = 0;
    for (unsigned i = 0; i < MAILSUB__OCTETS; i++) {
        special |= (uint32_t)is_special((unsigned char)octets[i]) << i;
        high |= (uint32_t)((unsigned char)octets[i] >= 0x80) << i;
        loose |= (uint32_t)is_loose((unsigned char)octets[i], (unsigned char)octets[i + 1]) << i;
        tab |= (uint32_t)(octets[i] == '\t') << i;
        unprintable |= (uint32_t)(is_special((unsigned char)octets[i]) && octets[i] != '=') << i;
    }
    assert_int_equal(mailsub__octets_special(octets), special);
    assert_int_equal(mailsub__octets_special_portable(octets), special);
    assert_int_equal(mailsub__octets_high(octets), high);
    assert_int_equal(mailsub__octets_high_portable(octets), high);
    assert_int_equal(mailsub__octets_loose(octets), loose);
    assert_int_equal(mailsub__octets_loose_portable(octets), loose);
    assert_int_equal(mailsub__octets_equal(octets, '\t'), tab);
    assert_int_equal(mailsub__octets_equal_portable(octets, '\t'), tab);
    assert_int_equal(mailsub__octets_unprintable(octets), unprintable);
    assert_int_equal(mailsub__octets_unprintable_portable(octets), unprintable);
    assert_int_equal(mailsub__octets_all_printable(octets, MAILSUB__OCTETS), unprintable == 0);
}

static void each_octet_in_each_place(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (unsigned i = 0; i <= MAILSUB__OCTETS; i++) {
            char octets[MAILSUB__OCTETS + 1];
            memset(octets, 'x', sizeof octets);
            octets[i] = (char)c;
            check(octets);
        }
    }
}

/* A carry from one octet must not reach the next. */
static void each_octet_behind_each(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256 * 256; c++) {
        char octets[MAILSUB__OCTETS + 1];
        for (unsigned i = 0; i <= MAILSUB__OCTETS; i++)
            octets[i] = (char)(i % 3 == 0 ? c : c >> 8);
        check(octets);
    }
}

static void a_text_of_any_length_is_printable_or_not(void **state)
{
    (void)state;
    char text[40];
    for (size_t len = 0; len <= sizeof text; len++) {
        memset(text, 'x', sizeof text);
        assert_true(mailsub__octets_all_printable(text, len));
        for (size_t i = 0; i < sizeof text; i++) {
            text[i] = i % 2 ? '\x7f' : '\xc3';
            assert_int_equal(mailsub__octets_all_printable(text, len), i >= len);
            text[i] = ' ';
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_octet_in_each_place),
        cmocka_unit_test(each_octet_behind_each),
        cmocka_unit_test(a_text_of_any_length_is_printable_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
