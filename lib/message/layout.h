/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the three files that lay out a message share: layout.c, plan.c, structure.c. */
#ifndef MAILSUB_MESSAGE_LAYOUT_H
#define MAILSUB_MESSAGE_LAYOUT_H

#include "message/fold.h"
#include "message/state.h"

/* One of the alternative texts, and how it is sent. */
struct mailsub__leaf {
    const char *media_type; /* with its parameters; NULL: there is no such text */
    mailsub__slice content;
    enum mailsub__body_encoding encoding;
};

enum { MAILSUB__LEAF_TEXT, MAILSUB__LEAF_HTML, MAILSUB__LEAF_CALENDAR, MAILSUB__N_LEAVES };

typedef struct mailsub__layout {
    mailsub_message *message;
    mailsub__image *image;
    mailsub__buffer *out; /* the image's octets */
    mailsub__fold fold;
    mailsub__buffer flowed; /* the plain text, where it is to flow */

    struct mailsub__leaf leaves[MAILSUB__N_LEAVES];
    size_t n_leaves; /* that there are */
    /* The first so many places stand in the multipart/related beside the HTML. */
    size_t n_related;
    /* What is inside: 7BIT, 8BIT or BINARY. The whole is the image's domain. */
    enum mailsub__body_encoding texts_domain;
    enum mailsub__body_encoding related_domain;
} mailsub__layout;

/* Choose the encoding of each text and each part, and a boundary that occurs in none. */
int mailsub__plan_make(mailsub__layout *layout);
/* Write MIME fields, the empty line and the body, as planned. */
int mailsub__structure_write(mailsub__layout *layout);

#endif
