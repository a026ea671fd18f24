/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is kept of a reply: see reply.h. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "codec/octets.h"
#include "codec/utf8.h"
#include "smtp/reply.h"

/*
 * Characters that are valid and yet would let a server forge what a person sees: C1 controls, line
 * and paragraph separators, and those that turn the direction of writing (CVE-2021-42574 is the
 * same trick in source code).
 */
static bool is_deceptive(uint32_t c)
{
    return (c >= 0x80 && c <= 0x9f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Octets of the harmless character at the front; 0: the first octet has to go. */
static size_t printable_len(const char *text, size_t len)
{
    uint8_t lead = (uint8_t)text[0];
    if (lead < 0x80)
        return lead >= ' ' && lead != 0x7f;
    size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (wanted > len || !mailsub__utf8_is_valid(mailsub__slice_of(text, wanted)))
        return 0;
    uint32_t c;
    mailsub__utf8_decode(mailsub__slice_of(text, wanted), &c);
    return is_deceptive(c) ? 0 : wanted;
}

size_t mailsub__text_clean(char *text, size_t len)
{
    size_t out = 0;
    if (mailsub__octets_all_printable(text, len))
        return len;
    for (size_t in = 0; in < len;) {
        size_t n = printable_len(text + in, len - in);
        if (n == 0) {
            text[out++] = text[in++] == '\t' ? ' ' : '?';
            continue;
        }
        memmove(text + out, text + in, n);
        out += n;
        in += n;
    }
    return out;
}

void mailsub__reply_reset(mailsub__reply *reply)
{
    reply->code = 0;
    reply->enhanced[0] = '\0';
    reply->text[0] = '\0';
    reply->text_len = 0;
    reply->text_cut = false;
}

/* One to three digits at *at. */
static bool skip_number(mailsub__slice text, size_t *at)
{
    size_t start = *at;
    while (*at < text.len && *at - start < 3 && mailsub__ascii_is_digit(text.ptr[*at]))
        ++*at;
    return *at > start;
}

/* Length of the enhanced status at the front, class "." subject "." detail; 0: there is none. */
static size_t enhanced_len(mailsub__slice text)
{
    size_t at = 1;
    if (text.len < 5 || (text.ptr[0] != '2' && text.ptr[0] != '4' && text.ptr[0] != '5'))
        return 0;
    for (int i = 0; i < 2; i++) {
        if (at >= text.len || text.ptr[at++] != '.' || !skip_number(text, &at))
            return 0;
    }
    return at == text.len || text.ptr[at] == ' ' ? at : 0;
}

/*
 * Take the enhanced status off the front of a line. The first one counts; its class is corrected,
 * because the reply code is what the protocol goes by (RFC 2034 section 4 demands that they agree).
 * A reply 3yz has none.
 */
static mailsub__slice take_enhanced(mailsub__reply *reply, mailsub__slice text)
{
    size_t len = reply->code / 100 == 3 ? 0 : enhanced_len(text);
    if (len == 0)
        return text;
    if (reply->enhanced[0] == '\0') {
        assert(len < sizeof reply->enhanced);
        memcpy(reply->enhanced, text.ptr, len);
        reply->enhanced[0] = (char)('0' + reply->code / 100);
        reply->enhanced[len] = '\0';
    } else if (strlen(reply->enhanced) != len ||
               memcmp(reply->enhanced + 1, text.ptr + 1, len - 1) != 0) {
        return text;
    }
    size_t skip = len < text.len ? len + 1 : len;
    return mailsub__slice_of(text.ptr + skip, text.len - skip);
}

mailsub__slice mailsub__reply_strip_enhanced(int code, mailsub__slice text)
{
    size_t len = code / 100 == 3 ? 0 : enhanced_len(text);
    size_t skip = len > 0 && len < text.len ? len + 1 : len;
    return mailsub__slice_of(text.ptr + skip, text.len - skip);
}

/* Append what fits, whole characters only. */
static void append_text(mailsub__reply *reply, mailsub__slice text)
{
    static const char ellipsis[] = "...";
    size_t room = sizeof reply->text - sizeof ellipsis - reply->text_len;
    size_t len = text.len;
    if (len > room) {
        len = room;
        while (len > 0 && ((uint8_t)text.ptr[len] & 0xc0) == 0x80)
            len--;
        reply->text_cut = true;
    }
    memcpy(reply->text + reply->text_len, text.ptr, len);
    reply->text_len += len;
    if (reply->text_cut) {
        memcpy(reply->text + reply->text_len, ellipsis, sizeof ellipsis - 1);
        reply->text_len += sizeof ellipsis - 1;
    }
    reply->text[reply->text_len] = '\0';
}

void mailsub__reply_add_line(mailsub__reply *reply, int code, mailsub__slice text)
{
    reply->code = code;
    text = take_enhanced(reply, text);
    while (text.len > 0 && text.ptr[0] == ' ')
        text = mailsub__slice_of(text.ptr + 1, text.len - 1);
    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    if (text.len == 0 || reply->text_cut)
        return;
    if (reply->text_len > 0)
        append_text(reply, mailsub__slice_of(" ", 1));
    if (!reply->text_cut)
        append_text(reply, text);
}
