/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PLAIN (RFC 4616): identity to act as, user, password, as they are. SASLprep is the server's
 * matter there (section 2).
 */
#include "smtp/mechanism.h"

int mailsub__plain_step(mailsub_login *login, mailsub__slice challenge)
{
    (void)challenge;
    if (login->n_answers > 0)
        return MAILSUB_E_REPLY_UNEXPECTED;
    mailsub__buffer_append_str(&login->answer, login->authorization);
    mailsub__buffer_append_char(&login->answer, '\0');
    mailsub__buffer_append_slice(&login->answer, mailsub__buffer_slice(&login->credentials->user));
    mailsub__buffer_append_char(&login->answer, '\0');
    return mailsub__buffer_append_slice(&login->answer,
                                        mailsub__buffer_slice(&login->credentials->password));
}
