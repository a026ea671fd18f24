/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a session: a queue of jobs and one link to the server.
 *
 * job.c takes a message from post to its receipt, link.c takes the connection from nothing to TLS
 * and login and moves the bytes, session.c is the public interface and the loop over both.
 */
#ifndef MAILSUB_SESSION_SESSION_H
#define MAILSUB_SESSION_SESSION_H

#include <stdatomic.h>

#include <mailsub/session.h>

#include "net/poller.h"
#include "net/transport.h"
#include "session/config.h"
#include "session/receipt.h"
#include "smtp/engine.h"

/* What is to be done: a message to send, a probe or an operation. */
typedef struct mailsub__order {
    enum mailsub__kind kind;
    const char *argument;     /* of an operation; copied */
    mailsub_message *message; /* NULL with an operation */
    mailsub_receipt *receipt; /* may be NULL */
    mailsub_done_fn done;
    void *context;
} mailsub__order;

/* One order that was posted. */
typedef struct mailsub__job {
    struct mailsub__job *next;
    uint64_t number; /* in the order of posting */
    enum mailsub__kind kind;
    char *argument;           /* NULL: none */
    mailsub_message *message; /* NULL with an operation */
    mailsub_receipt *receipt; /* the caller's, or own_receipt */
    mailsub_receipt *own_receipt;
    mailsub_done_fn done;
    void *context;
    int64_t deadline_ms;   /* -1: none */
    bool prepared;         /* message and receipt are ready */
    uint32_t capabilities; /* MAILSUB_CAN_* that the message is laid out for */
    bool server_checked;   /* the policy was asked about the server */
    bool submitted;        /* the engine has the transaction */
    bool repeated;         /* a dead kept connection was replaced for it once */
    /* Of a message whose recipients are more than the limiter admits at once, each part is a
       transaction of its own. */
    size_t first;          /* recipient of the part */
    size_t n;              /* recipients of it */
    bool reserved;         /* the session's ticket is for it */
    bool learnt;           /* the limiter was told what the server said to it */
    int64_t retry_ms;      /* when the rest may come */
    int64_t wait_until_ms; /* 0: it does not wait for the limiter */
    mailsub__delivery delivery;
    mailsub__transaction transaction;
} mailsub__job;

enum mailsub__link_state {
    MAILSUB__LINK_NONE,
    MAILSUB__LINK_OPENING,      /* resolving, connecting, implicit TLS */
    MAILSUB__LINK_STARTING_TLS, /* the handshake after STARTTLS */
    MAILSUB__LINK_TALKING       /* bytes go between engine and server */
};

struct mailsub_session {
    mailsub_allocator allocator;
    mailsub_config *config;
    mailsub__poller *poller;
    mailsub__transport *transport;
    mailsub_ticket *ticket; /* where the config has a limiter */
    char helo_name[256];

    enum mailsub__link_state link;
    mailsub__engine *engine;   /* while TALKING or STARTING_TLS */
    bool handshaking;          /* the TLS time-out runs */
    bool idle;                 /* the engine waits for a transaction */
    bool kept;                 /* the connection has served a message already */
    int64_t phase_deadline_ms; /* of OPENING and STARTING_TLS */

    mailsub__buffer offers[2]; /* of the last connection; by MAILSUB_OFFER_* */

    mailsub__job *first;
    mailsub__job *last;
    size_t n_pending;
    bool processing;
    bool ending;       /* being freed: nothing more may be posted */
    uint64_t n_posted; /* ever: the next job's number */
    atomic_bool cancelled;
};

/* link.c */
/* Begin to connect; only when there is no link. */
void mailsub__link_open(mailsub_session *session, int64_t now_ms);
/* Go on with the connection. True when something came of it. */
bool mailsub__link_advance(mailsub_session *session, int64_t now_ms);
/* End the link because of code; the job under way gets its verdict. */
void mailsub__link_abort(mailsub_session *session, int code, int64_t now_ms);
/* Say QUIT, if the server is there and waits, and send what goes without waiting. */
void mailsub__link_quit(mailsub_session *session, int64_t now_ms);
/* Close whatever there is, without a word. */
void mailsub__link_drop(mailsub_session *session);
/* When the link must be looked at; -1: never. */
int64_t mailsub__link_deadline(const mailsub_session *session);
/* The deadline has passed. */
void mailsub__link_expire(mailsub_session *session, int64_t now_ms);

/* compliance.c */
/* Check the message of a prepared job; MAILSUB_E_POLICY, the receipt's detail set, and others. */
int mailsub__compliance_check(const mailsub_session *session, const mailsub__job *job);
/*
 * The same of what the server told. A message beyond its SIZE is a finding here, but no error: the
 * engine refuses it, with the more exact MAILSUB_E_MESSAGE_TOO_BIG.
 */
int mailsub__compliance_check_server(const mailsub_session *session, mailsub__job *job);

/* session.c */
/* Post an order and wait until it is done; its done and context are not used. */
int mailsub__session_run(mailsub_session *session, const mailsub__order *order);
/* Tell the receipt, if there is one, that nothing was tried because of code, which is returned. */
int mailsub__session_refuse(mailsub_receipt *receipt, int code);

/* job.c */
int mailsub__job_post(mailsub_session *session, const mailsub__order *order, int64_t now_ms);
/* Prepare the first job, and submit it when the link is idle. True when something came of it. */
bool mailsub__job_advance(mailsub_session *session, int64_t now_ms);
/* The engine is done with the first job. */
void mailsub__job_transacted(mailsub_session *session);
/* End the first job before anything of it was sent. */
void mailsub__job_fail(mailsub_session *session, int code, int stage, const char *detail);
/* End the first job after a part of it: what is left keeps its verdicts. */
void mailsub__job_conclude(mailsub_session *session, const char *detail);
/* The same as job_fail where the engine knows the cause, and the server's words about it, or "". */
void mailsub__job_refuse(mailsub_session *session, const mailsub__verdict *cause, const char *text);

#endif
