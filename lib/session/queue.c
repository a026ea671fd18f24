/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/queue.h"

#include <assert.h>

#include "session/job.h"

static void put_behind(mailsub__queue *queue, mailsub__job *before, mailsub__job *job)
{
    assert(!job->queue);
    mailsub__job *behind = before ? before->behind : queue->first;
    job->queue = queue;
    job->before = before;
    job->behind = behind;
    *(before ? &before->behind : &queue->first) = job;
    *(behind ? &behind->before : &queue->last) = job;
    queue->n++;
}

void mailsub__queue_insert(mailsub__queue *queue, mailsub__job *job)
{
    mailsub__job *before = queue->last;
    while (before && before->number > job->number)
        before = before->before;
    put_behind(queue, before, job);
}

void mailsub__queue_append(mailsub__queue *queue, mailsub__job *job)
{
    put_behind(queue, queue->last, job);
}

void mailsub__queue_leave(mailsub__job *job)
{
    mailsub__queue *queue = job->queue;
    if (!queue)
        return;
    *(job->before ? &job->before->behind : &queue->first) = job->behind;
    *(job->behind ? &job->behind->before : &queue->last) = job->before;
    job->queue = NULL;
    job->before = NULL;
    job->behind = NULL;
    queue->n--;
}
