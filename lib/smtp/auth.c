/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logins. Both mechanisms hand the password to the server, so both need a connection that nobody
 * else can read. A refusal is final: to offer the same password once more, by the next mechanism,
 * helps nobody but a thief who counts tries, and locks accounts.
 */
#include "smtp/auth.h"

#include "base/memory.h"
#include "codec/base64.h"
#include "smtp/command.h"

/* RFC 4616: authorization identity (none), user, password. SASLprep is left to the server. */
static int plain_answer(mailsub__auth *auth, mailsub__slice challenge)
{
    (void)challenge;
    if (auth->n_answers > 0)
        return MAILSUB_E_REPLY_UNEXPECTED;
    mailsub__buffer_append_char(&auth->raw, '\0');
    mailsub__buffer_append_str(&auth->raw, auth->user);
    mailsub__buffer_append_char(&auth->raw, '\0');
    return mailsub__buffer_append_str(&auth->raw, auth->password);
}

/* "User", in base64 the front of "User Name" and "Username:", in any case of its letters. */
static bool asks_for_user(mailsub__slice challenge)
{
    static const char *const fronts[] = {"VXNlc", "dXNlc", "VVNFU"};
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        mailsub__slice front = mailsub__slice_str(fronts[i]);
        if (challenge.len >= front.len && memcmp(challenge.ptr, front.ptr, front.len) == 0)
            return true;
    }
    return false;
}

/*
 * LOGIN, never standardised (draft-murchison-sasl-login): user, then password, whatever the
 * challenges say; except that a server which did not take the user name as the initial response
 * asks for it again. The password in its place would end in the server's log as a user name.
 */
static int login_answer(mailsub__auth *auth, mailsub__slice challenge)
{
    if (auth->n_answers == 1 && !auth->user_repeated && asks_for_user(challenge)) {
        auth->user_repeated = true;
        auth->n_answers = 0;
    }
    if (auth->n_answers > 1)
        return MAILSUB_E_REPLY_UNEXPECTED;
    return mailsub__buffer_append_str(&auth->raw,
                                      auth->n_answers == 0 ? auth->user : auth->password);
}

/* Best first. */
static const mailsub__mechanism mechanisms[] = {
    {"PLAIN", plain_answer},
    {"LOGIN", login_answer},
};

enum { N_MECHANISMS = sizeof mechanisms / sizeof mechanisms[0] };
_Static_assert(N_MECHANISMS <= 32, "the capabilities keep a bit for each");

bool mailsub__mechanism_find(mailsub__slice name, size_t *out_index)
{
    for (size_t i = 0; i < N_MECHANISMS; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(mechanisms[i].name))) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

const mailsub__mechanism *mailsub__mechanism_choose(uint32_t offered)
{
    for (size_t i = 0; i < N_MECHANISMS; i++) {
        if (offered >> i & 1u)
            return &mechanisms[i];
    }
    return NULL;
}

void mailsub__auth_init(mailsub__auth *auth, const mailsub_allocator *allocator, const char *user,
                        const char *password)
{
    *auth = (mailsub__auth){.user = user, .password = password};
    mailsub__buffer_init_secret(&auth->raw, allocator, MAILSUB__AUTH_LINE_MAX);
    mailsub__buffer_init_secret(&auth->line, allocator, MAILSUB__AUTH_LINE_MAX - 2);
}

void mailsub__auth_deinit(mailsub__auth *auth)
{
    mailsub__buffer_deinit(&auth->raw);
    mailsub__buffer_deinit(&auth->line);
}

void mailsub__auth_begin(mailsub__auth *auth, const mailsub__mechanism *mechanism)
{
    auth->mechanism = mechanism;
    auth->n_answers = 0;
    auth->user_repeated = false;
}

int mailsub__auth_answer(mailsub__auth *auth, mailsub__slice challenge, mailsub__slice *out_line)
{
    mailsub__buffer_reset(&auth->raw);
    mailsub__buffer_reset(&auth->line);
    int rc = auth->mechanism->answer(auth, challenge);
    mailsub__slice raw = mailsub__buffer_slice(&auth->raw);
    if (rc == MAILSUB_OK && raw.len == 0)
        rc = mailsub__buffer_append_char(&auth->line, '='); /* RFC 4954 section 4 */
    else if (rc == MAILSUB_OK)
        rc = mailsub__base64_append(&auth->line, raw.ptr, raw.len);
    if (rc)
        return rc == MAILSUB_E_LIMIT ? MAILSUB_E_CREDENTIALS : rc;
    auth->n_answers++;
    *out_line = mailsub__buffer_slice(&auth->line);
    return MAILSUB_OK;
}

static const char blot[] = {'*', '*', '*'};

/* A shorter secret stands in any text by chance, and blotting it out would tell it. */
static size_t redact_one(char *text, size_t len, mailsub__slice secret)
{
    if (secret.len < sizeof blot)
        return len;
    for (size_t at = 0; at + secret.len <= len;) {
        if (memcmp(text + at, secret.ptr, secret.len) != 0) {
            at++;
            continue;
        }
        size_t behind = at + secret.len;
        memcpy(text + at, blot, sizeof blot);
        at += sizeof blot;
        memmove(text + at, text + behind, len - behind);
        len -= behind - at;
    }
    return len;
}

size_t mailsub__auth_redact(const mailsub__auth *auth, char *text, size_t len)
{
    if (!auth->user)
        return len;
    len = redact_one(text, len, mailsub__buffer_slice(&auth->line));
    len = redact_one(text, len, mailsub__buffer_slice(&auth->raw));
    return redact_one(text, len, mailsub__slice_str(auth->password));
}
