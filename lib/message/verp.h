/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A return path that names the recipient. */
#ifndef MAILSUB_MESSAGE_VERP_H
#define MAILSUB_MESSAGE_VERP_H

#include "base/slice.h"

/*
 * Name a recipient in a sender, both as they go on the wire; at most MAILSUB_MAX_ADDRESS octets.
 * MAILSUB_E_LIMIT: the local part would be too long. MAILSUB_E_ADDRESS: a local part in quotes, or
 * a domain in brackets. MAILSUB_E_NOMEM.
 */
int mailsub__verp_make(mailsub__slice sender, mailsub__slice recipient, char *out, size_t *out_len);

#endif
