/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of elements, sorted by name. What is not in it (html, body, span, b, font, noscript,
 * o:p ...) is transparent: its content is shown. noscript is shown because no mail reader runs
 * scripts; head, because its text-bearing children are hidden themselves and an omitted "</head>"
 * must not hide the mail; object, video and canvas, because what they hold stands for them.
 */
#include "message/html_elements.h"

/* B: a block that begins behind an open paragraph. */
enum {
    S = MAILSUB__HTML_STACKED,
    P = MAILSUB__HTML_ENDS_P,
    V = MAILSUB__HTML_NO_TEXT,
    B = S | P,
};

#define ELEMENT(name, kind, gap, flags) {name, MAILSUB__HTML_##kind, gap, flags},

/* clang-format off */
static const mailsub__html_element elements[] = {
    ELEMENT("a", A, 0, 0)
    ELEMENT("address", BLOCK, 1, B)
    ELEMENT("area", AREA, 1, V)
    ELEMENT("article", BLOCK, 1, B)
    ELEMENT("aside", BLOCK, 1, B)
    ELEMENT("base", VOID, 0, V)
    ELEMENT("blockquote", BLOCKQUOTE, 2, B)
    ELEMENT("br", BR, 0, V)
    ELEMENT("caption", CAPTION, 1, S)
    ELEMENT("center", BLOCK, 1, B)
    ELEMENT("col", VOID, 0, V)
    ELEMENT("datalist", GONE, 0, S)
    ELEMENT("dd", DD, 1, B)
    ELEMENT("details", BLOCK, 1, B)
    ELEMENT("dialog", BLOCK, 1, B)
    ELEMENT("dir", UL, 1, B)
    ELEMENT("div", BLOCK, 1, B)
    ELEMENT("dl", DL, 2, B)
    ELEMENT("dt", DT, 1, B)
    ELEMENT("embed", VOID, 0, V)
    ELEMENT("fieldset", BLOCK, 1, B)
    ELEMENT("figcaption", BLOCK, 1, B)
    ELEMENT("figure", BLOCK, 2, B)
    ELEMENT("footer", BLOCK, 1, B)
    ELEMENT("form", BLOCK, 1, B)
    ELEMENT("h1", BLOCK, 2, B)
    ELEMENT("h2", BLOCK, 2, B)
    ELEMENT("h3", BLOCK, 2, B)
    ELEMENT("h4", BLOCK, 2, B)
    ELEMENT("h5", BLOCK, 2, B)
    ELEMENT("h6", BLOCK, 2, B)
    ELEMENT("header", BLOCK, 1, B)
    ELEMENT("hgroup", BLOCK, 1, B)
    ELEMENT("hr", HR, 2, P | V)
    ELEMENT("iframe", RAW, 0, 0)
    ELEMENT("img", IMG, 0, V)
    ELEMENT("input", VOID, 0, V)
    ELEMENT("legend", BLOCK, 1, S)
    ELEMENT("li", LI, 1, B)
    ELEMENT("link", VOID, 0, V)
    ELEMENT("listing", PRE, 2, B)
    ELEMENT("main", BLOCK, 1, B)
    ELEMENT("menu", UL, 1, B)
    ELEMENT("meta", VOID, 0, V)
    ELEMENT("nav", BLOCK, 1, B)
    ELEMENT("noembed", RAW, 0, 0)
    ELEMENT("noframes", RAW, 0, 0)
    ELEMENT("ol", OL, 1, B)
    ELEMENT("optgroup", BLOCK, 1, S)
    ELEMENT("option", BLOCK, 1, S)
    ELEMENT("p", P, 2, B)
    ELEMENT("param", VOID, 0, V)
    ELEMENT("pre", PRE, 2, B)
    ELEMENT("q", Q, 0, S)
    ELEMENT("script", RAW, 0, 0)
    ELEMENT("search", BLOCK, 1, B)
    ELEMENT("section", BLOCK, 1, B)
    ELEMENT("source", VOID, 0, V)
    ELEMENT("style", RAW, 0, 0)
    ELEMENT("sub", SUB, 0, S)
    ELEMENT("summary", BLOCK, 1, B)
    ELEMENT("sup", SUP, 0, S)
    ELEMENT("svg", GONE, 0, S)
    ELEMENT("table", TABLE, 1, B)
    ELEMENT("tbody", TBODY, 1, S)
    ELEMENT("td", TD, 1, S)
    ELEMENT("template", GONE, 0, S)
    ELEMENT("tfoot", TBODY, 1, S)
    ELEMENT("th", TH, 1, S)
    ELEMENT("thead", THEAD, 1, S)
    ELEMENT("title", RAW, 0, 0)
    ELEMENT("tr", TR, 1, S)
    ELEMENT("track", VOID, 0, V)
    ELEMENT("ul", UL, 1, B)
    ELEMENT("wbr", VOID, 0, V)
    ELEMENT("xmp", PRE, 2, B)
};
/* clang-format on */

static const mailsub__html_element unknown = {"", MAILSUB__HTML_INLINE, 0, 0};

const mailsub__html_element *mailsub__html_elements_find(mailsub__slice name)
{
    char lower[sizeof elements[0].name] = "";
    if (name.len >= sizeof lower)
        return &unknown;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = mailsub__ascii_lower(name.ptr[i]);
    size_t low = 0;
    size_t high = sizeof elements / sizeof elements[0];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(lower, elements[middle].name, sizeof lower);
        if (order == 0)
            return &elements[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return &unknown;
}

bool mailsub__html_elements_is_unknown(const mailsub__html_element *element)
{
    return element == &unknown;
}
