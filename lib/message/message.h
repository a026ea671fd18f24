/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the session may do with a message besides the public interface. */
#ifndef MAILSUB_MESSAGE_MESSAGE_H
#define MAILSUB_MESSAGE_MESSAGE_H

#include <stdbool.h>

#include <mailsub/message.h>
#include <mailsub/policy.h>

#include "base/delivery.h"
#include "base/slice.h"
#include "base/source.h"
#include "message/body.h"
#include "message/dkim.h"

/* As mailsub_message_new, with the system's clock and randomness, which this room cannot see. */
int mailsub__message_create(const mailsub_allocator *allocator, const mailsub_clock *system_clock,
                            const mailsub_random *system_random, mailsub_message **out_message);

/*
 * Make a new message one that exists already: in octets, or in the file at path when that is not
 * NULL. The errors of mailsub_message_from_file; the message can only be freed then.
 */
int mailsub__message_adopt(mailsub_message *message, mailsub__slice data, const char *path,
                           uint32_t flags);

/*
 * Signers that sign the message too where its author's domain is theirs, until NULL is offered;
 * only what _prepare makes is signed by them.
 */
void mailsub__message_offer_signers(mailsub_message *message, const mailsub__dkim_list *offered);

/*
 * Make ready to be sent to a server with these capabilities (MAILSUB_CAN_*): complete, Date and
 * Message-ID fixed, laid out and measured. May be called again for another server. Errors: those of
 * mailsub_message_write_for, and MAILSUB_E_NO_RECIPIENTS. *out_detail, lent: the field or file at
 * fault, or "".
 */
int mailsub__message_prepare(mailsub_message *message, uint32_t capabilities,
                             const char **out_detail);

/*
 * The rules about the server alone, for a message that was checked before: what they find is added
 * to findings. MAILSUB_E_POLICY when one of them is an error, save for the size, which is for the
 * engine to judge. MAILSUB_E_NOMEM, and what measuring returns.
 */
int mailsub__message_check_server(mailsub_message *message, const mailsub_policy *policy,
                                  const mailsub_facts *facts, mailsub_findings *findings);

/*
 * The exact octets of the message as it is laid out, or as it is laid out now for a server without
 * any capability. The errors of mailsub_message_write.
 */
int mailsub__message_measure(mailsub_message *message, uint64_t *out_size);

/* The same of the envelope alone: its sender and recipients are there. */
int mailsub__message_prepare_envelope(mailsub_message *message, const char **out_detail);

/* True when an address holds other characters than ASCII: only SMTPUTF8 may carry the message. */
bool mailsub__message_needs_smtputf8(const mailsub_message *message);

/* True when an address that stands in the header, or the sender's, does; of a recipient that stands
   in the envelope only, SMTPUTF8 is that recipient's own matter. */
bool mailsub__message_text_needs_smtputf8(const mailsub_message *message);

/* The rest needs a successful _prepare, and lends until the message is changed. */

/* Envelope sender without angle brackets; empty for the null sender. */
mailsub__slice mailsub__message_sender(const mailsub_message *message);
/* Envelope recipients without angle brackets, in the order in which they were added. */
const mailsub__slice *mailsub__message_recipients(const mailsub_message *message);
/* What is asked of their delivery. */
const mailsub__delivery *mailsub__message_delivery(const mailsub_message *message);
/* Exact octets of header and body with CRLF, before dot-stuffing. */
uint64_t mailsub__message_size(const mailsub_message *message);
/*
 * What BODY= has to say of the content: MAILSUB__BODY_7BIT, _8BIT or _BINARY. Binary content has no
 * lines: it must go by BDAT (RFC 3030), never through dot-stuffing.
 */
enum mailsub__body_encoding mailsub__message_body(const mailsub_message *message);
/* The content from its start; opening it again starts over. */
int mailsub__message_open(mailsub_message *message, mailsub__source *out_source);
/* Close what reading left open. */
void mailsub__message_close(mailsub_message *message);
/* What was wrong when reading failed: the path of an attachment; or "". */
const char *mailsub__message_detail(const mailsub_message *message);

/* While locked, changing calls return MAILSUB_E_STATE. False: it is locked already. */
bool mailsub__message_lock(mailsub_message *message);
void mailsub__message_unlock(mailsub_message *message);

#endif
