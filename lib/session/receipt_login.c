/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a receipt tells about the login. */
#include <mailsub/auth.h>

#include "session/receipt.h"

const char *mailsub_receipt_get_login(const mailsub_receipt *receipt)
{
    for (size_t i = 0; receipt && i < receipt->login.n; i++) {
        if (receipt->login.attempts[i].state == MAILSUB_LOGIN_ACCEPTED)
            return receipt->login.attempts[i].name;
    }
    return "";
}

const char *mailsub_receipt_get_login_text(const mailsub_receipt *receipt)
{
    return receipt ? receipt->login.text : "";
}

size_t mailsub_receipt_count_mechanisms(const mailsub_receipt *receipt)
{
    return receipt ? receipt->login.n : 0;
}

const char *mailsub_receipt_get_mechanism(const mailsub_receipt *receipt, size_t index)
{
    return receipt && index < receipt->login.n ? receipt->login.attempts[index].name : "";
}

int mailsub_receipt_get_mechanism_state(const mailsub_receipt *receipt, size_t index)
{
    return receipt && index < receipt->login.n ? receipt->login.attempts[index].state
                                               : MAILSUB_LOGIN_NOT_TRIED;
}

const char *mailsub_login_state_name(int state)
{
    static const char *const names[] = {
#define STATE_NAME(number, NAME, text) [number] = text,
        MAILSUB_LOGIN_LIST(STATE_NAME)
#undef STATE_NAME
    };
    return state >= 0 && state < MAILSUB_LOGIN_END_ ? names[state] : "?";
}
