/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What html_text.c, which walks through a document, and html_handlers.c share. */
#ifndef MAILSUB_MESSAGE_HTML_CONVERT_H
#define MAILSUB_MESSAGE_HTML_CONVERT_H

#include "message/html_elements.h"
#include "message/html_flow.h"
#include "message/html_list.h"
#include "message/html_style.h"
#include "message/html_table.h"
#include "message/html_text.h"
#include "message/html_tokens.h"

enum { MAILSUB__HTML_NO_INDEX = MAILSUB__HTML_MAX_DEPTH };

/* An element on the stack. */
typedef struct mailsub__html_open {
    const mailsub__html_element *element;
    mailsub__slice name;
    /* What holds again behind the element. */
    uint8_t outer_state;
    uint8_t outer_marker_len;
    uint16_t outer_table;
    uint16_t outer_list;
    uint32_t outer_prefix;
    union {
        mailsub__html_list list;
        mailsub__html_table table;
    } as;
} mailsub__html_open;

/* The link that is open: links do not nest. */
typedef struct mailsub__html_link {
    bool is_open;
    bool has_picture;
    size_t depth; /* of the stack when it was opened */
} mailsub__html_link;

typedef struct mailsub__html_convert {
    mailsub__html_tokens tokens;
    mailsub__html_flow flow;
    mailsub__buffer target; /* of the open link */
    mailsub__html_link link;
    const mailsub_allocator *allocator;
    mailsub__html_open *stack;
    size_t capacity;
    size_t depth;
    size_t n_unkept; /* blocks that found no room on the stack and are open */
    size_t n_styled; /* elements on the stack because of their style only */
    size_t n_p;
    uint16_t table; /* index of the innermost one; or NO_INDEX */
    uint16_t list;  /* likewise, in the innermost cell */
    uint8_t state;
    int error;
} mailsub__html_convert;

/* What an element does where it is seen, by its kind; either may be NULL. */
typedef struct mailsub__html_handler {
    void (*open)(mailsub__html_convert *c, const mailsub__html_token *tag);
    void (*close)(mailsub__html_convert *c);
} mailsub__html_handler;

/* The element's entry, if it has one, is the top of the stack. */
const mailsub__html_handler *mailsub__html_handlers_find(const mailsub__html_element *element);
/* End the link that is open, if any: show its target. */
void mailsub__html_handlers_end_link(mailsub__html_convert *c);

static inline bool mailsub__html_is_mute(const mailsub__html_convert *c)
{
    return (c->state & MAILSUB__HTML_IS_MUTE) != 0;
}

#endif
