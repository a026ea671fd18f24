/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this process is a copy of the one that made an object; no handler is registered. */
#ifndef MAILSUB_BASE_FORKED_H
#define MAILSUB_BASE_FORKED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct mailsub__birth {
    _Atomic uint64_t *page; /* zero in a child */
    bool wiped;             /* the kernel does that; else pid is compared */
    pid_t pid;
    _Atomic uint64_t generation; /* the latest that this process or an ancestor had */
} mailsub__birth;

/* MAILSUB_E_SYSTEM: the process number serves all the same. */
int mailsub__birth_init(mailsub__birth *birth);
void mailsub__birth_deinit(mailsub__birth *birth);
bool mailsub__birth_is_elsewhere(const mailsub__birth *birth);
/* From now on this process counts as the one that made it. */
void mailsub__birth_renew(mailsub__birth *birth);
/*
 * A number that stays the same in this process, and is another one in each child of it: objects
 * that share a birth can each tell whether they have moved. Any thread, and a signal handler. Not
 * together with _renew.
 */
uint64_t mailsub__birth_generation(mailsub__birth *birth);

#endif
