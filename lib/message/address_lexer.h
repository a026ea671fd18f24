/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words and marks of an address list (RFC 5322 sections 3.2 and 3.4), what is not ASCII counted
 * as atext (RFC 6532). Comments and white space are read over.
 */
#ifndef MAILSUB_MESSAGE_ADDRESS_LEXER_H
#define MAILSUB_MESSAGE_ADDRESS_LEXER_H

#include "base/slice.h"

enum mailsub__address_token_kind {
    MAILSUB__ADDRESS_END,
    MAILSUB__ADDRESS_ATOM,
    MAILSUB__ADDRESS_ENCODED, /* an encoded word (RFC 2047) that stands alone */
    MAILSUB__ADDRESS_QUOTED,  /* the text between the quotes, quoted pairs not yet resolved */
    MAILSUB__ADDRESS_LITERAL, /* with its square brackets */
    MAILSUB__ADDRESS_MARK,    /* one of < > @ , ; : . */
    MAILSUB__ADDRESS_MALFORMED
};

typedef struct mailsub__address_token {
    enum mailsub__address_token_kind kind;
    mailsub__slice text;
    bool after_space; /* white space or a comment stands before it */
} mailsub__address_token;

/*
 * Take the first token of *rest; at the end, and at what is malformed, again and again the same
 * one. Linear in what is taken; comments may be nested to any depth.
 */
mailsub__address_token mailsub__address_lexer_next(mailsub__slice *rest);

static inline bool mailsub__address_token_is(mailsub__address_token token, char mark)
{
    return token.kind == MAILSUB__ADDRESS_MARK && token.text.ptr[0] == mark;
}

#endif
