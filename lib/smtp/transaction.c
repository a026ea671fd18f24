/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message: MAIL, its RCPTs, DATA, and what the replies to them mean (RFC 5321 section 3.3). */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "smtp/command.h"
#include "smtp/engine_private.h"
#include "smtp/parameters.h"
#include "smtp/queue_id.h"

#define PART(text) ((mailsub__slice){(text), sizeof(text) - 1})

/* The transaction has its verdicts; next is where the connection goes on. */
static void finish(mailsub__engine *engine, enum mailsub__state next)
{
    engine->transaction = NULL;
    mailsub__engine_go(engine, next);
    engine->events |= 1u << MAILSUB__EVENT_DONE;
}

/* ---- submit ---- */

static int check_envelope(const mailsub__transaction *transaction)
{
    if (transaction->n_recipients == 0)
        return MAILSUB_E_NO_RECIPIENTS;
    enum mailsub__command_text text =
        transaction->smtputf8 ? MAILSUB__COMMAND_UTF8 : MAILSUB__COMMAND_ASCII;
    int rc = MAILSUB_OK;
    if (transaction->sender.len > 0)
        rc = mailsub__command_check_path(transaction->sender, text);
    for (size_t i = 0; i < transaction->n_recipients && rc == MAILSUB_OK; i++)
        rc = mailsub__command_check_path(transaction->recipients[i], text);
    return rc;
}

/* RFC 6152 section 3 and RFC 6531 section 3.2: without the extension such content is not sent. */
static int check_needs(const mailsub__engine *engine, const mailsub__transaction *transaction)
{
    if (transaction->smtputf8 && !mailsub__engine_offers(engine, MAILSUB__CAPABILITY_SMTPUTF8))
        return MAILSUB_E_SMTPUTF8;
    if (transaction->eight_bit && !mailsub__engine_offers(engine, MAILSUB__CAPABILITY_EIGHTBITMIME))
        return MAILSUB_E_ENCODING;
    return MAILSUB_OK;
}

/* RFC 1870 section 6.1: what the server would refuse for its size is not offered to it. */
static int check_size(const mailsub__engine *engine, const mailsub__transaction *transaction)
{
    uint64_t limit = engine->capabilities.size_limit;
    return limit > 0 && transaction->size > limit ? MAILSUB_E_MESSAGE_TOO_BIG : MAILSUB_OK;
}

static int have_raw(mailsub__engine *engine)
{
    if (!engine->raw)
        engine->raw = mailsub__alloc(&engine->allocator, MAILSUB__RAW_LEN);
    return engine->raw ? MAILSUB_OK : MAILSUB_E_NOMEM;
}

/* Nothing is sent: the transaction ends where it began, for want of an extension where that is not
   negative. */
static void reject(mailsub__engine *engine, mailsub__transaction *transaction, int code,
                   int extension)
{
    mailsub__verdict_abandon(transaction, false, code, MAILSUB_STAGE_CHECK, NULL);
    if (code == MAILSUB_E_MESSAGE_TOO_BIG)
        snprintf(transaction->text, sizeof transaction->text,
                 "%" PRIu64 " octets, and the server takes %" PRIu64, transaction->size,
                 engine->capabilities.size_limit);
    if (extension >= 0)
        snprintf(transaction->text, sizeof transaction->text, "%s",
                 mailsub_extension_name(extension));
    engine->events |= 1u << MAILSUB__EVENT_DONE;
}

/* The connection ended while its owner was about to use it: that is the cause. */
static void reject_closed(mailsub__engine *engine, mailsub__transaction *transaction)
{
    const mailsub__verdict *failure = &engine->failure;
    int code = failure->code != MAILSUB_OK ? failure->code : MAILSUB_E_CONNECTION_LOST;
    mailsub__verdict_abandon(transaction, false, code, failure->stage, NULL);
    transaction->whole.reply_code = failure->reply_code;
    memcpy(transaction->whole.enhanced, failure->enhanced, sizeof failure->enhanced);
    memcpy(transaction->text, engine->failure_text, sizeof transaction->text);
    engine->events |= 1u << MAILSUB__EVENT_DONE;
}

void mailsub__engine_submit(mailsub__engine *engine, mailsub__transaction *transaction,
                            int64_t now_ms)
{
    engine->now_ms = now_ms;
    mailsub__verdict_reset(transaction);
    if (engine->cursor == MAILSUB__STATE_CLOSED) {
        reject_closed(engine, transaction);
        return;
    }
    assert(engine->cursor == MAILSUB__STATE_IDLE || engine->cursor == MAILSUB__STATE_RSET);
    int rc = check_envelope(transaction);
    if (rc == MAILSUB_OK)
        rc = check_needs(engine, transaction);
    if (rc == MAILSUB_OK)
        rc = check_size(engine, transaction);
    int extension = -1;
    if (rc == MAILSUB_OK)
        rc = mailsub__parameters_check(engine, transaction, &extension);
    if (rc == MAILSUB_OK)
        rc = have_raw(engine);
    if (rc) {
        reject(engine, transaction, rc, extension);
        return;
    }
    engine->transaction = transaction;
    engine->progress = (mailsub__progress){.content_start = UINT64_MAX};
    if (engine->cursor == MAILSUB__STATE_IDLE)
        mailsub__engine_go(engine, MAILSUB__STATE_MAIL);
    mailsub__output_commands(engine);
}

/* ---- commands ---- */

/* Send the front, an address in angle brackets and the parameters that stand in the engine. */
static bool send_path(mailsub__engine *engine, enum mailsub__state state, mailsub__slice front,
                      mailsub__slice path)
{
    if (engine->parameters.error) {
        mailsub__engine_fail(engine, engine->parameters.error, mailsub__states[state].stage, NULL);
        return false;
    }
    const mailsub__slice line[] = {front, path, PART(">"),
                                   mailsub__buffer_slice(&engine->parameters)};
    return mailsub__output_with_parameters(engine, state, line, sizeof line / sizeof line[0]);
}

bool mailsub__transaction_send_mail(mailsub__engine *engine)
{
    const mailsub__transaction *transaction = engine->transaction;
    mailsub__buffer_reset(&engine->parameters);
    mailsub__parameters_mail(engine, transaction, &engine->parameters);
    if (!send_path(engine, MAILSUB__STATE_MAIL, PART("MAIL FROM:<"), transaction->sender))
        return false;
    mailsub__engine_go(engine, MAILSUB__STATE_RCPT);
    return true;
}

bool mailsub__transaction_send_rcpt(mailsub__engine *engine)
{
    const mailsub__transaction *transaction = engine->transaction;
    mailsub__progress *progress = &engine->progress;
    mailsub__buffer_reset(&engine->parameters);
    mailsub__parameters_rcpt(transaction, progress->n_sent, &engine->parameters);
    if (!send_path(engine, MAILSUB__STATE_RCPT, PART("RCPT TO:<"),
                   transaction->recipients[progress->n_sent]))
        return false;
    if (++progress->n_sent == transaction->n_recipients)
        mailsub__engine_go(engine, MAILSUB__STATE_DATA);
    return true;
}

/*
 * DATA goes out behind the last RCPT without waiting (RFC 2920 section 3.1), except where one
 * refusal is to stop the message: once DATA is granted, only a broken connection would.
 */
bool mailsub__transaction_send_data(mailsub__engine *engine)
{
    const mailsub__slice line = PART("DATA");
    if (engine->settings.all_or_none && engine->flights.n > 0)
        return false;
    if (!mailsub__output_command(engine, MAILSUB__STATE_DATA, &line, 1))
        return false;
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    return true;
}

/* Nobody waits for its reply: a next MAIL travels with it where the server has PIPELINING. */
bool mailsub__transaction_send_rset(mailsub__engine *engine)
{
    const mailsub__slice line = PART("RSET");
    if (!mailsub__output_command(engine, MAILSUB__STATE_RSET, &line, 1))
        return false;
    mailsub__engine_go(engine, engine->transaction ? MAILSUB__STATE_MAIL : MAILSUB__STATE_IDLE);
    return true;
}

void mailsub__transaction_rset_done(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)engine;
    (void)flight;
}

/* ---- the envelope's replies ---- */

void mailsub__transaction_mail_taken(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    engine->progress.mail_taken = true;
}

/* No more of the envelope is sent; what is in flight already is answered before it ends. */
static void stop_envelope(mailsub__engine *engine)
{
    if (engine->cursor == MAILSUB__STATE_RCPT || engine->cursor == MAILSUB__STATE_DATA)
        mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
}

/* A refused sender is refused for every recipient. */
void mailsub__transaction_mail_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    int code = mailsub__verdict_refusal(MAILSUB_STAGE_MAIL, &engine->reply);
    mailsub__verdict_all(engine->transaction, code, MAILSUB_STAGE_MAIL, &engine->reply);
    mailsub__verdict_whole(engine->transaction, code, MAILSUB_STAGE_MAIL, &engine->reply);
    engine->progress.mail_refused = true;
    stop_envelope(engine);
}

void mailsub__transaction_rcpt_taken(mailsub__engine *engine, const mailsub__flight *flight)
{
    engine->progress.n_taken++;
    if (!engine->progress.mail_refused)
        mailsub__verdict_rcpt_taken(engine->transaction, flight->recipient);
}

void mailsub__transaction_rcpt_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    engine->progress.refused = true;
    if (engine->progress.mail_refused)
        return; /* "503 need MAIL first": a consequence, not a cause */
    int code = mailsub__verdict_refusal(MAILSUB_STAGE_RCPT, &engine->reply);
    mailsub__verdict_recipient(engine->transaction, flight->recipient, code, &engine->reply);
    if (engine->settings.all_or_none)
        stop_envelope(engine);
}

static bool is_hopeless(const mailsub__engine *engine)
{
    const mailsub__progress *progress = &engine->progress;
    return progress->n_taken == 0 || (engine->settings.all_or_none && progress->refused);
}

/* When the replies to the whole envelope are there: is DATA worth sending? */
void mailsub__transaction_settle(mailsub__engine *engine)
{
    mailsub__transaction *transaction = engine->transaction;
    if (engine->flights.n > 0)
        return;
    if (engine->progress.mail_refused) {
        finish(engine, MAILSUB__STATE_IDLE);
        return;
    }
    bool envelope_sent =
        engine->cursor == MAILSUB__STATE_DATA || engine->cursor == MAILSUB__STATE_WAIT;
    if (!envelope_sent || !is_hopeless(engine))
        return;
    /* With all_or_none: those who were taken, or never asked for, share the fate of the refused. */
    mailsub__verdict_withdraw(transaction);
    finish(engine, MAILSUB__STATE_RSET);
}

/* ---- DATA and behind ---- */

void mailsub__transaction_data_granted(mailsub__engine *engine, const mailsub__flight *flight)
{
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    if (engine->progress.n_taken == 0)
        mailsub__output_lone_dot(engine);
    else if (engine->progress.mail_refused)
        /* Recipients without a sender: a lone dot would deliver them an empty message. */
        mailsub__unexpected(engine, flight);
    else
        mailsub__output_begin_content(engine);
}

/* The reply decides for the recipients that were taken; without any, their own replies have. */
static void decide(mailsub__engine *engine, int code, int stage)
{
    if (engine->progress.mail_refused || engine->progress.n_taken == 0)
        return;
    mailsub__verdict_all(engine->transaction, code, stage, &engine->reply);
    if (code == MAILSUB_OK && engine->progress.refused)
        code = MAILSUB_E_PARTIAL;
    mailsub__verdict_whole(engine->transaction, code, stage, &engine->reply);
}

void mailsub__transaction_data_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    decide(engine, mailsub__verdict_refusal(MAILSUB_STAGE_DATA, &engine->reply),
           MAILSUB_STAGE_DATA);
    finish(engine, engine->progress.mail_taken ? MAILSUB__STATE_RSET : MAILSUB__STATE_IDLE);
}

void mailsub__transaction_end_taken(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    decide(engine, MAILSUB_OK, MAILSUB_STAGE_END_OF_DATA);
    if (engine->progress.n_taken > 0)
        mailsub__queue_id_find(mailsub__slice_of(engine->reply.text, engine->reply.text_len),
                               engine->transaction->queue_id);
    finish(engine, MAILSUB__STATE_IDLE);
}

void mailsub__transaction_end_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    decide(engine, mailsub__verdict_refusal(MAILSUB_STAGE_END_OF_DATA, &engine->reply),
           MAILSUB_STAGE_END_OF_DATA);
    finish(engine, MAILSUB__STATE_IDLE);
}

void mailsub__transaction_abandon(mailsub__engine *engine, int code, int stage,
                                  const mailsub__reply *reply)
{
    mailsub__verdict_abandon(engine->transaction, engine->progress.complete, code, stage, reply);
    finish(engine, MAILSUB__STATE_WAIT);
}
