/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Takes the header of a message that somebody else wrote apart into its fields, leniently: bare LF
 * line ends, white space before the colon, lines of white space within a folded field, a line of a
 * mailbox file ("From ") in front, no empty line behind (RFC 5322 sections 2.2 and 4.5).
 *
 * A line ends with LF, whether or not a CR stands before it. A bare CR is a line end only in a text
 * whose very first line ends with one; in all others it is part of the field, so that a CR that
 * somebody put into a Subject begins no field of its own.
 */
#ifndef MAILSUB_MESSAGE_HEADER_SCAN_H
#define MAILSUB_MESSAGE_HEADER_SCAN_H

#include "base/buffer.h"

typedef struct mailsub__header_scan {
    mailsub__slice rest;
    bool cr_ends_line;
} mailsub__header_scan;

typedef struct mailsub__header_field {
    mailsub__slice name;  /* without white space */
    mailsub__slice text;  /* all of the field's lines with their line ends */
    mailsub__slice value; /* what stands behind the colon, line ends too */
} mailsub__header_field;

/*
 * Find the header at the front of text: *out_scan gets it, without a "From " line, and *out_body_at
 * where the body begins, behind the empty line. False when that shows only in what comes behind
 * text; is_whole says that nothing does.
 */
bool mailsub__header_scan_find(mailsub__slice text, bool is_whole, mailsub__header_scan *out_scan,
                               size_t *out_body_at);

/* The next field; false behind the last one. */
bool mailsub__header_scan_next(mailsub__header_scan *scan, mailsub__header_field *out);

/* Take a line from the front of *rest without its line end; *out_end is that. False: no more. */
bool mailsub__header_scan_line(const mailsub__header_scan *scan, mailsub__slice *rest,
                               mailsub__slice *out_line, mailsub__slice *out_end);

/*
 * Append the value on one line: line ends taken out, each control character save for the tab made a
 * space, no white space in front and behind.
 */
int mailsub__header_scan_unfold(const mailsub__header_scan *scan, mailsub__slice value,
                                mailsub__buffer *out);

#endif
