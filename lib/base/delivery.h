/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a message asks of its delivery besides being delivered: how the wishes get from the message
 * to the engine without either knowing the other. Texts are checked, and not encoded.
 */
#ifndef MAILSUB_BASE_DELIVERY_H
#define MAILSUB_BASE_DELIVERY_H

#include <stdint.h>

#include <mailsub/delivery.h>

#include "base/slice.h"

/* Of one recipient. */
typedef struct mailsub__recipient_wish {
    bool has_notify; /* its own, not that of all */
    uint8_t notify;  /* MAILSUB_NOTIFY_* */
    mailsub__slice original_type;
    mailsub__slice original; /* empty: no ORCPT */
} mailsub__recipient_wish;

typedef struct mailsub__delivery {
    int return_part;            /* MAILSUB_RETURN_* */
    mailsub__slice envelope_id; /* empty: none */
    uint8_t notify;             /* MAILSUB_NOTIFY_*, of recipients without their own */
    bool dsn_by_recipient;      /* a recipient has a wish of its own */
    const mailsub__recipient_wish *wishes;
    size_t n_wishes; /* recipients behind them have none of their own */

    int deliver_by; /* MAILSUB_DELIVER_BY_* */
    bool deliver_by_trace;
    int64_t deliver_by_s;
    int hold; /* MAILSUB_HOLD_* */
    int64_t hold_time;
    int priority; /* 0: as any other message */
    bool require_tls;
    bool has_submitter;
    mailsub__slice submitter; /* empty: <> */
} mailsub__delivery;

/* The wish of recipient i; one that asks for nothing where it has none. */
static inline mailsub__recipient_wish mailsub__delivery_wish(const mailsub__delivery *delivery,
                                                             size_t i)
{
    mailsub__recipient_wish wish = {.original_type = {"", 0}, .original = {"", 0}};
    if (i < delivery->n_wishes)
        wish = delivery->wishes[i];
    if (!wish.has_notify)
        wish.notify = delivery->notify;
    return wish;
}

#endif
