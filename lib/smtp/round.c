/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transactions one behind the other. The owner's are queued; each is begun as a round: one MAIL to
 * end of data on the wire, or several where its recipients do not fit in one. The rounds that are not answered stand in the order of the
 * stream, and the cursor of what is sent is in the last of them, or in none.
 *
 * When may the next begin? By DATA, behind the final dot, answered or not (RFC 2920 section 3.1):
 * whatever the reply, it leaves no transaction behind. By BDAT a refusal leaves a state that only
 * RSET clears (RFC 3030 section 2): recipients of the next message could otherwise join the sender
 * of the one before. So while the last chunk is not answered, RSET goes first.
 */
#include <inttypes.h>
#include <stdio.h>

#include <mailsub/extension.h>

#include "base/memory.h"
#include "smtp/engine_private.h"
#include "smtp/operation.h"

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

static void enqueue(mailsub__engine *engine, mailsub__transaction *transaction)
{
    append(&engine->waiting, &engine->waiting_last, transaction);
    transaction->queued = true;
}

/* In front of all others: it is under way already. */
static void enqueue_again(mailsub__engine *engine, mailsub__transaction *transaction)
{
    if (!engine->waiting)
        engine->waiting_last = transaction;
    transaction->next = engine->waiting;
    engine->waiting = transaction;
    transaction->queued = true;
}

static mailsub__transaction *take_first(mailsub__transaction **first)
{
    mailsub__transaction *transaction = *first;
    *first = transaction->next;
    transaction->next = NULL;
    return transaction;
}

static mailsub__transaction *dequeue(mailsub__engine *engine)
{
    mailsub__transaction *transaction = take_first(&engine->waiting);
    transaction->queued = false;
    return transaction;
}

/* Has it come to its end? */
static void tell_done(mailsub__engine *engine, mailsub__transaction *transaction)
{
    if (transaction->n_rounds > 0 || transaction->queued)
        return;
    mailsub__verdict_conclude(transaction);
    mailsub__tell_done(engine, transaction);
    append(&engine->ended, &engine->ended_last, transaction);
    engine->events |= 1u << MAILSUB__EVENT_DONE;
}

/* Nothing of it was sent: for want of an extension where that is not negative. */
static void reject(mailsub__engine *engine, mailsub__transaction *transaction, int code,
                   int extension)
{
    mailsub__verdict_abandon(transaction, code, MAILSUB_STAGE_CHECK, NULL);
    if (code == MAILSUB_E_MESSAGE_TOO_BIG)
        mailsub__tell_limit(engine, transaction, "SIZE", transaction->size,
                            engine->capabilities.size_limit);
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
    mailsub__verdict_reset(transaction, !transaction->unfinished);
    transaction->number = ++engine->n_messages;
    mailsub__tell_submitted(engine, transaction);
    if (engine->closing != MAILSUB__STAYING || engine->cursor == MAILSUB__STATE_CLOSED) {
        reject_closed(engine, transaction);
        return;
    }
    enqueue(engine, transaction);
    mailsub__output_commands(engine);
}

/* ---- begin ---- */

/* Room for a piece of its content; no content is being made when a transaction begins. */
static int have_raw(mailsub__engine *engine, const mailsub__transaction *transaction)
{
    size_t wanted =
        transaction->size < MAILSUB__RAW_LEN / 2 ? (size_t)transaction->size + 1 : MAILSUB__RAW_LEN;
    if (mailsub__transaction_uses_chunks(engine) || engine->raw_room >= wanted)
        return MAILSUB_OK;
    char *raw = mailsub__alloc(&engine->allocator, wanted);
    if (!raw)
        return MAILSUB_E_NOMEM;
    mailsub__free(&engine->allocator, engine->raw);
    engine->raw = raw;
    engine->raw_room = wanted;
    return MAILSUB_OK;
}

static void begin(mailsub__engine *engine, mailsub__transaction *transaction, mailsub__round *round)
{
    *round = (mailsub__round){
        .transaction = transaction,
        .in_use = true,
        .content_start = UINT64_MAX,
        .content_end = UINT64_MAX,
        .number = ++engine->n_transactions,
        .chunked =
            transaction->kind == MAILSUB__KIND_MESSAGE && mailsub__transaction_uses_chunks(engine),
    };
    bool behind_chunks = engine->rounds && engine->rounds_last->chunked;
    if (engine->rounds)
        engine->rounds_last->next = round;
    else
        engine->rounds = round;
    engine->rounds_last = round;
    engine->n_rounds++;
    transaction->n_rounds++;
    transaction->n_begun++;
    if (transaction->kind <= MAILSUB__KIND_PROBE)
        mailsub__recipients_choose(engine, round);
    if (!engine->leaving)
        engine->leaving = round;
    engine->sending = round;
    engine->progress = (mailsub__progress){0};
    mailsub__tell_round(engine, MAILSUB_LOG_TRANSACTION_BEGUN, round);
    mailsub__engine_go(engine, behind_chunks ? MAILSUB__STATE_RSET
                                             : mailsub__operation_first_state(transaction->kind));
}

/* What is one command, or none. */
static void begin_operation(mailsub__engine *engine)
{
    mailsub__transaction *transaction = dequeue(engine);
    int rc = mailsub__operation_check(engine, transaction);
    if (rc)
        reject(engine, transaction, rc, -1);
    else if (transaction->kind == MAILSUB__KIND_CHECK)
        tell_done(engine, transaction);
    else
        begin(engine, transaction, &transaction->round);
    transaction->round.smtputf8 = mailsub__operation_is_utf8(engine, transaction);
}

/* The first time: what is known of it now that the server has said what it can? */
static void begin_first(mailsub__engine *engine)
{
    mailsub__transaction *transaction = dequeue(engine);
    int extension = -1;
    int rc = mailsub__transaction_check(engine, transaction, &extension);
    if (rc == MAILSUB_OK)
        rc = mailsub__recipients_prepare(engine, transaction);
    if (rc == MAILSUB_OK && transaction->kind == MAILSUB__KIND_MESSAGE)
        rc = have_raw(engine, transaction);
    if (rc)
        reject(engine, transaction, rc, extension);
    else if (transaction->n_waiting == 0)
        tell_done(engine, transaction);
    else
        begin(engine, transaction, &transaction->round);
}

/* Where memory is short, the round that comes with the transaction does, once it has ended. */
static mailsub__round *find_round(mailsub__engine *engine, mailsub__transaction *transaction)
{
    if (!transaction->round.in_use)
        return &transaction->round;
    return mailsub__alloc_zeroed(&engine->allocator, sizeof(mailsub__round));
}

static void release(mailsub__engine *engine, mailsub__round *round)
{
    round->in_use = false;
    if (round != &round->transaction->round)
        mailsub__free(&engine->allocator, round);
}

/* Another round for the recipients that are left. False: not now. */
static bool begin_further(mailsub__engine *engine)
{
    mailsub__transaction *transaction = engine->waiting;
    mailsub__round *round = NULL;
    int rc = MAILSUB_OK;
    if (transaction->n_waiting > 0) {
        round = find_round(engine, transaction);
        if (!round)
            return false;
        round->transaction = transaction;
        rc = transaction->reopen(transaction);
    }
    dequeue(engine);
    if (round && rc == MAILSUB_OK) {
        begin(engine, transaction, round);
        return true;
    }
    if (round) {
        release(engine, round);
        mailsub__tell(engine, &(mailsub__fact){.id = MAILSUB_LOG_CONTENT_FAILED,
                                               .message = transaction->number,
                                               .code = rc,
                                               .stage = MAILSUB_STAGE_CONTENT,
                                               .total = transaction->size});
        mailsub__verdict_abandon(transaction, rc, MAILSUB_STAGE_CONTENT, NULL);
    }
    tell_done(engine, transaction);
    return true;
}

bool mailsub__engine_is_spent(const mailsub__engine *engine)
{
    uint32_t most = engine->capabilities.max_transactions;
    return most > 0 && engine->n_transactions >= most;
}

/* RFC 9422 section 5.1: the server would not take them here. */
static void turn_away(mailsub__engine *engine)
{
    mailsub__transaction *transaction = dequeue(engine);
    bool some = transaction->n_waiting > 0;
    mailsub__verdict_abandon(transaction, MAILSUB_E_UNAVAILABLE, MAILSUB_STAGE_CHECK, NULL);
    transaction->unfinished = some;
    uint32_t most = engine->capabilities.max_transactions;
    mailsub__tell_limit(engine, transaction, "MAILMAX", engine->n_transactions, most);
    if (transaction->whole.code == MAILSUB_E_UNAVAILABLE)
        snprintf(transaction->text, sizeof transaction->text,
                 "the server takes %" PRIu32 " message%s over a connection", most,
                 most == 1 ? "" : "s");
    tell_done(engine, transaction);
}

static uint32_t configured_depth(const mailsub__engine *engine)
{
    return engine->settings.depth > 0 ? engine->settings.depth : MAILSUB__DEPTH;
}

/* By DATA the next transaction goes with the content of this one, and waits for its 354. */
uint32_t mailsub__engine_depth(const mailsub__engine *engine)
{
    const uint32_t depth = configured_depth(engine);
    if (!mailsub__engine_offers(engine, MAILSUB__CAPABILITY_PIPELINING))
        return 1;
    return depth > 2 && !mailsub__transaction_uses_chunks(engine) ? 2 : depth;
}

/* The next transaction, if one waits and may go. */
bool mailsub__round_begin(mailsub__engine *engine)
{
    if (!engine->waiting || engine->n_rounds >= configured_depth(engine))
        return false;
    if (mailsub__engine_is_spent(engine)) {
        turn_away(engine);
        return true;
    }
    if (engine->waiting->n_begun > 0)
        return begin_further(engine);
    if (engine->waiting->kind > MAILSUB__KIND_PROBE)
        begin_operation(engine);
    else
        begin_first(engine);
    return true;
}

/* Another round is for those that are left, if there can be one. */
static void go_on_with_rest(mailsub__engine *engine, mailsub__transaction *transaction)
{
    if (transaction->n_waiting == 0 || transaction->queued)
        return;
    if (transaction->reopen)
        enqueue_again(engine, transaction);
    else
        mailsub__verdict_abandon(transaction, MAILSUB_E_LIMIT, MAILSUB_STAGE_CHECK, NULL);
}

void mailsub__round_envelope_sent(mailsub__engine *engine)
{
    const mailsub__transaction *transaction = engine->sending->transaction;
    uint32_t most = engine->capabilities.max_recipients;
    if (transaction->n_waiting > 0 && most > 0 && engine->sending->n_asked >= most)
        mailsub__tell_limit(engine, transaction, "RCPTMAX", most, transaction->n_recipients);
    engine->sending->scan = engine->sending->first;
    go_on_with_rest(engine, engine->sending->transaction);
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
    mailsub__tell_round(engine, MAILSUB_LOG_TRANSACTION_ENDED, round);
    enum mailsub__state next = needs_reset(round) ? MAILSUB__STATE_RSET : MAILSUB__STATE_IDLE;
    bool last = !round->next;
    unlink_round(engine, round);
    if (engine->sending == round) {
        engine->sending = NULL;
        mailsub__engine_go(engine, next);
    } else if (last && engine->cursor == MAILSUB__STATE_IDLE) {
        mailsub__engine_go(engine, next);
    }
    if (round->n_postponed > 0 && !round->accepted)
        mailsub__verdict_postponed(round);
    /* Some were postponed, or the envelope was not sent to its end. */
    if (!engine->sending || engine->sending->transaction != transaction)
        go_on_with_rest(engine, transaction);
    release(engine, round);
    transaction->n_rounds--;
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
    if (round->transaction->kind == MAILSUB__KIND_PROBE) {
        round->accepted = round->n_taken > 0 && !round->mail_refused;
        mailsub__verdict_probed(round, &engine->reply);
    } else if (engine->settings.all_or_none && round->refused)
        /* Those who were taken, or never asked for, share the fate of the refused. */
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
        mailsub__tell_round(engine, MAILSUB_LOG_TRANSACTION_ENDED, round);
        mailsub__verdict_abandon_round(round, doubtful, code, stage, reply);
        unlink_round(engine, round);
        release(engine, round);
        if (--transaction->n_rounds > 0 || transaction->queued)
            continue;
        mailsub__verdict_abandon(transaction, code, stage, reply);
        tell_done(engine, transaction);
    }
    while (engine->waiting) {
        mailsub__transaction *transaction = dequeue(engine);
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
        mailsub__tell_content(engine, MAILSUB_LOG_CONTENT_SENT, round, MAILSUB_OK);
        engine->leaving = round->next;
    }
    return some;
}

static const mailsub__round *find_latest(const mailsub__engine *engine,
                                         const mailsub__transaction *transaction)
{
    const mailsub__round *latest = NULL;
    for (const mailsub__round *round = engine->rounds; round; round = round->next) {
        if (round->transaction == transaction)
            latest = round;
    }
    return latest;
}

/*
 * What is under way counts in octets of the stream, which has dots and lines of BDAT besides: so
 * this is less than what went, and not more.
 */
uint64_t mailsub__engine_sent(const mailsub__engine *engine,
                              const mailsub__transaction *transaction)
{
    const mailsub__round *round = find_latest(engine, transaction);
    if (!round || round->content_start >= engine->n_sent)
        return 0;
    if (round->complete)
        return transaction->size;
    const bool sending = engine->sending == round;
    uint64_t made =
        sending ? engine->progress.content - engine->progress.raw_len : transaction->size;
    uint64_t left = (sending ? engine->n_queued : round->content_end) - engine->n_sent;
    return made > left ? made - left : 0;
}
