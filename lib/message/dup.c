/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of a message that lives apart from it. What was made and not set, Date, Message-ID and
 * boundaries, is not copied: the copy is another message, and no two may have the same identifier.
 */
#include "base/memory.h"
#include "message/state.h"

static int copy_single(mailsub_message *to, struct mailsub__single_mailbox *copy,
                       const struct mailsub__single_mailbox *single)
{
    const struct mailsub__mailbox *mailbox = &single->mailbox;
    if (!single->is_set)
        return MAILSUB_OK;
    char *room = mailsub__arena_replace(&to->arena, &copy->slot,
                                        mailsub__mailbox_room(mailbox->address, mailbox->name));
    if (!room)
        return MAILSUB_E_NOMEM;
    copy->mailbox = mailsub__mailbox_place(room, mailbox->address, mailbox->name);
    copy->is_set = true;
    return MAILSUB_OK;
}

static int copy_list(mailsub_message *to, struct mailsub__mailbox_list *copy,
                     const struct mailsub__mailbox_list *list)
{
    for (const struct mailsub__mailbox *at = list->first; at; at = at->next) {
        struct mailsub__mailbox *mailbox = mailsub__mailbox_new(&to->arena, at->address, at->name);
        if (!mailbox)
            return MAILSUB_E_NOMEM;
        const struct mailsub__mailbox_list one = {mailbox, mailbox};
        mailsub__mailboxes_join(copy, &one);
    }
    return MAILSUB_OK;
}

static int copy_mailboxes(mailsub_message *to, const mailsub_message *from)
{
    int rc = copy_single(to, &to->from, &from->from);
    if (!rc)
        rc = copy_single(to, &to->sender, &from->sender);
    if (!rc)
        rc = copy_single(to, &to->return_path, &from->return_path);
    to->names_recipients = from->names_recipients;
    if (!rc)
        rc = copy_list(to, &to->more_from, &from->more_from);
    if (!rc)
        rc = copy_list(to, &to->reply_to, &from->reply_to);
    if (!rc)
        rc = copy_list(to, &to->to, &from->to);
    if (!rc)
        rc = copy_list(to, &to->cc, &from->cc);
    if (!rc)
        rc = copy_list(to, &to->bcc, &from->bcc);
    return rc;
}

/*
 * The envelope points into the lists. Within each list the order is the same, so one walk through
 * all three finds what each recipient has become.
 */
static int copy_recipients(mailsub_message *to, const mailsub_message *from)
{
    enum { N_LISTS = 3 };
    const struct mailsub__mailbox *old[N_LISTS] = {from->to.first, from->cc.first, from->bcc.first};
    const struct mailsub__mailbox *new[N_LISTS] = {to->to.first, to->cc.first, to->bcc.first};
    char *room = mailsub__arena_replace(&to->arena, &to->recipients_slot,
                                        from->n_recipients * sizeof(mailsub__slice));
    if (!room)
        return MAILSUB_E_NOMEM;
    mailsub__slice *recipients = (mailsub__slice *)(void *)room;
    for (size_t i = 0; i < from->n_recipients; i++) {
        const char *wanted = mailsub__message_recipients(from)[i].ptr;
        for (size_t list = 0; list < N_LISTS; list++) {
            while (old[list] && old[list]->address.len == 0) { /* a group's beginning or end */
                old[list] = old[list]->next;
                new[list] = new[list]->next;
            }
            if (old[list] && old[list]->address.ptr == wanted) {
                recipients[i] = new[list]->address;
                old[list] = old[list]->next;
                new[list] = new[list]->next;
                break;
            }
        }
    }
    to->n_recipients = from->n_recipients;
    return MAILSUB_OK;
}

static int copy_header(mailsub_message *to, const mailsub_message *from)
{
    int rc = from->has_subject ? mailsub__message_keep_subject(to, from->subject) : MAILSUB_OK;
    const struct mailsub__extra *extra = from->first_extra;
    for (; extra && !rc; extra = extra->next)
        rc = mailsub__message_keep_extra(to, extra->field, extra->name, extra->value);
    if (!rc && from->date_is_set) {
        rc = mailsub__message_keep_date(to, from->unix_s, from->zone_min);
        to->date_is_set = true;
    }
    if (!rc && from->id_is_set)
        rc = mailsub__message_keep_id(to, mailsub__slice_str(from->message_id));
    return rc;
}

static int copy_all(mailsub_message *to, const mailsub_message *from)
{
    to->clock = from->clock;
    to->random = from->random;
    to->address_form = from->address_form;
    to->class = from->class;
    to->error = from->error;
    strcpy(to->error_field, from->error_field);
    for (size_t i = 0; i < from->signers.n; i++)
        mailsub__dkim_set_add(&to->signers, from->signers.items[i]); /* as many find room */
    int rc = copy_mailboxes(to, from);
    if (!rc)
        rc = copy_recipients(to, from);
    if (!rc)
        rc = mailsub__delivery_copy(to, from);
    if (!rc)
        rc = copy_header(to, from);
    if (!rc && from->existing)
        rc = mailsub__existing_copy(to, from);
    return rc ? rc : mailsub__content_copy(to, from);
}

int mailsub_message_dup(const mailsub_message *message, mailsub_message **out_message)
{
    if (!message || !out_message)
        return MAILSUB_E_INVALID;
    mailsub_message *copy;
    int rc = mailsub__message_create(&message->allocator, &message->system_clock,
                                     &message->system_random, &copy);
    if (rc)
        return rc;
    rc = copy_all(copy, message);
    if (rc) {
        mailsub_message_free(copy);
        return rc;
    }
    *out_message = copy;
    return MAILSUB_OK;
}
