/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parameters of MAIL and RCPT: which a message asks for, which a server can take, and what
 * becomes of the difference.
 */
#ifndef MAILSUB_SMTP_PARAMETERS_H
#define MAILSUB_SMTP_PARAMETERS_H

#include "base/buffer.h"
#include "smtp/engine.h"

/* Set the policy of each extension to the safe one. */
void mailsub__parameters_default_policy(uint8_t policy[MAILSUB__N_CAPABILITIES]);
/* May a policy other than to fail be set for this extension? */
bool mailsub__parameters_may_be_missing(int extension);

/*
 * Compare what the transaction asks for with what the server offers. Notes in the transaction what
 * is left out; MAILSUB_E_EXTENSION, MAILSUB_E_EXTENSION_LIMIT, MAILSUB_E_TLS_UNVERIFIED: it must not
 * be sent so, and *out_extension is why.
 */
int mailsub__parameters_check(const mailsub__engine *engine, mailsub__transaction *transaction,
                              int *out_extension);

/* Append " KEYWORD=value" for each parameter of MAIL, or of RCPT for recipient i. MAILSUB_E_NOMEM */
int mailsub__parameters_mail(const mailsub__engine *engine, const mailsub__transaction *transaction,
                             mailsub__buffer *out);
int mailsub__parameters_rcpt(const mailsub__transaction *transaction, size_t i,
                             mailsub__buffer *out);

#endif
