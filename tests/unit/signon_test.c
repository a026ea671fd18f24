/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The opening up to the login, as the engine goes through it: what ends it, and what is kept. */
#include "unit.h"

#include "base/memory.h"
#include "smtp/engine.h"

/* The owner of an engine. */
struct rig {
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub__engine_settings settings;
    mailsub__engine *engine;
    char said[200]; /* since the last reply */
};

static void begin(struct rig *rig)
{
    rig->allocator = unit_allocator(&rig->heap);
    rig->settings.helo_name = "c";
    rig->settings.password = "secret";
    rig->settings.clear_login = true;
    for (size_t i = 0; i < MAILSUB__N_TIMEOUTS; i++)
        rig->settings.timeout_ms[i] = 1000;
    assert_int_equal(mailsub__engine_new(&rig->allocator, &rig->settings, &rig->engine),
                     MAILSUB_OK);
    mailsub__engine_start(rig->engine, MAILSUB__CLEAR, 0);
}

static void deinit(struct rig *rig)
{
    mailsub__engine_free(rig->engine);
    assert_int_equal(rig->heap.n_live, 0);
}

static void hear(struct rig *rig)
{
    mailsub__slice out = mailsub__engine_peek_output(rig->engine, 0);
    assert_true(out.len < sizeof rig->said);
    memcpy(rig->said, out.ptr, out.len);
    rig->said[out.len] = '\0';
    mailsub__engine_ack_output(rig->engine, out.len, 0);
}

/* A reply, and what is said to it. */
static void answer(struct rig *rig, const char *reply)
{
    mailsub__engine_feed(rig->engine, reply, strlen(reply), 0);
    hear(rig);
}

static int failure_of(const struct rig *rig)
{
    return mailsub__engine_failure(rig->engine)->code;
}

/* A mechanism of the application that cannot go on: context says why. */
static int answer_once(void *context, void *state, mailsub_login *login, const void *challenge,
                       size_t len)
{
    (void)state;
    (void)challenge;
    return len > 0 ? *(const int *)context : mailsub_login_answer(login, "x", 1);
}

/* What a mechanism of the application runs into is its own matter and the next is tried; what the
   server does wrong, or what all would meet, is the end. */
static const struct obstacle_row {
    const char *name;
    int code;
    bool want_cancel;
} obstacle_rows[] = {
    {"credentials that do not fit cancel the exchange", MAILSUB_E_CREDENTIALS, true},
    {"a ticket that does not come cancels the exchange", MAILSUB_E_TIMEOUT, true},
    {"a challenge too many is the end", MAILSUB_E_REPLY_UNEXPECTED, false},
    {"a malformed challenge is the end", MAILSUB_E_REPLY_MALFORMED, false},
    {"short memory is the end", MAILSUB_E_NOMEM, false},
};

static void meets_obstacle(void **state)
{
    const struct obstacle_row *row = *state;
    int code = row->code;
    const mailsub_mechanism mechanism = {
        .size = sizeof mechanism, .name = "X-OWN", .context = &code, .answer = answer_once};
    struct rig rig = {.settings = {.user = "u",
                                   .tls = MAILSUB_TLS_NONE,
                                   .login = {.custom = &mechanism, .n_custom = 1}}};
    begin(&rig);
    answer(&rig, "220 x\r\n");
    answer(&rig, "250-x\r\n250 AUTH X-OWN LOGIN\r\n");
    assert_string_equal(rig.said, "AUTH X-OWN eA==\r\n");
    answer(&rig, "334 eA==\r\n");
    assert_string_equal(rig.said, row->want_cancel ? "*\r\n" : "");
    assert_int_equal(failure_of(&rig), row->want_cancel ? MAILSUB_OK : row->code);
    if (row->want_cancel) {
        answer(&rig, "501 x\r\n");
        assert_string_equal(rig.said, "AUTH LOGIN dQ==\r\n");
    }
    deinit(&rig);
}

/* A mechanism that is refused is followed by the next; what that lacks is told as what it is. */
static void the_next_mechanism_lacks_something(void **state)
{
    (void)state;
    for (int short_of_memory = 0; short_of_memory < 2; short_of_memory++) {
        /* SCRAM wants random numbers, and memory in front of them. */
        struct rig rig = {.settings = {.user = "u",
                                       .tls = MAILSUB_TLS_NONE,
                                       .login = {.mechanisms = "LOGIN SCRAM-SHA-256"}}};
        begin(&rig);
        answer(&rig, "220 x\r\n");
        answer(&rig, "250-x\r\n250 AUTH LOGIN SCRAM-SHA-256\r\n");
        assert_string_equal(rig.said, "AUTH LOGIN dQ==\r\n");
        if (short_of_memory)
            rig.heap.fail_at = rig.heap.n_requests + 1;
        answer(&rig, "504 x\r\n");
        assert_string_equal(rig.said, "");
        assert_int_equal(failure_of(&rig), short_of_memory ? MAILSUB_E_NOMEM : MAILSUB_E_RANDOM);
        deinit(&rig);
    }
}

static void assert_offer(const struct rig *rig, bool before_tls, const char *want, size_t len)
{
    const mailsub__buffer *offer = mailsub__engine_offer(rig->engine, before_tls);
    assert_int_equal(offer->len, len);
    assert_memory_equal(mailsub__buffer_slice(offer).ptr, want, len);
}

/* What a server offers in clear is kept apart from what it offers behind TLS. */
static void both_offers_are_kept(void **state)
{
    (void)state;
    struct rig rig = {.settings = {.tls = MAILSUB_TLS_STARTTLS}};
    begin(&rig);
    answer(&rig, "220 x\r\n");
    answer(&rig, "250-x\r\n250-SIZE 1\r\n250 STARTTLS\r\n");
    answer(&rig, "220 x\r\n");
    mailsub__engine_tls_started(rig.engine, MAILSUB__TLS_VERIFIED, 0);
    hear(&rig);
    answer(&rig, "250-x\r\n250 SIZE 2\r\n");
    assert_offer(&rig, true, "SIZE 1\0STARTTLS", sizeof "SIZE 1\0STARTTLS");
    assert_offer(&rig, false, "SIZE 2", sizeof "SIZE 2");
    deinit(&rig);
}

int main(void)
{
    static struct CMUnitTest tests[20];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, obstacle_rows, meets_obstacle);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(the_next_mechanism_lacks_something);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(both_offers_are_kept);
    return UNIT_RUN(tests, n_tests);
}
