/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit/anchor.h"

/* A calendar that goes back by more has been set; by less, two threads may have met. */
#define SLOP_MS (60LL * 60 * 1000)

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void advance_by_steady(mailsub__anchor *anchor, const mailsub_instant *now)
{
    int64_t passed_ms = larger(now->steady_ms - anchor->steady_ms, 0);
    anchor->at_ms += passed_ms;
    anchor->steady_ms += passed_ms;
    anchor->unix_ms = larger(anchor->unix_ms + passed_ms, now->unix_ms);
}

static void advance_by_calendar(mailsub__anchor *anchor, const mailsub_instant *now)
{
    int64_t passed_ms = now->unix_ms - anchor->unix_ms;
    if (passed_ms > 0)
        anchor->at_ms += passed_ms;
    if (passed_ms > 0 || passed_ms < -SLOP_MS)
        anchor->unix_ms = now->unix_ms;
}

static void change_clock(mailsub__anchor *anchor, const mailsub_instant *now)
{
    int64_t passed_ms = now->unix_ms - anchor->unix_ms - 1;
    if (passed_ms > 0) {
        anchor->at_ms += passed_ms;
        anchor->unix_ms = now->unix_ms;
    }
    anchor->steady_ms = now->steady_ms;
    anchor->steady_id = now->steady_id;
}

int64_t mailsub__anchor_advance(mailsub__anchor *anchor, const mailsub_instant *now)
{
    if (anchor->at_ms == 0)
        *anchor = (mailsub__anchor){larger(now->unix_ms, 1), now->unix_ms, now->steady_ms,
                                    now->steady_id};
    else if (anchor->steady_id != now->steady_id)
        change_clock(anchor, now);
    else if (now->steady_id != 0)
        advance_by_steady(anchor, now);
    else
        advance_by_calendar(anchor, now);
    if (anchor->at_ms > MAILSUB__ANCHOR_MAX_MS)
        anchor->at_ms = MAILSUB__ANCHOR_MAX_MS;
    if (anchor->unix_ms > MAILSUB__ANCHOR_MAX_MS)
        anchor->unix_ms = MAILSUB__ANCHOR_MAX_MS;
    return anchor->at_ms;
}
