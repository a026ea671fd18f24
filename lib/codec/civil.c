/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/civil.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/*
 * Years are counted from March, so that the leap day is the last of its year; an era is the 400
 * years (146,097 days) after which the Gregorian calendar repeats; 719,468 days lie between
 * 0000-03-01 and 1970-01-01.
 */
mailsub__civil mailsub__civil_of_days(int64_t days)
{
    days += 719468;
    int64_t era = days / 146097;
    int64_t day_of_era = days % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    mailsub__civil civil = {
        .year = era * 400 + year_of_era,
        .month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
    civil.year += civil.month <= 2;
    return civil;
}

char *mailsub__civil_write_digits(char *at, int64_t number, int n_digits)
{
    for (int i = n_digits; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + n_digits;
}

static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

void mailsub__rfc3339_write(char out[MAILSUB__RFC3339_SIZE], int64_t unix_s)
{
    mailsub__civil civil = mailsub__civil_of_days(unix_s / DAY);
    int64_t second = unix_s % DAY;
    const int64_t numbers[] = {civil.year,    civil.month,          civil.day,
                               second / HOUR, second / MINUTE % 60, second % MINUTE};
    memcpy(out, form, sizeof form);
    char *at = out;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        at = mailsub__civil_write_digits(at, numbers[i], i == 0 ? 4 : 2) + 1;
}

bool mailsub__rfc3339_has_form(mailsub__slice text)
{
    if (text.len != sizeof form - 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (form[i] == 'd' ? !mailsub__ascii_is_digit(text.ptr[i]) : text.ptr[i] != form[i])
            return false;
    }
    return true;
}
