/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a store keeps what a limiter promises. It is installed as source, for who writes a store:
 * compile conformance.c with a program that opens limiters on it, and link with libmailsub.
 */
#ifndef MAILSUB_STORE_CONFORMANCE_H
#define MAILSUB_STORE_CONFORMANCE_H

#include <mailsub/mailsub.h>

/* What can be expected of the store. */
enum {
    CONFORMANCE_SHARED = 1 << 0 /* limiters opened one after the other count together, and what
                                   they counted stays when they are closed */
};

struct conformance {
    void *context;
    uint32_t flags;
    /* A new limiter, without rules, on the same store each time. It has to take its time from the
       requests. 0, or a MAILSUB_E_*. */
    int (*open)(void *context, mailsub_limiter **out_limiter);
    /* Told each thing that is not as it should be. */
    void (*failed)(void *context, const char *check, const char *what);
    unsigned n_operations; /* of the random test; 0: 20,000 */
    uint64_t seed;         /* of the same; also part of the senders' names, which have to be new */
};

/* Returns the number of failures. */
size_t conformance_run(const struct conformance *suite);

#endif
