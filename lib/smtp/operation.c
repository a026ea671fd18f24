/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 1985 (ETRN), RFC 5321 sections 3.5 and 4.1.1.6 to 4.1.1.8 (VRFY, EXPN, HELP). */
#include "smtp/operation.h"

#include "smtp/command.h"
#include "smtp/engine_private.h"

enum mailsub__state mailsub__operation_first_state(enum mailsub__kind kind)
{
    static const enum mailsub__state states[] = {
        [MAILSUB__KIND_MESSAGE] = MAILSUB__STATE_MAIL, [MAILSUB__KIND_PROBE] = MAILSUB__STATE_MAIL,
        [MAILSUB__KIND_ETRN] = MAILSUB__STATE_ETRN,    [MAILSUB__KIND_VRFY] = MAILSUB__STATE_VRFY,
        [MAILSUB__KIND_EXPN] = MAILSUB__STATE_EXPN,    [MAILSUB__KIND_HELP] = MAILSUB__STATE_HELP,
        [MAILSUB__KIND_CHECK] = MAILSUB__STATE_IDLE,
    };
    return states[kind];
}

/* RFC 6531 section 3.7.4.2: what is asked about may be UTF-8 where the server says so. */
bool mailsub__operation_is_utf8(const mailsub__engine *engine,
                                const mailsub__transaction *transaction)
{
    bool asks_for_mailbox =
        transaction->kind == MAILSUB__KIND_VRFY || transaction->kind == MAILSUB__KIND_EXPN;
    return asks_for_mailbox && transaction->smtputf8 &&
           mailsub__engine_offers(engine, MAILSUB__CAPABILITY_SMTPUTF8);
}

enum { N_PARTS = 4 };

static void make_line(const mailsub__engine *engine, const mailsub__transaction *transaction,
                      mailsub__slice parts[N_PARTS])
{
    bool utf8 = mailsub__operation_is_utf8(engine, transaction);
    enum mailsub__state state = mailsub__operation_first_state(transaction->kind);
    parts[0] = mailsub__slice_str(mailsub__states[state].name);
    parts[1] = mailsub__slice_of(" ", transaction->argument.len > 0);
    parts[2] = transaction->argument;
    parts[3] = mailsub__slice_str(utf8 ? " SMTPUTF8" : "");
}

int mailsub__operation_check(mailsub__engine *engine, const mailsub__transaction *transaction)
{
    if (transaction->kind == MAILSUB__KIND_CHECK)
        return MAILSUB_OK;
    /* The others belong to RFC 5321: not to be offered does not mean not to be there. */
    if (transaction->kind == MAILSUB__KIND_ETRN &&
        !mailsub__engine_offers(engine, MAILSUB__CAPABILITY_ETRN))
        return MAILSUB_E_COMMAND;
    mailsub__slice parts[N_PARTS];
    make_line(engine, transaction, parts);
    mailsub__buffer_reset(&engine->parameters);
    return mailsub__command_append(&engine->parameters, parts, N_PARTS, MAILSUB__COMMAND_MAX,
                                   mailsub__operation_is_utf8(engine, transaction)
                                       ? MAILSUB__COMMAND_UTF8
                                       : MAILSUB__COMMAND_ASCII);
}

bool mailsub__operation_send(mailsub__engine *engine)
{
    mailsub__slice parts[N_PARTS];
    make_line(engine, engine->sending->transaction, parts);
    if (!mailsub__output_command(engine, engine->cursor, parts, N_PARTS))
        return false;
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    return true;
}

/* ---- replies ---- */

/*
 * What a reply means to an operation; the first row that fits counts. A number of one digit stands
 * for its whole class.
 */
static const struct meaning {
    int state; /* -1: any */
    int reply;
    int code;
} meanings[] = {
    /* "Cannot VRFY user, but will accept message": neither yes nor no (RFC 5321 section 3.5.3). */
    {MAILSUB__STATE_VRFY, 252, MAILSUB_E_NOT_VERIFIED},
    {MAILSUB__STATE_EXPN, 252, MAILSUB_E_NOT_VERIFIED},
    {-1, 2, MAILSUB_OK},
    {-1, 500, MAILSUB_E_COMMAND},
    {-1, 502, MAILSUB_E_COMMAND},
    {-1, 504, MAILSUB_E_COMMAND},
    {-1, 501, MAILSUB_E_COMMAND_ARGUMENT},
    {-1, 530, MAILSUB_E_AUTH_REQUIRED},
    /* "Node not allowed": for good, though RFC 1985 section 5.2 gave it a number for now. */
    {MAILSUB__STATE_ETRN, 459, MAILSUB_E_COMMAND_REFUSED},
    {MAILSUB__STATE_VRFY, 550, MAILSUB_E_RECIPIENTS_REFUSED},
    {MAILSUB__STATE_VRFY, 551, MAILSUB_E_RECIPIENTS_REFUSED},
    {MAILSUB__STATE_VRFY, 553, MAILSUB_E_RECIPIENTS_REFUSED},
    {MAILSUB__STATE_EXPN, 550, MAILSUB_E_RECIPIENTS_REFUSED},
    {-1, 4, MAILSUB_E_COMMAND_DEFERRED},
    {-1, 5, MAILSUB_E_COMMAND_REFUSED},
};

static int find_meaning(int state, int reply)
{
    const struct meaning *row = meanings;
    while ((row->state != -1 && row->state != state) ||
           (row->reply != reply && row->reply != reply / 100))
        row++;
    return row->code;
}

/* RFC 1985 section 5.2: "253 OK, <n> pending messages for node <x> started". */
static int64_t find_number(mailsub__slice text)
{
    size_t at = 0;
    while (at < text.len && !mailsub__ascii_is_digit(text.ptr[at]))
        at++;
    if (at == text.len)
        return -1;
    int64_t number = 0;
    for (; at < text.len && mailsub__ascii_is_digit(text.ptr[at]); at++) {
        if (number > INT32_MAX)
            return -1;
        number = number * 10 + (text.ptr[at] - '0');
    }
    return number;
}

void mailsub__operation_answered(mailsub__engine *engine, const mailsub__flight *flight)
{
    mailsub__transaction *transaction = flight->round->transaction;
    const mailsub__reply *reply = &engine->reply;
    int code = find_meaning(flight->state, reply->code);
    mailsub__verdict_operation(flight->round, code, mailsub__states[flight->state].stage, reply);
    if (flight->state == MAILSUB__STATE_ETRN && reply->code == 253)
        transaction->n_pending = find_number(mailsub__slice_of(reply->text, reply->text_len));
}

void mailsub__operation_take_line(mailsub__engine *engine, int code, mailsub__slice text)
{
    const mailsub__flight *head = mailsub__flights_head(&engine->flights);
    if (code == 0 || !head || !head->round || head->end > engine->n_sent)
        return;
    bool ours = head->state == MAILSUB__STATE_ETRN || head->state == MAILSUB__STATE_VRFY ||
                head->state == MAILSUB__STATE_EXPN || head->state == MAILSUB__STATE_HELP;
    const mailsub__transaction *transaction = head->round->transaction;
    if (ours && transaction->on_line)
        transaction->on_line(transaction->context, mailsub__reply_strip_enhanced(code, text));
}
