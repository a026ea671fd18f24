/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What no log may show. A server can echo what it was told, in the reply that refuses it or in any
 * later one, so all of it is remembered until the connection ends.
 */
#ifndef MAILSUB_SMTP_SECRETS_H
#define MAILSUB_SMTP_SECRETS_H

#include <stdbool.h>

#include "base/buffer.h"

typedef struct mailsub__secrets {
    mailsub__buffer octets; /* secret: each with its length before it */
} mailsub__secrets;

void mailsub__secrets_init(mailsub__secrets *secrets, const mailsub_allocator *allocator);
void mailsub__secrets_deinit(mailsub__secrets *secrets);
/* One shorter than three octets stands in any text by chance: it is not kept. The buffer's codes.
 */
int mailsub__secrets_add(mailsub__secrets *secrets, mailsub__slice secret);
/* The next one behind *at, which is 0 first and moves; false: there is none. */
bool mailsub__secrets_next(const mailsub__secrets *secrets, size_t *at, mailsub__slice *out);
/* Replace each by "***", in place; the new length, never more than len. */
size_t mailsub__secrets_redact(const mailsub__secrets *secrets, char *text, size_t len);

#endif
