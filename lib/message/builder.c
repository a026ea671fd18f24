/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The setters of the envelope and the header. Each checks everything and takes the memory it needs
 * before it changes anything, so that a refused call leaves the message as it was.
 */
#include "base/memory.h"
#include "message/address.h"
#include "message/line.h"
#include "message/state.h"

/* A display name, checked, and the parsed address: what goes into a mailbox. */
struct parsed {
    mailsub__address address;
    mailsub__slice name;
};

static int parse_mailbox(const char *address, const char *name, struct parsed *out)
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
    return mailsub__address_parse(text, MAILSUB__ADDRESS_ASCII, &out->address);
}

/* Copy into room, which has space for both. */
static struct mailsub__mailbox place_mailbox(char *room, const struct parsed *parsed)
{
    memcpy(room, parsed->address.text, parsed->address.len);
    memcpy(room + parsed->address.len, parsed->name.ptr, parsed->name.len);
    return (struct mailsub__mailbox){
        .address = mailsub__slice_of(room, parsed->address.len),
        .name = mailsub__slice_of(room + parsed->address.len, parsed->name.len),
    };
}

static int set_single(mailsub_message *message, struct mailsub__single_mailbox *single,
                      const char *address, const char *name)
{
    struct parsed parsed;
    int rc = parse_mailbox(address, name, &parsed);
    if (rc)
        return rc;
    char *room = mailsub__arena_replace(&message->arena, &single->slot,
                                        parsed.address.len + parsed.name.len);
    if (!room)
        return MAILSUB_E_NOMEM;
    single->mailbox = place_mailbox(room, &parsed);
    single->is_set = true;
    return MAILSUB_OK;
}

int mailsub_message_set_from(mailsub_message *message, const char *address, const char *name)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        rc = set_single(message, &message->from, address, name);
    return mailsub__message_end_change(message, "From", rc);
}

int mailsub_message_set_sender(mailsub_message *message, const char *address, const char *name)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !address)
        message->sender.is_set = false;
    else if (!rc)
        rc = set_single(message, &message->sender, address, name);
    return mailsub__message_end_change(message, "Sender", rc);
}

int mailsub_message_set_return_path(mailsub_message *message, const char *address)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !address) {
        message->return_path.is_set = false;
    } else if (!rc && *address == '\0') {
        message->return_path.is_set = true;
        message->return_path.mailbox.address = MAILSUB__SLICE_EMPTY;
    } else if (!rc) {
        rc = set_single(message, &message->return_path, address, NULL);
    }
    return mailsub__message_end_change(message, "Return-Path", rc);
}

/* Add to the end of list; the mailbox is returned in *out. */
static int add_mailbox(mailsub_message *message, struct mailsub__mailbox_list *list,
                       const struct parsed *parsed, const struct mailsub__mailbox **out)
{
    struct mailsub__mailbox *mailbox = mailsub__arena_alloc(
        &message->arena, sizeof *mailbox + parsed->address.len + parsed->name.len);
    if (!mailbox)
        return MAILSUB_E_NOMEM;
    *mailbox = place_mailbox((char *)(mailbox + 1), parsed);
    if (list->last)
        list->last->next = mailbox;
    else
        list->first = mailbox;
    list->last = mailbox;
    *out = mailbox;
    return MAILSUB_OK;
}

/* The envelope's recipients with room for one more; NULL when memory is short. */
static mailsub__slice *recipients_with_room(mailsub_message *message)
{
    enum { FIRST_ROOM = 4 };
    mailsub__slot grown = message->recipients_slot;
    size_t n_bytes = (message->n_recipients + 1) * sizeof(mailsub__slice);
    if (n_bytes <= grown.capacity)
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

static int add_recipient(mailsub_message *message, struct mailsub__mailbox_list *list,
                         const char *address, const char *name)
{
    struct parsed parsed;
    int rc = parse_mailbox(address, name, &parsed);
    if (rc)
        return rc;
    if (message->n_recipients == MAILSUB_MAX_RECIPIENTS)
        return MAILSUB_E_LIMIT;
    mailsub__slice *recipients = recipients_with_room(message);
    if (!recipients)
        return MAILSUB_E_NOMEM;
    struct mailsub__mailbox_list blind = {NULL, NULL}; /* forgotten: no header field lists it */
    const struct mailsub__mailbox *mailbox;
    rc = add_mailbox(message, list ? list : &blind, &parsed, &mailbox);
    if (rc)
        return rc;
    recipients[message->n_recipients++] = mailbox->address;
    return MAILSUB_OK;
}

int mailsub_message_add_recipient(mailsub_message *message, int field, const char *address,
                                  const char *name)
{
    static const char *const names[] = {"To", "Cc", "Bcc"};
    int rc = mailsub__message_begin_change(message);
    if (field < MAILSUB_RECIPIENT_TO || field > MAILSUB_RECIPIENT_BCC)
        return mailsub__message_end_change(message, names[0], rc ? rc : MAILSUB_E_INVALID);
    if (!rc) {
        struct mailsub__mailbox_list *lists[] = {&message->to, &message->cc, NULL};
        rc = add_recipient(message, lists[field], address, name);
    }
    return mailsub__message_end_change(message, names[field], rc);
}

int mailsub_message_add_reply_to(mailsub_message *message, const char *address, const char *name)
{
    int rc = mailsub__message_begin_change(message);
    struct parsed parsed;
    if (!rc)
        rc = parse_mailbox(address, name, &parsed);
    const struct mailsub__mailbox *mailbox;
    if (!rc)
        rc = add_mailbox(message, &message->reply_to, &parsed, &mailbox);
    return mailsub__message_end_change(message, "Reply-To", rc);
}

static int set_subject(mailsub_message *message, mailsub__slice subject)
{
    int rc = mailsub__line_check(subject, MAILSUB__LINE_TAB);
    if (rc)
        return rc;
    char *room = mailsub__arena_replace(&message->arena, &message->subject_slot, subject.len);
    if (!room)
        return MAILSUB_E_NOMEM;
    memcpy(room, subject.ptr, subject.len);
    message->subject = mailsub__slice_of(room, subject.len);
    message->has_subject = true;
    return MAILSUB_OK;
}

int mailsub_message_set_subject(mailsub_message *message, const char *subject)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !subject)
        message->has_subject = false;
    else if (!rc)
        rc = set_subject(message, mailsub__slice_str(subject));
    return mailsub__message_end_change(message, "Subject", rc);
}

static bool stands_already(const mailsub_message *message, const mailsub__field *field)
{
    for (const struct mailsub__extra *extra = message->first_extra; extra; extra = extra->next) {
        if (extra->field == field)
            return true;
    }
    return false;
}

/* A known field is written with the name of the table. */
static int add_header(mailsub_message *message, mailsub__slice name, mailsub__slice value)
{
    const mailsub__field *field = mailsub__field_find(name);
    if (field->owner != MAILSUB__FIELD_CALLER)
        return MAILSUB_E_HEADER_OWNED;
    int rc = mailsub__line_check(value, MAILSUB__LINE_TAB);
    if (rc)
        return rc;
    rc = mailsub__field_check(field, value);
    if (rc)
        return rc;
    if (field->once && stands_already(message, field))
        return MAILSUB_E_HEADER_REPEATED;
    struct mailsub__extra *extra =
        mailsub__arena_alloc(&message->arena, sizeof *extra + name.len + value.len);
    if (!extra)
        return MAILSUB_E_NOMEM;
    char *room = (char *)(extra + 1);
    memcpy(room, *field->name ? field->name : name.ptr, name.len);
    memcpy(room + name.len, value.ptr, value.len);
    *extra = (struct mailsub__extra){
        .field = field,
        .name = mailsub__slice_of(room, name.len),
        .value = mailsub__slice_of(room + name.len, value.len),
    };
    if (message->last_extra)
        message->last_extra->next = extra;
    else
        message->first_extra = extra;
    message->last_extra = extra;
    return MAILSUB_OK;
}

int mailsub_message_add_header(mailsub_message *message, const char *name, const char *value,
                               size_t len)
{
    int rc = mailsub__message_begin_change(message);
    mailsub__slice name_slice = mailsub__slice_str(name);
    bool valid = mailsub__field_name_is_valid(name_slice);
    if (!rc && (!name || (!value && len != 0)))
        rc = MAILSUB_E_INVALID;
    if (!rc && !valid)
        rc = MAILSUB_E_HEADER_NAME;
    if (!rc)
        rc = add_header(message, name_slice,
                        len == MAILSUB_NUL_TERMINATED ? mailsub__slice_str(value)
                                                      : mailsub__slice_of(value, len));
    /* A malformed name must not reach a log. */
    return mailsub__message_end_change(message, valid ? name : "header", rc);
}

int mailsub_message_set_date(mailsub_message *message, int64_t unix_s, int32_t zone_min)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !mailsub__date_is_valid(unix_s, zone_min))
        rc = MAILSUB_E_DATE;
    if (!rc) {
        mailsub__date_write(message->date, unix_s, zone_min);
        message->has_date = true;
    }
    return mailsub__message_end_change(message, "Date", rc);
}

static int set_message_id(mailsub_message *message, mailsub__slice id)
{
    int rc = mailsub__line_check(id, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    if (id.len >= 2 && id.ptr[0] == '<' && id.ptr[id.len - 1] == '>')
        id = mailsub__slice_of(id.ptr + 1, id.len - 2);
    if (!mailsub__message_id_is_valid(id))
        return MAILSUB_E_MESSAGE_ID;
    char *end = message->message_id;
    *end++ = '<';
    end = mempcpy(end, id.ptr, id.len);
    *end++ = '>';
    *end = '\0';
    return MAILSUB_OK;
}

int mailsub_message_set_message_id(mailsub_message *message, const char *message_id)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        rc = message_id ? set_message_id(message, mailsub__slice_str(message_id))
                        : MAILSUB_E_INVALID;
    return mailsub__message_end_change(message, "Message-ID", rc);
}
