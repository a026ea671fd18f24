/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MAILSUB_LIMIT_TICKET_H
#define MAILSUB_LIMIT_TICKET_H

#include "limit/decide.h"
#include "limit/rules.h"

struct mailsub_ticket {
    mailsub_allocator allocator;
    const mailsub_limiter *limiter; /* that filled it; only compared */
    const mailsub__rule *rule;      /* NULL: none */
    int64_t reserved;               /* recipients that may be given back; 0: nothing is reserved */
    int64_t retry_ms;
    int store_error;
    bool answered;
    mailsub_store_answer answer;
    const char *key; /* the sender's text, or the rule's */
    uint64_t hash;   /* of key, for the store in memory */
    mailsub__sender sender;
};

/* Back to the state after new, without what is only read where answered says so. */
void mailsub__ticket_reset(mailsub_ticket *ticket);

#endif
