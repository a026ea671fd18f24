/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mechanisms of the application: its functions behind the table's, and what they may ask for. */
#include "base/memory.h"
#include "smtp/mechanism.h"

/* login->state, which is NULL until begin has succeeded: the application's may be NULL for ever. */
struct custom_state {
    void *state;
};

static int code_of(int result)
{
    if (result == 0)
        return MAILSUB_OK;
    return mailsub_error_group(result) == MAILSUB_GROUP_NONE ? MAILSUB_E_CREDENTIALS : result;
}

static int begin(mailsub_login *login)
{
    const mailsub_mechanism *custom = login->custom;
    struct custom_state *state = mailsub__alloc_zeroed(login->allocator, sizeof *state);
    if (!state)
        return MAILSUB_E_NOMEM;
    int rc = custom->begin ? code_of(custom->begin(custom->context, login, &state->state)) : 0;
    if (rc) {
        mailsub__free(login->allocator, state);
        return rc;
    }
    login->state = state;
    return MAILSUB_OK;
}

int mailsub__custom_step(mailsub_login *login, mailsub__slice challenge)
{
    const mailsub_mechanism *custom = login->custom;
    if (!login->state) {
        int rc = begin(login);
        if (rc)
            return rc;
    }
    struct custom_state *state = login->state;
    int rc =
        code_of(custom->answer(custom->context, state->state, login, challenge.ptr, challenge.len));
    return rc ? rc : login->answer.error;
}

/* Also where the server says so before it has asked anything: that is what a mechanism with mutual
   authentication must not believe, so it is begun in order to be asked. */
int mailsub__custom_accept(mailsub_login *login)
{
    const mailsub_mechanism *custom = login->custom;
    if (!custom->accept)
        return MAILSUB_OK;
    int rc = login->state ? MAILSUB_OK : begin(login);
    if (rc)
        return rc;
    struct custom_state *state = login->state;
    int result = custom->accept(custom->context, state->state);
    if (result == 0)
        return MAILSUB_OK;
    return mailsub_error_group(result) == MAILSUB_GROUP_NONE ? MAILSUB_E_AUTH_FORGED : result;
}

void mailsub__custom_end(mailsub_login *login)
{
    const mailsub_mechanism *custom = login->custom;
    struct custom_state *state = login->state;
    if (!state)
        return;
    if (custom->end)
        custom->end(custom->context, state->state);
    mailsub__free(login->allocator, state);
    login->state = NULL;
}

int mailsub_login_answer(mailsub_login *login, const void *data, size_t len)
{
    if (!login || (!data && len > 0))
        return MAILSUB_E_INVALID;
    mailsub__buffer_reset(&login->answer);
    return mailsub__buffer_append_slice(&login->answer, mailsub__slice_of(data, len));
}

const char *mailsub_login_get(const mailsub_login *login, int what, size_t *out_len)
{
    mailsub__slice value = MAILSUB__SLICE_EMPTY;
    if (login) {
        const mailsub_credentials *credentials = login->credentials;
        const mailsub__slice values[] = {
            [MAILSUB_LOGIN_GET_USER] = mailsub__buffer_slice(&credentials->user),
            [MAILSUB_LOGIN_GET_PASSWORD] = mailsub__buffer_slice(&credentials->password),
            [MAILSUB_LOGIN_GET_TOKEN] = mailsub__buffer_slice(&credentials->token),
            [MAILSUB_LOGIN_GET_AUTHORIZATION] = mailsub__slice_str(login->authorization),
            [MAILSUB_LOGIN_GET_HOST] = mailsub__slice_str(login->host),
            [MAILSUB_LOGIN_GET_BINDING_TYPE] = mailsub__slice_str(login->binding->type),
            [MAILSUB_LOGIN_GET_BINDING] =
                mailsub__slice_of(login->binding->data, login->binding->len),
        };
        if (what >= 0 && (size_t)what < sizeof values / sizeof values[0])
            value = values[what];
    }
    if (out_len)
        *out_len = value.len;
    return value.ptr;
}
