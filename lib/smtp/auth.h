/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Logins (RFC 4954): the mechanisms, as a table, and one run of one of them. What a mechanism
 * answers is told here; when it is sent, and that it may be, is the engine's matter.
 */
#ifndef MAILSUB_SMTP_AUTH_H
#define MAILSUB_SMTP_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

typedef struct mailsub__auth mailsub__auth;

typedef struct mailsub__mechanism {
    const char *name;
    /*
     * Append to auth->raw the answer, not encoded, to a challenge as it stood in the reply; to the
     * first one, which is empty when there is an initial response, auth->n_answers is 0.
     * MAILSUB_E_REPLY_UNEXPECTED: the mechanism has nothing more to say. MAILSUB_E_NOMEM.
     */
    int (*answer)(mailsub__auth *auth, mailsub__slice challenge);
} mailsub__mechanism;

/* Strings are borrowed. */
struct mailsub__auth {
    const char *user; /* NULL: no login */
    const char *password;
    const mailsub__mechanism *mechanism;
    unsigned n_answers;
    bool user_repeated;
    mailsub__buffer raw;  /* secret: the answer */
    mailsub__buffer line; /* secret: the answer in base64 */
};

/* Is the name that of a mechanism in the table? Its index is its bit in the capabilities. */
bool mailsub__mechanism_find(mailsub__slice name, size_t *out_index);
/* The best of those offered, bits by index; NULL: none is. */
const mailsub__mechanism *mailsub__mechanism_choose(uint32_t offered);

void mailsub__auth_init(mailsub__auth *auth, const mailsub_allocator *allocator, const char *user,
                        const char *password);
void mailsub__auth_deinit(mailsub__auth *auth);
void mailsub__auth_begin(mailsub__auth *auth, const mailsub__mechanism *mechanism);
/*
 * The answer to a challenge in base64, or "=" for an empty one, lent until the next.
 * MAILSUB_E_REPLY_UNEXPECTED, MAILSUB_E_NOMEM; MAILSUB_E_CREDENTIALS: longer than a line may be.
 */
int mailsub__auth_answer(mailsub__auth *auth, mailsub__slice challenge, mailsub__slice *out_line);

/*
 * Replace what is secret in a text of the server, which may echo it: the password and the last
 * answer, raw and in base64, become "***". Returns the new length, never more than len.
 */
size_t mailsub__auth_redact(const mailsub__auth *auth, char *text, size_t len);

#endif
