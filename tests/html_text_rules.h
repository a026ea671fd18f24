/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds for the text version of any HTML; shared by the unit tests and the fuzz target. */
#ifndef MAILSUB_TESTS_HTML_TEXT_RULES_H
#define MAILSUB_TESTS_HTML_TEXT_RULES_H

#include <stdbool.h>
#include <string.h>

#include "base/slice.h"
#include "codec/utf8.h"

enum { HTML_TEXT_MAX_GROWTH = 16 };

static inline bool html_text_contains(mailsub__slice text, const char *wanted)
{
    return memmem(text.ptr, text.len, wanted, strlen(wanted)) != NULL;
}

/* NULL, or a character that may not be in the text, or not before a line end. */
static inline const char *html_text_broken_character(mailsub__slice text)
{
    uint32_t before = '\n';
    uint32_t c;
    for (size_t at = 0; at < text.len; before = c) {
        c = (unsigned char)text.ptr[at];
        if (c > ' ' && c < 0x7f) {
            at++;
            continue;
        }
        at += mailsub__utf8_decode(mailsub__slice_of(text.ptr + at, text.len - at), &c);
        if ((c < ' ' && c != '\n') || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029)
            return "a control";
        if (c == 0xa0 || c == 0xad || c == 0xfeff)
            return "a character that is never shown or should be a space";
        bool is_blank = before == ' ' || before == 0x3000 || (before >= 0x2000 && before <= 0x200b);
        if (c == '\n' && is_blank)
            return "a blank at the end of a line";
    }
    return NULL;
}

/* The rule that text breaks as the text version of html, or NULL. */
static inline const char *html_text_broken_rule(mailsub__slice html, mailsub__slice text)
{
    if (!mailsub__utf8_is_valid(text))
        return "the text is not UTF-8";
    if (text.len > HTML_TEXT_MAX_GROWTH * html.len)
        return "the text is too long";
    if (text.len > 0 && (text.ptr[0] == '\n' || text.ptr[text.len - 1] != '\n'))
        return "the text begins with an empty line or does not end its last one";
    if (text.len > 1 && text.ptr[text.len - 2] == '\n')
        return "the text ends with an empty line";
    bool may_have_pre = html_text_contains(html, "pre") || html_text_contains(html, "PRE") ||
                        html_text_contains(html, "break-spaces") ||
                        html_text_contains(html, "listing") || html_text_contains(html, "xmp");
    if (!may_have_pre && html_text_contains(text, "\n\n\n"))
        return "two empty lines in a row";
    return html_text_broken_character(text);
}

#endif
