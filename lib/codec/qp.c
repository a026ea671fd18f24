/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Quoted-printable. encode_run takes what can be told from an octet alone: sixteen that stay at
 * once, what is always encoded, and line ends. encode_octet decides on all others, and alone could
 * encode everything: "." and "F" at the start of a line, white space that is the last of its line,
 * what stands where the line may have to be broken, and whatever has too little input or room
 * around it.
 *
 * A line holds 76 characters when a line end follows, else 75 and "=" (RFC 2045 section 6.7 (5)).
 */
#include "codec/qp.h"

#include <assert.h>
#include <string.h>

#include "codec/octets.h"

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

/* Where encode_run is, apart from the codec and the step, so that it can stand in registers. */
struct run {
    const char *start; /* of the input */
    const char *in;
    char *out;
    unsigned column;
};

/* What one turn of encode_run takes at most. */
enum {
    MOST_ENCODED = 4,
    RUN_INPUT = MAILSUB__OCTETS + MOST_ENCODED,
    RUN_ROOM = MAILSUB__OCTETS + 3 * MOST_ENCODED
};

/* Octets that stay, to where the line may have to be broken. */
static void copy_literals(struct run *run)
{
    uint32_t special = mailsub__octets_special(run->in) | 1u << MAILSUB__OCTETS;
    unsigned n = (unsigned)__builtin_ctz(special);
    if (n > LINE_LEN - 1 - run->column)
        n = LINE_LEN - 1 - run->column;
    memcpy(run->out, run->in, MAILSUB__OCTETS);
    run->in += n;
    run->out += n;
    run->column += n;
}

/* Octets that are always encoded, all of a character as a rule. False: there is no place. */
static bool encode_some(struct run *run)
{
    for (int i = 0; i < MOST_ENCODED && classify(run->in[0]) == ENCODED; i++) {
        if (run->column + 3 >= LINE_LEN)
            return false;
        write_hex(*run->in++, run->out);
        run->out += 3;
        run->column += 3;
    }
    return true;
}

/* White space that was copied, and now turns out to be the last of its line. */
static bool ends_in_white(const struct run *run)
{
    return run->in > run->start && classify(run->in[-1]) == WHITE &&
           classify(run->in[0]) == LINE_END;
}

static bool end_run_line(struct run *run)
{
    if (ends_in_white(run))
        return false;
    run->in += run->in[0] == '\r' && run->in[1] == '\n' ? 2 : 1;
    memcpy(run->out, "\r\n", 2);
    run->out += 2;
    run->column = 0;
    return true;
}

/* What stands behind literals. False: encode_first has to look at it. */
static bool take_special(struct run *run)
{
    uint8_t class = classify(run->in[0]);
    if (class == ENCODED)
        return encode_some(run);
    if (class == LINE_END)
        return end_run_line(run);
    if (run->column + 1 >= LINE_LEN)
        return false;
    *run->out++ = *run->in++; /* a tab, or one literal more */
    run->column++;
    return true;
}

static bool begins_line_badly(const struct run *run)
{
    return run->column == 0 && (run->in[0] == '.' || run->in[0] == 'F');
}

/* As long as enough input and room are at hand. False: nothing was taken. */
static bool encode_run(mailsub__qp *codec, mailsub__step *step)
{
    if (codec->after_cr || step->in_len < RUN_INPUT || step->out_room < RUN_ROOM)
        return false;
    const char *in_end = step->in + step->in_len - RUN_INPUT;
    const char *out_end = step->out + step->out_room - RUN_ROOM;
    struct run run = {step->in, step->in, step->out, codec->column};
    while (run.in <= in_end && run.out <= out_end && !begins_line_badly(&run)) {
        copy_literals(&run);
        if (!take_special(&run))
            break;
    }
    if (ends_in_white(&run)) {
        run.in--;
        run.out--;
        run.column--;
    }
    codec->column = (uint8_t)run.column;
    advance(step, (size_t)(run.in - step->in), (size_t)(run.out - step->out));
    return run.in > run.start;
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
            if (!encode_run(codec, step) && !encode_first(codec, step))
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
