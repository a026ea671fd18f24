/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line that ends in a space goes on in the next one; it is cut behind a space, so that nothing is
 * lost when a reader joins them. A word that is longer than a line stays whole. Lines are stuffed
 * with a space in front (RFC 3676 section 4.4) where a reader or a relay would misread them.
 */
#include "message/flowed.h"

enum { AIM = 72, LEAST = 24 }; /* RFC 3676 section 4.2: below 79; room for a few quotations */

static mailsub__slice skip(mailsub__slice text, size_t n)
{
    return mailsub__slice_of(text.ptr + n, text.len - n);
}

static bool begins(mailsub__slice text, const char *with)
{
    size_t n = strlen(with);
    return text.len >= n && memcmp(text.ptr, with, n) == 0;
}

/* Take the next line, without its end: CRLF, CR or LF. */
static mailsub__slice next_line(mailsub__slice *rest)
{
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != '\r' && rest->ptr[n] != '\n')
        n++;
    mailsub__slice line = mailsub__slice_of(rest->ptr, n);
    *rest = skip(*rest, n);
    if (rest->len > 0)
        *rest = skip(*rest, begins(*rest, "\r\n") ? 2 : 1);
    return line;
}

static void put_line(mailsub__buffer *out, mailsub__slice quotes, mailsub__slice content)
{
    bool stuff = quotes.len > 0 ? content.len > 0
                                : begins(content, " ") || begins(content, ".") ||
                                      begins(content, ">") || begins(content, "From ");
    mailsub__buffer_append_slice(out, quotes);
    if (stuff)
        mailsub__buffer_append_char(out, ' ');
    mailsub__buffer_append_slice(out, content);
    mailsub__buffer_append(out, "\r\n", 2);
}

/* Octets of content for a line that flows on; 0: what is left fits, or cannot be cut. */
static size_t cut(mailsub__slice content, size_t room)
{
    if (content.len <= room)
        return 0;
    size_t n = room;
    while (n > 0 && content.ptr[n - 1] != ' ')
        n--;
    /* "-- " alone would be taken for the line above a signature (RFC 3676 section 4.3). */
    if (n == 0 || (n == 3 && begins(content, "-- "))) {
        const char *space = memchr(content.ptr + room, ' ', content.len - room);
        n = space ? (size_t)(space - content.ptr) + 1 : 0;
    }
    return n < content.len ? n : 0;
}

static void put_paragraph(mailsub__buffer *out, mailsub__slice quotes, mailsub__slice content)
{
    size_t room = quotes.len + LEAST < AIM ? AIM - quotes.len : LEAST;
    if (!mailsub__slice_equal(content, mailsub__slice_str("-- "))) {
        while (content.len > 0 && content.ptr[content.len - 1] == ' ')
            content.len--;
    }
    for (size_t n = cut(content, room); n > 0; n = cut(content, room)) {
        put_line(out, quotes, mailsub__slice_of(content.ptr, n));
        content = skip(content, n);
    }
    put_line(out, quotes, content);
}

int mailsub__flowed_append(mailsub__buffer *out, mailsub__slice text)
{
    while (text.len > 0) {
        mailsub__slice line = next_line(&text);
        size_t depth = 0;
        while (depth < line.len && line.ptr[depth] == '>')
            depth++;
        mailsub__slice content = skip(line, depth);
        if (depth > 0 && begins(content, " "))
            content = skip(content, 1); /* it stands for the stuffing that every quoted line gets */
        put_paragraph(out, mailsub__slice_of(line.ptr, depth), content);
    }
    return out->error;
}
