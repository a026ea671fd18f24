/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the value of a Date field, the obsolete forms of RFC 5322 section 4.3 too: comments, years
 * of two and three digits, names of zones. The words of a date are those of an address list.
 */
#include "message/address_lexer.h"
#include "message/date.h"

static const char weekday_names[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct cursor {
    mailsub__slice rest;
    mailsub__address_token token;
    bool failed;
};

static void advance(struct cursor *cursor)
{
    cursor->token = mailsub__address_lexer_next(&cursor->rest);
}

static bool take_mark(struct cursor *cursor, char mark)
{
    if (!mailsub__address_token_is(cursor->token, mark))
        return false;
    advance(cursor);
    return true;
}

/* Index of word among names of three letters each; -1: it is none of them. */
static int find_name(mailsub__slice word, const char *names)
{
    for (int i = 0; names[3 * i] != '\0'; i++) {
        if (mailsub__slice_equal_nocase(word, mailsub__slice_of(names + (size_t)(3 * i), 3)))
            return i;
    }
    return -1;
}

static int take_name(struct cursor *cursor, const char *names)
{
    int index =
        cursor->token.kind == MAILSUB__ADDRESS_ATOM ? find_name(cursor->token.text, names) : -1;
    cursor->failed |= index < 0;
    advance(cursor);
    return index;
}

/* A number of least to most digits. */
static int64_t digits(mailsub__slice text, size_t least, size_t most, bool *out_failed)
{
    int64_t number = 0;
    *out_failed |= text.len < least || text.len > most;
    for (size_t i = 0; i < text.len && !*out_failed; i++) {
        *out_failed = !mailsub__ascii_is_digit(text.ptr[i]);
        number = number * 10 + (text.ptr[i] - '0');
    }
    return number;
}

static int64_t take_number(struct cursor *cursor, size_t least, size_t most)
{
    cursor->failed |= cursor->token.kind != MAILSUB__ADDRESS_ATOM;
    int64_t number = digits(cursor->token.text, least, most, &cursor->failed);
    advance(cursor);
    return number;
}

static int64_t take_year(struct cursor *cursor)
{
    size_t n_digits = cursor->token.text.len;
    int64_t year = take_number(cursor, 2, 4);
    if (n_digits == 2)
        return year + (year < 50 ? 2000 : 1900);
    return n_digits == 3 ? year + 1900 : year;
}

static int32_t named_zone(mailsub__slice name, bool *out_failed)
{
    static const struct {
        const char *name;
        int32_t hours;
    } rows[] = {
        {"UT", 0},   {"GMT", 0},  {"Z", 0},    {"EST", -5}, {"EDT", -4}, {"CST", -6},
        {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(rows[i].name)))
            return rows[i].hours * 60;
    }
    *out_failed = true;
    return 0;
}

static int32_t take_zone(struct cursor *cursor)
{
    mailsub__slice text = cursor->token.text;
    cursor->failed |= cursor->token.kind != MAILSUB__ADDRESS_ATOM;
    advance(cursor);
    if (cursor->failed)
        return 0;
    if (text.ptr[0] != '+' && text.ptr[0] != '-')
        return named_zone(text, &cursor->failed);
    int64_t number = digits(mailsub__slice_of(text.ptr + 1, text.len - 1), 4, 4, &cursor->failed);
    cursor->failed |= number % 100 >= 60;
    int32_t minutes = (int32_t)(number / 100 * 60 + number % 100);
    return text.ptr[0] == '-' ? -minutes : minutes;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 to that day of a year from 1900 on; -1: there is no such day. */
static int64_t days_of(int64_t year, int month, int64_t day, bool *out_failed)
{
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    static const int before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    if (year < 1900 || month < 0 || day < 1 || day > lengths[month] + (month == 1 && is_leap(year)))
        *out_failed = true;
    if (*out_failed)
        return -1;
    int64_t past = year - 1; /* leap days are those of the years before */
    int64_t leap_days = past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    return (year - 1970) * 365 + leap_days + before[month] + (month > 1 && is_leap(year)) + day - 1;
}

static int64_t take_time(struct cursor *cursor)
{
    int64_t hour = take_number(cursor, 1, 2);
    cursor->failed |= !take_mark(cursor, ':');
    int64_t minute = take_number(cursor, 1, 2);
    int64_t second = take_mark(cursor, ':') ? take_number(cursor, 1, 2) : 0;
    cursor->failed |= hour > 23 || minute > 59 || second > 60; /* 60: a leap second */
    return hour * 3600 + minute * 60 + second;
}

bool mailsub__date_parse(mailsub__slice text, int64_t *out_unix_s, int32_t *out_zone_min)
{
    struct cursor cursor = {.rest = text};
    advance(&cursor);
    int weekday = -1;
    if (cursor.token.kind == MAILSUB__ADDRESS_ATOM &&
        !mailsub__ascii_is_digit(cursor.token.text.ptr[0])) {
        weekday = take_name(&cursor, weekday_names);
        cursor.failed |= !take_mark(&cursor, ',');
    }
    int64_t day = take_number(&cursor, 1, 2);
    int month = take_name(&cursor, month_names);
    int64_t year = take_year(&cursor);
    int64_t second = take_time(&cursor);
    int32_t zone_min = take_zone(&cursor);
    cursor.failed |= cursor.token.kind != MAILSUB__ADDRESS_END;
    int64_t days = days_of(year, month, day, &cursor.failed);
    if (cursor.failed || (weekday >= 0 && ((days % 7) + 7) % 7 != weekday))
        return false;
    int64_t unix_s = days * 86400 + second - (int64_t)zone_min * 60;
    if (!mailsub__date_is_valid(unix_s, zone_min))
        return false;
    *out_unix_s = unix_s;
    *out_zone_min = zone_min;
    return true;
}
