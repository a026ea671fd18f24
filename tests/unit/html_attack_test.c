/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTML to text: hostile input takes time and memory in proportion to its length. */
#include "unit.h"

#include "base/buffer.h"
#include "message/html_text.h"

#include "../html_text_rules.h"

/*
 * Input that would take quadratic time or memory if anything were looked at again, or a deep stack
 * if anything were recursive: head, then unit, and after these as many times back, so that it is
 * 256 KiB, and end. A conversion that is not linear runs into the time limit of the test.
 */
struct attack_row {
    const char *name;
    const char *head;
    const char *unit;
    const char *back;
    const char *end;
};

enum { ATTACK_LEN = 1 << 18, MAX_MEMORY_FACTOR = 64, MAX_MEMORY_FIXED = 128 << 10 };

#define SIX_QUOTES "<blockquote><blockquote><blockquote><blockquote><blockquote><blockquote>"

static const struct attack_row attack_rows[] = {
    {"less-than signs", "", "<", "", ""},
    {"ampersands", "", "&", "", ""},
    {"references without names", "", "&#", "", ""},
    {"long unknown names", "", "&abcdefghijklmno", "", ""},
    {"short references", "", "&lt", "", ""},
    {"one long number", "&#", "9", "", ""},
    {"tags that never end", "", "<a", "", ""},
    {"end tags that never end", "", "</a ", "", ""},
    {"comments that never end", "", "<!--", "", ""},
    {"dashes in a comment", "<!", "-", "", ""},
    {"ends of a comment that are none", "<!-- ", "->", "", ""},
    {"sections that never end", "", "<![CDATA[", "", ""},
    {"instructions that never end", "", "<?", "", ""},
    {"raw text that never ends", "", "<script>", "", ""},
    {"ends of raw text that are none", "<style>", "</", "", ""},
    {"quotes that never end", "", "<a b='<a c=\"", "", ""},
    {"a long attribute", "<a href='https://e.org/", "x", "", "'>a</a>"},
    {"a long target", "<a href='https://e.org/'>a<a href=https://e.org/", "<", "", ">a</a>"},
    {"a long alternative text", "<a href=x:y><img alt='", "&a", "", "'>"},
    {"many links with long targets", "", "<a href='https://e.org/?xxxxxxxxxxxxxxxxxxxxxxxxxxxx'>a",
     "", ""},
    {"many attributes", "<a ", "b=c ", "", ">a"},
    {"one attribute many times", "<p ", "style=a ", "", ">a"},
    {"a long style", "<p style='", "display:;", "", "'>a"},
    {"semicolons in a style", "<p style='", ";", "", "'>a"},
    {"words in a style", "<p style='list-style:", "nonx ", "", "'><ul><li>a"},
    {"open blocks", "", "<div>", "", ""},
    {"nested blocks", "", "<div>", "</div>", ""},
    {"open inline elements", "", "<b>", "", ""},
    {"end tags alone", "", "</div>", "", ""},
    {"end tags of other elements in deep blocks", "<div><span hidden>", "<div></i>", "", ""},
    {"open hidden elements", "", "<i hidden>a", "", ""},
    {"nested hidden elements", "", "<span style='display:none'>", "</span>", ""},
    {"nested unknown hidden elements", "", "<x-y hidden><x-z>", "</x-y>", ""},
    {"elements with and without size", "", "<i style='font-size:0'><i style='font-size:9px'>a",
     "</i></i>", ""},
    {"open paragraphs", "", "<p>a", "", ""},
    {"paragraphs in open blocks", "<p>", "<center><b></p><p>", "", ""},
    {"nested lists", "", "<ul><li>a", "</ul>", ""},
    {"nested lists with long numbers", "", "<ol start=-999999999><li>a", "", ""},
    {"items with a long number", "<ol start=-999999999 reversed>", "<li>a", "", ""},
    {"items in nested lists with long numbers",
     "<ul><li><ul><li><ul><li><ul><li><ul><li><ol start=-99999999 reversed>", "<li>a", "", ""},
    {"empty items", "<ol>", "<li>", "", ""},
    {"nested quotes", "", "<blockquote>a", "b</blockquote>", ""},
    {"lines in nested quotes", SIX_QUOTES, "a<p>", "", ""},
    {"nested definitions", "", "<dl><dd>a", "", ""},
    {"nested tables", "", "<table><tr><td>", "a</td></tr></table>", ""},
    {"nested tables with cells", "", "<table><tr><td>a<td>", "b</table>", ""},
    {"nested tables of data", "", "<table><tr><th>a<td>", "b<td>c</table>", ""},
    {"nested tables with rows", "", "<table><tr><td>a<tr><td>b<tr><td>", "c</table>", ""},
    {"open tables", "", "<table>", "", ""},
    {"a long row", "<table><tr>", "<td>a", "", ""},
    {"a long row of data", "<table><tr>", "<th>a<td>", "", ""},
    {"empty cells of data", "<table><tr><th>", "<td>", "<td>a", ""},
    {"cells of data with lines", "<table><tr><th>", "<td>a<br>b", "", ""},
    {"cells without a table", "", "<td>a", "", ""},
    {"rules", "", "<hr>", "", ""},
    {"rules in an item", "<ul><li><ul><li><ul><li><ul><li><ul><li><ul><li>", "<hr>", "", ""},
    {"line breaks", "", "<br>", "", ""},
    {"lines", "", "a<br>", "", ""},
    {"line ends in pre", SIX_QUOTES "<pre>a", "\n", "b", ""},
    {"lines in pre in quotes", SIX_QUOTES "<pre>", "a\n", "", ""},
    {"lines in pre in items", "<ul><li><ul><li><ul><li><ul><li><ul><li><ul><li><pre>", "a\n", "",
     ""},
    {"tabs", "<pre>a", "\t", "b", ""},
    {"tabs in one line", "<pre>", "a\t", "b", ""},
    {"open pre", "", "<pre>\n\ta", "", ""},
    {"quotation marks", "", "<q>", "", ""},
    {"raised digits", "<sup>", "1", "", "</sup>a"},
    {"nested raised digits", "", "<sup>1", "", ""},
    {"no-break spaces", "a", "&nbsp;", "b", ""},
    {"non-joiners", "a", "&zwnj;", "", ""},
    {"non-joiners between words", "", "a&zwnj; ", "", ""},
    {"ideographic spaces", "a", "\u3000", "b", ""},
    {"links", "", "<a href=x:y>a", "", ""},
    {"links with encoded targets", "", "<a href=x:\u200b>a", "", ""},
    {"links without text", "", "<a href=x:y><img>", "", ""},
    {"letters", "", "a", "", ""},
};

/* An allocator that measures: each block is preceded by its length. */
struct meter {
    size_t now;
    size_t most;
};

enum { METER_HEAD = 16 };

static void *meter_reallocate(void *context, void *block, size_t n_bytes)
{
    struct meter *meter = context;
    char *raw = block ? (char *)block - METER_HEAD : NULL;
    size_t old = 0;
    if (raw)
        memcpy(&old, raw, sizeof old);
    /* As if the block always moved, which it may. */
    if (meter->now + n_bytes > meter->most)
        meter->most = meter->now + n_bytes;
    raw = realloc(raw, METER_HEAD + n_bytes);
    if (!raw)
        return NULL;
    meter->now = meter->now - old + n_bytes;
    memcpy(raw, &n_bytes, sizeof n_bytes);
    return raw + METER_HEAD;
}

static void *meter_allocate(void *context, size_t n_bytes)
{
    return meter_reallocate(context, NULL, n_bytes);
}

static void meter_release(void *context, void *block)
{
    struct meter *meter = context;
    size_t len;
    if (!block)
        return;
    memcpy(&len, (char *)block - METER_HEAD, sizeof len);
    meter->now -= len;
    free((char *)block - METER_HEAD);
}

/* The attack, made of whole units. */
static void build_attack(const struct attack_row *row, mailsub__buffer *out)
{
    size_t unit_len = strlen(row->unit) + strlen(row->back);
    size_t n_units = ATTACK_LEN / unit_len;
    mailsub__buffer_append_str(out, row->head);
    for (size_t i = 0; i < n_units; i++)
        mailsub__buffer_append_str(out, row->unit);
    for (size_t i = 0; i < n_units; i++)
        mailsub__buffer_append_str(out, row->back);
    mailsub__buffer_append_str(out, row->end);
    assert_int_equal(out->error, MAILSUB_OK);
}

static void withstands(void **state)
{
    const struct attack_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer html;
    mailsub__buffer_init(&html, &allocator, 2 * ATTACK_LEN);
    build_attack(row, &html);

    struct meter meter = {0};
    mailsub_allocator metered = {
        .size = sizeof metered,
        .context = &meter,
        .allocate = meter_allocate,
        .reallocate = meter_reallocate,
        .release = meter_release,
    };
    mailsub__buffer text;
    mailsub__buffer_init(&text, &metered, SIZE_MAX);
    assert_int_equal(mailsub__html_text(mailsub__buffer_slice(&html), &text), MAILSUB_OK);
    const char *broken =
        html_text_broken_rule(mailsub__buffer_slice(&html), mailsub__buffer_slice(&text));
    if (broken)
        fail_msg("%s", broken);
    assert_in_range(meter.most, 0, MAX_MEMORY_FACTOR * html.len + MAX_MEMORY_FIXED);
    mailsub__buffer_deinit(&text);
    assert_int_equal(meter.now, 0);
    mailsub__buffer_deinit(&html);
}

int main(void)
{
    static struct CMUnitTest tests[100];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, attack_rows, withstands);
    return UNIT_RUN(tests, n_tests);
}
