/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text as the value of a parameter of MAIL or RCPT, where spaces and controls cannot stand. */
#ifndef MAILSUB_CODEC_XTEXT_H
#define MAILSUB_CODEC_XTEXT_H

#include "base/buffer.h"

/* RFC 3461 section 4: what is not printable, "+" and "=" become "+" and two hexadecimal digits. */
int mailsub__xtext_append(mailsub__buffer *out, mailsub__slice text);
/*
 * RFC 6533 section 3, utf-8-addr-xtext: characters, not octets, as "\x{1F600}", so that it is ASCII
 * and a server without SMTPUTF8 can keep it. text is valid UTF-8.
 */
int mailsub__xtext_append_utf8(mailsub__buffer *out, mailsub__slice text);
/* Octets of both forms. */
size_t mailsub__xtext_len(mailsub__slice text);
size_t mailsub__xtext_len_utf8(mailsub__slice text);

#endif
