/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Base64. Attachments are the largest work that a message brings: whole lines are made by vector
 * instructions where there are any (base64_lines.c). All else looks up two characters for twelve
 * bits at once, 24 bits of input to 32 of output and, inside a line, 48 to 64; a table of 64
 * entries would make four times as many look-ups and stores.
 */
#include "codec/base64.h"

#include <string.h>

#include "base/memory.h"
#include "codec/base64_lines.h"

enum { LINE_LEN = MAILSUB__BASE64_LINE_LEN, LINE_OCTETS = MAILSUB__BASE64_LINE_OCTETS };

/* The two characters that stand for each value of twelve bits. */
/* clang-format off */
#define PAIRS_OF(a) \
    {(a), 'A'}, {(a), 'B'}, {(a), 'C'}, {(a), 'D'}, {(a), 'E'}, {(a), 'F'}, {(a), 'G'}, \
    {(a), 'H'}, {(a), 'I'}, {(a), 'J'}, {(a), 'K'}, {(a), 'L'}, {(a), 'M'}, {(a), 'N'}, \
    {(a), 'O'}, {(a), 'P'}, {(a), 'Q'}, {(a), 'R'}, {(a), 'S'}, {(a), 'T'}, {(a), 'U'}, \
    {(a), 'V'}, {(a), 'W'}, {(a), 'X'}, {(a), 'Y'}, {(a), 'Z'}, {(a), 'a'}, {(a), 'b'}, \
    {(a), 'c'}, {(a), 'd'}, {(a), 'e'}, {(a), 'f'}, {(a), 'g'}, {(a), 'h'}, {(a), 'i'}, \
    {(a), 'j'}, {(a), 'k'}, {(a), 'l'}, {(a), 'm'}, {(a), 'n'}, {(a), 'o'}, {(a), 'p'}, \
    {(a), 'q'}, {(a), 'r'}, {(a), 's'}, {(a), 't'}, {(a), 'u'}, {(a), 'v'}, {(a), 'w'}, \
    {(a), 'x'}, {(a), 'y'}, {(a), 'z'}, {(a), '0'}, {(a), '1'}, {(a), '2'}, {(a), '3'}, \
    {(a), '4'}, {(a), '5'}, {(a), '6'}, {(a), '7'}, {(a), '8'}, {(a), '9'}, {(a), '+'}, \
    {(a), '/'},
static const char pairs[4096][2] = {
    PAIRS_OF('A') PAIRS_OF('B') PAIRS_OF('C') PAIRS_OF('D') PAIRS_OF('E') PAIRS_OF('F')
    PAIRS_OF('G') PAIRS_OF('H') PAIRS_OF('I') PAIRS_OF('J') PAIRS_OF('K') PAIRS_OF('L')
    PAIRS_OF('M') PAIRS_OF('N') PAIRS_OF('O') PAIRS_OF('P') PAIRS_OF('Q') PAIRS_OF('R')
    PAIRS_OF('S') PAIRS_OF('T') PAIRS_OF('U') PAIRS_OF('V') PAIRS_OF('W') PAIRS_OF('X')
    PAIRS_OF('Y') PAIRS_OF('Z') PAIRS_OF('a') PAIRS_OF('b') PAIRS_OF('c') PAIRS_OF('d')
    PAIRS_OF('e') PAIRS_OF('f') PAIRS_OF('g') PAIRS_OF('h') PAIRS_OF('i') PAIRS_OF('j')
    PAIRS_OF('k') PAIRS_OF('l') PAIRS_OF('m') PAIRS_OF('n') PAIRS_OF('o') PAIRS_OF('p')
    PAIRS_OF('q') PAIRS_OF('r') PAIRS_OF('s') PAIRS_OF('t') PAIRS_OF('u') PAIRS_OF('v')
    PAIRS_OF('w') PAIRS_OF('x') PAIRS_OF('y') PAIRS_OF('z') PAIRS_OF('0') PAIRS_OF('1')
    PAIRS_OF('2') PAIRS_OF('3') PAIRS_OF('4') PAIRS_OF('5') PAIRS_OF('6') PAIRS_OF('7')
    PAIRS_OF('8') PAIRS_OF('9') PAIRS_OF('+') PAIRS_OF('/')
};
/* clang-format on */

static void encode_group(const char *in, char *out)
{
    const uint8_t *octets = (const uint8_t *)in;
    memcpy(out, pairs[(size_t)octets[0] << 4 | octets[1] >> 4], 2);
    memcpy(out + 2, pairs[((size_t)octets[1] & 15) << 8 | octets[2]], 2);
}

/* The last group, of one or two octets. */
static void encode_tail(const char *in, size_t len, char *out)
{
    char padded[3] = {0};
    memcpy(padded, in, len);
    encode_group(padded, out);
    out[3] = '=';
    if (len == 1)
        out[2] = '=';
}

/* Written out, because compilers make one instruction of this form and not of a loop. */
static uint64_t load_big_endian(const char *in)
{
    const uint8_t *o = (const uint8_t *)in;
    return (uint64_t)o[0] << 56 | (uint64_t)o[1] << 48 | (uint64_t)o[2] << 40 |
           (uint64_t)o[3] << 32 | (uint64_t)o[4] << 24 | (uint64_t)o[5] << 16 |
           (uint64_t)o[6] << 8 | (uint64_t)o[7];
}

/* Six octets at a time; eight are read, so two must stand behind the last six. */
static void encode_groups(const char *in, size_t n_groups, char *out)
{
    for (; n_groups >= 3; n_groups -= 2, in += 6, out += 8) {
        uint64_t bits = load_big_endian(in);
        memcpy(out, pairs[bits >> 52], 2);
        memcpy(out + 2, pairs[bits >> 40 & 0xfff], 2);
        memcpy(out + 4, pairs[bits >> 28 & 0xfff], 2);
        memcpy(out + 6, pairs[bits >> 16 & 0xfff], 2);
    }
    for (; n_groups > 0; n_groups--, in += 3, out += 4)
        encode_group(in, out);
}

void mailsub__base64_init(mailsub__base64 *codec)
{
    *codec = (mailsub__base64){0};
}

static void take(mailsub__step *step, size_t n)
{
    step->in += n;
    step->in_len -= n;
}

static void put(mailsub__step *step, size_t n)
{
    step->out += n;
    step->out_room -= n;
}

/* Whole lines, from the start of a line on. */
static void encode_lines(mailsub__step *step)
{
    size_t n =
        mailsub__base64_lines(step->in, step->in_len, step->out_room / (LINE_LEN + 2), step->out);
    take(step, n * LINE_OCTETS);
    put(step, n * (LINE_LEN + 2));
    while (step->in_len >= LINE_OCTETS && step->out_room >= LINE_LEN + 2) {
        encode_groups(step->in, LINE_OCTETS / 3, step->out);
        step->out[LINE_LEN] = '\r';
        step->out[LINE_LEN + 1] = '\n';
        take(step, LINE_OCTETS);
        put(step, LINE_LEN + 2);
    }
}

static void queue_line_end(mailsub__base64 *codec)
{
    memcpy(codec->pending + codec->n_pending, "\r\n", 2);
    codec->n_pending += 2;
    codec->column = 0;
}

static void advance_column(mailsub__base64 *codec, size_t n_groups)
{
    codec->column = (uint8_t)(codec->column + 4 * n_groups);
    if (codec->column == LINE_LEN)
        queue_line_end(codec);
}

/* Whole groups, to the end of the line at most. False: there is not one. */
static bool encode_part_of_line(mailsub__base64 *codec, mailsub__step *step)
{
    size_t n_groups = (LINE_LEN - codec->column) / 4u;
    if (n_groups > step->in_len / 3)
        n_groups = step->in_len / 3;
    if (n_groups > step->out_room / 4)
        n_groups = step->out_room / 4;
    if (n_groups == 0)
        return false;
    encode_groups(step->in, n_groups, step->out);
    take(step, 3 * n_groups);
    put(step, 4 * n_groups);
    advance_column(codec, n_groups);
    return true;
}

/* One group whose octets come from two calls, or whose characters do not fit. False: no group. */
static bool encode_carried(mailsub__base64 *codec, mailsub__step *step)
{
    size_t n = 3u - codec->n_carry;
    if (n > step->in_len)
        n = step->in_len;
    if (n == 0)
        return false;
    memcpy(codec->carry + codec->n_carry, step->in, n);
    take(step, n);
    codec->n_carry = (uint8_t)(codec->n_carry + n);
    if (codec->n_carry < 3)
        return false;
    encode_group((const char *)codec->carry, codec->pending);
    codec->n_pending = 4;
    codec->n_carry = 0;
    advance_column(codec, 1);
    return true;
}

static void finish(mailsub__base64 *codec)
{
    if (codec->n_carry > 0) {
        encode_tail((const char *)codec->carry, codec->n_carry, codec->pending);
        codec->n_pending = 4;
        codec->n_carry = 0;
        codec->column += 4;
    }
    if (codec->column > 0)
        queue_line_end(codec);
    codec->ended = true;
}

bool mailsub__base64_encode(mailsub__base64 *codec, mailsub__step *step)
{
    while (mailsub__pending_drain(codec->pending, &codec->n_pending, step)) {
        if (codec->ended)
            return true;
        if (codec->n_carry == 0 && codec->column == 0)
            encode_lines(step);
        if (codec->n_carry == 0 && encode_part_of_line(codec, step))
            continue;
        if (encode_carried(codec, step))
            continue;
        if (!step->last)
            return false;
        finish(codec);
    }
    return false;
}

size_t mailsub__base64_encoded_len(size_t len)
{
    size_t n_lines = len / LINE_OCTETS;
    size_t rest = len % LINE_OCTETS;
    size_t rest_len = rest > 0 ? (rest + 2) / 3 * 4 + 2 : 0;
    size_t encoded;
    if (mailsub__mul_overflows(n_lines, LINE_LEN + 2, &encoded) ||
        mailsub__add_overflows(encoded, rest_len, &encoded))
        return SIZE_MAX;
    return encoded;
}

int mailsub__base64_append(mailsub__buffer *buffer, const void *data, size_t len)
{
    if (len == 0)
        return mailsub__buffer_append(buffer, "", 0);
    size_t n_groups = len / 3;
    size_t n_rest = len % 3;
    size_t encoded;
    if (mailsub__mul_overflows(n_groups + (n_rest > 0), 4, &encoded))
        encoded = SIZE_MAX; /* beyond any buffer's maximum: refused there */
    char *room;
    int rc = mailsub__buffer_reserve(buffer, encoded, &room);
    if (rc)
        return rc;
    encode_groups(data, n_groups, room);
    if (n_rest > 0)
        encode_tail((const char *)data + 3 * n_groups, n_rest, room + 4 * n_groups);
    mailsub__buffer_commit(buffer, encoded);
    return MAILSUB_OK;
}

/* Values of the characters; 64 and above: not in the alphabet. */
static uint8_t value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0' + 52);
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four characters without padding. */
static bool decode_group(const char *text, uint8_t octets[3])
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        uint8_t value = value_of(text[i]);
        if (value > 63)
            return false;
        bits = bits << 6 | value;
    }
    octets[0] = (uint8_t)(bits >> 16);
    octets[1] = (uint8_t)(bits >> 8);
    octets[2] = (uint8_t)bits;
    return true;
}

/* The last group, which may be padded; a second text for the same octets is refused. */
static bool decode_last_group(const char *text, uint8_t octets[3], size_t *out_len)
{
    char group[4];
    memcpy(group, text, sizeof group);
    size_t len = group[3] != '=' ? 3 : group[2] != '=' ? 2 : 1;
    for (size_t i = len + 1; i < sizeof group; i++)
        group[i] = 'A';
    if (!decode_group(group, octets))
        return false;
    for (size_t i = len; i < 3; i++) {
        if (octets[i] != 0)
            return false;
    }
    *out_len = len;
    return true;
}

int mailsub__base64_append_decoded(mailsub__buffer *buffer, const char *text, size_t len)
{
    if (len % 4 != 0)
        return MAILSUB_E_REPLY_MALFORMED;
    if (len == 0)
        return mailsub__buffer_append(buffer, "", 0);
    uint8_t last[3];
    size_t last_len;
    if (!decode_last_group(text + len - 4, last, &last_len))
        return MAILSUB_E_REPLY_MALFORMED;
    char *room;
    size_t body_len = (len / 4 - 1) * 3;
    int rc = mailsub__buffer_reserve(buffer, body_len + last_len, &room);
    if (rc)
        return rc;
    for (size_t i = 0; i < len / 4 - 1; i++) {
        if (!decode_group(text + 4 * i, (uint8_t *)room + 3 * i))
            return MAILSUB_E_REPLY_MALFORMED;
    }
    memcpy(room + body_len, last, last_len);
    mailsub__buffer_commit(buffer, body_len + last_len);
    return MAILSUB_OK;
}
