/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Quoted-printable. Octets that stay are copied in runs and octets that are always encoded are
 * written in runs. encode_octet decides on all others, and alone could encode everything: "." and
 * "F" at the start of a line, white space that may be the last of its line, what stands where the
 * line may have to be broken, and whatever has too little input or room around it.
 *
 * A line holds 76 characters when a line end follows, else 75 and "=" (RFC 2045 section 6.7 (5)).
 */
#include "codec/qp.h"

#include <assert.h>
#include <string.h>

enum { LINE_LEN = 76 };

/* In this order, so that what may stay inside a line is WHITE and above. */
enum octet_class { ENCODED, LINE_END, WHITE, PLAIN };

#define PLAIN_4 PLAIN, PLAIN, PLAIN, PLAIN
#define PLAIN_12 PLAIN_4, PLAIN_4, PLAIN_4
#define PLAIN_15 PLAIN_12, PLAIN, PLAIN, PLAIN
#define PLAIN_16 PLAIN_12, PLAIN_4

/* clang-format off */
static const uint8_t class_of[256] = {
    ['\t'] = WHITE, ['\n'] = LINE_END, ['\r'] = LINE_END,
    [' '] = WHITE, PLAIN_15,                  /* to "/" */
    PLAIN_12, PLAIN, ENCODED, PLAIN, PLAIN,   /* "0" to "?", without "=" */
    PLAIN_16, PLAIN_16, PLAIN_16, PLAIN_15,   /* "@" to "~"; ENCODED is zero */
};
/* clang-format on */

static uint8_t classify(char c)
{
    return class_of[(unsigned char)c];
}

/* Octets at hand, the first of which is to be encoded. */
struct view {
    const char *ptr;
    size_t len;
    bool last; /* nothing comes behind */
};

enum answer { NO, YES, NOT_KNOWN_YET };

static enum answer is_last_of_line(struct view view)
{
    if (view.len > 1)
        return classify(view.ptr[1]) == LINE_END ? YES : NO;
    return view.last ? YES : NOT_KNOWN_YET;
}

static enum answer begins_with_from(struct view view)
{
    static const char from[] = "From ";
    size_t len = view.len < sizeof from - 1 ? view.len : sizeof from - 1;
    if (memcmp(view.ptr, from, len) != 0)
        return NO;
    if (len == sizeof from - 1)
        return YES;
    return view.last ? NO : NOT_KNOWN_YET;
}

static enum answer must_be_encoded(const mailsub__qp *codec, struct view view)
{
    char c = view.ptr[0];
    uint8_t class = classify(c);
    if (class == ENCODED)
        return YES;
    if (class == WHITE)
        return is_last_of_line(view);
    if (codec->column == 0 && c == 'F')
        return begins_with_from(view);
    return codec->column == 0 && c == '.' ? YES : NO;
}

static void write_hex(char c, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    out[0] = '=';
    out[1] = digits[(unsigned char)c >> 4];
    out[2] = digits[(unsigned char)c & 15];
}

static void queue(mailsub__qp *codec, const char *text, size_t len)
{
    memcpy(codec->pending + codec->n_pending, text, len);
    codec->n_pending = (uint8_t)(codec->n_pending + len);
}

static void end_line(mailsub__qp *codec, char c)
{
    bool second_half = codec->after_cr && c == '\n';
    codec->after_cr = c == '\r';
    if (second_half)
        return;
    queue(codec, "\r\n", 2);
    codec->column = 0;
}

/*
 * Queue what the first octet of view becomes, or the soft break that must come before it. The
 * octets taken, 0 or 1; -1: what follows the view decides.
 */
static int encode_octet(mailsub__qp *codec, struct view view)
{
    char c = view.ptr[0];
    if (classify(c) == LINE_END) {
        end_line(codec, c);
        return 1;
    }
    codec->after_cr = false;
    enum answer encoded = must_be_encoded(codec, view);
    if (encoded == NOT_KNOWN_YET)
        return -1;
    unsigned end = codec->column + (encoded == YES ? 3u : 1u);
    enum answer fits = end < LINE_LEN ? YES : end > LINE_LEN ? NO : is_last_of_line(view);
    if (fits == NOT_KNOWN_YET)
        return -1;
    if (fits == NO) {
        queue(codec, "=\r\n", 3);
        codec->column = 0;
        return 0;
    }
    char hex[3];
    write_hex(c, hex);
    queue(codec, encoded == YES ? hex : &c, encoded == YES ? 3 : 1);
    codec->column = (uint8_t)end;
    return 1;
}

void mailsub__qp_init(mailsub__qp *codec)
{
    *codec = (mailsub__qp){0};
}

static void hold(mailsub__qp *codec, const char *octets, size_t len)
{
    assert(len <= sizeof codec->held);
    memcpy(codec->held, octets, len);
    codec->n_held = (uint8_t)len;
}

static void advance(mailsub__step *step, size_t n_in, size_t n_out)
{
    step->in += n_in;
    step->in_len -= n_in;
    step->out += n_out;
    step->out_room -= n_out;
}

/*
 * For each octet of word that is below 0x20, "=", DEL or above: its highest bit is set. A carry can
 * set bits above the first such octet by mistake, so only whether there are any can be relied on.
 */
static uint64_t find_special(uint64_t word)
{
    const uint64_t ones = UINT64_MAX / 255;
    const uint64_t high = ones * 0x80;
    uint64_t equals = word ^ ones * '=';
    uint64_t del = word ^ ones * 0x7f;
    return (word | (word - ones * 0x20) | (equals - ones) | (del - ones)) & high;
}

/* Octets at the front of text, at most max, that may stay inside a line. */
static size_t count_literal(const char *text, size_t max)
{
    size_t len = 0;
    while (max - len >= 8) {
        uint64_t word;
        memcpy(&word, text + len, sizeof word);
        if (find_special(word))
            break;
        len += sizeof word;
    }
    while (len < max && classify(text[len]) >= WHITE)
        len++;
    return len;
}

/* Octets that stay, inside a line or at the start of one that begins with neither "." nor "F". */
static bool copy_run(mailsub__qp *codec, mailsub__step *step)
{
    char first = step->in[0];
    if (codec->column == LINE_LEN || (codec->column == 0 && (first == '.' || first == 'F')))
        return false;
    size_t max = LINE_LEN - 1u - codec->column;
    if (max + 1 < step->in_len && classify(step->in[max + 1]) == LINE_END)
        max++;
    if (max > step->out_room)
        max = step->out_room;
    if (max > step->in_len)
        max = step->in_len;
    size_t len = count_literal(step->in, max);
    /* White space behind which the line may end is encode_octet's. */
    if (len > 0 && classify(step->in[len - 1]) == WHITE &&
        (len == step->in_len || classify(step->in[len]) == LINE_END))
        len--;
    if (len == 0)
        return false;
    memcpy(step->out, step->in, len);
    codec->after_cr = false;
    codec->column = (uint8_t)(codec->column + len);
    advance(step, len, len);
    return true;
}

/* Octets that are always encoded, to where the line may have to be broken. False: none. */
static bool encode_run(mailsub__qp *codec, mailsub__step *step)
{
    size_t max = codec->column < LINE_LEN - 1 ? (LINE_LEN - 1u - codec->column) / 3 : 0;
    if (max > step->out_room / 3)
        max = step->out_room / 3;
    if (max > step->in_len)
        max = step->in_len;
    size_t n = 0;
    for (; n < max && classify(step->in[n]) == ENCODED; n++)
        write_hex(step->in[n], step->out + 3 * n);
    if (n == 0)
        return false;
    codec->after_cr = false;
    codec->column = (uint8_t)(codec->column + 3 * n);
    advance(step, n, 3 * n);
    return true;
}

/* A line end that is all there, with room for it. False: it is not. */
static bool copy_line_end(mailsub__qp *codec, mailsub__step *step)
{
    if (classify(step->in[0]) != LINE_END || codec->after_cr || step->in_len < 2 ||
        step->out_room < 2)
        return false;
    memcpy(step->out, "\r\n", 2);
    codec->column = 0;
    advance(step, step->in[0] == '\r' && step->in[1] == '\n' ? 2 : 1, 2);
    return true;
}

/* Decide on the first octet that is held, with the input as what follows. False: not possible. */
static bool encode_held(mailsub__qp *codec, mailsub__step *step)
{
    char octets[2 * sizeof codec->held];
    size_t n_more = sizeof octets - codec->n_held;
    if (n_more > step->in_len)
        n_more = step->in_len;
    memcpy(octets, codec->held, codec->n_held);
    if (n_more > 0)
        memcpy(octets + codec->n_held, step->in, n_more);
    size_t len = codec->n_held + n_more;
    bool last = step->last && n_more == step->in_len;
    int taken = encode_octet(codec, (struct view){octets, len, last});
    if (taken < 0) {
        hold(codec, octets, len);
        if (n_more > 0)
            advance(step, n_more, 0);
        return false;
    }
    hold(codec, octets + taken, codec->n_held - (size_t)taken);
    return true;
}

/* Decide on the first octet of the input. False: it is held until more is known. */
static bool encode_first(mailsub__qp *codec, mailsub__step *step)
{
    int taken = encode_octet(codec, (struct view){step->in, step->in_len, step->last});
    if (taken < 0) {
        hold(codec, step->in, step->in_len);
        advance(step, step->in_len, 0);
        return false;
    }
    advance(step, (size_t)taken, 0);
    return true;
}

bool mailsub__qp_encode(mailsub__qp *codec, mailsub__step *step)
{
    while (mailsub__pending_drain(codec->pending, &codec->n_pending, step)) {
        if (codec->ended)
            return true;
        if (codec->n_held > 0) {
            if (!encode_held(codec, step))
                return false;
        } else if (step->in_len > 0) {
            if (!copy_run(codec, step) && !copy_line_end(codec, step) && !encode_run(codec, step) &&
                !encode_first(codec, step))
                return false;
        } else if (!step->last) {
            return false;
        } else {
            if (codec->column > 0)
                queue(codec, "\r\n", 2);
            codec->ended = true;
        }
    }
    return false;
}
