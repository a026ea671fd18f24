/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines to text: prefixes, blank lines, and what stands between the cells of a row.
 *
 * Cells are parted by " | ". Columns are not padded: how wide a character is shown is not known
 * here, and a mail reader with a proportional font undoes it anyway.
 */
#include "message/html_render.h"

/* The text of line i. */
static mailsub__slice line_text(const mailsub__html_flow *flow, size_t i)
{
    mailsub__slice text = mailsub__buffer_slice(&flow->text);
    size_t start = flow->lines[i].start;
    size_t end = i + 1 < flow->n_lines ? flow->lines[i + 1].start : text.len;
    return mailsub__slice_of(text.ptr + start, end - start);
}

/* Without blanks at its end when nothing follows on the line. */
static void write_prefix(mailsub__buffer *out, uint32_t prefix, bool is_alone)
{
    char columns[MAILSUB__HTML_MAX_PREFIX];
    size_t len = 0;
    unsigned segment;
    for (unsigned i = 0; (segment = mailsub__html_prefix_segment(prefix, i)) != 0; i++) {
        if (segment == MAILSUB__HTML_QUOTE) {
            columns[len++] = '>';
            columns[len++] = ' ';
        } else {
            memset(columns + len, ' ', segment);
            len += segment;
        }
    }
    while (is_alone && len > 0 && columns[len - 1] == ' ')
        len--;
    mailsub__buffer_append(out, columns, len);
}

/* The outer segments that two lines share: the prefix of a blank line between them. */
static uint32_t common_prefix(uint32_t a, uint32_t b)
{
    uint32_t common = 0;
    for (unsigned i = 0; i < MAILSUB__HTML_MAX_PREFIX_SEGMENTS; i++) {
        unsigned segment = mailsub__html_prefix_segment(a, i);
        if (segment == 0 || segment != mailsub__html_prefix_segment(b, i))
            break;
        common |= (uint32_t)segment << 4 * i;
    }
    return common;
}

static bool ends_with(mailsub__slice text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.ptr + text.len - len, end, len) == 0;
}

/* A bullet or "1.": many a list is laid out as a table. */
static bool is_marker(mailsub__slice text)
{
    static const char *const bullets[] = {"-",      "*",      "\u00b7", "\u2022",
                                          "\u2023", "\u25aa", "\u25cf", "\u25e6",
                                          "\u2013", "\u2713", "\u2714"};
    for (size_t i = 0; i < sizeof bullets / sizeof bullets[0]; i++) {
        if (mailsub__slice_equal(text, mailsub__slice_str(bullets[i])))
            return true;
    }
    size_t n_digits = 0;
    while (n_digits < text.len && mailsub__ascii_is_digit(text.ptr[n_digits]))
        n_digits++;
    return n_digits > 0 && n_digits + 1 == text.len &&
           (text.ptr[n_digits] == '.' || text.ptr[n_digits] == ')');
}

/* What parts a cell from the one before it; not a bar where that is a label, as in "Total: 5". */
static void write_cell_joint(mailsub__buffer *out, mailsub__slice before, mailsub__slice after,
                             const mailsub__html_line *line)
{
    bool is_listed = line->join == MAILSUB__HTML_JOINED_CELL && is_marker(before);
    if (line->n_empty == 0 && (ends_with(before, "\uff1a") || after.ptr[0] == ':'))
        return; /* a colon of its own joins the label; the full-width one brings its space */
    if (line->n_empty == 0 && (ends_with(before, ":") || is_listed)) {
        mailsub__buffer_append_char(out, ' ');
        return;
    }
    mailsub__buffer_append_str(out, " |");
    for (uint32_t n = 0; n < line->n_empty; n++)
        mailsub__buffer_append_str(out, " |");
    mailsub__buffer_append_char(out, ' ');
}

/* All that stands before the text of line i. */
static void write_beginning(mailsub__buffer *out, const mailsub__html_flow *flow, size_t i)
{
    const mailsub__html_line *line = &flow->lines[i];
    if (line->join == MAILSUB__HTML_JOINED_WORDS) {
        mailsub__buffer_append_char(out, ' ');
        return;
    }
    if (line->join != MAILSUB__HTML_NOT_JOINED) {
        write_cell_joint(out, line_text(flow, i - 1), line_text(flow, i), line);
        return;
    }
    if (i > 0)
        mailsub__buffer_append_char(out, '\n');
    if (i > 0 && line->gap > 1) {
        write_prefix(out, common_prefix(line[-1].next_prefix, line->prefix), true);
        mailsub__buffer_append_char(out, '\n');
    }
    write_prefix(out, line->prefix, false);
    for (uint32_t n = 0; n < line->n_empty; n++)
        mailsub__buffer_append_str(out, "| ");
}

/* The text of a line; that of a pre may have line ends inside. */
static void write_text(mailsub__buffer *out, mailsub__slice text, uint32_t prefix)
{
    const char *end = text.ptr + text.len;
    const char *p = text.ptr;
    for (const char *stop; (stop = memchr(p, '\n', (size_t)(end - p))) != NULL; p = stop + 1) {
        mailsub__buffer_append(out, p, (size_t)(stop + 1 - p));
        write_prefix(out, prefix, stop[1] == '\n');
    }
    mailsub__buffer_append(out, p, (size_t)(end - p));
}

int mailsub__html_render(const mailsub__html_flow *flow, mailsub__buffer *out_text)
{
    for (size_t i = 0; i < flow->n_lines && !out_text->error; i++) {
        write_beginning(out_text, flow, i);
        write_text(out_text, line_text(flow, i), flow->lines[i].next_prefix);
    }
    if (flow->n_lines > 0)
        mailsub__buffer_append_char(out_text, '\n');
    return out_text->error;
}
