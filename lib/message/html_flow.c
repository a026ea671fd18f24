/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/html_flow.h"

#include "base/memory.h"
#include "codec/utf8.h"
#include "message/html_entities.h"
#include "message/html_style.h"

enum { SIZE_QUOTE = 2, TAB_STOP = 8 };

void mailsub__html_flow_init(mailsub__html_flow *flow, const mailsub_allocator *allocator)
{
    *flow = (mailsub__html_flow){.gap = 1, .mark = MAILSUB__HTML_NO_MARK};
    mailsub__buffer_init(&flow->text, allocator, SIZE_MAX);
}

void mailsub__html_flow_deinit(mailsub__html_flow *flow)
{
    mailsub__free(flow->text.allocator, flow->lines);
    mailsub__buffer_deinit(&flow->text);
}

static void append(mailsub__html_flow *flow, const char *data, size_t len)
{
    int rc = mailsub__buffer_append(&flow->text, data, len);
    if (rc && !flow->error)
        flow->error = rc;
}

static void append_times(mailsub__html_flow *flow, const char *unit, size_t n)
{
    for (size_t len = strlen(unit); n > 0; n--)
        append(flow, unit, len);
}

/* Zero-width characters turned out to stand at the end of a word. */
static void drop_weak(mailsub__html_flow *flow)
{
    if (flow->n_weak > 0 && !flow->error)
        mailsub__buffer_truncate(&flow->text, flow->text.len - flow->n_weak);
    flow->n_weak = 0;
}

static void drop_blanks(mailsub__html_flow *flow)
{
    flow->n_newlines = 0;
    flow->n_spaces = 0;
    flow->n_wide = 0;
}

static void restart_columns(mailsub__html_flow *flow)
{
    flow->tab_at = flow->text.len;
    flow->tab_column = 0;
}

static void begin_line(mailsub__html_flow *flow)
{
    if (flow->error)
        return;
    void *lines = flow->lines;
    int rc = mailsub__grow_array(flow->text.allocator, &lines, &flow->capacity, flow->n_lines,
                                 sizeof *flow->lines, SIZE_MAX / sizeof *flow->lines);
    if (rc) {
        flow->error = rc;
        return;
    }
    flow->lines = lines;
    flow->lines[flow->n_lines++] = (mailsub__html_line){
        .start = flow->text.len,
        .prefix = flow->marker.len > 0 ? flow->marker.prefix : flow->prefix,
        .next_prefix = flow->prefix,
        .gap = flow->gap,
    };
    append(flow, flow->marker.text, flow->marker.len);
    flow->marker.len = 0;
    flow->gap = 0;
    flow->n_visual++;
    restart_columns(flow);
}

/* A letter or digit of ASCII, or of the scripts from Latin-1 to Arabic, by its first octet. */
static bool begins_word(char c)
{
    unsigned char octet = (unsigned char)c;
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) ||
           (octet >= 0xc3 && octet <= 0xdf);
}

/* Does the text so far end with such a character, or with a link's target? */
static bool ends_word(const mailsub__html_flow *flow)
{
    mailsub__slice text = mailsub__buffer_slice(&flow->text);
    if (text.len == 0)
        return false;
    char last = text.ptr[text.len - 1];
    if ((unsigned char)last >= 0x80)
        return text.len >= 2 && begins_word(text.ptr[text.len - 2]);
    return last == '>' || begins_word(last);
}

/* Write what was held back, now that a visible character, next, follows. */
static void settle(mailsub__html_flow *flow, char next)
{
    if (flow->gap > 0)
        begin_line(flow);
    else if (flow->at_boundary && flow->n_spaces == 0 && ends_word(flow) && begins_word(next))
        flow->n_spaces = 1;
    flow->at_boundary = false;
    flow->n_weak = 0;
    if (flow->n_newlines > 0) {
        append_times(flow, "\n", flow->n_newlines);
        flow->n_visual += flow->n_newlines;
        flow->n_solid++;
        restart_columns(flow);
    }
    append_times(flow, "\xe3\x80\x80", flow->n_wide);
    append_times(flow, " ", flow->n_spaces);
    drop_blanks(flow);
    if (flow->mark == MAILSUB__HTML_NO_MARK)
        flow->mark = flow->text.len;
}

static const char *const superscripts[10] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
static const char *const subscripts[10] = {"₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"};

/* Visible characters. Raised and lowered digits keep their meaning: 10² is not 102. */
static void ink(mailsub__html_flow *flow, const char *data, size_t len, unsigned state)
{
    settle(flow, *data);
    flow->n_ink += len;
    if (!(state & (MAILSUB__HTML_IS_SUP | MAILSUB__HTML_IS_SUB))) {
        append(flow, data, len);
        return;
    }
    const char *const *digits = state & MAILSUB__HTML_IS_SUP ? superscripts : subscripts;
    for (size_t i = 0; i < len; i++) {
        if (mailsub__ascii_is_digit(data[i]))
            append_times(flow, digits[data[i] - '0'], 1);
        else
            append(flow, data + i, 1);
    }
}

static void put_space(mailsub__html_flow *flow, unsigned state)
{
    drop_weak(flow);
    if (state & MAILSUB__HTML_IS_PRE)
        flow->n_spaces++;
    else if (flow->gap == 0 && flow->n_spaces == 0)
        flow->n_spaces = 1;
}

/* Line ends before the first character of a pre vanish, and those behind its last. */
static void put_newline(mailsub__html_flow *flow)
{
    drop_weak(flow);
    flow->n_spaces = 0;
    flow->n_wide = 0;
    flow->n_newlines += flow->gap == 0;
}

/* Up to the next tab stop. Columns are counted in characters. */
static void put_tab(mailsub__html_flow *flow)
{
    drop_weak(flow);
    if (flow->gap > 0 || flow->n_newlines > 0) {
        flow->n_spaces += TAB_STOP - flow->n_spaces % TAB_STOP;
        return;
    }
    mailsub__slice text = mailsub__buffer_slice(&flow->text);
    for (; flow->tab_at < text.len; flow->tab_at++)
        flow->tab_column += ((unsigned char)text.ptr[flow->tab_at] & 0xc0) != 0x80;
    flow->n_spaces += TAB_STOP - (flow->tab_column + flow->n_spaces) % TAB_STOP;
}

static void put_weak(mailsub__html_flow *flow, const char *data, size_t len)
{
    if (flow->gap > 0 || flow->at_boundary || flow->n_spaces + flow->n_wide + flow->n_newlines > 0)
        return;
    append(flow, data, len);
    flow->n_weak += len;
}

enum char_class { INK, SPACE, LINE_END, TAB, WIDE, WEAK, NOTHING };

static enum char_class classify_ascii(uint32_t c)
{
    switch (c) {
    case ' ':
    case '\f':
        return SPACE;
    case '\n':
    case '\r':
        return LINE_END;
    case '\t':
        return TAB;
    default:
        return c < ' ' || c == 0x7f ? NOTHING : INK;
    }
}

/*
 * WEAK: combining grapheme joiner; zero-width space, non-joiner and joiner; word joiner and
 * invisible operators. NOTHING: C1 controls, soft hyphen, byte order mark.
 */
static enum char_class classify(uint32_t c)
{
    static const struct {
        uint32_t first;
        uint32_t last;
        enum char_class class;
    } ranges[] = {
        {0x0085, 0x0085, LINE_END}, {0x0080, 0x009f, NOTHING},  {0x00a0, 0x00a0, SPACE},
        {0x00ad, 0x00ad, NOTHING},  {0x034f, 0x034f, WEAK},     {0x2000, 0x200a, SPACE},
        {0x200b, 0x200d, WEAK},     {0x2028, 0x2029, LINE_END}, {0x202f, 0x202f, SPACE},
        {0x205f, 0x205f, SPACE},    {0x2060, 0x2064, WEAK},     {0x3000, 0x3000, WIDE},
        {0xfeff, 0xfeff, NOTHING},
    };
    if (c < 0x80)
        return classify_ascii(c);
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return ranges[i].class;
    }
    return INK;
}

/* The character c, encoded as data. */
static void put_char(mailsub__html_flow *flow, uint32_t c, const char *data, size_t len,
                     unsigned state)
{
    enum char_class class = classify(c);
    bool is_pre = state & MAILSUB__HTML_IS_PRE;
    if (!is_pre && (class == LINE_END || class == TAB))
        class = SPACE;
    switch (class) {
    case INK:
        ink(flow, data, len, state);
        break;
    case SPACE:
        put_space(flow, state);
        break;
    case LINE_END:
        put_newline(flow);
        break;
    case TAB:
        put_tab(flow);
        break;
    case WIDE:
        drop_weak(flow);
        flow->n_wide++;
        break;
    case WEAK:
        put_weak(flow, data, len);
        break;
    case NOTHING:
        break;
    }
}

/* The character or reference at p that may be more than a visible one; the octets it takes. */
static size_t put_special(mailsub__html_flow *flow, const char *p, const char *end, unsigned state,
                          bool in_attribute)
{
    mailsub__slice rest = mailsub__slice_of(p, (size_t)(end - p));
    uint32_t c;
    size_t taken;
    if (*p == '&') {
        taken = mailsub__html_entities_decode(rest, in_attribute, &c);
        if (taken == 0) {
            ink(flow, p, 1, state);
            return 1;
        }
        char encoded[4];
        put_char(flow, c, encoded, mailsub__utf8_encode(c, encoded), state);
        return taken;
    }
    if (*p == '\r' && rest.len >= 2 && p[1] == '\n')
        return 1; /* the line end is told by the LF */
    taken = mailsub__utf8_decode(rest, &c);
    put_char(flow, c, p, taken, state);
    return taken;
}

/*
 * Octets that are or belong to visible characters. The lead octets C2, CD, E2, E3 and EF also begin
 * characters that are not.
 */
static bool is_plain(char c)
{
    static const bool is_special[256] = {
        ['&'] = true,  [0x7f] = true, [0xc2] = true, [0xcd] = true,
        [0xe2] = true, [0xe3] = true, [0xef] = true,
    };
    unsigned char octet = (unsigned char)c;
    return octet > ' ' && !is_special[octet];
}

void mailsub__html_flow_text(mailsub__html_flow *flow, mailsub__slice text, unsigned state,
                             bool in_attribute)
{
    const char *end = text.ptr + text.len;
    for (const char *p = text.ptr; p < end;) {
        const char *run = p;
        /* Single spaces between words need no thought. */
        while (p < end &&
               (is_plain(*p) || (*p == ' ' && p > run && end - p >= 2 && is_plain(p[1]))))
            p++;
        if (p > run)
            ink(flow, run, (size_t)(p - run), state);
        if (p < end)
            p += put_special(flow, p, end, state, in_attribute);
    }
}

void mailsub__html_flow_literal(mailsub__html_flow *flow, const char *text)
{
    ink(flow, text, strlen(text), 0);
}

void mailsub__html_flow_target(mailsub__html_flow *flow, mailsub__slice target)
{
    drop_weak(flow);
    append(flow, " <", 2);
    append(flow, target.ptr, target.len);
    append(flow, ">", 1);
    mailsub__html_flow_boundary(flow);
}

void mailsub__html_flow_bare_target(mailsub__html_flow *flow, mailsub__slice target)
{
    mailsub__html_flow_boundary(flow);
    settle(flow, *target.ptr);
    append(flow, target.ptr, target.len);
    mailsub__html_flow_boundary(flow);
}

void mailsub__html_flow_gap(mailsub__html_flow *flow, unsigned size)
{
    drop_weak(flow);
    drop_blanks(flow);
    if (flow->gap < size)
        flow->gap = (uint8_t)size;
}

void mailsub__html_flow_break(mailsub__html_flow *flow, unsigned state)
{
    bool in_line = flow->gap == 0;
    if (in_line && (state & MAILSUB__HTML_IS_PRE))
        put_newline(flow);
    else if (flow->marker.len == 0)
        mailsub__html_flow_gap(flow, in_line ? 1 : 2);
}

void mailsub__html_flow_boundary(mailsub__html_flow *flow)
{
    flow->at_boundary = true;
}

/* Add a segment, unless the prefix is as long as it may be. */
static void push_segment(mailsub__html_flow *flow, unsigned segment)
{
    unsigned n = 0;
    unsigned columns = segment == MAILSUB__HTML_QUOTE ? SIZE_QUOTE : segment;
    for (unsigned known; (known = mailsub__html_prefix_segment(flow->prefix, n)) != 0; n++)
        columns += known == MAILSUB__HTML_QUOTE ? SIZE_QUOTE : known;
    if (n < MAILSUB__HTML_MAX_PREFIX_SEGMENTS && columns <= MAILSUB__HTML_MAX_PREFIX)
        flow->prefix |= (uint32_t)segment << 4 * n;
}

static void append_marker(mailsub__html_flow *flow, const char *text, size_t len)
{
    if (len > sizeof flow->marker.text - flow->marker.len)
        return;
    memcpy(flow->marker.text + flow->marker.len, text, len);
    flow->marker.len = (uint8_t)(flow->marker.len + len);
}

/* What a line that begins with markers has in place of a prefix goes behind them. */
static void continue_marker(mailsub__html_flow *flow, const char *text, size_t len)
{
    if (flow->marker.len > 0)
        append_marker(flow, text, len);
}

void mailsub__html_flow_indent(mailsub__html_flow *flow, unsigned n_columns)
{
    static const char spaces[MAILSUB__HTML_MAX_INDENT] = "              ";
    if (n_columns == 0 || n_columns > sizeof spaces)
        return;
    continue_marker(flow, spaces, n_columns);
    push_segment(flow, n_columns);
}

void mailsub__html_flow_quote(mailsub__html_flow *flow)
{
    continue_marker(flow, "> ", SIZE_QUOTE);
    push_segment(flow, MAILSUB__HTML_QUOTE);
    flow->n_solid++;
}

void mailsub__html_flow_mark_item(mailsub__html_flow *flow, mailsub__slice marker)
{
    if (flow->marker.len == 0)
        flow->marker.prefix = flow->prefix;
    append_marker(flow, marker.ptr, marker.len);
    if (marker.len <= MAILSUB__HTML_MAX_INDENT)
        push_segment(flow, (unsigned)marker.len);
    flow->n_solid++;
}
