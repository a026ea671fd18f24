/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which job goes over which link, and when links are opened and closed. */
#include "session/quota.h"
#include "session/session.h"

/* Say goodbye to the servers that nothing is wanted of now. */
static bool leave_idle(mailsub_session *session, int64_t now_ms)
{
    bool any = false;
    for (mailsub__link *link = session->links; link; link = link->next) {
        if (!mailsub__link_is_idle(link))
            continue;
        mailsub__link_quit(link, now_ms);
        mailsub__link_drop(link);
        any = true;
    }
    return any;
}

/* The link over which the next job goes: one that waits for it, else one that can be opened. */
static mailsub__link *choose(const mailsub_session *session)
{
    mailsub__link *link = session->links;
    return link->state == MAILSUB__LINK_NONE || mailsub__link_is_idle(link) ? link : NULL;
}

/* The link is closed: connect for the job. */
static bool open_for(mailsub__link *link, mailsub__job *job, int64_t now_ms)
{
    enum mailsub__quota quota = mailsub__quota_look(link->session, job, now_ms);
    if (quota == MAILSUB__QUOTA_GO)
        mailsub__link_open(link, now_ms);
    return quota != MAILSUB__QUOTA_WAIT;
}

bool mailsub__schedule_advance(mailsub_session *session, int64_t now_ms)
{
    mailsub__job *job = session->waiting.first;
    if (!job)
        return false;
    /* A server would end the connection meanwhile, and that would look like the job's end. */
    if (job->wait_until_ms > now_ms)
        return leave_idle(session, now_ms);
    job->wait_until_ms = 0;
    mailsub__link *link = choose(session);
    if (!link)
        return false;
    if (!mailsub__job_prepare(session, link, job))
        return true;
    if (link->state == MAILSUB__LINK_NONE)
        return open_for(link, job, now_ms);
    if (mailsub__engine_is_spent(link->engine))
        return leave_idle(session, now_ms);
    mailsub__job_submit(session, link, job, now_ms);
    return true;
}
