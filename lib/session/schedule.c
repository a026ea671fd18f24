/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which job goes over which link, and when links are opened and closed.
 *
 * The first connection is opened for the first job, which ends with it if that fails. Further ones
 * are opened as long as more jobs are pending than connections there are, and only while one stands
 * already: a server that is not there is asked by one connection at a time, and one that takes no
 * more of them costs nobody a message.
 *
 * Jobs are handed out in the order of posting. A link gets as many as the server can be told of
 * without waiting, but no more than its share, so that those who come later find work too.
 */
#include "net/clock.h"
#include "session/quota.h"
#include "session/session.h"

/* When a server has refused one more connection. */
#define HOLD_MS 60000

void mailsub__schedule_hold(mailsub_session *session)
{
    session->hold_until_ms = mailsub__clock_monotonic_ms() + HOLD_MS;
}

static void leave(mailsub__link *link, int64_t now_ms)
{
    mailsub__link_quit(link, now_ms);
    mailsub__link_drop(link);
}

void mailsub__schedule_distrust(mailsub_session *session)
{
    int64_t now_ms = mailsub__clock_monotonic_ms();
    for (mailsub__link *link = session->links; link; link = link->next) {
        if (mailsub__link_is_idle(link) && link->kept)
            leave(link, now_ms);
    }
}

/* The limiter makes the next job wait. A server would end the connection meanwhile, and that would
   look like the job's end. */
static bool is_paused(const mailsub_session *session, int64_t now_ms)
{
    return session->waiting.first && session->waiting.first->wait_until_ms > now_ms;
}

/* May it be given no more? */
static bool is_spent(const mailsub__link *link)
{
    uint64_t most = link->session->config->max_messages;
    return mailsub__engine_is_spent(link->engine) || (most > 0 && link->n_begun >= most);
}

/* -1: it may be idle for ever */
static int64_t idle_until(const mailsub__link *link)
{
    int64_t most_ms = link->session->config->idle_timeout_ms;
    return most_ms < 0 ? -1 : link->idle_since_ms + most_ms;
}

/* Has its server failed for the job already? */
static bool has_failed(const mailsub__link *link, const mailsub__job *job)
{
    return job->tour.tried >> link->server & 1u;
}

static bool is_unwanted(const mailsub__link *link, int64_t now_ms)
{
    const mailsub_session *session = link->session;
    int64_t until_ms = idle_until(link);
    if (is_spent(link) || is_paused(session, now_ms))
        return true;
    const mailsub__job *job = session->waiting.first;
    if (job && (has_failed(link, job) ||
                mailsub__failover_has_better(&session->failover, &job->tour, link->server, now_ms)))
        return true;
    /* Where nothing is to be kept, what waits already may go first. */
    bool is_kept = session->config->idle_timeout_ms > 0 || !session->waiting.first;
    return is_kept && until_ms >= 0 && until_ms <= now_ms;
}

/* Say goodbye over the links that nothing is wanted of. */
static bool leave_unwanted(mailsub_session *session, int64_t now_ms)
{
    bool any = false;
    for (mailsub__link *link = session->links; link; link = link->next) {
        if (!mailsub__link_is_idle(link) || !is_unwanted(link, now_ms))
            continue;
        leave(link, now_ms);
        any = true;
    }
    return any;
}

int64_t mailsub__schedule_deadline(const mailsub_session *session)
{
    const mailsub__job *waiting = session->waiting.first;
    int64_t deadline_ms = waiting && waiting->wait_until_ms > 0 ? waiting->wait_until_ms : -1;
    for (const mailsub__link *link = session->links; link; link = link->next) {
        int64_t until_ms = mailsub__link_is_idle(link) ? idle_until(link) : -1;
        if (until_ms >= 0 && (deadline_ms < 0 || until_ms < deadline_ms))
            deadline_ms = until_ms;
    }
    return deadline_ms;
}

/* ---- links for jobs ---- */

struct census {
    size_t n_open; /* links that have a connection, or are about to */
    size_t n_usable;
    mailsub__link *closed; /* one that has none */
};

static struct census take_census(const mailsub_session *session)
{
    struct census census = {0};
    for (mailsub__link *link = session->links; link; link = link->next) {
        if (link->state == MAILSUB__LINK_NONE)
            census.closed = census.closed ? census.closed : link;
        census.n_open += link->state != MAILSUB__LINK_NONE;
        census.n_usable += mailsub__link_is_usable(link);
    }
    return census;
}

/* A link without a connection; NULL where memory is short: those that there are have to do. */
static mailsub__link *have_closed(mailsub_session *session, const struct census *census)
{
    mailsub__link *link = census->closed;
    if (link || session->n_links >= session->config->max_connections)
        return link;
    if (mailsub__link_new(session, &link) != MAILSUB_OK)
        return NULL;
    link->next = session->links->next;
    session->links->next = link;
    session->n_links++;
    return link;
}

/* Connect once more, if that is of use. */
static void open_further(mailsub_session *session, struct census *census, int64_t now_ms)
{
    while (census->n_usable > 0 && session->n_pending > census->n_open &&
           census->n_open < session->config->max_connections && now_ms >= session->hold_until_ms) {
        size_t server =
            mailsub__failover_next(&session->failover, &session->waiting.first->tour, now_ms);
        mailsub__link *link = have_closed(session, census);
        if (!link || server == session->failover.n)
            return;
        mailsub__link_open(link, session->handed_in >= 0 ? 0 : server, NULL, now_ms);
        *census = take_census(session);
    }
}

/* How many jobs a link may have under way. */
static size_t room_of(const mailsub__link *link, const struct census *census)
{
    size_t depth = mailsub__engine_depth(link->engine);
    size_t share = (link->session->n_pending + census->n_open - 1) / census->n_open;
    return share < depth ? share : depth;
}

/* The least busy link that may be given the job. */
static mailsub__link *choose(const mailsub_session *session, const mailsub__job *job,
                             const struct census *census)
{
    mailsub__link *best = NULL;
    for (mailsub__link *link = session->links; link; link = link->next) {
        if (!mailsub__link_is_usable(link) || is_spent(link) || has_failed(link, job) ||
            link->jobs.n >= room_of(link, census))
            continue;
        if (!best || link->jobs.n < best->jobs.n)
            best = link;
    }
    return best;
}

/* Where to connect for the job. What the application has connected itself is the first server. */
static size_t choose_server(const mailsub_session *session, mailsub__job *job, int64_t now_ms)
{
    size_t server = mailsub__failover_next(&session->failover, &job->tour, now_ms);
    if (session->handed_in >= 0)
        return 0;
    if (server < session->failover.n)
        return server;
    /* What was left to be asked when it went back has been asked for another job meanwhile. */
    job->tour = (mailsub__tour){0};
    return mailsub__failover_next(&session->failover, &job->tour, now_ms);
}

/* There is no connection: connect for the job. */
static bool open_for(mailsub_session *session, mailsub__link *link, mailsub__job *job,
                     int64_t now_ms)
{
    if (!mailsub__job_prepare(session, link, job))
        return true;
    enum mailsub__quota quota = mailsub__quota_look(session, job, now_ms);
    if (quota == MAILSUB__QUOTA_GO)
        mailsub__link_open(link, choose_server(session, job, now_ms), job, now_ms);
    return quota != MAILSUB__QUOTA_WAIT;
}

bool mailsub__schedule_advance(mailsub_session *session, int64_t now_ms)
{
    if (mailsub__session_is_elsewhere(session))
        return false;
    bool any = leave_unwanted(session, now_ms);
    mailsub__job *job = session->waiting.first;
    if (!job || is_paused(session, now_ms))
        return any;
    job->wait_until_ms = 0;
    struct census census = take_census(session);
    if (census.n_open == 0)
        return open_for(session, census.closed, job, now_ms);
    open_further(session, &census, now_ms);
    mailsub__link *link = choose(session, job, &census);
    if (!link)
        return any;
    if (mailsub__job_prepare(session, link, job))
        mailsub__job_submit(session, link, job, now_ms);
    return true;
}
