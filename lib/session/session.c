/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public interface of a session, and the loop that drives link and jobs. */
#include "session/session.h"

#include <string.h>

#include "base/memory.h"
#include "net/clock.h"

/* How long mailsub_session_close waits for the reply to QUIT. */
#define GOODBYE_MS 2000

/*
 * Whether the certificate decides. Where the connection would also be taken in clear, a certificate
 * that nobody vouches for is no reason to give up, unless the caller named whom to trust.
 */
static bool certificate_decides(const mailsub_config *config)
{
    if (config->skip_verify)
        return false;
    return config->tls != MAILSUB_TLS_OPPORTUNISTIC || config->trust_chosen || config->verify_name;
}

int mailsub_session_new(mailsub_config *config, mailsub_session **out_session)
{
    if (!config || !out_session || config->host[0] == '\0')
        return MAILSUB_E_INVALID;
    if (config->lmtp && config->port == 25) /* RFC 2033 section 5 */
        return MAILSUB_E_INVALID;
    mailsub_session *session = mailsub__alloc_zeroed(&config->allocator, sizeof *session);
    if (!session)
        return MAILSUB_E_NOMEM;
    session->allocator = config->allocator;
    session->config = mailsub_config_ref(config);
    atomic_init(&session->cancelled, false);
    for (int i = 0; i < 2; i++)
        mailsub__buffer_init(&session->offers[i], &session->allocator, 0);
    atomic_store(&config->frozen, true);
    mailsub__transport_settings settings = {
        .host = config->host,
        .port = config->port,
        .verify_name = config->verify_name ? config->verify_name : config->host,
        .trust = config->trust,
        .verify = certificate_decides(config),
        .resume = config->resume,
    };
    int rc = mailsub__poller_new(&session->allocator, &session->poller);
    if (rc == MAILSUB_OK)
        rc = mailsub__transport_new(&session->allocator, session->poller, &settings,
                                    &session->transport);
    if (rc == MAILSUB_OK && config->limiter)
        rc = mailsub_ticket_new(&session->allocator, &session->ticket);
    if (rc) {
        mailsub_session_free(session);
        return rc;
    }
    *out_session = session;
    return MAILSUB_OK;
}

/* Is the job of this number, or one before it, still waiting? A job's address may be used again. */
static bool waits(const mailsub_session *session, uint64_t number)
{
    return session->first && session->first->number <= number;
}

/* End what is there now; what done functions post meanwhile goes on. */
static void cancel_all(mailsub_session *session, int64_t now_ms)
{
    if (!session->first)
        return;
    uint64_t last = session->last->number;
    mailsub__link_abort(session, MAILSUB_E_CANCELLED, now_ms);
    mailsub__link_drop(session);
    while (waits(session, last))
        mailsub__job_fail(session, MAILSUB_E_CANCELLED, MAILSUB_STAGE_NONE, "");
}

void mailsub_session_free(mailsub_session *session)
{
    if (!session)
        return;
    if (session->transport) {
        int64_t now_ms = mailsub__clock_monotonic_ms();
        session->processing = true;
        session->ending = true;
        mailsub__link_quit(session, now_ms);
        cancel_all(session, now_ms);
        mailsub__link_drop(session);
    }
    mailsub__buffer_deinit(&session->offers[0]);
    mailsub__buffer_deinit(&session->offers[1]);
    mailsub_ticket_free(session->ticket);
    mailsub__transport_free(session->transport);
    mailsub__poller_free(session->poller);
    mailsub_config *config = session->config;
    mailsub__free(&session->allocator, session);
    mailsub_config_unref(config);
}

static void expire(mailsub_session *session, int64_t now_ms)
{
    mailsub__link_expire(session, now_ms);
    /* All jobs have the same time, so the first is the first to run out of it. */
    while (session->first && session->first->deadline_ms >= 0 &&
           session->first->deadline_ms <= now_ms) {
        uint64_t number = session->first->number;
        mailsub__link_abort(session, MAILSUB_E_TIMEOUT, now_ms);
        mailsub__link_drop(session);
        if (waits(session, number))
            mailsub__job_fail(session, MAILSUB_E_TIMEOUT, MAILSUB_STAGE_NONE, "");
    }
}

int mailsub_session_process(mailsub_session *session)
{
    if (!session)
        return MAILSUB_E_INVALID;
    if (session->processing)
        return MAILSUB_E_STATE;
    session->processing = true;
    int64_t now_ms = mailsub__clock_monotonic_ms();
    mailsub__poller_clear(session->poller);
    if (atomic_exchange(&session->cancelled, false))
        cancel_all(session, now_ms);
    expire(session, now_ms);
    while (mailsub__link_advance(session, now_ms) || mailsub__job_advance(session, now_ms))
        now_ms = mailsub__clock_monotonic_ms();
    session->processing = false;
    return MAILSUB_OK;
}

static int post(mailsub_session *session, const mailsub__order *order)
{
    if (session->ending)
        return MAILSUB_E_STATE;
    if (session->n_pending == 0)
        atomic_store(&session->cancelled, false);
    int rc = mailsub__job_post(session, order, mailsub__clock_monotonic_ms());
    if (rc == MAILSUB_OK)
        mailsub__poller_wake(session->poller);
    return rc;
}

int mailsub_session_post(mailsub_session *session, mailsub_message *message,
                         mailsub_receipt *receipt, mailsub_done_fn done, void *context)
{
    if (!session || !message || !done)
        return MAILSUB_E_INVALID;
    const mailsub__order order = {
        .message = message, .receipt = receipt, .done = done, .context = context};
    return post(session, &order);
}

int mailsub_session_get_fd(const mailsub_session *session)
{
    return session ? mailsub__poller_get_fd(session->poller) : -1;
}

int64_t mailsub_session_get_timeout(const mailsub_session *session)
{
    if (!session)
        return -1;
    const mailsub__job *job = session->first;
    if (job && !job->prepared)
        return 0;
    int64_t deadline_ms = mailsub__link_deadline(session);
    if (job && job->deadline_ms >= 0 && (deadline_ms < 0 || job->deadline_ms < deadline_ms))
        deadline_ms = job->deadline_ms;
    if (job && job->wait_until_ms > 0 && (deadline_ms < 0 || job->wait_until_ms < deadline_ms))
        deadline_ms = job->wait_until_ms;
    if (deadline_ms < 0)
        return -1;
    int64_t now_ms = mailsub__clock_monotonic_ms();
    return deadline_ms > now_ms ? deadline_ms - now_ms : 0;
}

size_t mailsub_session_count_pending(const mailsub_session *session)
{
    return session ? session->n_pending : 0;
}

int mailsub_session_cancel(mailsub_session *session)
{
    if (!session)
        return MAILSUB_E_INVALID;
    atomic_store(&session->cancelled, true);
    mailsub__poller_wake(session->poller);
    return MAILSUB_OK;
}

/* What mailsub__session_run waits for. */
struct waiting {
    bool done;
    int code;
};

static void note_done(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    struct waiting *waiting = context;
    (void)message;
    (void)receipt;
    waiting->done = true;
    waiting->code = code;
}

int mailsub__session_refuse(mailsub_receipt *receipt, int code)
{
    if (receipt) {
        mailsub__receipt_reset(receipt);
        mailsub__receipt_fail(receipt, &(mailsub__verdict){.code = code}, "");
        receipt->filled = true;
    }
    return code;
}

int mailsub__session_run(mailsub_session *session, const mailsub__order *order)
{
    struct waiting waiting = {.done = false};
    mailsub__order waited = *order;
    waited.done = note_done;
    waited.context = &waiting;
    int rc =
        session->processing || session->n_pending > 0 ? MAILSUB_E_STATE : post(session, &waited);
    if (rc)
        return mailsub__session_refuse(order->receipt, rc);
    mailsub_session_process(session);
    while (!waiting.done) {
        mailsub__poller_wait(session->poller, mailsub_session_get_timeout(session));
        mailsub_session_process(session);
    }
    return waiting.code;
}

int mailsub_session_submit(mailsub_session *session, mailsub_message *message,
                           mailsub_receipt *receipt)
{
    if (!session || !message)
        return mailsub__session_refuse(receipt, MAILSUB_E_INVALID);
    const mailsub__order order = {.message = message, .receipt = receipt};
    return mailsub__session_run(session, &order);
}

int mailsub_session_close(mailsub_session *session)
{
    if (!session)
        return MAILSUB_E_INVALID;
    if (session->processing || session->n_pending > 0)
        return MAILSUB_E_STATE;
    int64_t now_ms = mailsub__clock_monotonic_ms();
    int64_t until_ms = now_ms + GOODBYE_MS;
    session->processing = true;
    mailsub__link_quit(session, now_ms);
    while (session->link == MAILSUB__LINK_TALKING && now_ms < until_ms) {
        if (!mailsub__link_advance(session, now_ms))
            mailsub__poller_wait(session->poller, until_ms - now_ms);
        mailsub__poller_clear(session->poller);
        now_ms = mailsub__clock_monotonic_ms();
    }
    session->processing = false;
    mailsub__link_drop(session);
    return MAILSUB_OK;
}
