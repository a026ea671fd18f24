/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <mailsub/error.h>

static void every_error_is_complete(void **state)
{
    (void)state;
    int code;
    int last = 1;
    for (size_t i = 0; mailsub_error_at(i, &code) == MAILSUB_OK; i++) {
        assert_true(code < last); /* unique, and in order */
        last = code;
        assert_memory_equal(mailsub_error_name(code), "MAILSUB_", 8);
        assert_true(strlen(mailsub_strerror(code)) > 3);
        assert_null(strchr(mailsub_strerror(code), '\n'));
        if (code == MAILSUB_OK)
            continue;
        assert_int_equal(mailsub_error_group(code), -code / 100);
        assert_int_not_equal(mailsub_error_action(code), MAILSUB_ACTION_NONE);
        assert_in_range(mailsub_error_sysexit(code), 64, 78);
        for (size_t j = 0; j < i; j++) {
            int other;
            assert_int_equal(mailsub_error_at(j, &other), MAILSUB_OK);
            assert_string_not_equal(mailsub_strerror(code), mailsub_strerror(other));
        }
    }
    assert_int_equal(last, MAILSUB_E_STORE_UNSAFE);
}

static void success_is_no_error(void **state)
{
    (void)state;
    assert_string_equal(mailsub_error_name(MAILSUB_OK), "MAILSUB_OK");
    assert_int_equal(mailsub_error_group(MAILSUB_OK), MAILSUB_GROUP_NONE);
    assert_int_equal(mailsub_error_action(MAILSUB_OK), MAILSUB_ACTION_NONE);
    assert_int_equal(mailsub_error_sysexit(MAILSUB_OK), 0);
}

static void unknown_numbers_are_answered(void **state)
{
    (void)state;
    static const int unknown[] = {1, -1, -100, -999, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_string_equal(mailsub_error_name(unknown[i]), "MAILSUB_E_?");
        assert_string_equal(mailsub_strerror(unknown[i]), "unknown error");
        assert_int_equal(mailsub_error_group(unknown[i]), MAILSUB_GROUP_NONE);
        assert_int_equal(mailsub_error_sysexit(unknown[i]), 70);
    }
    int code = 7;
    assert_int_equal(mailsub_error_at(10000, &code), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_error_at(0, NULL), MAILSUB_E_INVALID);
    assert_int_equal(code, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_is_complete),
        cmocka_unit_test(success_is_no_error),
        cmocka_unit_test(unknown_numbers_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
