/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one sender has used of one window, in 50 octets.
 *
 * Times are those of the limiter (see anchor.h): milliseconds that never go back.
 */
#ifndef MAILSUB_LIMIT_WINDOW_H
#define MAILSUB_LIMIT_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include <mailsub/store.h>

#define MAILSUB__WINDOW_PARTS 20
#define MAILSUB__WINDOW_SLOTS (MAILSUB__WINDOW_PARTS + 1)
#define MAILSUB__WINDOW_WORDS (MAILSUB__WINDOW_SLOTS + 4)

/* All zero: nothing is used. Octets are stored as they are in memory, little end first. */
typedef struct mailsub__usage {
    uint16_t words[MAILSUB__WINDOW_WORDS];
} mailsub__usage;

/* A window with what is derived from its limit. */
typedef struct mailsub__span {
    mailsub_window window;
    unsigned shift; /* counts are kept in units of 2^shift */
} mailsub__span;

void mailsub__span_init(mailsub__span *span, const mailsub_window *window);

/* Bring usage to now_ms, before anything is read or admitted. unix_ms is the calendar, which only
   the edges of fixed windows look at. */
void mailsub__window_advance(mailsub__usage *usage, const mailsub__span *span, int64_t now_ms,
                             int64_t unix_ms);
/* What counts as used. */
int64_t mailsub__window_used(const mailsub__usage *usage, const mailsub__span *span);
/* Count n more, whatever the limit says. */
void mailsub__window_add(mailsub__usage *usage, const mailsub__span *span, int64_t n);
/* Give back n of what was added when the limiter's time was at_ms. */
void mailsub__window_take_back(mailsub__usage *usage, const mailsub__span *span, int64_t n,
                               int64_t at_ms);
/* Milliseconds from now_ms until n more find room; 0: now; -1: n exceeds the limit. */
int64_t mailsub__window_wait(const mailsub__usage *usage, const mailsub__span *span, int64_t n,
                             int64_t now_ms);
/* Nothing in it counts any more at now_ms, however long nobody looked. */
bool mailsub__window_is_idle(const mailsub__usage *usage, const mailsub__span *span,
                             int64_t now_ms);
/* Milliseconds of the calendar from unix_ms until a fixed window's period ends. */
int64_t mailsub__window_rest(const mailsub_window *window, int64_t unix_ms);
/* The same counts in units of another size: what does not divide is rounded up. */
void mailsub__window_rescale(mailsub__usage *usage, const mailsub_window *window, unsigned from,
                             unsigned to);
/* Count in usage, of a window that was not kept until now, what other shows: each part of it as
   late as it may have been. */
void mailsub__window_seed(mailsub__usage *usage, const mailsub__span *span,
                          const mailsub__usage *other, const mailsub__span *other_span,
                          int64_t now_ms);

#endif
