/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines: the only way by which a command gets on the wire, and what may stand in one. */
#ifndef MAILSUB_SMTP_COMMAND_H
#define MAILSUB_SMTP_COMMAND_H

#include "base/buffer.h"

/* With CRLF: RFC 5321 section 4.5.3.1.4, and RFC 4954 section 4 for the lines of a login. */
#define MAILSUB__COMMAND_MAX 512
#define MAILSUB__AUTH_LINE_MAX 12288

/* What may stand in a line besides ASCII: UTF-8, where MAIL asked for SMTPUTF8 (RFC 6531). */
enum mailsub__command_text { MAILSUB__COMMAND_ASCII, MAILSUB__COMMAND_UTF8 };

/*
 * Append the parts and CRLF as one line, or nothing. MAILSUB_E_CONTROL: a control character, above
 * all CR and LF, which would make two commands of one. MAILSUB_E_SMTPUTF8: an octet beyond ASCII
 * where none may stand, or what is not UTF-8.
 * MAILSUB_E_LIMIT: more than max_len octets, CRLF included. MAILSUB_E_NOMEM.
 */
int mailsub__command_append(mailsub__buffer *out, const mailsub__slice *parts, size_t n_parts,
                            size_t max_len, enum mailsub__command_text text);

/*
 * May this stand between the angle brackets of MAIL or RCPT? MAILSUB_E_CONTROL, MAILSUB_E_SMTPUTF8,
 * MAILSUB_E_ADDRESS: empty, too long, or a space or angle bracket outside a quoted string, which
 * would end the path and begin parameters.
 */
int mailsub__command_check_path(mailsub__slice path, enum mailsub__command_text text);

#endif
