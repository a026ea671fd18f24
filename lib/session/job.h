/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was posted, on its way from post to its receipt. */
#ifndef MAILSUB_SESSION_JOB_H
#define MAILSUB_SESSION_JOB_H

#include <mailsub/limiter.h>
#include <mailsub/session.h>

#include "session/failover.h"
#include "session/queue.h"
#include "session/receipt.h"
#include "smtp/engine.h"

typedef struct mailsub__link mailsub__link;

/* What is to be done: a message to send, a probe or an operation. */
typedef struct mailsub__order {
    enum mailsub__kind kind;
    const char *argument;     /* of an operation; copied */
    mailsub_message *message; /* NULL with an operation */
    mailsub_receipt *receipt; /* may be NULL */
    mailsub_done_fn done;
    void *context;
} mailsub__order;

/* One order that was posted. It waits in the session's queue, or is under way in a link's. */
struct mailsub__job {
    mailsub__queue *queue; /* NULL: none */
    mailsub__job *before;
    mailsub__job *behind;
    uint64_t number; /* in the order of posting */
    uint64_t told;   /* octets of the content that progress was told of */
    enum mailsub__kind kind;
    char *argument;           /* NULL: none */
    mailsub_message *message; /* NULL with an operation */
    mailsub_receipt *receipt; /* the caller's, or own_receipt */
    mailsub_receipt *own_receipt;
    mailsub_done_fn done; /* NULL: it goes to the queue of those done */
    void *context;
    int64_t deadline_ms;   /* -1: none */
    bool prepared;         /* message and receipt are ready */
    uint32_t capabilities; /* MAILSUB_CAN_* that the message is laid out for */
    bool server_checked;   /* the policy was asked about the server */
    bool repeated;         /* a dead kept connection was replaced for it once */
    mailsub__tour tour;    /* of the servers */
    /* Of a message whose recipients are more than the limiter admits at once, each part is a
       transaction of its own. */
    size_t first;           /* recipient of the part */
    size_t n;               /* recipients of it */
    mailsub_ticket *ticket; /* NULL: the limiter was not asked yet */
    bool reserved;          /* the ticket is for the part */
    bool learnt;            /* the limiter was told what the server said to it */
    int64_t retry_ms;       /* when the rest may come */
    int64_t wait_until_ms;  /* 0: it does not wait for the limiter */
    mailsub__delivery delivery;
    mailsub__transaction transaction;
};

/* Has its time run out? */
static inline bool mailsub__job_is_over(const mailsub__job *job, int64_t now_ms)
{
    return job->deadline_ms >= 0 && job->deadline_ms <= now_ms;
}

int mailsub__job_post(mailsub_session *session, const mailsub__order *order, int64_t now_ms);
/*
 * Make message and receipt ready, for the server at the other end of the link, if it talks already.
 * False: the job has ended.
 */
bool mailsub__job_prepare(mailsub_session *session, const mailsub__link *link, mailsub__job *job);
/* Hand it to the link's engine, or end it, or have it wait for the limiter. */
void mailsub__job_submit(mailsub_session *session, mailsub__link *link, mailsub__job *job,
                         int64_t now_ms);
/* Tell how much of it has gone over the link, if that is wanted and more than before. */
void mailsub__job_tell_progress(const mailsub__link *link, mailsub__job *job);
/* Free one that stands in no queue. */
void mailsub__job_free(mailsub_session *session, mailsub__job *job);
/* Give the message back without telling anybody anything, and free the job. */
void mailsub__job_forget(mailsub_session *session, mailsub__job *job);
/* The engine is done with the transaction. */
void mailsub__job_transacted(mailsub__link *link, mailsub__transaction *transaction,
                             int64_t now_ms);
/* End a job before anything of it was sent. link: the one that it was to use, or NULL. */
void mailsub__job_fail(mailsub_session *session, const mailsub__link *link, mailsub__job *job,
                       const mailsub__verdict *cause, const char *detail);
/* The same where the engine knows the cause, and the server's words about it, or "". */
void mailsub__job_refuse(mailsub_session *session, const mailsub__link *link, mailsub__job *job,
                         const mailsub__verdict *cause, const char *text);
/* End a job after a part of it: what is left keeps its verdicts. */
void mailsub__job_conclude(mailsub_session *session, mailsub__job *job, const char *detail);

#endif
