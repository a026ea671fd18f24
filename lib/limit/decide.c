/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit/decide.h"

/* The first closure, the longest, and how many times as long it is remembered. */
#define CLOSE_MS (60LL * 1000)
#define MAX_LEVEL 8 /* a minute, doubled so often: a little over four hours */
#define MAX_CLOSE_MS (4LL * 60 * 60 * 1000)
#define REMEMBERED 4

static int64_t cost(const mailsub__span *span, const mailsub__ask *ask, int64_t recipients)
{
    return span->window.flags & MAILSUB_WINDOW_MESSAGES ? ask->messages : recipients;
}

static int64_t room(const mailsub__span *span, const mailsub__usage *usage)
{
    int64_t left = span->window.limit - mailsub__window_used(usage, span);
    return left > 0 ? left : 0;
}

/* How many recipients all windows together have room for, at most those that are asked for. */
static int64_t grantable(const mailsub__ask *ask, const mailsub__usage *usages)
{
    int64_t n = ask->recipients;
    for (size_t i = 0; i < ask->n_spans; i++) {
        int64_t left = room(&ask->spans[i], &usages[i]);
        if (!(ask->spans[i].window.flags & MAILSUB_WINDOW_MESSAGES))
            n = left < n ? left : n;
        else if (left < ask->messages)
            n = 0;
    }
    return n;
}

/* When the least that would do finds room, and which window takes longest to have it. */
static void find_retry(const mailsub__ask *ask, const mailsub__usage *usages, int64_t now_ms,
                       mailsub_store_answer *answer)
{
    for (size_t i = 0; i < ask->n_spans; i++) {
        const mailsub__span *span = &ask->spans[i];
        int64_t wait_ms =
            mailsub__window_wait(&usages[i], span, cost(span, ask, ask->least), now_ms);
        if (wait_ms == 0 || answer->retry_ms < 0)
            continue;
        if (wait_ms < 0 || wait_ms > answer->retry_ms) {
            answer->retry_ms = wait_ms;
            answer->stopped_by = (int)i;
        }
    }
}

static void reserve(const mailsub__ask *ask, mailsub__usage *usages, int64_t now_ms,
                    mailsub_store_answer *answer)
{
    int64_t n = grantable(ask, usages);
    if (answer->closed_ms > 0 || n < ask->least) {
        find_retry(ask, usages, now_ms, answer);
        if (answer->retry_ms >= 0 && answer->retry_ms <= answer->closed_ms) {
            answer->retry_ms = answer->closed_ms;
            answer->stopped_by = -1;
        }
        return;
    }
    for (size_t i = 0; i < ask->n_spans; i++)
        mailsub__window_add(&usages[i], &ask->spans[i], cost(&ask->spans[i], ask, n));
    answer->granted = n;
}

static void refund(const mailsub__ask *ask, mailsub__usage *usages, mailsub_store_answer *answer)
{
    for (size_t i = 0; i < ask->n_spans; i++)
        mailsub__window_take_back(&usages[i], &ask->spans[i],
                                  cost(&ask->spans[i], ask, ask->recipients), ask->at_ms);
    answer->granted = ask->recipients;
}

static int64_t closure_length(unsigned level)
{
    int64_t ms = CLOSE_MS << level;
    return ms < MAX_CLOSE_MS ? ms : MAX_CLOSE_MS;
}

/*
 * Several replies to one burst say the same thing: only one that comes after the closure tells that
 * it was too short.
 */
static void close_sender(const mailsub__ask *ask, mailsub__closure *closure, int64_t now_ms)
{
    int64_t ms = ask->close_ms;
    if (ms == 0) {
        if (closure->until_ms > now_ms)
            return;
        int64_t forgotten_ms = closure->until_ms + REMEMBERED * closure_length(closure->level);
        if (closure->until_ms == 0 || now_ms >= forgotten_ms)
            closure->level = 0;
        else if (closure->level < MAX_LEVEL)
            closure->level++;
        ms = closure_length(closure->level);
    }
    if (now_ms + ms > closure->until_ms)
        closure->until_ms = now_ms + ms;
}

void mailsub__decide(const mailsub__ask *ask, mailsub__usage *usages, mailsub__closure *closure,
                     int64_t now_ms, mailsub_store_answer *answer)
{
    for (size_t i = 0; i < ask->n_spans; i++)
        mailsub__window_advance(&usages[i], &ask->spans[i], now_ms, ask->now->unix_ms);
    if (ask->what == MAILSUB_STORE_CLOSE)
        close_sender(ask, closure, now_ms);
    answer->at_ms = now_ms;
    answer->closed_ms = closure->until_ms > now_ms ? closure->until_ms - now_ms : 0;
    answer->stopped_by = -1;
    if (ask->what == MAILSUB_STORE_RESERVE)
        reserve(ask, usages, now_ms, answer);
    else if (ask->what == MAILSUB_STORE_REFUND)
        refund(ask, usages, answer);
    if (answer->granted == ask->recipients && ask->what != MAILSUB_STORE_QUERY)
        return; /* nobody asks how much is left when all is granted: that would cost as much again */
    for (size_t i = 0; i < ask->n_spans; i++) {
        answer->used[i] = mailsub__window_used(&usages[i], &ask->spans[i]);
        answer->next_ms[i] = mailsub__window_wait(&usages[i], &ask->spans[i], 1, now_ms);
        if (answer->granted > 0 && answer->next_ms[i] > answer->retry_ms)
            answer->retry_ms = answer->next_ms[i]; /* for the rest of what was asked for */
    }
}
