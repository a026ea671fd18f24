/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Media types of attachments, with their parameters (RFC 2045 section 5.1, RFC 6838). */
#ifndef MAILSUB_MESSAGE_MEDIA_TYPE_H
#define MAILSUB_MESSAGE_MEDIA_TYPE_H

#include "base/buffer.h"

#define MAILSUB__MEDIA_TYPE_OCTETS "application/octet-stream"

/*
 * Check type/subtype *(";" attribute "=" value): MAILSUB_OK, the errors of mailsub__line_check, or
 * MAILSUB_E_MEDIA_TYPE: malformed; made of parts (multipart/..., message/... save for
 * message/rfc822); an attribute twice, or one that the library writes (name, boundary), or in the
 * form of RFC 2231.
 */
int mailsub__media_type_check(mailsub__slice text);
/* message/rfc822, of a checked type. */
bool mailsub__media_type_is_message(mailsub__slice text);
/* Append a checked type as it is written, from its parsed form, "; " between the parameters. */
int mailsub__media_type_append(mailsub__buffer *buffer, mailsub__slice text);
/* The type that the end of a file's name stands for; application/octet-stream if it is unknown. */
mailsub__slice mailsub__media_type_of_name(mailsub__slice file_name);

#endif
