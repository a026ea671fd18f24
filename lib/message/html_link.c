/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Targets of links. They are shown as "text <https://example.org/>": angle brackets are what RFC
 * 3986 appendix C recommends for a URI in plain text, and unlike parentheses they cannot be a part
 * of it, so that a mail reader finds its end.
 *
 * Not handled: <base href>, and with it relative references, which name nothing in a message.
 */
#include "message/html_link.h"

#include "codec/utf8.h"
#include "message/html_entities.h"

enum { MAX_SCHEME = 32 };

/* The octets of the scheme of a URI, its colon included; 0 for a relative reference. */
static size_t scheme_len(mailsub__slice uri)
{
    size_t len = 0;
    for (; len < uri.len && len < MAX_SCHEME && uri.ptr[len] != ':'; len++) {
        char c = uri.ptr[len];
        bool is_allowed = mailsub__ascii_is_alpha(c) ||
                          (len > 0 && (mailsub__ascii_is_digit(c) || memchr("+-.", c, 3) != NULL));
        if (!is_allowed)
            return 0;
    }
    return len > 0 && len < uri.len && uri.ptr[len] == ':' ? len + 1 : 0;
}

static mailsub__slice from(mailsub__slice text, size_t at)
{
    return mailsub__slice_of(text.ptr + at, text.len - at);
}

static bool has_scheme(mailsub__slice uri, const char *scheme)
{
    mailsub__slice wanted = mailsub__slice_str(scheme);
    return uri.len >= wanted.len &&
           mailsub__slice_equal_nocase(mailsub__slice_of(uri.ptr, wanted.len), wanted);
}

/* Schemes that lead into the page, the message or the reader's machine. */
static bool is_shown_scheme(mailsub__slice uri)
{
    static const char *const hidden[] = {"about:", "blob:",     "cid:",
                                         "data:",  "file:",     "javascript:",
                                         "mid:",   "vbscript:", "x-apple-data-detectors:"};
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        if (has_scheme(uri, hidden[i]))
            return false;
    }
    return true;
}

/* Blanks, controls, brackets, and characters that are not seen or turn the text around. */
static bool is_unsafe(uint32_t c)
{
    return c == ' ' || c == '<' || c == '>' || c == '"' || c == 0xa0 || c == 0xad || c == 0x034f ||
           c == 0x061c || (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f) ||
           (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff;
}

static void append_character(mailsub__buffer *out, uint32_t c)
{
    static const char hex[] = "0123456789ABCDEF";
    char octets[4];
    if (c < ' ' || (c >= 0x7f && c <= 0x9f))
        return; /* browsers remove tabs and line ends from URLs too */
    size_t len = mailsub__utf8_encode(c, octets);
    if (!is_unsafe(c)) {
        mailsub__buffer_append(out, octets, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char octet = (unsigned char)octets[i];
        const char escaped[] = {'%', hex[octet >> 4], hex[octet & 15]};
        mailsub__buffer_append(out, escaped, sizeof escaped);
    }
}

static mailsub__slice trim(mailsub__slice text)
{
    while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ')
        text = from(text, 1);
    while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}

static void decode_href(mailsub__slice href, mailsub__buffer *out)
{
    for (href = trim(href); href.len > 0;) {
        uint32_t c;
        size_t taken = 0;
        if (href.ptr[0] == '&')
            taken = mailsub__html_entities_decode(href, true, &c);
        if (taken == 0)
            taken = mailsub__utf8_decode(href, &c);
        append_character(out, c);
        href = from(href, taken);
    }
}

/* Is there a host behind "https://"? Templates often leave only that. */
static bool has_host(mailsub__slice uri)
{
    size_t at = scheme_len(uri);
    while (at < uri.len && uri.ptr[at] == '/')
        at++;
    if (at == uri.len)
        return false;
    char c = uri.ptr[at];
    return (unsigned char)c >= 0x80 || mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) ||
           c == '[' || c == '%';
}

/* "mailto:a@b" is shown as the address; with a subject and the like it is shown whole. */
static mailsub__slice shown_mailto(mailsub__slice uri)
{
    mailsub__slice address = from(uri, strlen("mailto:"));
    if (address.len == 0 || address.ptr[0] == '?')
        return MAILSUB__SLICE_EMPTY;
    return memchr(address.ptr, '?', address.len) ? uri : address;
}

static mailsub__slice shown_part(mailsub__slice uri)
{
    size_t len = scheme_len(uri);
    if (len == 0 || len == uri.len || !is_shown_scheme(uri))
        return MAILSUB__SLICE_EMPTY;
    if (has_scheme(uri, "mailto:"))
        return shown_mailto(uri);
    if ((has_scheme(uri, "http:") || has_scheme(uri, "https:")) && !has_host(uri))
        return MAILSUB__SLICE_EMPTY;
    return uri;
}

int mailsub__html_link_target(mailsub__slice href, mailsub__buffer *out_target)
{
    mailsub__buffer_reset(out_target);
    decode_href(href, out_target);
    if (out_target->error)
        return out_target->error;
    mailsub__slice uri = mailsub__buffer_slice(out_target);
    mailsub__slice shown = shown_part(uri);
    if (shown.len == 0)
        mailsub__buffer_reset(out_target);
    else
        mailsub__buffer_consume(out_target, (size_t)(shown.ptr - uri.ptr));
    return MAILSUB_OK;
}

static mailsub__slice without_scheme(mailsub__slice uri)
{
    static const char *const schemes[] = {"https://", "http://", "mailto:", "tel:"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (has_scheme(uri, schemes[i]))
            return from(uri, strlen(schemes[i]));
    }
    return uri;
}

/* The host's letters mean the same in either case, those of a path may not. */
static bool is_same_uri(mailsub__slice a, mailsub__slice b)
{
    if (a.len > 0 && a.ptr[a.len - 1] == '/')
        a.len--;
    if (b.len > 0 && b.ptr[b.len - 1] == '/')
        b.len--;
    if (a.len == 0 || a.len != b.len)
        return false;
    const char *slash = memchr(a.ptr, '/', a.len);
    size_t host_len = slash ? (size_t)(slash - a.ptr) : a.len;
    return mailsub__slice_equal_nocase(mailsub__slice_of(a.ptr, host_len),
                                       mailsub__slice_of(b.ptr, host_len)) &&
           memcmp(a.ptr + host_len, b.ptr + host_len, a.len - host_len) == 0;
}

static size_t next_digit(mailsub__slice text, size_t at)
{
    while (at < text.len && !mailsub__ascii_is_digit(text.ptr[at]))
        at++;
    return at;
}

/* Telephone numbers are equal when their digits are. */
static bool has_same_digits(mailsub__slice a, mailsub__slice b)
{
    size_t i = next_digit(a, 0);
    size_t j = next_digit(b, 0);
    while (i < a.len && j < b.len && a.ptr[i] == b.ptr[j]) {
        i = next_digit(a, i + 1);
        j = next_digit(b, j + 1);
    }
    return i == a.len && j == b.len;
}

bool mailsub__html_link_is_said(mailsub__slice text, mailsub__slice target)
{
    mailsub__slice shown = without_scheme(target);
    if (has_scheme(target, "tel:"))
        return has_same_digits(text, shown);
    if (has_scheme(target, "mailto:")) {
        const char *query = memchr(shown.ptr, '?', shown.len);
        if (query)
            shown.len = (size_t)(query - shown.ptr);
    }
    return is_same_uri(without_scheme(text), shown);
}
