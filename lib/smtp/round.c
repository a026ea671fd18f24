/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transactions one behind the other. The owner's are queued; each that is begun is a round: one
 * MAIL to end of data on the wire. The rounds that are not answered stand in the order of the
 * stream, and the cursor of what is sent is in the last of them, or in none.
 *
 * When may the next begin? By DATA, behind the final dot, answered or not (RFC 2920 section 3.1):
 * whatever the reply, it leaves no transaction behind. By BDAT a refusal leaves a state that only
 * RSET clears (RFC 3030 section 2): recipients of the next message could otherwise join the sender
 * of the one before. So while the last chunk is not answered, RSET goes first.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include <mailsub/extension.h>

#include "base/memory.h"
#include "smtp/engine_private.h"

/* ---- the owner's transactions ---- */

static void append(mailsub__transaction **first, mailsub__transaction **last,
                   mailsub__transaction *transaction)
{
    transaction->next = NULL;
    if (*first)
        (*last)->next = transaction;
    else
        *first = transaction;
    *last = transaction;
}

static mailsub__transaction *take_first(mailsub__transaction **first)
{
    mailsub__transaction *transaction = *first;
    *first = transaction->next;
    transaction->next = NULL;
    return transaction;
}

static void tell_done(mailsub__engine *engine, mailsub__transaction *transaction)
{
    mailsub__verdict_conclude(transaction);
    append(&engine->ended, &engine->ended_last, transaction);
    engine->events |= 1u << MAILSUB__EVENT_DONE;
}

/* Nothing of it was sent: for want of an extension where that is not negative. */
static void reject(mailsub__engine *engine, mailsub__transaction *transaction, int code,
                   int extension)
{
    mailsub__verdict_abandon(transaction, code, MAILSUB_STAGE_CHECK, NULL);
    if (code == MAILSUB_E_MESSAGE_TOO_BIG)
        snprintf(transaction->text, sizeof transaction->text,
                 "%" PRIu64 " octets, and the server takes %" PRIu64, transaction->size,
                 engine->capabilities.size_limit);
    if (extension >= 0)
        snprintf(transaction->text, sizeof transaction->text, "%s",
                 mailsub_extension_name(extension));
    tell_done(engine, transaction);
}

/* The connection ended while its owner was about to use it: that is the cause. */
static void reject_closed(mailsub__engine *engine, mailsub__transaction *transaction)
{
    const mailsub__verdict *failure = &engine->failure;
    int code = failure->code != MAILSUB_OK ? failure->code : MAILSUB_E_CONNECTION_LOST;
    mailsub__verdict_abandon(transaction, code, failure->stage, NULL);
    transaction->whole.reply_code = failure->reply_code;
    memcpy(transaction->whole.enhanced, failure->enhanced, sizeof failure->enhanced);
    memcpy(transaction->text, engine->failure_text, sizeof transaction->text);
    tell_done(engine, transaction);
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
    assert(engine->closing == MAILSUB__STAYING);
    append(&engine->waiting, &engine->waiting_last, transaction);
    mailsub__output_commands(engine);
}

/* ---- begin ---- */

static int have_raw(mailsub__engine *engine)
{
    if (!engine->raw && !mailsub__transaction_uses_chunks(engine))
        engine->raw = mailsub__alloc(&engine->allocator, MAILSUB__RAW_LEN);
    return engine->raw || mailsub__transaction_uses_chunks(engine) ? MAILSUB_OK : MAILSUB_E_NOMEM;
}

static void begin(mailsub__engine *engine, mailsub__transaction *transaction)
{
    mailsub__round *round = &transaction->round;
    *round = (mailsub__round){
        .transaction = transaction,
        .content_start = UINT64_MAX,
        .content_end = UINT64_MAX,
        .number = ++engine->n_transactions,
        .chunked = mailsub__transaction_uses_chunks(engine),
    };
    bool behind_chunks = engine->rounds && engine->rounds_last->chunked;
    if (engine->rounds)
        engine->rounds_last->next = round;
    else
        engine->rounds = round;
    engine->rounds_last = round;
    engine->n_rounds++;
    transaction->n_rounds++;
    if (!engine->leaving)
        engine->leaving = round;
    engine->sending = round;
    engine->progress = (mailsub__progress){0};
    mailsub__engine_go(engine, behind_chunks ? MAILSUB__STATE_RSET : MAILSUB__STATE_MAIL);
}

/* The next transaction, if one waits and may go. */
bool mailsub__round_begin(mailsub__engine *engine)
{
    uint32_t depth = engine->settings.depth > 0 ? engine->settings.depth : MAILSUB__DEPTH;
    if (!engine->waiting || engine->n_rounds >= depth)
        return false;
    mailsub__transaction *transaction = take_first(&engine->waiting);
    int extension = -1;
    int rc = mailsub__transaction_check(engine, transaction, &extension);
    if (rc == MAILSUB_OK)
        rc = have_raw(engine);
    if (rc)
        reject(engine, transaction, rc, extension);
    else
        begin(engine, transaction);
    return true;
}

/* ---- end ---- */

static void unlink_round(mailsub__engine *engine, mailsub__round *round)
{
    mailsub__round **link = &engine->rounds;
    mailsub__round *before = NULL;
    while (*link != round) {
        before = *link;
        link = &before->next;
    }
    *link = round->next;
    if (engine->rounds_last == round)
        engine->rounds_last = before;
    if (engine->leaving == round)
        engine->leaving = round->next;
    engine->n_rounds--;
}

/* Does the server still have something of it? See above. */
static bool needs_reset(const mailsub__round *round)
{
    if (round->chunked && round->begun)
        return !round->accepted;
    return round->mail_taken && !round->ended;
}

static void finish(mailsub__engine *engine, mailsub__round *round)
{
    mailsub__transaction *transaction = round->transaction;
    enum mailsub__state next = needs_reset(round) ? MAILSUB__STATE_RSET : MAILSUB__STATE_IDLE;
    bool last = !round->next;
    unlink_round(engine, round);
    if (engine->sending == round) {
        engine->sending = NULL;
        mailsub__engine_go(engine, next);
    } else if (last && engine->cursor == MAILSUB__STATE_IDLE) {
        mailsub__engine_go(engine, next);
    }
    if (--transaction->n_rounds == 0)
        tell_done(engine, transaction);
}

static bool is_hopeless(const mailsub__engine *engine, const mailsub__round *round)
{
    return round->n_taken == 0 || (engine->settings.all_or_none && round->refused);
}

/* All that was sent of it is answered. Is there more to be sent? */
static bool goes_on(const mailsub__engine *engine, const mailsub__round *round)
{
    if (engine->sending != round || round->mail_refused || round->failed)
        return false;
    bool asked = engine->cursor == MAILSUB__STATE_DATA || engine->cursor == MAILSUB__STATE_CHUNK;
    if (asked)
        return !is_hopeless(engine, round);
    return engine->cursor != MAILSUB__STATE_WAIT;
}

void mailsub__round_settle(mailsub__engine *engine, mailsub__round *round)
{
    if (round->n_flights > 0 || goes_on(engine, round))
        return;
    /* With all_or_none: those who were taken, or never asked for, share the fate of the refused. */
    if (engine->settings.all_or_none && round->refused)
        mailsub__verdict_withdraw(round->transaction);
    finish(engine, round);
}

void mailsub__round_abandon_all(mailsub__engine *engine, bool orderly, int code, int stage,
                                const mailsub__reply *reply)
{
    engine->sending = NULL;
    while (engine->rounds) {
        mailsub__round *round = engine->rounds;
        mailsub__transaction *transaction = round->transaction;
        /* By LMTP the recipients behind the one that was told may have got it all the same. */
        bool doubtful = round->complete && (!orderly || round->n_replied > 0);
        mailsub__verdict_abandon_round(round, doubtful, code, stage, reply);
        unlink_round(engine, round);
        if (--transaction->n_rounds > 0)
            continue;
        mailsub__verdict_abandon(transaction, code, stage, reply);
        tell_done(engine, transaction);
    }
    while (engine->waiting) {
        mailsub__transaction *transaction = take_first(&engine->waiting);
        mailsub__verdict_abandon(transaction, code, stage, reply);
        tell_done(engine, transaction);
    }
}

/* ---- on the way ---- */

bool mailsub__round_note_sent(mailsub__engine *engine)
{
    bool some = false;
    while (engine->leaving && engine->leaving->content_start < engine->n_sent) {
        mailsub__round *round = engine->leaving;
        some = true;
        round->transaction->handed_over = true;
        if (round->content_end > engine->n_sent)
            break;
        round->complete = true;
        engine->leaving = round->next;
    }
    return some;
}
