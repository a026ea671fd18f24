/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of each recipient, and of the transaction as a whole.
 *
 * A recipient is WAITING until a round asks for it, ASKED and TAKEN while that round is under way,
 * and DECIDED once: only the reply to the end of data makes it accepted. The one exception is a
 * server that contradicts itself.
 */
#include <stdio.h>

#include "smtp/engine_private.h"

void mailsub__verdict_set(mailsub__verdict *verdict, int outcome, int code, int stage,
                          const mailsub__reply *reply)
{
    *verdict = (mailsub__verdict){.outcome = outcome, .code = code, .stage = stage};
    if (!reply)
        return;
    verdict->reply_code = reply->code;
    memcpy(verdict->enhanced, reply->enhanced, sizeof verdict->enhanced);
}

/* On another connection. */
static void resume(mailsub__transaction *transaction)
{
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        mailsub__verdict *verdict = &transaction->verdicts[i];
        if (verdict->outcome != MAILSUB_OUTCOME_NOT_ATTEMPTED)
            continue;
        *verdict = (mailsub__verdict){.outcome = MAILSUB_OUTCOME_NOT_ATTEMPTED};
        transaction->n_undecided++;
    }
    if (transaction->n_accepted > 0)
        transaction->whole.code = MAILSUB_OK;
    else if (mailsub_error_group(transaction->whole.code) != MAILSUB_GROUP_REFUSED ||
             transaction->whole.stage == MAILSUB_STAGE_CHECK)
        transaction->whole = (mailsub__verdict){.code = MAILSUB_OK};
    transaction->unfinished = false;
    transaction->n_begun = 0;
    transaction->n_waiting = transaction->n_undecided;
}

void mailsub__verdict_reset(mailsub__transaction *transaction, bool anew)
{
    if (!anew) {
        resume(transaction);
        return;
    }
    for (size_t i = 0; i < transaction->n_recipients; i++)
        transaction->verdicts[i] = (mailsub__verdict){.outcome = MAILSUB_OUTCOME_NOT_ATTEMPTED};
    transaction->whole = (mailsub__verdict){.code = MAILSUB_OK};
    transaction->n_undecided = transaction->n_recipients;
    transaction->n_accepted = 0;
    transaction->n_rounds = 0;
    transaction->n_begun = 0;
    transaction->n_waiting = transaction->n_recipients;
    transaction->n_waiting_utf8 = 0;
    transaction->queued = false;
    transaction->round.in_use = false;
    transaction->unfinished = false;
    transaction->text[0] = '\0';
    transaction->queue_id[0] = '\0';
    transaction->n_pending = -1;
    transaction->dropped = 0;
    transaction->warnings = 0;
    transaction->handed_over = false;
}

static void tell_text(const mailsub__transaction *transaction, size_t i,
                      const mailsub__reply *reply)
{
    if (reply && transaction->on_recipient_text)
        transaction->on_recipient_text(transaction->context, i,
                                       mailsub__slice_of(reply->text, reply->text_len));
}

/* ---- the error of a refusal ---- */

static bool has_subject(const mailsub__reply *reply, const char *subject_detail)
{
    return reply->enhanced[0] != '\0' && strcmp(reply->enhanced + 1, subject_detail) == 0;
}

/*
 * The enhanced status tells more than 552, which some servers also give for a full mailbox
 * ("552 5.2.2") or for content that they dislike ("552 5.7.0").
 */
static bool is_too_big(const mailsub__reply *reply)
{
    if (reply->code / 100 != 5)
        return false;
    if (reply->enhanced[0] == '\0')
        return reply->code == 552;
    return has_subject(reply, ".3.4") || has_subject(reply, ".2.3");
}

/* By stage: for now, for good. */
static const struct refusal {
    int stage;
    int deferred;
    int refused;
    bool size_counts; /* 552 is about the message here, not about a mailbox */
} refusals[] = {
    {MAILSUB_STAGE_MAIL, MAILSUB_E_SENDER_DEFERRED, MAILSUB_E_SENDER_REFUSED, true},
    {MAILSUB_STAGE_RCPT, MAILSUB_E_RECIPIENTS_DEFERRED, MAILSUB_E_RECIPIENTS_REFUSED, false},
    {MAILSUB_STAGE_DATA, MAILSUB_E_MESSAGE_DEFERRED, MAILSUB_E_MESSAGE_REFUSED, true},
    {MAILSUB_STAGE_CONTENT, MAILSUB_E_MESSAGE_DEFERRED, MAILSUB_E_MESSAGE_REFUSED, true},
    {MAILSUB_STAGE_END_OF_DATA, MAILSUB_E_MESSAGE_DEFERRED, MAILSUB_E_MESSAGE_REFUSED, true},
};

int mailsub__verdict_refusal(int stage, const mailsub__reply *reply)
{
    const struct refusal *row = refusals;
    while (row->stage != stage)
        row++;
    if (reply->code / 100 == 4)
        return row->deferred;
    if (stage == MAILSUB_STAGE_MAIL && reply->code == 530) /* RFC 4954 section 6 */
        return MAILSUB_E_AUTH_REQUIRED;
    return row->size_counts && is_too_big(reply) ? MAILSUB_E_MESSAGE_TOO_BIG : row->refused;
}

static int outcome_of(int code, const mailsub__reply *reply)
{
    if (code == MAILSUB_OK)
        return MAILSUB_OUTCOME_ACCEPTED;
    return reply->code / 100 == 4 ? MAILSUB_OUTCOME_DEFERRED : MAILSUB_OUTCOME_REFUSED;
}

/* ---- recipients ---- */

/* The one place where a recipient gets its verdict. */
static void decide(mailsub__transaction *transaction, size_t i, int outcome, int code, int stage)
{
    mailsub__verdict *verdict = &transaction->verdicts[i];
    mailsub__recipients_leave(transaction, i);
    verdict->outcome = outcome;
    verdict->code = code;
    verdict->stage = stage;
    verdict->phase = MAILSUB__DECIDED;
    transaction->n_undecided--;
    transaction->n_accepted +=
        outcome == MAILSUB_OUTCOME_ACCEPTED || outcome == MAILSUB_OUTCOME_WILLING;
}

static void decide_by(mailsub__transaction *transaction, size_t i, int code, int stage,
                      const mailsub__reply *reply)
{
    mailsub__verdict *verdict = &transaction->verdicts[i];
    decide(transaction, i, outcome_of(code, reply), code, stage);
    verdict->reply_code = reply->code;
    memcpy(verdict->enhanced, reply->enhanced, sizeof verdict->enhanced);
    tell_text(transaction, i, reply);
}

/* Not by a reply to it, though one may be the cause. */
static void decide_without(mailsub__transaction *transaction, size_t i, int code, int stage,
                           const mailsub__reply *reply)
{
    mailsub__verdict *verdict = &transaction->verdicts[i];
    bool unknown = code == MAILSUB_E_UNKNOWN_OUTCOME;
    decide(transaction, i, unknown ? MAILSUB_OUTCOME_UNKNOWN : MAILSUB_OUTCOME_NOT_ATTEMPTED, code,
           stage);
    verdict->reply_code = reply ? reply->code : 0;
    memset(verdict->enhanced, 0, sizeof verdict->enhanced);
    if (!reply)
        return;
    memcpy(verdict->enhanced, reply->enhanced, sizeof verdict->enhanced);
    tell_text(transaction, i, reply);
}

/* ---- the whole ---- */

/*
 * What the whole tells where nobody has accepted: of two causes the more urgent, of equal ones the
 * first. A refusal of the message explains more than that of a recipient, and one for now goes
 * before one for good: who reads nothing but the code would give up a recipient for whom another
 * try can help. That something may have arrived goes before all.
 */
static int urgency(const mailsub__verdict *whole)
{
    switch (whole->code) {
    case MAILSUB_OK:
        return 0;
    case MAILSUB_E_RECIPIENTS_REFUSED:
        return 1;
    case MAILSUB_E_RECIPIENTS_DEFERRED:
        return 2;
    case MAILSUB_E_UNKNOWN_OUTCOME:
        return 6;
    }
    if (mailsub_error_group(whole->code) != MAILSUB_GROUP_REFUSED)
        return 5;
    return mailsub_error_action(whole->code) == MAILSUB_ACTION_RETRY_LATER ? 4 : 3;
}

static void set_whole(mailsub__transaction *transaction, int code, int stage,
                      const mailsub__reply *reply)
{
    mailsub__verdict whole;
    mailsub__verdict_set(&whole, 0, code, stage, reply);
    bool accepted_before =
        transaction->whole.stage != MAILSUB_STAGE_NONE && transaction->whole.code == MAILSUB_OK;
    if (accepted_before || (code != MAILSUB_OK && urgency(&whole) <= urgency(&transaction->whole)))
        return;
    transaction->whole = whole;
    transaction->text[0] = '\0';
    if (reply)
        memcpy(transaction->text, reply->text, reply->text_len + 1);
}

void mailsub__verdict_conclude(mailsub__transaction *transaction)
{
    if (transaction->n_accepted > 0)
        transaction->whole.code =
            transaction->n_accepted == transaction->n_recipients ? MAILSUB_OK : MAILSUB_E_PARTIAL;
}

/* ---- by a reply ---- */

static bool is_of(const mailsub__round *round, const mailsub__verdict *verdict)
{
    return verdict->transaction == round->number &&
           (verdict->phase == MAILSUB__ASKED || verdict->phase == MAILSUB__TAKEN);
}

void mailsub__verdict_rcpt_taken(mailsub__round *round, size_t i)
{
    mailsub__verdict *verdict = &round->transaction->verdicts[i];
    verdict->taken = true;
    if (verdict->phase != MAILSUB__DECIDED) {
        verdict->phase = MAILSUB__TAKEN;
        verdict->stage = MAILSUB_STAGE_RCPT;
    }
}

void mailsub__verdict_recipient(mailsub__round *round, size_t i, int code, int stage,
                                const mailsub__reply *reply)
{
    decide_by(round->transaction, i, code, stage, reply);
    set_whole(round->transaction, code, stage, reply);
}

void mailsub__verdict_sender(mailsub__round *round, int code, const mailsub__reply *reply)
{
    mailsub__transaction *transaction = round->transaction;
    size_t end = transaction->sender_for ? round->end : transaction->n_recipients;
    for (size_t i = round->first; i < end; i++) {
        const mailsub__verdict *verdict = &transaction->verdicts[i];
        if (verdict->phase == MAILSUB__WAITING || is_of(round, verdict))
            decide_by(transaction, i, code, MAILSUB_STAGE_MAIL, reply);
    }
    set_whole(transaction, code, MAILSUB_STAGE_MAIL, reply);
}

void mailsub__verdict_content(mailsub__round *round, int code, int stage,
                              const mailsub__reply *reply)
{
    mailsub__transaction *transaction = round->transaction;
    for (size_t i = round->first; i < round->end; i++) {
        if (is_of(round, &transaction->verdicts[i]))
            decide_by(transaction, i, code, stage, reply);
    }
    set_whole(transaction, code, stage, reply);
}

void mailsub__verdict_next(mailsub__round *round, int code, const mailsub__reply *reply)
{
    const mailsub__verdict *verdicts = round->transaction->verdicts;
    size_t i = round->scan;
    while (!is_of(round, &verdicts[i]) || verdicts[i].phase != MAILSUB__TAKEN)
        i++;
    round->scan = i + 1;
    mailsub__verdict_recipient(round, i, code, MAILSUB_STAGE_END_OF_DATA, reply);
}

void mailsub__verdict_probed(mailsub__round *round, const mailsub__reply *reply)
{
    mailsub__transaction *transaction = round->transaction;
    for (size_t i = round->first; i < round->end; i++) {
        const mailsub__verdict *verdict = &transaction->verdicts[i];
        if (is_of(round, verdict) && verdict->phase == MAILSUB__TAKEN)
            decide(transaction, i, MAILSUB_OUTCOME_WILLING, MAILSUB_OK, MAILSUB_STAGE_RCPT);
    }
    if (round->n_taken > 0)
        set_whole(transaction, MAILSUB_OK, MAILSUB_STAGE_RCPT,
                  reply->code / 100 == 2 ? reply : NULL);
}

void mailsub__verdict_operation(mailsub__round *round, int code, int stage,
                                const mailsub__reply *reply)
{
    set_whole(round->transaction, code, stage, reply);
}

bool mailsub__verdict_is_too_many(const mailsub__reply *reply)
{
    /* 552 is what RFC 821 had in place of 452. */
    if (reply->enhanced[0] == '\0')
        return reply->code == 452;
    return (reply->code == 452 || reply->code == 552) && has_subject(reply, ".5.3");
}

void mailsub__verdict_postponed(mailsub__round *round)
{
    mailsub__transaction *transaction = round->transaction;
    for (size_t i = round->first; i < round->end; i++) {
        mailsub__verdict *verdict = &transaction->verdicts[i];
        if (verdict->phase != MAILSUB__WAITING || verdict->transaction != round->number)
            continue;
        mailsub__reply reply = {.code = verdict->reply_code};
        memcpy(reply.enhanced, verdict->enhanced, sizeof reply.enhanced);
        decide(transaction, i, MAILSUB_OUTCOME_DEFERRED, MAILSUB_E_RECIPIENTS_DEFERRED,
               MAILSUB_STAGE_RCPT);
        set_whole(transaction, MAILSUB_E_RECIPIENTS_DEFERRED, MAILSUB_STAGE_RCPT, &reply);
    }
}

/* ---- without one ---- */

void mailsub__verdict_leave_out(mailsub__transaction *transaction, size_t i, int code)
{
    decide_without(transaction, i, code, MAILSUB_STAGE_CHECK, NULL);
    set_whole(transaction, code, MAILSUB_STAGE_CHECK, NULL);
}

void mailsub__verdict_withdraw(mailsub__transaction *transaction)
{
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        if (transaction->verdicts[i].phase != MAILSUB__DECIDED)
            decide_without(transaction, i, transaction->whole.code, MAILSUB_STAGE_RCPT, NULL);
    }
}

void mailsub__verdict_contradict(mailsub__round *round, const mailsub__reply *reply)
{
    mailsub__transaction *transaction = round->transaction;
    for (size_t i = round->first; i < round->end; i++) {
        mailsub__verdict *verdict = &transaction->verdicts[i];
        if (!verdict->taken || verdict->transaction != round->number)
            continue;
        transaction->n_undecided += verdict->phase == MAILSUB__DECIDED;
        decide_without(transaction, i, MAILSUB_E_UNKNOWN_OUTCOME, MAILSUB_STAGE_END_OF_DATA, reply);
    }
    set_whole(transaction, MAILSUB_E_UNKNOWN_OUTCOME, MAILSUB_STAGE_END_OF_DATA, reply);
}

void mailsub__verdict_abandon_round(mailsub__round *round, bool complete, int code, int stage,
                                    const mailsub__reply *reply)
{
    mailsub__transaction *transaction = round->transaction;
    bool some = false;
    int unknown = MAILSUB_E_UNKNOWN_OUTCOME;
    for (size_t i = round->first; i < round->end; i++) {
        if (!is_of(round, &transaction->verdicts[i]))
            continue;
        some = true;
        decide_without(transaction, i, complete ? unknown : code,
                       complete ? MAILSUB_STAGE_END_OF_DATA : stage, reply);
    }
    if (!some)
        return; /* the recipients' own replies have decided */
    set_whole(transaction, complete ? unknown : code, complete ? MAILSUB_STAGE_END_OF_DATA : stage,
              reply);
    /* The cause, which the code does not tell. */
    if (transaction->whole.code == unknown && !reply)
        snprintf(transaction->text, sizeof transaction->text, "%s", mailsub_strerror(code));
}

void mailsub__verdict_abandon(mailsub__transaction *transaction, int code, int stage,
                              const mailsub__reply *reply)
{
    bool some = transaction->n_recipients == 0;
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        if (transaction->verdicts[i].phase != MAILSUB__WAITING)
            continue;
        some = true;
        decide_without(transaction, i, code, stage, reply);
    }
    if (some)
        set_whole(transaction, code, stage, reply);
}
