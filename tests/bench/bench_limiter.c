/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two windows, a second and 30 days, on the store that the URL names, by the system's clocks. */
#include <mailsub/mailsub.h>

#include "limiter.h"
#include "measure.h"

#include <stdlib.h>

const char bench_name[] = "mailsub_limiter";

struct worker {
    mailsub_limiter *limiter;
    mailsub_ticket *ticket;
};

void *limiter_open(const char *where, int64_t limit, unsigned long n_senders)
{
    mailsub_limiter *limiter = NULL;
    (void)n_senders;
    bench_need(mailsub_limiter_open(NULL, where, &limiter) == 0, where);
    bench_need(mailsub_limiter_add_rule(limiter, NULL, limit, 1000, 0) == 0, "first window");
    bench_need(mailsub_limiter_add_rule(limiter, NULL, limit, 30 * 86400 * 1000LL, 0) == 0,
               "second window");
    return limiter;
}

void *limiter_worker_new(void *handle)
{
    struct worker *worker = malloc(sizeof *worker);
    bench_need(worker && mailsub_ticket_new(NULL, &worker->ticket) == 0, "ticket");
    worker->limiter = handle;
    return worker;
}

void limiter_decide(void *worker, const char *sender)
{
    struct worker *own = worker;
    int rc = mailsub_limiter_reserve(own->limiter, sender, 1, NULL, own->ticket);
    bench_need(rc == MAILSUB_OK || rc == MAILSUB_E_RATE_LIMITED, "reserve");
}

void limiter_worker_free(void *worker)
{
    struct worker *own = worker;
    mailsub_ticket_free(own->ticket);
    free(own);
}

void limiter_close(void *handle)
{
    mailsub_limiter_unref(handle);
}
