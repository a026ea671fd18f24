/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection of a session, from nothing to TLS and login, and the jobs that it carries. */
#ifndef MAILSUB_SESSION_LINK_H
#define MAILSUB_SESSION_LINK_H

#include "base/buffer.h"
#include "net/transport.h"
#include "session/job.h"

enum mailsub__link_state {
    MAILSUB__LINK_NONE,
    MAILSUB__LINK_OPENING,      /* resolving, connecting, implicit TLS */
    MAILSUB__LINK_STARTING_TLS, /* the handshake after STARTTLS */
    MAILSUB__LINK_TALKING       /* bytes go between engine and server */
};

/* It lives as long as its session, over one connection after the other. */
struct mailsub__link {
    mailsub__link *next; /* in the session */
    mailsub_session *session;
    size_t server;                 /* of the config, to which the connection is or was */
    mailsub__transport *transport; /* of that server */
    enum mailsub__link_state state;
    mailsub__engine *engine;   /* while TALKING or STARTING_TLS */
    bool handshaking;          /* the TLS time-out runs */
    bool opened;               /* the engine takes transactions, or has */
    bool quitting;             /* it takes none any more */
    bool kept;                 /* the connection has served a job already */
    bool lost;                 /* a job has ended with it: those behind it may go elsewhere */
    uint64_t n_begun;          /* jobs that it was given, ever */
    int64_t idle_since_ms;     /* where it is idle */
    int64_t phase_deadline_ms; /* of OPENING and STARTING_TLS */
    int64_t share_until_ms;    /* until it is open; -1: the job's whole time is this server's */
    mailsub__log log;          /* of the connection */
    mailsub__queue jobs;       /* that the engine has */
    mailsub__buffer offers[2]; /* of the last connection; by MAILSUB_OFFER_* */
    /* By server, with what its TLS has to go on with; NULL: it was never asked over this link. */
    mailsub__transport *transports[];
};

/* MAILSUB_E_NOMEM */
int mailsub__link_new(mailsub_session *session, mailsub__link **out_link);
/* There is no connection and no job. May wait for the resolver. */
void mailsub__link_free(mailsub__link *link);

/* Begin to connect to a server; only when there is no connection. The job is the one that waits for
   it, or NULL. */
void mailsub__link_open(mailsub__link *link, size_t server, const mailsub__job *job,
                        int64_t now_ms);
/* Go on with the connection. True when something came of it. */
bool mailsub__link_advance(mailsub__link *link, int64_t now_ms);
/* End the connection because of code; the jobs under way get their verdicts. */
void mailsub__link_abort(mailsub__link *link, int code, int64_t now_ms);
/* Say QUIT, if the server is there and no job is under way, and send what goes without waiting. */
void mailsub__link_quit(mailsub__link *link, int64_t now_ms);
/* Close whatever there is, without a word. */
void mailsub__link_drop(mailsub__link *link);
/* In a child: forget connection and jobs, which are the parent's. closed: as with the transport. */
void mailsub__link_abandon(mailsub__link *link, bool closed);
/* When it must be looked at; -1: never. */
int64_t mailsub__link_deadline(const mailsub__link *link);
/* If the deadline has passed. */
void mailsub__link_expire(mailsub__link *link, int64_t now_ms);

/* Can the server be given a job? */
bool mailsub__link_is_usable(const mailsub__link *link);
/* Does it wait for one? */
bool mailsub__link_is_idle(const mailsub__link *link);
/* Are there others of the session with a connection, or about to have one? */
bool mailsub__link_has_company(const mailsub__link *link);

#endif
