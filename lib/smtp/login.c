/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LOGIN, never standardised (draft-murchison-sasl-login): user, then password, whatever the
 * challenges say; except that a server which did not take the user name as the initial response
 * asks for it again. The password in its place would end in the server's log as a user name.
 *
 * It cannot act for another identity.
 */
#include "smtp/mechanism.h"

static bool asks_for_user(mailsub__slice challenge)
{
    static const mailsub__slice front = {"user", 4};
    return challenge.len >= front.len &&
           mailsub__slice_equal_nocase(mailsub__slice_of(challenge.ptr, front.len), front);
}

int mailsub__login_step(mailsub_login *login, mailsub__slice challenge)
{
    const mailsub_credentials *credentials = login->credentials;
    if (login->authorization[0] != '\0')
        return MAILSUB_E_CREDENTIALS;
    if (login->n_answers == 1 && !login->user_repeated && asks_for_user(challenge)) {
        login->user_repeated = true;
        login->n_answers = 0;
    }
    if (login->n_answers > 1)
        return MAILSUB_E_REPLY_UNEXPECTED;
    login->is_open = login->n_answers == 0;
    const mailsub__buffer *said = login->is_open ? &credentials->user : &credentials->password;
    return mailsub__buffer_append_slice(&login->answer, mailsub__buffer_slice(said));
}
