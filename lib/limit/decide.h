/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decision on one sender, whose usage a store has brought. */
#ifndef MAILSUB_LIMIT_DECIDE_H
#define MAILSUB_LIMIT_DECIDE_H

#include "limit/window.h"

/* What is asked; in the terms of mailsub_store_request. */
typedef struct mailsub__ask {
    int what;        /* MAILSUB_STORE_* */
    const char *key; /* of the store */
    uint64_t hash;   /* of the key, for the store in memory */
    const mailsub_instant *now;
    const mailsub__span *spans;
    size_t n_spans;
    int64_t recipients;
    int64_t least;
    int64_t messages;
    int64_t at_ms;
    int64_t close_ms;
} mailsub__ask;

/* Closed because the server said so. */
typedef struct mailsub__closure {
    int64_t until_ms; /* the limiter's time; 0: never */
    unsigned level;   /* how often it was said again soon */
} mailsub__closure;

/* Answer all but RESET. now_ms is the limiter's time. usages, one for each span, and closure are
   changed accordingly. */
void mailsub__decide(const mailsub__ask *ask, mailsub__usage *usages, mailsub__closure *closure,
                     int64_t now_ms, mailsub_store_answer *answer);

#endif
