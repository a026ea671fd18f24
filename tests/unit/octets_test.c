/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdbool.h>

#include "codec/octets.h"

static bool is_special(unsigned char c)
{
    return c < ' ' || c == '=' || c >= 0x7f;
}

/* Both forms, octet by octet, against the plain sense of the words. */
static void check(const char octets[MAILSUB__OCTETS])
{
    uint32_t special = 0;
    uint32_t high = 0;
    uint32_t blank = 0;
    uint32_t control = 0;
    for (unsigned i = 0; i < MAILSUB__OCTETS; i++) {
        special |= (uint32_t)is_special((unsigned char)octets[i]) << i;
        high |= (uint32_t)((unsigned char)octets[i] >= 0x80) << i;
        blank |= (uint32_t)((unsigned char)octets[i] <= ' ') << i;
        control |= (uint32_t)((unsigned char)octets[i] < ' ') << i;
    }
    assert_int_equal(mailsub__octets_special(octets), special);
    assert_int_equal(mailsub__octets_special_portable(octets), special);
    assert_int_equal(mailsub__octets_high(octets), high);
    assert_int_equal(mailsub__octets_high_portable(octets), high);
    assert_int_equal(mailsub__octets_blank(octets), blank);
    assert_int_equal(mailsub__octets_blank_portable(octets), blank);
    assert_int_equal(mailsub__octets_control(octets), control);
    assert_int_equal(mailsub__octets_control_portable(octets), control);
}

static void each_octet_in_each_place(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (unsigned i = 0; i < MAILSUB__OCTETS; i++) {
            char octets[MAILSUB__OCTETS];
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
        char octets[MAILSUB__OCTETS];
        for (unsigned i = 0; i < MAILSUB__OCTETS; i++)
            octets[i] = (char)(i % 3 == 0 ? c : c >> 8);
        check(octets);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_octet_in_each_place),
        cmocka_unit_test(each_octet_behind_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
