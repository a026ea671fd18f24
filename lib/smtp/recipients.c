/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which recipients share a transaction. A server may take only so many at once (RFC 9422, or 452
 * 4.5.3 in reply to RCPT), or from so many domains; and a recipient that only SMTPUTF8 can name is
 * kept apart from those who need no such favour of the servers behind this one (RFC 6531). Where
 * the sender names the recipient, none can share.
 */
#include <stdio.h>

#include "smtp/command.h"
#include "smtp/engine_private.h"

static bool needs_utf8(mailsub__slice address)
{
    for (size_t i = 0; i < address.len; i++) {
        if ((unsigned char)address.ptr[i] >= 0x80)
            return true;
    }
    return false;
}

static mailsub__slice domain_of(mailsub__slice address)
{
    size_t at = address.len;
    while (at > 0 && address.ptr[at - 1] != '@')
        at--;
    return mailsub__slice_of(address.ptr + at, address.len - at);
}

static bool has_domain(const mailsub__round *round, mailsub__slice address)
{
    const mailsub__slice *recipients = round->transaction->recipients;
    for (size_t i = 0; i < round->n_domains; i++) {
        if (mailsub__slice_equal_nocase(domain_of(recipients[round->domains[i]]),
                                        domain_of(address)))
            return true;
    }
    return false;
}

static uint32_t most_domains(const mailsub__engine *engine)
{
    uint32_t most = engine->capabilities.max_domains;
    return most < MAILSUB__MAX_DOMAINS ? most : MAILSUB__MAX_DOMAINS;
}

/* May recipient i be asked for in this round too? */
static bool fits(const mailsub__engine *engine, const mailsub__round *round, size_t i)
{
    mailsub__slice address = round->transaction->recipients[i];
    if (!round->mixed && needs_utf8(address) != round->smtputf8)
        return false;
    uint32_t most = most_domains(engine);
    return most == 0 || round->n_domains < most || has_domain(round, address);
}

static bool is_full(const mailsub__engine *engine, const mailsub__round *round)
{
    uint32_t most = round->transaction->sender_for ? 1 : engine->capabilities.max_recipients;
    return most > 0 && round->n_asked >= most;
}

static void count(const mailsub__engine *engine, mailsub__round *round, size_t i)
{
    mailsub__slice address = round->transaction->recipients[i];
    round->n_asked++;
    if (most_domains(engine) > 0 && !has_domain(round, address))
        round->domains[round->n_domains++] = i;
}

bool mailsub__recipients_next(const mailsub__engine *engine, mailsub__round *round, size_t *out_i)
{
    const mailsub__transaction *transaction = round->transaction;
    if (is_full(engine, round))
        return false;
    for (size_t i = round->scan; i < transaction->n_recipients; i++) {
        round->scan = i;
        if (transaction->verdicts[i].phase == MAILSUB__WAITING && fits(engine, round, i)) {
            *out_i = i;
            return true;
        }
    }
    return false;
}

int mailsub__recipients_sender(const mailsub__transaction *transaction, size_t i,
                               char room[MAILSUB_MAX_ADDRESS], mailsub__slice *out_sender)
{
    mailsub__slice recipient = transaction->recipients[i];
    size_t len = 0;
    if (!transaction->sender_for) {
        *out_sender = transaction->sender;
        return MAILSUB_OK;
    }
    int rc = transaction->sender_for(transaction->sender, recipient, room, &len);
    if (rc)
        return rc;
    /* MAIL has SMTPUTF8 where the recipient needs it. */
    bool utf8 = transaction->smtputf8 || needs_utf8(recipient);
    *out_sender = mailsub__slice_of(room, len);
    return mailsub__command_check_path(*out_sender,
                                       utf8 ? MAILSUB__COMMAND_UTF8 : MAILSUB__COMMAND_ASCII);
}

void mailsub__recipients_leave(mailsub__transaction *transaction, size_t i)
{
    if (transaction->verdicts[i].phase != MAILSUB__WAITING)
        return;
    transaction->n_waiting--;
    transaction->n_waiting_utf8 -= needs_utf8(transaction->recipients[i]);
}

void mailsub__recipients_ask(const mailsub__engine *engine, mailsub__round *round, size_t i)
{
    mailsub__verdict *verdict = &round->transaction->verdicts[i];
    mailsub__recipients_leave(round->transaction, i);
    verdict->phase = MAILSUB__ASKED;
    verdict->transaction = round->number;
    if (round->n_asked == 0)
        round->first = i;
    round->end = i + 1;
    round->scan = i + 1;
    count(engine, round, i);
}

void mailsub__recipients_postpone(mailsub__engine *engine, mailsub__round *round, size_t i)
{
    mailsub__transaction *transaction = round->transaction;
    mailsub__verdict *verdict = &transaction->verdicts[i];
    verdict->phase = MAILSUB__WAITING;
    verdict->reply_code = engine->reply.code;
    memcpy(verdict->enhanced, engine->reply.enhanced, sizeof verdict->enhanced);
    transaction->n_waiting++;
    transaction->n_waiting_utf8 += needs_utf8(transaction->recipients[i]);
    if (i < transaction->first_waiting)
        transaction->first_waiting = i;
    round->n_postponed++;
    /* What it has taken is what it takes at once; to ask for more again would be a waste. */
    mailsub__capabilities *capabilities = &engine->capabilities;
    if (capabilities->max_recipients == 0 || capabilities->max_recipients > round->n_taken)
        capabilities->max_recipients = (uint32_t)round->n_taken;
}

/* All those that wait in one transaction: would that do? */
static bool fit_together(const mailsub__engine *engine, mailsub__transaction *transaction)
{
    mailsub__round trial = {.transaction = transaction, .mixed = true};
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        if (transaction->verdicts[i].phase != MAILSUB__WAITING)
            continue;
        if (is_full(engine, &trial) || !fits(engine, &trial, i))
            return false;
        count(engine, &trial, i);
    }
    return true;
}

static void count_waiting(mailsub__transaction *transaction)
{
    transaction->first_waiting = 0;
    transaction->n_waiting = 0;
    transaction->n_waiting_utf8 = 0;
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        if (transaction->verdicts[i].phase != MAILSUB__WAITING)
            continue;
        transaction->n_waiting++;
        transaction->n_waiting_utf8 += needs_utf8(transaction->recipients[i]);
    }
}

/* Could the server be asked for this one? */
static int check_one(const mailsub__engine *engine, const mailsub__transaction *transaction,
                     size_t i)
{
    char room[MAILSUB_MAX_ADDRESS];
    mailsub__slice sender;
    if (needs_utf8(transaction->recipients[i]) &&
        !mailsub__engine_offers(engine, MAILSUB__CAPABILITY_SMTPUTF8))
        return MAILSUB_E_SMTPUTF8;
    return mailsub__recipients_sender(transaction, i, room, &sender);
}

int mailsub__recipients_prepare(const mailsub__engine *engine, mailsub__transaction *transaction)
{
    count_waiting(transaction);
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        if (transaction->verdicts[i].phase != MAILSUB__WAITING)
            continue;
        int rc = check_one(engine, transaction, i);
        if (rc && engine->settings.all_or_none)
            return rc;
        if (rc)
            mailsub__verdict_leave_out(transaction, i, rc);
    }
    if (engine->settings.all_or_none && !fit_together(engine, transaction))
        return MAILSUB_E_LIMIT;
    return MAILSUB_OK;
}

void mailsub__recipients_choose(const mailsub__engine *engine, mailsub__round *round)
{
    mailsub__transaction *transaction = round->transaction;
    /* So that many rounds take no longer than their recipients. */
    while (transaction->first_waiting < transaction->n_recipients &&
           transaction->verdicts[transaction->first_waiting].phase != MAILSUB__WAITING)
        transaction->first_waiting++;
    round->scan = transaction->first_waiting;
    bool may_split = transaction->reopen && !engine->settings.all_or_none;
    bool some = transaction->n_waiting_utf8 > 0;
    bool all = transaction->n_waiting_utf8 == transaction->n_waiting;
    round->mixed = transaction->smtputf8 || !may_split;
    /* Those who do not need it go first. */
    round->smtputf8 = transaction->smtputf8 || (round->mixed ? some : all);
}
