/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each kind of element does to the text when it is opened and closed. */
#include "message/html_convert.h"
#include "message/html_link.h"

enum { DD_INDENT = 4, MAX_PIXEL = 2 };

/* The table that holds the cell or row which is opened or closed; NULL for one without a table. */
static mailsub__html_table *current_table(mailsub__html_convert *c)
{
    return c->table != MAILSUB__HTML_NO_INDEX ? &c->stack[c->table].as.table : NULL;
}

/* Links. */

void mailsub__html_handlers_end_link(mailsub__html_convert *c)
{
    if (!c->link.is_open)
        return;
    c->link.is_open = false;
    mailsub__html_flow *flow = &c->flow;
    mailsub__slice target = mailsub__buffer_slice(&c->target);
    if (target.len == 0 || flow->error)
        return;
    if (flow->mark != MAILSUB__HTML_NO_MARK) {
        mailsub__slice all = mailsub__buffer_slice(&flow->text);
        size_t len = all.len - flow->mark - flow->n_weak;
        if (!mailsub__html_link_is_said(mailsub__slice_of(all.ptr + flow->mark, len), target))
            mailsub__html_flow_target(flow, target);
    } else if (c->link.has_picture) {
        mailsub__html_flow_bare_target(flow, target);
    }
}

static void begin_link(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    mailsub__html_handlers_end_link(c);
    if (!mailsub__html_token_has(tag, MAILSUB__HTML_HREF))
        return;
    int rc = mailsub__html_link_target(tag->values[MAILSUB__HTML_HREF], &c->target);
    if (rc)
        c->error = rc;
    c->link = (mailsub__html_link){.is_open = true, .depth = c->depth};
    mailsub__html_flow_set_mark(&c->flow);
}

/* Elements that are not kept on the stack: they have no end, or need none. */

static void show_alt(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    mailsub__html_flow_boundary(&c->flow);
    mailsub__html_flow_text(&c->flow, tag->values[MAILSUB__HTML_ALT], 0, true);
    mailsub__html_flow_boundary(&c->flow);
}

static bool is_at_most(const mailsub__html_token *tag, unsigned attribute, int32_t max)
{
    int32_t number;
    return mailsub__html_token_has(tag, attribute) &&
           mailsub__html_list_number(tag->values[attribute], &number) && number <= max;
}

/* In text of size zero, pictures and line breaks count: that size is set to close gaps only. */
static void open_img(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    bool is_pixel = is_at_most(tag, MAILSUB__HTML_WIDTH, MAX_PIXEL) &&
                    is_at_most(tag, MAILSUB__HTML_HEIGHT, MAX_PIXEL);
    if ((c->state & MAILSUB__HTML_IS_INVISIBLE) || is_pixel)
        return;
    if (mailsub__html_token_has(tag, MAILSUB__HTML_ALT))
        show_alt(c, tag);
    else
        c->link.has_picture = true;
}

/* A link in an image map. */
static void open_area(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    bool is_seen = !(c->state & MAILSUB__HTML_IS_INVISIBLE);
    if (!is_seen || !mailsub__html_token_has(tag, MAILSUB__HTML_ALT))
        return;
    begin_link(c, tag);
    show_alt(c, tag);
    mailsub__html_handlers_end_link(c);
    mailsub__html_flow_gap(&c->flow, 1);
}

static void open_br(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    if (!(c->state & MAILSUB__HTML_IS_INVISIBLE))
        mailsub__html_flow_break(&c->flow, c->state);
}

static void open_hr(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    if (c->state & MAILSUB__HTML_IS_INVISIBLE)
        return;
    mailsub__html_flow_literal(&c->flow, "----------");
    mailsub__html_flow_gap(&c->flow, 2);
}

static void open_a(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    begin_link(c, tag);
}

/* Elements on the stack; top is the element's own entry. */

static mailsub__html_open *top(mailsub__html_convert *c)
{
    return &c->stack[c->depth - 1];
}

static void open_sup(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    c->state |= MAILSUB__HTML_IS_SUP;
}

static void open_sub(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    c->state |= MAILSUB__HTML_IS_SUB;
}

static void open_q(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    if (!mailsub__html_is_mute(c))
        mailsub__html_flow_literal(&c->flow, "\"");
}

static void close_q(mailsub__html_convert *c)
{
    if (!mailsub__html_is_mute(c))
        mailsub__html_flow_literal(&c->flow, "\"");
}

static void open_blockquote(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    mailsub__html_flow_quote(&c->flow);
}

/* A list in an item of another needs no blank lines around it. */
static void gap_around_list(mailsub__html_convert *c)
{
    if (top(c)->outer_list == MAILSUB__HTML_NO_INDEX)
        mailsub__html_flow_gap(&c->flow, 2);
}

static void open_ul(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    gap_around_list(c);
    mailsub__html_list_open(&top(c)->as.list, tag, false);
    c->list = (uint16_t)(c->depth - 1);
}

static void open_ol(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    open_ul(c, tag);
    mailsub__html_list_open(&top(c)->as.list, tag, true);
}

static void open_li(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    char room[MAILSUB__HTML_MAX_LIST_MARKER];
    mailsub__html_list *list =
        c->list != MAILSUB__HTML_NO_INDEX ? &c->stack[c->list].as.list : NULL;
    mailsub__slice marker = mailsub__html_list_item(list, tag, room);
    if (!(c->state & MAILSUB__HTML_IS_UNMARKED))
        mailsub__html_flow_mark_item(&c->flow, marker);
}

static void open_dd(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    mailsub__html_flow_indent(&c->flow, DD_INDENT);
}

static void open_table(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    mailsub__slice role = MAILSUB__SLICE_EMPTY;
    if (mailsub__html_token_has(tag, MAILSUB__HTML_ROLE))
        role = tag->values[MAILSUB__HTML_ROLE];
    bool is_layout = mailsub__slice_equal_nocase(role, mailsub__slice_str("presentation")) ||
                     mailsub__slice_equal_nocase(role, mailsub__slice_str("none"));
    mailsub__html_table_open(&top(c)->as.table, &c->flow, is_layout);
    int32_t border;
    if (mailsub__html_token_has(tag, MAILSUB__HTML_BORDER) &&
        mailsub__html_list_number(tag->values[MAILSUB__HTML_BORDER], &border) && border > 0)
        mailsub__html_table_set_data(&top(c)->as.table);
}

static void close_table(mailsub__html_convert *c)
{
    mailsub__html_table_close(&top(c)->as.table, &c->flow);
}

static void open_caption(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    mailsub__html_table *table = current_table(c);
    if (table)
        mailsub__html_table_set_data(table);
}

static void open_tr(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    mailsub__html_table *table = current_table(c);
    if (table)
        mailsub__html_table_open_row(table, &c->flow);
}

static void close_rows(mailsub__html_convert *c)
{
    mailsub__html_table *table = current_table(c);
    if (table)
        mailsub__html_table_close_row(table, &c->flow);
}

static void open_td(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    (void)tag;
    c->list = MAILSUB__HTML_NO_INDEX;
    mailsub__html_table *table = current_table(c);
    if (table)
        mailsub__html_table_open_cell(table, &c->flow);
}

static void open_th(mailsub__html_convert *c, const mailsub__html_token *tag)
{
    open_caption(c, tag);
    open_td(c, tag);
}

static void close_td(mailsub__html_convert *c)
{
    mailsub__html_table *table = current_table(c);
    if (table)
        mailsub__html_table_close_cell(table, &c->flow);
}

static const mailsub__html_handler handlers[MAILSUB__HTML_N_KINDS] = {
    [MAILSUB__HTML_BR] = {open_br, NULL},
    [MAILSUB__HTML_HR] = {open_hr, NULL},
    [MAILSUB__HTML_IMG] = {open_img, NULL},
    [MAILSUB__HTML_AREA] = {open_area, NULL},
    [MAILSUB__HTML_A] = {open_a, NULL},
    [MAILSUB__HTML_Q] = {open_q, close_q},
    [MAILSUB__HTML_SUP] = {open_sup, NULL},
    [MAILSUB__HTML_SUB] = {open_sub, NULL},
    [MAILSUB__HTML_BLOCKQUOTE] = {open_blockquote, NULL},
    [MAILSUB__HTML_UL] = {open_ul, gap_around_list},
    [MAILSUB__HTML_OL] = {open_ol, gap_around_list},
    [MAILSUB__HTML_LI] = {open_li, NULL},
    [MAILSUB__HTML_DD] = {open_dd, NULL},
    [MAILSUB__HTML_TABLE] = {open_table, close_table},
    [MAILSUB__HTML_CAPTION] = {open_caption, NULL},
    [MAILSUB__HTML_THEAD] = {open_caption, close_rows},
    [MAILSUB__HTML_TBODY] = {NULL, close_rows},
    [MAILSUB__HTML_TR] = {open_tr, close_rows},
    [MAILSUB__HTML_TH] = {open_th, close_td},
    [MAILSUB__HTML_TD] = {open_td, close_td},
};

const mailsub__html_handler *mailsub__html_handlers_find(const mailsub__html_element *element)
{
    return &handlers[element->kind];
}
