/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The setters of mailboxes: authors, sender, recipients. Each checks everything and takes the
 * memory it needs before it changes anything, so that a refused call leaves the message as it was.
 */
#include "base/memory.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/line.h"
#include "message/state.h"

/* A display name, checked, and the parsed address: what goes into a mailbox. */
struct parsed {
    mailsub__address address;
    mailsub__slice name;
};

static int parse_mailbox(const mailsub_message *message, const char *address, const char *name,
                         struct parsed *out)
{
    if (!address)
        return MAILSUB_E_INVALID;
    mailsub__slice text = mailsub__slice_str(address);
    int rc = mailsub__line_check(text, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    out->name = mailsub__slice_str(name);
    rc = mailsub__line_check(out->name, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    return mailsub__address_parse(text, message->address_form, &out->address);
}

static int set_single(mailsub_message *message, struct mailsub__single_mailbox *single,
                      mailsub__slice address, mailsub__slice name)
{
    char *room = mailsub__arena_replace(&message->arena, &single->slot,
                                        mailsub__mailbox_room(address, name));
    if (!room)
        return MAILSUB_E_NOMEM;
    single->mailbox = mailsub__mailbox_place(room, address, name);
    single->is_set = true;
    return MAILSUB_OK;
}

static int parse_single(mailsub_message *message, struct mailsub__single_mailbox *single,
                        const char *address, const char *name)
{
    struct parsed parsed;
    int rc = parse_mailbox(message, address, name, &parsed);
    if (rc)
        return rc;
    return set_single(message, single, mailsub__address_slice(&parsed.address), parsed.name);
}

/* Add to the end of list. */
static int add_mailbox(mailsub_message *message, struct mailsub__mailbox_list *list,
                       const char *address, const char *name)
{
    struct parsed parsed;
    int rc = parse_mailbox(message, address, name, &parsed);
    if (rc)
        return rc;
    struct mailsub__mailbox *mailbox =
        mailsub__mailbox_new(&message->arena, mailsub__address_slice(&parsed.address), parsed.name);
    if (!mailbox)
        return MAILSUB_E_NOMEM;
    const struct mailsub__mailbox_list one = {mailbox, mailbox};
    mailsub__mailboxes_join(list, &one);
    return MAILSUB_OK;
}

int mailsub_message_set_from(mailsub_message *message, const char *address, const char *name)
{
    int rc = mailsub__message_begin_addition(message, MAILSUB__MESSAGE_FROM);
    if (!rc)
        rc = parse_single(message, &message->from, address, name);
    if (!rc)
        message->more_from = (struct mailsub__mailbox_list){NULL, NULL};
    return mailsub__message_end_change(message, "From", rc);
}

int mailsub_message_add_from(mailsub_message *message, const char *address, const char *name)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !message->from.is_set)
        rc = parse_single(message, &message->from, address, name);
    else if (!rc)
        rc = add_mailbox(message, &message->more_from, address, name);
    return mailsub__message_end_change(message, "From", rc);
}

int mailsub_message_set_sender(mailsub_message *message, const char *address, const char *name)
{
    int rc = mailsub__message_begin_addition(message, MAILSUB__MESSAGE_SENDER);
    if (!rc && !address)
        message->sender.is_set = false;
    else if (!rc)
        rc = parse_single(message, &message->sender, address, name);
    return mailsub__message_end_change(message, "Sender", rc);
}

int mailsub_message_set_return_path(mailsub_message *message, const char *address)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc && !address) {
        message->return_path.is_set = false;
    } else if (!rc && *address == '\0') {
        message->return_path.is_set = true;
        message->return_path.mailbox = mailsub__mailbox_empty();
    } else if (!rc) {
        rc = parse_single(message, &message->return_path, address, NULL);
    }
    if (!rc)
        message->names_recipients = false;
    return mailsub__message_end_change(message, "Return-Path", rc);
}

/* The envelope's recipients with room for n more; NULL when memory is short. */
static mailsub__slice *recipients_with_room(mailsub_message *message, size_t n)
{
    enum { FIRST_ROOM = 4 };
    mailsub__slot grown = message->recipients_slot;
    size_t n_bytes = (message->n_recipients + n) * sizeof(mailsub__slice);
    if (grown.room && n_bytes <= grown.capacity)
        return (mailsub__slice *)(void *)grown.room;
    if (n_bytes < FIRST_ROOM * sizeof(mailsub__slice))
        n_bytes = FIRST_ROOM * sizeof(mailsub__slice);
    char *room = mailsub__arena_replace(&message->arena, &grown, n_bytes);
    if (!room)
        return NULL;
    if (message->n_recipients > 0)
        memcpy(room, message->recipients_slot.room, message->n_recipients * sizeof(mailsub__slice));
    message->recipients_slot = grown;
    return (mailsub__slice *)(void *)room;
}

/* Put entries behind those of a field, and their mailboxes into the envelope: all or none. */
static int add_recipients(mailsub_message *message, struct mailsub__mailbox_list *list,
                          const struct mailsub__mailbox_list *more)
{
    size_t n = 0;
    for (const struct mailsub__mailbox *at = more->first; at; at = at->next)
        n += at->address.len > 0;
    if (n > MAILSUB_MAX_RECIPIENTS - message->n_recipients)
        return MAILSUB_E_LIMIT;
    mailsub__slice *recipients = recipients_with_room(message, n);
    if (!recipients)
        return MAILSUB_E_NOMEM;
    for (const struct mailsub__mailbox *at = more->first; at; at = at->next) {
        if (at->address.len > 0)
            recipients[message->n_recipients++] = at->address;
    }
    mailsub__mailboxes_join(list, more);
    return MAILSUB_OK;
}

/* Index of the field's list and name; blind recipients have a list that is never written. */
static bool is_recipient_field(int field)
{
    return field >= MAILSUB_RECIPIENT_TO && field <= MAILSUB_RECIPIENT_BCC;
}

static const char *const recipient_names[] = {"To", "Cc", "Bcc"};

static struct mailsub__mailbox_list *recipient_list(mailsub_message *message, int field)
{
    struct mailsub__mailbox_list *lists[] = {&message->to, &message->cc, &message->bcc};
    /* The fields of an existing message stay what they are. */
    return message->existing ? &message->bcc : lists[field];
}

int mailsub_message_add_recipient(mailsub_message *message, int field, const char *address,
                                  const char *name)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!is_recipient_field(field))
        return mailsub__message_end_change(message, "To", rc ? rc : MAILSUB_E_INVALID);
    if (!rc) {
        const mailsub__arena before = message->arena;
        struct mailsub__mailbox_list one = {NULL, NULL};
        rc = add_mailbox(message, &one, address, name);
        if (!rc)
            rc = add_recipients(message, recipient_list(message, field), &one);
        if (rc)
            mailsub__arena_rewind(&message->arena, &before);
    }
    return mailsub__message_end_change(message, recipient_names[field], rc);
}

int mailsub__message_parse_recipients(mailsub_message *message, int field, mailsub__slice text)
{
    const mailsub__arena before = message->arena;
    struct mailsub__mailbox_list more;
    int rc = mailsub__mailboxes_parse(&message->arena, text, MAILSUB__ADDRESS_LIST,
                                      message->address_form, &more);
    if (!rc)
        rc = add_recipients(message, recipient_list(message, field), &more);
    if (rc)
        mailsub__arena_rewind(&message->arena, &before);
    return rc;
}

int mailsub__message_parse_sender(mailsub_message *message, mailsub__slice text)
{
    struct mailsub__mailbox_list list;
    int rc = mailsub__mailboxes_parse(&message->arena, text, MAILSUB__MAILBOX_ONE,
                                      message->address_form, &list);
    if (rc)
        return rc;
    return set_single(message, &message->sender, list.first->address, list.first->name);
}

int mailsub__message_parse_from(mailsub_message *message, mailsub__slice text)
{
    struct mailsub__mailbox_list list;
    int rc = mailsub__mailboxes_parse(&message->arena, text, MAILSUB__MAILBOX_LIST,
                                      message->address_form, &list);
    if (!rc)
        rc = set_single(message, &message->from, list.first->address, list.first->name);
    if (rc)
        return rc;
    message->more_from.first = list.first->next;
    message->more_from.last = list.first->next ? list.last : NULL;
    return MAILSUB_OK;
}

int mailsub_message_add_recipients(mailsub_message *message, int field, const char *list,
                                   size_t len)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!is_recipient_field(field))
        return mailsub__message_end_change(message, "To", rc ? rc : MAILSUB_E_INVALID);
    if (!rc && !list)
        rc = MAILSUB_E_INVALID;
    if (!rc)
        rc = mailsub__message_parse_recipients(message, field,
                                               len == MAILSUB_NUL_TERMINATED
                                                   ? mailsub__slice_str(list)
                                                   : mailsub__slice_of(list, len));
    return mailsub__message_end_change(message, recipient_names[field], rc);
}

int mailsub_message_add_reply_to(mailsub_message *message, const char *address, const char *name)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        rc = add_mailbox(message, &message->reply_to, address, name);
    return mailsub__message_end_change(message, "Reply-To", rc);
}

int mailsub_message_allow_smtputf8(mailsub_message *message, int allowed)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc)
        message->address_form = allowed ? MAILSUB__ADDRESS_UTF8 : MAILSUB__ADDRESS_ASCII;
    return rc;
}

static bool list_needs_smtputf8(const struct mailsub__mailbox *mailbox)
{
    for (; mailbox; mailbox = mailbox->next) {
        if (!mailsub__ascii_only(mailbox->address))
            return true;
    }
    return false;
}

static bool single_needs_smtputf8(const struct mailsub__single_mailbox *single)
{
    return single->is_set && !mailsub__ascii_only(single->mailbox.address);
}

bool mailsub__message_text_needs_smtputf8(const mailsub_message *message)
{
    /* Of an existing message all recipients are kept as those of the envelope. */
    if (message->existing && list_needs_smtputf8(message->bcc.first))
        return true;
    return single_needs_smtputf8(&message->from) || single_needs_smtputf8(&message->sender) ||
           single_needs_smtputf8(&message->return_path) ||
           list_needs_smtputf8(message->more_from.first) ||
           list_needs_smtputf8(message->reply_to.first) || list_needs_smtputf8(message->to.first) ||
           list_needs_smtputf8(message->cc.first);
}

bool mailsub__message_needs_smtputf8(const mailsub_message *message)
{
    return mailsub__message_text_needs_smtputf8(message) || list_needs_smtputf8(message->bcc.first);
}

int mailsub_message_needs_smtputf8(const mailsub_message *message)
{
    return message && mailsub__message_needs_smtputf8(message);
}
