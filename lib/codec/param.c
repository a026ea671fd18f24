/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MIME parameters (RFC 2045 section 5.1, RFC 2231 sections 3 and 4). A value that looks like an
 * encoded word is percent-encoded too, for many readers decode such words in quoted strings
 * although RFC 2047 section 5 forbids it.
 */
#include "codec/param.h"

#include <assert.h>

#include "codec/encoded_word.h"
#include "codec/utf8.h"

enum { MAX_PART = 75 };

static const char charset[] = "UTF-8''";

/* attribute-char of RFC 2231 section 7: stands for itself in an extended value. */
static bool is_attribute_char(char c)
{
    static const bool marks[128] = {
        ['!'] = true, ['#'] = true, ['$'] = true, ['&'] = true, ['+'] = true,
        ['-'] = true, ['.'] = true, ['^'] = true, ['_'] = true, ['`'] = true,
        ['{'] = true, ['|'] = true, ['}'] = true, ['~'] = true,
    };
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) ||
           ((unsigned char)c < sizeof marks && marks[(unsigned char)c]);
}

/* A token without "%", "*" and "'", which readers of RFC 2231 stumble over outside of quotes. */
static bool is_token(mailsub__slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!is_attribute_char(value.ptr[i]))
            return false;
    }
    return value.len > 0;
}

/* Characters of value as a quoted string, or 0: it cannot be one. */
static size_t quoted_len(mailsub__slice value)
{
    size_t len = 2;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c < ' ' || c > '~')
            return 0;
        len += c == '"' || c == '\\' ? 2 : 1;
    }
    return mailsub__encoded_word_lookalike(value) ? 0 : len;
}

static char *write_quoted(mailsub__slice value, char *out)
{
    *out++ = '"';
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '"' || c == '\\')
            *out++ = '\\';
        *out++ = c;
    }
    *out++ = '"';
    return out;
}

static char *write_octets(const char *octets, size_t len, char *out)
{
    memcpy(out, octets, len);
    return out + len;
}

static int append_simple(mailsub__buffer *buffer, mailsub__slice name, mailsub__slice value,
                         size_t n_value_chars)
{
    size_t total = 2 + name.len + 1 + n_value_chars;
    char *room;
    int rc = mailsub__buffer_reserve(buffer, total, &room);
    if (rc)
        return rc;
    char *out = write_octets("; ", 2, room);
    out = write_octets(name.ptr, name.len, out);
    *out++ = '=';
    out = is_token(value) ? write_octets(value.ptr, value.len, out) : write_quoted(value, out);
    assert(out == room + total);
    mailsub__buffer_commit(buffer, (size_t)(out - room));
    return MAILSUB_OK;
}

static size_t n_digits(size_t number)
{
    size_t n = 1;
    for (; number >= 10; number /= 10)
        n++;
    return n;
}

/* One part of an extended value. */
struct part {
    size_t index;
    bool numbered; /* "name*0*=" and not "name*=" */
};

/* Characters before the octets of the part: name, number, charset. */
static size_t start_len(mailsub__slice name, struct part part)
{
    size_t len = name.len + (part.numbered ? 1 + n_digits(part.index) : 0) + 2;
    return part.index == 0 ? len + sizeof charset - 1 : len;
}

/* Octets at the front of value that go into max characters; *out_len: characters that they become.
 */
static size_t fill_part(mailsub__slice value, size_t max, size_t *out_len)
{
    size_t taken = 0;
    size_t len = 0;
    while (taken < value.len) {
        uint32_t c;
        mailsub__slice rest = {value.ptr + taken, value.len - taken};
        rest.len = mailsub__utf8_decode(rest, &c);
        size_t grown = len + (is_attribute_char(rest.ptr[0]) ? 1 : 3 * rest.len);
        if (grown > max)
            break;
        taken += rest.len;
        len = grown;
    }
    *out_len = len;
    return taken;
}

/* Length of all parts, each with the "; " before it. */
static size_t measure(mailsub__slice name, mailsub__slice value, bool numbered)
{
    size_t total = 0;
    for (struct part part = {.numbered = numbered}; value.len > 0; part.index++) {
        size_t start = start_len(name, part);
        size_t len;
        size_t taken = fill_part(value, MAX_PART - start, &len);
        total += 2 + start + len;
        value = (mailsub__slice){value.ptr + taken, value.len - taken};
    }
    return total;
}

static void append_percent(mailsub__buffer *buffer, mailsub__slice octets, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out;
    if (mailsub__buffer_reserve(buffer, len, &out) != MAILSUB_OK)
        return;
    for (size_t i = 0; i < octets.len; i++) {
        char c = octets.ptr[i];
        if (is_attribute_char(c)) {
            *out++ = c;
            continue;
        }
        *out++ = '%';
        *out++ = digits[(unsigned char)c >> 4];
        *out++ = digits[(unsigned char)c & 15];
    }
    mailsub__buffer_commit(buffer, len);
}

static void append_start(mailsub__buffer *buffer, mailsub__slice name, struct part part)
{
    mailsub__buffer_append_str(buffer, "; ");
    mailsub__buffer_append_slice(buffer, name);
    if (part.numbered) {
        mailsub__buffer_append_char(buffer, '*');
        mailsub__buffer_append_uint(buffer, part.index);
    }
    mailsub__buffer_append_str(buffer, "*=");
    if (part.index == 0)
        mailsub__buffer_append_str(buffer, charset);
}

static int append_extended(mailsub__buffer *buffer, mailsub__slice name, mailsub__slice value)
{
    size_t len;
    size_t max_alone = MAX_PART - start_len(name, (struct part){0});
    bool numbered = fill_part(value, max_alone, &len) < value.len;
    /* All or nothing: what follows cannot fail. */
    char *room;
    int rc = mailsub__buffer_reserve(buffer, measure(name, value, numbered), &room);
    if (rc)
        return rc;
    for (struct part part = {.numbered = numbered}; value.len > 0; part.index++) {
        size_t taken = fill_part(value, MAX_PART - start_len(name, part), &len);
        append_start(buffer, name, part);
        append_percent(buffer, (mailsub__slice){value.ptr, taken}, len);
        value = (mailsub__slice){value.ptr + taken, value.len - taken};
    }
    assert(buffer->error == MAILSUB_OK);
    return MAILSUB_OK;
}

int mailsub__param_append(mailsub__buffer *buffer, const char *name, mailsub__slice value)
{
    mailsub__slice name_slice = mailsub__slice_str(name);
    assert(name_slice.len <= MAILSUB__MAX_PARAM_NAME && is_token(name_slice));
    size_t len = is_token(value) ? value.len : quoted_len(value);
    if (len > 0 && name_slice.len + 1 + len <= MAX_PART)
        return append_simple(buffer, name_slice, value, len);
    return append_extended(buffer, name_slice, value);
}
