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

#endif
