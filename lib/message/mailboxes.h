/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mailboxes of one header field: kept, parsed from a list, and written. */
#ifndef MAILSUB_MESSAGE_MAILBOXES_H
#define MAILSUB_MESSAGE_MAILBOXES_H

#include "message/address_list.h"
#include "message/arena.h"
#include "message/fold.h"

/*
 * An entry of a field. The beginning of a group has a name and no address, its end has neither.
 * All strings are NUL-terminated behind their length.
 */
struct mailsub__mailbox {
    struct mailsub__mailbox *next;
    mailsub__slice address; /* as on the wire */
    mailsub__slice name;    /* as given; empty for none */
};

struct mailsub__mailbox_list {
    struct mailsub__mailbox *first;
    struct mailsub__mailbox *last;
};

static inline struct mailsub__mailbox mailsub__mailbox_empty(void)
{
    return (struct mailsub__mailbox){.address = MAILSUB__SLICE_EMPTY, .name = MAILSUB__SLICE_EMPTY};
}

static inline bool mailsub__mailbox_is_group_end(const struct mailsub__mailbox *mailbox)
{
    return mailbox->address.len == 0 && mailbox->name.len == 0;
}

/* Octets that _place needs. */
size_t mailsub__mailbox_room(mailsub__slice address, mailsub__slice name);
/* Copy both into room. */
struct mailsub__mailbox mailsub__mailbox_place(char *room, mailsub__slice address,
                                               mailsub__slice name);
/* Copy both into an entry of the arena; NULL when memory is short. */
struct mailsub__mailbox *mailsub__mailbox_new(mailsub__arena *arena, mailsub__slice address,
                                              mailsub__slice name);
/* Put all of more behind list; more is then part of it. */
void mailsub__mailboxes_join(struct mailsub__mailbox_list *list,
                             const struct mailsub__mailbox_list *more);

/* What a field may hold. */
enum mailsub__mailboxes_syntax {
    MAILSUB__MAILBOX_ONE,  /* one mailbox */
    MAILSUB__MAILBOX_LIST, /* mailboxes */
    MAILSUB__ADDRESS_LIST  /* mailboxes and groups */
};

/*
 * Parse text into entries of the arena. MAILSUB_E_ADDRESS when there are none, or some that the
 * syntax does not allow; else the errors of mailsub__line_check and mailsub__address_list_next. On
 * failure the arena is as it was.
 */
int mailsub__mailboxes_parse(mailsub__arena *arena, mailsub__slice text,
                             enum mailsub__mailboxes_syntax syntax, enum mailsub__address_form form,
                             struct mailsub__mailbox_list *out);

/* Write a field with these entries, at least one. The error of the buffers. */
int mailsub__mailboxes_write(mailsub__fold *fold, mailsub__slice name,
                             const struct mailsub__mailbox *mailbox);

#endif
