/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UTF-8 after the grammar of RFC 3629 section 4. Only the first continuation octet has a range that
 * depends on the lead octet: that is where overlong forms, surrogates and what lies beyond U+10FFFF
 * are refused.
 */
#include "codec/utf8.h"

#include <assert.h>

#include "codec/octets.h"

enum { TAIL_LOW = 0x80, TAIL_HIGH = 0xbf };

void mailsub__utf8_init(mailsub__utf8 *check)
{
    *check = (mailsub__utf8){.low = TAIL_LOW, .high = TAIL_HIGH};
}

/* The first octet that is not ASCII, or end. */
static const char *skip_ascii(const char *p, const char *end)
{
    for (; end - p >= MAILSUB__OCTETS; p += MAILSUB__OCTETS) {
        uint32_t high = mailsub__octets_high(p);
        if (high)
            return p + __builtin_ctz(high);
    }
    while (p < end && (unsigned char)*p < 0x80)
        p++;
    return p;
}

/* C0 and C1 could only begin overlong forms; F5 and above lie beyond U+10FFFF. */
static bool begin_character(mailsub__utf8 *check, uint8_t lead)
{
    if (lead < 0xc2 || lead > 0xf4)
        return false;
    check->n_missing = (uint8_t)(1 + (lead >= 0xe0) + (lead >= 0xf0));
    check->low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : TAIL_LOW;
    check->high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : TAIL_HIGH;
    return true;
}

static bool continue_character(mailsub__utf8 *check, uint8_t octet)
{
    if (octet < check->low || octet > check->high)
        return false;
    check->n_missing--;
    check->low = TAIL_LOW;
    check->high = TAIL_HIGH;
    return true;
}

/* Whole characters of two octets, as in most of Europe's words, need no more than this. */
static const char *skip_pairs(const char *p, const char *end)
{
    while (end - p >= 2 && (uint8_t)p[0] >= 0xc2 && (uint8_t)p[0] < 0xe0 &&
           ((uint8_t)p[1] & 0xc0) == 0x80)
        p += 2;
    return p;
}

bool mailsub__utf8_feed(mailsub__utf8 *check, const char *data, size_t len)
{
    const char *end = data + len;
    for (const char *p = data; p < end && !check->failed; p++) {
        if (check->n_missing > 0) {
            check->failed = !continue_character(check, (uint8_t)*p);
            continue;
        }
        p = skip_pairs(skip_ascii(p, end), end);
        if (p == end)
            break;
        if ((uint8_t)*p >= 0x80)
            check->failed = !begin_character(check, (uint8_t)*p);
    }
    return !check->failed;
}

bool mailsub__utf8_finish(const mailsub__utf8 *check)
{
    return !check->failed && check->n_missing == 0;
}

bool mailsub__utf8_is_valid(mailsub__slice text)
{
    mailsub__utf8 check;
    mailsub__utf8_init(&check);
    return mailsub__utf8_feed(&check, text.ptr, text.len) && mailsub__utf8_finish(&check);
}

bool mailsub__ascii_only(mailsub__slice text)
{
    const char *end = text.ptr + text.len;
    return skip_ascii(text.ptr, end) == end;
}

size_t mailsub__utf8_decode(mailsub__slice text, uint32_t *out_char)
{
    assert(text.len > 0);
    uint8_t lead = (uint8_t)text.ptr[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    assert(len <= text.len);
    /* The bits of a lead octet that belong to the character, by the length that it announces. */
    static const uint8_t lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t character = lead & lead_bits[len];
    for (size_t i = 1; i < len; i++)
        character = character << 6 | ((uint8_t)text.ptr[i] & 0x3fu);
    *out_char = character;
    return len;
}

size_t mailsub__utf8_encode(uint32_t character, char out[4])
{
    assert(character <= 0x10ffff && (character < 0xd800 || character > 0xdfff));
    size_t len = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const uint8_t lead_mark[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = len - 1; i > 0; i--, character >>= 6)
        out[i] = (char)(TAIL_LOW | (character & 0x3f));
    out[0] = (char)(lead_mark[len] | character);
    return len;
}
