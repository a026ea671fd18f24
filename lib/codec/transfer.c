/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/transfer.h"

void mailsub__transfer_init(mailsub__transfer *codec, enum mailsub__transfer_coding coding)
{
    *codec = (mailsub__transfer){.coding = coding};
}

/* ---- base64 ---- */

/* The digit's value and 1, so that what is not named is 0. */
static const uint8_t digits[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* Whole groups of four digits, as far as there are; what was taken of in. */
static size_t decode_groups(mailsub__slice in, char **out)
{
    size_t i = 0;
    for (; in.len - i >= 4; i += 4) {
        uint32_t bits = 0;
        bool all = true;
        for (size_t k = 0; k < 4; k++) {
            uint8_t digit = digits[(uint8_t)in.ptr[i + k]];
            all &= digit != 0;
            bits = bits << 6 | (uint32_t)(digit - 1);
        }
        if (!all)
            break;
        (*out)[0] = (char)(bits >> 16);
        (*out)[1] = (char)(bits >> 8);
        (*out)[2] = (char)bits;
        *out += 3;
    }
    return i;
}

/* Behind padding another text may begin: some programs encode in pieces. */
static size_t decode_base64(mailsub__transfer *codec, mailsub__slice in, char *out)
{
    char *at = out;
    for (size_t i = 0; i < in.len; i++) {
        if (codec->n_bits == 0)
            i += decode_groups(mailsub__slice_of(in.ptr + i, in.len - i), &at);
        if (i == in.len)
            break;
        uint8_t digit = digits[(uint8_t)in.ptr[i]];
        if (digit == 0) {
            if (in.ptr[i] == '=')
                codec->n_bits = 0;
            continue;
        }
        codec->bits = codec->bits << 6 | (uint32_t)(digit - 1);
        codec->n_bits = (uint8_t)(codec->n_bits + 6);
        if (codec->n_bits >= 8) {
            codec->n_bits = (uint8_t)(codec->n_bits - 8);
            *at++ = (char)(codec->bits >> codec->n_bits & 0xffu);
        }
    }
    return (size_t)(at - out);
}

/* ---- quoted-printable ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = mailsub__ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* It names nothing: it stands for itself. */
static size_t let_go(mailsub__transfer *codec, char *out)
{
    size_t n = codec->n_held;
    memcpy(out, codec->held, n);
    codec->n_held = 0;
    return n;
}

size_t mailsub__transfer_finish(mailsub__transfer *codec, char *out)
{
    bool breaks = codec->n_held == 2 && codec->held[1] == '\r'; /* cut off by the end */
    if (breaks)
        codec->n_held = 0;
    return let_go(codec, out);
}

/* An octet behind "=" and perhaps another. What it was is known now, save for its first one. */
static char *take_behind_equals(mailsub__transfer *codec, char c, char *out)
{
    bool may_go_on = codec->n_held == 1 && (c == '\r' || hex_value(c) >= 0);
    if (may_go_on) {
        codec->held[codec->n_held++] = c;
        return out;
    }
    bool breaks = c == '\n' && (codec->n_held == 1 || codec->held[1] == '\r');
    bool names = codec->n_held == 2 && hex_value(codec->held[1]) >= 0 && hex_value(c) >= 0;
    if (names)
        *out++ = (char)(hex_value(codec->held[1]) * 16 + hex_value(c));
    if (breaks || names) {
        codec->n_held = 0;
        return out;
    }
    out += let_go(codec, out);
    if (c == '=')
        codec->held[codec->n_held++] = c;
    else
        *out++ = c;
    return out;
}

static size_t decode_quoted_printable(mailsub__transfer *codec, mailsub__slice in, char *out)
{
    char *at = out;
    for (size_t i = 0; i < in.len;) {
        if (codec->n_held > 0 || in.ptr[i] == '=') {
            if (codec->n_held == 0)
                codec->held[codec->n_held++] = in.ptr[i];
            else
                at = take_behind_equals(codec, in.ptr[i], at);
            i++;
            continue;
        }
        const char *equals = memchr(in.ptr + i, '=', in.len - i);
        size_t n = equals ? (size_t)(equals - in.ptr) - i : in.len - i;
        at = mempcpy(at, in.ptr + i, n);
        i += n;
    }
    return (size_t)(at - out);
}

size_t mailsub__transfer_decode(mailsub__transfer *codec, mailsub__slice in, char *out)
{
    if (codec->coding == MAILSUB__TRANSFER_BASE64)
        return decode_base64(codec, in, out);
    if (codec->coding == MAILSUB__TRANSFER_QUOTED_PRINTABLE)
        return decode_quoted_printable(codec, in, out);
    if (in.len > 0)
        memcpy(out, in.ptr, in.len);
    return in.len;
}
