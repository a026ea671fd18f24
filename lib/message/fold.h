/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Header fields written token by token and folded (RFC 5322 section 2.2.3): lines of at most 78
 * octets wherever a fold is possible, and of 76 where an encoded word stands (RFC 2047 section 2).
 */
#ifndef MAILSUB_MESSAGE_FOLD_H
#define MAILSUB_MESSAGE_FOLD_H

#include "base/buffer.h"

enum {
    MAILSUB__FOLD_AIM = 78,      /* RFC 5322 section 2.1.1, without CRLF */
    MAILSUB__FOLD_AIM_WORD = 76, /* RFC 2047 section 2 */
    MAILSUB__FOLD_MOST = 998
};

/*
 * Whether the first token may be folded away from the name. Readers of structured fields cope;
 * but some (Python before 3.12) take a fold there for a space that begins an unstructured value.
 */
enum mailsub__fold_first { MAILSUB__FOLD_STAY, MAILSUB__FOLD_MOVE };

typedef struct mailsub__fold {
    mailsub__buffer *out;
    mailsub__buffer scratch; /* for encoded words and parameters on their way into tokens */
    size_t column;
    enum mailsub__fold_first first;
    bool at_start;      /* no token stands behind the name yet */
    bool line_has_word; /* an encoded word stands on this line */
} mailsub__fold;

void mailsub__fold_init(mailsub__fold *fold, mailsub__buffer *out);
void mailsub__fold_deinit(mailsub__fold *fold);

/* "Name:" */
void mailsub__fold_begin(mailsub__fold *fold, mailsub__slice name, enum mailsub__fold_first first);
/* Octets that the next token may have so that its line keeps to limit. */
size_t mailsub__fold_longest(const mailsub__fold *fold, size_t limit);
/* A space, or a fold where a token of len octets would not fit; the caller appends the token. */
void mailsub__fold_space(mailsub__fold *fold, size_t len);
void mailsub__fold_token(mailsub__fold *fold, mailsub__slice token);
/* A token that is an encoded word. */
void mailsub__fold_word(mailsub__fold *fold, mailsub__slice word);
/* End the field. The error of any append since the buffer was reset. */
int mailsub__fold_end(mailsub__fold *fold);

#endif
