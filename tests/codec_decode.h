/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Readers of what lib/codec writes, for its unit tests and fuzz targets. They share no code with it
 * and are strict: a line too long, a character that may not stand where it stands, a second way to
 * say the same are all errors. They return the octets decoded, or DECODE_FAILED.
 */
#ifndef MAILSUB_TESTS_CODEC_DECODE_H
#define MAILSUB_TESTS_CODEC_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DECODE_FAILED SIZE_MAX

/* The reference for line ends: all become CRLF, the last line gets one. out: 2 * len + 2. */
static inline size_t decode_lines(const char *in, size_t len, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        bool line_end = in[i] == '\r' || in[i] == '\n';
        if (in[i] == '\r' && i + 1 < len && in[i + 1] == '\n')
            i++;
        if (line_end)
            out[n++] = '\r';
        out[n++] = line_end ? '\n' : in[i];
    }
    if (n > 0 && out[n - 1] != '\n') {
        out[n++] = '\r';
        out[n++] = '\n';
    }
    return n;
}

/* What a server makes of the octets behind DATA; nothing may stand behind the end of data. */
static inline size_t decode_dots(const char *wire, size_t len, char *out)
{
    size_t n = 0;
    size_t at = 0;
    while (at < len) {
        const char *end = memmem(wire + at, len - at, "\r\n", 2);
        if (!end)
            return DECODE_FAILED;
        size_t line_len = (size_t)(end - (wire + at));
        if (memchr(wire + at, '\r', line_len) || memchr(wire + at, '\n', line_len))
            return DECODE_FAILED;
        bool dot = line_len > 0 && wire[at] == '.';
        if (dot && line_len == 1)
            return at + 3 == len ? n : DECODE_FAILED;
        if (dot && wire[at + 1] != '.')
            return DECODE_FAILED;
        memcpy(out + n, wire + at + dot, line_len - dot + 2);
        n += line_len - dot + 2;
        at += line_len + 2;
    }
    return DECODE_FAILED;
}

/* Base64 without line ends. */
static inline size_t decode_base64(const char *text, size_t len, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (len % 4 != 0)
        return DECODE_FAILED;
    while (len > 0 && text[len - 1] == '=')
        len--;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        const char *found = memchr(alphabet, text[i], 64);
        if (!found)
            return DECODE_FAILED;
        bits = (bits << 6 | (uint32_t)(found - alphabet)) & 0xffff;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[n++] = (char)(bits >> n_bits);
        }
    }
    return n_bits < 6 && (bits & ((1u << n_bits) - 1)) == 0 ? n : DECODE_FAILED;
}

/* Base64 in lines of 76 characters, the last of which may be shorter. */
static inline size_t decode_base64_lines(const char *text, size_t len, char *out)
{
    size_t n = 0;
    for (size_t at = 0; at < len;) {
        const char *end = memmem(text + at, len - at, "\r\n", 2);
        if (!end)
            return DECODE_FAILED;
        size_t line_len = (size_t)(end - (text + at));
        bool last = at + line_len + 2 == len;
        if (line_len == 0 || line_len > 76 || (line_len < 76 && !last))
            return DECODE_FAILED;
        size_t n_line = decode_base64(text + at, line_len, out + n);
        if (n_line == DECODE_FAILED || (!last && n_line != 57))
            return DECODE_FAILED;
        n += n_line;
        at += line_len + 2;
    }
    return n;
}

/* Value of "XX" in upper case hexadecimal; -1: it is not. */
static inline int decode_hex(const char *text, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    if (len < 2)
        return -1;
    const char *high = memchr(digits, text[0], 16);
    const char *low = memchr(digits, text[1], 16);
    return high && low ? (int)((high - digits) * 16 + (low - digits)) : -1;
}

/* One line of quoted-printable, without its CRLF. *out_soft: the next one continues it. */
static inline size_t decode_qp_line(const char *line, size_t len, char *out, bool *out_soft)
{
    *out_soft = len > 0 && line[len - 1] == '=';
    if (len > 76 || (len >= 5 && memcmp(line, "From ", 5) == 0))
        return DECODE_FAILED;
    if (len > 0 && (line[0] == '.' || line[len - 1] == ' ' || line[len - 1] == '\t'))
        return DECODE_FAILED;
    size_t n = 0;
    for (size_t i = 0; i < len - *out_soft; i++) {
        int octet = (unsigned char)line[i];
        if (octet == '=') {
            octet = decode_hex(line + i + 1, len - i - 1);
            i += 2;
        } else if (octet != '\t' && (octet < 32 || octet > 126)) {
            octet = -1;
        }
        if (octet < 0)
            return DECODE_FAILED;
        out[n++] = (char)octet;
    }
    return n;
}

static inline size_t decode_qp(const char *text, size_t len, char *out)
{
    size_t n = 0;
    bool soft = false;
    for (size_t at = 0; at < len;) {
        const char *end = memmem(text + at, len - at, "\r\n", 2);
        if (!end)
            return DECODE_FAILED;
        size_t line_len = (size_t)(end - (text + at));
        size_t n_line = decode_qp_line(text + at, line_len, out + n, &soft);
        if (n_line == DECODE_FAILED)
            return DECODE_FAILED;
        n += n_line;
        if (!soft) {
            out[n++] = '\r';
            out[n++] = '\n';
        }
        at += line_len + 2;
    }
    return soft ? DECODE_FAILED : n;
}

/* The text of a Q word; phrase: only what RFC 2047 section 5 (3) allows may stand for itself. */
static inline size_t decode_q(const char *text, size_t len, bool phrase, char *out)
{
    static const char in_phrase[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/";
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int octet = (unsigned char)text[i];
        if (octet == '=') {
            octet = decode_hex(text + i + 1, len - i - 1);
            i += 2;
        } else if (octet == '_') {
            octet = ' ';
        } else if (octet <= 32 || octet > 126 || octet == '?' ||
                   (phrase && !memchr(in_phrase, octet, sizeof in_phrase - 1))) {
            octet = -1;
        }
        if (octet < 0)
            return DECODE_FAILED;
        out[n++] = (char)octet;
    }
    return n;
}

/* True when octets do not begin or end inside a character of valid UTF-8. */
static inline bool decode_whole_characters(const char *octets, size_t len)
{
    size_t n_missing = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t octet = (uint8_t)octets[i];
        bool tail = (octet & 0xc0) == 0x80;
        if (tail != (n_missing > 0))
            return false;
        n_missing = tail           ? n_missing - 1
                    : octet < 0xc0 ? 0
                                   : (size_t)(octet >= 0xf0   ? 3
                                              : octet >= 0xe0 ? 2
                                                              : 1);
    }
    return n_missing == 0;
}

/* One encoded word, without what stands around it. */
static inline size_t decode_word(const char *word, size_t len, bool phrase, char *out)
{
    if (len < 13 || len > 75 || memcmp(word + len - 2, "?=", 2) != 0)
        return DECODE_FAILED;
    bool q = memcmp(word, "=?UTF-8?Q?", 10) == 0;
    if (!q && memcmp(word, "=?UTF-8?B?", 10) != 0)
        return DECODE_FAILED;
    size_t n =
        q ? decode_q(word + 10, len - 12, phrase, out) : decode_base64(word + 10, len - 12, out);
    if (n == DECODE_FAILED || n == 0 || !decode_whole_characters(out, n))
        return DECODE_FAILED;
    return n;
}

/* Encoded words with one space between them. */
static inline size_t decode_words(const char *text, size_t len, bool phrase, char *out)
{
    size_t n = 0;
    for (size_t at = 0; at < len;) {
        const char *space = memchr(text + at, ' ', len - at);
        size_t word_len = space ? (size_t)(space - (text + at)) : len - at;
        size_t n_word = decode_word(text + at, word_len, phrase, out + n);
        if (n_word == DECODE_FAILED || (space && space + 1 == text + len))
            return DECODE_FAILED;
        n += n_word;
        at += word_len + (space != NULL);
    }
    return n;
}

static inline bool decode_is_attribute_char(char c)
{
    return memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~", c,
                  76) != NULL;
}

/* Percent-encoded octets of one part of an extended value. */
static inline size_t decode_percent(const char *text, size_t len, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int octet = (unsigned char)text[i];
        if (octet == '%') {
            octet = decode_hex(text + i + 1, len - i - 1);
            i += 2;
        } else if (!decode_is_attribute_char(text[i])) {
            octet = -1;
        }
        if (octet < 0)
            return DECODE_FAILED;
        out[n++] = (char)octet;
    }
    return decode_whole_characters(out, n) ? n : DECODE_FAILED;
}

/* "value" or value behind "name=". */
static inline size_t decode_simple_value(const char *text, size_t len, char *out)
{
    bool quoted = len >= 2 && text[0] == '"' && text[len - 1] == '"';
    size_t n = 0;
    for (size_t i = quoted; i < len - quoted; i++) {
        if (quoted && text[i] == '\\' && ++i == len - quoted)
            return DECODE_FAILED;
        bool bare =
            quoted ? text[i] >= ' ' && text[i] <= '~' && (text[i] != '"' || text[i - 1] == '\\')
                   : decode_is_attribute_char(text[i]) || memchr("%*'", text[i], 3) != NULL;
        if (!bare)
            return DECODE_FAILED;
        out[n++] = text[i];
    }
    return quoted || n > 0 ? n : DECODE_FAILED;
}

/* All "; name*0*=..." of an extended value, numbered without a gap. */
static inline size_t decode_extended_value(const char *text, size_t len, size_t name_len, char *out)
{
    size_t n = 0;
    size_t n_parts = 0;
    for (size_t at = 0; at < len; n_parts++) {
        const char *next = memmem(text + at + 2, len - at - 2, "; ", 2);
        size_t part_len = (next ? (size_t)(next - text) : len) - at;
        char number[32];
        int start_len =
            snprintf(number, sizeof number, "*%zu*=%s", n_parts, n_parts == 0 ? "UTF-8''" : "");
        size_t skipped = 2 + name_len + (size_t)start_len;
        if (part_len > 2 + 75 || part_len <= skipped ||
            memcmp(text + at, text, 2 + name_len) != 0 ||
            memcmp(text + at + 2 + name_len, number, (size_t)start_len) != 0)
            return DECODE_FAILED;
        size_t n_part = decode_percent(text + at + skipped, part_len - skipped, out + n);
        if (n_part == DECODE_FAILED)
            return DECODE_FAILED;
        n += n_part;
        at += part_len;
    }
    return n_parts > 1 ? n : DECODE_FAILED;
}

/* The value of "; name=value" in any form. */
static inline size_t decode_param(const char *text, size_t len, const char *name, char *out)
{
    size_t name_len = strlen(name);
    if (len < 2 + name_len + 2 || memcmp(text, "; ", 2) != 0 ||
        memcmp(text + 2, name, name_len) != 0)
        return DECODE_FAILED;
    const char *value = text + 2 + name_len;
    size_t value_len = len - 2 - name_len;
    if (value[0] == '=')
        return len > 2 + 75 ? DECODE_FAILED : decode_simple_value(value + 1, value_len - 1, out);
    if (value_len > 9 && memcmp(value, "*=UTF-8''", 9) == 0)
        return len > 2 + 75 ? DECODE_FAILED : decode_percent(value + 9, value_len - 9, out);
    return decode_extended_value(text, len, name_len, out);
}

#endif
