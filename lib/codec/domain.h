/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Domain names: IDNA 2008 by libidn2, non-transitional (RFC 5891), and the limits of DNS. */
#ifndef MAILSUB_CODEC_DOMAIN_H
#define MAILSUB_CODEC_DOMAIN_H

#include <mailsub/export.h>

#include "base/slice.h"

/*
 * Write domain as A-labels, lower case, NUL-terminated, without a final dot. domain is UTF-8 text,
 * not an address literal. One label is enough ("localhost").
 * MAILSUB_E_DOMAIN: an empty label, so a final dot too; a label or the whole too long; characters
 * that IDNA 2008 or the LDH rule of host names refuse; a last label that reads as a number (digits
 * only, or "0x" and hexadecimal digits), for that is an IPv4 address. MAILSUB_E_NOMEM.
 */
int mailsub__domain_to_ascii(mailsub__slice domain, char out[MAILSUB_MAX_DOMAIN + 1]);

/*
 * Write an ASCII name with its A-labels as U-labels, in UTF-8, NUL-terminated. MAILSUB_E_DOMAIN: one
 * of them is malformed, or the result is longer than room. MAILSUB_E_NOMEM.
 */
int mailsub__domain_to_unicode(mailsub__slice domain, char *out, size_t room);

#endif
