/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an element inherits or its inline style says that changes how its text is shown. */
#ifndef MAILSUB_MESSAGE_HTML_STYLE_H
#define MAILSUB_MESSAGE_HTML_STYLE_H

#include "base/slice.h"

/* Inherited, bit by bit. */
enum {
    MAILSUB__HTML_IS_GONE = 1u << 0,      /* not displayed, whatever stands inside */
    MAILSUB__HTML_IS_INVISIBLE = 1u << 1, /* visibility: hidden */
    MAILSUB__HTML_IS_TINY = 1u << 2,      /* font-size: 0 */
    MAILSUB__HTML_IS_PRE = 1u << 3,       /* white space is kept */
    MAILSUB__HTML_IS_SUP = 1u << 4,
    MAILSUB__HTML_IS_SUB = 1u << 5,
    MAILSUB__HTML_IS_UNMARKED = 1u << 6, /* list items without bullet or number */
};
#define MAILSUB__HTML_IS_MUTE                                                                      \
    (MAILSUB__HTML_IS_GONE | MAILSUB__HTML_IS_INVISIBLE | MAILSUB__HTML_IS_TINY)

/* The state inside an element with this style attribute, within a parent of this state. */
unsigned mailsub__html_style_apply(unsigned state, mailsub__slice style);

#endif
