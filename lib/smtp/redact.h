/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets that a server echoes in pieces, over two lines of a reply or more. */
#ifndef MAILSUB_SMTP_REDACT_H
#define MAILSUB_SMTP_REDACT_H

#include "smtp/secrets.h"

/*
 * Replace by "***", in place, what at the edges of a line's text may be a piece of a secret: at its
 * end when the reply goes on behind it, at its start when it has begun before. Whole secrets are
 * gone already (mailsub__secrets_redact). Returns the new length, which may be two octets more than
 * len for each edge: text has room for them.
 */
size_t mailsub__redact_edges(const mailsub__secrets *secrets, char *text, size_t len, bool begun,
                             bool goes_on);

/* More than the edges can add. */
#define MAILSUB__REDACT_ROOM 4

#endif
