/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The credentials of one login, owned, wiped when they go; and what may stand in them. */
#ifndef MAILSUB_SMTP_CREDENTIALS_H
#define MAILSUB_SMTP_CREDENTIALS_H

#include <stdbool.h>

#include <mailsub/auth.h>

#include "base/buffer.h"

#define MAILSUB__MAX_CREDENTIAL 1024
#define MAILSUB__MAX_TOKEN 8192

/* Each ends with a NUL outside its length once it is set. */
struct mailsub_credentials {
    mailsub__buffer user;
    mailsub__buffer password;
    mailsub__buffer token;
    bool has_password; /* it may be empty */
    bool has_token;
};

void mailsub__credentials_init(mailsub_credentials *credentials,
                               const mailsub_allocator *allocator);
void mailsub__credentials_deinit(mailsub_credentials *credentials);
/* Without a limit but that of a line. MAILSUB_E_NOMEM, MAILSUB_E_CREDENTIALS. */
int mailsub__credentials_put(mailsub__buffer *target, const char *text);

/* Is it UTF-8 of at most MAILSUB__MAX_CREDENTIAL octets? */
bool mailsub__credential_is_usable(mailsub__slice text);
/* RFC 6750 section 2.1, a little wider: printable ASCII, which cannot end a field of the answer. */
bool mailsub__token_is_usable(mailsub__slice token);

#endif
