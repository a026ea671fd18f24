/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/host.h"

#include <mailsub/error.h>

#include "codec/domain.h"
#include "codec/utf8.h"

static bool is_dot(char c)
{
    return c == '.';
}

bool mailsub__host_fold(mailsub__slice text, mailsub__host *out)
{
    if (text.len > 0 && is_dot(text.ptr[text.len - 1]))
        text.len--;
    if (text.len == 0 || text.len > 4 * MAILSUB_MAX_DOMAIN)
        return false;
    if (mailsub__utf8_is_valid(text) && mailsub__domain_to_ascii(text, out->text) == MAILSUB_OK) {
        out->len = strlen(out->text);
        return true;
    }
    if (text.len > MAILSUB_MAX_DOMAIN)
        return false;
    for (size_t i = 0; i < text.len; i++)
        out->text[i] = mailsub__ascii_lower(text.ptr[i]);
    out->text[text.len] = '\0';
    out->len = text.len;
    return true;
}

mailsub__slice mailsub__host_bare(mailsub__slice host)
{
    static const char www[] = "www.";
    const size_t n = sizeof www - 1;
    if (host.len > n && memcmp(host.ptr, www, n) == 0)
        return mailsub__slice_of(host.ptr + n, host.len - n);
    return host;
}

/* host is name, or below it. */
static bool is_within(mailsub__slice host, mailsub__slice name)
{
    if (host.len < name.len || name.len == 0)
        return false;
    size_t front = host.len - name.len;
    return memcmp(host.ptr + front, name.ptr, name.len) == 0 &&
           (front == 0 || is_dot(host.ptr[front - 1]));
}

/* The last n labels; empty when there are fewer. */
static mailsub__slice last_labels(mailsub__slice host, size_t n)
{
    size_t at = host.len;
    while (at > 0) {
        if (is_dot(host.ptr[at - 1]) && --n == 0)
            return mailsub__slice_of(host.ptr + at, host.len - at);
        at--;
    }
    return n == 1 ? host : MAILSUB__SLICE_EMPTY;
}

/* "co.uk", "com.au", "ac.at": nobody's own. */
static bool is_public_suffix(mailsub__slice two_labels)
{
    enum { COUNTRY = 2, LONGEST = 3 };
    const char *dot = memchr(two_labels.ptr, '.', two_labels.len);
    if (!dot)
        return true;
    size_t first = (size_t)(dot - two_labels.ptr);
    size_t last = two_labels.len - first - 1;
    return last == COUNTRY && first <= LONGEST;
}

bool mailsub__host_related(mailsub__slice a, mailsub__slice b)
{
    a = mailsub__host_bare(a);
    b = mailsub__host_bare(b);
    if (is_within(a, b) || is_within(b, a))
        return true;
    mailsub__slice owner = last_labels(a, 2);
    if (is_public_suffix(owner))
        owner = last_labels(a, 3);
    return owner.len > 0 && is_within(b, owner);
}

bool mailsub__host_is_local(mailsub__slice host)
{
    /* RFC 2606, RFC 6762, RFC 8375, RFC 9476, and what hosts without a name are called. */
    static const char *const last[] = {"localhost", "localdomain", "local",     "lan",
                                       "home",      "internal",    "intranet",  "private",
                                       "corp",      "invalid",     "home.arpa", "alt"};
    if (!memchr(host.ptr, '.', host.len))
        return true;
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        if (is_within(host, mailsub__slice_str(last[i])))
            return true;
    }
    return false;
}

bool mailsub__host_is_likely(mailsub__slice host)
{
    /* None that also ends the names of files: no "sh", "pl", "md", "py", "rs", "zip". */
    static const char *const last[] = {"com", "org", "net", "edu", "gov", "info", "biz", "eu",
                                       "de",  "at",  "ch",  "fr",  "uk",  "nl",   "be",  "it",
                                       "es",  "pt",  "se",  "dk",  "no",  "fi",   "cz",  "us",
                                       "ca",  "au",  "jp",  "cn",  "ru",  "br",   "io",  "app"};
    if (!memchr(host.ptr, '.', host.len) || host.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];
        if (c < 0x80 && !mailsub__ascii_is_alpha((char)c) && !mailsub__ascii_is_digit((char)c) &&
            c != '-' && c != '.')
            return false;
    }
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) {
        if (is_within(host, mailsub__slice_str(last[i])))
            return true;
    }
    return false;
}
