/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message as the fake server took it: envelope, login and content. */
#ifndef MAILSUB_TESTING_MAIL_H
#define MAILSUB_TESTING_MAIL_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

typedef struct mailsub__mail {
    const mailsub_allocator *allocator; /* borrowed from the server */
    mailsub__buffer strings;            /* login, sender and recipients, each ended by a NUL */
    size_t sender;                      /* where it begins in strings; the login begins at 0 */
    size_t *recipients;                 /* the same of each recipient */
    size_t n_recipients;
    size_t recipient_capacity;
    mailsub__buffer content; /* empty when contents are discarded */
    uint64_t size;           /* octets of the content, kept or not */
} mailsub__mail;

/* login is "" when nobody has logged in. MAILSUB_E_NOMEM. */
int mailsub__mail_new(const mailsub_allocator *allocator, mailsub__slice login,
                      mailsub__slice sender, size_t max_content, mailsub__mail **out_mail);
void mailsub__mail_free(mailsub__mail *mail);
/* MAILSUB_E_LIMIT, MAILSUB_E_NOMEM; the mail is then as before. */
int mailsub__mail_add_recipient(mailsub__mail *mail, mailsub__slice recipient);
/* The content is complete: it gets its NUL, after which the mail is only read. MAILSUB_E_NOMEM. */
int mailsub__mail_seal(mailsub__mail *mail);

const char *mailsub__mail_get_login(const mailsub__mail *mail);
const char *mailsub__mail_get_sender(const mailsub__mail *mail);
/* NULL: there is no such recipient. */
const char *mailsub__mail_get_recipient(const mailsub__mail *mail, size_t nth);

#endif
