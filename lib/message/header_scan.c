/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/header_scan.h"

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

static const char *find_line_end(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\r' || text.ptr[i] == '\n')
            return text.ptr + i;
    }
    return NULL;
}

static bool first_line_ends_with_cr(mailsub__slice text)
{
    const char *end = find_line_end(text);
    return end && *end == '\r' && (end + 1 == text.ptr + text.len || end[1] != '\n');
}

bool mailsub__header_scan_line(const mailsub__header_scan *scan, mailsub__slice *rest,
                               mailsub__slice *out_line, mailsub__slice *out_end)
{
    if (rest->len == 0)
        return false;
    const char *end =
        scan->cr_ends_line ? find_line_end(*rest) : memchr(rest->ptr, '\n', rest->len);
    size_t n = end ? (size_t)(end - rest->ptr) : rest->len;
    size_t n_end = end != NULL;
    if (end && *end == '\r' && n + 1 < rest->len && end[1] == '\n')
        n_end = 2;
    if (end && *end == '\n' && n > 0 && end[-1] == '\r') {
        n--;
        n_end = 2;
    }
    *out_line = mailsub__slice_of(rest->ptr, n);
    *out_end = mailsub__slice_of(rest->ptr + n, n_end);
    *rest = mailsub__slice_of(rest->ptr + n + n_end, rest->len - n - n_end);
    return true;
}

/* Octets of the field name in front of a colon; 0: the line begins no field. */
static size_t name_len(mailsub__slice line, size_t *out_colon)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] > ' ' && line.ptr[n] <= '~' && line.ptr[n] != ':')
        n++;
    size_t colon = n;
    while (colon < line.len && is_white(line.ptr[colon]))
        colon++;
    if (colon == line.len || line.ptr[colon] != ':')
        return 0;
    *out_colon = colon;
    return n;
}

static bool begins_field(mailsub__slice line)
{
    size_t colon;
    return name_len(line, &colon) > 0;
}

static bool begins(mailsub__slice line, const char *with)
{
    size_t n = strlen(with);
    return line.len >= n && memcmp(line.ptr, with, n) == 0;
}

/* The line that mailbox files put in front of a message; "From : a@b.de" is a field. */
static bool is_mailbox_line(mailsub__slice line)
{
    return (begins(line, "From ") || begins(line, ">From ")) && !begins_field(line);
}

bool mailsub__header_scan_find(mailsub__slice text, bool is_whole, mailsub__header_scan *out_scan,
                               size_t *out_body_at)
{
    /* A CR at the very end may be half of a CRLF. */
    if (!is_whole && text.len > 0 && text.ptr[text.len - 1] == '\r')
        text.len--;
    mailsub__header_scan scan = {.rest = text, .cr_ends_line = first_line_ends_with_cr(text)};
    mailsub__slice line;
    mailsub__slice end = MAILSUB__SLICE_EMPTY;
    size_t start = 0;
    size_t here = 0;
    bool in_field = false;
    while (mailsub__header_scan_line(&scan, &scan.rest, &line, &end) && (end.len > 0 || is_whole)) {
        size_t next = here + line.len + end.len;
        if (here == start && is_mailbox_line(line)) {
            start = next;
        } else if ((in_field && line.len > 0 && is_white(line.ptr[0])) || begins_field(line)) {
            in_field = true;
        } else {
            /* The empty line; or a line that can only be body. */
            *out_body_at = line.len == 0 ? next : here;
            *out_scan = (mailsub__header_scan){mailsub__slice_of(text.ptr + start, here - start),
                                               scan.cr_ends_line};
            return true;
        }
        here = next;
    }
    if (is_whole) {
        *out_body_at = text.len;
        *out_scan = (mailsub__header_scan){mailsub__slice_of(text.ptr + start, text.len - start),
                                           scan.cr_ends_line};
    }
    return is_whole;
}

bool mailsub__header_scan_next(mailsub__header_scan *scan, mailsub__header_field *out)
{
    mailsub__slice start = scan->rest;
    mailsub__slice line;
    mailsub__slice end;
    size_t colon;
    if (!mailsub__header_scan_line(scan, &scan->rest, &line, &end))
        return false;
    size_t n = name_len(line, &colon);
    if (n == 0)
        return false;
    while (scan->rest.len > 0 && is_white(scan->rest.ptr[0]))
        mailsub__header_scan_line(scan, &scan->rest, &line, &end);
    size_t len = start.len - scan->rest.len;
    *out = (mailsub__header_field){
        .name = mailsub__slice_of(start.ptr, n),
        .text = mailsub__slice_of(start.ptr, len),
        .value = mailsub__slice_of(start.ptr + colon + 1, len - colon - 1),
    };
    return true;
}

/* One octet of a value as it is on one line. */
static char flat(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f ? ' ' : c;
}

int mailsub__header_scan_unfold(const mailsub__header_scan *scan, mailsub__slice value,
                                mailsub__buffer *out)
{
    size_t start = out->len;
    char *room;
    int rc = mailsub__buffer_reserve(out, value.len, &room);
    if (rc)
        return rc;
    char *at = room;
    mailsub__slice line;
    mailsub__slice end;
    while (mailsub__header_scan_line(scan, &value, &line, &end)) {
        for (size_t i = 0; i < line.len; i++) {
            char c = flat(line.ptr[i]);
            if (at > room || !is_white(c))
                *at++ = c;
        }
    }
    mailsub__buffer_commit(out, (size_t)(at - room));
    mailsub__slice whole = mailsub__buffer_slice(out);
    size_t len = whole.len;
    while (len > start && is_white(whole.ptr[len - 1]))
        len--;
    mailsub__buffer_truncate(out, len);
    return MAILSUB_OK;
}
