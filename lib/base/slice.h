/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Borrowed octets: a pointer and a length. Whoever made the slice keeps the octets alive. */
#ifndef MAILSUB_BASE_SLICE_H
#define MAILSUB_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct mailsub__slice {
    const char *ptr; /* never NULL, so that memcpy and memcmp are defined for the empty slice */
    size_t len;
} mailsub__slice;

#define MAILSUB__SLICE_EMPTY ((mailsub__slice){"", 0})

static inline mailsub__slice mailsub__slice_of(const void *ptr, size_t len)
{
    return len > 0 ? (mailsub__slice){ptr, len} : MAILSUB__SLICE_EMPTY;
}

/* The text of a C string; NULL counts as empty. */
static inline mailsub__slice mailsub__slice_str(const char *text)
{
    return text ? (mailsub__slice){text, strlen(text)} : MAILSUB__SLICE_EMPTY;
}

static inline bool mailsub__slice_equal(mailsub__slice a, mailsub__slice b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Letters of ASCII without regard to case; the locale has no say. */
bool mailsub__slice_equal_nocase(mailsub__slice a, mailsub__slice b);

static inline char mailsub__ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline char mailsub__ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static inline bool mailsub__ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool mailsub__ascii_is_alpha(char c)
{
    c = mailsub__ascii_lower(c);
    return c >= 'a' && c <= 'z';
}

#endif
