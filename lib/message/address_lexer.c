/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/address_lexer.h"

#include "codec/word_decode.h"
#include "message/atom.h"

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_word_char(char c)
{
    return mailsub__atom_char(c) || ((unsigned char)c & 0x80) != 0;
}

/* Octets of a comment; 0: it does not end. Counted, not by recursion: depth costs no stack. */
static size_t comment_len(mailsub__slice text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == '(')
            depth++;
        else if (text.ptr[i] == ')' && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* Octets of text up to and with end, a backslash hiding what follows it; 0: end is not there. */
static size_t enclosed_len(mailsub__slice text, char end)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == end)
            return i + 1;
    }
    return 0;
}

/*
 * Octets of an encoded word, which may hold characters that are not atext; 0: there is none, or
 * more follows it, as in a local part that only looks like one.
 */
static size_t encoded_len(mailsub__slice text)
{
    size_t n = mailsub__word_decode_len(text);
    if (n == 0 || n == text.len)
        return n;
    char next = text.ptr[n];
    return is_white(next) || strchr("<(\",;:", next) ? n : 0;
}

static mailsub__slice behind(mailsub__slice text, size_t n)
{
    return mailsub__slice_of(text.ptr + n, text.len - n);
}

/* False: a comment does not end. */
static bool skip_space(mailsub__slice *rest)
{
    while (rest->len > 0) {
        size_t n = is_white(rest->ptr[0]);
        if (rest->ptr[0] == '(') {
            n = comment_len(*rest);
            if (n == 0)
                return false;
        }
        if (n == 0)
            break;
        *rest = behind(*rest, n);
    }
    return true;
}

static size_t atom_len(mailsub__slice text)
{
    size_t n = 0;
    while (n < text.len && is_word_char(text.ptr[n]))
        n++;
    return n;
}

static mailsub__address_token take(mailsub__slice *rest, enum mailsub__address_token_kind kind,
                                   size_t n)
{
    mailsub__address_token token = {.kind = kind, .text = mailsub__slice_of(rest->ptr, n)};
    *rest = behind(*rest, n);
    return token;
}

static mailsub__address_token take_token(mailsub__slice *rest)
{
    const mailsub__address_token malformed = {.kind = MAILSUB__ADDRESS_MALFORMED,
                                              .text = MAILSUB__SLICE_EMPTY};
    if (!skip_space(rest))
        return malformed;
    if (rest->len == 0)
        return take(rest, MAILSUB__ADDRESS_END, 0);
    char c = rest->ptr[0];
    size_t n = c == '=' ? encoded_len(*rest) : 0;
    if (n > 0)
        return take(rest, MAILSUB__ADDRESS_ENCODED, n);
    n = atom_len(*rest);
    if (n > 0)
        return take(rest, MAILSUB__ADDRESS_ATOM, n);
    if (c != '\0' && strchr("<>@,;:.", c))
        return take(rest, MAILSUB__ADDRESS_MARK, 1);
    n = c == '"' ? enclosed_len(*rest, '"') : c == '[' ? enclosed_len(*rest, ']') : 0;
    if (n == 0)
        return malformed;
    if (c == '[')
        return take(rest, MAILSUB__ADDRESS_LITERAL, n);
    mailsub__address_token token = take(rest, MAILSUB__ADDRESS_QUOTED, n);
    token.text = mailsub__slice_of(token.text.ptr + 1, n - 2);
    return token;
}

mailsub__address_token mailsub__address_lexer_next(mailsub__slice *rest)
{
    bool after_space = rest->len > 0 && (is_white(rest->ptr[0]) || rest->ptr[0] == '(');
    mailsub__address_token token = take_token(rest);
    token.after_space = after_space;
    return token;
}
