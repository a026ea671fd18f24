/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several messages under way at once, over one connection and over several: every outcome is true
 * whatever happens in the middle, and what bounds connections and messages is kept to.
 */
#include "bulk_kit.h"

#define PIPE MAILSUB_TESTING_PIPELINING
#define CHUNK (MAILSUB_TESTING_PIPELINING | MAILSUB_TESTING_CHUNKING)
#define TLS MAILSUB_TESTING_STARTTLS

#define TEN 10

struct row {
    const char *name;
    uint32_t flags;
    int overlap;     /* 0: as it is at first */
    int connections; /* the same */
    unsigned max_messages;
    struct bulk_rule rules[BULK_MAX_RULES];
    /* A letter a message: Accepted, Refused, Deferred or 421, Unknown, gone with the Connection; an
       asterisk where it depends on what had been sent. */
    const char *want;
    size_t want_connections; /* 0: any number */
};

static const struct row rows[] = {
    {"one behind the other", 0, 0, 0, 0, {{0}}, "AAAAAAAAAA", 1},
    {"overlapping by DATA", PIPE, 0, 0, 0, {{0}}, "AAAAAAAAAA", 1},
    {"overlapping by BDAT", CHUNK, 0, 0, 0, {{0}}, "AAAAAAAAAA", 1},
    {"overlapping by BDAT inside TLS", CHUNK | TLS, 0, 0, 0, {{0}}, "AAAAAAAAAA", 1},
    {"chunks without PIPELINING", MAILSUB_TESTING_CHUNKING, 0, 0, 0, {{0}}, "AAAAAAAAAA", 1},
    {"no overlap wanted", CHUNK, 1, 0, 0, {{0}}, "AAAAAAAAAA", 1},
    {"a sender refused in the middle, by DATA",
     PIPE,
     0,
     0,
     0,
     {{"MAIL", "m4@", "550 5.7.1 no", 0}},
     "AAAARAAAAA",
     1},
    {"a sender refused in the middle, by BDAT",
     CHUNK,
     0,
     0,
     0,
     {{"MAIL", "m4@", "550 5.7.1 no", 0}, {"MAIL", "m7@", "451 4.7.1 later", 0}},
     "AAAARAADAA",
     1},
    {"contents refused in the middle, by DATA",
     PIPE,
     0,
     0,
     0,
     {{".", NULL, "250 ok", 2}, {".", NULL, "554 5.6.0 no", 1}},
     "AARAAAAAAA",
     1},
    {"contents refused in the middle, by BDAT",
     CHUNK,
     0,
     0,
     0,
     {{".", NULL, "250 ok", 2}, {".", NULL, "452 4.3.1 full", 2}},
     "AADDAAAAAA",
     1},
    {"421 to MAIL on a connection that has served, by DATA",
     PIPE,
     0,
     0,
     0,
     {{"MAIL", "m4@", "421 4.3.2 bye", 1}},
     "AAAAAAAAAA",
     2},
    {"421 to the first MAIL of all takes one message with it",
     PIPE,
     0,
     0,
     0,
     {{"MAIL", "m0@", "421 4.3.2 bye", 1}},
     "DAAAAAAAAA",
     2},
    {"421 to MAIL twice takes the message with it, and no other",
     PIPE,
     0,
     0,
     0,
     {{"MAIL", "m4@", "421 4.3.2 bye", 2}},
     "AAAADAAAAA",
     3},
    {"421 to MAIL, contents behind it gone, by BDAT",
     CHUNK,
     0,
     0,
     0,
     {{"MAIL", "m4@", "421 4.3.2 bye", 1}},
     "AAAADDDDDD",
     1},
    {"421 to MAIL, few under way, by BDAT",
     CHUNK,
     2,
     0,
     0,
     {{"MAIL", "m4@", "421 4.3.2 bye", 1}},
     "AAAAD*AAAA",
     2},
    {"hung up at the end of data, by DATA",
     PIPE,
     0,
     0,
     0,
     {{".", NULL, "250 ok", 3}, {".", NULL, NULL, 1}},
     "AAAUAAAAAA",
     2},
    {"hung up at the end of data, by BDAT",
     CHUNK,
     0,
     0,
     0,
     {{".", NULL, "250 ok", 3}, {".", NULL, NULL, 1}},
     "AAAUUUUUUU",
     1},
    {"hung up at the end of data, few under way, by BDAT",
     CHUNK,
     3,
     0,
     0,
     {{".", NULL, "250 ok", 3}, {".", NULL, NULL, 1}},
     "AAAU**AAAA",
     2},
    {"hung up at RCPT by DATA", PIPE, 0, 0, 0, {{"MAIL", "m5@", NULL, 1}}, "AAAAAAAAAA", 2},
    {"the server takes three messages over a connection",
     0,
     0,
     0,
     0,
     {{"EHLO", NULL, "250-x\n250-PIPELINING\n250 LIMITS MAILMAX=3", 0}},
     "AAAAAAAAAA",
     4},
    {"the same by BDAT",
     0,
     0,
     0,
     0,
     {{"EHLO", NULL, "250-x\n250-PIPELINING\n250-CHUNKING\n250 LIMITS MAILMAX=3", 0}},
     "AAAAAAAAAA",
     4},
    {"three messages over a connection are enough", CHUNK, 0, 0, 3, {{0}}, "AAAAAAAAAA", 4},
    {"one message over a connection is enough", PIPE, 0, 0, 1, {{0}}, "AAAAAAAAAA", 10},
    {"a second connection is refused",
     PIPE,
     0,
     3,
     0,
     {{"", NULL, "220 hello", 1}, {"", NULL, "421 4.7.0 too many", 0}},
     "AAAAAAAAAA",
     0},
    {"a second connection may not log in",
     PIPE,
     0,
     3,
     0,
     {{"EHLO", NULL, "250-x\n250 PIPELINING", 1}, {"EHLO", NULL, NULL, 0}},
     "AAAAAAAAAA",
     0},
    {"several connections", CHUNK, 0, 3, 0, {{0}}, "AAAAAAAAAA", 0},
    {"several connections, one message over each", PIPE | TLS, 0, 3, 1, {{0}}, "AAAAAAAAAA", 10},
    {"several connections, one of them dies",
     PIPE,
     0,
     3,
     0,
     {{"DATA", NULL, "354 go", 4}, {"DATA", NULL, NULL, 1}},
     NULL,
     0},
    {"no server that greets",
     PIPE,
     0,
     3,
     0,
     {{"", NULL, "421 4.3.2 too busy", 0}},
     "DDDDDDDDDD",
     10},
};

static char letter_of(int code)
{
    switch (code) {
    case MAILSUB_OK:
        return 'A';
    case MAILSUB_E_UNKNOWN_OUTCOME:
        return 'U';
    case MAILSUB_E_CONNECTION_LOST:
        return 'C';
    case MAILSUB_E_UNAVAILABLE:
    case MAILSUB_E_MESSAGE_DEFERRED:
    case MAILSUB_E_SENDER_DEFERRED:
        return 'D';
    case MAILSUB_E_SENDER_REFUSED:
    case MAILSUB_E_MESSAGE_REFUSED:
        return 'R';
    }
    return '?';
}

static int set_bounds(struct bulk *bulk, const struct row *row)
{
    int rc = MAILSUB_OK;
    if (row->overlap > 0)
        rc = mailsub_config_set_overlap(bulk->config, row->overlap);
    if (rc == MAILSUB_OK && row->connections > 0)
        rc = mailsub_config_set_max_connections(bulk->config, row->connections);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_max_messages(bulk->config, row->max_messages);
    return rc;
}

static void set_up(struct bulk *bulk, const struct row *row)
{
    bulk_begin(bulk, row->flags, row->rules);
    assert_int_equal(bulk_configure(bulk, NULL), 0);
    assert_int_equal(set_bounds(bulk, row), 0);
    assert_int_equal(bulk_make(bulk, NULL, TEN, "a\n.\nb\n"), 0);
    assert_int_equal(mailsub_session_new(bulk->config, &bulk->session), 0);
}

static void post_row(void **state)
{
    const struct row *row = *state;
    struct bulk bulk;
    char got[TEN + 1] = "";
    set_up(&bulk, row);
    assert_int_equal(bulk_post(&bulk), 0);
    bulk_finish(&bulk);
    for (size_t i = 0; i < TEN; i++)
        got[i] = letter_of(bulk.codes[i]);
    for (size_t i = 0; row->want && i < TEN; i++) {
        if (row->want[i] == '*')
            got[i] = '*';
    }
    if (row->want)
        assert_string_equal(got, row->want);
    bulk_check_truth(&bulk);
    if (row->want_connections > 0)
        assert_int_equal(mailsub_testing_server_count_connections(bulk.server),
                         row->want_connections);
    bulk_end(&bulk);
}

/* The order of posting is that on the wire, and the next message does not wait for a reply. */
static void check_order(const struct row *row, bool overlaps)
{
    struct bulk bulk;
    set_up(&bulk, row);
    assert_int_equal(bulk_post(&bulk), 0);
    bulk_finish(&bulk);
    bulk_check_truth(&bulk);
    for (size_t i = 0; i < TEN; i++) {
        char sender[32];
        snprintf(sender, sizeof sender, "m%zu@example.org", i);
        assert_string_equal(mailsub_testing_server_get_sender(bulk.server, i), sender);
    }
    const char *second = strstr(bulk.transcript.text, "CMAIL FROM:<m1@");
    const char *reply = strstr(bulk.transcript.text, "queued as FAKE-1");
    assert_true(second && reply);
    assert_int_equal(second < reply, overlaps);
    bulk_end(&bulk);
}

static void order_is_kept(void **state)
{
    (void)state;
    check_order(&(struct row){.flags = PIPE}, true);
    check_order(&(struct row){.flags = CHUNK}, true);
    check_order(&(struct row){.flags = CHUNK, .overlap = 1}, false);
    check_order(&(struct row){.flags = MAILSUB_TESTING_CHUNKING}, false);
}

/* Whatever the server hangs up at, and over however many connections. */
static void truth_is_told_wherever_the_server_hangs_up(void **state)
{
    (void)state;
    static const char *const verbs[] = {"EHLO", "MAIL", "RCPT", "DATA", "CONTENT", "BDAT", "."};
    for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++) {
        for (unsigned before = 0; before < 6; before++) {
            for (int connections = 1; connections <= 3; connections += 2) {
                const char *fine = v == 0 ? "250-x\n250 PIPELINING" : v == 3 ? "354 go" : "250 ok";
                struct row row = {
                    .flags = before % 2 ? PIPE : CHUNK,
                    .connections = connections,
                    .rules = {{verbs[v], NULL, fine, before}, {verbs[v], NULL, NULL, 1}},
                };
                if (before == 0)
                    row.rules[0] = row.rules[1];
                row.rules[before > 0 ? 2 : 1].verb = NULL;
                struct bulk bulk;
                set_up(&bulk, &row);
                assert_int_equal(bulk_post(&bulk), 0);
                bulk_finish(&bulk);
                bulk_check_truth(&bulk);
                bulk_end(&bulk);
            }
        }
    }
}

static void cancelling_ends_each_once(void **state)
{
    (void)state;
    for (int steps = 0; steps < 12; steps++) {
        struct bulk bulk;
        set_up(&bulk, &(struct row){.flags = steps % 2 ? PIPE : CHUNK, .connections = 2});
        assert_int_equal(bulk_post(&bulk), 0);
        for (int i = 0; i < steps && mailsub_session_count_pending(bulk.session) > 0; i++)
            bulk_step(&bulk);
        assert_int_equal(mailsub_session_cancel(bulk.session), 0);
        assert_int_equal(mailsub_session_process(bulk.session), 0);
        bulk_take(&bulk);
        assert_int_equal(mailsub_session_count_pending(bulk.session), 0);
        bulk_check_truth(&bulk);
        /* It can be used again. */
        mailsub_message_set_return_path(bulk.messages[0], "again@example.org");
        assert_int_equal(mailsub_session_submit(bulk.session, bulk.messages[0], NULL), 0);
        bulk_end(&bulk);
    }
}

static size_t count_connecting(const struct bulk *bulk)
{
    size_t n = 0;
    for (const char *at = bulk->transcript.text; (at = strstr(at, "*CONNECTING")); at++)
        n++;
    return n;
}

/* Connections that were about to stand when all was cancelled say nothing of what the server takes. */
static void a_cancel_is_no_refusal(void **state)
{
    (void)state;
    struct bulk bulk;
    set_up(&bulk, &(struct row){.flags = PIPE, .connections = 3});
    for (size_t round = 1; round <= 2; round++) {
        memset(bulk.done, 0, sizeof bulk.done);
        assert_int_equal(bulk_post(&bulk), 0);
        while (count_connecting(&bulk) < 3 * round) {
            assert_true(mailsub_session_count_pending(bulk.session) > 0);
            bulk_step(&bulk);
        }
        assert_int_equal(mailsub_session_cancel(bulk.session), 0);
        assert_int_equal(mailsub_session_process(bulk.session), 0);
        bulk_take(&bulk);
        assert_int_equal(mailsub_session_count_pending(bulk.session), 0);
    }
    bulk_end(&bulk);
}

static void no_more_is_posted_than_was_allowed(void **state)
{
    (void)state;
    struct bulk bulk;
    bulk_begin(&bulk, PIPE, NULL);
    assert_int_equal(bulk_configure(&bulk, NULL), 0);
    assert_int_equal(mailsub_config_set_max_pending(bulk.config, 3), 0);
    assert_int_equal(bulk_make(&bulk, NULL, TEN, "text\n"), 0);
    assert_int_equal(mailsub_session_new(bulk.config, &bulk.session), 0);
    size_t next = 0;
    while (bulk.n_done < TEN) {
        int rc = MAILSUB_OK;
        while (next < TEN && rc == MAILSUB_OK) {
            rc = mailsub_session_post(bulk.session, bulk.messages[next], bulk.receipts[next], NULL,
                                      &bulk);
            next += rc == MAILSUB_OK;
        }
        assert_true(next - bulk.n_done <= 3);
        if (next < TEN)
            assert_int_equal(rc, MAILSUB_E_QUEUE_FULL);
        while (mailsub_session_count_pending(bulk.session) > 0) {
            struct pollfd watched = {.fd = mailsub_session_get_fd(bulk.session), .events = POLLIN};
            poll(&watched, 1, (int)mailsub_session_get_timeout(bulk.session));
            assert_int_equal(mailsub_session_process(bulk.session), 0);
        }
        /* What is done and was not taken counts too. */
        if (next < TEN)
            assert_int_equal(
                mailsub_session_post(bulk.session, bulk.messages[next], NULL, NULL, &bulk),
                MAILSUB_E_QUEUE_FULL);
        bulk_take(&bulk);
    }
    bulk_check_truth(&bulk);
    assert_null(mailsub_session_next_done(bulk.session, NULL, NULL, NULL));
    assert_null(mailsub_session_next_done(NULL, NULL, NULL, NULL));
    bulk_end(&bulk);
}

static void what_is_done_and_not_taken_is_freed(void **state)
{
    (void)state;
    struct bulk bulk;
    set_up(&bulk, &(struct row){.flags = PIPE});
    assert_int_equal(mailsub_session_post(bulk.session, bulk.messages[0], NULL, NULL, NULL), 0);
    while (mailsub_session_count_pending(bulk.session) > 0)
        assert_int_equal(mailsub_session_process(bulk.session), 0);
    /* The message is the caller's again, told or not. */
    assert_int_equal(mailsub_message_set_subject(bulk.messages[0], "mine"), 0);
    bulk_end(&bulk);
}

struct tale {
    size_t n_calls;
    uint64_t sent[BULK_MAX];
    uint64_t total[BULK_MAX];
    struct bulk *bulk;
};

static void tell(void *context, mailsub_message *message, uint64_t sent, uint64_t total)
{
    struct tale *tale = context;
    size_t i = bulk_find(tale->bulk, message);
    tale->n_calls++;
    assert_true(sent > tale->sent[i] && sent <= total);
    assert_true(tale->total[i] == 0 || tale->total[i] == total);
    tale->sent[i] = sent;
    tale->total[i] = total;
}

static void progress_is_told(void **state)
{
    (void)state;
    static char text[300001];
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = i % 40 == 39 ? '\n' : '.';
    static const uint32_t ways[] = {PIPE, CHUNK, CHUNK | TLS, 0};
    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
        struct bulk bulk;
        struct tale tale = {.bulk = &bulk};
        bulk_begin(&bulk, ways[way], NULL);
        assert_int_equal(bulk_configure(&bulk, NULL), 0);
        assert_int_equal(bulk_make(&bulk, NULL, 4, text), 0);
        assert_int_equal(mailsub_session_new(bulk.config, &bulk.session), 0);
        assert_int_equal(mailsub_session_set_progress(bulk.session, tell, &tale), 0);
        assert_int_equal(bulk_post(&bulk), 0);
        bulk_finish(&bulk);
        bulk_check_truth(&bulk);
        assert_true(tale.n_calls > 8);
        for (size_t i = 0; i < bulk.n; i++) {
            assert_true(tale.total[i] > sizeof text);
            assert_int_equal(tale.sent[i], tale.total[i]);
        }
        assert_int_equal(mailsub_session_set_progress(bulk.session, NULL, NULL), 0);
        bulk_end(&bulk);
    }
    assert_int_equal(mailsub_session_set_progress(NULL, NULL, NULL), MAILSUB_E_INVALID);
}

/* Submit one, and see how long the session has after it. */
static int64_t time_after_a_message(struct bulk *bulk, int64_t idle_ms)
{
    bulk_begin(bulk, PIPE, NULL);
    assert_int_equal(bulk_configure(bulk, NULL), 0);
    if (idle_ms != 1)
        assert_int_equal(mailsub_config_set_idle_timeout(bulk->config, idle_ms), 0);
    assert_int_equal(bulk_make(bulk, NULL, 1, "text\n"), 0);
    assert_int_equal(mailsub_session_new(bulk->config, &bulk->session), 0);
    assert_int_equal(mailsub_session_submit(bulk->session, bulk->messages[0], NULL), 0);
    return mailsub_session_get_timeout(bulk->session);
}

static void idle_connections_are_closed(void **state)
{
    (void)state;
    struct bulk bulk;
    /* As it is at first: a minute. */
    int64_t left_ms = time_after_a_message(&bulk, 1);
    assert_true(left_ms > 0 && left_ms <= 60000);
    bulk_end(&bulk);
    assert_int_equal(time_after_a_message(&bulk, -1), -1);
    assert_null(strstr(bulk.transcript.text, "CQUIT"));
    bulk_end(&bulk);
    assert_int_equal(time_after_a_message(&bulk, 0), -1);
    assert_non_null(strstr(bulk.transcript.text, "CQUIT"));
    assert_int_equal(mailsub_session_submit(bulk.session, bulk.messages[0], NULL), 0);
    assert_int_equal(mailsub_testing_server_count_connections(bulk.server), 2);
    bulk_end(&bulk);
    assert_true(time_after_a_message(&bulk, 20) <= 20);
    while (mailsub_session_get_timeout(bulk.session) >= 0)
        bulk_step(&bulk);
    assert_non_null(strstr(bulk.transcript.text, "CQUIT"));
    bulk_end(&bulk);
}

/* The limiter counts those whom the server may have, and no others. */
static void check_quota(const struct row *row, int64_t limit, int when_limited)
{
    struct bulk bulk;
    mailsub_limiter *limiter = NULL;
    mailsub_ticket *ticket = NULL;
    int64_t used = -1;
    assert_int_equal(mailsub_limiter_new(NULL, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, limit, 86400000, 0), 0);
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    bulk_begin(&bulk, row->flags, row->rules);
    assert_int_equal(bulk_configure(&bulk, NULL), 0);
    assert_int_equal(set_bounds(&bulk, row), 0);
    assert_int_equal(mailsub_config_set_limiter(bulk.config, limiter, when_limited), 0);
    assert_int_equal(bulk_make(&bulk, NULL, TEN, "text\n"), 0);
    int64_t n_counted = 0;
    for (size_t i = 0; i < TEN; i++)
        mailsub_message_set_from(bulk.messages[i], "m@example.org", NULL);
    assert_int_equal(mailsub_session_new(bulk.config, &bulk.session), 0);
    assert_int_equal(bulk_post(&bulk), 0);
    bulk_finish(&bulk);
    for (size_t i = 0; i < TEN; i++)
        n_counted +=
            mailsub_receipt_get_outcome(bulk.receipts[i], 0) != MAILSUB_OUTCOME_NOT_ATTEMPTED;
    assert_int_equal(mailsub_limiter_query(limiter, "m@example.org", NULL, ticket), 0);
    assert_int_equal(mailsub_ticket_get_usage(ticket, 0, &used, NULL, NULL), 0);
    assert_int_equal(used, n_counted);
    assert_true(n_counted > 0 && n_counted <= limit);
    bulk_end(&bulk);
    mailsub_ticket_free(ticket);
    mailsub_limiter_unref(limiter);
}

static void the_limiter_counts_what_is_under_way(void **state)
{
    (void)state;
    check_quota(&(struct row){.flags = CHUNK}, 100, MAILSUB_WHEN_LIMITED_FAIL);
    check_quota(&(struct row){.flags = CHUNK}, 5, MAILSUB_WHEN_LIMITED_FAIL);
    check_quota(&(struct row){.flags = PIPE, .connections = 3}, 5, MAILSUB_WHEN_LIMITED_PART);
    check_quota(
        &(struct row){.flags = CHUNK, .rules = {{".", NULL, "250 ok", 2}, {".", NULL, NULL, 1}}},
        100, MAILSUB_WHEN_LIMITED_FAIL);
    check_quota(&(struct row){.flags = PIPE,
                              .rules = {{".", NULL, "250 ok", 2}, {".", NULL, "421 4.3.2 bye", 2}}},
                8, MAILSUB_WHEN_LIMITED_FAIL);
}

/* One whole life; MAILSUB_OK when all of it went well. */
static int live(struct bulk *bulk, const mailsub_allocator *allocator, const struct row *row)
{
    int rc = bulk_configure(bulk, allocator);
    if (rc == MAILSUB_OK)
        rc = set_bounds(bulk, row);
    if (rc == MAILSUB_OK)
        rc = bulk_make(bulk, allocator, 4, "text\n");
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(bulk->config, &bulk->session);
    if (rc == MAILSUB_OK)
        rc = bulk_post(bulk);
    if (rc)
        return rc;
    bulk_finish(bulk);
    for (size_t i = 0; i < bulk->n && rc == MAILSUB_OK; i++)
        rc = bulk->codes[i];
    return rc;
}

/* The session ends before its receipts and messages do. */
static void end_life(struct bulk *bulk)
{
    mailsub_session_free(bulk->session);
    mailsub_config_unref(bulk->config);
    for (size_t i = 0; i < BULK_MAX; i++) {
        mailsub_message_free(bulk->messages[i]);
        mailsub_receipt_free(bulk->receipts[i]);
        bulk->messages[i] = NULL;
        bulk->receipts[i] = NULL;
    }
    bulk->session = NULL;
    bulk->config = NULL;
    bulk->n = 0;
}

static void fail_each_allocation(uint32_t flags)
{
    const struct row row = {.connections = 2};
    struct bulk bulk;
    bulk_begin(&bulk, flags, NULL);
    for (size_t fail_at = 1;; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        bulk.n_done = 0;
        memset(bulk.done, 0, sizeof bulk.done);
        size_t before = mailsub_testing_server_count_messages(bulk.server);
        int rc = live(&bulk, &allocator, &row);
        size_t n_accepted = 0;
        for (size_t i = 0; i < bulk.n; i++)
            n_accepted += bulk.done[i] && bulk.codes[i] == MAILSUB_OK;
        end_life(&bulk);
        assert_int_equal(heap.n_live, 0);
        assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM);
        assert_int_equal(mailsub_testing_server_count_messages(bulk.server) - before, n_accepted);
        if (heap.n_requests < fail_at)
            break;
    }
    bulk_end(&bulk);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fail_each_allocation(PIPE);
    fail_each_allocation(CHUNK);
}

static void bounds_have_bounds(void **state)
{
    (void)state;
    mailsub_config *config = NULL;
    assert_int_equal(mailsub_config_new(NULL, &config), 0);
    assert_int_equal(mailsub_config_set_max_connections(config, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_max_connections(config, 101), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_max_connections(config, 100), 0);
    assert_int_equal(mailsub_config_set_idle_timeout(config, -2), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_idle_timeout(config, 86400001), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_idle_timeout(config, 86400000), 0);
    assert_int_equal(mailsub_config_set_max_pending(config, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_max_pending(config, 10000001), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_max_pending(config, 10000000), 0);
    assert_int_equal(mailsub_config_set_max_messages(config, UINT64_MAX), 0);
    assert_int_equal(mailsub_config_set_max_connections(NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_max_messages(NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_max_pending(NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_config_set_idle_timeout(NULL, 1), MAILSUB_E_INVALID);
    mailsub_config_unref(config);
}

int main(void)
{
    static struct CMUnitTest tests[60] = {
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test(truth_is_told_wherever_the_server_hangs_up),
        cmocka_unit_test(cancelling_ends_each_once),
        cmocka_unit_test(a_cancel_is_no_refusal),
        cmocka_unit_test(no_more_is_posted_than_was_allowed),
        cmocka_unit_test(what_is_done_and_not_taken_is_freed),
        cmocka_unit_test(progress_is_told),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(the_limiter_counts_what_is_under_way),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(bounds_have_bounds),
    };
    size_t n_tests = 11;
    UNIT_ADD_ROWS(tests, n_tests, rows, post_row);
    return UNIT_RUN(tests, n_tests);
}
