/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The elements of HTML: what each means for a text version. */
#ifndef MAILSUB_MESSAGE_HTML_ELEMENTS_H
#define MAILSUB_MESSAGE_HTML_ELEMENTS_H

#include <stdint.h>

#include "base/slice.h"

/* How an element is handled. Elements that the table does not know are INLINE. */
enum {
    MAILSUB__HTML_INLINE, /* its content is shown, it adds nothing */
    MAILSUB__HTML_BLOCK,  /* its content stands on lines of its own */
    MAILSUB__HTML_VOID,   /* has no content and shows nothing */
    MAILSUB__HTML_RAW,    /* its content is no markup and is not shown */
    MAILSUB__HTML_GONE,   /* its content is markup and is not shown */
    MAILSUB__HTML_P,
    MAILSUB__HTML_BR,
    MAILSUB__HTML_HR,
    MAILSUB__HTML_IMG,
    MAILSUB__HTML_AREA,
    MAILSUB__HTML_A,
    MAILSUB__HTML_Q,
    MAILSUB__HTML_SUP,
    MAILSUB__HTML_SUB,
    MAILSUB__HTML_PRE,
    MAILSUB__HTML_BLOCKQUOTE,
    MAILSUB__HTML_UL,
    MAILSUB__HTML_OL,
    MAILSUB__HTML_LI,
    MAILSUB__HTML_DL,
    MAILSUB__HTML_DT,
    MAILSUB__HTML_DD,
    MAILSUB__HTML_TABLE,
    MAILSUB__HTML_CAPTION,
    MAILSUB__HTML_THEAD,
    MAILSUB__HTML_TBODY,
    MAILSUB__HTML_TR,
    MAILSUB__HTML_TH,
    MAILSUB__HTML_TD,
    MAILSUB__HTML_N_KINDS
};

enum {
    MAILSUB__HTML_STACKED = 1u << 0, /* kept on the stack of open elements whatever its style */
    MAILSUB__HTML_ENDS_P = 1u << 1,  /* begins behind an open paragraph, not in it */
    MAILSUB__HTML_NO_TEXT = 1u << 2, /* void: it has no end tag */
};

typedef struct mailsub__html_element {
    char name[12];
    uint8_t kind;
    uint8_t gap; /* line ends around it: 1, or 2 for a blank line; 0 for none */
    uint8_t flags;
} mailsub__html_element;

/* Never NULL: the element of any name, which is known by its name alone, is one too. */
const mailsub__html_element *mailsub__html_elements_find(mailsub__slice name);
/* Is this the element that stands for all unknown names? */
bool mailsub__html_elements_is_unknown(const mailsub__html_element *element);

#endif
