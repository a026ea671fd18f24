/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * What kind of mail a message is, and the header fields that tell the receiving side so: one call
 * for a whole, coherent set. Operators, vacation responders and mailbox providers go by them.
 *
 * A class takes the place of the one that was set before, with its fields: Auto-Submitted,
 * Precedence, List-Id, List-Unsubscribe, List-Unsubscribe-Post and Feedback-ID, also where
 * mailsub_message_add_header has set them. What is given is checked as a whole first; a refused
 * call changes nothing. All of these calls are changing calls in the sense of message.h, and return
 * MAILSUB_E_STATE for an existing message.
 */
#ifndef MAILSUB_CLASS_H
#define MAILSUB_CLASS_H

#include <mailsub/export.h>
#include <mailsub/message.h>

MAILSUB_BEGIN_DECLS

/** Kinds of mail. */
enum {
    MAILSUB_CLASS_NONE = 0,          /**< not said: mail of one person to another, or unknown */
    MAILSUB_CLASS_TRANSACTIONAL = 1, /**< asked for by an act of its recipient: receipt, reset */
    MAILSUB_CLASS_NOTIFICATION = 2,  /**< tells of an event, and can be switched off */
    MAILSUB_CLASS_BULK = 3,          /**< the same to many: newsletter, announcement */
    MAILSUB_CLASS_REPLY = 4          /**< a program's answer to a message */
};

/**
 * Make the message an answer to an act of its recipient, such as a receipt or a password reset:
 * Auto-Submitted: auto-generated, so that no vacation responder answers it, and nothing of a list:
 * nobody can unsubscribe from what he asked for.
 * @param message  the message
 * @return 0 or an error of every changing call
 * RFC 3834 section 5; since 0.1
 */
MAILSUB_API int mailsub_message_set_transactional(mailsub_message *message);

/**
 * Make the message tell of an event: Auto-Submitted: auto-generated; with a list, also List-Id, by
 * which its reader can sort it; with a URL, List-Unsubscribe and List-Unsubscribe-Post, by which he
 * can switch it off.
 * @param message          the message
 * @param list_id          what kind of event, as for mailsub_message_set_bulk; NULL for none
 * @param unsubscribe_url  as for mailsub_message_set_bulk; NULL for none
 * @return 0; MAILSUB_E_HEADER_VALUE list_id or unsubscribe_url, told as the fields List-Id and
 *         List-Unsubscribe
 * RFC 3834 section 5, RFC 2919, RFC 8058; since 0.1
 */
MAILSUB_API int mailsub_message_set_notification(mailsub_message *message, const char *list_id,
                                                 const char *unsubscribe_url);

/**
 * Make the message one of many alike: List-Id, List-Unsubscribe, List-Unsubscribe-Post with its one
 * value, Precedence: bulk and, where given, Feedback-ID. Each recipient is to get a message of its
 * own, with a URL of its own; and both List-Unsubscribe fields must be covered by a DKIM signature.
 * @param message              the message
 * @param list_id              the list: "News of the library <news.example.org>", or only what is
 *                             in angle brackets, with or without these; not NULL
 * @param unsubscribe_url      https URL that takes this recipient off this list when it is sent a
 *                             POST with the body List-Unsubscribe=One-Click, without login or
 *                             question; ASCII; not NULL
 * @param unsubscribe_address  mailbox that takes the recipient off, too; NULL for none
 * @param feedback_id          one to four words parted by colons, the last of which stays the same
 *                             for all mail of the sender ("campaign:customer:newsletter:library");
 *                             printable ASCII, at most 127 octets; NULL for none
 * @return 0; MAILSUB_E_HEADER_VALUE list_id, unsubscribe_url or feedback_id, told as the fields
 *         List-Id, List-Unsubscribe and Feedback-ID; as mailsub_message_set_from for
 *         unsubscribe_address
 * RFC 2919, RFC 2369, RFC 8058 section 3; since 0.1
 */
MAILSUB_API int mailsub_message_set_bulk(mailsub_message *message, const char *list_id,
                                         const char *unsubscribe_url,
                                         const char *unsubscribe_address, const char *feedback_id);

/**
 * Make the message a program's answer: Auto-Submitted: auto-replied, In-Reply-To and References,
 * and, as far as they are not set yet, the Subject ("Auto: " and that of the message answered), the
 * recipient (its Return-Path, or else its From) and the null sender as return path, so that no
 * bounce is answered in turn.
 *
 * Automatic mail is not answered, or two programs would answer each other for ever. Refused is an
 * answer to: a null Return-Path; Auto-Submitted other than "no"; Precedence bulk, list or junk; any
 * List- field; a report (multipart/report); X-Auto-Response-Suppress that names answers; a mailbox
 * of a program (MAILER-DAEMON, owner-..., ...-request, ...-bounces, no-reply and the like).
 * Whoever answers for one person still has to see that this person is named in To or Cc, and to
 * answer nobody twice within some days.
 * @param message  the message
 * @param header   header of the message answered, as it was received; a body behind it is ignored
 * @param len      octets of header, or MAILSUB_NUL_TERMINATED
 * @return 0; MAILSUB_E_AUTOMATIC the message answered is automatic; MAILSUB_E_ADDRESS it names
 *         nobody who could be answered; MAILSUB_E_LIMIT more than MAILSUB_MAX_HEADER_VALUE octets
 * RFC 3834 sections 2 to 5; since 0.1
 */
MAILSUB_API int mailsub_message_set_reply(mailsub_message *message, const char *header, size_t len);

/**
 * Take the class and its fields away. What mailsub_message_set_reply set besides stays.
 * @param message  the message
 * @return 0 or an error of every changing call
 * Since 0.1
 */
MAILSUB_API int mailsub_message_clear_class(mailsub_message *message);

/**
 * The class that was set.
 * @param message  NULL counts as empty
 * @return MAILSUB_CLASS_*
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_class(const mailsub_message *message);

/**
 * Have the return path name the recipient, so that a bounce tells whom it is for, whatever else it
 * says (VERP): "news@example.org" and the recipient bob@example.net make
 * "news+bob=example.net@example.org". An envelope has one sender for all its recipients, so each of
 * them gets a transaction of his own, with the same content; they overlap as messages do. A refused
 * return path is refused for its one recipient. Whom it cannot name is left out, not attempted:
 * MAILSUB_E_LIMIT where the local part would have more than MAILSUB_MAX_LOCAL_PART octets,
 * MAILSUB_E_ADDRESS where the recipient has a local part in quotes, or a domain in brackets. With
 * mailsub_config_set_all_or_none several recipients are refused: MAILSUB_E_LIMIT.
 * mailsub_session_probe asks with sender as it is, which is also what is read back as Return-Path.
 * mailsub_message_set_return_path ends it.
 * @param message  the message; an existing one, too
 * @param sender   mailbox that takes mail for its local part with "+" and anything behind it; ASCII
 * @return 0; MAILSUB_E_ADDRESS, MAILSUB_E_DOMAIN, MAILSUB_E_SMTPUTF8 sender is malformed; also
 *         MAILSUB_E_ADDRESS: a local part in quotes, or a domain in brackets
 * RFC 5321 section 4.5.3.1.1, RFC 5233; since 0.1
 */
MAILSUB_API int mailsub_message_set_verp(mailsub_message *message, const char *sender);

/**
 * Whether the return path names the recipient.
 * @param message  NULL counts as empty
 * @return 1 or 0
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_verp(const mailsub_message *message);

/**
 * The return path for one recipient, to be kept beside what was sent.
 * @param sender      as for mailsub_message_set_verp
 * @param recipient   mailbox; UTF-8
 * @param out_sender  receives the return path, NUL-terminated
 * @param room        its octets; MAILSUB_MAX_ADDRESS + 1 is enough for all
 * @return 0; MAILSUB_E_LIMIT the local part would be too long, or room is too small;
 *         MAILSUB_E_ADDRESS, MAILSUB_E_DOMAIN as mailsub_message_set_verp, of either;
 *         MAILSUB_E_INVALID a NULL
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_verp_get_sender(const char *sender, const char *recipient, char *out_sender,
                                        size_t room);

/**
 * Whom a bounce is for, by the address that it came to.
 * @param sender         what mailsub_message_set_verp was given
 * @param address        the address of the bounce's recipient
 * @param out_recipient  receives the recipient of the message, NUL-terminated
 * @param room           its octets; MAILSUB_MAX_ADDRESS + 1 is enough for all
 * @return 0; MAILSUB_E_ADDRESS address was not made of sender, or one of them is malformed;
 *         MAILSUB_E_DOMAIN; MAILSUB_E_LIMIT room is too small; MAILSUB_E_INVALID a NULL
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_verp_get_recipient(const char *sender, const char *address,
                                           char *out_recipient, size_t room);

MAILSUB_END_DECLS

#endif
