/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real clocks and the real randomness: the only place that asks the system for them. */
#ifndef MAILSUB_NET_CLOCK_H
#define MAILSUB_NET_CLOCK_H

#include <stdbool.h>

#include <mailsub/store.h>
#include <mailsub/system.h>

/* Milliseconds of a clock that never steps back. */
int64_t mailsub__clock_monotonic_ms(void);
/* The calendar, and the clock that runs from the machine's start on, whatever is done to the
   calendar, in its sleep too. Without calendar the latter alone: unix_ms is 0. */
void mailsub__clock_instant(bool calendar, mailsub_instant *out_now);
/* The system's calendar with the local zone's offset, and the kernel's random numbers. */
extern const mailsub_clock mailsub__system_clock;
extern const mailsub_random mailsub__system_random;

#endif
