/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OAUTHBEARER (RFC 7628) and XOAUTH2, its predecessor: a token in fields parted by ^A.
 *
 * A server that refuses the token says why in a challenge, in JSON, and waits for an answer without
 * meaning before it sends its 535 (RFC 7628 section 3.2.3). The JSON is kept for the receipt, and
 * not interpreted: which scope or status would help is for a person.
 */
#include "smtp/mechanism.h"

static const char separator = '\x01';

/* A name in a field: what would end it, or begin another one, cannot be expressed. */
static int append_name(mailsub__buffer *out, mailsub__slice name, bool escape)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c < ' ' || c == 0x7f)
            return MAILSUB_E_CREDENTIALS;
        /* RFC 5801 section 4: the header before the fields has commas and equals signs. */
        if (escape && (c == ',' || c == '='))
            mailsub__buffer_append_str(out, c == ',' ? "=2C" : "=3D");
        else
            mailsub__buffer_append_char(out, (char)c);
    }
    return out->error;
}

static int append_token(mailsub_login *login)
{
    mailsub__buffer *out = &login->answer;
    mailsub__buffer_append_str(out, "auth=Bearer ");
    mailsub__buffer_append_slice(out, mailsub__buffer_slice(&login->credentials->token));
    mailsub__buffer_append_char(out, separator);
    return mailsub__buffer_append_char(out, separator);
}

static mailsub__slice user_of(const mailsub_login *login)
{
    return mailsub__buffer_slice(&login->credentials->user);
}

/* The answer to an error. The one error is remembered by n_answers. */
static int take_error(mailsub_login *login, mailsub__slice error, mailsub__slice answer)
{
    if (login->n_answers > 1)
        return MAILSUB_E_REPLY_UNEXPECTED;
    mailsub__login_keep_text(login, error);
    login->is_open = true;
    return mailsub__buffer_append_slice(&login->answer, answer);
}

int mailsub__oauthbearer_step(mailsub_login *login, mailsub__slice challenge)
{
    mailsub__buffer *out = &login->answer;
    if (login->n_answers > 0)
        return take_error(login, challenge, mailsub__slice_of(&separator, 1));
    mailsub__slice identity =
        login->authorization[0] != '\0' ? mailsub__slice_str(login->authorization) : user_of(login);
    mailsub__buffer_append_str(out, "n,a=");
    int rc = append_name(out, identity, true);
    if (rc)
        return rc;
    mailsub__buffer_append_char(out, ',');
    mailsub__buffer_append_char(out, separator);
    if (login->host[0] != '\0') {
        mailsub__buffer_append_str(out, "host=");
        mailsub__buffer_append_str(out, login->host);
        mailsub__buffer_append_char(out, separator);
    }
    if (login->port != 0) {
        mailsub__buffer_append_str(out, "port=");
        mailsub__buffer_append_uint(out, (uint64_t)login->port);
        mailsub__buffer_append_char(out, separator);
    }
    return append_token(login);
}

int mailsub__xoauth2_step(mailsub_login *login, mailsub__slice challenge)
{
    if (login->n_answers > 0)
        return take_error(login, challenge, MAILSUB__SLICE_EMPTY);
    if (login->authorization[0] != '\0')
        return MAILSUB_E_CREDENTIALS;
    mailsub__buffer_append_str(&login->answer, "user=");
    int rc = append_name(&login->answer, user_of(login), false);
    if (rc)
        return rc;
    mailsub__buffer_append_char(&login->answer, separator);
    return append_token(login);
}

/* A server that names an error and then says 235 contradicts itself. */
int mailsub__oauth_accept(mailsub_login *login)
{
    return login->n_answers > 1 ? MAILSUB_E_REPLY_UNEXPECTED : MAILSUB_OK;
}
