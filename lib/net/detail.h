/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line for a person about what went wrong, in fixed space, so that it can be had without
 * memory. What does not fit is cut and ends in "...".
 */
#ifndef MAILSUB_NET_DETAIL_H
#define MAILSUB_NET_DETAIL_H

#include "base/slice.h"

#define MAILSUB__DETAIL_LEN 512

typedef struct mailsub__detail {
    char text[MAILSUB__DETAIL_LEN]; /* NUL-terminated */
    size_t len;
} mailsub__detail;

void mailsub__detail_clear(mailsub__detail *detail);
/* Behind this, something else is told: "; " unless there is nothing yet. */
void mailsub__detail_separate(mailsub__detail *detail);
/* Text of this library, of the system or of GnuTLS; controls become '?'. */
void mailsub__detail_append(mailsub__detail *detail, const char *text);
/* Text that a peer chose: all but printable ASCII becomes '?', so that it cannot forge a log. */
void mailsub__detail_append_foreign(mailsub__detail *detail, mailsub__slice text);
void mailsub__detail_append_int(mailsub__detail *detail, int number);
/* What errno means. */
void mailsub__detail_append_os_error(mailsub__detail *detail, int os_error);

#endif
