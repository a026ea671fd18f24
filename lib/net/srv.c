/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/srv.h"

#include <mailsub/error.h>

/* The lower priority first; within it those of weight 0, as the algorithm of RFC 2782 wants. */
static bool comes_before(const mailsub__dns_srv *a, const mailsub__dns_srv *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return a->weight == 0 && b->weight != 0;
}

/* Move a record to the front of those up to it, which keep their order. */
static void move_to_front(mailsub__dns_srv *records, size_t index)
{
    mailsub__dns_srv chosen = records[index];
    memmove(records + 1, records, index * sizeof *records);
    records[0] = chosen;
}

/* By insertion, which is stable: there are few. */
static void sort(mailsub__dns_srv *records, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        size_t at = i;
        while (at > 0 && comes_before(&records[i], &records[at - 1]))
            at--;
        move_to_front(records + at, i - at);
    }
}

/* 0 to most, both included. Of 2^64 numbers most is so small a part that the remainder favours none
   of them by more than 2^-40. */
static int draw(const mailsub_random *random, uint64_t most, uint64_t *out)
{
    unsigned char octets[8];
    uint64_t number = 0;
    int rc = random->fill(random->context, octets, sizeof octets);
    if (rc)
        return rc;
    for (size_t i = 0; i < sizeof octets; i++)
        number = number << 8 | octets[i];
    *out = number % (most + 1);
    return MAILSUB_OK;
}

/* Put one of n records of the same priority in front, with a chance by its weight. */
static int choose(mailsub__dns_srv *records, size_t n, const mailsub_random *random)
{
    uint64_t sum = 0;
    uint64_t drawn = 0;
    for (size_t i = 0; i < n; i++)
        sum += records[i].weight;
    if (sum == 0)
        return MAILSUB_OK; /* in the answer's order, which name servers mix */
    int rc = draw(random, sum, &drawn);
    if (rc)
        return rc;
    size_t chosen = 0;
    for (uint64_t running = records[0].weight; running < drawn;)
        running += records[++chosen].weight;
    move_to_front(records, chosen);
    return MAILSUB_OK;
}

int mailsub__srv_order(mailsub__dns_srv *records, size_t n, const mailsub_random *random)
{
    sort(records, n);
    for (size_t i = 0; i < n; i++) {
        size_t n_equal = 1;
        while (i + n_equal < n && records[i + n_equal].priority == records[i].priority)
            n_equal++;
        int rc = n_equal > 1 ? choose(records + i, n_equal, random) : MAILSUB_OK;
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}
