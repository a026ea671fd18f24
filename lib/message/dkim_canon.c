/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The body, in both forms, is what comes in without its empty lines at the end; so line ends are
 * counted and held back until something stands behind them. In the relaxed form white space is
 * held back too. A CR or LF that stands alone, which only binary content has, is like any other
 * octet.
 */
#include "message/dkim_canon.h"

#include <string.h>

#include <mailsub/dkim.h>

#include "codec/octets.h"

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * Sixteen octets at once, as long as each stays as it is in a relaxed field or body: all but control
 * characters, and spaces with another or such a one behind them. That one is looked at, too.
 */
static const char *skip_plain(const char *at, const char *end)
{
    while (end - at > MAILSUB__OCTETS) {
        uint32_t marks = mailsub__octets_loose(at);
        if (marks != 0)
            return at + __builtin_ctz(marks);
        at += MAILSUB__OCTETS;
    }
    return at;
}

/* Name in small letters; value unfolded, runs of white space one space, none at either end. */
static int relax_field(mailsub__slice field, mailsub__buffer *out)
{
    char *room;
    int rc = mailsub__buffer_reserve(out, field.len, &room);
    if (rc)
        return rc;
    char *at = room;
    size_t i = 0;
    while (i < field.len && field.ptr[i] != ':')
        *at++ = mailsub__ascii_lower(field.ptr[i++]);
    while (at > room && is_white(at[-1]))
        at--;
    if (i < field.len)
        *at++ = field.ptr[i++];
    const char *value = at;
    const char *end = field.ptr + field.len;
    bool space = true; /* none in front of the value */
    for (const char *from = field.ptr + i; from < end; from++) {
        if (!space) {
            const char *plain = skip_plain(from, end);
            memcpy(at, from, (size_t)(plain - from));
            at += plain - from;
            from = plain;
        }
        if (is_white(*from) || *from == '\r' || *from == '\n') {
            space = true; /* behind a line end stands white space */
            continue;
        }
        if (space && at > value)
            *at++ = ' ';
        space = false;
        *at++ = *from;
    }
    mailsub__buffer_commit(out, (size_t)(at - room));
    return MAILSUB_OK;
}

int mailsub__dkim_canon_field(int form, mailsub__slice field, mailsub__buffer *out)
{
    return form == MAILSUB_DKIM_SIMPLE ? mailsub__buffer_append_slice(out, field)
                                       : relax_field(field, out);
}

void mailsub__dkim_body_init(mailsub__dkim_body *body, int form, mailsub__dkim_put_fn *put,
                             void *context)
{
    *body = (mailsub__dkim_body){.form = form, .put = put, .context = context};
}

static int put(mailsub__dkim_body *body, const char *from, const char *to)
{
    if (from == to)
        return MAILSUB_OK;
    body->has_put = true;
    return body->put(body->context, mailsub__slice_of(from, (size_t)(to - from)));
}

/* Put what is held back: something stands behind it. */
static int release(mailsub__dkim_body *body)
{
    static const char line_ends[] =
        "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
    enum { MOST = sizeof line_ends / 2 };
    int rc = MAILSUB_OK;
    while (body->n_line_ends > 0 && !rc) {
        size_t n = body->n_line_ends < MOST ? (size_t)body->n_line_ends : MOST;
        rc = put(body, line_ends, line_ends + 2 * n);
        body->n_line_ends -= n;
    }
    static const char rest[] = " \r";
    if (!rc)
        rc = put(body, rest + !body->has_space, rest + 1 + body->has_cr);
    body->has_space = false;
    body->has_cr = false;
    return rc;
}

/* Only the end of the piece can be empty lines that have to be held back. */
static int feed_simple(mailsub__dkim_body *body, const char *at, const char *end)
{
    if (body->has_cr && *at == '\n') {
        body->has_cr = false;
        body->n_line_ends++;
        at++;
    } else if (body->has_cr) {
        int rc = release(body);
        if (rc)
            return rc;
    }
    const char *tail = end;
    bool has_cr = tail > at && tail[-1] == '\r';
    uint64_t n_line_ends = 0;
    tail -= has_cr;
    for (; tail - at >= 2 && tail[-2] == '\r' && tail[-1] == '\n'; tail -= 2)
        n_line_ends++;
    int rc = tail > at ? release(body) : MAILSUB_OK;
    if (!rc)
        rc = put(body, at, tail);
    body->n_line_ends += n_line_ends;
    body->has_cr = has_cr;
    return rc;
}

/* The highest bit of each of eight octets up to the space; perhaps of one above such a one too. */
static uint64_t low_octets(uint64_t octets)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    return (octets - ones * (' ' + 1)) & ~octets & ones * 0x80;
}

static bool is_special(char c)
{
    return is_white(c) || c == '\r';
}

/* The first octet, from at on, that is white space or CR; or the end. */
static const char *find_special(const char *at, const char *end)
{
    for (;;) {
        uint64_t low = 0;
        while (end - at >= 8 && !(low = low_octets(mailsub__octets_load(at))))
            at += 8;
        if (low)
            at += __builtin_ctzll(low) / 8;
        while (at < end && !low && (unsigned char)*at > ' ')
            at++;
        if (at == end || is_special(*at))
            return at;
        at++; /* another control character */
    }
}

/*
 * The first octet that is not, or perhaps not, to be put as it is: a single space, and line ends,
 * are where something else stands behind them. at is no white space and no CR.
 */
static const char *skip_clean(const char *at, const char *end)
{
    for (;;) {
        const char *special = find_special(skip_plain(at, end), end);
        at = special;
        if (at < end && *at == ' ')
            at++;
        else
            while (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
                at += 2;
        if (at == special || at == end || is_special(*at))
            return special;
    }
}

/* Take one octet that is white space or CR, or stands behind such. */
static int hold(mailsub__dkim_body *body, char c)
{
    if (body->has_cr && c == '\n') {
        body->has_cr = false;
        body->has_space = false; /* none at the end of a line */
        body->n_line_ends++;
        return MAILSUB_OK;
    }
    int rc = body->has_cr ? release(body) : MAILSUB_OK;
    if (is_white(c))
        body->has_space = true;
    else
        body->has_cr = true;
    return rc;
}

static int feed_relaxed(mailsub__dkim_body *body, const char *at, const char *end)
{
    while (at < end) {
        int rc;
        if (is_special(*at) || (body->has_cr && *at == '\n')) {
            rc = hold(body, *at++);
        } else {
            const char *clean = skip_clean(at, end);
            rc = release(body);
            if (!rc)
                rc = put(body, at, clean);
            at = clean;
        }
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}

int mailsub__dkim_body_feed(mailsub__dkim_body *body, const char *data, size_t len)
{
    if (len == 0)
        return MAILSUB_OK;
    return body->form == MAILSUB_DKIM_SIMPLE ? feed_simple(body, data, data + len)
                                             : feed_relaxed(body, data, data + len);
}

/* Without white space both forms are one, but for white space that is held back. */
int mailsub__dkim_body_feed_solid(mailsub__dkim_body *body, const char *data, size_t len)
{
    if (len == 0 || body->has_space)
        return mailsub__dkim_body_feed(body, data, len);
    return feed_simple(body, data, data + len);
}

/*
 * One line end closes the body, unless it is relaxed and nothing is in it (RFC 6376 sections 3.4.3
 * and 3.4.4).
 */
int mailsub__dkim_body_finish(mailsub__dkim_body *body)
{
    int rc = MAILSUB_OK;
    if (body->has_cr)
        rc = release(body);
    static const char line_end[] = "\r\n";
    if (!rc && (body->has_put || body->form == MAILSUB_DKIM_SIMPLE))
        rc = put(body, line_end, line_end + 2);
    return rc;
}
