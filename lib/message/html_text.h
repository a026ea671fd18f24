/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plain text that says what an HTML mail says: the text/plain part of a multipart/alternative
 * when the application gives only HTML.
 *
 *  - Paragraphs, headings, lists, quotes ("> ") and tables become lines. Lines are not wrapped: the
 *    source's line ends mean nothing, the reader's window is not known, and a long line is the
 *    transfer encoding's matter (RFC 2045) or that of format=flowed (RFC 3676).
 *  - A link is its text and, unless that says the same, its target in angle brackets. A link that
 *    is nothing but a picture without alternative text is its target.
 *  - A picture is its alternative text; tracking pixels vanish.
 *  - What is not seen is dropped: comments, those for Outlook too, style, script, title, and what
 *    is hidden by attribute or inline style. aria-hidden stays, for it hides nothing from the eye.
 *  - Bold, italics and colours have no counterpart and are dropped. Raised and lowered digits
 *    become characters, for they change what a number says.
 */
#ifndef MAILSUB_MESSAGE_HTML_TEXT_H
#define MAILSUB_MESSAGE_HTML_TEXT_H

#include "base/buffer.h"

/*
 * Nothing is too deeply nested; but beyond so many open elements, those deeper only begin and end
 * lines, and beyond the prefix of html_flow.h, lists and quotes are not indented further.
 */
enum { MAILSUB__HTML_MAX_DEPTH = 256 };

/*
 * Append the text version of html to out_text. Any octets that are UTF-8 are taken, well-formed
 * HTML or not; what is read is what browsers read (HTML Living Standard section 13.2). The result
 * is UTF-8 with LF line ends, the last line's too, without other controls, without blanks at the
 * ends of lines, without a blank line at either end, and, outside of pre, never two in a row; or
 * empty.
 *
 * Time is linear in html. The result takes at most 16 octets for each of html; the memory for it
 * and for the work, all from out_text's allocator, at most 64 for each and 128 KiB. Mail of the
 * usual kind needs far less. Errors, out_text as it was: MAILSUB_E_UTF8, MAILSUB_E_NOMEM,
 * MAILSUB_E_LIMIT the result does not fit out_text's maximum, or an earlier error of out_text.
 */
int mailsub__html_text(mailsub__slice html, mailsub__buffer *out_text);

#endif
