/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets that a server echoes in pieces, over two lines of a reply or more. */
#ifndef MAILSUB_SMTP_REDACT_H
#define MAILSUB_SMTP_REDACT_H

#include <stdint.h>

#include "smtp/secrets.h"

/*
 * Find the secrets that lie in more than one of the texts, which are the lines of one reply in their
 * order, in pieces of whatever size. shadow has an octet for each from base on, where the texts lie;
 * those of a secret are set. unfinished: the reply breaks off, so that the beginning of a secret at
 * its end counts too.
 */
void mailsub__redact_mark(const mailsub__secrets *secrets, const mailsub__slice *texts,
                          size_t n_texts, const char *base, uint8_t *shadow, bool unfinished);
/* Copy text without what is set in its shadow, each run of which becomes "***"; the length, at most
   MAILSUB__REDACT_GROWTH times as much. */
size_t mailsub__redact_copy(mailsub__slice text, const uint8_t *shadow, char *out);

#define MAILSUB__REDACT_GROWTH 3

#endif
