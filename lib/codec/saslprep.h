/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* User names and passwords as SASL compares them: SASLprep (RFC 4013). */
#ifndef MAILSUB_CODEC_SASLPREP_H
#define MAILSUB_CODEC_SASLPREP_H

#include "base/buffer.h"

/*
 * Append the prepared form. MAILSUB_E_CREDENTIALS: text is forbidden, or of a kind whose form is
 * not certain here (see saslprep.c). MAILSUB_E_NOMEM; the buffer's.
 */
int mailsub__saslprep_append(mailsub__buffer *out, mailsub__slice text);

#endif
