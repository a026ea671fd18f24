/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program's answer (RFC 3834): whom it goes to, what it says of itself, and what it must not
 * answer. It goes to the Return-Path and not to Reply-To, section 4: the one is where a program
 * wants to hear of its mail, the other where a person wants to read.
 */
#include "codec/utf8.h"
#include "message/address.h"
#include "message/automatic.h"
#include "message/class.h"
#include "message/existing_field.h"
#include "message/line.h"
#include "message/robot.h"

enum { LONGEST_SUBJECT = 255 };

/* All that one call changes, to be put back when it fails. */
struct before {
    mailsub__arena arena;
    bool has_subject;
    mailsub__slice subject;
    mailsub__slot subject_slot;
    struct mailsub__single_mailbox return_path;
    struct mailsub__mailbox_list to;
    mailsub__slot recipients_slot;
    size_t n_recipients;
};

static struct before keep_before(const mailsub_message *message)
{
    return (struct before){
        .arena = message->arena,
        .has_subject = message->has_subject,
        .subject = message->subject,
        .subject_slot = message->subject_slot,
        .return_path = message->return_path,
        .to = message->to,
        .recipients_slot = message->recipients_slot,
        .n_recipients = message->n_recipients,
    };
}

static void put_back(mailsub_message *message, const struct before *before)
{
    message->has_subject = before->has_subject;
    message->subject = before->subject;
    message->subject_slot = before->subject_slot;
    message->return_path = before->return_path;
    message->to = before->to;
    if (message->to.last)
        message->to.last->next = NULL;
    message->recipients_slot = before->recipients_slot;
    message->n_recipients = before->n_recipients;
    mailsub__arena_rewind(&message->arena, &before->arena);
}

/* The mailbox that is answered, an entry of the arena. MAILSUB_E_ADDRESS: there is none. */
static int find_recipient(mailsub_message *message, const mailsub__automatic *parent,
                          struct mailsub__mailbox_list *out)
{
    bool has_path = parent->return_path.len > 0;
    mailsub__slice text = has_path ? parent->return_path : parent->from;
    if (text.len == 0)
        return MAILSUB_E_ADDRESS;
    int rc = mailsub__mailboxes_parse(&message->arena, text, MAILSUB__MAILBOX_LIST,
                                      message->address_form, out);
    if (rc)
        return rc == MAILSUB_E_NOMEM ? rc : MAILSUB_E_ADDRESS;
    mailsub__slice address = out->first->address;
    const char *at = memrchr(address.ptr, '@', address.len);
    size_t local_len = at ? (size_t)(at - address.ptr) : 0;
    return mailsub__robot_is_program(mailsub__slice_of(address.ptr, local_len))
               ? MAILSUB_E_AUTOMATIC
               : MAILSUB_OK;
}

static int set_recipient(mailsub_message *message, const mailsub__automatic *parent)
{
    const mailsub__arena before = message->arena;
    struct mailsub__mailbox_list list;
    int rc = find_recipient(message, parent, &list);
    char text[MAILSUB_MAX_ADDRESS + 1];
    size_t len = 0;
    if (!rc) {
        len = list.first->address.len;
        memcpy(text, list.first->address.ptr, len);
    }
    mailsub__arena_rewind(&message->arena, &before);
    if (rc || message->n_recipients > 0)
        return rc;
    return mailsub__message_parse_recipients(message, MAILSUB_RECIPIENT_TO,
                                             mailsub__slice_of(text, len));
}

/* At most so many octets, no character cut in two. */
static mailsub__slice shorten(mailsub__slice text, size_t longest)
{
    if (text.len <= longest)
        return text;
    while (longest > 0 && ((unsigned char)text.ptr[longest] & 0xc0u) == 0x80)
        longest--;
    return mailsub__slice_of(text.ptr, longest);
}

/* RFC 3834 section 3.1.5. A subject that cannot be read is not repeated. */
static int set_subject(mailsub_message *message, mailsub__slice parent)
{
    if (message->has_subject)
        return MAILSUB_OK;
    mailsub__buffer text;
    mailsub__buffer_init(&text, &message->allocator, SIZE_MAX / 4);
    mailsub__buffer_append_str(&text, "Auto: ");
    int rc = mailsub__existing_decode_words(&text, parent);
    mailsub__slice subject = mailsub__buffer_slice(&text);
    if (rc == MAILSUB_OK && mailsub__line_check(subject, MAILSUB__LINE_TAB))
        rc = MAILSUB_E_8BIT;
    if (rc == MAILSUB_E_8BIT || (rc == MAILSUB_OK && parent.len == 0)) {
        subject = mailsub__slice_str("Auto: your message");
        rc = MAILSUB_OK;
    }
    if (!rc)
        rc = mailsub__message_keep_subject(message, shorten(subject, LONGEST_SUBJECT));
    mailsub__buffer_deinit(&text);
    return rc;
}

/* The fields of the class, and those of the thread where the other message can be named. */
static int set_fields(mailsub_message *message, const mailsub__automatic *parent)
{
    mailsub__extra_value values[MAILSUB__CLASS_N_FIELDS + 2];
    char room[MAILSUB__THREAD_ROOM];
    size_t n = MAILSUB__CLASS_N_FIELDS;
    mailsub__class_init(values);
    values[MAILSUB__CLASS_AUTO_SUBMITTED].value = mailsub__slice_str("auto-replied");
    mailsub__slice references = parent->references;
    if (mailsub__line_check(references, MAILSUB__LINE_TAB))
        references = MAILSUB__SLICE_EMPTY;
    if (mailsub__thread_make(parent->message_id, references, room, values + n) == MAILSUB_OK)
        n += 2;
    return mailsub__message_replace_extras(message, values, n);
}

static int answer(mailsub_message *message, const mailsub__automatic *parent)
{
    if (parent->is_automatic)
        return MAILSUB_E_AUTOMATIC;
    const struct before before = keep_before(message);
    int rc = set_recipient(message, parent);
    if (!rc)
        rc = set_subject(message, parent->subject);
    if (!rc && !message->return_path.is_set) {
        message->return_path.is_set = true;
        message->return_path.mailbox = mailsub__mailbox_empty();
    }
    if (!rc)
        rc = set_fields(message, parent);
    if (rc)
        put_back(message, &before);
    else
        message->class = MAILSUB_CLASS_REPLY;
    return rc;
}

int mailsub_message_set_reply(mailsub_message *message, const char *header, size_t len)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !header)
        rc = MAILSUB_E_INVALID;
    if (rc)
        return mailsub__message_end_change(message, "Auto-Submitted", rc);
    mailsub__slice text =
        len == MAILSUB_NUL_TERMINATED ? mailsub__slice_str(header) : mailsub__slice_of(header, len);
    mailsub__automatic parent;
    rc = mailsub__automatic_read(&parent, text, &message->allocator);
    if (!rc)
        rc = answer(message, &parent);
    mailsub__automatic_deinit(&parent);
    return mailsub__message_end_change(message, "Auto-Submitted", rc);
}
