/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fold is always CRLF before one space that stands between two tokens: readers that replace the
 * white space around a fold by one space, as many do, still see the same text. No line consists of
 * white space.
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

void mailsub__fold_begin(mailsub__fold *fold, mailsub__slice name, enum mailsub__fold_first first)
{
    mailsub__buffer_append_slice(fold->out, name);
    mailsub__buffer_append_char(fold->out, ':');
    fold->column = name.len + 1;
    fold->first = first;
    fold->at_start = true;
    fold->line_has_word = false;
}

static bool must_stay(const mailsub__fold *fold)
{
    return fold->at_start && fold->first == MAILSUB__FOLD_STAY;
}

size_t mailsub__fold_longest(const mailsub__fold *fold, size_t limit)
{
    size_t used = (must_stay(fold) ? fold->column : 0) + 1;
    return limit > used ? limit - used : 0;
}

static void put_space(mailsub__fold *fold, size_t len, bool folded)
{
    if (folded) {
        mailsub__buffer_append(fold->out, "\r\n", 2);
        fold->column = 0;
        fold->line_has_word = false;
    }
    mailsub__buffer_append_char(fold->out, ' ');
    fold->column += 1 + len;
    fold->at_start = false;
    assert(fold->column <= MAILSUB__FOLD_MOST);
}

void mailsub__fold_space(mailsub__fold *fold, size_t len)
{
    size_t aim = fold->line_has_word ? MAILSUB__FOLD_AIM_WORD : MAILSUB__FOLD_AIM;
    put_space(fold, len, fold->column + 1 + len > aim && !must_stay(fold));
}

void mailsub__fold_token(mailsub__fold *fold, mailsub__slice token)
{
    mailsub__fold_space(fold, token.len);
    mailsub__buffer_append_slice(fold->out, token);
}

/* A word that is too long beside its field's name is folded away: its limit has no exception. */
void mailsub__fold_word(mailsub__fold *fold, mailsub__slice word)
{
    put_space(fold, word.len, fold->column + 1 + word.len > MAILSUB__FOLD_AIM_WORD);
    mailsub__buffer_append_slice(fold->out, word);
    fold->line_has_word = true;
}

int mailsub__fold_end(mailsub__fold *fold)
{
    if (fold->at_start)
        mailsub__buffer_append_char(fold->out, ' ');
    return mailsub__buffer_append(fold->out, "\r\n", 2);
}
