/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The faults that a test asked for: an ordered list, of which the first that fits counts. */
#ifndef MAILSUB_TESTING_RULE_H
#define MAILSUB_TESTING_RULE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

typedef struct mailsub__rule {
    char *verb;
    char *argument; /* NULL: always */
    char *reply;    /* NULL: hang up; "": be silent; else lines, each with CRLF */
    unsigned times; /* 0: always */
    unsigned n_used;
} mailsub__rule;

typedef struct mailsub__rules {
    const mailsub_allocator *allocator;
    mailsub__rule *items;
    size_t n;
    size_t capacity;
} mailsub__rules;

void mailsub__rules_init(mailsub__rules *rules, const mailsub_allocator *allocator);
void mailsub__rules_deinit(mailsub__rules *rules);
/* Copies all. MAILSUB_E_NOMEM. */
int mailsub__rules_add(mailsub__rules *rules, const char *verb, const char *argument,
                       const char *reply, unsigned times);
/* The rule for a command line, counted as used; NULL when none fits. */
const mailsub__rule *mailsub__rules_use(mailsub__rules *rules, mailsub__slice verb,
                                        mailsub__slice line);

/* A copy with a NUL; NULL when memory is short. */
char *mailsub__copy_str(const mailsub_allocator *allocator, const char *text);

#endif
