/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs one behind the other. A job stands in one queue at a time. In most queues they stand in the
 * order of posting: what returns there takes the place that its number gives it.
 */
#ifndef MAILSUB_SESSION_QUEUE_H
#define MAILSUB_SESSION_QUEUE_H

#include <stddef.h>

typedef struct mailsub__job mailsub__job;

typedef struct mailsub__queue {
    mailsub__job *first;
    mailsub__job *last;
    size_t n;
} mailsub__queue;

/* The job stands in no queue. Costs nothing where it is the youngest. */
void mailsub__queue_insert(mailsub__queue *queue, mailsub__job *job);
/* The same, behind all that stand there already. */
void mailsub__queue_append(mailsub__queue *queue, mailsub__job *job);
/* Take it out of the queue that it stands in, if in any. */
void mailsub__queue_leave(mailsub__job *job);

#endif
