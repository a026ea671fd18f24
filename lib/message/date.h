/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Date field's value (RFC 5322 section 3.3), by civil-calendar arithmetic of our own. */
#ifndef MAILSUB_MESSAGE_DATE_H
#define MAILSUB_MESSAGE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { MAILSUB__DATE_SIZE = 32 }; /* "Thu, 01 Jan 1970 00:00:00 +0000" and its NUL */

/* True when the instant is 1970 or later, not beyond 9999 in UTC or the zone, the zone writable. */
bool mailsub__date_is_valid(int64_t unix_s, int32_t zone_min);
/* Write a valid date, NUL-terminated. */
void mailsub__date_write(char out[MAILSUB__DATE_SIZE], int64_t unix_s, int32_t zone_min);

/*
 * Read a value of the field, obsolete forms too; a day of the week must be the right one. False:
 * malformed, or not valid. text has passed mailsub__line_check.
 */
bool mailsub__date_parse(mailsub__slice text, int64_t *out_unix_s, int32_t *out_zone_min);

#endif
