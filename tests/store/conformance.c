/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Through the public headers only, on a clock that the test moves. */
#include "conformance.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000LL
#define DAY (24 * 60 * 60 * SECOND)
/* A Sunday, 12:00 UTC. */
#define NOON 1795348800000LL

struct run {
    const struct conformance *suite;
    const char *check;
    size_t n_failed;
    mailsub_limiter *limiter;
    mailsub_ticket *ticket;
    mailsub_instant now;
    char sender[96];
    unsigned n_senders;
};

static void expect(struct run *run, int ok, const char *what)
{
    if (ok)
        return;
    run->n_failed++;
    run->suite->failed(run->suite->context, run->check, what);
}

#define EXPECT(run, condition) expect((run), (condition), #condition)

/* A sender that nobody had before. */
static void next_sender(struct run *run)
{
    snprintf(run->sender, sizeof run->sender, "s%u.%llx@store.example", run->n_senders++,
             (unsigned long long)run->suite->seed);
}

static void reopen(struct run *run)
{
    mailsub_limiter_unref(run->limiter);
    run->limiter = NULL;
    int rc = run->suite->open(run->suite->context, &run->limiter);
    if (rc) {
        fprintf(stderr, "the store cannot be opened: %s\n", mailsub_strerror(rc));
        exit(1);
    }
}

static void start(struct run *run, const char *check)
{
    run->check = check;
    next_sender(run);
    run->now.unix_ms = NOON;
    run->now.steady_ms += 400 * DAY;
    reopen(run);
}

static void add_rule(struct run *run, int64_t limit, int64_t window_ms, uint32_t flags)
{
    EXPECT(run, mailsub_limiter_add_rule(run->limiter, NULL, limit, window_ms, flags) == 0);
}

static void pass(struct run *run, int64_t ms)
{
    run->now.unix_ms += ms;
    run->now.steady_ms += ms;
}

static int reserve(struct run *run, int64_t n)
{
    return mailsub_limiter_reserve(run->limiter, run->sender, n, &run->now, run->ticket);
}

static int64_t used(struct run *run, size_t index)
{
    int64_t n = -1;
    EXPECT(run, mailsub_limiter_query(run->limiter, run->sender, &run->now, run->ticket) == 0);
    mailsub_ticket_get_usage(run->ticket, index, &n, NULL, NULL);
    return n;
}

/* ---- checks ---- */

static void check_limit(struct run *run)
{
    add_rule(run, 250, DAY, 0);
    EXPECT(run, used(run, 0) == 0);
    EXPECT(run, reserve(run, 200) == 0);
    EXPECT(run, mailsub_ticket_get_granted(run->ticket) == 200);
    EXPECT(run, reserve(run, 51) == MAILSUB_E_RATE_LIMITED);
    EXPECT(run, mailsub_ticket_get_granted(run->ticket) == 0);
    int64_t wait_ms = mailsub_ticket_get_retry_after(run->ticket);
    EXPECT(run, wait_ms > DAY && wait_ms <= DAY + DAY / 20);
    EXPECT(run, reserve(run, 50) == 0);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    EXPECT(run, reserve(run, 251) == MAILSUB_E_RATE_LIMITED);
    EXPECT(run, mailsub_ticket_get_retry_after(run->ticket) == -1);
    EXPECT(run, used(run, 0) == 250);
    pass(run, DAY);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    pass(run, mailsub_ticket_get_retry_after(run->ticket) - 1);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    pass(run, 1);
    EXPECT(run, reserve(run, 250) == 0);
}

static void check_some(struct run *run)
{
    add_rule(run, 10, 10 * SECOND, 0);
    mailsub_limiter *limiter = run->limiter;
    EXPECT(run, mailsub_limiter_reserve_some(limiter, run->sender, 7, &run->now, run->ticket) == 0);
    EXPECT(run, mailsub_ticket_get_granted(run->ticket) == 7);
    EXPECT(run, mailsub_limiter_reserve_some(limiter, run->sender, 7, &run->now, run->ticket) == 0);
    EXPECT(run, mailsub_ticket_get_granted(run->ticket) == 3);
    EXPECT(run, mailsub_limiter_reserve_some(limiter, run->sender, 700, &run->now, run->ticket) ==
                    MAILSUB_E_RATE_LIMITED);
    EXPECT(run, mailsub_ticket_get_retry_after(run->ticket) > 0);
}

static void check_together(struct run *run)
{
    add_rule(run, 5, SECOND, 0);
    add_rule(run, 8, 60 * SECOND, 0);
    add_rule(run, 2, DAY, MAILSUB_WINDOW_MESSAGES);
    EXPECT(run, reserve(run, 6) == MAILSUB_E_RATE_LIMITED);
    EXPECT(run, used(run, 0) == 0 && used(run, 1) == 0 && used(run, 2) == 0);
    EXPECT(run, reserve(run, 5) == 0);
    pass(run, 2 * SECOND);
    EXPECT(run, reserve(run, 4) == MAILSUB_E_RATE_LIMITED);
    EXPECT(run, used(run, 0) == 0 && used(run, 1) == 5 && used(run, 2) == 1);
    EXPECT(run, reserve(run, 3) == 0);
    pass(run, 120 * SECOND);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    EXPECT(run, used(run, 1) == 0 && used(run, 2) == 2);
}

static void check_refund(struct run *run)
{
    mailsub_limiter *limiter = run->limiter;
    add_rule(run, 10, 20 * SECOND, 0);
    add_rule(run, 3, DAY, MAILSUB_WINDOW_MESSAGES);
    EXPECT(run, reserve(run, 10) == 0);
    pass(run, 5 * SECOND);
    EXPECT(run, mailsub_limiter_refund(limiter, run->ticket, 4, &run->now) == 0);
    EXPECT(run, mailsub_limiter_refund(limiter, run->ticket, 7, &run->now) == MAILSUB_E_INVALID);
    EXPECT(run, mailsub_ticket_get_granted(run->ticket) == 6);
    EXPECT(run, mailsub_limiter_commit(limiter, run->ticket) == 0);
    EXPECT(run, mailsub_limiter_refund(limiter, run->ticket, 1, &run->now) == MAILSUB_E_STATE);
    EXPECT(run, used(run, 0) == 6 && used(run, 1) == 1);
    EXPECT(run, reserve(run, 4) == 0);
    EXPECT(run, mailsub_limiter_refund(limiter, run->ticket, 4, &run->now) == 0);
    EXPECT(run, used(run, 0) == 6 && used(run, 1) == 1);
    EXPECT(run, reserve(run, 4) == 0);
    mailsub_ticket *late = NULL;
    EXPECT(run, mailsub_ticket_new(NULL, &late) == 0);
    pass(run, 60 * SECOND);
    EXPECT(run, mailsub_limiter_reserve(limiter, run->sender, 9, &run->now, late) == 0);
    pass(run, 60 * SECOND);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED); /* messages */
    EXPECT(run, mailsub_limiter_refund(limiter, late, 9, &run->now) == 0);
    EXPECT(run, reserve(run, 10) == 0);
    mailsub_ticket_free(late);
}

static void check_fixed(struct run *run)
{
    add_rule(run, 3, DAY, MAILSUB_WINDOW_FIXED);
    EXPECT(run, mailsub_limiter_set_zone(run->limiter, NULL, NULL, 120) == 0);
    EXPECT(run, reserve(run, 3) == 0);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    EXPECT(run, mailsub_ticket_get_retry_after(run->ticket) == 10 * 60 * 60 * SECOND);
    pass(run, 10 * 60 * 60 * SECOND - 1);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    pass(run, 1);
    EXPECT(run, reserve(run, 3) == 0);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    EXPECT(run, mailsub_ticket_get_retry_after(run->ticket) == DAY);
    run->now.unix_ms += 3 * DAY; /* set forward */
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    run->now.unix_ms -= 5 * DAY; /* and back: the day that is now was there before */
    pass(run, DAY);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    pass(run, DAY);
    EXPECT(run, reserve(run, 3) == 0);
}

static void check_clock(struct run *run)
{
    add_rule(run, 5, 60 * SECOND, 0);
    EXPECT(run, reserve(run, 5) == 0);
    run->now.unix_ms += 1000 * DAY;
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    run->now.unix_ms -= 2000 * DAY;
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    pass(run, 64 * SECOND);
    EXPECT(run, reserve(run, 5) == 0);
}

/* The machine starts again, with a calendar that lost years: nobody waits for years. */
static void check_restart(struct run *run)
{
    add_rule(run, 5, 60 * SECOND, 0);
    EXPECT(run, reserve(run, 5) == 0);
    run->now.steady_id++;
    run->now.steady_ms = 7;
    run->now.unix_ms -= 3000 * DAY;
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    pass(run, 70 * SECOND);
    EXPECT(run, reserve(run, 5) == 0);
    run->now.steady_id++;
    run->now.unix_ms += 3001 * DAY;
    EXPECT(run, reserve(run, 5) == 0);
}

static void check_close(struct run *run)
{
    mailsub_limiter *limiter = run->limiter;
    add_rule(run, 5, SECOND, 0);
    EXPECT(run, mailsub_limiter_close_sender(limiter, run->sender, 0, &run->now) == 0);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    int64_t first_ms = mailsub_ticket_get_closed(run->ticket);
    EXPECT(run, first_ms > 0 && mailsub_ticket_get_retry_after(run->ticket) == first_ms);
    EXPECT(run, mailsub_limiter_close_sender(limiter, run->sender, 0, &run->now) == 0);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    EXPECT(run, mailsub_ticket_get_closed(run->ticket) == first_ms);
    pass(run, first_ms);
    EXPECT(run, reserve(run, 1) == 0);
    EXPECT(run, mailsub_limiter_close_sender(limiter, run->sender, 0, &run->now) == 0);
    EXPECT(run, mailsub_limiter_query(limiter, run->sender, &run->now, run->ticket) == 0);
    EXPECT(run, mailsub_ticket_get_closed(run->ticket) >= 2 * first_ms - SECOND);
    EXPECT(run, mailsub_limiter_close_sender(limiter, run->sender, 1, &run->now) == 0);
    EXPECT(run, mailsub_limiter_query(limiter, run->sender, &run->now, run->ticket) == 0);
    EXPECT(run, mailsub_ticket_get_closed(run->ticket) >= 2 * first_ms - SECOND);
    pass(run, 10 * DAY);
    EXPECT(run, mailsub_limiter_close_sender(limiter, run->sender, 0, &run->now) == 0);
    EXPECT(run, mailsub_limiter_query(limiter, run->sender, &run->now, run->ticket) == 0);
    EXPECT(run, mailsub_ticket_get_closed(run->ticket) <= first_ms + SECOND);
    EXPECT(run, mailsub_limiter_reset(limiter, run->sender, &run->now) == 0);
    EXPECT(run, reserve(run, 5) == 0);
    EXPECT(run, mailsub_limiter_reset(limiter, run->sender, &run->now) == 0);
    EXPECT(run, used(run, 0) == 0);
}

static void check_large(struct run *run)
{
    add_rule(run, 1000000000, DAY, 0);
    EXPECT(run, reserve(run, 999999000) == 0);
    for (int i = 0; i < 1000; i++)
        EXPECT(run, reserve(run, 1) == 0);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    /* A part that was rounded up must not make the next one look smaller. */
    pass(run, 3 * DAY);
    EXPECT(run, reserve(run, 1) == 0);
    pass(run, DAY / 20);
    EXPECT(run, reserve(run, 999000000) == 0);
    pass(run, DAY);
    EXPECT(run, mailsub_limiter_reserve_some(run->limiter, run->sender, 1000000000, &run->now,
                                             run->ticket) == 0);
    EXPECT(run, mailsub_ticket_get_granted(run->ticket) <= 1000000);
}

static void check_senders(struct run *run)
{
    static const char *const pairs[][2] = {
        {"O'Neil\\%_%s\"@x.example", "o'Neil\\%_%s\"@x.example"},
        {"\xc3\xbc"
         "ber@x.example",
         "ueber@x.example"},
        {"a b@x.example", "a+b@x.example"},
        {"", "<>@x.example"},
    };
    char one[128], two[128];
    add_rule(run, 2, DAY, 0);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        snprintf(one, sizeof one, "%s", pairs[i][0]);
        snprintf(two, sizeof two, "%s", pairs[i][1]);
        EXPECT(run, mailsub_limiter_reset(run->limiter, one, &run->now) == 0);
        EXPECT(run, mailsub_limiter_reset(run->limiter, two, &run->now) == 0);
        EXPECT(run, mailsub_limiter_reserve(run->limiter, one, 2, &run->now, run->ticket) == 0);
        EXPECT(run, mailsub_limiter_reserve(run->limiter, two, 2, &run->now, run->ticket) == 0);
        EXPECT(run, mailsub_limiter_reserve(run->limiter, one, 1, &run->now, run->ticket) ==
                        MAILSUB_E_RATE_LIMITED);
    }
}

/* ---- what is shared ---- */

static void check_reopen(struct run *run)
{
    add_rule(run, 10, DAY, 0);
    EXPECT(run, reserve(run, 10) == 0);
    reopen(run);
    add_rule(run, 10, DAY, 0);
    EXPECT(run, used(run, 0) == 10);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
}

static void check_two(struct run *run)
{
    mailsub_limiter *other = NULL;
    add_rule(run, 10, DAY, 0);
    EXPECT(run, run->suite->open(run->suite->context, &other) == 0);
    EXPECT(run, mailsub_limiter_add_rule(other, NULL, 10, DAY, 0) == 0);
    EXPECT(run, reserve(run, 6) == 0);
    EXPECT(run, mailsub_limiter_reserve(other, run->sender, 6, &run->now, run->ticket) ==
                    MAILSUB_E_RATE_LIMITED);
    EXPECT(run, mailsub_limiter_reserve(other, run->sender, 4, &run->now, run->ticket) == 0);
    EXPECT(run, used(run, 0) == 10);
    EXPECT(run, mailsub_limiter_close_sender(other, run->sender, 0, &run->now) == 0);
    EXPECT(run, mailsub_limiter_query(run->limiter, run->sender, &run->now, run->ticket) == 0);
    EXPECT(run, mailsub_ticket_get_closed(run->ticket) > 0);
    mailsub_limiter_unref(other);
}

/* Other rules do not open what was full. */
static void check_rules(struct run *run)
{
    add_rule(run, 100, DAY, 0);
    EXPECT(run, reserve(run, 100) == 0);
    reopen(run);
    add_rule(run, 50, DAY / 2, 0);
    EXPECT(run, reserve(run, 1) == MAILSUB_E_RATE_LIMITED);
    pass(run, DAY * 6 / 10);
    EXPECT(run, reserve(run, 20) == 0);
    reopen(run);
    add_rule(run, 100, DAY, 0);
    add_rule(run, 7, SECOND, 0);
    EXPECT(run, used(run, 0) == 120);
    reopen(run);
    add_rule(run, 100000, DAY, 0);
    EXPECT(run, used(run, 0) >= 120 && used(run, 0) <= 125);
}

struct thread {
    struct run *run;
    int64_t n;
};

static void *hammer(void *context)
{
    struct thread *thread = context;
    struct run *run = thread->run;
    mailsub_ticket *ticket = NULL;
    if (mailsub_ticket_new(NULL, &ticket))
        return NULL;
    mailsub_instant now = run->now;
    for (int i = 0; i < 300; i++) {
        now.steady_ms += i % 3;
        now.unix_ms += i % 3;
        if (mailsub_limiter_reserve(run->limiter, run->sender, 1, &now, ticket) == 0)
            thread->n++;
    }
    mailsub_ticket_free(ticket);
    return NULL;
}

static void check_threads(struct run *run)
{
    struct thread threads[4];
    pthread_t handles[4];
    add_rule(run, 500, DAY, 0);
    int64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        threads[i] = (struct thread){run, 0};
        pthread_create(&handles[i], NULL, hammer, &threads[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(handles[i], NULL);
        sum += threads[i].n;
    }
    EXPECT(run, sum == 500);
}

/* ---- at random ---- */

#define N_WINDOWS 3
#define N_SENDERS 5
#define LOG_LEN 4096

struct entry {
    int64_t at_us; /* true time */
    int64_t n;
    int64_t messages;
};

/* The naive way: every admission, and what was taken back of it. */
struct log {
    char sender[96];
    struct entry entries[LOG_LEN];
    size_t n;
    mailsub_ticket *ticket;
    size_t ticket_entry;
};

struct world {
    uint64_t random;
    int64_t true_us;
    int64_t calendar_ms; /* less the true time */
    int64_t steady_ms;   /* the same of the steady clock */
    mailsub_window windows[N_WINDOWS];
    size_t n_windows;
    struct log logs[N_SENDERS];
};

static uint64_t draw(struct world *world, uint64_t below)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (world->random >> 11) % below;
}

static void draw_rules(struct run *run, struct world *world)
{
    world->n_windows = 1 + draw(world, N_WINDOWS);
    for (size_t i = 0; i < world->n_windows; i++) {
        static const int64_t bases[] = {1000, 7001, 60000};
        world->windows[i] = (mailsub_window){
            .length_ms = bases[i] + (int64_t)draw(world, 999),
            .limit = draw(world, 10) ? 1 + (int64_t)draw(world, 60)
                                     : 70000 + (int64_t)draw(world, 1000000),
            .flags = draw(world, 4) ? 0 : MAILSUB_WINDOW_MESSAGES,
        };
        add_rule(run, world->windows[i].limit, world->windows[i].length_ms,
                 world->windows[i].flags);
    }
}

static void tell_time(struct run *run, const struct world *world)
{
    int64_t true_ms = world->true_us / 1000;
    run->now.unix_ms = true_ms + world->calendar_ms;
    run->now.steady_ms = true_ms + world->steady_ms;
}

/* After an admission: in no window that ends now there is more than its limit. */
static void check_log(struct run *run, const struct world *world, const struct log *log)
{
    for (size_t i = 0; i < world->n_windows; i++) {
        const mailsub_window *window = &world->windows[i];
        int64_t sum = 0;
        for (size_t j = log->n; j > 0; j--) {
            const struct entry *entry = &log->entries[j - 1];
            if (world->true_us - entry->at_us > window->length_ms * 1000)
                break;
            sum += window->flags & MAILSUB_WINDOW_MESSAGES ? entry->messages : entry->n;
        }
        EXPECT(run, sum <= window->limit);
    }
}

static void drop_ticket(struct log *log)
{
    mailsub_ticket_free(log->ticket);
    log->ticket = NULL;
}

static void shift_log(struct log *log)
{
    size_t half = LOG_LEN / 2;
    memmove(log->entries, log->entries + half, half * sizeof log->entries[0]);
    log->n -= half;
    if (log->ticket_entry < half)
        drop_ticket(log);
    else
        log->ticket_entry -= half;
}

static void try_reserve(struct run *run, struct world *world, struct log *log)
{
    int64_t n = 1 + (int64_t)draw(world, draw(world, 8) ? 4 : 40000);
    int some = draw(world, 2) == 0;
    mailsub_ticket *ticket = NULL;
    if (mailsub_ticket_new(NULL, &ticket))
        return;
    int rc = some ? mailsub_limiter_reserve_some(run->limiter, log->sender, n, &run->now, ticket)
                  : mailsub_limiter_reserve(run->limiter, log->sender, n, &run->now, ticket);
    EXPECT(run, rc == 0 || rc == MAILSUB_E_RATE_LIMITED);
    int64_t granted = mailsub_ticket_get_granted(ticket);
    EXPECT(run, (rc == 0) == (granted > 0) && granted <= n && (some || rc || granted == n));
    if (rc) {
        mailsub_ticket_free(ticket);
        return;
    }
    if (log->n == LOG_LEN)
        shift_log(log);
    log->entries[log->n++] = (struct entry){world->true_us, granted, 1};
    check_log(run, world, log);
    if (log->ticket && draw(world, 2)) {
        mailsub_ticket_free(ticket);
        return;
    }
    mailsub_ticket_free(log->ticket);
    log->ticket = ticket;
    log->ticket_entry = log->n - 1;
}

static void try_refund(struct run *run, struct world *world, struct log *log)
{
    if (!log->ticket)
        return;
    struct entry *entry = &log->entries[log->ticket_entry];
    int64_t n = 1 + (int64_t)draw(world, (uint64_t)entry->n);
    EXPECT(run, mailsub_limiter_refund(run->limiter, log->ticket, n, &run->now) == 0);
    entry->n -= n;
    entry->messages = entry->n > 0;
    if (entry->n == 0)
        drop_ticket(log);
}

static void move_clocks(struct world *world)
{
    static const int64_t steps_us[] = {300, 40000, 900000, 8000000, 70000000};
    world->true_us += (int64_t)draw(world, (uint64_t)steps_us[draw(world, 5)]);
    if (draw(world, 20) == 0)
        world->calendar_ms += (int64_t)draw(world, 400 * DAY) - 200 * DAY;
}

static void check_random(struct run *run)
{
    unsigned n = run->suite->n_operations ? run->suite->n_operations : 20000;
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return;
    world->random = run->suite->seed | 1;
    world->calendar_ms = NOON;
    world->steady_ms = run->now.steady_ms;
    for (unsigned i = 0; i < n; i++) {
        if (i % 5000 == 0) { /* other rules, and other senders */
            reopen(run);
            draw_rules(run, world);
            for (int j = 0; j < N_SENDERS; j++) {
                next_sender(run);
                mailsub_ticket_free(world->logs[j].ticket);
                world->logs[j] = (struct log){.n = 0};
                memcpy(world->logs[j].sender, run->sender, sizeof run->sender);
            }
        }
        struct log *log = &world->logs[draw(world, N_SENDERS)];
        if (draw(world, 4) == 0)
            move_clocks(world);
        if (run->now.unix_ms < 0 || world->calendar_ms < 0)
            world->calendar_ms = NOON;
        tell_time(run, world);
        if (draw(world, 5) == 0)
            try_refund(run, world, log);
        else
            try_reserve(run, world, log);
    }
    for (int j = 0; j < N_SENDERS; j++)
        mailsub_ticket_free(world->logs[j].ticket);
    free(world);
}

/* Who always has something to send, and waits as long as told, gets 95 % at least. */
static void check_thrift(struct run *run)
{
    static const struct {
        int64_t limit, window_ms, step_ms;
    } rows[] = {{250, DAY, 60000}, {10, SECOND, 20}, {1, 1009, 1}, {100000, 60000, 13}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start(run, "thrift");
        add_rule(run, rows[i].limit, rows[i].window_ms, 0);
        int64_t begun_ms = run->now.steady_ms, sum = 0;
        int64_t until_ms = begun_ms + 10 * rows[i].window_ms;
        while (run->now.steady_ms < until_ms) {
            int64_t n = rows[i].limit > 1000 ? rows[i].limit / 200 : 1;
            if (mailsub_limiter_reserve_some(run->limiter, run->sender, n, &run->now,
                                             run->ticket) == 0) {
                sum += mailsub_ticket_get_granted(run->ticket);
                pass(run, rows[i].step_ms);
            } else {
                pass(run, mailsub_ticket_get_retry_after(run->ticket));
            }
        }
        double share = (double)sum / (double)rows[i].limit / 10;
        EXPECT(run, share >= 0.95);
    }
}

static const struct {
    const char *name;
    void (*check)(struct run *run);
    uint32_t flags;
} checks[] = {
    {"limit", check_limit, 0},
    {"some of several", check_some, 0},
    {"windows together", check_together, 0},
    {"refund", check_refund, 0},
    {"fixed window", check_fixed, 0},
    {"calendar that is set", check_clock, 0},
    {"machine that starts again", check_restart, CONFORMANCE_SHARED},
    {"closed by the server", check_close, 0},
    {"large limit", check_large, 0},
    {"names of senders", check_senders, 0},
    {"opened again", check_reopen, CONFORMANCE_SHARED},
    {"opened twice", check_two, CONFORMANCE_SHARED},
    {"other rules", check_rules, CONFORMANCE_SHARED},
    {"threads", check_threads, 0},
    {"random", check_random, 0},
    {"thrift", check_thrift, 0},
};

size_t conformance_run(const struct conformance *suite)
{
    struct run run = {.suite = suite};
    run.now = (mailsub_instant){.size = sizeof run.now, .steady_id = suite->seed | 2};
    if (mailsub_ticket_new(NULL, &run.ticket))
        return 1;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if ((checks[i].flags & suite->flags) != checks[i].flags)
            continue;
        start(&run, checks[i].name);
        checks[i].check(&run);
    }
    mailsub_ticket_free(run.ticket);
    mailsub_limiter_unref(run.limiter);
    return run.n_failed;
}
