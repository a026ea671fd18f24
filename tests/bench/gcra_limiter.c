/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The least that a limiter in memory can be: one cell of GCRA (the generic cell rate algorithm of
 * ITU-T I.371) a sender and rate, two of them for two windows, in a table with open addressing,
 * without locks. What it admits is not what our windows promise; its time is what is compared.
 */
#include "limiter.h"
#include "measure.h"

#include <stdlib.h>
#include <time.h>

const char bench_name[] = "gcra_limiter";

struct cell {
    uint64_t hash;
    uint64_t due_ns[2]; /* when what was admitted would be used up */
};

struct table {
    struct cell *cells;
    uint64_t mask;
    uint64_t burst_ns[2];
    uint64_t step_ns[2];
};

void *limiter_open(const char *where, int64_t limit, unsigned long n_senders)
{
    struct table *table = calloc(1, sizeof *table);
    (void)where;
    bench_need(table, "memory");
    uint64_t n = 16;
    while (n < n_senders + n_senders / 3)
        n *= 2;
    table->cells = calloc(n, sizeof *table->cells);
    bench_need(table->cells, "memory");
    table->mask = n - 1;
    table->burst_ns[0] = 1000000000u;
    table->burst_ns[1] = 30 * 86400 * 1000000000uLL;
    for (int i = 0; i < 2; i++)
        table->step_ns[i] = table->burst_ns[i] / (uint64_t)limit;
    return table;
}

void *limiter_worker_new(void *handle)
{
    return handle;
}

static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

void limiter_decide(void *worker, const char *sender)
{
    struct table *table = worker;
    struct timespec at;
    clock_gettime(CLOCK_BOOTTIME, &at);
    uint64_t now_ns = (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
    uint64_t hash = hash_of(sender);
    uint64_t place = hash & table->mask;
    while (table->cells[place].hash != 0 && table->cells[place].hash != hash)
        place = (place + 1) & table->mask;
    struct cell *cell = &table->cells[place];
    uint64_t due_ns[2];
    cell->hash = hash;
    for (int i = 0; i < 2; i++) {
        due_ns[i] = cell->due_ns[i] > now_ns ? cell->due_ns[i] : now_ns;
        due_ns[i] += table->step_ns[i];
        if (due_ns[i] > now_ns + table->burst_ns[i])
            return;
    }
    cell->due_ns[0] = due_ns[0];
    cell->due_ns[1] = due_ns[1];
}

void limiter_worker_free(void *worker)
{
    (void)worker;
}

void limiter_close(void *handle)
{
    struct table *table = handle;
    free(table->cells);
    free(table);
}
