/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one place that lists the mechanisms. */
#include "smtp/mechanism.h"

#include "base/memory.h"
#include "smtp/reply.h"

#define BINDS MAILSUB__MECHANISM_BINDS
#define BY_NAME MAILSUB__MECHANISM_BY_NAME
#define PROMPTS MAILSUB__MECHANISM_PROMPTS
#define SERVER_FIRST MAILSUB__MECHANISM_SERVER_FIRST

/*
 * The strongest first: those that show no secret, the better hash before the binding to TLS, which
 * verified the server already; then a token, which expires; then the password as it is.
 */
/* clang-format off */
static const mailsub__mechanism mechanisms[] = {
    {"EXTERNAL", MAILSUB__SECRET_CERTIFICATE, 0,
     mailsub__external_step, NULL, NULL}, /* RFC 4422 appendix A */
    {"SCRAM-SHA-256-PLUS", MAILSUB__SECRET_PASSWORD, BINDS,
     mailsub__scram_sha256_step, mailsub__scram_accept, mailsub__scram_end}, /* RFC 7677 */
    {"SCRAM-SHA-256", MAILSUB__SECRET_PASSWORD, 0,
     mailsub__scram_sha256_step, mailsub__scram_accept, mailsub__scram_end},
    {"SCRAM-SHA-1-PLUS", MAILSUB__SECRET_PASSWORD, BINDS,
     mailsub__scram_sha1_step, mailsub__scram_accept, mailsub__scram_end}, /* RFC 5802 */
    {"SCRAM-SHA-1", MAILSUB__SECRET_PASSWORD, 0,
     mailsub__scram_sha1_step, mailsub__scram_accept, mailsub__scram_end},
    {"OAUTHBEARER", MAILSUB__SECRET_TOKEN, 0,
     mailsub__oauthbearer_step, mailsub__oauth_accept, NULL}, /* RFC 7628 */
    {"XOAUTH2", MAILSUB__SECRET_TOKEN, 0,
     mailsub__xoauth2_step, mailsub__oauth_accept, NULL}, /* its predecessor */
    {"PLAIN", MAILSUB__SECRET_PASSWORD, PROMPTS,
     mailsub__plain_step, NULL, NULL}, /* RFC 4616 */
    {"LOGIN", MAILSUB__SECRET_PASSWORD, PROMPTS,
     mailsub__login_step, NULL, NULL}, /* draft-murchison-sasl-login */
    {"CRAM-MD5", MAILSUB__SECRET_PASSWORD, BY_NAME | SERVER_FIRST,
     mailsub__cram_md5_step, NULL, NULL}, /* RFC 2195 */
};
/* clang-format on */

/* By flags of mailsub_mechanism: what the application's mechanism uses, and who speaks first. */
static const mailsub__mechanism adapters[][2] = {
#define ADAPTER(secret)                                                                            \
    {                                                                                              \
        {"", (secret), 0, mailsub__custom_step, mailsub__custom_accept, mailsub__custom_end},      \
        {                                                                                          \
            "", (secret), SERVER_FIRST, mailsub__custom_step, mailsub__custom_accept,              \
                mailsub__custom_end                                                                \
        }                                                                                          \
    }
    ADAPTER(MAILSUB__SECRET_OWN),
    ADAPTER(MAILSUB__SECRET_PASSWORD),
    ADAPTER(MAILSUB__SECRET_TOKEN),
#undef ADAPTER
};

size_t mailsub__mechanism_count(void)
{
    return sizeof mechanisms / sizeof mechanisms[0];
}

const mailsub__mechanism *mailsub__mechanism_at(size_t i)
{
    return &mechanisms[i];
}

const mailsub__mechanism *mailsub__mechanism_find(mailsub__slice name)
{
    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(mechanisms[i].name)))
            return &mechanisms[i];
    }
    return NULL;
}

bool mailsub__mechanism_is_name(mailsub__slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!mailsub__ascii_is_alpha(c) && !mailsub__ascii_is_digit(c) && c != '-' && c != '_')
            return false;
    }
    return name.len > 0 && name.len <= MAILSUB__MAX_MECHANISM_NAME;
}

const mailsub__mechanism *mailsub__mechanism_adapter(const mailsub_mechanism *custom)
{
    size_t row = custom->flags & MAILSUB_MECHANISM_PASSWORD ? 1
                 : custom->flags & MAILSUB_MECHANISM_TOKEN  ? 2
                                                            : 0;
    return &adapters[row][(custom->flags & MAILSUB_MECHANISM_SERVER_FIRST) != 0];
}

void mailsub__login_keep_text(mailsub_login *login, mailsub__slice text)
{
    char clean[2 * sizeof login->text];
    size_t len = text.len < sizeof clean ? text.len : sizeof clean;
    memcpy(clean, text.ptr, len);
    len = mailsub__secrets_redact(login->secrets, clean, len);
    len = mailsub__text_clean(clean, len);
    len = mailsub__secrets_redact(login->secrets, clean, len);
    if (len >= sizeof login->text)
        len = sizeof login->text - 1;
    while (len > 0 && len < text.len && ((unsigned char)clean[len] & 0xc0) == 0x80)
        len--;
    memcpy(login->text, clean, len);
    login->text[len] = '\0';
    mailsub__wipe(clean, sizeof clean); /* it held the token, where the server echoed it */
}
