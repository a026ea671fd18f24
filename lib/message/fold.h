/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Header fields written token by token and folded (RFC 5322 section 2.2.3): lines of at most 78
 * octets wherever a fold is possible.
 */
#ifndef MAILSUB_MESSAGE_FOLD_H
#define MAILSUB_MESSAGE_FOLD_H

#include "base/buffer.h"

enum {
    MAILSUB__FOLD_AIM = 78, /* RFC 5322 section 2.1.1, without CRLF */
    /* Longest token that keeps its line, with the space before it, within 998. */
    MAILSUB__FOLD_LONGEST_TOKEN = 997
};

typedef struct mailsub__fold {
    mailsub__buffer *out;
    mailsub__buffer scratch; /* for encoded words and parameters on their way into tokens */
    size_t column;
    bool at_start; /* no token stands behind the name yet */
} mailsub__fold;

void mailsub__fold_init(mailsub__fold *fold, mailsub__buffer *out);
void mailsub__fold_deinit(mailsub__fold *fold);

/* "Name:" */
void mailsub__fold_begin(mailsub__fold *fold, mailsub__slice name);
/* A space, or a fold where a token of len octets would not fit; the caller appends the token. */
void mailsub__fold_space(mailsub__fold *fold, size_t len);
void mailsub__fold_token(mailsub__fold *fold, mailsub__slice token);
/* End the field. The error of any append since the buffer was reset. */
int mailsub__fold_end(mailsub__fold *fold);

#endif
