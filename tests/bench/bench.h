/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frame of every bench program, ours and the peers':
 *
 *   PROGRAM COUNT SINK FILE...
 *
 * It does the job COUNT times and prints one line of JSON: program, messages (or lists, or texts),
 * bytes (written; or read, where nothing is), wall_s, user_s, system_s, peak_rss_kib. SINK is
 * "memory" (each message whole in one buffer, whose room is kept for the next), "null" (octets are
 * counted and dropped) or a file, which then holds the last message.
 */
#ifndef MAILSUB_TESTS_BENCH_H
#define MAILSUB_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure.h"

struct bench {
    const char *name;
    unsigned long count;
    const char *sink;
    bool in_memory;
    char **paths; /* the input files, NULL behind the last */
    uint64_t n_bytes;
    char *data; /* the message being written, when the sink is "memory" or a file */
    size_t len;
    size_t room;
};

/* Read a file whole; the caller keeps it to the end of the program. */
char *bench_load(const char *path, size_t *out_len);
/* Hand octets of the message to the sink. */
void bench_put(struct bench *bench, const void *data, size_t len);

/* What the program does: prepare once, then one message at a time. */
void bench_prepare(struct bench *bench);
void bench_one(struct bench *bench);
extern const int bench_n_files;

#endif
