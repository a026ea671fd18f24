/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Line ends and dots. Text that needs no change is found with memchr and copied as one run over as
 * many lines as the step holds; only what must change is taken octet by octet. A CR is answered
 * with CRLF at once and a LF behind it dropped, so that no input is ever held back.
 */
#include "codec/lines.h"

#include <assert.h>
#include <string.h>

#include "codec/octets.h"

void mailsub__lines_init(mailsub__lines *lines, bool stuff_dots)
{
    *lines = (mailsub__lines){.stuff_dots = stuff_dots, .at_line_start = true};
}

/* Bounds the search for a LF that is not there: without it, a text of bare CRs took square time. */
enum { WINDOW = 1024 };

/*
 * The same sixteen octets at a time, as far as it goes: it stops in front of the sixteen that hold
 * something that must change, or that end in the middle of a CRLF.
 */
static size_t clean_blocks(const char *data, size_t len, bool stuff_dots)
{
    uint32_t behind_cr = 0; /* 1: the block begins behind a CR */
    uint32_t starts = 0;    /* octets that begin a line; in front of a block, its first one */
    size_t i = 0;
    for (; len - i >= MAILSUB__OCTETS; i += MAILSUB__OCTETS) {
        uint32_t cr = mailsub__octets_equal(data + i, '\r');
        uint32_t lf = mailsub__octets_equal(data + i, '\n');
        if ((cr | lf | behind_cr | starts) == 0) /* in the middle of a line */
            continue;
        if (lf != ((cr << 1 | behind_cr) & 0xffff))
            break;
        starts |= lf << 1;
        if (stuff_dots && (starts & mailsub__octets_equal(data + i, '.')))
            break;
        starts >>= MAILSUB__OCTETS;
        behind_cr = cr >> (MAILSUB__OCTETS - 1);
    }
    return i - behind_cr;
}

/*
 * Octets at the front of data, in the middle of a line or behind a checked first octet, that go out
 * as they are: up to a bare CR or LF, a CR with nothing behind it, or a dot to be doubled.
 */
static size_t clean_run(const char *data, size_t len, bool stuff_dots)
{
    const char *end = data + len;
    const char *p = data + clean_blocks(data, len, stuff_dots);
    /* Behind its line end a dot is not seen by what follows. */
    if (p > data && p < end && p[-1] == '\n' && stuff_dots && *p == '.')
        return (size_t)(p - data);
    while (p < end) {
        size_t window = end - p < WINDOW ? (size_t)(end - p) : WINDOW;
        const char *lf = memchr(p, '\n', window);
        const char *stop = lf ? lf : p + window;
        const char *cr = memchr(p, '\r', (size_t)(stop - p));
        if (!cr && !lf) {
            p = stop;
            continue;
        }
        if (!cr || end - cr < 2 || cr[1] != '\n')
            return (size_t)((cr ? cr : lf) - data);
        p = cr + 2;
        if (stuff_dots && p < end && *p == '.')
            break;
    }
    return (size_t)(p - data);
}

size_t mailsub__lines_clean_len(const char *data, size_t len)
{
    return clean_run(data, len, false);
}

static bool copy_run(mailsub__lines *lines, mailsub__step *step)
{
    size_t len = step->in_len < step->out_room ? step->in_len : step->out_room;
    if (len == 0 || (lines->stuff_dots && lines->at_line_start && step->in[0] == '.'))
        return false;
    len = clean_run(step->in, len, lines->stuff_dots);
    if (len == 0)
        return false;
    memcpy(step->out, step->in, len);
    lines->at_line_start = step->in[len - 1] == '\n';
    step->in += len;
    step->in_len -= len;
    step->out += len;
    step->out_room -= len;
    return true;
}

static void queue(mailsub__lines *lines, const char *text, size_t len)
{
    memcpy(lines->pending + lines->n_pending, text, len);
    lines->n_pending = (uint8_t)(lines->n_pending + len);
}

/* An octet that does not go out as it is, or the first one when there is no room for a run. */
static void encode_octet(mailsub__lines *lines, char c)
{
    if (c == '\r' || c == '\n') {
        queue(lines, "\r\n", 2);
        lines->after_cr = c == '\r';
        lines->at_line_start = true;
        return;
    }
    if (c == '.' && lines->at_line_start && lines->stuff_dots)
        queue(lines, ".", 1);
    queue(lines, &c, 1);
    lines->at_line_start = false;
}

static void drop_lf_behind_cr(mailsub__lines *lines, mailsub__step *step)
{
    if (!lines->after_cr || step->in_len == 0)
        return;
    lines->after_cr = false;
    if (step->in[0] == '\n') {
        step->in++;
        step->in_len--;
    }
}

static void finish(mailsub__lines *lines, const char *epilogue)
{
    if (!lines->at_line_start && !lines->leaves_open)
        queue(lines, "\r\n", 2);
    queue(lines, epilogue, strlen(epilogue));
    lines->ended = true;
}

bool mailsub__lines_encode(mailsub__lines *lines, mailsub__step *step, const char *epilogue)
{
    assert(strlen(epilogue) <= 4);
    while (mailsub__pending_drain(lines->pending, &lines->n_pending, step)) {
        if (lines->ended)
            return true;
        drop_lf_behind_cr(lines, step);
        if (copy_run(lines, step))
            continue;
        if (step->in_len > 0) {
            if (step->out_room == 0)
                return false;
            encode_octet(lines, *step->in++);
            step->in_len--;
            continue;
        }
        if (!step->last)
            return false;
        finish(lines, epilogue);
    }
    return false;
}
