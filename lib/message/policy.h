/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy as the check reads it. */
#ifndef MAILSUB_MESSAGE_POLICY_H
#define MAILSUB_MESSAGE_POLICY_H

#include <stdatomic.h>

#include "base/buffer.h"
#include "message/rules.h"

enum { MAILSUB__POLICY_LONGEST_ID = 64, MAILSUB__POLICY_MOST_RULES = 100 };

/* The rules that have a number. */
enum {
    MAILSUB__THRESHOLD_DATE_S,
    MAILSUB__THRESHOLD_ATTACHED,
    MAILSUB__THRESHOLD_VISIBLE,
    MAILSUB__N_THRESHOLDS
};

/* A rule of the program. */
typedef struct mailsub__own_rule {
    char id[MAILSUB__POLICY_LONGEST_ID + 1];
    uint8_t severity;
    mailsub_rule_fn check;
    void *context;
} mailsub__own_rule;

struct mailsub_policy {
    mailsub_allocator allocator;
    atomic_uint n_refs;
    atomic_bool frozen; /* a config has it: setters return MAILSUB_E_STATE */
    int profile;
    uint8_t severity[MAILSUB__N_RULES];
    int64_t thresholds[MAILSUB__N_THRESHOLDS];
    bool has_shorteners;             /* instead of those that are built in */
    mailsub__buffer shortener_names; /* each with its NUL */
    size_t *shorteners;              /* where each begins, in the order of the names */
    size_t n_shorteners;
    mailsub__own_rule *own_rules;
    size_t n_own_rules;
    size_t room_for_own_rules;
};

/* The policy that stands for NULL; it has no reference count. */
extern const mailsub_policy mailsub__policy_default;

/* True when host, in small letters and without "www.", is a shortener. */
bool mailsub__policy_is_shortener(const mailsub_policy *policy, mailsub__slice host);

#endif
