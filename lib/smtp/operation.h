/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the engine can do besides sending a message: one command with one reply (ETRN, VRFY, EXPN,
 * HELP), or none at all, where it was only to be seen whether the connection comes about.
 */
#ifndef MAILSUB_SMTP_OPERATION_H
#define MAILSUB_SMTP_OPERATION_H

#include "smtp/state.h"

/* Can the transaction, which is an operation, be sent? MAILSUB_E_COMMAND: the server has no ETRN.
   MAILSUB_E_CONTROL, MAILSUB_E_SMTPUTF8, MAILSUB_E_LIMIT: the argument. MAILSUB_E_NOMEM. */
int mailsub__operation_check(mailsub__engine *engine, const mailsub__transaction *transaction);
/* Does its line hold UTF-8? */
bool mailsub__operation_is_utf8(const mailsub__engine *engine,
                                const mailsub__transaction *transaction);
/* The state in which a transaction of any kind begins; IDLE: there is nothing to send. */
enum mailsub__state mailsub__operation_first_state(enum mailsub__kind kind);
/* A line of the reply to the oldest command, if that is an operation's. */
void mailsub__operation_take_line(mailsub__engine *engine, int code, mailsub__slice text);

#endif
