/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limiters with the system's clocks, which the room of the limiter does not know. */
#include "limit/limiter.h"

#include <mailsub/error.h>

#include "net/clock.h"

int mailsub_limiter_new(const mailsub_allocator *allocator, mailsub_limiter **out_limiter)
{
    return mailsub__limiter_create(allocator, NULL, mailsub__clock_instant, out_limiter);
}

int mailsub_limiter_new_with_store(const mailsub_allocator *allocator, const mailsub_store *store,
                                   mailsub_limiter **out_limiter)
{
    if (!store)
        return MAILSUB_E_INVALID;
    return mailsub__limiter_create(allocator, store, mailsub__clock_instant, out_limiter);
}
