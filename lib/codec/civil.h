/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Gregorian calendar, without the C library's: its time_t and locale differ from host to host. */
#ifndef MAILSUB_CODEC_CIVIL_H
#define MAILSUB_CODEC_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

typedef struct mailsub__civil {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;   /* 1 to 31 */
} mailsub__civil;

/* The day of a number of days since 1970-01-01, not before 0000-03-01. */
mailsub__civil mailsub__civil_of_days(int64_t days);
/* Write a number with leading zeros; the end is returned. */
char *mailsub__civil_write_digits(char *at, int64_t number, int n_digits);

enum { MAILSUB__RFC3339_SIZE = 21 }; /* "1970-01-01T00:00:00Z" and its NUL */

/* Write an instant of the years 1970 to 9999. Two in this form compare as their texts do. */
void mailsub__rfc3339_write(char out[MAILSUB__RFC3339_SIZE], int64_t unix_s);
/* Does text have that form? */
bool mailsub__rfc3339_has_form(mailsub__slice text);

#endif
