/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cuts HTML into text and tags as browsers do (HTML Living Standard section 13.2.5), in one pass
 * without memory: what comes out points into the source. Comments, declarations and processing
 * instructions are left out. Every octet is looked at a constant number of times.
 */
#ifndef MAILSUB_MESSAGE_HTML_TOKENS_H
#define MAILSUB_MESSAGE_HTML_TOKENS_H

#include <stdint.h>

#include "base/slice.h"

enum { MAILSUB__HTML_TEXT, MAILSUB__HTML_OPEN, MAILSUB__HTML_CLOSE };

/* The attributes that matter for the text; others are skipped. */
#define MAILSUB__HTML_ATTRIBUTES(X)                                                                \
    X(ALT, "alt")                                                                                  \
    X(BORDER, "border")                                                                            \
    X(HEIGHT, "height")                                                                            \
    X(HIDDEN, "hidden")                                                                            \
    X(HREF, "href")                                                                                \
    X(REVERSED, "reversed")                                                                        \
    X(ROLE, "role")                                                                                \
    X(START, "start")                                                                              \
    X(STYLE, "style")                                                                              \
    X(TYPE, "type")                                                                                \
    X(VALUE, "value")                                                                              \
    X(WIDTH, "width")

#define MAILSUB__HTML_ATTRIBUTE_ENUM(id, name) MAILSUB__HTML_##id,
enum { MAILSUB__HTML_ATTRIBUTES(MAILSUB__HTML_ATTRIBUTE_ENUM) MAILSUB__HTML_N_ATTRIBUTES };
#undef MAILSUB__HTML_ATTRIBUTE_ENUM

typedef struct mailsub__html_token {
    mailsub__slice text; /* TEXT: as in the source, references not decoded; else the tag's name */
    mailsub__slice values[MAILSUB__HTML_N_ATTRIBUTES]; /* OPEN: as in the source; ask _has first */
    uint16_t present;                                  /* 1u << attribute */
    uint8_t kind;
    bool is_self_closing;
} mailsub__html_token;

typedef struct mailsub__html_tokens {
    const char *at;
    const char *end;
} mailsub__html_tokens;

void mailsub__html_tokens_init(mailsub__html_tokens *tokens, mailsub__slice html);
/* The next token; false at the end. A tag that never ends is dropped, as browsers do. */
bool mailsub__html_tokens_next(mailsub__html_tokens *tokens, mailsub__html_token *out_token);
/* Go to the end tag of an element whose content is no markup, or to the end of the source. */
void mailsub__html_tokens_skip_raw(mailsub__html_tokens *tokens, mailsub__slice name);

static inline bool mailsub__html_token_has(const mailsub__html_token *token, unsigned attribute)
{
    return (token->present >> attribute & 1u) != 0;
}

static inline bool mailsub__html_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

#endif
