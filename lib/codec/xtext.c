/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/xtext.h"

#include <stdio.h>

#include "codec/utf8.h"

enum { LONGEST = sizeof "\\x{10FFFF}" };

static bool stands_for_itself(char c)
{
    return c > ' ' && c < 0x7f && c != '+' && c != '=';
}

/* The form of one octet; its length. */
static size_t encode_octet(char c, char out[LONGEST])
{
    static const char digits[] = "0123456789ABCDEF";
    if (stands_for_itself(c)) {
        out[0] = c;
        return 1;
    }
    out[0] = '+';
    out[1] = digits[(unsigned char)c >> 4];
    out[2] = digits[(unsigned char)c & 15];
    return 3;
}

/* The form of the character at the front of *text, which is taken off; its length. */
static size_t encode_character(mailsub__slice *text, char out[LONGEST])
{
    uint32_t c;
    size_t n = mailsub__utf8_decode(*text, &c);
    *text = mailsub__slice_of(text->ptr + n, text->len - n);
    if (c < 0x80 && c != '\\' && stands_for_itself((char)c)) {
        out[0] = (char)c;
        return 1;
    }
    return (size_t)snprintf(out, LONGEST, "\\x{%02X}", (unsigned)c);
}

int mailsub__xtext_append(mailsub__buffer *out, mailsub__slice text)
{
    char form[LONGEST];
    for (size_t i = 0; i < text.len && !out->error; i++)
        mailsub__buffer_append(out, form, encode_octet(text.ptr[i], form));
    return out->error;
}

int mailsub__xtext_append_utf8(mailsub__buffer *out, mailsub__slice text)
{
    char form[LONGEST];
    while (text.len > 0 && !out->error) {
        size_t len = encode_character(&text, form);
        mailsub__buffer_append(out, form, len);
    }
    return out->error;
}

size_t mailsub__xtext_len(mailsub__slice text)
{
    char form[LONGEST];
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        len += encode_octet(text.ptr[i], form);
    return len;
}

size_t mailsub__xtext_len_utf8(mailsub__slice text)
{
    char form[LONGEST];
    size_t len = 0;
    while (text.len > 0)
        len += encode_character(&text, form);
    return len;
}
