/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of the C library and of GnuTLS that fail on demand. A program is linked with -Wl,--wrap for
 * each call in faults.c; then the calls of its objects and of the static library pass through here,
 * while those of shared libraries, such as the fake server, do not.
 */
#ifndef MAILSUB_TESTS_FAULTS_H
#define MAILSUB_TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include <mailsub/system.h>

/*
 * From now on count the calls, and fail the one with this number, from 1 on. In which way it fails
 * (EINTR, ECONNRESET ...) changes from one call of a kind to the next, beginning with the turn-th.
 */
void faults_arm(size_t number, size_t turn);

/* No more. Returns what failed, such as "recv: Connection reset by peer"; "" when nothing did. */
const char *faults_disarm(void);

/* Blocks of memory that are lent out by the allocator below. */
size_t faults_count_blocks(void);

/* An allocator whose requests are calls that may fail, too. */
extern const mailsub_allocator faults_allocator;

#endif
