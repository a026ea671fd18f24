/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message: MAIL, its RCPTs, DATA or BDAT, and what the replies to them mean (RFC 5321 section 3.3). */
#include <inttypes.h>
#include <stdio.h>

#include "smtp/command.h"
#include "smtp/engine_private.h"
#include "smtp/operation.h"
#include "smtp/parameters.h"
#include "smtp/queue_id.h"

#define PART(text) ((mailsub__slice){(text), sizeof(text) - 1})

/* ---- what can be told before ---- */

static int check_envelope(const mailsub__transaction *transaction)
{
    if (transaction->n_recipients == 0)
        return MAILSUB_E_NO_RECIPIENTS;
    enum mailsub__command_text text =
        transaction->smtputf8 ? MAILSUB__COMMAND_UTF8 : MAILSUB__COMMAND_ASCII;
    int rc = MAILSUB_OK; /* what a recipient needs is its own matter, see recipients.c */
    if (transaction->sender.len > 0)
        rc = mailsub__command_check_path(transaction->sender, text);
    for (size_t i = 0; i < transaction->n_recipients && rc == MAILSUB_OK; i++)
        rc = mailsub__command_check_path(transaction->recipients[i], MAILSUB__COMMAND_UTF8);
    return rc;
}

bool mailsub__transaction_uses_chunks(const mailsub__engine *engine)
{
    return !engine->settings.no_chunking &&
           mailsub__engine_offers(engine, MAILSUB__CAPABILITY_CHUNKING);
}

/* RFC 6152 section 3, RFC 6531 section 3.2, RFC 3030 section 3: without the extension such content
   is not sent. */
static int check_needs(const mailsub__engine *engine, const mailsub__transaction *transaction)
{
    if (transaction->smtputf8 && !mailsub__engine_offers(engine, MAILSUB__CAPABILITY_SMTPUTF8))
        return MAILSUB_E_SMTPUTF8;
    if (transaction->eight_bit && !mailsub__engine_offers(engine, MAILSUB__CAPABILITY_EIGHTBITMIME))
        return MAILSUB_E_ENCODING;
    if (transaction->binary && (!mailsub__transaction_uses_chunks(engine) ||
                                !mailsub__engine_offers(engine, MAILSUB__CAPABILITY_BINARYMIME)))
        return MAILSUB_E_ENCODING;
    return MAILSUB_OK;
}

/* RFC 1870 section 6.1: what the server would refuse for its size is not offered to it. */
static int check_size(const mailsub__engine *engine, const mailsub__transaction *transaction)
{
    uint64_t limit = engine->capabilities.size_limit;
    return limit > 0 && transaction->size > limit ? MAILSUB_E_MESSAGE_TOO_BIG : MAILSUB_OK;
}

int mailsub__transaction_check(const mailsub__engine *engine, mailsub__transaction *transaction,
                               int *out_extension)
{
    int rc = check_envelope(transaction);
    if (rc == MAILSUB_OK)
        rc = check_needs(engine, transaction);
    if (rc == MAILSUB_OK)
        rc = check_size(engine, transaction);
    if (rc == MAILSUB_OK)
        rc = mailsub__parameters_check(engine, transaction, out_extension);
    return rc;
}

/* ---- commands ---- */

/* Send the front, an address in angle brackets and the parameters that stand in the engine. */
static bool send_path(mailsub__engine *engine, enum mailsub__state state, size_t which,
                      mailsub__slice front, mailsub__slice path)
{
    if (engine->parameters.error) {
        mailsub__engine_fail(engine, engine->parameters.error, mailsub__states[state].stage, NULL);
        return false;
    }
    const mailsub__slice line[] = {front, path, PART(">"),
                                   mailsub__buffer_slice(&engine->parameters)};
    return mailsub__output_with_parameters(engine, state, which, line,
                                           sizeof line / sizeof line[0]);
}

/* Where the sender names the recipient: the one that this round is for. */
static int find_sender(mailsub__engine *engine, char room[MAILSUB_MAX_ADDRESS], mailsub__slice *out)
{
    mailsub__round *round = engine->sending;
    size_t i = 0;
    if (round->transaction->sender_for) {
        /* There is one: other rounds decide about their own recipients alone. */
        mailsub__recipients_next(engine, round, &i);
        round->first = i;
        round->end = i + 1;
    }
    return mailsub__recipients_sender(round->transaction, i, room, out);
}

bool mailsub__transaction_send_mail(mailsub__engine *engine)
{
    const mailsub__transaction *transaction = engine->sending->transaction;
    char room[MAILSUB_MAX_ADDRESS];
    mailsub__slice sender;
    mailsub__buffer_reset(&engine->parameters);
    mailsub__parameters_mail(engine, transaction, &engine->parameters);
    int rc = find_sender(engine, room, &sender);
    if (rc) {
        /* It could be made when the transaction was checked: there is no memory. */
        mailsub__engine_fail(engine, rc, MAILSUB_STAGE_MAIL, NULL);
        return false;
    }
    if (!send_path(engine, MAILSUB__STATE_MAIL, 0, PART("MAIL FROM:<"), sender))
        return false;
    mailsub__engine_go(engine, MAILSUB__STATE_RCPT);
    return true;
}

bool mailsub__transaction_send_rcpt(mailsub__engine *engine)
{
    mailsub__round *round = engine->sending;
    const mailsub__transaction *transaction = round->transaction;
    size_t i;
    if (!mailsub__recipients_next(engine, round, &i)) {
        /* A reply to another of its rounds has decided about them all. */
        round->failed = true;
        mailsub__transaction_stop(engine, round);
        mailsub__round_settle(engine, round);
        return true;
    }
    mailsub__buffer_reset(&engine->parameters);
    mailsub__parameters_rcpt(transaction, i, &engine->parameters);
    if (!send_path(engine, MAILSUB__STATE_RCPT, i, PART("RCPT TO:<"), transaction->recipients[i]))
        return false;
    mailsub__recipients_ask(engine, round, i);
    if (mailsub__recipients_next(engine, round, &i))
        return true;
    mailsub__round_envelope_sent(engine);
    if (transaction->kind == MAILSUB__KIND_PROBE)
        mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    else
        mailsub__engine_go(engine, round->chunked ? MAILSUB__STATE_CHUNK : MAILSUB__STATE_DATA);
    return true;
}

/*
 * DATA goes out behind the last RCPT without waiting (RFC 2920 section 3.1), except where one
 * refusal is to stop the message: once DATA is granted, only a broken connection would.
 */
bool mailsub__transaction_send_data(mailsub__engine *engine)
{
    const mailsub__slice line = PART("DATA");
    if (engine->settings.all_or_none && engine->sending->n_flights > 0)
        return false;
    if (!mailsub__output_command(engine, MAILSUB__STATE_DATA, &line, 1))
        return false;
    engine->sending->begun = true;
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    return true;
}

/* Nobody waits for its reply: a next MAIL travels with it where the server has PIPELINING. */
bool mailsub__transaction_send_rset(mailsub__engine *engine)
{
    const mailsub__slice line = PART("RSET");
    if (!mailsub__output_command(engine, MAILSUB__STATE_RSET, &line, 1))
        return false;
    const mailsub__round *next = engine->sending;
    mailsub__engine_go(engine, next ? mailsub__operation_first_state(next->transaction->kind)
                                    : MAILSUB__STATE_IDLE);
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
    (void)engine;
    flight->round->mail_taken = true;
}

void mailsub__transaction_stop(mailsub__engine *engine, const mailsub__round *round)
{
    if (engine->sending == round && engine->cursor != MAILSUB__STATE_CONTENT)
        mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
}

/* A refused sender is refused for every recipient. */
void mailsub__transaction_mail_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    mailsub__verdict_sender(flight->round,
                            mailsub__verdict_refusal(MAILSUB_STAGE_MAIL, &engine->reply),
                            &engine->reply);
    flight->round->mail_refused = true;
    mailsub__transaction_stop(engine, flight->round);
}

/* No one is left to whom the content could go: what is not sent of it stays here. */
static void stop_if_hopeless(mailsub__engine *engine, const mailsub__round *round)
{
    bool all_answered =
        engine->cursor == MAILSUB__STATE_CHUNK && round->n_answered == round->n_asked;
    if (engine->sending == round && all_answered && round->n_taken == 0)
        mailsub__transaction_stop(engine, round);
}

void mailsub__transaction_rcpt_taken(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)engine;
    flight->round->n_answered++;
    flight->round->n_taken++;
    mailsub__verdict_rcpt_taken(flight->round, flight->which);
}

/* RFC 5321 section 4.5.3.1.10: enough for this transaction, but another may take it. */
static bool may_postpone(const mailsub__engine *engine, const mailsub__round *round)
{
    return round->transaction->reopen && !engine->settings.all_or_none && round->n_taken > 0 &&
           mailsub__verdict_is_too_many(&engine->reply);
}

void mailsub__transaction_rcpt_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    mailsub__round *round = flight->round;
    round->n_answered++;
    round->refused = true;
    if (round->transaction->verdicts[flight->which].phase == MAILSUB__DECIDED)
        return; /* "503 need MAIL first": a consequence, not a cause */
    if (may_postpone(engine, round)) {
        mailsub__recipients_postpone(engine, round, flight->which);
        return;
    }
    mailsub__verdict_recipient(round, flight->which,
                               mailsub__verdict_refusal(MAILSUB_STAGE_RCPT, &engine->reply),
                               MAILSUB_STAGE_RCPT, &engine->reply);
    if (engine->settings.all_or_none && round->transaction->kind == MAILSUB__KIND_MESSAGE)
        mailsub__transaction_stop(engine, round);
    stop_if_hopeless(engine, round);
}

/* ---- DATA, BDAT and behind ---- */

void mailsub__transaction_data_granted(mailsub__engine *engine, const mailsub__flight *flight)
{
    const mailsub__round *round = flight->round;
    if (round->n_taken == 0 && !engine->settings.lmtp)
        mailsub__content_lone_dot(engine);
    else if (round->n_taken == 0 || round->mail_refused)
        /* Recipients without a sender: a lone dot would deliver them an empty message. And by LMTP,
           which owes a reply to each recipient, none would follow (RFC 2033 section 4.2). */
        mailsub__unexpected(engine, flight);
    else
        mailsub__content_begin(engine);
}

/* The reply decides for the recipients that were taken; without any, their own replies have. */
static void decide(mailsub__engine *engine, mailsub__round *round, int code, int stage)
{
    if (!round->mail_refused && !round->failed && round->n_taken > 0)
        mailsub__verdict_content(round, code, stage, &engine->reply);
}

static void refuse(mailsub__engine *engine, mailsub__round *round, int stage)
{
    decide(engine, round, mailsub__verdict_refusal(stage, &engine->reply), stage);
    round->failed = true;
    mailsub__transaction_stop(engine, round);
}

void mailsub__transaction_data_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    refuse(engine, flight->round, MAILSUB_STAGE_DATA);
}

void mailsub__transaction_chunk_taken(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)engine;
    (void)flight;
}

void mailsub__transaction_chunk_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    refuse(engine, flight->round, MAILSUB_STAGE_CONTENT);
}

/*
 * A message whose sender or first part was refused has now been taken, which nobody can rely on:
 * by DATA the client would not have sent it, by BDAT it was under way.
 */
static void contradict(mailsub__engine *engine, const mailsub__flight *flight)
{
    mailsub__verdict_contradict(flight->round, &engine->reply);
    mailsub__unexpected(engine, flight);
}

/* RFC 2033 section 4.2: as many replies to the end of data as recipients were taken. */
bool mailsub__transaction_is_last_reply(const mailsub__engine *engine,
                                        const mailsub__flight *flight)
{
    if (!engine->settings.lmtp || flight->state != MAILSUB__STATE_END)
        return true;
    return flight->round->n_replied + 1 >= flight->round->n_taken;
}

/* By LMTP a reply to the end of data speaks for one recipient. */
static void decide_one(mailsub__engine *engine, mailsub__round *round)
{
    bool taken = engine->reply.code / 100 == 2;
    round->n_replied++;
    round->accepted |= taken;
    int code = taken ? MAILSUB_OK : mailsub__verdict_refusal(MAILSUB_STAGE_RCPT, &engine->reply);
    mailsub__verdict_next(round, code, &engine->reply);
}

static void find_queue_id(const mailsub__engine *engine, mailsub__transaction *transaction)
{
    if (transaction->queue_id[0] == '\0')
        mailsub__queue_id_find(mailsub__slice_of(engine->reply.text, engine->reply.text_len),
                               transaction->queue_id);
}

void mailsub__transaction_end_taken(mailsub__engine *engine, const mailsub__flight *flight)
{
    mailsub__round *round = flight->round;
    round->ended = true;
    if (engine->settings.lmtp) {
        decide_one(engine, round);
        find_queue_id(engine, round->transaction);
        return;
    }
    if (round->n_taken > 0 && (round->mail_refused || round->failed)) {
        contradict(engine, flight);
        return;
    }
    round->accepted = round->n_taken > 0;
    decide(engine, round, MAILSUB_OK, MAILSUB_STAGE_END_OF_DATA);
    if (round->n_taken > 0)
        find_queue_id(engine, round->transaction);
}

void mailsub__transaction_end_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    flight->round->ended = true;
    if (engine->settings.lmtp)
        decide_one(engine, flight->round);
    else
        refuse(engine, flight->round, MAILSUB_STAGE_END_OF_DATA);
}
