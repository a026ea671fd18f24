/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joins failover.h, which knows servers, with links, jobs and their receipts. */
#include "session/elsewhere.h"

#include "session/session.h"

static const mailsub__server *server_of(const mailsub__link *link)
{
    return &link->session->config->servers[link->server];
}

/* Another connection to the same server stands: it is alive, and wants no further ones. */
static bool is_alive(const mailsub__link *link)
{
    const mailsub__link *other = link->session->links;
    while (other && (other == link || other->server != link->server || !other->opened))
        other = other->next;
    return other != NULL;
}

static void leave_alone(mailsub__link *link, const mailsub__verdict *cause, const char *text,
                        int64_t now_ms)
{
    mailsub__failover *failover = &link->session->failover;
    int64_t pause_ms = mailsub__failover_fail(failover, link->server, now_ms);
    if (failover->n == 1)
        return;
    mailsub__log_tell(&link->log, now_ms,
                      &(mailsub__fact){.id = MAILSUB_LOG_FAILOVER,
                                       .code = cause->code,
                                       .stage = cause->stage,
                                       .reply_code = cause->reply_code,
                                       .enhanced = cause->enhanced,
                                       .number = (uint64_t)pause_ms,
                                       .name = mailsub__slice_str(server_of(link)->url),
                                       .text = mailsub__slice_str(text)});
}

/* Where no reply says why, and nobody else: what the transport knows. */
static const char *words_of(const mailsub__link *link, const mailsub__verdict *cause,
                            const char *text)
{
    bool silent = cause->reply_code == 0 && text[0] == '\0';
    return silent ? mailsub__transport_get_detail(link->transport) : text;
}

/* Is there a server that the job can still be sent to, and time? */
static bool has_next(const mailsub_session *session, const mailsub__job *job,
                     const mailsub__tour *tour, int64_t now_ms)
{
    return !mailsub__job_is_over(job, now_ms) &&
           mailsub__failover_next(&session->failover, tour, now_ms) < session->failover.n;
}

/*
 * There are other connections, which have to do. Where the server is left alone, one more may go to
 * another. One that is not wanted any more before it stands says nothing of what the server takes.
 */
static bool leave_to_company(mailsub__link *link, int code, bool permitted)
{
    const mailsub__failover *failover = &link->session->failover;
    if (!mailsub__link_has_company(link))
        return false;
    bool is_left_alone = permitted && !is_alive(link) && failover->n > 1 && failover->first_ms > 0;
    if (!is_left_alone && code != MAILSUB_E_CANCELLED)
        mailsub__schedule_hold(link->session);
    return true;
}

bool mailsub__elsewhere_after_opening(mailsub__link *link, const mailsub__verdict *cause,
                                      const char *text, int64_t now_ms)
{
    mailsub_session *session = link->session;
    mailsub__job *job = mailsub__link_has_company(link) ? NULL : session->waiting.first;
    bool permitted = mailsub__failover_permits(cause->code, cause->stage);
    const char *words = words_of(link, cause, text);
    if (job) {
        mailsub__failover_pass(&session->failover, &job->tour, link->server);
        mailsub__receipt_add_failure(job->receipt, server_of(link)->url, cause, words);
    }
    if (permitted && !is_alive(link))
        leave_alone(link, cause, words, now_ms);
    if (leave_to_company(link, cause->code, permitted))
        return true;
    return job && permitted && has_next(session, job, &job->tour, now_ms);
}

bool mailsub__elsewhere_conclude(mailsub__link *link, mailsub__job *job,
                                 const mailsub__verdict *cause)
{
    mailsub_receipt *receipt = job->receipt;
    const mailsub__receipt_failure *failure = mailsub__receipt_find_hope(receipt);
    if (!failure || !mailsub__failover_permits(cause->code, cause->stage) ||
        mailsub_error_action(cause->code) == MAILSUB_ACTION_RETRY_LATER)
        return false;
    const mailsub__verdict verdict = failure->verdict;
    bool heard = verdict.reply_code != 0;
    mailsub__receipt_set_server(receipt, failure->server);
    mailsub__receipt_copy(receipt->text, sizeof receipt->text, heard ? failure->text : "");
    mailsub__job_fail(link->session, NULL, job, &verdict, heard ? "" : failure->text);
    return true;
}

bool mailsub__elsewhere_after_loss(mailsub__link *link, mailsub__job *job, int64_t now_ms)
{
    mailsub_session *session = link->session;
    const mailsub__verdict *cause = mailsub__engine_failure(link->engine);
    mailsub__tour tour = job->tour;
    mailsub__failover_pass(&session->failover, &tour, link->server);
    if (!mailsub__failover_permits(cause->code, cause->stage) || tour.tried == job->tour.tried ||
        !has_next(session, job, &tour, now_ms))
        return false;
    const char *words = words_of(link, cause, mailsub__engine_failure_text(link->engine));
    job->tour = tour;
    mailsub__receipt_add_failure(job->receipt, server_of(link)->url, cause, words);
    leave_alone(link, cause, words, now_ms);
    return true;
}

/*
 * A server that stands and does not answer would take each message's time. One that closes is found
 * out by the next connection: it may have been this one's age.
 */
void mailsub__elsewhere_note_end(mailsub__link *link, const mailsub__verdict *cause, int64_t now_ms)
{
    if (cause->code == MAILSUB_E_TIMEOUT && !is_alive(link))
        leave_alone(link, cause, mailsub__transport_get_detail(link->transport), now_ms);
}
