/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads an address list (RFC 5322 section 3.4): mailboxes with or without display names, groups,
 * and the obsolete forms of section 4.4. Linear in the length of the text.
 */
#ifndef MAILSUB_MESSAGE_ADDRESS_LIST_H
#define MAILSUB_MESSAGE_ADDRESS_LIST_H

#include "base/buffer.h"
#include "message/address.h"
#include "message/address_lexer.h"

typedef struct mailsub__address_list {
    mailsub__slice rest;          /* behind token */
    mailsub__address_token token; /* the next one */
    enum mailsub__address_form form;
    bool in_group;
    bool behind_element; /* a comma has to come first */
    mailsub__buffer name;
    mailsub__buffer scratch; /* for an address */
} mailsub__address_list;

enum mailsub__address_item_kind {
    MAILSUB__ADDRESS_MAILBOX,
    MAILSUB__ADDRESS_GROUP,     /* only a name: its mailboxes follow */
    MAILSUB__ADDRESS_GROUP_END, /* neither address nor name */
    MAILSUB__ADDRESS_LIST_END
};

typedef struct mailsub__address_item {
    enum mailsub__address_item_kind kind;
    mailsub__address address;
    mailsub__slice name; /* decoded and checked; lent until the next item; empty for none */
} mailsub__address_item;

/* text passed mailsub__line_check, tabs allowed, and stays alive; so does allocator. */
void mailsub__address_list_init(mailsub__address_list *list, mailsub__slice text,
                                enum mailsub__address_form form,
                                const mailsub_allocator *allocator);
void mailsub__address_list_deinit(mailsub__address_list *list);

/*
 * The next item; after the last one, MAILSUB__ADDRESS_LIST_END. MAILSUB_E_ADDRESS bad syntax; else
 * the errors of mailsub__address_parse for an address, of mailsub__line_check for a name whose
 * encoded words hold something forbidden, and of the buffer. The list is of no use after an error.
 */
int mailsub__address_list_next(mailsub__address_list *list, mailsub__address_item *out);

#endif
