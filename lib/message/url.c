/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host is what a browser would connect to, whatever stands around it: behind a user name
 * ("https://bank.example@evil.example/"), percent-encoded, with backslashes for slashes.
 */
#include "message/url.h"

#include <stdint.h>

static mailsub__slice from(mailsub__slice text, size_t at)
{
    return mailsub__slice_of(text.ptr + at, text.len - at);
}

static bool begins(mailsub__slice text, mailsub__slice with)
{
    return text.len >= with.len &&
           mailsub__slice_equal_nocase(mailsub__slice_of(text.ptr, with.len), with);
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* What stands behind the scheme and its slashes. False: another scheme. */
static bool take_scheme(mailsub__slice *url, enum mailsub__url_scheme *out)
{
    static const struct {
        const char *text;
        enum mailsub__url_scheme scheme;
    } schemes[] = {{"https:", MAILSUB__URL_HTTPS}, {"http:", MAILSUB__URL_HTTP}};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        mailsub__slice scheme = mailsub__slice_str(schemes[i].text);
        if (!begins(*url, scheme))
            continue;
        size_t at = scheme.len;
        while (at < url->len && is_slash(url->ptr[at]))
            at++;
        *out = schemes[i].scheme;
        *url = from(*url, at);
        return at > scheme.len;
    }
    *out = MAILSUB__URL_BARE;
    return begins(*url, mailsub__slice_str("www.")) || !memchr(url->ptr, ':', url->len);
}

static int hex_value(char c)
{
    if (mailsub__ascii_is_digit(c))
        return c - '0';
    c = mailsub__ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-encoding undone; the octets in out. */
static size_t decode(mailsub__slice text, char *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len && n < room; i++) {
        int high = i + 2 < text.len && text.ptr[i] == '%' ? hex_value(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
        if (low >= 0) {
            out[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[n++] = text.ptr[i];
        }
    }
    return n;
}

/* The host within an authority: no user in front, no port behind. */
static mailsub__slice host_of(mailsub__slice authority)
{
    const char *at = memrchr(authority.ptr, '@', authority.len);
    if (at)
        authority = from(authority, (size_t)(at - authority.ptr) + 1);
    if (authority.len > 0 && authority.ptr[0] == '[') {
        const char *end = memchr(authority.ptr, ']', authority.len);
        return end ? mailsub__slice_of(authority.ptr, (size_t)(end - authority.ptr) + 1)
                   : MAILSUB__SLICE_EMPTY;
    }
    const char *colon = memchr(authority.ptr, ':', authority.len);
    return colon ? mailsub__slice_of(authority.ptr, (size_t)(colon - authority.ptr)) : authority;
}

bool mailsub__url_parse_link(mailsub__slice url, mailsub__url_parts *out)
{
    enum { LONGEST_AUTHORITY = 2048 };
    enum mailsub__url_scheme scheme;
    if (!take_scheme(&url, &scheme))
        return false;
    size_t n = 0;
    while (n < url.len && n <= LONGEST_AUTHORITY && !is_slash(url.ptr[n]) && url.ptr[n] != '?' &&
           url.ptr[n] != '#')
        n++;
    if (n == 0 || n > LONGEST_AUTHORITY)
        return false;
    mailsub__slice encoded = host_of(mailsub__slice_of(url.ptr, n));
    char host[4 * MAILSUB_MAX_DOMAIN];
    size_t len = decode(encoded, host, sizeof host);
    if (!mailsub__host_fold(mailsub__slice_of(host, len), &out->host))
        return false;
    out->scheme = scheme;
    out->has_path = url.len > n + 1;
    return true;
}

/*
 * What an octet means in a text: END is never part of a URL, MARK is not at its end ("see
 * https://example.org/.").
 */
enum { END = 1, MARK = 2 };

static const uint8_t classes[256] = {
    ['\0'] = END, END,          END,           END,          END,          END,
    END,          END,          END,           END,          END,          END,
    END,          END,          END,           END,          END,          END,
    END,          END,          END,           END,          END,          END,
    END,          END,          END,           END,          END,          END,
    END,          END,          [' '] = END,   ['<'] = END,  ['>'] = END,  ['"'] = END,
    ['`'] = END,  ['{'] = END,  ['}'] = END,   ['|'] = END,  ['^'] = END,  ['('] = END,
    [')'] = END,  [0x7f] = END, ['.'] = MARK,  [','] = MARK, [';'] = MARK, [':'] = MARK,
    ['!'] = MARK, ['?'] = MARK, ['\''] = MARK, ['*'] = MARK, ['_'] = MARK, ['['] = MARK,
    [']'] = MARK,
};

static bool ends_word(char c)
{
    return classes[(unsigned char)c] == END;
}

static bool is_mark(char c)
{
    return classes[(unsigned char)c] == MARK;
}

bool mailsub__url_next_word(mailsub__url_words *words, mailsub__slice *out_word)
{
    mailsub__slice rest = words->rest;
    size_t start = 0;
    while (start < rest.len && ends_word(rest.ptr[start]))
        start++;
    size_t end = start;
    while (end < rest.len && !ends_word(rest.ptr[end]))
        end++;
    words->rest = from(rest, end);
    if (start == end)
        return false;
    size_t last = end;
    while (last > start && is_mark(rest.ptr[last - 1]))
        last--;
    while (start < last && is_mark(rest.ptr[start]))
        start++;
    *out_word = mailsub__slice_of(rest.ptr + start, last - start);
    return true;
}

bool mailsub__url_is_link(mailsub__slice word)
{
    if (word.len < 5)
        return false;
    char c = mailsub__ascii_lower(word.ptr[0]);
    if (c == 'h')
        return begins(word, mailsub__slice_str("http://")) ||
               begins(word, mailsub__slice_str("https://"));
    return c == 'w' && begins(word, mailsub__slice_str("www."));
}
