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
        int64_t parsed_s = -1;
        int32_t zone_min = -1;
        assert_true(mailsub__date_parse(mailsub__slice_str(text), &parsed_s, &zone_min));
        assert_int_equal(parsed_s, unix_s);
        assert_int_equal(zone_min, 0);
    }
}

struct parse_row {
    const char *name;
    const char *text;
    int64_t want_s; /* -1: refused */
    int32_t want_zone_min;
};

static const struct parse_row parse_rows[] = {
    {"plain", "Fri, 21 Nov 1997 09:55:06 -0600", 880127706, -360},
    {"no day of the week, no seconds", "21 Nov 97 9:55 -0600", 880127700, -360},
    {"year of two digits below 50", "1 Jan 00 00:00:00 GMT", 946684800, 0},
    {"year of three digits", "1 Jan 100 00:00:00 Z", 946684800, 0},
    {"comments and space", "(a) Sat , 1(b)Jan 2000 00 : 00:00 (c) +0000 (GMT)", 946684800, 0},
    {"any case", "SAT, 1 jan 2000 00:00:00 est", 946702800, -300},
    {"leap day", "29 Feb 2000 00:00:00 +0000", 951782400, 0},
    {"leap second", "31 Dec 1998 23:59:60 +0000", 915148800, 0},
    {"before 1970 in the zone", "31 Dec 1969 22:30:00 -0130", 0, -90},
    {"half an hour", "1 Jan 1970 05:30:00 +0530", 0, 330},
    {"last second", "31 Dec 9999 23:59:59 +0000", 253402300799, 0},
    {"nothing", "", -1, 0},
    {"text", "yesterday", -1, 0},
    {"ISO 8601", "2000-01-01T00:00:00Z", -1, 0},
    {"wrong day of the week", "Sun, 1 Jan 2000 00:00:00 +0000", -1, 0},
    {"no leap day", "29 Feb 1900 00:00:00 +0000", -1, 0},
    {"day 31 of April", "31 Apr 2000 00:00:00 +0000", -1, 0},
    {"day 0", "0 Jan 2000 00:00:00 +0000", -1, 0},
    {"no such month", "1 Foo 2000 00:00:00 +0000", -1, 0},
    {"hour 24", "1 Jan 2000 24:00:00 +0000", -1, 0},
    {"minute 60", "1 Jan 2000 00:60:00 +0000", -1, 0},
    {"second 61", "1 Jan 2000 00:00:61 +0000", -1, 0},
    {"no zone", "1 Jan 2000 00:00:00", -1, 0},
    {"zone with minute 60", "1 Jan 2000 00:00:00 +0060", -1, 0},
    {"zone of three digits", "1 Jan 2000 00:00:00 +010", -1, 0},
    {"unknown zone", "1 Jan 2000 00:00:00 MESZ", -1, 0},
    {"before 1970", "31 Dec 1969 23:59:59 +0000", -1, 0},
    {"year of five digits", "1 Jan 10000 00:00:00 +0000", -1, 0},
    {"more behind it", "1 Jan 2000 00:00:00 +0000 x", -1, 0},
    {"open comment", "1 Jan 2000 00:00:00 +0000 (x", -1, 0},
};

static void check_parse_row(void **state)
{
    const struct parse_row *row = *state;
    int64_t unix_s = -1;
    int32_t zone_min = 0;
    bool parsed = mailsub__date_parse(mailsub__slice_str(row->text), &unix_s, &zone_min);
    assert_int_equal(parsed, row->want_s >= 0);
    assert_int_equal(unix_s, row->want_s);
    assert_int_equal(zone_min, row->want_zone_min);
    for (size_t len = 0; len < strlen(row->text); len++)
        mailsub__date_parse(mailsub__slice_of(row->text, len), &unix_s, &zone_min);
}

int main(void)
{
    struct CMUnitTest tests[96] = {cmocka_unit_test(all_days_agree_with_the_c_library)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    UNIT_ADD_ROWS(tests, n_tests, parse_rows, check_parse_row);
    return UNIT_RUN(tests, n_tests);
}
