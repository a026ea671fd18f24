/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The octets that a store keeps for a key, and the decision on them. */
#ifndef MAILSUB_LIMIT_STATE_H
#define MAILSUB_LIMIT_STATE_H

#include "base/slice.h"
#include "limit/anchor.h"
#include "limit/decide.h"

/* One more than a rule has: what an older rule counted goes on beside it. */
#define MAILSUB__STATE_MAX_WINDOWS (MAILSUB_MAX_WINDOWS + 1)

typedef struct mailsub__state {
    mailsub__anchor anchor;
    mailsub__closure closure;
    size_t n;
    /* Of a window only length and kind are known, and the unit. */
    mailsub__span spans[MAILSUB__STATE_MAX_WINDOWS];
    mailsub__usage usages[MAILSUB__STATE_MAX_WINDOWS];
} mailsub__state;

/* MAILSUB_E_STORE_VERSION: written by a later version. MAILSUB_E_STORE_DAMAGED: by nobody. */
int mailsub__state_decode(mailsub__slice data, mailsub__state *out_state);
/* Returns the octets that were written. */
size_t mailsub__state_encode(const mailsub__state *state,
                             unsigned char out[MAILSUB_MAX_STORE_STATE]);

/* Nothing in it counts any more, nor is a closure remembered. */
bool mailsub__state_is_idle(const mailsub__state *state, int64_t now_ms);

/* A mailsub_store_change_fn; context is a mailsub__state_call. */
typedef struct mailsub__state_call {
    const mailsub__ask *ask;
    mailsub_store_answer *answer;
} mailsub__state_call;
int mailsub__state_change(void *context, const mailsub_store_state *held,
                          mailsub_store_change *change);

#endif
