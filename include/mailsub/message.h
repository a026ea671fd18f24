/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * What to send: the builder of an RFC 5322 message and its envelope.
 *
 * A message needs a From mailbox and at least one recipient; all else has a default. Addresses are
 * given apart from display names, and what is written is always made from the parsed form, so that
 * no text can become a second recipient or a header field of its own.
 *
 * The builder is sticky: the first error is kept (mailsub_message_get_error), later calls go on to
 * work, and writing or submitting the message returns that error; a program may check once. Only
 * MAILSUB_E_STATE is not kept: it says nothing of the message. A refused call changes nothing else
 * in the message.
 *
 * Errors that every changing call can return, and that are not repeated below: MAILSUB_E_INVALID
 * when the message or a pointer that must not be NULL is NULL; MAILSUB_E_STATE while a session is
 * sending the message; MAILSUB_E_NOMEM. Every string may return MAILSUB_E_UTF8 when it is not valid
 * UTF-8, MAILSUB_E_CONTROL when it holds CR, LF, another control character or a Unicode line
 * separator (U+0000-U+001F, U+007F-U+009F, U+2028, U+2029; a tab is allowed in Subject and in
 * unstructured fields), and MAILSUB_E_LIMIT when it is longer than MAILSUB_MAX_HEADER_VALUE.
 */
#ifndef MAILSUB_MESSAGE_H
#define MAILSUB_MESSAGE_H

#include <mailsub/dkim.h>
#include <mailsub/export.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_message mailsub_message;

/** Where a recipient is named. All are envelope recipients alike. */
enum {
    MAILSUB_RECIPIENT_TO = 0,
    MAILSUB_RECIPIENT_CC = 1,
    MAILSUB_RECIPIENT_BCC = 2 /**< in the envelope only: never written into the message */
};

/** What a server can do besides lines of 7-bit text; flags. */
enum {
    MAILSUB_CAN_8BITMIME = 1 << 0,  /**< RFC 6152 */
    MAILSUB_CAN_BINARYMIME = 1 << 1 /**< RFC 3030, with CHUNKING */
};

/** For a length: the text ends at its NUL. */
#define MAILSUB_NUL_TERMINATED SIZE_MAX

/**
 * Create an empty message.
 * @param allocator    memory for the message and all it holds; NULL for malloc
 * @param out_message  receives the message; the caller frees it
 * @return 0; MAILSUB_E_INVALID out_message is NULL or allocator is incomplete; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_message_new(const mailsub_allocator *allocator,
                                    mailsub_message **out_message);

enum {
    /** Take the recipients from the message's To, Cc and Bcc, as sendmail -t does. */
    MAILSUB_FROM_TAKE_RECIPIENTS = 1u << 0
};

/**
 * Create a message from one that exists already, header and body, and repair it. It is written and
 * submitted like any other.
 *
 * Read leniently: any line ends, a "From " line of a mailbox file in front, obsolete forms, a
 * missing empty line. Written: CRLF line ends; what is missing of Date, Message-ID and MIME-Version
 * (the latter where there are MIME fields); nothing of Bcc, Resent-Bcc and Return-Path; several To
 * fields joined, also several Cc or Reply-To; header lines beyond 998 octets folded; UTF-8 in a
 * header encoded. A text or file with longer lines, or with 8-bit octets for a server that does not
 * take them, is encoded as quoted-printable or base64, be it the body or a part of a multipart, also
 * of nested ones, and base64 is folded anew. It is refused where that would be wrong or unclear: in
 * quoted-printable, an attached message, a part's header, what stands outside of the parts, and
 * wherever readers may disagree on what is a part. All other fields and bodies stay as they are,
 * octet by octet.
 *
 * Signed content (DKIM, ARC, S/MIME, OpenPGP) is never altered: what would break a signature is
 * refused, also adding a missing field that a DKIM signature names. Line ends of such a message may
 * all be LF, which is then how a file keeps what was signed with CRLF.
 *
 * The envelope sender is the first mailbox of Sender, or else of From; with
 * MAILSUB_FROM_TAKE_RECIPIENTS, and where there are Resent- fields, recipients and sender come from
 * the first block of these (RFC 5322 section 3.6.6). A recipient that is named more than once is
 * taken once. mailsub_message_set_return_path, mailsub_message_add_recipient and _add_recipients
 * change the envelope only; mailsub_message_set_from, _set_date and _set_message_id add what is
 * missing, and mailsub_message_set_sender a Sender to several authors. All other changing calls, and
 * these where the field stands already, return MAILSUB_E_STATE. What the header says can be read
 * with the functions that read what was set: mailboxes, Subject, Date, Message-ID, and all else with
 * mailsub_message_get_header.
 *
 * No message is made when there is an error: mailsub_message_load_bytes tells the field too.
 * @param allocator    memory for the message and all it holds; NULL for malloc
 * @param data         the message; copied; NULL only when len is 0
 * @param len          its octets
 * @param flags        MAILSUB_FROM_*, or 0
 * @param out_message  receives the message; the caller frees it
 * @return 0; MAILSUB_E_LIMIT the header has more than MAILSUB_MAX_HEADER_VALUE octets;
 *         MAILSUB_E_CONTROL NUL; MAILSUB_E_HEADER_REPEATED; MAILSUB_E_ADDRESS, MAILSUB_E_DOMAIN,
 *         MAILSUB_E_SMTPUTF8 a mailbox of the envelope; MAILSUB_E_UTF8, MAILSUB_E_8BIT a field that
 *         cannot be encoded; MAILSUB_E_LINE_TOO_LONG; MAILSUB_E_SIGNED; MAILSUB_E_INVALID;
 *         MAILSUB_E_NOMEM. Writing returns MAILSUB_E_NO_FROM when From is missing,
 *         MAILSUB_E_NO_SENDER when there are several authors and Sender is missing, MAILSUB_E_8BIT
 *         or MAILSUB_E_SIGNED when the server takes no 8-bit content, MAILSUB_E_SIGNED when what is
 *         missing must not be added.
 * RFC 5322 sections 3.6 and 4, RFC 6376 section 5.4; since 0.1
 */
MAILSUB_API int mailsub_message_from_bytes(const mailsub_allocator *allocator, const void *data,
                                           size_t len, uint32_t flags,
                                           mailsub_message **out_message);

/**
 * As mailsub_message_from_bytes, of a regular file. It is looked through now and read again while
 * the message is written, so a large one takes no memory; it must not be changed until then.
 * @param allocator    as there
 * @param path         the file; not NULL
 * @param flags        as there
 * @param out_message  as there
 * @return as there; MAILSUB_E_FILE it cannot be read or is no regular file. Writing returns
 *         MAILSUB_E_FILE, or MAILSUB_E_FILE_CHANGED when its size, one of its times (of change and of
 *         modification) or its identity is another. A file system whose clock ticks slowly, as with
 *         4 ms on Linux, hides a change that leaves the size as it is and comes in the same tick.
 * Since 0.1
 */
MAILSUB_API int mailsub_message_from_file(const mailsub_allocator *allocator, const char *path,
                                          uint32_t flags, mailsub_message **out_message);

/**
 * Make a message that is still empty one that exists already, in octets. As
 * mailsub_message_from_bytes, but the error is kept like that of any changing call, and
 * mailsub_message_get_error tells the field or the part that is at fault; the message is then as
 * empty as it was. mailsub_message_allow_smtputf8 before it allows addresses in UTF-8.
 * @param message  a new message, of which nothing was set but its surroundings
 * @param data     as for mailsub_message_from_bytes
 * @param len      as there
 * @param flags    as there
 * @return as there; MAILSUB_E_STATE something was set already
 * Since 0.1
 */
MAILSUB_API int mailsub_message_load_bytes(mailsub_message *message, const void *data, size_t len,
                                           uint32_t flags);

/**
 * As mailsub_message_load_bytes, of a regular file; see mailsub_message_from_file.
 * @param message  as for mailsub_message_load_bytes
 * @param path     the file; not NULL
 * @param flags    as there
 * @return as there; MAILSUB_E_FILE
 * Since 0.1
 */
MAILSUB_API int mailsub_message_load_file(mailsub_message *message, const char *path,
                                          uint32_t flags);

/**
 * Copy a message with all that it was given, its error too. A Date and a Message-ID that were not
 * set but made are not copied: the copy is another message and gets its own. A message that is
 * being sent may be copied; its copy may be changed.
 * @param message      the message; the copy takes its memory from the same allocator
 * @param out_message  receives the copy; the caller frees it
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_message_dup(const mailsub_message *message, mailsub_message **out_message);

/**
 * Free a message and all it holds.
 * @param message  NULL is allowed; must not be in the hands of a session
 * Since 0.1
 */
MAILSUB_API void mailsub_message_free(mailsub_message *message);

/**
 * The first error that a changing call on this message returned.
 * @param message    the message
 * @param out_field  receives the name of what was wrong: a header field ("Subject", "To"), or
 *                   "Return-Path", "text", "html", "attachment", "embedded", "calendar", "delivery";
 *                   "header" for a malformed field name, or for the header of an existing message
 *                   as a whole; "file" for one's file, "part 2.1" for one of its parts; "" when
 *                   there is no error. Lent until the next changing call. NULL when not wanted.
 * @return that error; MAILSUB_OK when every call succeeded; MAILSUB_E_INVALID message is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_error(const mailsub_message *message, const char **out_field);

/**
 * Forget the error that mailsub_message_get_error tells, after its cause was mended.
 * @param message  the message
 * @return 0; MAILSUB_E_INVALID message is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_clear_error(mailsub_message *message);

/**
 * Set the author: the From field, and the envelope sender unless a return path is set. Takes the
 * place of all authors that were set or added before.
 * @param message  the message
 * @param address  local-part@domain, at most MAILSUB_MAX_ADDRESS octets as sent; not NULL
 * @param name     display name in any script; NULL or "" for none
 * @return 0; MAILSUB_E_ADDRESS bad syntax or too long; MAILSUB_E_DOMAIN refused by IDNA 2008;
 *         MAILSUB_E_SMTPUTF8 the local part is not ASCII, and mailsub_message_allow_smtputf8 has
 *         not allowed it
 * RFC 5322 section 3.6.2, RFC 5321 section 4.1.2, RFC 5891; since 0.1
 */
MAILSUB_API int mailsub_message_set_from(mailsub_message *message, const char *address,
                                         const char *name);

/**
 * Add a further author. A message with several needs mailsub_message_set_sender too, or writing and
 * submitting it return MAILSUB_E_NO_SENDER; its envelope sender is then the Sender mailbox unless a
 * return path is set.
 * @param message  the message
 * @param address  as for mailsub_message_set_from
 * @param name     display name; NULL or "" for none
 * @return as mailsub_message_set_from
 * RFC 5322 section 3.6.2; since 0.1
 */
MAILSUB_API int mailsub_message_add_from(mailsub_message *message, const char *address,
                                         const char *name);

/**
 * Set the agent that sends on the author's behalf: the Sender field.
 * @param message  the message
 * @param address  as for mailsub_message_set_from; NULL takes the field away
 * @param name     display name; NULL or "" for none
 * @return as mailsub_message_set_from
 * RFC 5322 section 3.6.2; since 0.1
 */
MAILSUB_API int mailsub_message_set_sender(mailsub_message *message, const char *address,
                                           const char *name);

/**
 * Set the mailbox that bounces go to: the envelope sender of RFC 5321.
 * @param message  the message
 * @param address  as for mailsub_message_set_from; "" asks for the null sender <>, to which nothing
 *                 can bounce; NULL goes back to the From mailbox
 * @return as mailsub_message_set_from
 * RFC 5321 section 4.1.1.2; since 0.1
 */
MAILSUB_API int mailsub_message_set_return_path(mailsub_message *message, const char *address);

/**
 * Add one recipient to the envelope and, unless it is a blind one, to its header field.
 * @param message  the message
 * @param field    MAILSUB_RECIPIENT_*
 * @param address  as for mailsub_message_set_from
 * @param name     display name; NULL or "" for none; checked but not used for a blind recipient
 * @return as mailsub_message_set_from; MAILSUB_E_INVALID no such field; MAILSUB_E_LIMIT there are
 *         MAILSUB_MAX_RECIPIENTS already
 * RFC 5322 section 3.6.3; since 0.1
 */
MAILSUB_API int mailsub_message_add_recipient(mailsub_message *message, int field,
                                              const char *address, const char *name);

/**
 * Add all recipients of an address list as people and other programs write it: mailboxes with or
 * without display names, and groups, which may be empty, parted by commas. Comments and obsolete
 * forms are read and not written again; encoded words in names are decoded. All are added, or none.
 * @param message  the message
 * @param field    MAILSUB_RECIPIENT_*; groups stay groups in the field
 * @param list     one address or more, without CR and LF; not NULL
 * @param len      octets of list, or MAILSUB_NUL_TERMINATED
 * @return as mailsub_message_add_recipient
 * RFC 5322 sections 3.4 and 4.4, RFC 2047; since 0.1
 */
MAILSUB_API int mailsub_message_add_recipients(mailsub_message *message, int field,
                                               const char *list, size_t len);

/**
 * Allow or forbid local parts that are not ASCII, in addresses that are given from now on. Only a
 * server with SMTPUTF8 takes such a message, and it cannot be sent on to all the world.
 * @param message  the message
 * @param allowed  not 0 to allow; 0, as at first, to refuse with MAILSUB_E_SMTPUTF8
 * @return 0 or an error of every changing call
 * RFC 6531, RFC 6532; since 0.1
 */
MAILSUB_API int mailsub_message_allow_smtputf8(mailsub_message *message, int allowed);

/**
 * Whether the message holds an address that only SMTPUTF8 can carry. Its header is written in UTF-8
 * where such an address stands, and nowhere else.
 * @param message  NULL counts as empty
 * @return 1 or 0
 * RFC 6531; since 0.1
 */
MAILSUB_API int mailsub_message_needs_smtputf8(const mailsub_message *message);

/**
 * Add a mailbox to which answers are to go: the Reply-To field.
 * @param message  the message
 * @param address  as for mailsub_message_set_from
 * @param name     display name; NULL or "" for none
 * @return as mailsub_message_set_from
 * RFC 5322 section 3.6.2; since 0.1
 */
MAILSUB_API int mailsub_message_add_reply_to(mailsub_message *message, const char *address,
                                             const char *name);

/**
 * Set the Subject.
 * @param message  the message
 * @param subject  any length, any script; NULL takes the field away
 * @return 0 or an error of every changing call
 * RFC 5322 section 3.6.5, RFC 2047; since 0.1
 */
MAILSUB_API int mailsub_message_set_subject(mailsub_message *message, const char *subject);

/**
 * Add a header field by its name: X-Mailer, Auto-Submitted, Organization ... A field that has a
 * function of its own (From, Sender, Reply-To, To, Cc, Subject, Date, Message-ID) is parsed and set
 * as by its function, from text as it stands in a message; From, Reply-To, To and Cc take a list.
 * @param message  the message
 * @param name     printable ASCII without colon, at most 76 octets; not NULL
 * @param value    what a reader of the field is to see; folded, and encoded where it is not ASCII
 * @param len      octets of value, or MAILSUB_NUL_TERMINATED
 * @return 0; MAILSUB_E_HEADER_NAME name is malformed; MAILSUB_E_HEADER_OWNED the field is written
 *         by the library (MIME-Version, Content-*, Bcc, Received, Return-Path, DKIM-Signature);
 *         MAILSUB_E_HEADER_REPEATED it may stand once and stands already; MAILSUB_E_HEADER_VALUE it
 *         may not be empty or does not fit the field's syntax; the errors of the field's function
 * RFC 5322 section 3.6; since 0.1
 */
MAILSUB_API int mailsub_message_add_header(mailsub_message *message, const char *name,
                                           const char *value, size_t len);

/**
 * Set the Date, instead of the time of the first writing or submission.
 * @param message   the message
 * @param unix_s    seconds since 1970-01-01 UTC; 0 to 253402300799 (the year 9999)
 * @param zone_min  offset of the zone from UTC in minutes, east positive: -23*60-59 to 23*60+59
 * @return 0; MAILSUB_E_DATE outside the ranges, or beyond the year 9999 in the zone
 * RFC 5322 section 3.3; since 0.1
 */
MAILSUB_API int mailsub_message_set_date(mailsub_message *message, int64_t unix_s,
                                         int32_t zone_min);

/**
 * The Date, taken from the clock now when there is none yet. It stays the same from then on.
 * @param message       the message
 * @param out_unix_s    receives seconds since 1970-01-01 UTC
 * @param out_zone_min  receives the offset of the zone from UTC in minutes
 * @return 0; MAILSUB_E_INVALID a NULL; an error of the clock, or MAILSUB_E_DATE when it tells no
 *         date
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_date(mailsub_message *message, int64_t *out_unix_s,
                                         int32_t *out_zone_min);

/**
 * Make the message an answer: set In-Reply-To to the identifier of the message that is answered,
 * and References to the chain of those before it with this one at its end. A long chain is
 * shortened: its first identifier stays, and the last ones.
 * @param message            the message
 * @param parent_id          Message-ID of the other message, with or without its angle brackets;
 *                           NULL takes both fields away
 * @param parent_references  References of the other message, or its In-Reply-To where it has none,
 *                           as found there; what is no identifier in it is left out. NULL or ""
 *                           for none
 * @return 0; MAILSUB_E_MESSAGE_ID parent_id is malformed
 * RFC 5322 section 3.6.4; since 0.1
 */
MAILSUB_API int mailsub_message_set_parent(mailsub_message *message, const char *parent_id,
                                           const char *parent_references);

/**
 * Set the Message-ID, instead of a generated one.
 * @param message     the message
 * @param message_id  id-left@id-right, with or without its angle brackets; ASCII; not NULL
 * @return 0; MAILSUB_E_MESSAGE_ID malformed or longer than 250 octets
 * RFC 5322 section 3.6.4; since 0.1
 */
MAILSUB_API int mailsub_message_set_message_id(mailsub_message *message, const char *message_id);

/**
 * The Message-ID, generated now when there is none yet. It stays the same from then on, so that a
 * message that is submitted again can be recognised.
 * @param message  the message; needs its From mailbox, whose domain becomes the right-hand side
 * @param out_id   receives the identifier in angle brackets; lent until the next changing call
 * @return 0; MAILSUB_E_NO_FROM; MAILSUB_E_RANDOM
 * RFC 5322 section 3.6.4; since 0.1
 */
MAILSUB_API int mailsub_message_get_message_id(mailsub_message *message, const char **out_id);

/**
 * Set the plain text. With an HTML text too, both become a multipart/alternative.
 * @param message  the message
 * @param text     UTF-8; bare CR and bare LF are taken as line ends, and a last line without one
 *                 gets one; NULL takes the text away
 * @param len      octets of text, or MAILSUB_NUL_TERMINATED
 * @return 0; MAILSUB_E_UTF8; MAILSUB_E_CONTROL it holds NUL
 * RFC 2046 section 5.1.4; since 0.1
 */
MAILSUB_API int mailsub_message_set_text(mailsub_message *message, const char *text, size_t len);

/**
 * Set the HTML text. A message without a plain text is given one that is made of it, see
 * mailsub_message_set_text_from_html.
 * @param message  the message
 * @param html     as for mailsub_message_set_text; not changed, so it declares charset utf-8 or
 *                 none
 * @param len      octets of html, or MAILSUB_NUL_TERMINATED
 * @return as mailsub_message_set_text
 * Since 0.1
 */
MAILSUB_API int mailsub_message_set_html(mailsub_message *message, const char *html, size_t len);

/**
 * The plain text that was set.
 * @param message   the message
 * @param out_text  receives it, lent until the next changing call, not NUL-terminated; NULL when
 *                  there is none
 * @param out_len   receives its octets
 * @return 0; MAILSUB_E_INVALID an argument is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_text(const mailsub_message *message, const char **out_text,
                                         size_t *out_len);

/**
 * The HTML text that was set.
 * @param message   the message
 * @param out_html  as for mailsub_message_get_text
 * @param out_len   receives its octets
 * @return as mailsub_message_get_text
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_html(const mailsub_message *message, const char **out_html,
                                         size_t *out_len);

/**
 * Send the plain text as format=flowed: each line of the text is a paragraph that the reader's
 * program fits into its window, and lines that begin with ">" are quotations.
 * @param message    the message
 * @param is_flowed  0 for lines as they are, the default; anything else for paragraphs
 * @return 0 or an error of every changing call
 * RFC 3676, DelSp=no; since 0.1
 */
MAILSUB_API int mailsub_message_set_text_flowed(mailsub_message *message, int is_flowed);

/**
 * Whether the plain text is sent as format=flowed.
 * @param message  the message
 * @return 1 or 0; 0 when message is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_text_flowed(const mailsub_message *message);

/**
 * Turns HTML into the plain text that says the same.
 * @param context       what mailsub_message_set_html_converter was given
 * @param html          UTF-8, not NUL-terminated; valid during the call
 * @param len           its octets
 * @param sink          takes the text part by part: UTF-8 without NUL. What it returns, unless it
 *                      is 0, is to be returned.
 * @param sink_context  to be handed to sink
 * @return 0; a negative MAILSUB_E_*, which writing the message then returns
 */
typedef int (*mailsub_html_text_fn)(void *context, const char *html, size_t len,
                                    mailsub_sink_fn sink, void *sink_context);

/**
 * Choose whether a message that has HTML and no text is given a text made of the HTML.
 * @param message     the message
 * @param is_derived  not 0, as at first, to make one, unless the HTML shows nothing that could be
 *                    said in text; 0 to send the HTML alone
 * @return 0 or an error of every changing call
 * RFC 2046 section 5.1.4; since 0.1
 */
MAILSUB_API int mailsub_message_set_text_from_html(mailsub_message *message, int is_derived);

/**
 * Whether a message that has HTML and no text is given a text made of the HTML.
 * @param message  the message
 * @return 1 or 0; 0 when message is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_text_from_html(const mailsub_message *message);

/**
 * Make that text by a function of the program's own.
 * @param message    the message
 * @param converter  called once for each HTML that is set, when the message is written or
 *                   submitted, from within that call; NULL goes back to the library's own
 * @param context    handed to converter; must outlive the message and its copies
 * @return 0 or an error of every changing call. Writing returns MAILSUB_E_UTF8 or MAILSUB_E_CONTROL
 *         when what converter made is not UTF-8, or holds NUL; MAILSUB_E_SINK when it returned a
 *         number above 0.
 * Since 0.1
 */
MAILSUB_API int mailsub_message_set_html_converter(mailsub_message *message,
                                                   mailsub_html_text_fn converter, void *context);

/**
 * Set an invitation, or an answer to one: a calendar that goes beside the texts, for the reader's
 * program to act on, and as a file invite.ics.
 * @param message   the message
 * @param method    PUBLISH, REQUEST, REPLY, ADD, CANCEL, REFRESH, COUNTER or DECLINECOUNTER,
 *                  letters without regard to case
 * @param calendar  an iCalendar object in UTF-8, which says the same METHOD; line ends become CRLF;
 *                  NULL, with a method of NULL, takes it away
 * @param len       octets of calendar, or MAILSUB_NUL_TERMINATED
 * @return 0; MAILSUB_E_CALENDAR no such method, no iCalendar object, or one with another method;
 *         MAILSUB_E_UTF8; MAILSUB_E_CONTROL it holds NUL
 * RFC 6047, RFC 5546; since 0.1
 */
MAILSUB_API int mailsub_message_set_calendar(mailsub_message *message, const char *method,
                                             const char *calendar, size_t len);

/**
 * The invitation that was set.
 * @param message       the message
 * @param out_method    receives its method in capitals; NULL when there is none
 * @param out_calendar  receives it, lent until the next changing call, not NUL-terminated; or NULL
 * @param out_len       receives its octets
 * @return 0; MAILSUB_E_INVALID an argument is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_calendar(const mailsub_message *message,
                                             const char **out_method, const char **out_calendar,
                                             size_t *out_len);

/**
 * Attach octets from memory.
 * @param message     the message
 * @param file_name   name shown to the reader, without a path; not NULL, not empty
 * @param media_type  type/subtype such as "application/pdf", with parameters where it needs them:
 *                    "text/csv; charset=utf-8; header=present"; NULL goes by the end of file_name,
 *                    and takes application/octet-stream for what is unknown. multipart/... and
 *                    message/... are refused, save for message/rfc822
 * @param data        the content; NULL only when len is 0
 * @param len         its octets
 * @return 0; MAILSUB_E_FILE_NAME empty, "." or "..", or with a path separator; MAILSUB_E_MEDIA_TYPE
 *         malformed or refused, or with a parameter twice, or with one that the library writes
 *         (name, boundary); MAILSUB_E_LIMIT there are MAILSUB_MAX_ATTACHMENTS already
 *
 * The content comes back octet by octet. Only message/rfc822, a message inside the message, is sent
 * as lines, as RFC 2046 demands: its line ends are made CRLF. When it has lines beyond 998 octets,
 * NUL, or octets beyond ASCII, and the server cannot take that, writing returns MAILSUB_E_ENCODING;
 * but when the type was NULL, the message is sent as application/octet-stream then.
 * RFC 2183, RFC 2231; since 0.1
 */
MAILSUB_API int mailsub_message_attach_data(mailsub_message *message, const char *file_name,
                                            const char *media_type, const void *data, size_t len);

/**
 * Attach a regular file. It is opened and measured now and read while the message is written, so a
 * large one takes no memory; it has to stay the same until then.
 * @param message     the message
 * @param path        the file, in any octets; not NULL
 * @param file_name   name shown to the reader; NULL for the last component of path
 * @param media_type  as for mailsub_message_attach_data
 * @return as mailsub_message_attach_data; MAILSUB_E_FILE it cannot be opened or is no regular file.
 *         Writing returns MAILSUB_E_FILE_CHANGED when it shrank or grew in between.
 * Since 0.1
 */
MAILSUB_API int mailsub_message_attach_file(mailsub_message *message, const char *path,
                                            const char *file_name, const char *media_type);

/**
 * Embed octets from memory, for the HTML to show: it names them as "cid:" and their Content-ID.
 * @param message     the message
 * @param content_id  left@right such as "logo@example.com", with or without angle brackets; ASCII;
 *                    NULL to have one generated, see mailsub_message_get_part_content_id
 * @param media_type  as for mailsub_message_attach_data, but not NULL and no message/rfc822
 * @param data        the content; NULL only when len is 0
 * @param len         its octets
 * @return 0; MAILSUB_E_MESSAGE_ID content_id is malformed, longer than 250 octets or there already;
 *         MAILSUB_E_MEDIA_TYPE; MAILSUB_E_LIMIT there are MAILSUB_MAX_ATTACHMENTS already
 * RFC 2392, RFC 2387; since 0.1
 */
MAILSUB_API int mailsub_message_embed_data(mailsub_message *message, const char *content_id,
                                           const char *media_type, const void *data, size_t len);

/**
 * Embed a regular file, for the HTML to show. It is read as for mailsub_message_attach_file, and
 * named by the last component of its path.
 * @param message     the message
 * @param path        the file; not NULL
 * @param content_id  as for mailsub_message_embed_data
 * @param media_type  as for mailsub_message_attach_data, but no message/rfc822
 * @return as mailsub_message_embed_data; MAILSUB_E_FILE_NAME; MAILSUB_E_FILE
 * Since 0.1
 */
MAILSUB_API int mailsub_message_embed_file(mailsub_message *message, const char *path,
                                           const char *content_id, const char *media_type);

/**
 * Number of parts: attachments and what is embedded, in the order in which they were added.
 * @param message  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API size_t mailsub_message_count_parts(const mailsub_message *message);

/**
 * The name of a part that is shown to the reader.
 * @param message  the message
 * @param index    0 for the part that was added first
 * @return lent until the next changing call; NULL when it has none, or there is no such part
 * Since 0.1
 */
MAILSUB_API const char *mailsub_message_get_part_file_name(const mailsub_message *message,
                                                           size_t index);

/**
 * The media type of a part, with its parameters, as it was given or guessed.
 * @param message  the message
 * @param index    0 for the part that was added first
 * @return lent until the next changing call; NULL when there is no such part
 * Since 0.1
 */
MAILSUB_API const char *mailsub_message_get_part_media_type(const mailsub_message *message,
                                                            size_t index);

/**
 * The Content-ID of an embedded part, as HTML names it behind "cid:".
 * @param message  the message
 * @param index    0 for the part that was added first; mailsub_message_count_parts() - 1 is the
 * last
 * @return lent until the next changing call, without angle brackets; NULL for an attachment, or
 * when there is no such part RFC 2392; since 0.1
 */
MAILSUB_API const char *mailsub_message_get_part_content_id(const mailsub_message *message,
                                                            size_t index);

/**
 * The file that a part is read from.
 * @param message  the message
 * @param index    0 for the part that was added first
 * @return lent until the next changing call; NULL when it is in memory, or there is no such part
 * Since 0.1
 */
MAILSUB_API const char *mailsub_message_get_part_path(const mailsub_message *message, size_t index);

/**
 * The content of a part.
 * @param message   the message
 * @param index     0 for the part that was added first
 * @param out_data  receives the octets, lent until the next changing call; NULL for a file
 * @param out_len   receives their number, also for a file
 * @return 0; MAILSUB_E_INVALID an argument is NULL, or there is no such part
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_part_data(const mailsub_message *message, size_t index,
                                              const void **out_data, size_t *out_len);

/**
 * Take the Date from another clock than the system's, for tests.
 * @param message  the message
 * @param clock    copied; its context must outlive the message; NULL goes back to the system's
 * @return 0; MAILSUB_E_INVALID clock is incomplete
 * Since 0.1
 */
MAILSUB_API int mailsub_message_set_clock(mailsub_message *message, const mailsub_clock *clock);

/**
 * Take boundaries and the Message-ID from another source of randomness than the system's, for
 * tests.
 * @param message  the message
 * @param random   copied; its context must outlive the message; NULL goes back to the system's
 * @return 0; MAILSUB_E_INVALID random is incomplete
 * Since 0.1
 */
MAILSUB_API int mailsub_message_set_random(mailsub_message *message, const mailsub_random *random);

/**
 * Number of envelope recipients, blind ones included.
 * @param message  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API size_t mailsub_message_count_recipients(const mailsub_message *message);

/**
 * One envelope recipient, as on the wire, in the order of the receipt's.
 * @param message      the message
 * @param index        from 0; below mailsub_message_count_recipients
 * @param out_address  receives the address; lent until the next changing call
 * @return 0; MAILSUB_E_INVALID a NULL, or no such recipient
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_recipient(const mailsub_message *message, size_t index,
                                              const char **out_address);

/**
 * Number of entries of a field of mailboxes.
 * @param message  NULL counts as empty
 * @param field    "From", "Sender", "Return-Path", "Reply-To", "To", "Cc" or "Bcc"
 * @return mailboxes, and two for each group; 0 for another field
 * Since 0.1
 */
MAILSUB_API size_t mailsub_message_count_mailboxes(const mailsub_message *message,
                                                   const char *field);

/**
 * One entry of a field of mailboxes, in the order in which they are written.
 * @param message      the message
 * @param field        as for mailsub_message_count_mailboxes
 * @param index        from 0
 * @param out_address  receives the address as on the wire, "" for the null sender; NULL where a
 *                     group begins or ends; lent until the next changing call
 * @param out_name     receives the display name, "" for none; the name of a group that begins; NULL
 *                     where a group ends
 * @return 0; MAILSUB_E_INVALID a NULL, no such field or no such entry
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_mailbox(mailsub_message *message, const char *field,
                                            size_t index, const char **out_address,
                                            const char **out_name);

/**
 * The Subject as it was set.
 * @param message      the message
 * @param out_subject  receives it; NULL when there is none; lent until the next changing call
 * @return 0; MAILSUB_E_INVALID a NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_subject(const mailsub_message *message,
                                            const char **out_subject);

/**
 * Number of header fields that mailsub_message_add_header and mailsub_message_set_parent keep: all
 * but those that have a function of their own. Of an existing message all but these, too, and those
 * of these that are malformed.
 * @param message  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API size_t mailsub_message_count_headers(const mailsub_message *message);

/**
 * One of these header fields, in the order in which they are written.
 * @param message    the message
 * @param index      from 0; below mailsub_message_count_headers
 * @param out_name   receives the name as it is written; lent until the next changing call
 * @param out_value  receives the value as it was given; of an existing message on one line, with
 *                   encoded words decoded where it is text
 * @return 0; MAILSUB_E_INVALID a NULL, or no such field
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_header(const mailsub_message *message, size_t index,
                                           const char **out_name, const char **out_value);

/**
 * Have the message signed, one signature for each signer: sign with an RSA key and an Ed25519 key
 * for readers that know only one of them. An existing message too; its own signatures stay.
 * @param message  the message
 * @param dkim     a further signer, which has a key; it is frozen, and the message holds a
 *                 reference; the same one twice counts once. NULL takes all signers away.
 * @return 0; MAILSUB_E_KEY it has no key; MAILSUB_E_LIMIT there are MAILSUB_DKIM_MAX_SIGNERS
 *         already. Writing returns MAILSUB_E_SIGNING, or what the signer's function returned;
 *         MAILSUB_E_SIGNED a signature in an existing message forbids further ones; MAILSUB_E_DATE
 *         or an error of the clock.
 * RFC 6376; since 0.1
 */
MAILSUB_API int mailsub_message_sign_dkim(mailsub_message *message, mailsub_dkim *dkim);

/**
 * Number of signers that the message was given.
 * @param message  NULL counts as none
 * Since 0.1
 */
MAILSUB_API size_t mailsub_message_count_signers(const mailsub_message *message);

/**
 * One of these signers.
 * @param message  the message
 * @param index    0 for the one that was given first
 * @return lent until the next changing call; NULL when there is no such signer
 * Since 0.1
 */
MAILSUB_API mailsub_dkim *mailsub_message_get_signer(const mailsub_message *message, size_t index);

/**
 * Write the message, header and body, with CRLF line ends and without dot-stuffing, in bounded
 * memory. Date and Message-ID are fixed by the first writing: writing again gives the same octets.
 * It may be written while a session sends it.
 * @param message  the message; a From mailbox is needed, recipients are not
 * @param sink     takes the octets part by part; not NULL
 * @param context  handed to sink
 * @return 0; the error of mailsub_message_get_error; MAILSUB_E_NO_FROM; MAILSUB_E_NO_SENDER there
 *         are several authors; MAILSUB_E_SINK the sink stopped; MAILSUB_E_FILE,
 *         MAILSUB_E_FILE_CHANGED an attachment; MAILSUB_E_ENCODING an attached message that does
 *         not consist of lines of ASCII; MAILSUB_E_RANDOM; an error of the clock, or MAILSUB_E_DATE
 *         when it tells no date; MAILSUB_E_NOMEM. What the sink took before an error is not a whole
 *         message.
 * RFC 5322, RFC 2045; since 0.1
 */
MAILSUB_API int mailsub_message_write(mailsub_message *message, mailsub_sink_fn sink,
                                      void *context);

/**
 * Write the message as a server with these capabilities should get it: texts as 8bit, attachments
 * as binary, where it can take them. mailsub_message_write writes for a server without any. Date,
 * Message-ID and boundaries are the same for all servers.
 * @param message       as for mailsub_message_write
 * @param capabilities  MAILSUB_CAN_*, added up; 0 for none
 * @param sink          takes the octets part by part; not NULL
 * @param context       handed to sink
 * @return as mailsub_message_write, and MAILSUB_E_ENCODING; MAILSUB_E_INVALID for unknown flags
 * RFC 6152, RFC 3030; since 0.1
 */
MAILSUB_API int mailsub_message_write_for(mailsub_message *message, uint32_t capabilities,
                                          mailsub_sink_fn sink, void *context);

MAILSUB_END_DECLS

#endif
