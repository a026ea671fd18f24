/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From tags to lines: the stack of open elements, and what each kind of element does when it is
 * opened and closed.
 *
 * The stack holds blocks, lists, tables and whatever changes what is seen; other inline elements
 * are not kept. End tags that are missing are implied as browsers imply them, as far as it matters
 * here: "</p>" and "</li>", and all that stands open in a table cell when the cell ends. An end tag
 * without its element is ignored, and never reaches out of a cell. The search for an element looks
 * at MAILSUB__HTML_MAX_DEPTH entries at most, so that time stays linear whatever is nested.
 */
#include "message/html_text.h"

#include "base/memory.h"
#include "codec/utf8.h"
#include "message/html_convert.h"
#include "message/html_render.h"

static bool is_gone(const mailsub__html_convert *c)
{
    return (c->state & MAILSUB__HTML_IS_GONE) != 0;
}

/* The element's kind, below which a search on the stack for what a tag of kind ends may not go. */
static bool is_barrier(unsigned kind, unsigned wanted)
{
    switch (kind) {
    case MAILSUB__HTML_TABLE:
        return true;
    case MAILSUB__HTML_CAPTION:
    case MAILSUB__HTML_TH:
    case MAILSUB__HTML_TD:
        return wanted < MAILSUB__HTML_TABLE;
    case MAILSUB__HTML_UL:
    case MAILSUB__HTML_OL:
        return wanted == MAILSUB__HTML_LI;
    case MAILSUB__HTML_DL:
        return wanted == MAILSUB__HTML_DT || wanted == MAILSUB__HTML_DD;
    default:
        return false;
    }
}

/* Close the element on top of the stack. */
static void pop(mailsub__html_convert *c)
{
    const mailsub__html_open *open = &c->stack[c->depth - 1];
    const mailsub__html_element *element = open->element;
    if (c->link.depth >= c->depth)
        mailsub__html_handlers_end_link(c);
    if (!is_gone(c)) {
        const mailsub__html_handler *handler = mailsub__html_handlers_find(element);
        if (handler->close)
            handler->close(c);
        if (element->gap > 0)
            mailsub__html_flow_gap(&c->flow, element->gap);
    }
    c->state = open->outer_state;
    c->table = open->outer_table;
    c->list = open->outer_list;
    c->flow.prefix = open->outer_prefix;
    if (c->flow.marker.len > open->outer_marker_len)
        c->flow.marker.len = open->outer_marker_len;
    c->n_styled -= !(element->flags & MAILSUB__HTML_STACKED);
    c->n_p -= element->kind == MAILSUB__HTML_P;
    c->depth--;
}

static void pop_to(mailsub__html_convert *c, size_t depth)
{
    while (c->depth > depth)
        pop(c);
}

/* Make an entry; false when the stack is full. */
static bool push(mailsub__html_convert *c, const mailsub__html_element *element,
                 mailsub__slice name)
{
    void *stack = c->stack;
    int rc = mailsub__grow_array(c->allocator, &stack, &c->capacity, c->depth, sizeof *c->stack,
                                 MAILSUB__HTML_MAX_DEPTH);
    if (rc == MAILSUB_E_NOMEM)
        c->error = rc;
    if (rc)
        return false;
    c->stack = stack;
    c->stack[c->depth] = (mailsub__html_open){
        .element = element,
        .name = name,
        .outer_state = c->state,
        .outer_marker_len = c->flow.marker.len,
        .outer_table = c->table,
        .outer_list = c->list,
        .outer_prefix = c->flow.prefix,
    };
    /* A table that is gone counts: its cells must not close those around it. */
    if (element->kind == MAILSUB__HTML_TABLE)
        c->table = (uint16_t)c->depth;
    c->n_styled += !(element->flags & MAILSUB__HTML_STACKED);
    c->n_p += element->kind == MAILSUB__HTML_P;
    c->depth++;
    return true;
}

/* The innermost open element with one of two kinds that a tag of this kind reaches; its index. */
static size_t find_kind(const mailsub__html_convert *c, unsigned kind, unsigned other)
{
    for (size_t i = c->depth; i-- > 0;) {
        unsigned open = c->stack[i].element->kind;
        if (open == kind || open == other)
            return i;
        if (is_barrier(open, kind))
            break;
    }
    return MAILSUB__HTML_NO_INDEX;
}

/* The open element that an end tag closes. */
static size_t find_element(const mailsub__html_convert *c, const mailsub__html_element *element,
                           mailsub__slice name)
{
    for (size_t i = c->depth; i-- > 0;) {
        const mailsub__html_open *open = &c->stack[i];
        if (open->element == element && (!mailsub__html_elements_is_unknown(element) ||
                                         mailsub__slice_equal_nocase(open->name, name)))
            return i;
        if (is_barrier(open->element->kind, element->kind))
            break;
    }
    return MAILSUB__HTML_NO_INDEX;
}

static void close_kind(mailsub__html_convert *c, unsigned kind, unsigned other)
{
    size_t i = find_kind(c, kind, other);
    if (i != MAILSUB__HTML_NO_INDEX)
        pop_to(c, i);
}

/*
 * Close what stands open in the table, down to a part of it that can hold kind: a row for cells, a
 * body for rows, the table for all others.
 */
static void close_table_parts(mailsub__html_convert *c, unsigned kind)
{
    if (c->table == MAILSUB__HTML_NO_INDEX)
        return;
    for (; c->depth > (size_t)c->table + 1; pop(c)) {
        unsigned open = c->stack[c->depth - 1].element->kind;
        bool is_body = open == MAILSUB__HTML_TBODY || open == MAILSUB__HTML_THEAD;
        bool is_cell = kind == MAILSUB__HTML_TD || kind == MAILSUB__HTML_TH;
        if ((is_body && (is_cell || kind == MAILSUB__HTML_TR)) ||
            (is_cell && open == MAILSUB__HTML_TR))
            break;
    }
}

/* The end tags that a start tag implies. */
static void imply_ends(mailsub__html_convert *c, const mailsub__html_element *element)
{
    unsigned kind = element->kind;
    if (c->n_unkept > 0)
        return;
    if ((element->flags & MAILSUB__HTML_ENDS_P) && c->n_p > 0)
        close_kind(c, MAILSUB__HTML_P, MAILSUB__HTML_P);
    if (kind == MAILSUB__HTML_LI)
        close_kind(c, kind, kind);
    else if (kind == MAILSUB__HTML_DT || kind == MAILSUB__HTML_DD)
        close_kind(c, MAILSUB__HTML_DT, MAILSUB__HTML_DD);
    else if (kind > MAILSUB__HTML_TABLE)
        close_table_parts(c, kind);
}

/* The state inside the element. */
static unsigned inner_state(const mailsub__html_convert *c, const mailsub__html_element *element,
                            const mailsub__html_token *tag)
{
    unsigned state = c->state;
    if (element->kind == MAILSUB__HTML_GONE || mailsub__html_token_has(tag, MAILSUB__HTML_HIDDEN))
        state |= MAILSUB__HTML_IS_GONE;
    if (element->kind == MAILSUB__HTML_PRE)
        state |= MAILSUB__HTML_IS_PRE;
    if (element->kind == MAILSUB__HTML_UL || element->kind == MAILSUB__HTML_OL)
        state &= ~(unsigned)MAILSUB__HTML_IS_UNMARKED;
    if (mailsub__html_token_has(tag, MAILSUB__HTML_STYLE))
        state = mailsub__html_style_apply(state, tag->values[MAILSUB__HTML_STYLE]);
    return state;
}

/*
 * Does the element need an entry? In what is gone every element does, for only its own end tag
 * brings the text back.
 */
static bool is_kept(const mailsub__html_convert *c, const mailsub__html_element *element,
                    const mailsub__html_token *tag, unsigned state)
{
    if (element->flags & MAILSUB__HTML_NO_TEXT)
        return false;
    bool is_foreign =
        element->kind == MAILSUB__HTML_GONE || mailsub__html_elements_is_unknown(element);
    if (is_foreign && tag->is_self_closing)
        return false;
    return (element->flags & MAILSUB__HTML_STACKED) || state != c->state || is_gone(c);
}

static void open_element(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    const mailsub__html_element *element = mailsub__html_elements_find(tag->text);
    if (element->kind == MAILSUB__HTML_RAW) {
        mailsub__html_tokens_skip_raw(&c->tokens, tag->text);
        return;
    }
    imply_ends(c, element);
    unsigned state = inner_state(c, element, tag);
    bool is_seen = !(state & MAILSUB__HTML_IS_GONE);
    if (is_seen && element->gap > 0)
        mailsub__html_flow_gap(&c->flow, element->gap);
    bool has_entry = is_kept(c, element, tag, state);
    unsigned outer_state = c->state;
    if (has_entry && !push(c, element, tag->text)) {
        c->n_unkept += (element->flags & MAILSUB__HTML_STACKED) != 0;
        return;
    }
    c->state = (uint8_t)state;
    const mailsub__html_handler *handler = mailsub__html_handlers_find(element);
    if (is_seen && handler->open)
        handler->open(c, tag);
    if (!has_entry)
        c->state = (uint8_t)outer_state;
}

/* "</br>" is read as "<br>". */
static void close_void(mailsub__html_convert *c, const mailsub__html_element *element)
{
    if (element->kind == MAILSUB__HTML_BR && !is_gone(c))
        mailsub__html_handlers_find(element)->open(c, NULL);
}

static void close_element(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    const mailsub__html_element *element = mailsub__html_elements_find(tag->text);
    bool is_stacked = element->flags & MAILSUB__HTML_STACKED;
    if (element->flags & MAILSUB__HTML_NO_TEXT) {
        close_void(c, element);
        return;
    }
    if (element->kind == MAILSUB__HTML_A)
        mailsub__html_handlers_end_link(c);
    if (!is_stacked && c->n_styled == 0)
        return;
    size_t i = MAILSUB__HTML_NO_INDEX;
    if (is_stacked && c->n_unkept > 0)
        c->n_unkept--;
    else
        i = find_element(c, element, tag->text);
    if (i != MAILSUB__HTML_NO_INDEX)
        pop_to(c, i);
    else if (element->gap > 0 && !is_gone(c))
        mailsub__html_flow_gap(&c->flow, element->gap);
}

static void read_document(mailsub__html_convert *c)
{
    mailsub__html_token token;
    while (!c->error && !c->flow.error && mailsub__html_tokens_next(&c->tokens, &token)) {
        if (token.kind == MAILSUB__HTML_OPEN)
            open_element(c, &token);
        else if (token.kind == MAILSUB__HTML_CLOSE)
            close_element(c, &token);
        else if (!mailsub__html_is_mute(c))
            mailsub__html_flow_text(&c->flow, token.text, c->state, false);
    }
    if (c->error || c->flow.error)
        return;
    mailsub__html_handlers_end_link(c);
    pop_to(c, 0);
    mailsub__html_flow_gap(&c->flow, 1);
}

int mailsub__html_text(mailsub__slice html, mailsub__buffer *out_text)
{
    if (out_text->error)
        return out_text->error;
    if (!mailsub__utf8_is_valid(html))
        return MAILSUB_E_UTF8;
    mailsub__html_convert c = {
        .allocator = out_text->allocator,
        .table = MAILSUB__HTML_NO_INDEX,
        .list = MAILSUB__HTML_NO_INDEX,
    };
    mailsub__html_tokens_init(&c.tokens, html);
    mailsub__html_flow_init(&c.flow, c.allocator);
    mailsub__buffer_init(&c.target, c.allocator, SIZE_MAX);
    size_t old_len = out_text->len;
    read_document(&c);
    int rc = c.error ? c.error : c.flow.error;
    if (!rc)
        rc = mailsub__html_render(&c.flow, out_text);
    if (rc)
        mailsub__buffer_truncate(out_text, old_len);
    mailsub__free(c.allocator, c.stack);
    mailsub__buffer_deinit(&c.target);
    mailsub__html_flow_deinit(&c.flow);
    return rc;
}
