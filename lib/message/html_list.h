/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bullets and numbers of HTML lists. */
#ifndef MAILSUB_MESSAGE_HTML_LIST_H
#define MAILSUB_MESSAGE_HTML_LIST_H

#include <stdint.h>

#include "message/html_tokens.h"

enum { MAILSUB__HTML_MAX_LIST_MARKER = 14 };

typedef struct mailsub__html_list {
    bool is_ordered;
    char type; /* '1', 'a', 'A', 'i' or 'I' */
    int step;
    int32_t next;
} mailsub__html_list;

/* From the tag of ul or ol. */
void mailsub__html_list_open(mailsub__html_list *list, const mailsub__html_token *tag,
                             bool is_ordered);
/* Count an item. list may be NULL: an item without a list. Its marker, a space behind, in out. */
mailsub__slice mailsub__html_list_item(mailsub__html_list *list, const mailsub__html_token *tag,
                                       char out[MAILSUB__HTML_MAX_LIST_MARKER]);
/* The integer that an attribute's value begins with; false: none. Bounded to nine digits. */
bool mailsub__html_list_number(mailsub__slice value, int32_t *out_number);

#endif
