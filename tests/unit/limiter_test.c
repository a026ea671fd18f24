/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limiters in memory and on a store of the test's own: the conformance suite, rules, senders. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mailsub/mailsub.h>

#include "../store/conformance.h"
#include "limit/state.h"

#define DAY_MS (24LL * 60 * 60 * 1000)

/* ---- a store of the test's own ---- */

#define N_KEYS 4096

struct shelf {
    pthread_mutex_t lock;
    size_t n;
    struct {
        char key[128];
        size_t len;
        unsigned char data[MAILSUB_MAX_STORE_STATE];
    } places[N_KEYS];
    int fail; /* what update returns */
    bool twice;
    int n_closed;
};

static int shelf_update(void *context, const char *key, const mailsub_instant *now,
                        mailsub_store_change_fn change, void *change_context)
{
    struct shelf *shelf = context;
    (void)now;
    if (shelf->fail)
        return shelf->fail;
    pthread_mutex_lock(&shelf->lock);
    size_t i = 0;
    while (i < shelf->n && strcmp(shelf->places[i].key, key) != 0)
        i++;
    assert_true(i < N_KEYS && strlen(key) < sizeof shelf->places[i].key);
    mailsub_store_state state = {.size = sizeof state, .now_ms = -1, .unknown_ms = -1};
    if (i < shelf->n) {
        state.data = shelf->places[i].data;
        state.len = shelf->places[i].len;
    }
    mailsub_store_change made = {.size = sizeof made};
    int rc = change(change_context, &state, &made);
    if (shelf->twice) { /* as after a transaction that has to be repeated */
        made = (mailsub_store_change){.size = sizeof made};
        rc = change(change_context, &state, &made);
    }
    if (rc == MAILSUB_OK && made.write) {
        if (i == shelf->n)
            strcpy(shelf->places[shelf->n++].key, key);
        shelf->places[i].len = made.len;
        memcpy(shelf->places[i].data, made.data, made.len);
    }
    pthread_mutex_unlock(&shelf->lock);
    return rc;
}

static void shelf_close(void *context)
{
    struct shelf *shelf = context;
    shelf->n_closed++;
}

static mailsub_store shelf_store(struct shelf *shelf)
{
    return (mailsub_store){
        .size = sizeof(mailsub_store),
        .context = shelf,
        .update = shelf_update,
        .close = shelf_close,
    };
}

static struct shelf *shelf_new(void)
{
    struct shelf *shelf = calloc(1, sizeof *shelf);
    assert_non_null(shelf);
    pthread_mutex_init(&shelf->lock, NULL);
    return shelf;
}

static int open_shelf(void *context, mailsub_limiter **out_limiter)
{
    mailsub_store store = shelf_store(context);
    return mailsub_limiter_new_with_store(NULL, &store, out_limiter);
}

static int open_memory(void *context, mailsub_limiter **out_limiter)
{
    (void)context;
    return mailsub_limiter_new(NULL, out_limiter);
}

static void tell_failure(void *context, const char *check, const char *what)
{
    (void)context;
    printf("# %s: %s\n", check, what);
}

/* MAILSUB_LIMITER_OPERATIONS=1000000 for as many random operations. */
static unsigned n_operations(void)
{
    const char *text = getenv("MAILSUB_LIMITER_OPERATIONS");
    return text ? (unsigned)strtoul(text, NULL, 10) : 50000;
}

static void memory_conforms(void **state)
{
    (void)state;
    const struct conformance suite = {.open = open_memory,
                                      .failed = tell_failure,
                                      .n_operations = n_operations(),
                                      .seed = 0x5eed1};
    assert_int_equal(conformance_run(&suite), 0);
}

static void a_store_conforms(void **state)
{
    (void)state;
    struct shelf *shelf = shelf_new();
    struct conformance suite = {.context = shelf,
                                .flags = CONFORMANCE_SHARED,
                                .open = open_shelf,
                                .failed = tell_failure,
                                .n_operations = n_operations(),
                                .seed = 0x5eed2};
    assert_int_equal(conformance_run(&suite), 0);
    shelf->twice = true;
    shelf->n = 0;
    suite.n_operations = 10000;
    assert_int_equal(conformance_run(&suite), 0);
    assert_true(shelf->n_closed > 10);
    free(shelf);
}

/* ---- rules and senders ---- */

struct fixture {
    mailsub_limiter *limiter;
    mailsub_ticket *ticket;
    mailsub_instant now;
};

static void set_up(struct fixture *fixture)
{
    *fixture = (struct fixture){
        .now = {.size = sizeof(mailsub_instant), .unix_ms = 1795348800000, .steady_id = 1}};
    assert_int_equal(mailsub_limiter_new(NULL, &fixture->limiter), MAILSUB_OK);
    assert_int_equal(mailsub_ticket_new(NULL, &fixture->ticket), MAILSUB_OK);
}

static void tear_down(struct fixture *fixture)
{
    mailsub_ticket_free(fixture->ticket);
    mailsub_limiter_unref(fixture->limiter);
}

static int reserve(struct fixture *fixture, const char *sender, int64_t n)
{
    return mailsub_limiter_reserve(fixture->limiter, sender, n, &fixture->now, fixture->ticket);
}

static void the_closest_rule_holds(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 1, DAY_MS, 0), 0);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter,
                                              "@b\xc3\xbc"
                                              "cher.example",
                                              2, DAY_MS, 0),
                     0);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, "joe@xn--bcher-kva.EXAMPLE", 3, DAY_MS, 0),
                     0);
    assert_int_equal(reserve(&f, "a@x.example", 2), MAILSUB_E_RATE_LIMITED);
    assert_int_equal(reserve(&f, "a@x.example", 1), 0);
    assert_int_equal(reserve(&f,
                             "a@B\xc3\xbc"
                             "CHER.example",
                             3),
                     MAILSUB_E_RATE_LIMITED);
    assert_int_equal(reserve(&f, "a@XN--bcher-kva.example", 2), 0);
    assert_int_equal(reserve(&f, "b@sub.xn--bcher-kva.example", 2), MAILSUB_E_RATE_LIMITED);
    assert_int_equal(reserve(&f,
                             "joe@b\xc3\xbc"
                             "cher.example",
                             3),
                     0);
    assert_int_equal(reserve(&f, "\"joe\"@xn--bcher-kva.example", 1), MAILSUB_E_RATE_LIMITED);
    assert_int_equal(reserve(&f, "", 1), 0);
    assert_int_equal(reserve(&f, "", 1), MAILSUB_E_RATE_LIMITED);
    tear_down(&f);
}

static void who_has_no_rule_is_not_limited(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, "@one.example", 1, DAY_MS, 0), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(reserve(&f, "a@x.example", 1000), 0);
    assert_int_equal(mailsub_ticket_count_windows(f.ticket), 0);
    assert_int_equal(mailsub_limiter_refund(f.limiter, f.ticket, 1000, &f.now), 0);
    tear_down(&f);
}

static void senders_may_be_counted_together(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    assert_int_equal(
        mailsub_limiter_add_rule(f.limiter, "@x.example", 5, DAY_MS, MAILSUB_WINDOW_TOGETHER), 0);
    assert_int_equal(reserve(&f, "a@x.example", 3), 0);
    assert_int_equal(reserve(&f, "b@x.example", 3), MAILSUB_E_RATE_LIMITED);
    assert_int_equal(reserve(&f, "b@X.EXAMPLE", 2), 0);
    tear_down(&f);
}

static void a_ticket_tells_all(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 10, 1000, 0), 0);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 7, DAY_MS, MAILSUB_WINDOW_MESSAGES),
                     0);
    assert_int_equal(reserve(&f, "a@x.example", 4), 0);
    assert_int_equal(mailsub_limiter_query(f.limiter, "a@x.example", &f.now, f.ticket), 0);
    int64_t limit, window_ms, used, left, next_ms;
    uint32_t flags;
    assert_int_equal(mailsub_ticket_count_windows(f.ticket), 2);
    assert_int_equal(mailsub_ticket_get_window(f.ticket, 1, &limit, &window_ms, &flags), 0);
    assert_true(limit == 7 && window_ms == DAY_MS && flags == MAILSUB_WINDOW_MESSAGES);
    assert_int_equal(mailsub_ticket_get_usage(f.ticket, 0, &used, &left, &next_ms), 0);
    assert_true(used == 4 && left == 6 && next_ms == 0);
    assert_int_equal(mailsub_ticket_get_usage(f.ticket, 2, &used, &left, &next_ms),
                     MAILSUB_E_INVALID);
    tear_down(&f);
}

static const struct rule_row {
    const char *name;
    const char *who;
    int64_t limit;
    int64_t window_ms;
    uint32_t flags;
    int want;
} rule_rows[] = {
    {"limit of none", NULL, 0, 1000, 0, MAILSUB_E_INVALID},
    {"limit beyond all", NULL, 1000000001, 1000, 0, MAILSUB_E_INVALID},
    {"window too short", NULL, 1, 999, 0, MAILSUB_E_INVALID},
    {"window too long", NULL, 1, MAILSUB_MAX_WINDOW_MS + 1, 0, MAILSUB_E_INVALID},
    {"unknown flag", NULL, 1, 1000, 1u << 7, MAILSUB_E_INVALID},
    {"fixed window that fits no day", NULL, 1, 7 * 3600 * 1000, MAILSUB_WINDOW_FIXED,
     MAILSUB_E_INVALID},
    {"fixed window of hours", NULL, 1, 6 * 3600 * 1000, MAILSUB_WINDOW_FIXED, MAILSUB_OK},
    {"fixed window of a week", NULL, 1, 7 * DAY_MS, MAILSUB_WINDOW_FIXED, MAILSUB_OK},
    {"no @", "joe", 1, 1000, 0, MAILSUB_E_ADDRESS},
    {"no name at all", "", 1, 1000, 0, MAILSUB_E_ADDRESS},
    {"domain that is none", "@x..example", 1, 1000, 0, MAILSUB_E_DOMAIN},
    {"control character", "a\nb@x.example", 1, 1000, 0, MAILSUB_E_CONTROL},
    {"not UTF-8", "a\xff@x.example", 1, 1000, 0, MAILSUB_E_UTF8},
    {"address literal", "joe@[127.0.0.1]", 1, 1000, 0, MAILSUB_OK},
};

static void rule_is_judged(void **state)
{
    const struct rule_row *row = *state;
    mailsub_limiter *limiter = NULL;
    assert_int_equal(mailsub_limiter_new(NULL, &limiter), 0);
    if (row->who && row->who[0] == '\0')
        assert_int_equal(mailsub_limiter_add_rule(limiter, "@", 1, 1000, 0), MAILSUB_E_DOMAIN);
    else
        assert_int_equal(
            mailsub_limiter_add_rule(limiter, row->who, row->limit, row->window_ms, row->flags),
            row->want);
    mailsub_limiter_unref(limiter);
}

static void rules_are_bounded_and_frozen(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    for (int i = 0; i < MAILSUB_MAX_WINDOWS; i++)
        assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 5, 1000 * (i + 1), 0), 0);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 5, 1000, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 5, 60000, 0), MAILSUB_E_LIMIT);
    assert_int_equal(reserve(&f, "a@x.example", 1), 0);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, "@x.example", 5, 1000, 0),
                     MAILSUB_E_STATE);
    assert_int_equal(mailsub_limiter_set_zone(f.limiter, NULL, NULL, 60), MAILSUB_E_STATE);
    assert_int_equal(mailsub_limiter_set_fail_open(f.limiter, 1), MAILSUB_E_STATE);
    tear_down(&f);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    mailsub_instant bad = f.now;
    bad.size = 1;
    mailsub_store none = {.size = sizeof none};
    mailsub_limiter *other = NULL;
    assert_int_equal(mailsub_limiter_new(NULL, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_limiter_new_with_store(NULL, &none, &other), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_limiter_new_with_store(NULL, NULL, &other), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_limiter_add_rule(NULL, NULL, 1, 1000, 0), MAILSUB_E_INVALID);
    assert_int_equal(reserve(&f, NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(reserve(&f, "a@x.example", 0), MAILSUB_E_INVALID);
    assert_int_equal(reserve(&f, "x.example", 1), MAILSUB_E_ADDRESS);
    assert_int_equal(mailsub_limiter_reserve(f.limiter, "a@x.example", 1, &bad, f.ticket),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_limiter_reserve(f.limiter, "a@x.example", 1, &f.now, NULL),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_limiter_commit(f.limiter, f.ticket), MAILSUB_E_STATE);
    assert_int_equal(mailsub_limiter_refund(f.limiter, f.ticket, 1, &f.now), MAILSUB_E_STATE);
    assert_int_equal(mailsub_limiter_close_sender(f.limiter, "a@x.example", -1, &f.now),
                     MAILSUB_E_INVALID);
    assert_int_equal(mailsub_ticket_get_granted(NULL), 0);
    assert_int_equal(mailsub_ticket_count_windows(NULL), 0);
    mailsub_limiter_unref(NULL);
    mailsub_ticket_free(NULL);
    tear_down(&f);
}

/* Summer time ends on 2026-10-25 in Berlin: that day has 25 hours. */
static int berlin(void *context, int64_t unix_s, int32_t *out_offset_min)
{
    (void)context;
    *out_offset_min = unix_s < 1792890000 ? 120 : 60; /* 01:00 UTC */
    return MAILSUB_OK;
}

static void a_long_day_is_long(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 1, DAY_MS, MAILSUB_WINDOW_FIXED), 0);
    assert_int_equal(mailsub_limiter_set_zone(f.limiter, berlin, NULL, 0), 0);
    f.now.unix_ms = 1792879200000; /* 2026-10-24 22:00 UTC: midnight */
    assert_int_equal(reserve(&f, "a@x.example", 1), 0);
    assert_int_equal(reserve(&f, "a@x.example", 1), MAILSUB_E_RATE_LIMITED);
    assert_int_equal(mailsub_ticket_get_retry_after(f.ticket), 25 * 3600 * 1000);
    tear_down(&f);
}

static void a_store_that_fails_closes_or_opens(void **state)
{
    (void)state;
    struct shelf *shelf = shelf_new();
    struct fixture f;
    for (int open = 0; open < 2; open++) {
        set_up(&f);
        mailsub_limiter_unref(f.limiter);
        assert_int_equal(open_shelf(shelf, &f.limiter), 0);
        assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 1, DAY_MS, 0), 0);
        assert_int_equal(mailsub_limiter_set_fail_open(f.limiter, open), 0);
        shelf->fail = MAILSUB_E_STORE;
        assert_int_equal(reserve(&f, "a@x.example", 3), open ? MAILSUB_OK : MAILSUB_E_STORE);
        assert_int_equal(mailsub_ticket_get_granted(f.ticket), open ? 3 : 0);
        assert_int_equal(mailsub_ticket_get_store_error(f.ticket), open ? MAILSUB_E_STORE : 0);
        shelf->fail = MAILSUB_E_NOMEM; /* no matter of the store */
        assert_int_equal(reserve(&f, "a@x.example", 1), MAILSUB_E_NOMEM);
        shelf->fail = 0;
        tear_down(&f);
    }
    free(shelf);
}

static void a_child_of_a_fork_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 2, DAY_MS, 0), 0);
    assert_int_equal(reserve(&f, "a@x.example", 1), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(reserve(&f, "a@x.example", 1) == MAILSUB_E_STATE ? 0 : 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(reserve(&f, "a@x.example", 1), 0);
    tear_down(&f);
}

/* Old senders make place: the table is as large as the number of those that count. */
static void idle_senders_are_forgotten(void **state)
{
    (void)state;
    struct fixture f;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    set_up(&f);
    mailsub_limiter_unref(f.limiter);
    assert_int_equal(mailsub_limiter_new(&allocator, &f.limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 1, 1000, 0), 0);
    size_t after_first = 0;
    for (int i = 0; i < 60000; i++) {
        char sender[64];
        snprintf(sender, sizeof sender, "s%d@x.example", i);
        f.now.unix_ms += 1;
        f.now.steady_ms += 1;
        assert_int_equal(reserve(&f, sender, 1), 0);
        assert_int_equal(reserve(&f, sender, 1), MAILSUB_E_RATE_LIMITED);
        if (i == 2000)
            after_first = heap.n_requests;
    }
    /* Some of the shards grow once more; if all senders stayed, it were 1,250 blocks. */
    assert_true(heap.n_requests <= after_first + 400);
    tear_down(&f);
    assert_int_equal(heap.n_live, 0);
}

static void every_block_of_memory_may_be_missing(void **state)
{
    (void)state;
    for (size_t fail_at = 1;; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub_limiter *limiter = NULL;
        mailsub_ticket *ticket = NULL;
        int rc = mailsub_limiter_new(&allocator, &limiter);
        if (rc == MAILSUB_OK)
            rc = mailsub_ticket_new(&allocator, &ticket);
        if (rc == MAILSUB_OK)
            rc = mailsub_limiter_add_rule(limiter, "a@x.example", 1, 1000, 0);
        if (rc == MAILSUB_OK)
            rc = mailsub_limiter_reserve(limiter, "a@x.example", 1, NULL, ticket);
        assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM);
        mailsub_ticket_free(ticket);
        mailsub_limiter_unref(limiter);
        assert_int_equal(heap.n_live, 0);
        if (rc == MAILSUB_OK) {
            assert_true(fail_at > 6);
            return;
        }
    }
}

/* ---- octets of a store ---- */

static void later_and_damaged_states_are_refused(void **state)
{
    (void)state;
    struct shelf *shelf = shelf_new();
    struct fixture f;
    set_up(&f);
    mailsub_limiter_unref(f.limiter);
    assert_int_equal(open_shelf(shelf, &f.limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(f.limiter, NULL, 5, DAY_MS, 0), 0);
    assert_int_equal(reserve(&f, "a@x.example", 1), 0);
    unsigned char *data = shelf->places[0].data;
    size_t len = shelf->places[0].len;
    data[0]++;
    assert_int_equal(reserve(&f, "a@x.example", 1), MAILSUB_E_STORE_VERSION);
    data[0] -= 2;
    assert_int_equal(reserve(&f, "a@x.example", 1), MAILSUB_E_STORE_DAMAGED);
    data[0]++;
    for (size_t cut = 1; cut < len; cut++) {
        shelf->places[0].len = cut;
        assert_int_equal(reserve(&f, "a@x.example", 1), MAILSUB_E_STORE_DAMAGED);
    }
    shelf->places[0].len = len;
    assert_int_equal(reserve(&f, "a@x.example", 4), 0);
    tear_down(&f);
    free(shelf);
}

static const struct slow_row {
    const char *name;
    int code;
    const char *enhanced;
    const char *text;
    int want;
} slow_rows[] = {
    {"421", 421, NULL, NULL, 1},
    {"450 4.7.1", 450, "4.7.1", "Service unavailable", 1},
    {"451 4.7.500", 451, "4.7.500", "Server busy. Please try again later", 1},
    {"452 4.5.3", 452, "4.5.3", "Too many recipients", 1},
    {"452 without a status", 452, "", "Error: too many RECIPIENTS", 1},
    {"454 4.7.0, throttled", 454, "4.7.0", "Throttling failure: Maximum sending rate exceeded.", 1},
    {"421 of Gmail", 421, "4.7.28", "an unusual rate of unsolicited mail", 1},
    {"550 of Gmail's day", 550, "5.4.5", "Daily user sending limit exceeded.", 1},
    {"450, greylisted by text alone", 450, "4.2.0", "Greylisted, see help", 0},
    {"452, disk full", 452, "4.3.1", "Insufficient system storage", 0},
    {"454, TLS", 454, "4.3.0", "TLS not available due to local problem", 0},
    {"550, unknown", 550, "5.1.1", "User unknown; rate limit is not the cause", 0},
    {"250", 250, "2.0.0", "queued, rate limit", 0},
};

static void slow_down_is_recognized(void **state)
{
    const struct slow_row *row = *state;
    assert_int_equal(mailsub_limiter_is_slow_down(row->code, row->enhanced, row->text), row->want);
}

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(memory_conforms),
        cmocka_unit_test(a_store_conforms),
        cmocka_unit_test(the_closest_rule_holds),
        cmocka_unit_test(who_has_no_rule_is_not_limited),
        cmocka_unit_test(senders_may_be_counted_together),
        cmocka_unit_test(a_ticket_tells_all),
        cmocka_unit_test(rules_are_bounded_and_frozen),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(a_long_day_is_long),
        cmocka_unit_test(a_store_that_fails_closes_or_opens),
        cmocka_unit_test(a_child_of_a_fork_is_refused),
        cmocka_unit_test(idle_senders_are_forgotten),
        cmocka_unit_test(every_block_of_memory_may_be_missing),
        cmocka_unit_test(later_and_damaged_states_are_refused),
    };
    struct CMUnitTest tests[64];
    size_t n = 0;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        tests[n++] = fixed[i];
    UNIT_ADD_ROWS(tests, n, rule_rows, rule_is_judged);
    UNIT_ADD_ROWS(tests, n, slow_rows, slow_down_is_recognized);
    return UNIT_RUN(tests, n);
}
