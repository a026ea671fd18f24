/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>

#include "net/detail.h"

static void parts_are_joined(void **state)
{
    (void)state;
    mailsub__detail detail;
    mailsub__detail_clear(&detail);
    assert_string_equal(detail.text, "");
    mailsub__detail_append(&detail, "port ");
    mailsub__detail_append_int(&detail, 25);
    mailsub__detail_append(&detail, ": ");
    mailsub__detail_append_os_error(&detail, ECONNREFUSED);
    assert_string_equal(detail.text, "port 25: Connection refused");
    mailsub__detail_clear(&detail);
    mailsub__detail_append_os_error(&detail, 99999);
    assert_string_equal(detail.text, "error 99999");
}

static void it_stays_one_clean_line(void **state)
{
    (void)state;
    mailsub__detail detail;
    mailsub__detail_clear(&detail);
    mailsub__detail_append(&detail, "a\nb\x7f\xc3\xa4");
    assert_string_equal(detail.text, "a?b?\xc3\xa4");
    mailsub__detail_clear(&detail);
    mailsub__detail_append_foreign(&detail, mailsub__slice_of("\x1b[1m\r\n\0\xc3\xa4~", 10));
    assert_string_equal(detail.text, "?[1m?????~");
}

static void what_does_not_fit_is_cut(void **state)
{
    (void)state;
    mailsub__detail detail;
    mailsub__detail_clear(&detail);
    for (size_t i = 0; i < MAILSUB__DETAIL_LEN - 1; i++)
        mailsub__detail_append(&detail, "x");
    assert_int_equal(strlen(detail.text), MAILSUB__DETAIL_LEN - 1);
    assert_null(strchr(detail.text, '.'));
    mailsub__detail_append(&detail, "");
    assert_null(strchr(detail.text, '.'));
    mailsub__detail_append(&detail, "y");
    assert_int_equal(strlen(detail.text), MAILSUB__DETAIL_LEN - 1);
    assert_string_equal(detail.text + MAILSUB__DETAIL_LEN - 5, "x...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_joined),
        cmocka_unit_test(it_stays_one_clean_line),
        cmocka_unit_test(what_does_not_fit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
