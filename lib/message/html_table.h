/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One HTML table while it is read: which cells of a row can stand on one line, and where blank
 * lines belong. Cells are written to the flow as lines of their own first; when a cell has ended,
 * it is known whether it continues the cell before it.
 *
 * Most tables in mail lay out a page, few hold data, and nothing tells them apart for certain:
 *  - Neighbours that are one short line each are joined: "Total: 5 EUR", "Facebook | Imprint". In a
 *    table of data (it has a border, "th", "thead" or "caption", and no role "presentation") the
 *    length does not matter, a few short lines count as one, and an empty cell keeps its place.
 *  - Any other cell stands by itself.
 *  - Rows of joined cells follow one another without blank lines; a row that is a single cell, or
 *    takes several lines, is a paragraph. So is a table of several lines.
 */
#ifndef MAILSUB_MESSAGE_HTML_TABLE_H
#define MAILSUB_MESSAGE_HTML_TABLE_H

#include "message/html_flow.h"

/* Where something began in the flow, to know later what it wrote. */
typedef struct mailsub__html_extent {
    size_t line;
    size_t n_visual;
    size_t n_solid;
    size_t n_ink;
} mailsub__html_extent;

typedef struct mailsub__html_table {
    bool is_layout; /* by its role */
    bool is_data;
    bool in_row;
    bool in_cell;
    uint8_t row_gap; /* what stood before the row */
    mailsub__html_extent start;
    mailsub__html_extent row;
    mailsub__html_extent cell;
    /* The cells so far that are, or can become, one line of the row: is the last one of them? */
    bool is_joinable;
    size_t run_line;
    size_t run_n_lines;   /* those of its first cell, until another joins */
    uint32_t run_n_empty; /* likewise: empty cells before it */
    uint32_t n_cells;     /* not empty */
    uint32_t n_empty;     /* since the last that was not */
} mailsub__html_table;

void mailsub__html_table_open(mailsub__html_table *table, const mailsub__html_flow *flow,
                              bool is_layout);
/* A border, caption, head or head cell was seen. */
void mailsub__html_table_set_data(mailsub__html_table *table);
/* Rows and cells that are open are closed by the next one and by the end of what holds them. */
void mailsub__html_table_open_row(mailsub__html_table *table, mailsub__html_flow *flow);
void mailsub__html_table_close_row(mailsub__html_table *table, mailsub__html_flow *flow);
void mailsub__html_table_open_cell(mailsub__html_table *table, mailsub__html_flow *flow);
void mailsub__html_table_close_cell(mailsub__html_table *table, mailsub__html_flow *flow);
void mailsub__html_table_close(mailsub__html_table *table, mailsub__html_flow *flow);

#endif
