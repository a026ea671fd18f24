/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine as a whole: every state with every class of reply, flights, many recipients. */
#include "unit.h"

#include <stdio.h>

#include "base/memory.h"
#include "smtp/engine.h"
#include "smtp/operation.h"
#include "smtp/state.h"

enum { MAX_RECIPIENTS = 6000, CONTENT_LEN = 40000 };

/* The owner of an engine, its network and the content of its message. */
struct rig {
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub__engine_settings settings;
    mailsub__engine *engine;
    mailsub__transaction transaction;
    mailsub__slice recipients[MAX_RECIPIENTS];
    mailsub__verdict verdicts[MAX_RECIPIENTS];
    size_t content_at;
    size_t content_len;
    bool ready;
    bool done;
    bool closed;
    bool in_data; /* the friendly server has said 354 */
    size_t n_sent;
    char last[64]; /* the last line that was sent */
    unsigned n_flights;
    unsigned n_ready;
    unsigned n_done;
    size_t chunk_left; /* octets of a chunk that the friendly server has not had */
};

static int read_content(void *context, char *out, size_t room, size_t *out_len)
{
    struct rig *rig = context;
    size_t len = rig->content_len - rig->content_at;
    len = len < room ? len : room;
    for (size_t i = 0; i < len; i++)
        out[i] = "0123456789\r\n"[(rig->content_at + i) % 12];
    rig->content_at += len;
    *out_len = len;
    return MAILSUB_OK;
}

static void init(struct rig *rig)
{
    *rig = (struct rig){.content_len = 12};
    rig->allocator = unit_allocator(&rig->heap);
    rig->settings.helo_name = "c";
    rig->settings.tls = MAILSUB_TLS_NONE;
    for (size_t i = 0; i < MAILSUB__N_TIMEOUTS; i++)
        rig->settings.timeout_ms[i] = 1000;
    for (size_t i = 0; i < MAX_RECIPIENTS; i++)
        rig->recipients[i] = mailsub__slice_str("b@example.org");
    rig->transaction.n_recipients = 1;
}

static void begin(struct rig *rig, enum mailsub__protection protection)
{
    assert_int_equal(mailsub__engine_new(&rig->allocator, &rig->settings, &rig->engine),
                     MAILSUB_OK);
    mailsub__engine_start(rig->engine, protection, 0);
}

static void deinit(struct rig *rig)
{
    mailsub__engine_free(rig->engine);
    assert_int_equal(rig->heap.n_live, 0);
}

static void take_events(struct rig *rig)
{
    for (;;) {
        switch (mailsub__engine_next_event(rig->engine)) {
        case MAILSUB__EVENT_NONE:
            return;
        case MAILSUB__EVENT_STARTTLS:
            break;
        case MAILSUB__EVENT_READY:
            rig->ready = true;
            break;
        case MAILSUB__EVENT_DONE:
            rig->done = true;
            break;
        case MAILSUB__EVENT_CLOSED:
            rig->closed = true;
            break;
        }
    }
}

static void keep_last_line(struct rig *rig, mailsub__slice out)
{
    const char *end = out.ptr + out.len - 2;
    const char *start = end;
    while (start > out.ptr && start[-1] != '\n')
        start--;
    snprintf(rig->last, sizeof rig->last, "%.*s", (int)(end - start), start);
}

/* Take what the engine wants to send, at most max octets. */
static void drain(struct rig *rig, size_t max)
{
    for (;;) {
        mailsub__slice out = mailsub__engine_peek_output(rig->engine, 0);
        if (out.len > max)
            out.len = max;
        if (out.len == 0)
            break;
        max -= out.len;
        rig->n_sent += out.len;
        if (out.len > 2)
            keep_last_line(rig, out);
        mailsub__engine_ack_output(rig->engine, out.len, 0);
        take_events(rig);
    }
    take_events(rig);
}

static void feed(struct rig *rig, const char *text)
{
    mailsub__engine_feed(rig->engine, text, strlen(text), 0);
    take_events(rig);
}

/* Take all output and answer it: one flight. */
static void fly(struct rig *rig, const char *answer)
{
    drain(rig, SIZE_MAX);
    rig->n_flights++;
    feed(rig, answer);
}

static int reopen_rig(mailsub__transaction *transaction)
{
    struct rig *rig = transaction->content.context;
    rig->content_at = 0;
    return MAILSUB_OK;
}

static void submit(struct rig *rig)
{
    mailsub__transaction *transaction = &rig->transaction;
    transaction->sender = mailsub__slice_str("a@example.org");
    transaction->recipients = rig->recipients;
    transaction->verdicts = rig->verdicts;
    transaction->size = rig->content_len;
    transaction->content = (mailsub__source){rig, read_content};
    rig->content_at = 0;
    rig->done = false;
    mailsub__engine_submit(rig->engine, transaction, 0);
    take_events(rig);
}

/* ---- every state with every class of reply ---- */

/* The end of data, where it is awaited in another way. */
enum { END_BY_BDAT = MAILSUB__N_STATES, END_BY_LMTP };

/* Replies that bring an engine to the point where the reply of a state is awaited. */
static const struct road {
    int state;
    const char *user;
    int tls;
    const char *answers[7];
} roads[] = {
    {MAILSUB__STATE_GREETING, NULL, MAILSUB_TLS_NONE, {NULL}},
    {MAILSUB__STATE_EHLO, NULL, MAILSUB_TLS_NONE, {"220 x\r\n"}},
    {MAILSUB__STATE_HELO, NULL, MAILSUB_TLS_NONE, {"220 x\r\n", "500 x\r\n"}},
    {MAILSUB__STATE_STARTTLS,
     NULL,
     MAILSUB_TLS_STARTTLS,
     {"220 x\r\n", "250-x\r\n250 STARTTLS\r\n"}},
    {MAILSUB__STATE_HANDSHAKE,
     NULL,
     MAILSUB_TLS_STARTTLS,
     {"220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 x\r\n"}},
    {MAILSUB__STATE_AUTH, "u", MAILSUB_TLS_NONE, {"220 x\r\n", "250-x\r\n250 AUTH LOGIN\r\n"}},
    {MAILSUB__STATE_RESPONSE,
     "u",
     MAILSUB_TLS_NONE,
     {"220 x\r\n", "250-x\r\n250 AUTH LOGIN\r\n", "334 \r\n"}},
    {MAILSUB__STATE_CANCEL,
     "u",
     MAILSUB_TLS_NONE,
     {"220 x\r\n", "250-x\r\n250 AUTH X-OWN LOGIN\r\n", "334 eA==\r\n"}},
    {MAILSUB__STATE_IDLE, NULL, MAILSUB_TLS_NONE, {"220 x\r\n", "250 x\r\n"}},
    {MAILSUB__STATE_MAIL, NULL, MAILSUB_TLS_NONE, {"220 x\r\n", "250 x\r\n"}},
    {MAILSUB__STATE_RCPT, NULL, MAILSUB_TLS_NONE, {"220 x\r\n", "250 x\r\n", "250 x\r\n"}},
    {MAILSUB__STATE_DATA,
     NULL,
     MAILSUB_TLS_NONE,
     {"220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n"}},
    {MAILSUB__STATE_CONTENT,
     NULL,
     MAILSUB_TLS_NONE,
     {"220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "354 x\r\n"}},
    {MAILSUB__STATE_END,
     NULL,
     MAILSUB_TLS_NONE,
     {"220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "354 x\r\n"}},
    {END_BY_BDAT,
     NULL,
     MAILSUB_TLS_NONE,
     {"220 x\r\n", "250-x\r\n250 CHUNKING\r\n", "250 x\r\n", "250 x\r\n"}},
    {END_BY_LMTP,
     NULL,
     MAILSUB_TLS_NONE,
     {"220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "354 x\r\n"}},
    {MAILSUB__STATE_CHUNK,
     NULL,
     MAILSUB_TLS_NONE,
     {"220 x\r\n", "250-x\r\n250 CHUNKING\r\n", "250 x\r\n", "250 x\r\n"}},
    {MAILSUB__STATE_RSET,
     NULL,
     MAILSUB_TLS_NONE,
     {"220 x\r\n", "250 x\r\n", "250 x\r\n", "550 x\r\n"}},
    {MAILSUB__STATE_ETRN, NULL, MAILSUB_TLS_NONE, {"220 x\r\n", "250-x\r\n250 ETRN\r\n"}},
    {MAILSUB__STATE_VRFY, NULL, MAILSUB_TLS_NONE, {"220 x\r\n", "250-x\r\n250 ETRN\r\n"}},
    {MAILSUB__STATE_EXPN, NULL, MAILSUB_TLS_NONE, {"220 x\r\n", "250-x\r\n250 ETRN\r\n"}},
    {MAILSUB__STATE_HELP, NULL, MAILSUB_TLS_NONE, {"220 x\r\n", "250-x\r\n250 ETRN\r\n"}},
    {MAILSUB__STATE_QUIT, NULL, MAILSUB_TLS_NONE, {"220 x\r\n", "250 x\r\n"}},
};

/* A mechanism of the application that cannot go on. */
static int answer_once(void *context, void *state, mailsub_login *login, const void *challenge,
                       size_t len)
{
    (void)context;
    (void)state;
    (void)challenge;
    return len > 0 ? MAILSUB_E_CREDENTIALS : mailsub_login_answer(login, "x", 1);
}

static const mailsub_mechanism own_mechanism = {
    .size = sizeof own_mechanism, .name = "X-OWN", .answer = answer_once};

static bool has_transaction(int state)
{
    return (state >= MAILSUB__STATE_MAIL && state <= MAILSUB__STATE_HELP) ||
           state >= MAILSUB__N_STATES;
}

/* What is to be submitted so that the state is come through. */
static void choose_kind(struct rig *rig, int state)
{
    for (int kind = MAILSUB__KIND_ETRN; kind <= MAILSUB__KIND_HELP; kind++) {
        if ((int)mailsub__operation_first_state((enum mailsub__kind)kind) != state)
            continue;
        rig->transaction.kind = (enum mailsub__kind)kind;
        rig->transaction.argument = mailsub__slice_str("x");
        rig->transaction.n_recipients = 0;
    }
}

/* The settings of a road. */
static void depart(struct rig *rig, const struct road *road)
{
    init(rig);
    rig->settings.user = road->user;
    rig->settings.password = "secret";
    rig->settings.clear_login = true;
    rig->settings.login.custom = &own_mechanism;
    rig->settings.login.n_custom = 1;
    rig->settings.tls = road->tls;
    rig->settings.lmtp = road->state == END_BY_LMTP;
    if (road->state == MAILSUB__STATE_CONTENT)
        rig->content_len = CONTENT_LEN / 12 * 12;
    if (road->state == MAILSUB__STATE_CHUNK) {
        rig->settings.chunk_len = 20;
        rig->content_len = 36;
    }
    choose_kind(rig, road->state);
    begin(rig, MAILSUB__CLEAR);
}

/* Until the state's command has been sent in whole; early: until it is about to be sent. */
static void arrive(struct rig *rig, const struct road *road, bool early)
{
    for (size_t i = 0; road->answers[i]; i++) {
        fly(rig, road->answers[i]);
        if (rig->ready && has_transaction(road->state) && i == 1)
            submit(rig);
    }
    if (road->state == MAILSUB__STATE_QUIT)
        mailsub__engine_quit(rig->engine, 0);
    if (!early)
        drain(rig, road->state == MAILSUB__STATE_CONTENT ? 20000 : SIZE_MAX);
}

static void travel(struct rig *rig, const struct road *road, bool early)
{
    depart(rig, road);
    arrive(rig, road, early);
}

/* "on", or how the connection and the transaction ended; what was sent last, where it goes on. */
static void describe(struct rig *rig, char *out, size_t room)
{
    bool was_done = rig->done;
    drain(rig, rig->content_len > 100 ? 0 : SIZE_MAX);
    const char *whole = mailsub_error_name(rig->transaction.whole.code) + 8;
    const char *failure = mailsub_error_name(mailsub__engine_failure(rig->engine)->code) + 8;
    if (rig->closed && was_done)
        snprintf(out, room, "%s, closed %s", whole, failure);
    else if (rig->closed)
        snprintf(out, room, "closed %s", failure);
    else if (was_done)
        snprintf(out, room, "%s", whole);
    else
        snprintf(out, room, "on %s", rig->last);
}

static const char *const replies[] = {
    "250 x\r\n", "354 x\r\n", "450 x\r\n", "550 x\r\n", "421 x\r\n", "250x\r\n", NULL, "250 x\r\n",
};
enum { TOO_LONG = 6, EARLY = 7, N_REPLIES = 8 };

#define LOST_EARLY "closed E_REPLY_EARLY"
#define LOST_421 "closed E_UNAVAILABLE"
#define LOST_BAD "closed E_REPLY_MALFORMED"
#define LOST_LONG "closed E_REPLY_TOO_LONG"
#define LOST_ODD "closed E_REPLY_UNEXPECTED"
#define OVER(error) "E_" #error ", closed E_" #error
#define UNKNOWN(error) "E_UNKNOWN_OUTCOME, closed E_" #error

static const struct cell_row {
    const char *name;
    int state;
    /* 2yz, 3yz, 4yz, 5yz, 421, malformed, too long, early */
    const char *want[N_REPLIES];
} cell_rows[] = {
    {"replies in place of the greeting",
     MAILSUB__STATE_GREETING,
     {"on EHLO c", LOST_ODD, "closed E_UNAVAILABLE", "closed E_GREETING_REFUSED", LOST_421,
      LOST_BAD, LOST_LONG, NULL}},
    {"replies to EHLO",
     MAILSUB__STATE_EHLO,
     {"on EHLO c", LOST_ODD, "closed E_UNAVAILABLE", "on HELO c", LOST_421, LOST_BAD, LOST_LONG,
      LOST_EARLY}},
    {"replies to HELO",
     MAILSUB__STATE_HELO,
     {"on HELO c", LOST_ODD, "closed E_UNAVAILABLE", "closed E_EHLO_REFUSED", LOST_421, LOST_BAD,
      LOST_LONG, LOST_EARLY}},
    {"replies to STARTTLS",
     MAILSUB__STATE_STARTTLS,
     {"on STARTTLS", LOST_ODD, "closed E_TLS_REFUSED", "closed E_TLS_REFUSED", LOST_421, LOST_BAD,
      LOST_LONG, LOST_EARLY}},
    {"replies during the handshake",
     MAILSUB__STATE_HANDSHAKE,
     {LOST_EARLY, LOST_EARLY, LOST_EARLY, LOST_EARLY, LOST_EARLY, LOST_EARLY, LOST_EARLY,
      LOST_EARLY}},
    {"replies to AUTH",
     MAILSUB__STATE_AUTH,
     {"on AUTH LOGIN dQ==", "on c2VjcmV0", "closed E_AUTH_DEFERRED", "closed E_AUTH_REJECTED",
      LOST_421, LOST_BAD, LOST_LONG, LOST_EARLY}},
    {"replies to a response",
     MAILSUB__STATE_RESPONSE,
     {"on c2VjcmV0", LOST_ODD, "closed E_AUTH_DEFERRED", "closed E_AUTH_REJECTED", LOST_421,
      LOST_BAD, LOST_LONG, LOST_EARLY}},
    {"replies to the end of an exchange",
     MAILSUB__STATE_CANCEL,
     {LOST_ODD, LOST_ODD, "on AUTH LOGIN dQ==", "on AUTH LOGIN dQ==", LOST_421, LOST_BAD, LOST_LONG,
      LOST_EARLY}},
    {"replies to nothing",
     MAILSUB__STATE_IDLE,
     {LOST_EARLY, LOST_EARLY, LOST_EARLY, LOST_EARLY, LOST_421, LOST_BAD, LOST_LONG, LOST_EARLY}},
    {"replies to MAIL",
     MAILSUB__STATE_MAIL,
     {"on RCPT TO:<b@example.org>", OVER(REPLY_UNEXPECTED), "E_SENDER_DEFERRED", "E_SENDER_REFUSED",
      OVER(UNAVAILABLE), OVER(REPLY_MALFORMED), OVER(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to RCPT",
     MAILSUB__STATE_RCPT,
     {"on DATA", OVER(REPLY_UNEXPECTED), "E_RECIPIENTS_DEFERRED", "E_RECIPIENTS_REFUSED",
      OVER(UNAVAILABLE), OVER(REPLY_MALFORMED), OVER(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to DATA",
     MAILSUB__STATE_DATA,
     {OVER(REPLY_UNEXPECTED), "on .", "E_MESSAGE_DEFERRED", "E_MESSAGE_REFUSED", OVER(UNAVAILABLE),
      OVER(REPLY_MALFORMED), OVER(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to half the content",
     MAILSUB__STATE_CONTENT,
     {OVER(REPLY_EARLY), OVER(REPLY_EARLY), OVER(REPLY_EARLY), OVER(REPLY_EARLY), OVER(UNAVAILABLE),
      OVER(REPLY_MALFORMED), OVER(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to the end of data",
     MAILSUB__STATE_END,
     {"OK", UNKNOWN(REPLY_UNEXPECTED), "E_MESSAGE_DEFERRED", "E_MESSAGE_REFUSED",
      "E_MESSAGE_DEFERRED, closed E_UNAVAILABLE", UNKNOWN(REPLY_MALFORMED), UNKNOWN(REPLY_TOO_LONG),
      OVER(REPLY_EARLY)}},
    {"replies to the last chunk of BDAT",
     END_BY_BDAT,
     {"OK", UNKNOWN(REPLY_UNEXPECTED), "E_MESSAGE_DEFERRED", "E_MESSAGE_REFUSED",
      "E_MESSAGE_DEFERRED, closed E_UNAVAILABLE", UNKNOWN(REPLY_MALFORMED), UNKNOWN(REPLY_TOO_LONG),
      OVER(REPLY_EARLY)}},
    {"replies to the end of data by LMTP",
     END_BY_LMTP,
     {"OK", UNKNOWN(REPLY_UNEXPECTED), "E_RECIPIENTS_DEFERRED", "E_RECIPIENTS_REFUSED",
      "E_RECIPIENTS_DEFERRED, closed E_UNAVAILABLE", UNKNOWN(REPLY_MALFORMED),
      UNKNOWN(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to a chunk of BDAT",
     MAILSUB__STATE_CHUNK,
     {"on 0123456789", OVER(REPLY_UNEXPECTED), "E_MESSAGE_DEFERRED", "E_MESSAGE_REFUSED",
      OVER(UNAVAILABLE), OVER(REPLY_MALFORMED), OVER(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to RSET",
     MAILSUB__STATE_RSET,
     {"E_RECIPIENTS_REFUSED", "E_RECIPIENTS_REFUSED, closed E_REPLY_UNEXPECTED",
      "E_RECIPIENTS_REFUSED, closed E_UNAVAILABLE",
      "E_RECIPIENTS_REFUSED, closed E_REPLY_UNEXPECTED",
      "E_RECIPIENTS_REFUSED, closed E_UNAVAILABLE",
      "E_RECIPIENTS_REFUSED, closed E_REPLY_MALFORMED",
      "E_RECIPIENTS_REFUSED, closed E_REPLY_TOO_LONG",
      "E_RECIPIENTS_REFUSED, closed E_REPLY_EARLY"}},
    {"replies to ETRN",
     MAILSUB__STATE_ETRN,
     {"OK", OVER(REPLY_UNEXPECTED), "E_COMMAND_DEFERRED", "E_COMMAND_REFUSED", OVER(UNAVAILABLE),
      OVER(REPLY_MALFORMED), OVER(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to VRFY",
     MAILSUB__STATE_VRFY,
     {"OK", OVER(REPLY_UNEXPECTED), "E_COMMAND_DEFERRED", "E_RECIPIENTS_REFUSED", OVER(UNAVAILABLE),
      OVER(REPLY_MALFORMED), OVER(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to EXPN",
     MAILSUB__STATE_EXPN,
     {"OK", OVER(REPLY_UNEXPECTED), "E_COMMAND_DEFERRED", "E_RECIPIENTS_REFUSED", OVER(UNAVAILABLE),
      OVER(REPLY_MALFORMED), OVER(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to HELP",
     MAILSUB__STATE_HELP,
     {"OK", OVER(REPLY_UNEXPECTED), "E_COMMAND_DEFERRED", "E_COMMAND_REFUSED", OVER(UNAVAILABLE),
      OVER(REPLY_MALFORMED), OVER(REPLY_TOO_LONG), OVER(REPLY_EARLY)}},
    {"replies to QUIT",
     MAILSUB__STATE_QUIT,
     {"closed OK", "closed OK", "closed OK", "closed OK", "closed OK", "closed OK", "closed OK",
      "closed OK"}},
};

static void every_reply_has_its_end(void **state)
{
    const struct cell_row *row = *state;
    const struct road *road = roads;
    while (road->state != row->state)
        road++;
    static char too_long[3000];
    memset(too_long, '2', sizeof too_long - 1);
    for (size_t i = 0; i < N_REPLIES; i++) {
        if (!row->want[i])
            continue;
        static struct rig rig;
        char have[200];
        travel(&rig, road, i == EARLY);
        feed(&rig, i == TOO_LONG ? too_long : replies[i]);
        describe(&rig, have, sizeof have);
        if (strcmp(have, row->want[i]) != 0)
            fail_msg("reply %zu (%s) leads to: %s", i, replies[i] ? replies[i] : "too long", have);
        deinit(&rig);
    }
}

/* Whichever allocation fails on the way to a state: the end is typed, or as if none had failed. */
static void every_state_with_short_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof roads / sizeof roads[0]; i++) {
        static struct rig rig;
        char normal[200];
        char have[200];
        travel(&rig, &roads[i], false);
        describe(&rig, normal, sizeof normal);
        size_t n_requests = rig.heap.n_requests;
        deinit(&rig);
        bool failed = false;
        for (size_t n = 3; n <= n_requests; n++) { /* the first two make the engine */
            depart(&rig, &roads[i]);
            rig.heap.fail_at = n;
            arrive(&rig, &roads[i], false);
            describe(&rig, have, sizeof have);
            failed |= strstr(have, "E_NOMEM") != NULL;
            if (!strstr(have, "E_NOMEM") && strcmp(have, normal) != 0)
                fail_msg("road %zu, allocation %zu leads to: %s; normally: %s", i, n, have, normal);
            deinit(&rig);
        }
        assert_true(failed || n_requests <= 2);
    }
}

/* WAIT, NEW and CLOSED await no reply. */
static void every_state_is_walked(void **state)
{
    (void)state;
    for (int s = 0; s < MAILSUB__N_STATES; s++) {
        bool found =
            s == MAILSUB__STATE_NEW || s == MAILSUB__STATE_WAIT || s == MAILSUB__STATE_CLOSED;
        for (size_t i = 0; i < sizeof cell_rows / sizeof cell_rows[0]; i++)
            found |= cell_rows[i].state == s;
        if (!found)
            fail_msg("state %s has no row", mailsub__states[s].name);
        assert_non_null(mailsub__states[s].send);
        for (size_t i = 0; i < 4; i++)
            assert_non_null(mailsub__states[s].answer[i]);
    }
}

/* ---- flights ---- */

enum { N_MORE = 10, N_MANY = 300 };

/* A message of its own, where several are under way. */
struct parcel {
    mailsub__transaction transaction;
    mailsub__verdict verdicts[3];
    size_t content_at;
};

static struct parcel parcels[N_MANY];

static int read_parcel(void *context, char *out, size_t room, size_t *out_len)
{
    struct parcel *parcel = context;
    size_t len = (size_t)parcel->transaction.size - parcel->content_at;
    len = len < room ? len : room;
    for (size_t i = 0; i < len; i++)
        out[i] = "0123456789\r\n"[(parcel->content_at + i) % 12];
    parcel->content_at += len;
    *out_len = len;
    return MAILSUB_OK;
}

static void submit_parcel(struct rig *rig, size_t i, size_t n_recipients)
{
    struct parcel *parcel = &parcels[i];
    *parcel = (struct parcel){0};
    parcel->transaction.sender = mailsub__slice_str("a@example.org");
    parcel->transaction.recipients = rig->recipients;
    parcel->transaction.n_recipients = n_recipients;
    parcel->transaction.verdicts = parcel->verdicts;
    parcel->transaction.size = rig->content_len;
    parcel->transaction.content = (mailsub__source){parcel, read_parcel};
    mailsub__engine_submit(rig->engine, &parcel->transaction, 0);
}

#define EHLO_OLD "250 x\r\n"
#define EHLO_FAST "250-x\r\n250-AUTH PLAIN\r\n250-STARTTLS\r\n250 PIPELINING\r\n"
#define EHLO_BEST "250-x\r\n250-AUTH PLAIN\r\n250-STARTTLS\r\n250-CHUNKING\r\n250 PIPELINING\r\n"

/* The rows of "round trips" in the design; the TLS handshakes are another matter. */
static const struct flight_row {
    const char *name;
    int tls;
    bool login;
    const char *ehlo;
    uint32_t depth;
    unsigned want_opening; /* greeting to READY */
    unsigned want_message;
    unsigned want_more; /* ten messages submitted at once */
} flight_rows[] = {
    {"flights with implicit TLS, login, BDAT", MAILSUB_TLS_IMPLICIT, true, EHLO_BEST, 0, 3, 1, 1},
    {"flights with STARTTLS, login, BDAT", MAILSUB_TLS_STARTTLS, true, EHLO_BEST, 0, 5, 1, 1},
    {"flights with BDAT, five at a time", MAILSUB_TLS_NONE, false, EHLO_BEST, 5, 2, 1, 2},
    {"flights with implicit TLS, login, DATA", MAILSUB_TLS_IMPLICIT, true, EHLO_FAST, 0, 3, 2,
     N_MORE + 1},
    {"flights with STARTTLS, login, DATA", MAILSUB_TLS_STARTTLS, true, EHLO_FAST, 0, 5, 2,
     N_MORE + 1},
    {"flights in clear, DATA", MAILSUB_TLS_NONE, false, EHLO_FAST, 0, 2, 2, N_MORE + 1},
    {"flights without PIPELINING", MAILSUB_TLS_NONE, false, EHLO_OLD, 0, 2, 6, N_MORE * 6},
    {"flights without PIPELINING, BDAT", MAILSUB_TLS_NONE, false, "250-x\r\n250 CHUNKING\r\n", 0, 2,
     5, N_MORE * 5},
};

/* What a friendly server says to a line. */
static const char *answer_to(struct rig *rig, const char *line, const char *ehlo)
{
    if (rig->in_data) {
        rig->in_data = memcmp(line, ".\r\n", 3) != 0;
        return rig->in_data ? "" : "250 x\r\n";
    }
    rig->in_data = memcmp(line, "DATA", 4) == 0;
    if (memcmp(line, "BDAT ", 5) == 0)
        rig->chunk_left = strtoul(line + 5, NULL, 10);
    return rig->in_data                   ? "354 x\r\n"
           : memcmp(line, "EHLO", 4) == 0 ? ehlo
           : memcmp(line, "AUTH", 4) == 0 ? "235 x\r\n"
                                          : "250 x\r\n";
}

/* Answer each line that is sent as a friendly server does; one round is one flight. */
static void fly_until(struct rig *rig, unsigned *count, unsigned want, const char *ehlo)
{
    while (*count < want) {
        static char answer[16384];
        mailsub__slice out;
        assert_true(rig->n_flights < 200);
        strcpy(answer, rig->n_flights == 0 ? "220 x\r\n" : "");
        while ((out = mailsub__engine_peek_output(rig->engine, 0)).len > 0) {
            size_t len = out.len < rig->chunk_left ? out.len : rig->chunk_left;
            if (len == 0) {
                const char *lf = memchr(out.ptr, '\n', out.len);
                len = (size_t)(lf - out.ptr) + 1;
                strcat(answer, answer_to(rig, out.ptr, ehlo));
            } else {
                rig->chunk_left -= len;
            }
            mailsub__engine_ack_output(rig->engine, len, 0);
        }
        bool starttls = false;
        rig->n_flights++;
        mailsub__engine_feed(rig->engine, answer, strlen(answer), 0);
        for (int event; (event = (int)mailsub__engine_next_event(rig->engine));) {
            starttls |= event == MAILSUB__EVENT_STARTTLS;
            rig->n_ready += event == MAILSUB__EVENT_READY;
            rig->n_done += event == MAILSUB__EVENT_DONE;
            assert_int_not_equal(event, MAILSUB__EVENT_CLOSED);
        }
        if (starttls)
            mailsub__engine_tls_started(rig->engine, MAILSUB__TLS_VERIFIED, 0);
    }
}

static void nobody_waits_in_vain(void **state)
{
    const struct flight_row *row = *state;
    static struct rig rig;
    init(&rig);
    rig.settings.tls = row->tls;
    rig.settings.user = row->login ? "u" : NULL;
    rig.settings.password = "secret";
    rig.settings.depth = row->depth;
    begin(&rig, row->tls == MAILSUB_TLS_IMPLICIT ? MAILSUB__TLS_VERIFIED : MAILSUB__CLEAR);
    fly_until(&rig, &rig.n_ready, 1, row->ehlo);
    assert_int_equal(rig.n_flights, row->want_opening);
    submit_parcel(&rig, 0, 3);
    fly_until(&rig, &rig.n_done, 1, row->ehlo);
    assert_int_equal(rig.n_flights - row->want_opening, row->want_message);
    for (size_t i = 1; i <= N_MORE; i++)
        submit_parcel(&rig, i, 3);
    fly_until(&rig, &rig.n_done, 1 + N_MORE, row->ehlo);
    assert_int_equal(rig.n_flights - row->want_opening - row->want_message, row->want_more);
    for (size_t i = 0; i <= N_MORE; i++)
        assert_int_equal(parcels[i].transaction.whole.code, MAILSUB_OK);
    deinit(&rig);
}

/* ---- many messages ---- */

/* Of every three messages the second has no recipient, and the third is refused at its end. */
static void answer_parcel(struct rig *rig, size_t i)
{
    static const char *const answers[] = {
        "250 x\r\n250 x\r\n250 x\r\n",
        "250 x\r\n550 5.1.1 x\r\n554 x\r\n",
        "250 x\r\n250 x\r\n451 x\r\n",
    };
    if (i > 0)
        feed(rig, "250 x\r\n"); /* RSET */
    feed(rig, answers[i % 3]);
}

static void check_parcels(void)
{
    static const int want[] = {MAILSUB_OUTCOME_ACCEPTED, MAILSUB_OUTCOME_REFUSED,
                               MAILSUB_OUTCOME_DEFERRED};
    for (size_t i = 0; i < N_MANY; i++) {
        assert_int_equal(parcels[i].verdicts[0].outcome, want[i % 3]);
        assert_int_equal(parcels[i].verdicts[0].transaction, i + 1);
    }
}

/*
 * The server's window is small and its replies come one message at a time: the order is kept, no
 * more than the depth is ever under way, and nobody waits for the other for ever.
 */
static void many_messages_keep_their_order(void **state)
{
    (void)state;
    static struct rig rig;
    init(&rig);
    rig.settings.depth = 7;
    begin(&rig, MAILSUB__CLEAR);
    fly(&rig, "220 x\r\n");
    fly(&rig, EHLO_BEST);
    for (size_t i = 0; i < N_MANY; i++)
        submit_parcel(&rig, i, 1);
    drain(&rig, SIZE_MAX);
    /* "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "BDAT 12 LAST" and 12 octets. */
    assert_in_range(rig.n_sent - strlen("EHLO c\r\n"), 7 * 78, 7 * 78 + 6 * 6);
    for (size_t i = 0; i < N_MANY; i++) {
        /* What the server is about to answer has to be there in whole. */
        answer_parcel(&rig, i);
        drain(&rig, SIZE_MAX);
    }
    check_parcels();
    deinit(&rig);
}

/* The connection is lost with seven messages under way: each has the outcome that is true. */
static void many_messages_are_lost_one_by_one(void **state)
{
    (void)state;
    static struct rig rig;
    for (size_t sent = 0; sent < 7 * 84; sent++) {
        init(&rig);
        rig.settings.depth = 7;
        begin(&rig, MAILSUB__CLEAR);
        fly(&rig, "220 x\r\n");
        fly(&rig, EHLO_BEST);
        for (size_t i = 0; i < 9; i++)
            submit_parcel(&rig, i, 1);
        drain(&rig, sent);
        mailsub__engine_lost(rig.engine, MAILSUB_E_CONNECTION_LOST, 0);
        take_events(&rig);
        /* 78 octets are a message, 6 more a RSET in front of each but the first. */
        size_t n_complete = sent < 78 ? 0 : 1 + (sent - 78) / 84;
        for (size_t i = 0; i < 9; i++) {
            assert_int_equal(parcels[i].verdicts[0].outcome, i < n_complete
                                                                 ? MAILSUB_OUTCOME_UNKNOWN
                                                                 : MAILSUB_OUTCOME_NOT_ATTEMPTED);
            bool begun = sent > (i == 0 ? 66 : 78 + 84 * (i - 1) + 72);
            assert_int_equal(parcels[i].transaction.handed_over, begun);
        }
        deinit(&rig);
    }
}

/* Short memory costs a message at most, never the others' outcomes. */
static void many_messages_with_short_memory(void **state)
{
    (void)state;
    static struct rig rig;
    for (size_t n = 1; n < 12; n++) {
        init(&rig);
        rig.content_len = 24000;
        begin(&rig, MAILSUB__CLEAR);
        fly(&rig, "220 x\r\n");
        fly(&rig, EHLO_BEST);
        rig.heap.fail_at = rig.heap.n_requests + n;
        for (size_t i = 0; i < 5; i++)
            submit_parcel(&rig, i, 1);
        drain(&rig, SIZE_MAX);
        mailsub__engine_lost(rig.engine, MAILSUB_E_CONNECTION_LOST, 0);
        take_events(&rig);
        for (size_t i = 0; i < 5; i++)
            assert_int_not_equal(parcels[i].verdicts[0].code, MAILSUB_OK);
        deinit(&rig);
    }
}

static int reopen_parcel(mailsub__transaction *transaction)
{
    struct parcel *parcel = transaction->content.context;
    parcel->content_at = 0;
    return MAILSUB_OK;
}

/*
 * MAILMAX (RFC 9422): three recipients, one in a transaction, two transactions over a connection. A
 * second connection takes the one that is left, and the verdicts of the first stay.
 */
static void another_connection_takes_the_rest(void **state)
{
    static const char *const answers[] = {
        "250 x\r\n250 x\r\n250 x\r\n250 x\r\n250 x\r\n550 x\r\n503 x\r\n",
        "250 x\r\n550 x\r\n503 x\r\n250 x\r\n250 x\r\n451 x\r\n503 x\r\n",
    };
    static const int outcomes[2][3] = {
        {MAILSUB_OUTCOME_ACCEPTED, MAILSUB_OUTCOME_REFUSED, MAILSUB_OUTCOME_ACCEPTED},
        {MAILSUB_OUTCOME_REFUSED, MAILSUB_OUTCOME_DEFERRED, MAILSUB_OUTCOME_ACCEPTED}};
    static struct rig rig;
    (void)state;
    for (size_t way = 0; way < 2; way++) {
        for (int connection = 0; connection < 2; connection++) {
            init(&rig);
            begin(&rig, MAILSUB__CLEAR);
            fly(&rig, "220 x\r\n");
            fly(&rig, "250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n"
                      "250 LIMITS RCPTMAX=1 MAILMAX=2\r\n");
            mailsub__transaction *transaction = &parcels[0].transaction;
            if (connection == 0) {
                submit_parcel(&rig, 0, 0);
                take_events(&rig);
                transaction->n_recipients = 3;
                transaction->reopen = reopen_parcel;
            }
            assert_int_equal(transaction->unfinished, connection == 1);
            parcels[0].content_at = 0;
            rig.done = false;
            mailsub__engine_submit(rig.engine, transaction, 0);
            fly(&rig, connection == 0 ? answers[way] : "250 x\r\n250 x\r\n250 x\r\n");
            assert_true(rig.done);
            assert_int_equal(mailsub__engine_is_spent(rig.engine), connection == 0);
            deinit(&rig);
        }
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(parcels[0].verdicts[i].outcome, outcomes[way][i]);
        assert_int_equal(parcels[0].transaction.whole.code, MAILSUB_E_PARTIAL);
        assert_false(parcels[0].transaction.unfinished);
    }
}

/*
 * The sender is refused while a second transaction of the message is begun and the queue of flights
 * is full behind its MAIL: it asks for nobody.
 */
static void a_refused_sender_stops_all_its_transactions(void **state)
{
    (void)state;
    static struct rig rig;
    init(&rig);
    begin(&rig, MAILSUB__CLEAR);
    fly(&rig, "220 x\r\n");
    fly(&rig, "250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 LIMITS RCPTMAX=4092\r\n");
    rig.transaction.n_recipients = 5000;
    rig.transaction.reopen = reopen_rig;
    submit(&rig);
    drain(&rig, SIZE_MAX);
    feed(&rig, "550 x\r\n");
    for (size_t i = 0; i < 4093; i++)
        feed(&rig, "503 x\r\n");
    feed(&rig, "250 x\r\n"); /* RSET */
    assert_false(rig.done);
    feed(&rig, "250 x\r\n"); /* the second MAIL */
    assert_true(rig.done);
    drain(&rig, SIZE_MAX);
    assert_string_equal(rig.last, "RSET");
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(rig.verdicts[i].outcome, MAILSUB_OUTCOME_REFUSED);
    deinit(&rig);
}

/* ---- many recipients ---- */

/*
 * More commands than the queue of flights holds, with replies that come one at a time and the
 * server's buffer always full: the order is kept, and every recipient gets its own verdict.
 */
static void run_many(struct rig *rig, size_t fail_at)
{
    init(rig);
    rig->transaction.n_recipients = MAX_RECIPIENTS;
    begin(rig, MAILSUB__CLEAR);
    fly(rig, "220 x\r\n");
    fly(rig, EHLO_FAST);
    rig->heap.fail_at = fail_at == 0 ? 0 : rig->heap.n_requests + fail_at;
    submit(rig);
    feed(rig, "");
    size_t n_answered = 0;
    size_t most = 0;
    while (n_answered < MAX_RECIPIENTS + 1 && !rig->done) {
        drain(rig, SIZE_MAX);
        if (n_answered == 0)
            most = rig->n_sent;
        feed(rig, n_answered == 0       ? "250 x\r\n"
                  : n_answered % 3 == 0 ? "550 5.1.1 x\r\n"
                                        : "250 x\r\n");
        n_answered++;
    }
    if (fail_at == 0)
        assert_in_range(most, 4096 * 25, 4097 * 26 + 100); /* the window was used to the full */
    fly(rig, "354 x\r\n");
    drain(rig, SIZE_MAX);
    feed(rig, "250 x\r\n");
}

static void many_recipients_keep_their_order(void **state)
{
    (void)state;
    static struct rig rig;
    run_many(&rig, 0);
    assert_true(rig.done);
    assert_int_equal(rig.transaction.whole.code, MAILSUB_E_PARTIAL);
    for (size_t i = 0; i < MAX_RECIPIENTS; i++)
        assert_int_equal(rig.verdicts[i].outcome,
                         (i + 1) % 3 == 0 ? MAILSUB_OUTCOME_REFUSED : MAILSUB_OUTCOME_ACCEPTED);
    deinit(&rig);
}

/* Short memory makes fewer flights at a time, not a failure; or, for the buffers, a typed one. */
static void many_recipients_with_short_memory(void **state)
{
    (void)state;
    static struct rig rig;
    for (size_t i = 1; i < 24; i++) {
        run_many(&rig, i);
        assert_true(rig.done);
        assert_true(rig.transaction.whole.code == MAILSUB_E_PARTIAL ||
                    rig.transaction.whole.code == MAILSUB_E_NOMEM);
        deinit(&rig);
    }
}

/* ---- life ---- */

static void a_new_engine_needs_its_memory(void **state)
{
    (void)state;
    static struct rig rig;
    init(&rig);
    for (size_t i = 1; i <= 2; i++) {
        rig.heap = (struct unit_heap){.fail_at = i};
        assert_int_equal(mailsub__engine_new(&rig.allocator, &rig.settings, &rig.engine),
                         MAILSUB_E_NOMEM);
        assert_null(rig.engine);
        assert_int_equal(rig.heap.n_live, 0);
    }
    rig.allocator.size = 0;
    assert_int_equal(mailsub__engine_new(&rig.allocator, &rig.settings, &rig.engine),
                     MAILSUB_E_INVALID);
    mailsub__engine_free(NULL);
}

static void a_closed_engine_does_nothing(void **state)
{
    (void)state;
    static struct rig rig;
    init(&rig);
    begin(&rig, MAILSUB__CLEAR);
    mailsub__engine_lost(rig.engine, MAILSUB_E_CANCELLED, 0);
    take_events(&rig);
    assert_true(rig.closed);
    rig.closed = false;
    feed(&rig, "220 x\r\n");
    mailsub__engine_ack_output(rig.engine, 5, 0);
    mailsub__engine_quit(rig.engine, 0);
    mailsub__engine_expire(rig.engine, 1000000);
    mailsub__engine_tls_started(rig.engine, MAILSUB__TLS_VERIFIED, 0);
    mailsub__engine_lost(rig.engine, MAILSUB_E_CONNECTION_LOST, 0);
    take_events(&rig);
    assert_false(rig.closed);
    assert_int_equal(mailsub__engine_peek_output(rig.engine, 0).len, 0);
    assert_int_equal(mailsub__engine_deadline(rig.engine), -1);
    assert_int_equal(mailsub__engine_failure(rig.engine)->code, MAILSUB_E_CANCELLED);
    deinit(&rig);
}

int main(void)
{
    static struct CMUnitTest tests[60];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, cell_rows, every_reply_has_its_end);
    UNIT_ADD_ROWS(tests, n_tests, flight_rows, nobody_waits_in_vain);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_state_is_walked);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(every_state_with_short_memory);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(another_connection_takes_the_rest);
    tests[n_tests++] =
        (struct CMUnitTest)cmocka_unit_test(a_refused_sender_stops_all_its_transactions);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(many_messages_keep_their_order);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(many_messages_are_lost_one_by_one);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(many_messages_with_short_memory);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(many_recipients_keep_their_order);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(many_recipients_with_short_memory);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_new_engine_needs_its_memory);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_closed_engine_does_nothing);
    return UNIT_RUN(tests, n_tests);
}
