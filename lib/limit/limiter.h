/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A limiter from the side of who makes one. */
#ifndef MAILSUB_LIMIT_LIMITER_H
#define MAILSUB_LIMIT_LIMITER_H

#include <stdbool.h>

#include <mailsub/limiter.h>

/* The system's clocks, which this room does not ask: for a call that is given no time. Without
   calendar only the steady one is read, and unix_ms is 0. */
typedef void (*mailsub__now_fn)(bool calendar, mailsub_instant *out_now);

/* The errors of mailsub_limiter_new_with_store; store is NULL for memory. */
int mailsub__limiter_create(const mailsub_allocator *allocator, const mailsub_store *store,
                            mailsub__now_fn now, mailsub_limiter **out_limiter);

#endif
