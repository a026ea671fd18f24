/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of each recipient, and of the transaction as a whole.
 *
 * A verdict is open as long as its code is MAILSUB_OK and its outcome is not ACCEPTED. One that is
 * open bears the stage NONE, or RCPT when the server has taken the recipient: only the reply to the
 * end of data makes it ACCEPTED. A verdict that is not open never changes again, so each recipient
 * gets exactly one.
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

void mailsub__verdict_reset(mailsub__transaction *transaction)
{
    for (size_t i = 0; i < transaction->n_recipients; i++)
        transaction->verdicts[i] = (mailsub__verdict){.outcome = MAILSUB_OUTCOME_NOT_ATTEMPTED};
    transaction->whole = (mailsub__verdict){.code = MAILSUB_OK};
    transaction->text[0] = '\0';
    transaction->queue_id[0] = '\0';
    transaction->dropped = 0;
    transaction->warnings = 0;
    transaction->handed_over = false;
}

static bool is_open(const mailsub__verdict *verdict)
{
    return verdict->code == MAILSUB_OK && verdict->outcome != MAILSUB_OUTCOME_ACCEPTED;
}

static bool was_taken(const mailsub__verdict *verdict)
{
    return is_open(verdict) && verdict->stage == MAILSUB_STAGE_RCPT;
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

void mailsub__verdict_rcpt_taken(mailsub__transaction *transaction, size_t i)
{
    transaction->verdicts[i].stage = MAILSUB_STAGE_RCPT;
}

/*
 * Where every recipient is refused, the whole tells the first; but one that was refused only for
 * now goes before those refused for good: who reads nothing but the code would give up a recipient
 * for whom another try can help.
 */
void mailsub__verdict_recipient(mailsub__transaction *transaction, size_t i, int code,
                                const mailsub__reply *reply)
{
    mailsub__verdict_set(&transaction->verdicts[i], outcome_of(code, reply), code,
                         MAILSUB_STAGE_RCPT, reply);
    tell_text(transaction, i, reply);
    if (transaction->whole.code == MAILSUB_OK ||
        (transaction->whole.code == MAILSUB_E_RECIPIENTS_REFUSED &&
         code == MAILSUB_E_RECIPIENTS_DEFERRED))
        mailsub__verdict_whole(transaction, code, MAILSUB_STAGE_RCPT, reply);
}

void mailsub__verdict_all(mailsub__transaction *transaction, int code, int stage,
                          const mailsub__reply *reply)
{
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        if (!is_open(&transaction->verdicts[i]))
            continue;
        mailsub__verdict_set(&transaction->verdicts[i], outcome_of(code, reply), code, stage,
                             reply);
        tell_text(transaction, i, reply);
    }
}

void mailsub__verdict_withdraw(mailsub__transaction *transaction)
{
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        if (is_open(&transaction->verdicts[i]))
            mailsub__verdict_set(&transaction->verdicts[i], MAILSUB_OUTCOME_NOT_ATTEMPTED,
                                 transaction->whole.code, MAILSUB_STAGE_RCPT, NULL);
    }
}

/* ---- the whole ---- */

static void set_text(mailsub__transaction *transaction, const char *text)
{
    snprintf(transaction->text, sizeof transaction->text, "%s", text);
}

void mailsub__verdict_whole(mailsub__transaction *transaction, int code, int stage,
                            const mailsub__reply *reply)
{
    mailsub__verdict_set(&transaction->whole, 0, code, stage, reply);
    set_text(transaction, reply ? reply->text : "");
}

void mailsub__verdict_abandon(mailsub__transaction *transaction, bool complete, int code, int stage,
                              const mailsub__reply *reply)
{
    bool some_open = transaction->n_recipients == 0;
    bool some_unknown = false;
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        mailsub__verdict *verdict = &transaction->verdicts[i];
        if (!is_open(verdict))
            continue;
        some_open = true;
        if (complete && was_taken(verdict)) {
            some_unknown = true;
            mailsub__verdict_set(verdict, MAILSUB_OUTCOME_UNKNOWN, MAILSUB_E_UNKNOWN_OUTCOME,
                                 MAILSUB_STAGE_END_OF_DATA, reply);
        } else {
            mailsub__verdict_set(verdict, MAILSUB_OUTCOME_NOT_ATTEMPTED, code, stage, reply);
        }
        tell_text(transaction, i, reply);
    }
    if (!some_open)
        return; /* the recipients' own replies have decided */
    mailsub__verdict_whole(transaction, some_unknown ? MAILSUB_E_UNKNOWN_OUTCOME : code, stage,
                           reply);
    if (some_unknown && !reply)
        set_text(transaction, mailsub_strerror(code)); /* the cause, which the code does not tell */
}
