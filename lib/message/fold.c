/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fold is always CRLF before one space that stands between two tokens: readers that replace the
 * white space around a fold by one space, as many do, still see the same text. A first token that
 * is too long for the line of the name is folded away from it; no line consists of white space.
 */
#include "message/fold.h"

#include <assert.h>

void mailsub__fold_init(mailsub__fold *fold, mailsub__buffer *out)
{
    *fold = (mailsub__fold){.out = out};
    mailsub__buffer_init(&fold->scratch, out->allocator, out->max);
}

void mailsub__fold_deinit(mailsub__fold *fold)
{
    mailsub__buffer_deinit(&fold->scratch);
}

void mailsub__fold_begin(mailsub__fold *fold, mailsub__slice name)
{
    mailsub__buffer_append_slice(fold->out, name);
    mailsub__buffer_append_char(fold->out, ':');
    fold->column = name.len + 1;
    fold->at_start = true;
}

void mailsub__fold_space(mailsub__fold *fold, size_t len)
{
    assert(len <= MAILSUB__FOLD_LONGEST_TOKEN);
    if (fold->column + 1 + len > MAILSUB__FOLD_AIM) {
        mailsub__buffer_append(fold->out, "\r\n", 2);
        fold->column = 0;
    }
    mailsub__buffer_append_char(fold->out, ' ');
    fold->column += 1 + len;
    fold->at_start = false;
}

void mailsub__fold_token(mailsub__fold *fold, mailsub__slice token)
{
    mailsub__fold_space(fold, token.len);
    mailsub__buffer_append_slice(fold->out, token);
}

int mailsub__fold_end(mailsub__fold *fold)
{
    if (fold->at_start)
        mailsub__buffer_append_char(fold->out, ' ');
    return mailsub__buffer_append(fold->out, "\r\n", 2);
}
