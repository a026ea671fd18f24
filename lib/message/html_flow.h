/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of an HTML document as lines: takes text, breaks and prefixes in document order, and
 * settles white space. Lines are kept as records on one run of text, so that what is known only
 * later (that a line is a table cell and continues the one before, that a blank line belongs before
 * a table) changes a record and moves no text. html_render.c writes them out.
 *
 * White space. Blanks of every width and no-break spaces collapse into one space, and vanish at the
 * ends of a line; so do zero-width characters there, which only fill up the preview that a mail
 * reader shows (zero-width joiners inside a word, an emoji or a script that needs them stay). The
 * ideographic space is kept between characters and as the indent of a line. Soft hyphens and byte
 * order marks vanish everywhere, controls too.
 *
 * Errors stick: look at error when all is done.
 */
#ifndef MAILSUB_MESSAGE_HTML_FLOW_H
#define MAILSUB_MESSAGE_HTML_FLOW_H

#include <stdint.h>

#include "base/buffer.h"

/*
 * What a line begins with: segments of four bits, the outermost lowest; 0 is none, QUOTE is "> ",
 * any other value so many spaces. Beyond these sizes nothing is added, or a document that does
 * nothing but nest would grow with the square of its size.
 */
enum {
    MAILSUB__HTML_QUOTE = 15,
    MAILSUB__HTML_MAX_INDENT = 14,        /* of one segment */
    MAILSUB__HTML_MAX_PREFIX = 24,        /* columns */
    MAILSUB__HTML_MAX_PREFIX_SEGMENTS = 6 /* at most 8, for 32 bits */
};

/* How a line continues the one before it: as a cell of a layout or of data, or as more words. */
enum {
    MAILSUB__HTML_NOT_JOINED,
    MAILSUB__HTML_JOINED_CELL,
    MAILSUB__HTML_JOINED_DATA,
    MAILSUB__HTML_JOINED_WORDS
};

typedef struct mailsub__html_line {
    size_t start; /* of its text, which ends where the next line's begins; '\n' only from pre */
    uint32_t prefix;
    uint32_t next_prefix; /* of the lines that continue it: indented where this one has a bullet */
    uint32_t n_empty;     /* empty cells before it */
    uint8_t gap;          /* line ends before it if not joined: 1, or 2 for a blank line */
    uint8_t join;
} mailsub__html_line;

enum { MAILSUB__HTML_MAX_MARKER = 32 };

/* What stands before the next character only: bullets and numbers of items that just began. */
typedef struct mailsub__html_marker {
    char text[MAILSUB__HTML_MAX_MARKER];
    uint8_t len;
    uint32_t prefix; /* of the line that it will begin */
} mailsub__html_marker;

typedef struct mailsub__html_flow {
    mailsub__buffer text;
    mailsub__html_line *lines;
    size_t n_lines;
    size_t capacity;
    int error;

    size_t n_visual; /* lines that are not joined to another, and line ends in pre */
    size_t n_solid;  /* things that cannot be a part of a line: pre's line ends, items, quotes */
    size_t n_ink;    /* octets of text, blanks and link targets not counted */

    uint32_t prefix;
    mailsub__html_marker marker;

    /* What comes before the next visible character, and vanishes when there is none. */
    uint8_t gap; /* 0: on the line that is open */
    size_t n_newlines;
    size_t n_spaces;
    size_t n_wide;     /* ideographic spaces */
    bool at_boundary;  /* words must not run together here */
    size_t n_weak;     /* octets at the end of text that vanish unless a visible one follows */
    size_t mark;       /* start of the first visible character since _set_mark */
    size_t tab_at;     /* text up to here takes tab_column columns of its line */
    size_t tab_column; /* so that many tabs in one line stay linear */
} mailsub__html_flow;

#define MAILSUB__HTML_NO_MARK SIZE_MAX

void mailsub__html_flow_init(mailsub__html_flow *flow, const mailsub_allocator *allocator);
void mailsub__html_flow_deinit(mailsub__html_flow *flow);

/* Text as it stands in the source. state: MAILSUB__HTML_IS_PRE, _SUP and _SUB count. */
void mailsub__html_flow_text(mailsub__html_flow *flow, mailsub__slice text, unsigned state,
                             bool in_attribute);
/* Printable ASCII, directly behind what is visible, or in front of what will be. */
void mailsub__html_flow_literal(mailsub__html_flow *flow, const char *text);
/* A link's target, behind the last visible character, as " <target>"; or bare, on its own. */
void mailsub__html_flow_target(mailsub__html_flow *flow, mailsub__slice target);
void mailsub__html_flow_bare_target(mailsub__html_flow *flow, mailsub__slice target);

/* What comes next stands on a line of its own: size 1; behind a blank line: 2. */
void mailsub__html_flow_gap(mailsub__html_flow *flow, unsigned size);
void mailsub__html_flow_break(mailsub__html_flow *flow, unsigned state);
/* Put a space between what is there and what comes next, if both are words. */
void mailsub__html_flow_boundary(mailsub__html_flow *flow);

/* Lines from here on are indented or quoted deeper. To end that, put prefix and marker.len back. */
void mailsub__html_flow_indent(mailsub__html_flow *flow, unsigned n_columns);
void mailsub__html_flow_quote(mailsub__html_flow *flow);
/* Likewise; the first line begins with the marker instead. */
void mailsub__html_flow_mark_item(mailsub__html_flow *flow, mailsub__slice marker);

/* Remember where the next visible character will stand, in mark. */
static inline void mailsub__html_flow_set_mark(mailsub__html_flow *flow)
{
    flow->mark = MAILSUB__HTML_NO_MARK;
}

/* Segment i of a prefix; 0 behind the last one. */
static inline unsigned mailsub__html_prefix_segment(uint32_t prefix, unsigned i)
{
    return i < MAILSUB__HTML_MAX_PREFIX_SEGMENTS ? prefix >> 4 * i & 0xfu : 0;
}

#endif
