/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The windows of the limiter.
 *
 * A rolling window of length W and limit N. Time is cut into parts of W / 20: time t lies in part
 * p(t) = floor(20 t / W). A ring of 21 counts holds what was admitted in the newest part, the head,
 * and in the 20 before it. n more are admitted at t when these 21 counts and n do not exceed N.
 *
 * Never too many. Take any interval of length W, both its ends included, and the last admission in
 * it, at t. All others of the interval are at t - W or later, so in part floor(20 (t - W) / W) =
 * p(t) - 20 or a later one: the ring held every one of them when that admission was decided, and
 * the sum was at most N. Counts are only ever rounded up. Time in this proof is the limiter's; it
 * never runs faster than the real one (anchor.h), and an interval of it measured in whole
 * milliseconds is less than a millisecond longer than the real one, for which the end that is
 * included makes up: what is counted apart is at least W + 1 ms apart.
 *
 * Never much too few. What is admitted in part p counts until part p + 21 begins, that is at most
 * W + W / 20. Who always has something to send so gets N in 21/20 W at least: 95.2 % of N in W.
 *
 * Counts have 16 bits. Where N is larger they are in units of 2^shift. Only whole units can be
 * counted, so the head remembers by how much its last unit was rounded up (slack), and a part loses
 * less than one unit when it is closed: 20 / 32768 of N at most, 0.06 %.
 *
 * Taking back goes to the part in which it was added, or where the thread's time was a little
 * behind to an earlier one, never to a later one: these counts then leave the ring too soon by no
 * moment.
 *
 * A fixed window counts from one edge to the next. The edge is found by the calendar when the first
 * admission of a period is made, and from then on it is a point of the limiter's time: who sets the
 * clock forward does not reach it sooner. When it is reached, and the calendar says that the period
 * has not changed, or is an earlier one, because it was set back, the old period goes on; but never
 * for more than its length, so that nobody is locked out by a clock that once was far ahead.
 *
 * Rejected: a cell of GCRA (8 octets) admits N at once and nearly N again within W, or holds a
 * burst to a fraction of N; a log of admissions is exact and grows with N.
 */
#include "limit/window.h"

#include <string.h>

enum {
    SLACK = MAILSUB__WINDOW_SLOTS, /* of a rolling window: the words behind the counts */
    HEAD = SLACK + 1,              /* three words, the lowest first */
    MAX_COUNT = UINT16_MAX
};

#define DAY_MS (24LL * 60 * 60 * 1000)
#define MINUTE_MS (60LL * 1000)
/* 1970-01-01 was a Thursday: the Monday before it. */
#define MONDAY_MS (-3 * DAY_MS)

/* Of a fixed window. */
typedef struct period {
    int64_t number;    /* periods since 1970, in the zone */
    int64_t ends_ms;   /* the limiter's time */
    int64_t opened_ms; /* the same: when the first admission was made */
    int64_t used;
    int64_t open; /* 1: there was one */
} period;

/* Each takes four words, the lowest first. */
_Static_assert(sizeof(period) <= sizeof(mailsub__usage), "a period has room in a usage");

static int64_t get_number(const uint16_t *words)
{
    return (int64_t)((uint64_t)words[3] << 48 | (uint64_t)words[2] << 32 |
                     (uint32_t)words[1] << 16 | words[0]);
}

static void put_number(uint16_t *words, int64_t number)
{
    for (int i = 0; i < 4; i++)
        words[i] = (uint16_t)((uint64_t)number >> 16 * i);
}

static bool is_fixed(const mailsub__span *span)
{
    return (span->window.flags & MAILSUB_WINDOW_FIXED) != 0;
}

static period get_period(const mailsub__usage *usage)
{
    const uint16_t *words = usage->words;
    return (period){get_number(words), get_number(words + 4), get_number(words + 8),
                    get_number(words + 12), get_number(words + 16)};
}

static void put_period(mailsub__usage *usage, const period *value)
{
    const int64_t numbers[] = {value->number, value->ends_ms, value->opened_ms, value->used,
                               value->open};
    for (int i = 0; i < 5; i++)
        put_number(usage->words + 4 * i, numbers[i]);
}

void mailsub__span_init(mailsub__span *span, const mailsub_window *window)
{
    span->window = *window;
    span->shift = 0;
    while (!is_fixed(span) && (window->limit >> span->shift) >= MAX_COUNT)
        span->shift++;
}

/* ---- rolling ---- */

static int64_t get_head(const mailsub__usage *usage)
{
    const uint16_t *head = usage->words + HEAD;
    return (int64_t)((uint64_t)head[2] << 32 | (uint32_t)head[1] << 16 | head[0]);
}

static void put_head(mailsub__usage *usage, int64_t part)
{
    uint16_t *head = usage->words + HEAD;
    head[0] = (uint16_t)part;
    head[1] = (uint16_t)(part >> 16);
    head[2] = (uint16_t)(part >> 32);
}

static int64_t part_of(const mailsub__span *span, int64_t at_ms)
{
    return at_ms * MAILSUB__WINDOW_PARTS / span->window.length_ms;
}

/* The first millisecond of a part. */
static int64_t start_of(const mailsub__span *span, int64_t part)
{
    return (part * span->window.length_ms + MAILSUB__WINDOW_PARTS - 1) / MAILSUB__WINDOW_PARTS;
}

static void advance_ring(mailsub__usage *usage, const mailsub__span *span, int64_t now_ms)
{
    int64_t part = part_of(span, now_ms);
    int64_t head = get_head(usage);
    if (part <= head)
        return;
    if (part - head >= MAILSUB__WINDOW_SLOTS) {
        memset(usage->words, 0, MAILSUB__WINDOW_SLOTS * sizeof usage->words[0]);
    } else {
        unsigned slot = (unsigned)(head % MAILSUB__WINDOW_SLOTS);
        for (; head < part; head++) {
            slot = slot + 1 == MAILSUB__WINDOW_SLOTS ? 0 : slot + 1;
            usage->words[slot] = 0;
        }
    }
    usage->words[SLACK] = 0;
    put_head(usage, part);
}

/* The counts are added four at a time, in lanes of 32 bits: all decisions do this. */
static uint32_t sum_ring(const mailsub__usage *usage)
{
    const uint64_t lanes = 0x0000ffff0000ffffu;
    uint64_t sum = usage->words[MAILSUB__WINDOW_SLOTS - 1];
    for (unsigned i = 0; i + 4 <= MAILSUB__WINDOW_SLOTS; i += 4) {
        uint64_t four;
        memcpy(&four, usage->words + i, sizeof four);
        sum += (four & lanes) + (four >> 16 & lanes);
    }
    return (uint32_t)sum + (uint32_t)(sum >> 32);
}

_Static_assert(MAILSUB__WINDOW_SLOTS % 4 == 1, "fours, and one left over");

/* Set a count to the fewest units that hold n, and tell how much was added by rounding. */
static unsigned put_count(uint16_t *count, const mailsub__span *span, int64_t n)
{
    int64_t units = (n + (1LL << span->shift) - 1) >> span->shift;
    if (units > MAX_COUNT)
        units = MAX_COUNT; /* beyond every limit, and so as good as any larger number */
    *count = (uint16_t)units;
    int64_t excess = (units << span->shift) - n;
    return excess > 0 ? (unsigned)excess : 0;
}

static void add_to_ring(mailsub__usage *usage, const mailsub__span *span, int64_t n)
{
    uint16_t *count = usage->words + get_head(usage) % MAILSUB__WINDOW_SLOTS;
    int64_t held = ((int64_t)*count << span->shift) - usage->words[SLACK];
    usage->words[SLACK] = (uint16_t)put_count(count, span, held + n);
}

static void take_from_ring(mailsub__usage *usage, const mailsub__span *span, int64_t n,
                           int64_t at_ms)
{
    int64_t head = get_head(usage);
    int64_t part = part_of(span, at_ms);
    if (part > head)
        part = head;
    if (head - part > MAILSUB__WINDOW_PARTS)
        return;
    uint16_t *count = usage->words + part % MAILSUB__WINDOW_SLOTS;
    int64_t held = (int64_t)*count << span->shift;
    if (part == head)
        held -= usage->words[SLACK];
    unsigned slack = put_count(count, span, held > n ? held - n : 0);
    if (part == head)
        usage->words[SLACK] = (uint16_t)slack;
}

static int64_t wait_for_ring(const mailsub__usage *usage, const mailsub__span *span,
                             int64_t missing, int64_t now_ms)
{
    int64_t head = get_head(usage);
    int64_t part = head > MAILSUB__WINDOW_PARTS ? head - MAILSUB__WINDOW_PARTS : 0;
    for (; part < head; part++) {
        missing -= (int64_t)usage->words[part % MAILSUB__WINDOW_SLOTS] << span->shift;
        if (missing <= 0)
            break;
    }
    int64_t at_ms = start_of(span, part + MAILSUB__WINDOW_SLOTS);
    return at_ms > now_ms ? at_ms - now_ms : 1;
}

/* ---- fixed ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The period in which a moment of the calendar is, and milliseconds until its end. */
static int64_t find_period(const mailsub_window *window, int64_t unix_ms, int64_t *out_rest_ms)
{
    int64_t origin_ms = window->length_ms % (7 * DAY_MS) == 0 ? MONDAY_MS : 0;
    int64_t local_ms = unix_ms + window->offset_min * MINUTE_MS - origin_ms;
    int64_t number = floor_div(local_ms, window->length_ms);
    /* On a day that is longer or shorter the end is at another offset than the moment. */
    int64_t end_ms = (number + 1) * window->length_ms;
    int64_t rest_ms = end_ms - local_ms + (window->offset_min - window->next_min) * MINUTE_MS;
    *out_rest_ms = rest_ms > 1 ? rest_ms : 1;
    return number;
}

int64_t mailsub__window_rest(const mailsub_window *window, int64_t unix_ms)
{
    int64_t rest_ms;
    find_period(window, unix_ms, &rest_ms);
    return rest_ms;
}

static void advance_period(mailsub__usage *usage, const mailsub__span *span, int64_t now_ms,
                           int64_t unix_ms)
{
    period held = get_period(usage);
    if (held.open && now_ms < held.ends_ms)
        return;
    int64_t rest_ms;
    int64_t number = find_period(&span->window, unix_ms, &rest_ms);
    bool goes_on =
        held.open && number <= held.number && now_ms < held.ends_ms + span->window.length_ms;
    if (goes_on)
        return;
    held = (period){.number = number, .ends_ms = now_ms + rest_ms, .opened_ms = now_ms, .open = 1};
    put_period(usage, &held);
}

static int64_t wait_for_period(const mailsub__usage *usage, const mailsub__span *span,
                               int64_t now_ms)
{
    period held = get_period(usage);
    if (now_ms < held.ends_ms)
        return held.ends_ms - now_ms;
    /* The old one goes on by a calendar that was set back: look again soon. */
    int64_t most_ms = held.ends_ms + span->window.length_ms - now_ms;
    return most_ms < MINUTE_MS ? (most_ms > 0 ? most_ms : 1) : MINUTE_MS;
}

/* ---- both ---- */

void mailsub__window_advance(mailsub__usage *usage, const mailsub__span *span, int64_t now_ms,
                             int64_t unix_ms)
{
    if (is_fixed(span))
        advance_period(usage, span, now_ms, unix_ms);
    else
        advance_ring(usage, span, now_ms);
}

int64_t mailsub__window_used(const mailsub__usage *usage, const mailsub__span *span)
{
    if (is_fixed(span))
        return get_period(usage).used;
    return ((int64_t)sum_ring(usage) << span->shift) - usage->words[SLACK];
}

void mailsub__window_add(mailsub__usage *usage, const mailsub__span *span, int64_t n)
{
    if (!is_fixed(span)) {
        add_to_ring(usage, span, n);
        return;
    }
    period held = get_period(usage);
    held.used += n;
    put_period(usage, &held);
}

void mailsub__window_take_back(mailsub__usage *usage, const mailsub__span *span, int64_t n,
                               int64_t at_ms)
{
    if (!is_fixed(span)) {
        take_from_ring(usage, span, n, at_ms);
        return;
    }
    period held = get_period(usage);
    if (at_ms < held.opened_ms)
        return;
    held.used = held.used > n ? held.used - n : 0;
    put_period(usage, &held);
}

int64_t mailsub__window_wait(const mailsub__usage *usage, const mailsub__span *span, int64_t n,
                             int64_t now_ms)
{
    if (n > span->window.limit)
        return -1;
    int64_t missing = mailsub__window_used(usage, span) + n - span->window.limit;
    if (missing <= 0)
        return 0;
    if (is_fixed(span))
        return wait_for_period(usage, span, now_ms);
    return wait_for_ring(usage, span, missing, now_ms);
}

bool mailsub__window_is_idle(const mailsub__usage *usage, const mailsub__span *span, int64_t now_ms)
{
    if (!is_fixed(span))
        return part_of(span, now_ms) - get_head(usage) > MAILSUB__WINDOW_PARTS ||
               mailsub__window_used(usage, span) == 0;
    period held = get_period(usage);
    return held.used == 0 || now_ms >= held.ends_ms + span->window.length_ms;
}

void mailsub__window_rescale(mailsub__usage *usage, const mailsub_window *window, unsigned from,
                             unsigned to)
{
    mailsub__span span = {.window = *window, .shift = to};
    if (from == to || is_fixed(&span))
        return;
    for (unsigned i = 0; i < MAILSUB__WINDOW_SLOTS; i++)
        put_count(usage->words + i, &span, (int64_t)usage->words[i] << from);
    usage->words[SLACK] = 0;
}

void mailsub__window_seed(mailsub__usage *usage, const mailsub__span *span,
                          const mailsub__usage *other, const mailsub__span *other_span,
                          int64_t now_ms)
{
    if (is_fixed(span) || is_fixed(other_span)) {
        /* Somewhere in what was counted: all of it now is never too little. */
        mailsub__window_add(usage, span, mailsub__window_used(other, other_span));
        return;
    }
    int64_t head = get_head(other);
    int64_t part = head > MAILSUB__WINDOW_PARTS ? head - MAILSUB__WINDOW_PARTS : 0;
    mailsub__usage seeded = {{0}};
    for (; part <= head; part++) {
        uint16_t count = other->words[part % MAILSUB__WINDOW_SLOTS];
        int64_t latest_ms = start_of(other_span, part + 1);
        if (count == 0)
            continue;
        advance_ring(&seeded, span, latest_ms < now_ms ? latest_ms : now_ms);
        add_to_ring(&seeded, span, (int64_t)count << other_span->shift);
    }
    advance_ring(&seeded, span, now_ms);
    *usage = seeded;
}
