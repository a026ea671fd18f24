/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frame of the programs that count senders, ours and the peers':
 *
 *   PROGRAM WHERE LIMIT SENDERS COUNT threads|processes WORKERS
 *
 * Every one of SENDERS asks once, which is not timed. Then WORKERS threads, or processes, ask COUNT
 * times together, each time for a sender at random. It prints one line of JSON: program, senders,
 * decisions, wall_s, user_s, system_s, bytes_a_sender (memory that the first round took; 0 in
 * processes), slowest_share (decisions of the slowest process, as a part of the mean). Threads
 * share the work evenly; processes take from a common heap until nothing is left.
 */
#ifndef MAILSUB_TESTS_BENCH_LIMITER_H
#define MAILSUB_TESTS_BENCH_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#define LIMITER_SENDER_LEN 48

/* What a program does. One handle serves all threads of a process; each has a worker of its own. */
void *limiter_open(const char *where, int64_t limit, unsigned long n_senders);
void *limiter_worker_new(void *handle);
/* Admit one more of sender, or not: either way it is a decision. */
void limiter_decide(void *worker, const char *sender);
void limiter_worker_free(void *worker);
void limiter_close(void *handle);

#endif
