/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public interface: who is asked about, by which rule, of which store. */
#include "limit/limiter.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "limit/memory.h"
#include "limit/state.h"
#include "limit/ticket.h"

#define DAY_MIN (24 * 60)
/* The year 4199. */
#define MAX_TIME_MS (1LL << 46)

struct mailsub_limiter {
    mailsub_allocator allocator;
    atomic_uint n_refs;
    mailsub__now_fn system_now;
    mailsub__rules rules;
    mailsub_zone_fn zone;
    void *zone_context;
    int32_t offset_min;
    bool fail_open;
    bool in_memory;
    mailsub_store store;
    pthread_mutex_t start_lock;
    atomic_bool started; /* rules are frozen, and memory is there where it is needed */
    mailsub__memory *memory;
};

int mailsub__limiter_create(const mailsub_allocator *allocator, const mailsub_store *store,
                            mailsub__now_fn now, mailsub_limiter **out_limiter)
{
    mailsub_allocator table;
    if (!out_limiter ||
        (store && (store->size < sizeof *store || (!store->update && !store->decide))))
        return MAILSUB_E_INVALID;
    int rc = mailsub__allocator_init(&table, allocator);
    if (rc)
        return rc;
    mailsub_limiter *limiter = mailsub__alloc_zeroed(&table, sizeof *limiter);
    if (!limiter)
        return MAILSUB_E_NOMEM;
    limiter->allocator = table;
    limiter->system_now = now;
    limiter->in_memory = !store;
    if (store)
        limiter->store = *store;
    mailsub__rules_init(&limiter->rules, &limiter->allocator);
    atomic_init(&limiter->n_refs, 1);
    atomic_init(&limiter->started, false);
    pthread_mutex_init(&limiter->start_lock, NULL);
    *out_limiter = limiter;
    return MAILSUB_OK;
}

mailsub_limiter *mailsub_limiter_ref(mailsub_limiter *limiter)
{
    if (limiter)
        atomic_fetch_add_explicit(&limiter->n_refs, 1, memory_order_relaxed);
    return limiter;
}

void mailsub_limiter_unref(mailsub_limiter *limiter)
{
    if (!limiter || atomic_fetch_sub_explicit(&limiter->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    if (limiter->store.close)
        limiter->store.close(limiter->store.context);
    mailsub__memory_free(limiter->memory);
    mailsub__rules_deinit(&limiter->rules);
    pthread_mutex_destroy(&limiter->start_lock);
    mailsub_allocator allocator = limiter->allocator;
    mailsub__free(&allocator, limiter);
}

/* ---- settings ---- */

static bool is_started(mailsub_limiter *limiter)
{
    return atomic_load_explicit(&limiter->started, memory_order_acquire);
}

int mailsub_limiter_add_rule(mailsub_limiter *limiter, const char *who, int64_t limit,
                             int64_t window_ms, uint32_t flags)
{
    if (!limiter)
        return MAILSUB_E_INVALID;
    if (is_started(limiter))
        return MAILSUB_E_STATE;
    const mailsub_window window = {.length_ms = window_ms, .limit = limit, .flags = flags};
    return mailsub__rules_add(&limiter->rules, who, &window);
}

int mailsub_limiter_set_zone(mailsub_limiter *limiter, mailsub_zone_fn zone, void *context,
                             int32_t offset_min)
{
    if (!limiter || offset_min <= -DAY_MIN || offset_min >= DAY_MIN)
        return MAILSUB_E_INVALID;
    if (is_started(limiter))
        return MAILSUB_E_STATE;
    limiter->zone = zone;
    limiter->zone_context = context;
    limiter->offset_min = offset_min;
    return MAILSUB_OK;
}

int mailsub_limiter_set_fail_open(mailsub_limiter *limiter, int on)
{
    if (!limiter || (on != 0 && on != 1))
        return MAILSUB_E_INVALID;
    if (is_started(limiter))
        return MAILSUB_E_STATE;
    limiter->fail_open = on == 1;
    return MAILSUB_OK;
}

/* The first request freezes the rules: the store in memory lays out its records by them. */
static int start(mailsub_limiter *limiter)
{
    if (is_started(limiter))
        return MAILSUB_OK;
    int rc = MAILSUB_OK;
    pthread_mutex_lock(&limiter->start_lock);
    if (limiter->in_memory && !limiter->memory)
        rc = mailsub__memory_new(&limiter->rules, &limiter->memory);
    if (rc == MAILSUB_OK)
        atomic_store_explicit(&limiter->started, true, memory_order_release);
    pthread_mutex_unlock(&limiter->start_lock);
    return rc;
}

/* ---- the zone ---- */

static int read_zone(const mailsub_limiter *limiter, int64_t unix_ms, int32_t *out_offset_min)
{
    if (!limiter->zone) {
        *out_offset_min = limiter->offset_min;
        return MAILSUB_OK;
    }
    int32_t offset_min = 0;
    int rc = limiter->zone(limiter->zone_context, unix_ms / 1000, &offset_min);
    if (rc == MAILSUB_OK && (offset_min <= -DAY_MIN || offset_min >= DAY_MIN))
        rc = MAILSUB_E_INVALID;
    if (rc == MAILSUB_OK)
        *out_offset_min = offset_min;
    return rc;
}

/* The rule's windows, with the offsets now and at the end of each fixed one's period. */
static int place_windows(const mailsub_limiter *limiter, const mailsub__rule *rule, int64_t unix_ms,
                         mailsub__span out[MAILSUB_MAX_WINDOWS])
{
    int32_t offset_min = 0;
    int rc = read_zone(limiter, unix_ms, &offset_min);
    for (size_t i = 0; i < rule->n_spans && rc == MAILSUB_OK; i++) {
        out[i] = rule->spans[i];
        mailsub_window *window = &out[i].window;
        if (!(window->flags & MAILSUB_WINDOW_FIXED))
            continue;
        window->offset_min = window->next_min = offset_min;
        int64_t end_ms = unix_ms + mailsub__window_rest(window, unix_ms);
        rc = read_zone(limiter, end_ms, &window->next_min);
    }
    return rc;
}

/* ---- requests ---- */

/* Hand a request to a store that decides by itself. */
static int ask_decider(const mailsub_limiter *limiter, const mailsub__ask *ask,
                       mailsub_store_answer *answer)
{
    mailsub_window windows[MAILSUB_MAX_WINDOWS];
    for (size_t i = 0; i < ask->n_spans; i++)
        windows[i] = ask->spans[i].window;
    const mailsub_store_request request = {
        .size = sizeof request,
        .what = ask->what,
        .key = ask->key,
        .now = *ask->now,
        .windows = windows,
        .n_windows = ask->n_spans,
        .recipients = ask->recipients,
        .least = ask->least,
        .messages = ask->messages,
        .at_ms = ask->at_ms,
        .close_ms = ask->close_ms,
    };
    return limiter->store.decide(limiter->store.context, &request, answer);
}

/* It fills in the windows that are asked about. */
static int ask_store(mailsub_limiter *limiter, mailsub__ask *ask, const mailsub__rule *rule,
                     mailsub_store_answer *answer)
{
    mailsub__span placed[MAILSUB_MAX_WINDOWS];
    ask->spans = rule->spans;
    ask->n_spans = rule->n_spans;
    if (rule->fixed) {
        int rc = place_windows(limiter, rule, ask->now->unix_ms, placed);
        if (rc)
            return rc;
        ask->spans = placed;
    }
    answer->size = sizeof *answer;
    answer->granted = answer->retry_ms = answer->closed_ms = 0;
    if (limiter->in_memory)
        return mailsub__memory_decide(limiter->memory, ask, rule, answer);
    if (limiter->store.decide)
        return ask_decider(limiter, ask, answer);
    mailsub__state_call call = {ask, answer};
    return limiter->store.update(limiter->store.context, ask->key, ask->now, mailsub__state_change,
                                 &call);
}

static bool is_time(const mailsub_instant *now)
{
    return now->size >= sizeof *now && now->unix_ms >= 0 && now->steady_ms >= 0 &&
           now->unix_ms <= MAX_TIME_MS && now->steady_ms <= MAX_TIME_MS;
}

/* The system's time. Each clock takes a tenth of a decision in memory: there the calendar is read
   only for the first one, and for windows that begin at midnight. */
static void read_time(const mailsub_limiter *limiter, const mailsub__rule *rule,
                      mailsub_instant *out)
{
    bool steady_alone = limiter->in_memory && !rule->fixed;
    limiter->system_now(!steady_alone, out);
    if (steady_alone && !mailsub__memory_has_clock(limiter->memory, out->steady_id))
        limiter->system_now(true, out);
}

static mailsub__slice key_of(const mailsub__rule *rule, const mailsub__sender *sender)
{
    if (rule->together)
        return mailsub__slice_str(rule->who);
    return sender->len > 0 ? mailsub__slice_of(sender->text, sender->len)
                           : mailsub__slice_str("<>");
}

/* Find out who is asked about and what rule holds, and ask. Without a rule there is no answer. The
   ticket is empty. */
static int request(mailsub_limiter *limiter, const char *sender, mailsub__ask *ask,
                   const mailsub_instant *now, mailsub_ticket *ticket)
{
    mailsub_instant time;
    int rc = !now || is_time(now) ? MAILSUB_OK : MAILSUB_E_INVALID;
    if (rc == MAILSUB_OK)
        rc = mailsub__sender_parse(sender, false, &ticket->sender);
    if (rc == MAILSUB_OK)
        rc = start(limiter);
    if (rc)
        return rc;
    ticket->limiter = limiter;
    ticket->rule = mailsub__rules_find(&limiter->rules, &ticket->sender);
    if (!ticket->rule)
        return MAILSUB_OK;
    mailsub__slice key = key_of(ticket->rule, &ticket->sender);
    ask->key = ticket->key = key.ptr;
    if (limiter->in_memory)
        ticket->hash = ask->hash = mailsub__memory_prepare(limiter->memory, key.ptr, key.len);
    ask->now = now ? now : &time;
    if (!now)
        read_time(limiter, ticket->rule, &time);
    rc = ask_store(limiter, ask, ticket->rule, &ticket->answer);
    ticket->answered = rc == MAILSUB_OK;
    return rc;
}

/* Errors of the store, as opposed to those of the call. */
static bool is_of_store(int code)
{
    return code <= MAILSUB_E_STORE && code >= MAILSUB_E_STORE_UNSAFE;
}

static int reserve(mailsub_limiter *limiter, const char *sender, mailsub__ask *ask,
                   const mailsub_instant *now, mailsub_ticket *ticket)
{
    if (!ticket)
        return MAILSUB_E_INVALID;
    mailsub__ticket_reset(ticket);
    if (!limiter || !sender || ask->recipients < 1 || ask->recipients > MAILSUB_MAX_WINDOW_LIMIT)
        return MAILSUB_E_INVALID;
    ask->what = MAILSUB_STORE_RESERVE;
    ask->messages = 1;
    int rc = request(limiter, sender, ask, now, ticket);
    if (is_of_store(rc) && limiter->fail_open) {
        ticket->store_error = rc;
        ticket->rule = NULL; /* nothing is there to be given back */
        rc = MAILSUB_OK;
    }
    if (rc)
        return rc;
    ticket->reserved = ticket->rule ? ticket->answer.granted : ask->recipients;
    ticket->retry_ms = ticket->rule ? ticket->answer.retry_ms : 0;
    if (ticket->reserved == 0)
        return MAILSUB_E_RATE_LIMITED;
    return MAILSUB_OK;
}

int mailsub_limiter_reserve(mailsub_limiter *limiter, const char *sender, int64_t n,
                            const mailsub_instant *now, mailsub_ticket *ticket)
{
    return reserve(limiter, sender, &(mailsub__ask){.recipients = n, .least = n}, now, ticket);
}

int mailsub_limiter_reserve_some(mailsub_limiter *limiter, const char *sender, int64_t n,
                                 const mailsub_instant *now, mailsub_ticket *ticket)
{
    return reserve(limiter, sender, &(mailsub__ask){.recipients = n, .least = 1}, now, ticket);
}

int mailsub_limiter_commit(mailsub_limiter *limiter, mailsub_ticket *ticket)
{
    if (!limiter || !ticket || (ticket->limiter && ticket->limiter != limiter))
        return MAILSUB_E_INVALID;
    if (ticket->reserved == 0)
        return MAILSUB_E_STATE;
    ticket->reserved = 0;
    return MAILSUB_OK;
}

int mailsub_limiter_refund(mailsub_limiter *limiter, mailsub_ticket *ticket, int64_t n,
                           const mailsub_instant *now)
{
    mailsub_instant time;
    if (!limiter || !ticket || (ticket->limiter && ticket->limiter != limiter))
        return MAILSUB_E_INVALID;
    if (ticket->reserved == 0)
        return MAILSUB_E_STATE;
    if (n < 1 || n > ticket->reserved || (now && !is_time(now)))
        return MAILSUB_E_INVALID;
    if (ticket->rule) {
        if (!now)
            read_time(limiter, ticket->rule, &time);
        mailsub__ask ask = {
            .what = MAILSUB_STORE_REFUND,
            .key = ticket->key,
            .hash = ticket->hash,
            .now = now ? now : &time,
            .recipients = n,
            .messages = n == ticket->reserved,
            .at_ms = ticket->answer.at_ms,
        };
        mailsub_store_answer answer;
        int rc = ask_store(limiter, &ask, ticket->rule, &answer);
        if (rc)
            return rc;
    }
    ticket->reserved -= n;
    return MAILSUB_OK;
}

int mailsub_limiter_query(mailsub_limiter *limiter, const char *sender, const mailsub_instant *now,
                          mailsub_ticket *ticket)
{
    if (!ticket)
        return MAILSUB_E_INVALID;
    mailsub__ticket_reset(ticket);
    if (!limiter || !sender)
        return MAILSUB_E_INVALID;
    int rc = request(limiter, sender, &(mailsub__ask){.what = MAILSUB_STORE_QUERY}, now, ticket);
    for (size_t i = 0; rc == MAILSUB_OK && i < mailsub_ticket_count_windows(ticket); i++) {
        if (ticket->answer.next_ms[i] > ticket->retry_ms)
            ticket->retry_ms = ticket->answer.next_ms[i];
    }
    if (rc == MAILSUB_OK && ticket->answer.closed_ms > ticket->retry_ms)
        ticket->retry_ms = ticket->answer.closed_ms;
    return rc;
}

/* What needs no answer. */
static int tell(mailsub_limiter *limiter, const char *sender, mailsub__ask *ask,
                const mailsub_instant *now)
{
    mailsub_ticket scrap = {.reserved = 0};
    if (!limiter || !sender)
        return MAILSUB_E_INVALID;
    return request(limiter, sender, ask, now, &scrap);
}

int mailsub_limiter_reset(mailsub_limiter *limiter, const char *sender, const mailsub_instant *now)
{
    return tell(limiter, sender, &(mailsub__ask){.what = MAILSUB_STORE_RESET}, now);
}

int mailsub_limiter_close_sender(mailsub_limiter *limiter, const char *sender, int64_t ms,
                                 const mailsub_instant *now)
{
    if (ms < 0 || ms > MAILSUB_MAX_WINDOW_MS)
        return MAILSUB_E_INVALID;
    return tell(limiter, sender, &(mailsub__ask){.what = MAILSUB_STORE_CLOSE, .close_ms = ms}, now);
}
