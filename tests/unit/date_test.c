/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <time.h>

#include "message/date.h"

struct date_row {
    const char *name;
    int64_t unix_s;
    int32_t zone_min;
    const char *want; /* NULL: not valid */
};

static const struct date_row rows[] = {
    {"epoch", 0, 0, "Thu, 01 Jan 1970 00:00:00 +0000"},
    {"a second before 2000", 946684799, 0, "Fri, 31 Dec 1999 23:59:59 +0000"},
    {"leap day of a century", 951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"},
    {"no leap day in 2100", 4107542400, 0, "Mon, 01 Mar 2100 00:00:00 +0000"},
    {"zone that changes the day", 951868799, 60, "Wed, 01 Mar 2000 00:59:59 +0100"},
    {"zone that changes the year back", 946684800, -1, "Fri, 31 Dec 1999 23:59:00 -0001"},
    {"half an hour", 1700000000, 330, "Wed, 15 Nov 2023 03:43:20 +0530"},
    {"half an hour west", 1700000000, -210, "Tue, 14 Nov 2023 18:43:20 -0330"},
    {"furthest east", 0, 99 * 60 + 59, "Mon, 05 Jan 1970 03:59:00 +9959"},
    {"furthest west", 0, -99 * 60 - 59, "Sat, 27 Dec 1969 20:01:00 -9959"},
    {"last second", 253402300799, 0, "Fri, 31 Dec 9999 23:59:59 +0000"},
    {"last second, west", 253402300799, -60, "Fri, 31 Dec 9999 22:59:59 -0100"},
    {"before the epoch", -1, 0, NULL},
    {"year 10000", 253402300800, 0, NULL},
    {"year 10000 in the zone", 253402300799, 1, NULL},
    {"zone too far east", 0, 100 * 60, NULL},
    {"zone too far west", 0, -100 * 60, NULL},
    {"extremes", INT64_MAX, INT32_MAX, NULL},
    {"other extremes", INT64_MIN, INT32_MIN, NULL},
};

static void check_row(void **state)
{
    const struct date_row *row = *state;
    assert_int_equal(mailsub__date_is_valid(row->unix_s, row->zone_min), row->want != NULL);
    if (!row->want)
        return;
    char text[MAILSUB__DATE_SIZE];
    mailsub__date_write(text, row->unix_s, row->zone_min);
    assert_string_equal(text, row->want);
}

static void all_days_agree_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 400 * 366; day++) {
        time_t unix_s = (time_t)(day * 86400 + day % 86400);
        struct tm civil;
        char want[MAILSUB__DATE_SIZE];
        char text[MAILSUB__DATE_SIZE];
        assert_non_null(gmtime_r(&unix_s, &civil));
        assert_true(strftime(want, sizeof want, "%a, %d %b %Y %H:%M:%S +0000", &civil) > 0);
        mailsub__date_write(text, unix_s, 0);
        assert_string_equal(text, want);
    }
}

int main(void)
{
    struct CMUnitTest tests[32] = {cmocka_unit_test(all_days_agree_with_the_c_library)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
