/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a session: a queue of jobs that wait, and the links to the server that carry those
 * under way.
 *
 * job.c takes a message from post to its receipt, link.c takes a connection from nothing to TLS and
 * login and moves the bytes, schedule.c decides which job goes over which link and when links are
 * opened and closed, session.c is the public interface and the loop over all of them.
 */
#ifndef MAILSUB_SESSION_SESSION_H
#define MAILSUB_SESSION_SESSION_H

#include <stdatomic.h>

#include <mailsub/session.h>

#include "net/poller.h"
#include "session/config.h"
#include "session/failover.h"
#include "session/job.h"
#include "session/link.h"

struct mailsub_session {
    mailsub_allocator allocator;
    mailsub_config *config;
    mailsub__poller *poller;
    char helo_name[256];

    uint64_t generation; /* of the config's birth, where the session is at home */

    mailsub__link *links; /* one at least */
    size_t n_links;
    int64_t hold_until_ms; /* no more connections are tried before */
    mailsub__link *shown;  /* the one that talked last: its offers are the session's */
    int handed_in;         /* a connection for the next link that is opened; -1: none */

    mailsub__queue waiting;       /* for a link */
    mailsub__queue done;          /* and not told */
    size_t n_pending;             /* waiting and under way */
    uint32_t n_connections;       /* ever begun */
    mailsub_progress_fn progress; /* NULL: not wanted */
    void *progress_context;
    bool processing;
    bool posted;       /* since the last time that was processed */
    bool ending;       /* being freed: nothing more may be posted */
    uint64_t n_posted; /* ever: the next job's number */
    atomic_bool cancelled;

    mailsub__failover failover;
    mailsub__health health[]; /* of the config's servers */
};

/* compliance.c */
/* Check the message of a prepared job; MAILSUB_E_POLICY, the receipt's detail set, and others. */
int mailsub__compliance_check(const mailsub_session *session, const mailsub__job *job);
/*
 * The same of what the server told. A message beyond its SIZE is a finding here, but no error: the
 * engine refuses it, with the more exact MAILSUB_E_MESSAGE_TOO_BIG.
 */
int mailsub__compliance_check_server(const mailsub__link *link, mailsub__job *job);

/* schedule.c */
/* Have the first job that waits go on, if it can. True when something came of it. */
bool mailsub__schedule_advance(mailsub_session *session, int64_t now_ms);
/* One more connection was refused: those that there are have to do for a time. */
void mailsub__schedule_hold(mailsub_session *session);
/* A kept connection was found dead: the idle ones may be too, and are used no more. */
void mailsub__schedule_distrust(mailsub_session *session);
/* When it must be looked at for time's sake; -1: never. */
int64_t mailsub__schedule_deadline(const mailsub_session *session);

/* settle.c */
/* Is this a child of the process that the session is at home in? */
bool mailsub__session_is_elsewhere(const mailsub_session *session);
/*
 * What every call that does something begins with. In a child: leave connections and jobs to the
 * parent, and be at home here. MAILSUB_E_STATE the parent was in the middle of processing;
 * MAILSUB_E_SYSTEM no descriptor is left.
 */
int mailsub__session_settle(mailsub_session *session);
/* The same, of one that is about to be freed; false: it cannot be. */
bool mailsub__session_abandon(mailsub_session *session);

/* way.c */
/* What stands in place of a server. */
enum mailsub__outlet_kind mailsub__way_outlet(enum mailsub__way way);
/* Put the more exact code where what stands in place of a server refused the content. */
void mailsub__way_explain(const mailsub_config *config, mailsub__transaction *transaction);

/* session.c */
/* Post an order and wait until it is done; its done and context are not used. */
int mailsub__session_run(mailsub_session *session, const mailsub__order *order);
/* Tell the receipt, if there is one, that nothing was tried because of code, which is returned. */
int mailsub__session_refuse(mailsub_receipt *receipt, int code);

#endif
