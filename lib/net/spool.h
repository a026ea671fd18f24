/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Octets on their way into a file, a block at a time. What fails is kept: nothing is written behind
 * it, and whoever asks in the end is told.
 */
#ifndef MAILSUB_NET_SPOOL_H
#define MAILSUB_NET_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mailsub__spool {
    int fd;       /* above 2, with close-on-exec; -1: none */
    int error;    /* errno of what failed first, such as ENOSPC; 0: nothing */
    uint64_t len; /* octets in the file */
    uint64_t max; /* that this process may put into one */
    size_t n_block;
    char block[8192];
} mailsub__spool;

/* Without a file. */
void mailsub__spool_init(mailsub__spool *spool);
/*
 * A file without a name, for a content that must be complete before anybody reads it. It is gone
 * with its descriptor, whatever happens. A failure is kept.
 */
void mailsub__spool_open(mailsub__spool *spool);
/* A file that was just made; the descriptor is the spool's from then on. */
void mailsub__spool_take(mailsub__spool *spool, int fd);
void mailsub__spool_write(mailsub__spool *spool, const char *data, size_t len);
/* Nothing waits any more. False: see error. */
bool mailsub__spool_flush(mailsub__spool *spool);
/* As after init. */
void mailsub__spool_close(mailsub__spool *spool);

#endif
