/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EXTERNAL (RFC 4422 appendix A): the server knows from elsewhere who this is, from the client's
 * certificate. All that is said is the identity to act as, or nothing.
 */
#include "smtp/mechanism.h"

int mailsub__external_step(mailsub_login *login, mailsub__slice challenge)
{
    (void)challenge;
    if (login->n_answers > 0)
        return MAILSUB_E_REPLY_UNEXPECTED;
    login->is_open = true;
    return mailsub__buffer_append_str(&login->answer, login->authorization);
}
