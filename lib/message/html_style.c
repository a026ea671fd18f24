/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inline styles, as far as they hide text or keep white space.
 *
 * Text in "font-size: 0" is hidden, but not what stands deeper with a size of its own: MJML writes
 * every cell with "font-size:0px" and gives the size to the text inside. "mso-hide: all" hides
 * nothing: it takes an element from Outlook only, for which a conditional comment holds another
 * one; the buttons that buttons.cm makes have it on the link that everybody else sees.
 *
 * Not handled: style sheets, comments in a style, character references in it.
 */
#include "message/html_style.h"

struct box {
    unsigned state;
    bool is_flat; /* no height */
    bool is_clipped;
};

static mailsub__slice trim(mailsub__slice text)
{
    while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ') {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}

/* Is word the first word of value? "none !important" begins with "none". */
static bool begins_with(mailsub__slice value, const char *word)
{
    mailsub__slice wanted = mailsub__slice_str(word);
    if (value.len < wanted.len ||
        !mailsub__slice_equal_nocase(mailsub__slice_of(value.ptr, wanted.len), wanted))
        return false;
    return value.len == wanted.len || value.ptr[wanted.len] == '!' ||
           (unsigned char)value.ptr[wanted.len] <= ' ';
}

static bool contains_word(mailsub__slice value, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = 0; at + len <= value.len; at++) {
        bool is_start = at == 0 || (unsigned char)value.ptr[at - 1] <= ' ';
        mailsub__slice rest = {value.ptr + at, value.len - at};
        if (is_start && begins_with(rest, word))
            return true;
    }
    return false;
}

/* The octets of the number that value begins with; *out_is_zero: it is 0 in any spelling. */
static size_t scan_number(mailsub__slice value, bool *out_is_zero)
{
    size_t at = 0;
    size_t n_digits = 0;
    bool is_zero = true;
    for (; at < value.len; at++) {
        char c = value.ptr[at];
        if (mailsub__ascii_is_digit(c)) {
            n_digits++;
            is_zero = is_zero && c == '0';
        } else if (c != '.') {
            break;
        }
    }
    *out_is_zero = is_zero && n_digits > 0;
    return n_digits > 0 ? at : 0;
}

static bool is_zero(mailsub__slice value)
{
    bool zero;
    scan_number(value, &zero);
    return zero;
}

static void set(struct box *box, unsigned bit, bool on)
{
    box->state = on ? box->state | bit : box->state & ~bit;
}

static void apply_display(struct box *box, mailsub__slice value)
{
    if (begins_with(value, "none"))
        set(box, MAILSUB__HTML_IS_GONE, true);
}

static void apply_visibility(struct box *box, mailsub__slice value)
{
    if (!begins_with(value, "inherit"))
        set(box, MAILSUB__HTML_IS_INVISIBLE,
            begins_with(value, "hidden") || begins_with(value, "collapse"));
}

/* A size relative to the parent's leaves the parent's zero a zero. */
static void apply_font_size(struct box *box, mailsub__slice value)
{
    bool zero;
    size_t len = scan_number(value, &zero);
    mailsub__slice unit = {value.ptr + len, value.len - len};
    if (zero)
        set(box, MAILSUB__HTML_IS_TINY, true);
    else if (len > 0 && !begins_with(unit, "em") && !begins_with(unit, "ex") &&
             !begins_with(unit, "%"))
        set(box, MAILSUB__HTML_IS_TINY, false);
    else if (begins_with(value, "small") || begins_with(value, "medium") ||
             begins_with(value, "large"))
        set(box, MAILSUB__HTML_IS_TINY, false);
}

static void apply_opacity(struct box *box, mailsub__slice value)
{
    if (is_zero(value))
        set(box, MAILSUB__HTML_IS_GONE, true);
}

static void apply_height(struct box *box, mailsub__slice value)
{
    box->is_flat = box->is_flat || is_zero(value);
}

static void apply_overflow(struct box *box, mailsub__slice value)
{
    box->is_clipped = begins_with(value, "hidden");
}

static void apply_white_space(struct box *box, mailsub__slice value)
{
    if (begins_with(value, "pre") || begins_with(value, "pre-wrap") ||
        begins_with(value, "pre-line") || begins_with(value, "break-spaces"))
        set(box, MAILSUB__HTML_IS_PRE, true);
    else if (begins_with(value, "normal") || begins_with(value, "nowrap"))
        set(box, MAILSUB__HTML_IS_PRE, false);
}

static void apply_list_style(struct box *box, mailsub__slice value)
{
    if (!begins_with(value, "inherit"))
        set(box, MAILSUB__HTML_IS_UNMARKED, contains_word(value, "none"));
}

static const struct property {
    const char *name;
    void (*apply)(struct box *box, mailsub__slice value);
} properties[] = {
    {"display", apply_display},       {"visibility", apply_visibility},
    {"font-size", apply_font_size},   {"opacity", apply_opacity},
    {"height", apply_height},         {"max-height", apply_height},
    {"overflow", apply_overflow},     {"white-space", apply_white_space},
    {"list-style", apply_list_style}, {"list-style-type", apply_list_style},
};

static void apply_declaration(struct box *box, mailsub__slice declaration)
{
    const char *colon = memchr(declaration.ptr, ':', declaration.len);
    if (!colon)
        return;
    size_t name_len = (size_t)(colon - declaration.ptr);
    mailsub__slice name = trim(mailsub__slice_of(declaration.ptr, name_len));
    mailsub__slice value = trim(mailsub__slice_of(colon + 1, declaration.len - name_len - 1));
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(properties[i].name))) {
            properties[i].apply(box, value);
            return;
        }
    }
}

unsigned mailsub__html_style_apply(unsigned state, mailsub__slice style)
{
    struct box box = {.state = state};
    const char *end = style.ptr + style.len;
    for (const char *p = style.ptr; p < end;) {
        const char *semicolon = memchr(p, ';', (size_t)(end - p));
        const char *stop = semicolon ? semicolon : end;
        apply_declaration(&box, mailsub__slice_of(p, (size_t)(stop - p)));
        p = semicolon ? semicolon + 1 : end;
    }
    /* How text for the list of messages is hidden where "display" is not honoured. */
    if (box.is_flat && box.is_clipped)
        set(&box, MAILSUB__HTML_IS_GONE, true);
    return box.state;
}
