/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Canonicalization (RFC 6376 section 3.4): the form of header fields and of a body that is hashed,
 * so that harmless changes on the way do not break a signature.
 */
#ifndef MAILSUB_MESSAGE_DKIM_CANON_H
#define MAILSUB_MESSAGE_DKIM_CANON_H

#include <stdint.h>

#include "base/buffer.h"

/*
 * Append a header field in this form (MAILSUB_DKIM_*). field is written right: "Name: value", its
 * lines parted by CRLF. Its last CRLF is missing, and is missing in the result.
 */
int mailsub__dkim_canon_field(int form, mailsub__slice field, mailsub__buffer *out);

/* Takes the next octets, which are as long-lived as those that were fed. An error ends the feed. */
typedef int mailsub__dkim_put_fn(void *context, mailsub__slice octets);

/*
 * A body that comes piece by piece; where the pieces end changes nothing. What is put is, wherever
 * it can be, a piece of the input itself: nothing is copied.
 */
typedef struct mailsub__dkim_body {
    int form;
    mailsub__dkim_put_fn *put;
    void *context;
    /* What is held back, until what comes behind it shows what becomes of it, in this order: */
    uint64_t n_line_ends;
    bool has_space; /* relaxed: a run of white space */
    bool has_cr;    /* perhaps half of a line end */
    bool has_put;   /* anything */
} mailsub__dkim_body;

void mailsub__dkim_body_init(mailsub__dkim_body *body, int form, mailsub__dkim_put_fn *put,
                             void *context);
int mailsub__dkim_body_feed(mailsub__dkim_body *body, const char *data, size_t len);
/* The same of octets that hold no white space, such as base64: there is less to look for. */
int mailsub__dkim_body_feed_solid(mailsub__dkim_body *body, const char *data, size_t len);
int mailsub__dkim_body_finish(mailsub__dkim_body *body);

#endif
