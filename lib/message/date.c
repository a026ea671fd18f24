/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Neither gmtime nor strftime: the first depends on the size of time_t, the second on the locale.
 */
#include "message/date.h"

#include <assert.h>
#include <string.h>

#include "codec/civil.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, LARGEST_ZONE_MIN = 99 * 60 + 59 };

static const int64_t end_of_9999 = 253402300799;

bool mailsub__date_is_valid(int64_t unix_s, int32_t zone_min)
{
    if (unix_s < 0 || unix_s > end_of_9999)
        return false;
    if (zone_min < -LARGEST_ZONE_MIN || zone_min > LARGEST_ZONE_MIN)
        return false;
    return unix_s + (int64_t)zone_min * MINUTE <= end_of_9999;
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
    mailsub__civil civil = mailsub__civil_of_days(local_s / DAY - shift_days);
    int32_t zone = zone_min < 0 ? -zone_min : zone_min;

    char *at = stpcpy(out, day_names[local_s / DAY % 7]);
    at = mailsub__civil_write_digits(at, civil.day, 2);
    at = stpcpy(at, month_names[civil.month - 1]);
    at = mailsub__civil_write_digits(at, civil.year, 4);
    *at++ = ' ';
    at = mailsub__civil_write_digits(at, second / HOUR, 2);
    *at++ = ':';
    at = mailsub__civil_write_digits(at, second / MINUTE % 60, 2);
    *at++ = ':';
    at = mailsub__civil_write_digits(at, second % MINUTE, 2);
    *at++ = ' ';
    *at++ = zone_min < 0 ? '-' : '+';
    at = mailsub__civil_write_digits(at, zone / 60, 2);
    at = mailsub__civil_write_digits(at, zone % 60, 2);
    *at = '\0';
}
