/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message's way through a session: posted, prepared, submitted to the engine, done. */
#include "session/job.h"

#include <string.h>

#include "base/memory.h"
#include "codec/utf8.h"
#include "message/message.h"
#include "session/elsewhere.h"
#include "session/parcel.h"
#include "session/quota.h"
#include "session/session.h"
#include "session/settings.h"

void mailsub__job_free(mailsub_session *session, mailsub__job *job)
{
    mailsub_receipt_free(job->own_receipt);
    mailsub_ticket_free(job->ticket);
    mailsub__free(&session->allocator, job->argument);
    mailsub__free(&session->allocator, job);
}

static int fill_job(mailsub_session *session, mailsub__job *job, const mailsub__order *order)
{
    job->number = session->n_posted++;
    job->kind = order->kind;
    job->message = order->message;
    job->receipt = order->receipt;
    job->done = order->done;
    job->context = order->context;
    if (!job->receipt) {
        int rc = mailsub_receipt_new(&session->allocator, &job->own_receipt);
        if (rc)
            return rc;
        job->receipt = job->own_receipt;
    }
    if (!order->argument)
        return MAILSUB_OK;
    size_t n_bytes = strlen(order->argument) + 1;
    job->argument = mailsub__alloc(&session->allocator, n_bytes);
    if (!job->argument)
        return MAILSUB_E_NOMEM;
    memcpy(job->argument, order->argument, n_bytes);
    return MAILSUB_OK;
}

int mailsub__job_post(mailsub_session *session, const mailsub__order *order, int64_t now_ms)
{
    mailsub__job *job = mailsub__alloc_zeroed(&session->allocator, sizeof *job);
    if (!job)
        return MAILSUB_E_NOMEM;
    int rc = fill_job(session, job, order);
    if (!rc && job->message && !mailsub__message_lock(job->message))
        rc = MAILSUB_E_STATE;
    if (rc) {
        mailsub__job_free(session, job);
        return rc;
    }
    job->deadline_ms =
        session->config->deadline_ms > 0 ? now_ms + session->config->deadline_ms : -1;
    if (job->message)
        mailsub__message_offer_signers(job->message, &session->config->signers);
    mailsub__receipt_reset(job->receipt);
    mailsub__queue_insert(&session->waiting, job);
    session->n_pending++;
    return MAILSUB_OK;
}

static void give_back(mailsub__job *job)
{
    if (!job->message)
        return;
    mailsub__message_close(job->message);
    mailsub__message_offer_signers(job->message, NULL);
    mailsub__message_unlock(job->message);
}

void mailsub__job_forget(mailsub_session *session, mailsub__job *job)
{
    mailsub__queue_leave(job);
    give_back(job);
    mailsub__job_free(session, job);
}

/* Give the message back and tell the caller. */
static void finish(mailsub_session *session, mailsub__job *job)
{
    mailsub__quota_settle(session, job);
    mailsub__queue_leave(job);
    session->n_pending--;
    give_back(job);
    job->receipt->filled = true;
    if (!job->done) {
        mailsub__queue_append(&session->done, job);
        return;
    }
    job->done(job->context, job->message, job->receipt->whole.code,
              job->own_receipt ? NULL : job->receipt);
    mailsub__job_free(session, job);
}

/* Server, TLS and login; what an earlier connection had is no fact of this job. */
static void tell_connection(const mailsub__link *link, const mailsub__job *job)
{
    mailsub_receipt *receipt = job->receipt;
    if (link && link->state != MAILSUB__LINK_NONE) {
        mailsub__receipt_set_server(receipt, link->session->config->servers[link->server].url);
        mailsub__receipt_set_tls(receipt, link->transport);
    }
    if (link && link->engine)
        mailsub__receipt_set_login(job->receipt, link->engine);
}

/* Nothing of what is left of a job reached the server. */
static void fail_rest(mailsub__job *job, const mailsub__verdict *cause, const char *detail)
{
    mailsub_receipt *receipt = job->receipt;
    const mailsub__verdict whole = receipt->whole;
    /* Without memory for them the whole still tells that nothing was attempted. */
    if (job->message)
        (void)mailsub__parcel_list(receipt, job->message);
    mailsub__receipt_fail_from(receipt, job->first, cause, detail);
    if (job->first == 0)
        return;
    receipt->whole = whole;
    if (whole.code == MAILSUB_OK)
        receipt->whole.code = MAILSUB_E_PARTIAL;
}

void mailsub__job_conclude(mailsub_session *session, mailsub__job *job, const char *detail)
{
    mailsub_receipt *receipt = job->receipt;
    if (receipt->whole.code == MAILSUB_OK)
        receipt->whole.code = MAILSUB_E_PARTIAL;
    mailsub__receipt_copy(receipt->detail, sizeof receipt->detail, detail);
    finish(session, job);
}

void mailsub__job_fail(mailsub_session *session, const mailsub__link *link, mailsub__job *job,
                       const mailsub__verdict *cause, const char *detail)
{
    fail_rest(job, cause, detail);
    tell_connection(link, job);
    finish(session, job);
}

/* Why, where no reply says it: the link or the message knows more than the engine. */
static const char *find_detail(const mailsub__link *link, const mailsub__job *job, int code,
                               const char *text)
{
    const char *detail = "";
    int group = mailsub_error_group(code);
    if (group == MAILSUB_GROUP_NETWORK || group == MAILSUB_GROUP_TLS)
        detail = mailsub__transport_get_detail(link->transport);
    else if (group == MAILSUB_GROUP_MESSAGE && job->message)
        detail = mailsub__message_detail(job->message);
    return detail[0] != '\0' ? detail : text;
}

/* The words behind a verdict: the server's where a reply decided, else this side's. */
static void set_words(const mailsub__link *link, mailsub__job *job, const mailsub__verdict *verdict,
                      const char *text)
{
    mailsub_receipt *receipt = job->receipt;
    if (verdict->reply_code != 0)
        mailsub__receipt_copy(receipt->text, sizeof receipt->text, text);
    else
        mailsub__receipt_copy(receipt->detail, sizeof receipt->detail,
                              find_detail(link, job, verdict->code, text));
    tell_connection(link, job);
}

void mailsub__job_refuse(mailsub_session *session, const mailsub__link *link, mailsub__job *job,
                         const mailsub__verdict *cause, const char *text)
{
    fail_rest(job, cause, "");
    set_words(link, job, cause, text);
    finish(session, job);
}

/*
 * What the message is laid out for. As long as no server has said what it can, what most of them
 * can: what fails then would fail everywhere.
 */
static uint32_t capabilities(const mailsub__link *link)
{
    return mailsub__link_is_usable(link)
               ? mailsub__settings_layout(link->engine, link->session->config)
               : MAILSUB_CAN_8BITMIME;
}

/* Make the message ready: all of it, or of a probe its envelope. */
static int prepare_message(const mailsub__link *link, mailsub__job *job, const char **out_detail)
{
    if (job->kind == MAILSUB__KIND_PROBE)
        return mailsub__message_prepare_envelope(job->message, out_detail);
    job->capabilities = capabilities(link);
    int rc = mailsub__message_prepare(job->message, job->capabilities, out_detail);
    if (rc)
        return rc;
    const char *message_id = "";
    mailsub_message_get_message_id(job->message, &message_id);
    mailsub__receipt_copy(job->receipt->message_id, sizeof job->receipt->message_id, message_id);
    return MAILSUB_OK;
}

/* The job is over before anything was sent. */
static void fail_check(mailsub_session *session, const mailsub__link *link, mailsub__job *job,
                       int code, const char *detail)
{
    const mailsub__verdict cause = {.code = code, .stage = MAILSUB_STAGE_CHECK};
    mailsub__job_fail(session, link, job, &cause, detail);
}

bool mailsub__job_prepare(mailsub_session *session, const mailsub__link *link, mailsub__job *job)
{
    const char *detail = "";
    job->prepared |= !job->message;
    if (job->prepared)
        return true;
    int rc = mailsub__parcel_list(job->receipt, job->message);
    if (rc == MAILSUB_OK)
        rc = prepare_message(link, job, &detail);
    if (rc == MAILSUB_OK && job->kind == MAILSUB__KIND_MESSAGE) {
        rc = mailsub__compliance_check(session, job);
        detail =
            rc == MAILSUB_E_POLICY ? job->receipt->detail : mailsub__message_detail(job->message);
    }
    if (rc) {
        fail_check(session, link, job, rc, detail);
        return false;
    }
    job->prepared = true;
    return true;
}

/* Open the content, laid out for the server that is there now. */
static int open_content(const mailsub__link *link, mailsub__job *job, const char **out_detail)
{
    uint32_t can = capabilities(link);
    int rc = MAILSUB_OK;
    if (can != job->capabilities) {
        rc = mailsub__message_prepare(job->message, can, out_detail);
        job->capabilities = can;
    }
    if (rc == MAILSUB_OK) {
        rc = mailsub__message_open(job->message, &job->transaction.content);
        *out_detail = mailsub__message_detail(job->message);
    }
    return rc;
}

static mailsub__job *job_of(mailsub__transaction *transaction)
{
    void *start = (char *)transaction - offsetof(mailsub__job, transaction);
    return start;
}

/* For a further transaction with the recipients that the server would not take at once. */
static int reopen_content(mailsub__transaction *transaction)
{
    const mailsub__job *job = job_of(transaction);
    /* A probe has no content, and goes on all the same. */
    return job->kind == MAILSUB__KIND_PROBE
               ? MAILSUB_OK
               : mailsub__message_open(job->message, &transaction->content);
}

/* The envelope alone, and no content. */
static void describe_probe(mailsub__job *job)
{
    mailsub__transaction *transaction = &job->transaction;
    transaction->sender = mailsub__message_sender(job->message);
    transaction->recipients = mailsub__message_recipients(job->message);
    transaction->n_recipients = mailsub_message_count_recipients(job->message);
    transaction->smtputf8 = !mailsub__ascii_only(transaction->sender);
    transaction->delivery = mailsub__message_delivery(job->message);
    transaction->verdicts = job->receipt->verdicts;
    transaction->on_recipient_text = mailsub__receipt_add_text;
}

/* The engine counts from the first recipient of the part. */
static void add_text(void *context, size_t i, mailsub__slice text)
{
    const mailsub__job *job = context;
    mailsub__receipt_add_text(job->receipt, job->first + i, text);
}

/* What is asked of the delivery, from the first recipient of the part on. */
static void skip_wishes(mailsub__job *job)
{
    mailsub__delivery *delivery = &job->delivery;
    *delivery = *mailsub__message_delivery(job->message);
    size_t n = job->first < delivery->n_wishes ? job->first : delivery->n_wishes;
    if (n > 0)
        delivery->wishes += n;
    delivery->n_wishes -= n;
}

/* Only a part of the message's recipients goes now: see quota.h. */
static void narrow(mailsub__job *job)
{
    mailsub__transaction *transaction = &job->transaction;
    if (job->first == 0 && job->n == transaction->n_recipients)
        return;
    skip_wishes(job);
    transaction->recipients += job->first;
    transaction->n_recipients = job->n;
    transaction->delivery = &job->delivery;
    transaction->verdicts += job->first;
    transaction->on_recipient_text = add_text;
    transaction->context = job;
}

/* What the engine is to know of the order; what it has told of it already stays. */
static void describe(mailsub__job *job)
{
    mailsub__transaction *transaction = &job->transaction;
    transaction->kind = job->kind;
    transaction->argument = mailsub__slice_str(job->argument);
    transaction->on_line = mailsub__receipt_add_line;
    transaction->context = job->receipt;
    transaction->reopen = reopen_content;
    if (job->kind == MAILSUB__KIND_MESSAGE) {
        mailsub__parcel_describe(transaction, job->message, job->receipt);
        narrow(job);
    } else if (job->kind == MAILSUB__KIND_PROBE) {
        describe_probe(job);
    } else {
        transaction->smtputf8 = !mailsub__ascii_only(transaction->argument);
    }
}

void mailsub__job_submit(mailsub_session *session, mailsub__link *link, mailsub__job *job,
                         int64_t now_ms)
{
    const char *detail = "";
    if (mailsub__quota_reserve(session, link, job, now_ms) != MAILSUB__QUOTA_GO)
        return;
    int rc = job->kind == MAILSUB__KIND_MESSAGE ? open_content(link, job, &detail) : MAILSUB_OK;
    if (rc == MAILSUB_OK && job->kind == MAILSUB__KIND_MESSAGE) {
        rc = mailsub__compliance_check_server(link, job);
        detail = job->receipt->detail;
    }
    if (rc) {
        fail_check(session, link, job, rc, detail);
        return;
    }
    describe(job);
    mailsub__queue_leave(job);
    mailsub__queue_insert(&link->jobs, job);
    link->n_begun++;
    mailsub__engine_submit(link->engine, &job->transaction, now_ms);
}

/* The kept connection had died already, and the job is the first to find out. */
static bool may_be_repeated(mailsub__link *link, mailsub__job *job, int code)
{
    if (!link->kept || job->repeated ||
        (code != MAILSUB_E_CONNECTION_LOST && code != MAILSUB_E_UNAVAILABLE))
        return false;
    job->repeated = true;
    mailsub__schedule_distrust(link->session);
    return true;
}

/*
 * The connection has ended, and nothing of the job's content was handed over. The first job that
 * this befalls goes over another connection, once, where this one was kept: its server may have
 * closed it while nobody looked. Else it goes to the next server, where there is one. The jobs
 * behind that one only waited for their turn, as far as they are concerned nothing has begun: so
 * each connection takes one job with it at most.
 */
static bool goes_elsewhere(mailsub__link *link, mailsub__job *job, int64_t now_ms)
{
    const mailsub__transaction *transaction = &job->transaction;
    int code = mailsub__engine_failure(link->engine)->code;
    if (code == MAILSUB_OK)
        return false;
    bool first = !link->lost;
    link->lost = true;
    if (transaction->whole.code != code || transaction->handed_over ||
        code == MAILSUB_E_CANCELLED || mailsub__job_is_over(job, now_ms))
        return false;
    return !first || may_be_repeated(link, job, code) ||
           mailsub__elsewhere_after_loss(link, job, now_ms);
}

void mailsub__job_tell_progress(const mailsub__link *link, mailsub__job *job)
{
    const mailsub_session *session = link->session;
    if (!session->progress || job->kind != MAILSUB__KIND_MESSAGE)
        return;
    uint64_t sent = mailsub__engine_sent(link->engine, &job->transaction);
    if (sent == job->told || sent == 0)
        return;
    job->told = sent;
    session->progress(session->progress_context, job->message, sent, job->transaction.size);
}

static bool brought_some(int code)
{
    return code == MAILSUB_OK || code == MAILSUB_E_PARTIAL;
}

/* What the last part brought, together with those before it. */
static void add_whole(mailsub__job *job, const mailsub__verdict *part)
{
    mailsub__verdict *whole = &job->receipt->whole;
    const int before = whole->code;
    if (job->first == 0) {
        *whole = *part;
        return;
    }
    if (brought_some(part->code))
        *whole = *part;
    if (before != part->code && (brought_some(before) || brought_some(part->code)))
        whole->code = MAILSUB_E_PARTIAL;
}

static void tell_retry(const mailsub__link *link, const mailsub__transaction *transaction,
                       int64_t now_ms)
{
    mailsub__log_tell(&link->log, now_ms,
                      &(mailsub__fact){.id = MAILSUB_LOG_RETRY,
                                       .message = transaction->number,
                                       .code = transaction->whole.code,
                                       .stage = transaction->whole.stage});
}

/* It waits again, in its old place. */
static void go_back(mailsub_session *session, mailsub__job *job)
{
    mailsub__queue_leave(job);
    mailsub__queue_insert(&session->waiting, job);
}

static void deliver(const mailsub__link *link, mailsub__job *job)
{
    mailsub_receipt *receipt = job->receipt;
    const mailsub__transaction *transaction = &job->transaction;
    mailsub__way_explain(link->session->config, &job->transaction);
    add_whole(job, &transaction->whole);
    receipt->n_pending = transaction->n_pending;
    receipt->dropped = transaction->dropped;
    receipt->warnings = transaction->warnings;
    mailsub__receipt_copy(receipt->queue_id, sizeof receipt->queue_id, transaction->queue_id);
    set_words(link, job, &transaction->whole, transaction->text);
}

void mailsub__job_transacted(mailsub__link *link, mailsub__transaction *transaction, int64_t now_ms)
{
    mailsub_session *session = link->session;
    mailsub__job *job = job_of(transaction);
    /* The server takes no more over this connection: the rest goes over another. */
    if (transaction->unfinished && mailsub__engine_is_spent(link->engine)) {
        tell_retry(link, transaction, now_ms);
        go_back(session, job);
        return;
    }
    if (goes_elsewhere(link, job, now_ms)) {
        tell_retry(link, transaction, now_ms);
        go_back(session, job);
        return;
    }
    deliver(link, job);
    mailsub__quota_settle(session, job);
    if (mailsub__quota_next(session, job)) {
        job->transaction = (mailsub__transaction){.size = 0};
        job->repeated = false;
        job->tour = (mailsub__tour){0};
        go_back(session, job);
        return;
    }
    finish(session, job);
}
