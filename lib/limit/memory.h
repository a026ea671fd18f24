/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store in memory: for the threads of one process. */
#ifndef MAILSUB_LIMIT_MEMORY_H
#define MAILSUB_LIMIT_MEMORY_H

#include "limit/decide.h"
#include "limit/rules.h"

typedef struct mailsub__memory mailsub__memory;

/* rules are complete, and outlive the store. MAILSUB_E_NOMEM; MAILSUB_E_SYSTEM. */
int mailsub__memory_new(const mailsub__rules *rules, mailsub__memory **out_memory);
void mailsub__memory_free(mailsub__memory *memory);
/* The hash of a key. Its place in memory is asked for, so that what the caller does next, and the
   wait for it, take place at the same time. */
uint64_t mailsub__memory_prepare(const mailsub__memory *memory, const char *key, size_t len);
/* Whether the time of day is of no use any more: this steady clock alone tells the time. */
bool mailsub__memory_has_clock(mailsub__memory *memory, uint64_t steady_id);
/* rule is the one that ask's spans are of. MAILSUB_E_STATE: in the child of a fork; MAILSUB_E_NOMEM;
   MAILSUB_E_LIMIT: more senders than can be kept. */
int mailsub__memory_decide(mailsub__memory *memory, const mailsub__ask *ask,
                           const mailsub__rule *rule, mailsub_store_answer *answer);

#endif
