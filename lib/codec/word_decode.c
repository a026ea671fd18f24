/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RFC 2047 section 2: =?charset?encoding?text?=, and the language tag of RFC 2231 section 5, which
 * is read over. More characters than the RFC allows are taken in Q, for senders are careless.
 * Not handled: other charsets, which would need the tables of the C library.
 */
#include "codec/word_decode.h"

#include "codec/base64.h"

enum charset { CHARSET_OTHER, CHARSET_ASCII, CHARSET_UTF8, CHARSET_LATIN1 };

/* Octets from the front of text up to c, which may not be the first; 0: a space comes before. */
static size_t part_len(mailsub__slice text, char c)
{
    for (size_t i = 0; i < text.len && text.ptr[i] > ' '; i++) {
        if (text.ptr[i] == c)
            return i;
    }
    return 0;
}

static mailsub__slice behind(mailsub__slice text, size_t n)
{
    return mailsub__slice_of(text.ptr + n, text.len - n);
}

struct parts {
    mailsub__slice charset;
    char encoding; /* 'b' or 'q' */
    mailsub__slice text;
    size_t len; /* of the whole word */
};

static bool take_apart(mailsub__slice word, struct parts *out)
{
    if (word.len < 2 || word.ptr[0] != '=' || word.ptr[1] != '?')
        return false;
    mailsub__slice rest = behind(word, 2);
    out->charset = mailsub__slice_of(rest.ptr, part_len(rest, '?'));
    if (out->charset.len == 0)
        return false;
    rest = behind(rest, out->charset.len + 1);
    if (rest.len < 2 || rest.ptr[1] != '?')
        return false;
    out->encoding = mailsub__ascii_lower(rest.ptr[0]);
    if (out->encoding != 'b' && out->encoding != 'q')
        return false;
    rest = behind(rest, 2);
    size_t n = part_len(rest, '?');
    if (n + 1 >= rest.len || rest.ptr[n] != '?' || rest.ptr[n + 1] != '=')
        return false;
    out->text = mailsub__slice_of(rest.ptr, n);
    out->len = (size_t)(rest.ptr - word.ptr) + n + 2;
    return true;
}

size_t mailsub__word_decode_len(mailsub__slice text)
{
    struct parts parts;
    return take_apart(text, &parts) ? parts.len : 0;
}

static enum charset charset_of(mailsub__slice name)
{
    static const struct {
        const char *name;
        enum charset charset;
    } rows[] = {
        {"utf-8", CHARSET_UTF8},
        {"utf8", CHARSET_UTF8},
        {"us-ascii", CHARSET_ASCII},
        {"iso-8859-1", CHARSET_LATIN1},
    };
    const char *language = memchr(name.ptr, '*', name.len);
    if (language)
        name.len = (size_t)(language - name.ptr);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(rows[i].name)))
            return rows[i].charset;
    }
    return CHARSET_OTHER;
}

static int digit_of(char c)
{
    if (mailsub__ascii_is_digit(c))
        return c - '0';
    c = mailsub__ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int append_q(mailsub__buffer *out, mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '_') {
            c = ' ';
        } else if (c == '=') {
            int high = i + 2 < text.len ? digit_of(text.ptr[i + 1]) : -1;
            int low = high >= 0 ? digit_of(text.ptr[i + 2]) : -1;
            if (low < 0)
                return MAILSUB_E_HEADER_VALUE;
            c = (char)(high << 4 | low);
            i += 2;
        }
        mailsub__buffer_append_char(out, c);
    }
    return out->error;
}

/* Make UTF-8 of the last n octets; from the end on, for they become more. */
static int widen_latin1(mailsub__buffer *out, size_t n)
{
    char *at = out->block + out->start + out->len - n;
    size_t n_wide = 0;
    for (size_t i = 0; i < n; i++)
        n_wide += (unsigned char)at[i] >= 0x80;
    char *room;
    int rc = mailsub__buffer_reserve(out, n_wide, &room);
    if (rc)
        return rc;
    char *from = room;
    char *to = room + n_wide;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)*--from;
        if (c >= 0x80) {
            *--to = (char)(0x80 | (c & 0x3f));
            *--to = (char)(0xc0 | c >> 6);
        } else {
            *--to = (char)c;
        }
    }
    mailsub__buffer_commit(out, n_wide);
    return MAILSUB_OK;
}

static int convert(mailsub__buffer *out, size_t n, enum charset charset)
{
    if (charset == CHARSET_LATIN1 && n > 0)
        return widen_latin1(out, n);
    mailsub__slice text = mailsub__buffer_slice(out);
    for (size_t i = text.len - n; charset == CHARSET_ASCII && i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80)
            return MAILSUB_E_HEADER_VALUE;
    }
    return MAILSUB_OK;
}

int mailsub__word_decode_append(mailsub__buffer *out, mailsub__slice word)
{
    struct parts parts;
    if (!take_apart(word, &parts) || parts.len != word.len)
        return MAILSUB_E_HEADER_VALUE;
    enum charset charset = charset_of(parts.charset);
    if (charset == CHARSET_OTHER)
        return MAILSUB_E_HEADER_VALUE;
    size_t before = out->len;
    int rc = parts.encoding == 'q'
                 ? append_q(out, parts.text)
                 : mailsub__base64_append_decoded(out, parts.text.ptr, parts.text.len);
    if (!rc)
        rc = convert(out, out->len - before, charset);
    if (rc == MAILSUB_E_REPLY_MALFORMED) /* what base64 means for SASL */
        rc = MAILSUB_E_HEADER_VALUE;
    if (rc == MAILSUB_E_HEADER_VALUE)
        mailsub__buffer_truncate(out, before);
    return rc;
}
