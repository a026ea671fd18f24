/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tokenizer of HTML, cut down to what a text version needs: no document type, no character
 * references (who writes the text decodes them), no errors.
 *
 * Conditional comments of Outlook need no rule of their own. "<!--[if mso]>...<![endif]-->" is a
 * comment to everybody else; "<![if !mso]>" and "<![endif]>" are declarations, so that what stands
 * between them is kept.
 */
#include "message/html_tokens.h"

/* What ends the name of a tag or an attribute, or a bare value: found by one look each. */
enum { ENDS_TAG_NAME = 1, ENDS_NAME = 2, ENDS_VALUE = 4 };

static const uint8_t enders[256] = {
    [' '] = ENDS_TAG_NAME | ENDS_NAME | ENDS_VALUE,
    ['\n'] = ENDS_TAG_NAME | ENDS_NAME | ENDS_VALUE,
    ['\t'] = ENDS_TAG_NAME | ENDS_NAME | ENDS_VALUE,
    ['\r'] = ENDS_TAG_NAME | ENDS_NAME | ENDS_VALUE,
    ['\f'] = ENDS_TAG_NAME | ENDS_NAME | ENDS_VALUE,
    ['>'] = ENDS_TAG_NAME | ENDS_NAME | ENDS_VALUE,
    ['/'] = ENDS_TAG_NAME | ENDS_NAME,
    ['='] = ENDS_NAME,
};

static const char *skip_until(const char *p, const char *end, uint8_t ender)
{
    while (p < end && (enders[(unsigned char)*p] & ender) == 0)
        p++;
    return p;
}

void mailsub__html_tokens_init(mailsub__html_tokens *tokens, mailsub__slice html)
{
    *tokens = (mailsub__html_tokens){html.ptr, html.ptr + html.len};
}

/* The first c at or behind p, or end. */
static const char *find_char(const char *p, const char *end, char c)
{
    const char *found = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;
    return found ? found : end;
}

static const char *skip_spaces(const char *p, const char *end)
{
    while (p < end && mailsub__html_is_space(*p))
        p++;
    return p;
}

static mailsub__slice slice_between(const char *start, const char *end)
{
    return mailsub__slice_of(start, (size_t)(end - start));
}

/*
 * What follows the comment at p, "<!--". It ends with "-->" or "--!>"; its own two dashes may be
 * the first of those: "<!-->" is empty.
 */
static const char *skip_comment(const char *p, const char *end)
{
    const char *start = p + 2;
    for (p += 4; (p = find_char(p, end, '>')) < end; p++) {
        if (p - start >= 2 && memcmp(p - 2, "--", 2) == 0)
            return p + 1;
        if (p - start >= 5 && memcmp(p - 3, "--!", 3) == 0)
            return p + 1;
    }
    return end;
}

/* What follows the declaration, processing instruction or nameless end tag at p. */
static const char *skip_declaration(const char *p, const char *end)
{
    p = find_char(p, end, '>');
    return p < end ? p + 1 : end;
}

#define ATTRIBUTE_NAME(id, name) {name, sizeof(name) - 1},
static const mailsub__slice attribute_names[] = {MAILSUB__HTML_ATTRIBUTES(ATTRIBUTE_NAME)};
#undef ATTRIBUTE_NAME

/* The first of several attributes with one name counts. */
static void keep_attribute(mailsub__html_token *token, mailsub__slice name, mailsub__slice value)
{
    /* Most are "class", "id", "lang" and the like, whose first letter none of these has. */
    static const bool first_letters[256] = {
        ['a'] = true, ['b'] = true, ['h'] = true, ['r'] = true, ['s'] = true, ['t'] = true,
        ['v'] = true, ['w'] = true, ['A'] = true, ['B'] = true, ['H'] = true, ['R'] = true,
        ['S'] = true, ['T'] = true, ['V'] = true, ['W'] = true,
    };
    if (!first_letters[(unsigned char)name.ptr[0]])
        return;
    for (unsigned i = 0; i < MAILSUB__HTML_N_ATTRIBUTES; i++) {
        if (!mailsub__slice_equal_nocase(name, attribute_names[i]))
            continue;
        if (!mailsub__html_token_has(token, i))
            token->values[i] = value;
        token->present = (uint16_t)(token->present | 1u << i);
    }
}

/* The value of an attribute, behind its '='; what follows it, or end when it is never closed. */
static const char *scan_value(const char *p, const char *end, mailsub__slice *out_value)
{
    p = skip_spaces(p, end);
    if (p < end && (*p == '"' || *p == '\'')) {
        const char *quote = find_char(p + 1, end, *p);
        *out_value = slice_between(p + 1, quote);
        return quote < end ? quote + 1 : end;
    }
    const char *start = p;
    p = skip_until(p, end, ENDS_VALUE);
    *out_value = slice_between(start, p);
    return p;
}

/* One attribute at p; what follows it. */
static const char *scan_attribute(const char *p, const char *end, mailsub__html_token *token)
{
    const char *start = p++; /* whatever it is: a name may begin with '=' */
    p = skip_until(p, end, ENDS_NAME);
    mailsub__slice name = slice_between(start, p);
    mailsub__slice value = MAILSUB__SLICE_EMPTY;
    const char *equals = skip_spaces(p, end);
    if (equals < end && *equals == '=')
        p = scan_value(equals + 1, end, &value);
    if (token->kind == MAILSUB__HTML_OPEN)
        keep_attribute(token, name, value);
    return p;
}

/* The tag whose name is at p; what follows it, or NULL when it does not end. */
static const char *scan_tag(const char *p, const char *end, mailsub__html_token *token)
{
    const char *start = p;
    p = skip_until(p, end, ENDS_TAG_NAME);
    token->text = slice_between(start, p);
    token->present = 0;
    token->is_self_closing = false;
    while (p < end && *p != '>') {
        token->is_self_closing = *p == '/';
        if (*p == '/' || mailsub__html_is_space(*p))
            p++;
        else
            p = scan_attribute(p, end, token);
    }
    return p < end ? p + 1 : NULL;
}

/* The markup at tokens->at, a '<'. False: it is none; the '<' is text. */
static bool scan_markup(mailsub__html_tokens *tokens, mailsub__html_token *token, bool *out_is_tag)
{
    const char *p = tokens->at;
    const char *end = tokens->end;
    *out_is_tag = false;
    if (end - p < 2)
        return false;
    bool is_close = p[1] == '/' && end - p > 2;
    if (mailsub__ascii_is_alpha(p[1 + is_close])) {
        token->kind = is_close ? MAILSUB__HTML_CLOSE : MAILSUB__HTML_OPEN;
        p = scan_tag(p + 1 + is_close, end, token);
        *out_is_tag = p != NULL;
        tokens->at = p ? p : end;
        return true;
    }
    if (end - p >= 4 && memcmp(p, "<!--", 4) == 0)
        tokens->at = skip_comment(p, end);
    else if (is_close || p[1] == '!' || p[1] == '?')
        tokens->at = skip_declaration(p, end);
    else
        return false;
    return true;
}

bool mailsub__html_tokens_next(mailsub__html_tokens *tokens, mailsub__html_token *out_token)
{
    while (tokens->at < tokens->end) {
        const char *start = tokens->at;
        bool is_tag;
        if (*start == '<' && scan_markup(tokens, out_token, &is_tag)) {
            if (is_tag)
                return true;
            continue;
        }
        tokens->at = find_char(start + 1, tokens->end, '<');
        out_token->kind = MAILSUB__HTML_TEXT;
        out_token->text = slice_between(start, tokens->at);
        return true;
    }
    return false;
}

void mailsub__html_tokens_skip_raw(mailsub__html_tokens *tokens, mailsub__slice name)
{
    const char *end = tokens->end;
    const char *p = tokens->at;
    for (; (p = find_char(p, end, '<')) < end; p++) {
        size_t left = (size_t)(end - p);
        if (left < 2 + name.len || p[1] != '/' ||
            !mailsub__slice_equal_nocase(mailsub__slice_of(p + 2, name.len), name))
            continue;
        const char *next = p + 2 + name.len;
        if (next == end || *next == '/' || *next == '>' || mailsub__html_is_space(*next))
            break;
    }
    tokens->at = p;
}
