/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session after a fork. The child has a copy of everything, and shares the sockets: a word of it
 * on one of them, be it TLS's goodbye, would break into the parent's dialogue. So the first call in
 * the child leaves the connections to the parent, with the messages that were posted there: they
 * are the parent's to report. The child's session is then as one that was just made, and connects
 * anew when it is given something to do.
 *
 * The epoll instance is shared too: it is left before any socket is closed, or closing would take
 * the parent's sockets off its list.
 */
#include "base/fd.h"
#include "session/session.h"

bool mailsub__session_is_elsewhere(const mailsub_session *session)
{
    return mailsub__birth_generation(&session->config->birth) != session->generation;
}

static void forget_queue(mailsub_session *session, mailsub__queue *queue)
{
    while (queue->first)
        mailsub__job_forget(session, queue->first);
}

/* The messages of those that are done have been given back already. */
static void forget_done(mailsub_session *session)
{
    while (session->done.first) {
        mailsub__job *job = session->done.first;
        mailsub__queue_leave(job);
        mailsub__job_free(session, job);
    }
}

static void leave_to_parent(mailsub_session *session, bool closed)
{
    for (mailsub__link *link = session->links; link; link = link->next)
        mailsub__link_abandon(link, closed);
    if (closed)
        session->handed_in = -1;
    mailsub__fd_close(&session->handed_in);
    forget_queue(session, &session->waiting);
    forget_done(session);
    session->n_pending = 0;
    session->posted = false;
    session->hold_until_ms = 0;
    atomic_store(&session->cancelled, false);
    session->generation = mailsub__birth_generation(&session->config->birth);
}

int mailsub__session_settle(mailsub_session *session)
{
    bool closed = false;
    if (!mailsub__session_is_elsewhere(session))
        return MAILSUB_OK;
    if (session->processing)
        return MAILSUB_E_STATE;
    int rc = mailsub__poller_settle(session->poller, &closed);
    if (rc == MAILSUB_OK)
        leave_to_parent(session, closed);
    return rc;
}

bool mailsub__session_abandon(mailsub_session *session)
{
    if (!mailsub__session_is_elsewhere(session))
        return true;
    if (session->processing)
        return false;
    leave_to_parent(session, mailsub__poller_leave(session->poller));
    return true;
}
