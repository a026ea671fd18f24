/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/mailboxes.h"

#include "base/memory.h"
#include "message/line.h"
#include "message/words.h"

size_t mailsub__mailbox_room(mailsub__slice address, mailsub__slice name)
{
    return address.len + name.len + 2;
}

static char *place_text(char *room, mailsub__slice text)
{
    memcpy(room, text.ptr, text.len);
    room[text.len] = '\0';
    return room + text.len + 1;
}

struct mailsub__mailbox mailsub__mailbox_place(char *room, mailsub__slice address,
                                               mailsub__slice name)
{
    char *name_room = place_text(room, address);
    place_text(name_room, name);
    return (struct mailsub__mailbox){
        .address = mailsub__slice_of(room, address.len),
        .name = mailsub__slice_of(name_room, name.len),
    };
}

struct mailsub__mailbox *mailsub__mailbox_new(mailsub__arena *arena, mailsub__slice address,
                                              mailsub__slice name)
{
    struct mailsub__mailbox *mailbox =
        mailsub__arena_alloc(arena, sizeof *mailbox + mailsub__mailbox_room(address, name));
    if (mailbox)
        *mailbox = mailsub__mailbox_place((char *)(mailbox + 1), address, name);
    return mailbox;
}

void mailsub__mailboxes_join(struct mailsub__mailbox_list *list,
                             const struct mailsub__mailbox_list *more)
{
    if (!more->first)
        return;
    if (list->last)
        list->last->next = more->first;
    else
        list->first = more->first;
    list->last = more->last;
}

/* Add the item to list; MAILSUB_E_ADDRESS: the syntax does not allow it there. */
static int keep_item(mailsub__arena *arena, const mailsub__address_item *item,
                     enum mailsub__mailboxes_syntax syntax, struct mailsub__mailbox_list *list)
{
    bool mailbox = item->kind == MAILSUB__ADDRESS_MAILBOX;
    if (!mailbox && syntax != MAILSUB__ADDRESS_LIST)
        return MAILSUB_E_ADDRESS;
    if (syntax == MAILSUB__MAILBOX_ONE && list->first)
        return MAILSUB_E_ADDRESS;
    mailsub__slice address =
        mailbox ? mailsub__address_slice(&item->address) : MAILSUB__SLICE_EMPTY;
    struct mailsub__mailbox *entry = mailsub__mailbox_new(arena, address, item->name);
    if (!entry)
        return MAILSUB_E_NOMEM;
    const struct mailsub__mailbox_list one = {entry, entry};
    mailsub__mailboxes_join(list, &one);
    return MAILSUB_OK;
}

int mailsub__mailboxes_parse(mailsub__arena *arena, mailsub__slice text,
                             enum mailsub__mailboxes_syntax syntax, enum mailsub__address_form form,
                             struct mailsub__mailbox_list *out)
{
    int rc = mailsub__line_check(text, MAILSUB__LINE_TAB);
    if (rc)
        return rc;
    const mailsub__arena before = *arena;
    struct mailsub__mailbox_list list = {NULL, NULL};
    mailsub__address_list parser;
    mailsub__address_list_init(&parser, text, form, arena->allocator);
    mailsub__address_item item;
    while ((rc = mailsub__address_list_next(&parser, &item)) == MAILSUB_OK &&
           item.kind != MAILSUB__ADDRESS_LIST_END) {
        rc = keep_item(arena, &item, syntax, &list);
        if (rc)
            break;
    }
    if (!rc && !list.first)
        rc = MAILSUB_E_ADDRESS;
    mailsub__address_list_deinit(&parser);
    if (rc)
        mailsub__arena_rewind(arena, &before);
    else
        *out = list;
    return rc;
}

/* name <address>, or the bare address. */
static int write_mailbox(mailsub__fold *fold, const struct mailsub__mailbox *mailbox,
                         const char *suffix)
{
    size_t len = mailbox->address.len + strlen(suffix);
    if (mailbox->name.len == 0) {
        mailsub__fold_space(fold, len);
        mailsub__buffer_append_slice(fold->out, mailbox->address);
    } else {
        int rc = mailsub__words_write_phrase(fold, mailbox->name, "");
        if (rc)
            return rc;
        mailsub__fold_space(fold, len + 2);
        mailsub__buffer_append_char(fold->out, '<');
        mailsub__buffer_append_slice(fold->out, mailbox->address);
        mailsub__buffer_append_char(fold->out, '>');
    }
    return mailsub__buffer_append_str(fold->out, suffix);
}

/* The marks behind an entry, those of the group's end that may follow it included. */
static const char *suffix_of(const struct mailsub__mailbox *mailbox)
{
    bool group = mailbox->address.len == 0;
    const struct mailsub__mailbox *next = mailbox->next;
    if (!next)
        return "";
    if (!mailsub__mailbox_is_group_end(next))
        return group ? ":" : ",";
    if (!next->next)
        return group ? ":;" : ";";
    return group ? ":;," : ";,";
}

int mailsub__mailboxes_write(mailsub__fold *fold, mailsub__slice name,
                             const struct mailsub__mailbox *mailbox)
{
    mailsub__fold_begin(fold, name, MAILSUB__FOLD_MOVE);
    for (; mailbox; mailbox = mailbox->next) {
        if (mailsub__mailbox_is_group_end(mailbox))
            continue;
        const char *suffix = suffix_of(mailbox);
        int rc = mailbox->address.len > 0
                     ? write_mailbox(fold, mailbox, suffix)
                     : mailsub__words_write_phrase(fold, mailbox->name, suffix);
        if (rc)
            return rc;
    }
    return mailsub__fold_end(fold);
}
