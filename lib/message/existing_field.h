/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single fields of an existing message: read, and written again where they are not in order. */
#ifndef MAILSUB_MESSAGE_EXISTING_FIELD_H
#define MAILSUB_MESSAGE_EXISTING_FIELD_H

#include "message/address.h"
#include "message/existing.h"

/* Learn from a DKIM or ARC signature which fields it covers; other fields say nothing. */
int mailsub__existing_note_signature(struct mailsub__existing *existing,
                                     const mailsub__header_scan *scan,
                                     const mailsub__header_field *field);
/* Whether a signature covers fields of this name, present or absent. */
bool mailsub__existing_signs(const struct mailsub__existing *existing, mailsub__slice name);
/* Whether one more DKIM-Signature would break a signature, which covers more than there are. */
bool mailsub__existing_forbids_signature(const struct mailsub__existing *existing);

int mailsub__existing_keep_id(struct mailsub__existing *existing, mailsub__slice value);

/* Append text with its encoded words decoded; MAILSUB_E_8BIT when one cannot be. */
int mailsub__existing_decode_words(mailsub__buffer *out, mailsub__slice text);
/* Write a field of ASCII in lines of at most 998 octets; MAILSUB_E_LINE_TOO_LONG: it cannot be. */
int mailsub__existing_refold(mailsub__buffer *out, mailsub__slice name, mailsub__slice value);
/*
 * Write a list of mailboxes in the form of today. The errors of mailsub__mailboxes_parse; out is
 * unchanged then.
 */
int mailsub__existing_write_addresses(mailsub__buffer *out, enum mailsub__address_form form,
                                      mailsub__slice name, mailsub__slice value);

#endif
