/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/credentials.h"

#include "codec/utf8.h"
#include "smtp/command.h"

void mailsub__credentials_init(mailsub_credentials *credentials, const mailsub_allocator *allocator)
{
    *credentials = (mailsub_credentials){.has_password = false};
    mailsub__buffer_init_secret(&credentials->user, allocator, MAILSUB__AUTH_LINE_MAX);
    mailsub__buffer_init_secret(&credentials->password, allocator, MAILSUB__AUTH_LINE_MAX);
    mailsub__buffer_init_secret(&credentials->token, allocator, MAILSUB__AUTH_LINE_MAX);
}

void mailsub__credentials_deinit(mailsub_credentials *credentials)
{
    mailsub__buffer_deinit(&credentials->user);
    mailsub__buffer_deinit(&credentials->password);
    mailsub__buffer_deinit(&credentials->token);
}

int mailsub__credentials_put(mailsub__buffer *target, const char *text)
{
    mailsub__buffer fresh;
    mailsub__buffer_init_secret(&fresh, target->allocator, target->max);
    int rc = mailsub__buffer_append_str(&fresh, text);
    if (rc == MAILSUB_OK && !mailsub__buffer_str(&fresh))
        rc = MAILSUB_E_NOMEM;
    if (rc) {
        mailsub__buffer_deinit(&fresh);
        return rc == MAILSUB_E_LIMIT ? MAILSUB_E_CREDENTIALS : rc;
    }
    mailsub__buffer_deinit(target);
    *target = fresh;
    return MAILSUB_OK;
}

bool mailsub__credential_is_usable(mailsub__slice text)
{
    return text.len <= MAILSUB__MAX_CREDENTIAL && mailsub__utf8_is_valid(text);
}

bool mailsub__token_is_usable(mailsub__slice token)
{
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] <= ' ' || token.ptr[i] >= 0x7f)
            return false;
    }
    return token.len > 0 && token.len <= MAILSUB__MAX_TOKEN;
}

int mailsub_credentials_set_user(mailsub_credentials *credentials, const char *user)
{
    if (!credentials || !user)
        return MAILSUB_E_INVALID;
    mailsub__slice slice = mailsub__slice_str(user);
    if (slice.len == 0 || !mailsub__credential_is_usable(slice))
        return MAILSUB_E_CREDENTIALS;
    return mailsub__credentials_put(&credentials->user, user);
}

/* Replace a secret, or take it away. */
static int replace(mailsub__buffer *target, bool *has, const char *text)
{
    if (text) {
        int rc = mailsub__credentials_put(target, text);
        if (rc)
            return rc;
    } else {
        mailsub__buffer_deinit(target);
    }
    *has = text != NULL;
    return MAILSUB_OK;
}

int mailsub_credentials_set_password(mailsub_credentials *credentials, const char *password)
{
    if (!credentials)
        return MAILSUB_E_INVALID;
    if (password && !mailsub__credential_is_usable(mailsub__slice_str(password)))
        return MAILSUB_E_CREDENTIALS;
    return replace(&credentials->password, &credentials->has_password, password);
}

int mailsub_credentials_set_token(mailsub_credentials *credentials, const char *token)
{
    if (!credentials)
        return MAILSUB_E_INVALID;
    if (token && !mailsub__token_is_usable(mailsub__slice_str(token)))
        return MAILSUB_E_CREDENTIALS;
    return replace(&credentials->token, &credentials->has_token, token);
}
