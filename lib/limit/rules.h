/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of a limiter: by address, by domain, or the default. */
#ifndef MAILSUB_LIMIT_RULES_H
#define MAILSUB_LIMIT_RULES_H

#include <mailsub/limiter.h>

#include "limit/hash.h"
#include "limit/sender.h"
#include "limit/window.h"

typedef struct mailsub__rule {
    char *who; /* as mailsub__sender writes it; "*" for the default */
    uint64_t hash;
    mailsub__span *spans;
    size_t n_spans;
    size_t capacity;
    bool together; /* all its senders have one count */
    bool fixed;    /* one of its windows is */
} mailsub__rule;

typedef struct mailsub__rules {
    const mailsub_allocator *allocator; /* borrowed */
    mailsub__hash_key key;
    mailsub__rule *rules;
    size_t n_rules;
    size_t capacity;
    uint32_t *index; /* a power of two of places: 0, or a rule's number + 1 */
    size_t n_places;
    size_t n_addresses; /* rules for one address, and for a domain */
    size_t n_domains;
    size_t has_default; /* its number + 1 */
} mailsub__rules;

void mailsub__rules_init(mailsub__rules *rules, const mailsub_allocator *allocator);
void mailsub__rules_deinit(mailsub__rules *rules);
/* who is NULL for the default. The errors of mailsub_limiter_add_rule. */
int mailsub__rules_add(mailsub__rules *rules, const char *who, const mailsub_window *window);
/* The rule that a sender is held to; NULL: none. */
const mailsub__rule *mailsub__rules_find(const mailsub__rules *rules,
                                         const mailsub__sender *sender);
/* Most windows of a rule. */
size_t mailsub__rules_most_windows(const mailsub__rules *rules);

#endif
