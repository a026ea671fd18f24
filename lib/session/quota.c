/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Session and limiter.
 *
 * Recipients are reserved when everything else is ready and MAIL would be next: a server counts
 * when it is told, so what is reserved long before would count in another window than the server's.
 * Before a connection is made the limiter is only looked at, so that nobody connects in vain, and a
 * connection that fails costs nothing.
 *
 * What ends as not attempted is given back, exactly; refused recipients are not, for the server has
 * seen them.
 */
#include "session/quota.h"

#include <stdio.h>
#include <string.h>

#include "message/message.h"
#include "session/session.h"

/* When something is refused by a limiter that does not say when to come again. */
#define UNKNOWN_WAIT_MS 1000

static const char *sender_of(const mailsub__job *job, char out[MAILSUB_MAX_ADDRESS + 2])
{
    mailsub__slice sender = mailsub__message_sender(job->message);
    snprintf(out, MAILSUB_MAX_ADDRESS + 2, "%.*s", (int)sender.len, sender.ptr);
    return out;
}

/* A probe and ETRN send no message; the limiter does not know of them. */
static bool is_limited(const mailsub_session *session, const mailsub__job *job)
{
    return session->config->limiter && job->kind == MAILSUB__KIND_MESSAGE;
}

static size_t count_all(const mailsub__job *job)
{
    return mailsub_message_count_recipients(job->message);
}

/* Recipients from first on get the code, and the receipt says when to come again. */
static void mark(mailsub__job *job, size_t first, int code)
{
    for (size_t i = first; i < job->receipt->n_recipients; i++) {
        job->receipt->verdicts[i] = (mailsub__verdict){
            .outcome = MAILSUB_OUTCOME_NOT_ATTEMPTED, .code = code, .stage = MAILSUB_STAGE_CHECK};
    }
}

static void write_detail(const mailsub__job *job, int code, char *out, size_t room)
{
    int64_t retry_ms = mailsub_ticket_get_retry_after(job->ticket);
    out[0] = '\0';
    if (code != MAILSUB_E_RATE_LIMITED)
        return;
    if (retry_ms < 0)
        snprintf(out, room, "%zu recipients are more than the sender's limit allows at once",
                 count_all(job) - job->first);
    else
        snprintf(out, room, "the next slot opens in %lld s", (long long)(retry_ms + 999) / 1000);
}

/* The rest of the job is not sent. */
static enum mailsub__quota give_up(mailsub_session *session, const mailsub__link *link,
                                   mailsub__job *job, int code)
{
    char detail[128];
    const mailsub__verdict cause = {.code = code, .stage = MAILSUB_STAGE_CHECK};
    write_detail(job, code, detail, sizeof detail);
    job->receipt->retry_ms = mailsub_ticket_get_retry_after(job->ticket);
    if (job->first == 0) {
        mailsub__job_fail(session, link, job, &cause, detail);
        return MAILSUB__QUOTA_OVER;
    }
    mark(job, job->first, code);
    job->n = 0;
    mailsub__job_conclude(session, job, detail);
    return MAILSUB__QUOTA_OVER;
}

static enum mailsub__quota wait_or_give_up(mailsub_session *session, const mailsub__link *link,
                                           mailsub__job *job, int64_t now_ms)
{
    int64_t retry_ms = mailsub_ticket_get_retry_after(job->ticket);
    if (session->config->when_limited != MAILSUB_WHEN_LIMITED_WAIT || retry_ms < 0)
        return give_up(session, link, job, MAILSUB_E_RATE_LIMITED);
    if (retry_ms == 0)
        retry_ms = UNKNOWN_WAIT_MS;
    if (job->deadline_ms >= 0 && now_ms + retry_ms > job->deadline_ms)
        return give_up(session, link, job, MAILSUB_E_RATE_LIMITED);
    job->wait_until_ms = now_ms + retry_ms;
    mailsub__log_tell(link ? &link->log : &session->config->log, now_ms,
                      &(mailsub__fact){.id = MAILSUB_LOG_WAITING,
                                       .number = (uint64_t)retry_ms,
                                       .code = MAILSUB_E_RATE_LIMITED});
    return MAILSUB__QUOTA_WAIT;
}

/* The job's own: several are under way at once. */
static int have_ticket(const mailsub_session *session, mailsub__job *job)
{
    return job->ticket ? MAILSUB_OK : mailsub_ticket_new(&session->allocator, &job->ticket);
}

enum mailsub__quota mailsub__quota_look(mailsub_session *session, mailsub__job *job, int64_t now_ms)
{
    char sender[MAILSUB_MAX_ADDRESS + 2];
    if (!is_limited(session, job) || job->reserved)
        return MAILSUB__QUOTA_GO;
    int rc = have_ticket(session, job);
    if (rc)
        return give_up(session, NULL, job, rc);
    rc = mailsub_limiter_query(session->config->limiter, sender_of(job, sender), NULL, job->ticket);
    if (rc == MAILSUB_OK && mailsub_ticket_get_retry_after(job->ticket) > 0)
        return wait_or_give_up(session, NULL, job, now_ms);
    return MAILSUB__QUOTA_GO; /* an error of the store is told when something is reserved */
}

/* As many as can be; all, where a part would not do, or where waiting can bring all of them. */
static int reserve(mailsub_session *session, const mailsub__job *job, size_t n)
{
    const mailsub_config *config = session->config;
    char sender[MAILSUB_MAX_ADDRESS + 2];
    sender_of(job, sender);
    if (config->when_limited != MAILSUB_WHEN_LIMITED_PART || config->all_or_none) {
        int rc = mailsub_limiter_reserve(config->limiter, sender, (int64_t)n, NULL, job->ticket);
        bool never =
            rc == MAILSUB_E_RATE_LIMITED && mailsub_ticket_get_retry_after(job->ticket) < 0;
        if (!never || config->when_limited == MAILSUB_WHEN_LIMITED_FAIL || config->all_or_none)
            return rc;
    }
    return mailsub_limiter_reserve_some(config->limiter, sender, (int64_t)n, NULL, job->ticket);
}

enum mailsub__quota mailsub__quota_reserve(mailsub_session *session, const mailsub__link *link,
                                           mailsub__job *job, int64_t now_ms)
{
    size_t n = job->message ? count_all(job) - job->first : 0;
    if (job->reserved)
        return MAILSUB__QUOTA_GO;
    if (!is_limited(session, job) || n == 0) {
        job->n = n;
        return MAILSUB__QUOTA_GO;
    }
    int rc = have_ticket(session, job);
    if (rc == MAILSUB_OK)
        rc = reserve(session, job, n);
    if (rc == MAILSUB_E_RATE_LIMITED)
        return wait_or_give_up(session, link, job, now_ms);
    if (rc)
        return give_up(session, link, job, rc);
    job->reserved = true;
    job->n = (size_t)mailsub_ticket_get_granted(job->ticket);
    job->retry_ms = mailsub_ticket_get_retry_after(job->ticket);
    return MAILSUB__QUOTA_GO;
}

/* ---- afterwards ---- */

static bool says_slow_down(const mailsub__verdict *verdict, const char *text)
{
    return verdict->reply_code >= 400 &&
           mailsub_limiter_is_slow_down(verdict->reply_code, verdict->enhanced, text);
}

static bool was_told_to_slow_down(const mailsub__job *job)
{
    const mailsub_receipt *receipt = job->receipt;
    if (says_slow_down(&receipt->whole, receipt->text))
        return true;
    for (size_t i = job->first; i < job->first + job->n && i < receipt->n_recipients; i++) {
        if (says_slow_down(&receipt->verdicts[i],
                           mailsub_receipt_get_recipient_reply_text(receipt, i)))
            return true;
    }
    return false;
}

void mailsub__quota_settle(mailsub_session *session, mailsub__job *job)
{
    const mailsub_config *config = session->config;
    char sender[MAILSUB_MAX_ADDRESS + 2];
    if (!is_limited(session, job) || !job->prepared)
        return;
    if (job->reserved) {
        int64_t n = 0;
        for (size_t i = job->first; i < job->first + job->n; i++)
            n += job->receipt->verdicts[i].outcome == MAILSUB_OUTCOME_NOT_ATTEMPTED;
        /* A store that fails here leaves them counted: against the sender, not for it. */
        if (n > 0)
            mailsub_limiter_refund(config->limiter, job->ticket, n, NULL);
        mailsub_limiter_commit(config->limiter, job->ticket);
        job->reserved = false;
    }
    if (!job->learnt && was_told_to_slow_down(job))
        mailsub_limiter_close_sender(config->limiter, sender_of(job, sender), 0, NULL);
    job->learnt = true;
}

bool mailsub__quota_next(mailsub_session *session, mailsub__job *job)
{
    size_t next = job->first + job->n;
    if (!is_limited(session, job) || job->n == 0 || next >= count_all(job))
        return false;
    int code = job->receipt->whole.code;
    job->first = next;
    job->n = 0;
    bool goes_on =
        session->config->when_limited == MAILSUB_WHEN_LIMITED_WAIT &&
        (code == MAILSUB_OK || code == MAILSUB_E_PARTIAL || code == MAILSUB_E_RECIPIENTS_REFUSED);
    job->learnt = !goes_on;
    if (!goes_on) {
        bool limited = code == MAILSUB_OK || code == MAILSUB_E_PARTIAL;
        mark(job, next, limited ? MAILSUB_E_RATE_LIMITED : code);
        job->receipt->retry_ms = job->retry_ms;
        if (code == MAILSUB_OK)
            job->receipt->whole.code = MAILSUB_E_PARTIAL;
    }
    return goes_on;
}
