/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Senders as mailboxes: one text for all ways to write the same one. */
#ifndef MAILSUB_LIMIT_SENDER_H
#define MAILSUB_LIMIT_SENDER_H

#include "base/slice.h"

/* Two texts of the greatest length that an address and its domain have. */
#define MAILSUB__SENDER_LEN 512

typedef struct mailsub__sender {
    char text[MAILSUB__SENDER_LEN]; /* "user@example.org"; "@example.org"; "" for the null sender */
    size_t len;
    size_t at; /* where the @ is; 0 for a domain alone and for "" */
} mailsub__sender;

/*
 * The domain becomes A-labels in lower case, or stays an address literal, in lower case; a quoted
 * local part that needs no quotes loses them. MAILSUB_E_ADDRESS: no @, nothing in front of it, or
 * too long; with is_domain a text in front of the @ is one too. MAILSUB_E_CONTROL; MAILSUB_E_UTF8;
 * MAILSUB_E_DOMAIN; MAILSUB_E_NOMEM.
 */
int mailsub__sender_parse(const char *text, bool is_domain, mailsub__sender *out_sender);

#endif
