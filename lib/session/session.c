/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public interface of a session, and the loop that drives links and jobs. */
#include "session/session.h"

#include <string.h>

#include "base/memory.h"
#include "net/clock.h"
#include "net/fd.h"

/* How long mailsub_session_close waits for the reply to QUIT. */
#define GOODBYE_MS 2000

static bool can_be_used(const mailsub_config *config, const mailsub__server *server)
{
    bool needs_tls = config->tls == MAILSUB_TLS_IMPLICIT || config->tls == MAILSUB_TLS_STARTTLS;
    if (mailsub__way_outlet(server->way) && (needs_tls || config->lmtp)) /* it has neither */
        return false;
    return !config->lmtp || server->port != 25; /* RFC 2033 section 5 */
}

int mailsub_session_new(mailsub_config *config, mailsub_session **out_session)
{
    if (!config || !out_session || config->n_servers == 0)
        return MAILSUB_E_INVALID;
    for (size_t i = 0; i < config->n_servers; i++) {
        if (!can_be_used(config, &config->servers[i]))
            return MAILSUB_E_INVALID;
    }
    size_t n_bytes = sizeof(mailsub_session) + config->n_servers * sizeof(mailsub__health);
    mailsub_session *session = mailsub__alloc_zeroed(&config->allocator, n_bytes);
    if (!session)
        return MAILSUB_E_NOMEM;
    session->allocator = config->allocator;
    session->config = mailsub_config_ref(config);
    session->handed_in = -1;
    mailsub__failover_init(&session->failover, config, session->health);
    session->generation = mailsub__birth_generation(&config->birth);
    atomic_init(&session->cancelled, false);
    atomic_store(&config->frozen, true);
    int rc = mailsub__poller_new(&session->allocator, &session->poller);
    if (rc == MAILSUB_OK)
        rc = mailsub__link_new(session, &session->links);
    session->n_links = 1;
    session->shown = session->links;
    if (rc) {
        mailsub_session_free(session);
        return rc;
    }
    *out_session = session;
    return MAILSUB_OK;
}

/* End a job that waits. */
static void fail_waiting(mailsub_session *session, mailsub__job *job, int code)
{
    const mailsub__verdict cause = {.code = code, .stage = MAILSUB_STAGE_NONE};
    mailsub__job_fail(session, NULL, job, &cause, "");
}

/* End what is there now; what done functions post meanwhile goes on. */
static void cancel_all(mailsub_session *session, int64_t now_ms)
{
    uint64_t n_posted = session->n_posted;
    if (session->n_pending == 0)
        return;
    for (mailsub__link *link = session->links; link; link = link->next) {
        mailsub__link_abort(link, MAILSUB_E_CANCELLED, now_ms);
        mailsub__link_drop(link);
    }
    while (session->waiting.first && session->waiting.first->number < n_posted)
        fail_waiting(session, session->waiting.first, MAILSUB_E_CANCELLED);
}

static void free_parts(mailsub_session *session)
{
    while (mailsub_session_next_done(session, NULL, NULL, NULL))
        ;
    while (session->links) {
        mailsub__link *link = session->links;
        session->links = link->next;
        mailsub__link_free(link);
    }
}

void mailsub_session_free(mailsub_session *session)
{
    if (!session || !mailsub__session_abandon(session))
        return;
    int64_t now_ms = mailsub__clock_monotonic_ms();
    session->processing = true;
    session->ending = true;
    for (mailsub__link *link = session->links; link; link = link->next)
        mailsub__link_quit(link, now_ms);
    cancel_all(session, now_ms);
    for (mailsub__link *link = session->links; link; link = link->next)
        mailsub__link_drop(link);
    free_parts(session);
    mailsub__fd_close(&session->handed_in);
    mailsub__poller_free(session->poller);
    mailsub_config *config = session->config;
    mailsub__free(&session->allocator, session);
    mailsub_config_unref(config);
}

/* The job that ends when the link does. */
static const mailsub__job *first_of(const mailsub__link *link)
{
    bool waited_for = link->state != MAILSUB__LINK_NONE && !link->opened;
    if (!waited_for)
        return link->jobs.first;
    return mailsub__link_has_company(link) ? NULL : link->session->waiting.first;
}

/* All jobs have the same time, so the first of a queue is the first to run out of it. */
static void expire(mailsub_session *session, int64_t now_ms)
{
    for (mailsub__link *link = session->links; link; link = link->next) {
        mailsub__link_expire(link, now_ms);
        const mailsub__job *job = first_of(link);
        if (!job || !mailsub__job_is_over(job, now_ms))
            continue;
        link->lost = link->opened; /* jobs that have time left go elsewhere */
        mailsub__link_abort(link, MAILSUB_E_TIMEOUT, now_ms);
        mailsub__link_drop(link);
    }
    while (session->waiting.first && mailsub__job_is_over(session->waiting.first, now_ms))
        fail_waiting(session, session->waiting.first, MAILSUB_E_TIMEOUT);
}

static bool advance_links(mailsub_session *session, int64_t now_ms)
{
    bool any = false;
    for (mailsub__link *link = session->links; link; link = link->next)
        any |= mailsub__link_advance(link, now_ms);
    return any;
}

/* Jobs are handed out between reading and writing: what is sent of one goes with the next. */
static bool advance(mailsub_session *session, int64_t now_ms)
{
    bool any = advance_links(session, now_ms);
    while (mailsub__schedule_advance(session, now_ms))
        any = true;
    return any;
}

/* Looked at each time round: bytes that never wait for a peer could go on beyond any deadline. */
static void end_what_must(mailsub_session *session, int64_t now_ms)
{
    if (atomic_load(&session->cancelled) && atomic_exchange(&session->cancelled, false))
        cancel_all(session, now_ms);
    expire(session, now_ms);
}

int mailsub_session_process(mailsub_session *session)
{
    int rc = session ? mailsub__session_settle(session) : MAILSUB_E_INVALID;
    if (rc)
        return rc;
    if (session->processing)
        return MAILSUB_E_STATE;
    session->processing = true;
    int64_t now_ms = mailsub__clock_monotonic_ms();
    mailsub__poller_clear(session->poller);
    end_what_must(session, now_ms);
    while (advance(session, now_ms)) {
        now_ms = mailsub__clock_monotonic_ms();
        end_what_must(session, now_ms);
    }
    session->posted = false;
    session->processing = false;
    return MAILSUB_OK;
}

static int post(mailsub_session *session, const mailsub__order *order)
{
    int rc = mailsub__session_settle(session);
    if (rc)
        return rc;
    if (session->ending)
        return MAILSUB_E_STATE;
    if (session->n_pending == 0)
        atomic_store(&session->cancelled, false);
    rc = mailsub__job_post(session, order, mailsub__clock_monotonic_ms());
    session->posted |= rc == MAILSUB_OK;
    return rc;
}

int mailsub_session_post(mailsub_session *session, mailsub_message *message,
                         mailsub_receipt *receipt, mailsub_done_fn done, void *context)
{
    if (!session || !message)
        return MAILSUB_E_INVALID;
    if (!session->ending && session->n_pending + session->done.n >= session->config->max_pending)
        return MAILSUB_E_QUEUE_FULL;
    const mailsub__order order = {
        .message = message, .receipt = receipt, .done = done, .context = context};
    int rc = post(session, &order);
    /* Within a done function there is nobody to wake: what is posted is looked at behind it. And
       where something is pending already, whoever waits has been told to ask for the time again. */
    if (rc == MAILSUB_OK && !session->processing && session->n_pending == 1)
        mailsub__poller_wake(session->poller);
    return rc;
}

int mailsub_session_get_fd(const mailsub_session *session)
{
    if (!session)
        return -1;
    /* In a child it has to be its own, before anybody watches it. */
    mailsub__session_settle((mailsub_session *)(uintptr_t)session);
    return mailsub__poller_get_fd(session->poller);
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

/* -1: never */
static int64_t find_deadline(const mailsub_session *session)
{
    const mailsub__job *waiting = session->waiting.first;
    int64_t deadline_ms = mailsub__schedule_deadline(session);
    if (waiting)
        deadline_ms = earlier(deadline_ms, waiting->deadline_ms);
    for (const mailsub__link *link = session->links; link; link = link->next) {
        deadline_ms = earlier(deadline_ms, mailsub__link_deadline(link));
        if (link->jobs.first)
            deadline_ms = earlier(deadline_ms, link->jobs.first->deadline_ms);
    }
    return deadline_ms;
}

int64_t mailsub_session_get_timeout(const mailsub_session *session)
{
    if (!session)
        return -1;
    if (session->posted || mailsub__session_is_elsewhere(session))
        return 0;
    int64_t deadline_ms = find_deadline(session);
    if (deadline_ms < 0)
        return -1;
    int64_t now_ms = mailsub__clock_monotonic_ms();
    return deadline_ms > now_ms ? deadline_ms - now_ms : 0;
}

mailsub_message *mailsub_session_next_done(mailsub_session *session, void **out_context,
                                           int *out_code, mailsub_receipt **out_receipt)
{
    mailsub__job *job = session ? session->done.first : NULL;
    if (!job || mailsub__session_is_elsewhere(session))
        return NULL;
    mailsub_message *message = job->message;
    if (out_context)
        *out_context = job->context;
    if (out_code)
        *out_code = job->receipt->whole.code;
    if (out_receipt)
        *out_receipt = job->own_receipt ? NULL : job->receipt;
    mailsub__queue_leave(job);
    mailsub__job_free(session, job);
    return message;
}

int mailsub_session_set_progress(mailsub_session *session, mailsub_progress_fn progress,
                                 void *context)
{
    if (!session)
        return MAILSUB_E_INVALID;
    session->progress = progress;
    session->progress_context = context;
    return MAILSUB_OK;
}

size_t mailsub_session_count_pending(const mailsub_session *session)
{
    return session && !mailsub__session_is_elsewhere(session) ? session->n_pending : 0;
}

int mailsub_session_cancel(mailsub_session *session)
{
    if (!session)
        return MAILSUB_E_INVALID;
    /* A child has nothing to cancel yet, and would wake its parent. */
    if (mailsub__session_is_elsewhere(session))
        return MAILSUB_OK;
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
    int rc = mailsub__session_settle(session);
    if (rc == MAILSUB_OK)
        rc = session->processing || session->n_pending > 0 ? MAILSUB_E_STATE
                                                           : post(session, &waited);
    if (rc)
        return mailsub__session_refuse(order->receipt, rc);
    mailsub_session_process(session);
    while (!waiting.done) {
        /* A function of the application has forked, and this is the child. */
        if (session->n_pending == 0 || mailsub__session_is_elsewhere(session))
            return MAILSUB_E_STATE;
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

static bool are_closed(const mailsub_session *session)
{
    const mailsub__link *link = session->links;
    while (link && link->state != MAILSUB__LINK_TALKING)
        link = link->next;
    return !link;
}

int mailsub_session_close(mailsub_session *session)
{
    int rc = session ? mailsub__session_settle(session) : MAILSUB_E_INVALID;
    if (rc)
        return rc;
    if (session->processing || session->n_pending > 0)
        return MAILSUB_E_STATE;
    int64_t now_ms = mailsub__clock_monotonic_ms();
    int64_t until_ms = now_ms + GOODBYE_MS;
    session->processing = true;
    for (mailsub__link *link = session->links; link; link = link->next)
        mailsub__link_quit(link, now_ms);
    while (!are_closed(session) && now_ms < until_ms) {
        if (!advance_links(session, now_ms))
            mailsub__poller_wait(session->poller, until_ms - now_ms);
        mailsub__poller_clear(session->poller);
        now_ms = mailsub__clock_monotonic_ms();
    }
    session->processing = false;
    for (mailsub__link *link = session->links; link; link = link->next)
        mailsub__link_drop(link);
    return MAILSUB_OK;
}
