/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MIME parameters: token, quoted string, or RFC 2231 with charset and continuations. */
#ifndef MAILSUB_CODEC_PARAM_H
#define MAILSUB_CODEC_PARAM_H

#include "base/buffer.h"

/*
 * Append "; name=value" in the simplest form that carries valid UTF-8: a token; a quoted string,
 * for ASCII; else name*=UTF-8''... Where that is longer than 75 characters, it is continued:
 * name*0*=UTF-8''...; name*1*=... in parts of at most 75, no character divided between two. Each
 * part is behind "; ", so that the line can be folded there, and only there.
 *
 * name: a token of at most MAILSUB__MAX_PARAM_NAME characters. Controls in value are encoded, not
 * refused. A value that must stay simple for old readers ("boundary") must be short.
 * The error of the buffer, unchanged then.
 */
#define MAILSUB__MAX_PARAM_NAME 40
int mailsub__param_append(mailsub__buffer *buffer, const char *name, mailsub__slice value);

#endif
