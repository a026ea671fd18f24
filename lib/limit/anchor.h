/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The limiter's time: milliseconds that never go back and never run faster than real ones, as far
 * as the clocks that are there can tell.
 *
 * It begins as the calendar's time, and goes on by what a clock says has passed since it was last
 * asked:
 *  - by the steady clock, as long as it is the same one. What is done to the calendar has no
 *    effect then.
 *  - otherwise, after the machine was started again or on another machine, by the calendar, if it
 *    has gone forward, less a millisecond for the two roundings. If it has gone back, no time has
 *    passed: that counts against the sender. From there on the new steady clock goes on, so nobody
 *    waits for the calendar to catch up. The furthest calendar time is kept, so that two machines
 *    with different times, taking turns, do not add up the difference again and again.
 *  - where there is no steady clock at all, by the calendar alone. Back by up to an hour, no time
 *    passes until it has caught up: the order of calls in several threads looks like that, too.
 *    Back by more, it goes on from the new time. Forward cannot be told from time that passes.
 */
#ifndef MAILSUB_LIMIT_ANCHOR_H
#define MAILSUB_LIMIT_ANCHOR_H

#include <mailsub/store.h>

/* Times are at most that: 4,459 years, beyond which only damage reaches. */
#define MAILSUB__ANCHOR_MAX_MS (1LL << 47)

/* All zero: not begun. */
typedef struct mailsub__anchor {
    int64_t at_ms; /* the limiter's time; 0: not begun */
    int64_t unix_ms;
    int64_t steady_ms;
    uint64_t steady_id;
} mailsub__anchor;

/* Bring the anchor to now, and return the limiter's time. */
int64_t mailsub__anchor_advance(mailsub__anchor *anchor, const mailsub_instant *now);

#endif
