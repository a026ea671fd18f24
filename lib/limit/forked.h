/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this process is a copy of the one that made an object; no handler is registered. */
#ifndef MAILSUB_LIMIT_FORKED_H
#define MAILSUB_LIMIT_FORKED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct mailsub__birth {
    volatile unsigned char *page; /* zero in a child */
    bool wiped;                   /* the kernel does that; else pid is compared */
    pid_t pid;
} mailsub__birth;

/* MAILSUB_E_SYSTEM */
int mailsub__birth_init(mailsub__birth *birth);
void mailsub__birth_deinit(mailsub__birth *birth);
bool mailsub__birth_is_elsewhere(const mailsub__birth *birth);
/* From now on this process counts as the one that made it. */
void mailsub__birth_renew(mailsub__birth *birth);

#endif
