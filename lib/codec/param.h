/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MIME parameters: token, quoted string, or RFC 2231 with charset and continuations. */
#ifndef MAILSUB_CODEC_PARAM_H
#define MAILSUB_CODEC_PARAM_H

#include "base/buffer.h"

/*
 * Append "; name=value" in the simplest form that carries valid UTF-8 without controls. Long and
 * non-ASCII values become name*0*=UTF-8''... ; name*1*=... in parts of at most 75 characters, each
 * behind "; ", so that the line can be folded there. The error of the buffer.
 */
int mailsub__param_append(mailsub__buffer *buffer, const char *name, mailsub__slice value);

#endif
