/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a store keeps says itself what it counts, so that processes with other rules, an older
 * release of the program for example, work on the same octets:
 *  - a window that the rule has and the octets have not begins with what they show of others;
 *  - a window that they have and the rule has not goes on being counted, until nothing is left in
 *    it, for there may be somebody whose rule has it.
 * So no change of rules opens a window that was full.
 *
 * Octets, numbers little end first: version (1), windows (1), level of the closure (1), 0;
 * the anchor, 4 numbers of 8; end of the closure (8); for each window length (5), kind (1),
 * shift (1), 0, and 25 words of 2 (window.h).
 */
#include "limit/state.h"

#include <string.h>

#include <mailsub/error.h>
#include <mailsub/limiter.h>

enum {
    VERSION = 1,
    HEAD_LEN = 4 + 4 * 8 + 8,
    WINDOW_LEN = 8 + 2 * MAILSUB__WINDOW_WORDS,
    MAX_SHIFT = 16,
    KIND = MAILSUB_WINDOW_MESSAGES | MAILSUB_WINDOW_FIXED
};

_Static_assert(HEAD_LEN + MAILSUB__STATE_MAX_WINDOWS * WINDOW_LEN <= MAILSUB_MAX_STORE_STATE,
               "a state has room");

/* What is left of a closure when it has ended: four times the longest. */
#define CLOSURE_MS (16LL * 60 * 60 * 1000)
/* A limit is made up of so many leases. */
#define LEASES 64

/* ---- octets ---- */

static uint64_t get(const unsigned char *at, unsigned len)
{
    uint64_t number = 0;
    for (unsigned i = len; i > 0; i--)
        number = number << 8 | at[i - 1];
    return number;
}

static void put(unsigned char *at, unsigned len, uint64_t number)
{
    for (unsigned i = 0; i < len; i++)
        at[i] = (unsigned char)(number >> 8 * i);
}

static bool decode_window(const unsigned char *at, mailsub__span *span, mailsub__usage *usage)
{
    span->window = (mailsub_window){.length_ms = (int64_t)get(at, 5), .flags = at[5]};
    span->shift = at[6];
    for (unsigned i = 0; i < MAILSUB__WINDOW_WORDS; i++)
        usage->words[i] = (uint16_t)get(at + 8 + 2 * i, 2);
    return span->window.length_ms >= MAILSUB_MIN_WINDOW_MS &&
           span->window.length_ms <= MAILSUB_MAX_WINDOW_MS && (at[5] & ~KIND) == 0 &&
           at[6] <= MAX_SHIFT;
}

static bool is_time(int64_t ms)
{
    return ms >= 0 && ms <= MAILSUB__ANCHOR_MAX_MS;
}

int mailsub__state_decode(mailsub__slice data, mailsub__state *out_state)
{
    mailsub__state state = {0};
    const unsigned char *at = (const unsigned char *)data.ptr;
    if (data.len < 1 || at[0] == 0)
        return MAILSUB_E_STORE_DAMAGED;
    if (at[0] > VERSION)
        return MAILSUB_E_STORE_VERSION;
    if (data.len < HEAD_LEN || at[1] > MAILSUB__STATE_MAX_WINDOWS ||
        data.len != HEAD_LEN + (size_t)at[1] * WINDOW_LEN)
        return MAILSUB_E_STORE_DAMAGED;
    state.n = at[1];
    state.closure = (mailsub__closure){.until_ms = (int64_t)get(at + 36, 8), .level = at[2]};
    state.anchor = (mailsub__anchor){(int64_t)get(at + 4, 8), (int64_t)get(at + 12, 8),
                                     (int64_t)get(at + 20, 8), get(at + 28, 8)};
    bool sound = state.closure.until_ms >= 0 &&
                 state.closure.until_ms <= 2 * MAILSUB__ANCHOR_MAX_MS &&
                 state.closure.level <= MAX_SHIFT && is_time(state.anchor.at_ms) &&
                 is_time(state.anchor.unix_ms) && is_time(state.anchor.steady_ms);
    for (size_t i = 0; i < state.n; i++)
        sound = decode_window(at + HEAD_LEN + i * WINDOW_LEN, &state.spans[i], &state.usages[i]) &&
                sound;
    if (!sound)
        return MAILSUB_E_STORE_DAMAGED;
    *out_state = state;
    return MAILSUB_OK;
}

size_t mailsub__state_encode(const mailsub__state *state,
                             unsigned char out[MAILSUB_MAX_STORE_STATE])
{
    put(out, 4, VERSION | (uint32_t)state->n << 8 | (uint32_t)state->closure.level << 16);
    put(out + 4, 8, (uint64_t)state->anchor.at_ms);
    put(out + 12, 8, (uint64_t)state->anchor.unix_ms);
    put(out + 20, 8, (uint64_t)state->anchor.steady_ms);
    put(out + 28, 8, state->anchor.steady_id);
    put(out + 36, 8, (uint64_t)state->closure.until_ms);
    unsigned char *at = out + HEAD_LEN;
    for (size_t i = 0; i < state->n; i++, at += WINDOW_LEN) {
        const mailsub__span *span = &state->spans[i];
        put(at, 5, (uint64_t)span->window.length_ms);
        put(at + 5, 3, (span->window.flags & KIND) | span->shift << 8);
        for (unsigned j = 0; j < MAILSUB__WINDOW_WORDS; j++)
            put(at + 8 + 2 * j, 2, state->usages[i].words[j]);
    }
    return (size_t)(at - out);
}

bool mailsub__state_is_idle(const mailsub__state *state, int64_t now_ms)
{
    if (state->closure.until_ms > 0 && now_ms < state->closure.until_ms + CLOSURE_MS)
        return false;
    for (size_t i = 0; i < state->n; i++) {
        if (!mailsub__window_is_idle(&state->usages[i], &state->spans[i], now_ms))
            return false;
    }
    return true;
}

/* ---- the rule's windows ---- */

static bool is_same(const mailsub__span *a, const mailsub__span *b)
{
    return a->window.length_ms == b->window.length_ms &&
           ((a->window.flags ^ b->window.flags) & KIND) == 0;
}

static size_t find(const mailsub__state *state, const mailsub__span *span)
{
    size_t i = 0;
    while (i < state->n && !is_same(&state->spans[i], span))
        i++;
    return i;
}

/* Of what is counted in the same unit, the shortest that is at least as long, else the longest. */
static size_t find_witness(const mailsub__state *state, const mailsub__span *span)
{
    size_t best = state->n;
    for (size_t i = 0; i < state->n; i++) {
        int64_t length_ms = state->spans[i].window.length_ms;
        if ((state->spans[i].window.flags ^ span->window.flags) & MAILSUB_WINDOW_MESSAGES)
            continue;
        int64_t best_ms = best < state->n ? state->spans[best].window.length_ms : 0;
        bool covers = length_ms >= span->window.length_ms;
        bool best_covers = best_ms >= span->window.length_ms;
        if (best == state->n || (covers && (!best_covers || length_ms < best_ms)) ||
            (!covers && !best_covers && length_ms > best_ms))
            best = i;
    }
    return best;
}

/* Bring what is held of a window into the rule's unit; a larger one is kept while it counts. */
static void adopt(const mailsub__state *state, size_t from, int64_t now_ms, mailsub__span *span,
                  mailsub__usage *usage)
{
    const mailsub__span *held = &state->spans[from];
    *usage = state->usages[from];
    if (mailsub__window_is_idle(usage, held, now_ms) &&
        !(held->window.flags & MAILSUB_WINDOW_FIXED))
        memset(usage, 0, sizeof *usage);
    else if (held->shift <= span->shift)
        mailsub__window_rescale(usage, &span->window, held->shift, span->shift);
    else
        span->shift = held->shift;
}

/* The rule's windows first, and behind them those of other rules that still count. */
static void arrange(mailsub__state *state, const mailsub__ask *ask, int64_t now_ms,
                    mailsub__state *out)
{
    *out = (mailsub__state){.anchor = state->anchor, .closure = state->closure};
    for (size_t i = 0; i < state->n; i++) {
        if (!(state->spans[i].window.flags & MAILSUB_WINDOW_FIXED))
            mailsub__window_advance(&state->usages[i], &state->spans[i], now_ms, 0);
    }
    for (size_t i = 0; i < ask->n_spans; i++) {
        mailsub__span *span = &out->spans[out->n];
        mailsub__usage *usage = &out->usages[out->n];
        *span = ask->spans[i];
        size_t from = find(state, span);
        size_t witness = find_witness(state, span);
        mailsub__window_advance(usage, span, now_ms, ask->now->unix_ms);
        if (from < state->n)
            adopt(state, from, now_ms, span, usage);
        else if (witness < state->n &&
                 !mailsub__window_is_idle(&state->usages[witness], &state->spans[witness], now_ms))
            mailsub__window_seed(usage, span, &state->usages[witness], &state->spans[witness],
                                 now_ms);
        out->n++;
    }
    for (size_t i = 0; i < state->n && out->n < MAILSUB__STATE_MAX_WINDOWS; i++) {
        if (find(out, &state->spans[i]) < out->n ||
            mailsub__window_is_idle(&state->usages[i], &state->spans[i], now_ms))
            continue;
        out->spans[out->n] = state->spans[i];
        out->usages[out->n++] = state->usages[i];
    }
}

/* ---- the decision ---- */

static int64_t share(const mailsub__span *span, int64_t recipients, int64_t messages)
{
    return span->window.flags & MAILSUB_WINDOW_MESSAGES ? messages : recipients;
}

/* Count from index first on. */
static void charge(mailsub__state *state, size_t first, int64_t recipients, int64_t messages)
{
    for (size_t i = first; i < state->n; i++)
        mailsub__window_add(&state->usages[i], &state->spans[i],
                            share(&state->spans[i], recipients, messages));
}

/* What was held is lost: until unknown_ms as much may have been used as is allowed. */
static void suspect(mailsub__state *state, const mailsub__ask *ask, int64_t unknown_ms,
                    int64_t now_ms)
{
    for (size_t i = 0; i < ask->n_spans; i++) {
        const mailsub__span *span = &state->spans[i];
        mailsub__usage usage = {{0}};
        mailsub__window_advance(&usage, span, unknown_ms < now_ms ? unknown_ms : now_ms,
                                ask->now->unix_ms);
        mailsub__window_add(&usage, span, span->window.limit);
        mailsub__window_advance(&usage, span, now_ms, ask->now->unix_ms);
        state->usages[i] = usage;
    }
}

static void decide(mailsub__state *state, const mailsub__ask *ask, int64_t now_ms,
                   mailsub_store_answer *answer)
{
    mailsub__ask own = *ask;
    own.spans = state->spans; /* with their units */
    if (ask->what == MAILSUB_STORE_RESET) {
        memset(state->usages, 0, sizeof state->usages);
        state->closure = (mailsub__closure){0};
        state->n = 0;
        return;
    }
    mailsub__decide(&own, state->usages, &state->closure, now_ms, answer);
    if (ask->what == MAILSUB_STORE_RESERVE && answer->granted > 0)
        charge(state, ask->n_spans, answer->granted, ask->messages);
    if (ask->what != MAILSUB_STORE_REFUND)
        return;
    for (size_t i = ask->n_spans; i < state->n; i++)
        mailsub__window_take_back(&state->usages[i], &state->spans[i],
                                  share(&state->spans[i], ask->recipients, ask->messages),
                                  ask->at_ms);
}

/* How long what is held means something, and how much may be admitted without making it last. */
static void set_terms(const mailsub__state *state, const mailsub__ask *ask, int64_t now_ms,
                      mailsub_store_change *change)
{
    int64_t lease = INT64_MAX;
    for (size_t i = 0; i < state->n; i++) {
        int64_t idle_ms = 2 * state->spans[i].window.length_ms;
        change->idle_ms = idle_ms > change->idle_ms ? idle_ms : change->idle_ms;
    }
    int64_t closed_ms = state->closure.until_ms - now_ms + CLOSURE_MS;
    if (state->closure.until_ms > 0 && closed_ms > change->idle_ms)
        change->idle_ms = closed_ms;
    for (size_t i = 0; i < ask->n_spans; i++) {
        int64_t most = ask->spans[i].window.limit / LEASES;
        lease = most < lease ? most : lease;
    }
    change->lease = lease == INT64_MAX ? 0 : lease;
}

static bool has_changed(const mailsub__ask *ask, const mailsub_store_answer *answer)
{
    return ask->what == MAILSUB_STORE_RESERVE ? answer->granted > 0
                                              : ask->what != MAILSUB_STORE_QUERY;
}

int mailsub__state_change(void *context, const mailsub_store_state *held,
                          mailsub_store_change *change)
{
    const mailsub__state_call *call = context;
    mailsub__ask ask = *call->ask;
    mailsub_instant now = *ask.now;
    mailsub__state before = {0};
    if (held->len > 0) {
        int rc = mailsub__state_decode(mailsub__slice_of(held->data, held->len), &before);
        if (rc)
            return rc;
    }
    if (held->now_ms >= 0)
        now = (mailsub_instant){.size = sizeof now, .unix_ms = held->now_ms};
    ask.now = &now;
    mailsub__anchor anchor = before.anchor;
    int64_t now_ms = mailsub__anchor_advance(&before.anchor, &now);
    mailsub__state state;
    arrange(&before, &ask, now_ms, &state);
    if (held->unknown_ms >= 0 && held->len == 0)
        suspect(&state, &ask, held->unknown_ms, now_ms);
    charge(&state, 0, held->lost, held->lost_messages);
    *call->answer = (mailsub_store_answer){.size = sizeof *call->answer};
    decide(&state, &ask, now_ms, call->answer);
    /* A refusal is not written; but a clock that has changed is, or no time would ever pass. */
    change->write = has_changed(&ask, call->answer) || held->lost > 0 || held->lost_messages > 0 ||
                    anchor.steady_id != now.steady_id || state.anchor.unix_ms < anchor.unix_ms;
    if (ask.what == MAILSUB_STORE_QUERY)
        change->write = 0;
    change->last = ask.what == MAILSUB_STORE_CLOSE || held->lost > 0;
    if (ask.what == MAILSUB_STORE_RESERVE) {
        change->spent = call->answer->granted;
        change->spent_messages = call->answer->granted > 0 ? ask.messages : 0;
    }
    set_terms(&state, &ask, now_ms, change);
    change->len = mailsub__state_encode(&state, change->data);
    return MAILSUB_OK;
}
