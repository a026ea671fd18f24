/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether words are a local part or a display name is known only from the mark behind them, so the
 * words of an element are read twice: over them to the mark, and then by their meaning.
 *
 * Obsolete forms that are read: dots in phrases, empty elements, white space and comments between
 * the parts of an address, quoted words among the words of a local part, routes. Comments are
 * dropped: RFC 5322 section 3.4 gives no meaning to them, not even to that of "a@b.c (Name)".
 */
#include "message/address_list.h"

#include "codec/word_decode.h"
#include "message/atom.h"
#include "message/line.h"

/* Most octets of a domain in UTF-8: 253 of its ASCII form may stand for some 900. */
enum { LONGEST_DOMAIN = 1024 };

static void advance(mailsub__address_list *list)
{
    list->token = mailsub__address_lexer_next(&list->rest);
}

static bool take_mark(mailsub__address_list *list, char mark)
{
    if (!mailsub__address_token_is(list->token, mark))
        return false;
    advance(list);
    return true;
}

static bool is_word(const mailsub__address_token *token)
{
    return token->kind == MAILSUB__ADDRESS_ATOM || token->kind == MAILSUB__ADDRESS_QUOTED ||
           token->kind == MAILSUB__ADDRESS_ENCODED;
}

void mailsub__address_list_init(mailsub__address_list *list, mailsub__slice text,
                                enum mailsub__address_form form, const mailsub_allocator *allocator)
{
    *list = (mailsub__address_list){.rest = text, .form = form};
    mailsub__buffer_init(&list->name, allocator, (size_t)MAILSUB_MAX_HEADER_VALUE * 2);
    mailsub__buffer_init(&list->scratch, allocator, MAILSUB_MAX_HEADER_VALUE);
    advance(list);
}

void mailsub__address_list_deinit(mailsub__address_list *list)
{
    mailsub__buffer_deinit(&list->name);
    mailsub__buffer_deinit(&list->scratch);
}

/* Append quoted text, its quoted pairs resolved. */
static void append_quoted(mailsub__buffer *out, mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\')
            i++;
        mailsub__buffer_append_char(out, text.ptr[i]);
    }
}

/* Append an encoded word; one that cannot be decoded stays as it is (RFC 2047 section 6.2). */
static int append_encoded(mailsub__buffer *out, mailsub__slice word)
{
    int rc = mailsub__word_decode_append(out, word);
    return rc == MAILSUB_E_HEADER_VALUE ? mailsub__buffer_append_slice(out, word) : rc;
}

/* Words and dots to the next other mark, as the text that they stand for, into name. */
static int take_phrase(mailsub__address_list *list)
{
    mailsub__buffer *out = &list->name;
    bool behind_encoded = false;
    mailsub__buffer_reset(out);
    for (; is_word(&list->token) || mailsub__address_token_is(list->token, '.'); advance(list)) {
        const mailsub__address_token *token = &list->token;
        bool encoded = token->kind == MAILSUB__ADDRESS_ENCODED;
        /* RFC 2047 section 6.2: white space between encoded words is no part of the text. */
        if (token->after_space && out->len > 0 && !(encoded && behind_encoded))
            mailsub__buffer_append_char(out, ' ');
        if (encoded)
            append_encoded(out, token->text);
        else if (token->kind == MAILSUB__ADDRESS_QUOTED)
            append_quoted(out, token->text);
        else
            mailsub__buffer_append_slice(out, token->text);
        behind_encoded = encoded;
    }
    return out->error ? out->error
                      : mailsub__line_check(mailsub__buffer_slice(out), MAILSUB__LINE_NO_TAB);
}

/* Append what one word of a local part means. */
static bool append_local_word(mailsub__buffer *out, const mailsub__address_token *token)
{
    if (token->kind != MAILSUB__ADDRESS_QUOTED) {
        if (token->kind == MAILSUB__ADDRESS_ENCODED && !mailsub__atom_is_atom(token->text))
            return false;
        mailsub__buffer_append_slice(out, token->text);
        return true;
    }
    append_quoted(out, token->text);
    /* RFC 5321 section 4.1.2 has no tab in a quoted string. */
    return memchr(token->text.ptr, '\t', token->text.len) == NULL;
}

/* word *("." word), into scratch. */
static int take_local(mailsub__address_list *list)
{
    mailsub__buffer_reset(&list->scratch);
    while (is_word(&list->token)) {
        if (!append_local_word(&list->scratch, &list->token))
            return MAILSUB_E_ADDRESS;
        advance(list);
        if (!take_mark(list, '.'))
            return list->scratch.error;
        mailsub__buffer_append_char(&list->scratch, '.');
    }
    return MAILSUB_E_ADDRESS;
}

/* Append an address literal without its white space. */
static bool append_literal(mailsub__buffer *out, mailsub__slice text)
{
    if (text.len > MAILSUB_MAX_DOMAIN || memchr(text.ptr, '\\', text.len))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != ' ' && text.ptr[i] != '\t')
            mailsub__buffer_append_char(out, text.ptr[i]);
    }
    return true;
}

/* A literal, or atoms with dots, appended to scratch. */
static int take_domain(mailsub__address_list *list)
{
    mailsub__buffer *out = &list->scratch;
    size_t before = out->len;
    if (list->token.kind == MAILSUB__ADDRESS_LITERAL) {
        if (!append_literal(out, list->token.text))
            return MAILSUB_E_ADDRESS;
        advance(list);
        return out->error;
    }
    bool behind_atom = false;
    while (list->token.kind == MAILSUB__ADDRESS_ATOM ||
           mailsub__address_token_is(list->token, '.')) {
        bool atom = list->token.kind == MAILSUB__ADDRESS_ATOM;
        if ((atom && behind_atom) || out->len - before > LONGEST_DOMAIN)
            return MAILSUB_E_ADDRESS;
        mailsub__buffer_append_slice(out, list->token.text);
        behind_atom = atom;
        advance(list);
    }
    return out->error;
}

/* local-part "@" domain */
static int take_addr_spec(mailsub__address_list *list, mailsub__address *out)
{
    int rc = take_local(list);
    if (rc)
        return rc;
    size_t local_len = list->scratch.len;
    if (!take_mark(list, '@'))
        return MAILSUB_E_ADDRESS;
    rc = take_domain(list);
    if (rc)
        return rc;
    mailsub__slice both = mailsub__buffer_slice(&list->scratch);
    return mailsub__address_join(mailsub__slice_of(both.ptr, local_len),
                                 mailsub__slice_of(both.ptr + local_len, both.len - local_len),
                                 list->form, out);
}

/* Read over "@a,@b:" in front of an address (RFC 5322 section 4.4). */
static int skip_route(mailsub__address_list *list)
{
    while (take_mark(list, ','))
        ;
    if (!mailsub__address_token_is(list->token, '@'))
        return MAILSUB_OK;
    while (take_mark(list, '@')) {
        mailsub__buffer_reset(&list->scratch);
        int rc = take_domain(list);
        if (rc)
            return rc;
        if (list->scratch.len == 0)
            return MAILSUB_E_ADDRESS;
        while (take_mark(list, ','))
            ;
    }
    return take_mark(list, ':') ? MAILSUB_OK : MAILSUB_E_ADDRESS;
}

/* What follows "<", up to and with ">". */
static int take_angle(mailsub__address_list *list, mailsub__address *out)
{
    int rc = skip_route(list);
    if (!rc)
        rc = take_addr_spec(list, out);
    if (rc)
        return rc;
    return take_mark(list, '>') ? MAILSUB_OK : MAILSUB_E_ADDRESS;
}

/* The mark that follows the words at hand, which stay where they are. */
static mailsub__address_token find_mark(const mailsub__address_list *list)
{
    mailsub__slice rest = list->rest;
    mailsub__address_token token = list->token;
    while (is_word(&token) || mailsub__address_token_is(token, '.'))
        token = mailsub__address_lexer_next(&rest);
    return token;
}

/* A mailbox, or the front of a group up to its colon. */
static int take_element(mailsub__address_list *list, mailsub__address_item *out)
{
    mailsub__address_token mark = find_mark(list);
    out->kind = MAILSUB__ADDRESS_MAILBOX;
    out->name = MAILSUB__SLICE_EMPTY;
    if (mailsub__address_token_is(mark, '@'))
        return take_addr_spec(list, &out->address);
    if (is_word(&list->token)) {
        int rc = take_phrase(list);
        if (rc)
            return rc;
        out->name = mailsub__buffer_slice(&list->name);
    }
    if (take_mark(list, '<'))
        return take_angle(list, &out->address);
    if (out->name.len == 0 || list->in_group || !take_mark(list, ':'))
        return MAILSUB_E_ADDRESS;
    out->kind = MAILSUB__ADDRESS_GROUP;
    return MAILSUB_OK;
}

int mailsub__address_list_next(mailsub__address_list *list, mailsub__address_item *out)
{
    while (take_mark(list, ','))
        list->behind_element = false;
    bool at_end = list->token.kind == MAILSUB__ADDRESS_END;
    if (at_end || (list->in_group && mailsub__address_token_is(list->token, ';'))) {
        if (at_end && list->in_group)
            return MAILSUB_E_ADDRESS;
        advance(list);
        out->kind = at_end ? MAILSUB__ADDRESS_LIST_END : MAILSUB__ADDRESS_GROUP_END;
        out->name = MAILSUB__SLICE_EMPTY;
        list->in_group = false;
        list->behind_element = true;
        return MAILSUB_OK;
    }
    if (list->behind_element)
        return MAILSUB_E_ADDRESS;
    int rc = take_element(list, out);
    /* Words cut short for want of memory are not the sender's fault. */
    if (list->scratch.error)
        rc = list->scratch.error;
    if (rc)
        return rc;
    list->in_group |= out->kind == MAILSUB__ADDRESS_GROUP;
    list->behind_element = out->kind != MAILSUB__ADDRESS_GROUP;
    return MAILSUB_OK;
}
