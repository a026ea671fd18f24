/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Neither gmtime nor strftime: the first depends on the size of time_t, the second on the locale.
 */
#include "message/date.h"

#include <assert.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, LARGEST_ZONE_MIN = 99 * 60 + 59 };

static const int64_t end_of_9999 = 253402300799;

struct civil {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;   /* 1 to 31 */
};

bool mailsub__date_is_valid(int64_t unix_s, int32_t zone_min)
{
    if (unix_s < 0 || unix_s > end_of_9999)
        return false;
    if (zone_min < -LARGEST_ZONE_MIN || zone_min > LARGEST_ZONE_MIN)
        return false;
    return unix_s + (int64_t)zone_min * MINUTE <= end_of_9999;
}

/*
 * The day of a number of days since 1970-01-01. Years are counted from March, so that the leap day
 * is the last of its year; an era is the 400 years (146,097 days) after which the Gregorian
 * calendar repeats; 719,468 days lie between 0000-03-01 and 1970-01-01.
 */
static struct civil civil_of(int64_t days)
{
    days += 719468;
    int64_t era = days / 146097;
    int64_t day_of_era = days % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    struct civil civil = {
        .year = era * 400 + year_of_era,
        .month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
    civil.year += civil.month <= 2;
    return civil;
}

static char *write_digits(char *at, int64_t number, int n_digits)
{
    for (int i = n_digits; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + n_digits;
}

void mailsub__date_write(char out[MAILSUB__DATE_SIZE], int64_t unix_s, int32_t zone_min)
{
    static const char day_names[7][6] = {"Thu, ", "Fri, ", "Sat, ", "Sun, ",
                                         "Mon, ", "Tue, ", "Wed, "};
    static const char month_names[12][6] = {" Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ",
                                            " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec "};
    assert(mailsub__date_is_valid(unix_s, zone_min));
    /* Shifted by a whole number of weeks, so that all divisions are of positive numbers. */
    const int64_t shift_days = 7;
    int64_t local_s = unix_s + (int64_t)zone_min * MINUTE + shift_days * DAY;
    int64_t second = local_s % DAY;
    struct civil civil = civil_of(local_s / DAY - shift_days);
    int32_t zone = zone_min < 0 ? -zone_min : zone_min;

    char *at = stpcpy(out, day_names[local_s / DAY % 7]);
    at = write_digits(at, civil.day, 2);
    at = stpcpy(at, month_names[civil.month - 1]);
    at = write_digits(at, civil.year, 4);
    *at++ = ' ';
    at = write_digits(at, second / HOUR, 2);
    *at++ = ':';
    at = write_digits(at, second / MINUTE % 60, 2);
    *at++ = ':';
    at = write_digits(at, second % MINUTE, 2);
    *at++ = ' ';
    *at++ = zone_min < 0 ? '-' : '+';
    at = write_digits(at, zone / 60, 2);
    at = write_digits(at, zone % 60, 2);
    *at = '\0';
}
