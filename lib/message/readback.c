/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a message was given, told again: mailboxes, Subject and added fields. */
#include "message/state.h"

/* A field of mailboxes: one that is kept apart, if it is set, and a list behind it. */
struct field {
    const struct mailsub__single_mailbox *single;
    const struct mailsub__mailbox *first;
};

static bool find_field(const mailsub_message *message, const char *name, struct field *out)
{
    const struct {
        const char *name;
        struct field field;
    } rows[] = {
        {"From", {&message->from, message->more_from.first}},
        {"Sender", {&message->sender, NULL}},
        {"Return-Path", {&message->return_path, NULL}},
        {"Reply-To", {NULL, message->reply_to.first}},
        {"To", {NULL, message->to.first}},
        {"Cc", {NULL, message->cc.first}},
        {"Bcc", {NULL, message->bcc.first}},
    };
    mailsub__slice wanted = mailsub__slice_str(name);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (mailsub__slice_equal_nocase(wanted, mailsub__slice_str(rows[i].name))) {
            *out = rows[i].field;
            if (out->single && !out->single->is_set)
                out->single = NULL;
            return true;
        }
    }
    return false;
}

size_t mailsub_message_count_mailboxes(const mailsub_message *message, const char *field)
{
    struct field found;
    if (!message || !find_field(message, field, &found))
        return 0;
    size_t n = found.single != NULL;
    for (const struct mailsub__mailbox *at = found.first; at; at = at->next)
        n++;
    return n;
}

/* The entry of a list, going on from the last one that was asked for where that is possible. */
static const struct mailsub__mailbox *
nth_mailbox(mailsub_message *message, const struct mailsub__mailbox *first, size_t index)
{
    if (!message->walk_at || message->walk_first != first || message->walk_index > index) {
        message->walk_first = message->walk_at = first;
        message->walk_index = 0;
    }
    const struct mailsub__mailbox *at = message->walk_at;
    size_t i = message->walk_index;
    for (; at && i < index; i++)
        at = at->next;
    if (at) {
        message->walk_at = at;
        message->walk_index = i;
    }
    return at;
}

int mailsub_message_get_mailbox(mailsub_message *message, const char *field, size_t index,
                                const char **out_address, const char **out_name)
{
    struct field found;
    if (!message || !field || !out_address || !out_name || !find_field(message, field, &found))
        return MAILSUB_E_INVALID;
    const struct mailsub__mailbox *mailbox;
    if (found.single && index == 0)
        mailbox = &found.single->mailbox;
    else
        mailbox = nth_mailbox(message, found.first, index - (found.single != NULL));
    if (!mailbox)
        return MAILSUB_E_INVALID;
    bool is_group = !found.single && mailbox->address.len == 0;
    *out_address = is_group ? NULL : mailbox->address.ptr;
    *out_name = is_group && mailsub__mailbox_is_group_end(mailbox) ? NULL : mailbox->name.ptr;
    return MAILSUB_OK;
}

int mailsub_message_get_recipient(const mailsub_message *message, size_t index,
                                  const char **out_address)
{
    if (!message || !out_address || index >= message->n_recipients)
        return MAILSUB_E_INVALID;
    *out_address = mailsub__message_recipients(message)[index].ptr;
    return MAILSUB_OK;
}

int mailsub_message_get_subject(const mailsub_message *message, const char **out_subject)
{
    if (!message || !out_subject)
        return MAILSUB_E_INVALID;
    *out_subject = message->has_subject ? message->subject.ptr : NULL;
    return MAILSUB_OK;
}

size_t mailsub_message_count_headers(const mailsub_message *message)
{
    size_t n = 0;
    for (const struct mailsub__extra *at = message ? message->first_extra : NULL; at; at = at->next)
        n++;
    return n;
}

int mailsub_message_get_header(const mailsub_message *message, size_t index, const char **out_name,
                               const char **out_value)
{
    if (!message || !out_name || !out_value)
        return MAILSUB_E_INVALID;
    const struct mailsub__extra *extra = message->first_extra;
    for (; extra && index > 0; index--)
        extra = extra->next;
    if (!extra)
        return MAILSUB_E_INVALID;
    *out_name = extra->name.ptr;
    *out_value = extra->value.ptr;
    return MAILSUB_OK;
}
