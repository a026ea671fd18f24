/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/html_table.h"

enum {
    LONG_CELL = 120, /* octets: longer texts side by side would be read as one */
    MAX_FLAT_LINES = 4
};

static mailsub__html_extent here(const mailsub__html_flow *flow)
{
    return (mailsub__html_extent){flow->n_lines, flow->n_visual, flow->n_solid, flow->n_ink};
}

static size_t lines_since(const mailsub__html_flow *flow, mailsub__html_extent start)
{
    return flow->n_lines - start.line;
}

/* One line as the reader sees it, without anything that needs a line of its own. */
static bool is_one_line(const mailsub__html_flow *flow, mailsub__html_extent start)
{
    return flow->n_visual == start.n_visual + 1 && flow->n_solid == start.n_solid;
}

void mailsub__html_table_open(mailsub__html_table *table, const mailsub__html_flow *flow,
                              bool is_layout)
{
    *table = (mailsub__html_table){.is_layout = is_layout, .start = here(flow)};
}

void mailsub__html_table_set_data(mailsub__html_table *table)
{
    table->is_data = !table->is_layout;
}

void mailsub__html_table_open_row(mailsub__html_table *table, mailsub__html_flow *flow)
{
    mailsub__html_table_close_row(table, flow);
    mailsub__html_flow_gap(flow, 1);
    table->in_row = true;
    table->row = here(flow);
    table->row_gap = flow->gap;
    table->is_joinable = false;
    table->n_cells = 0;
    table->n_empty = 0;
}

/* A blank line before the first line since start and before what comes next. */
static void set_apart(mailsub__html_flow *flow, mailsub__html_extent start)
{
    flow->lines[start.line].gap = 2;
    mailsub__html_flow_gap(flow, 2);
}

void mailsub__html_table_close_row(mailsub__html_table *table, mailsub__html_flow *flow)
{
    if (!table->in_row)
        return;
    mailsub__html_table_close_cell(table, flow);
    table->in_row = false;
    mailsub__html_flow_gap(flow, 1);
    size_t n_lines = lines_since(flow, table->row);
    if (n_lines == 0)
        return;
    /* Several lines that are seen as one are cells: this row's, or those of a table in its cell. */
    bool is_joined = n_lines > 1 || table->is_data;
    if (is_joined && is_one_line(flow, table->row)) {
        /* Whatever blank lines the blocks in its cells asked for. */
        flow->lines[table->row.line].gap = table->row_gap;
        flow->gap = 1;
    } else {
        set_apart(flow, table->row);
    }
}

void mailsub__html_table_open_cell(mailsub__html_table *table, mailsub__html_flow *flow)
{
    if (!table->in_row)
        mailsub__html_table_open_row(table, flow);
    mailsub__html_table_close_cell(table, flow);
    mailsub__html_flow_gap(flow, 1);
    table->in_cell = true;
    table->cell = here(flow);
}

/* May n_lines lines from first on be read as one? */
static bool can_flatten(const mailsub__html_flow *flow, size_t first, size_t n_lines)
{
    if (n_lines > MAX_FLAT_LINES)
        return false;
    for (size_t i = first + 1; i < first + n_lines; i++) {
        if (flow->lines[i].join == MAILSUB__HTML_NOT_JOINED && flow->lines[i].gap > 1)
            return false;
    }
    return true;
}

static void flatten(mailsub__html_flow *flow, size_t first, size_t n_lines)
{
    for (size_t i = first + 1; i < first + n_lines; i++) {
        if (flow->lines[i].join != MAILSUB__HTML_NOT_JOINED)
            continue;
        flow->lines[i].join = MAILSUB__HTML_JOINED_WORDS;
        flow->n_visual--;
    }
}

/* May the cell that ends now stand on a line with others? */
static bool can_join(const mailsub__html_table *table, const mailsub__html_flow *flow)
{
    if (!table->is_data)
        return is_one_line(flow, table->cell) && flow->n_ink - table->cell.n_ink <= LONG_CELL;
    return flow->n_solid == table->cell.n_solid &&
           (is_one_line(flow, table->cell) ||
            can_flatten(flow, table->cell.line, lines_since(flow, table->cell)));
}

/* Put the cell that ends now on the line of those before it. */
static void join_cell(mailsub__html_table *table, mailsub__html_flow *flow)
{
    if (!is_one_line(flow, table->cell))
        flatten(flow, table->cell.line, lines_since(flow, table->cell));
    mailsub__html_line *line = &flow->lines[table->cell.line];
    line->join = table->is_data ? MAILSUB__HTML_JOINED_DATA : MAILSUB__HTML_JOINED_CELL;
    flow->n_visual--;
    if (table->is_data) {
        line->n_empty = table->n_empty;
        flow->lines[table->run_line].n_empty = table->run_n_empty;
        if (table->run_n_lines <= MAX_FLAT_LINES)
            flatten(flow, table->run_line, table->run_n_lines);
    }
    table->run_n_lines = 0;
}

void mailsub__html_table_close_cell(mailsub__html_table *table, mailsub__html_flow *flow)
{
    if (!table->in_cell)
        return;
    table->in_cell = false;
    size_t n_lines = lines_since(flow, table->cell);
    if (n_lines == 0) {
        table->n_empty++;
        return;
    }
    bool is_joinable = can_join(table, flow);
    if (is_joinable && table->is_joinable) {
        join_cell(table, flow);
    } else {
        if (table->n_cells > 0 && !is_joinable && !table->is_joinable)
            flow->lines[table->cell.line].gap = 2;
        table->run_line = table->cell.line;
        table->run_n_lines = n_lines;
        table->run_n_empty = table->n_cells == 0 ? table->n_empty : 0;
    }
    table->is_joinable = is_joinable;
    table->n_cells++;
    table->n_empty = 0;
}

void mailsub__html_table_close(mailsub__html_table *table, mailsub__html_flow *flow)
{
    mailsub__html_table_close_row(table, flow);
    mailsub__html_flow_gap(flow, 1);
    if (flow->n_visual > table->start.n_visual + 1)
        set_apart(flow, table->start);
}
