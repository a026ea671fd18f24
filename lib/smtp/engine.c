/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine as its owner sees it: life, bytes in, time, events; and the ways in which it ends.
 * What is sent and what a reply leads to is told by the table in state.h.
 *
 * Invariants:
 *  - A reply counts only for the oldest command in flight, and only when that command's last octet
 *    was acknowledged before the reply's first octet came.
 *  - No octet of content is made before the 3yz reply to DATA, or outside a chunk of BDAT.
 *  - A recipient is accepted only by a 2yz reply to the end of data of its transaction.
 *  - Once the engine is closed, nothing is sent and nothing is heard.
 */
#include "smtp/engine_private.h"

#include <assert.h>
#include <stdio.h>

#include "base/memory.h"

/* How long a QUIT may hold up its caller: the server owes nothing any more. */
enum { QUIT_MS = 2000 };

/* More than all parameters of one command together can have. */
enum { PARAMETERS_MAX = 2048 };

int mailsub__engine_new(const mailsub_allocator *allocator,
                        const mailsub__engine_settings *settings, mailsub__engine **out_engine)
{
    mailsub_allocator own;
    int rc = mailsub__allocator_init(&own, allocator);
    if (rc)
        return rc;
    mailsub__engine *engine = mailsub__alloc_zeroed(&own, sizeof *engine);
    if (!engine)
        return MAILSUB_E_NOMEM;
    engine->allocator = own;
    engine->settings = *settings;
    engine->cursor = MAILSUB__STATE_NEW;
    engine->deadline_ms = -1;
    engine->failure.stage = MAILSUB_STAGE_NONE;
    mailsub__reply_parser_init(&engine->parser);
    mailsub__buffer_init_secret(&engine->out, &engine->allocator,
                                4 * MAILSUB__RAW_LEN + MAILSUB__CHUNK_LEN + settings->chunk_len);
    mailsub__offer_init(engine);
    mailsub__buffer_init(&engine->parameters, &engine->allocator, PARAMETERS_MAX);
    mailsub__heard_init(&engine->heard, &engine->allocator);
    mailsub__buffer_init_secret(&engine->content_line, &engine->allocator, MAILSUB__SHOWN_LINE);
    mailsub__auth_init(&engine->auth, &engine->allocator, settings->user, settings->password,
                       &settings->login);
    rc = mailsub__flights_init(&engine->flights, &engine->allocator);
    if (rc) {
        mailsub__engine_free(engine);
        return rc;
    }
    *out_engine = engine;
    return MAILSUB_OK;
}

void mailsub__engine_free(mailsub__engine *engine)
{
    if (!engine)
        return;
    mailsub_allocator allocator = engine->allocator;
    mailsub__auth_deinit(&engine->auth);
    mailsub__buffer_deinit(&engine->out);
    mailsub__buffer_deinit(&engine->parameters);
    mailsub__buffer_deinit(&engine->offers[0]);
    mailsub__buffer_deinit(&engine->offers[1]);
    mailsub__heard_deinit(&engine->heard);
    mailsub__buffer_deinit(&engine->content_line);
    mailsub__flights_deinit(&engine->flights);
    mailsub__free(&allocator, engine->raw);
    mailsub__wipe(engine, sizeof *engine); /* the parser may hold a secret that was echoed */
    mailsub__free(&allocator, engine);
}

/* The one place where the cursor of what is sent next moves. */
void mailsub__engine_go(mailsub__engine *engine, enum mailsub__state next)
{
    assert(engine->cursor != MAILSUB__STATE_CLOSED);
    engine->cursor = next;
}

static void raise_event(mailsub__engine *engine, enum mailsub__engine_event event)
{
    engine->events |= 1u << event;
}

/* DONE is told once for each transaction. */
static void take_done(mailsub__engine *engine)
{
    engine->done = engine->ended;
    engine->ended = engine->done->next;
    engine->done->next = NULL;
    if (!engine->ended)
        engine->events &= ~(1u << MAILSUB__EVENT_DONE);
}

/* The pending event that comes first; a transaction's end is told before the connection's. */
enum mailsub__engine_event mailsub__engine_next_event(mailsub__engine *engine)
{
    for (int event = MAILSUB__EVENT_STARTTLS; event <= MAILSUB__EVENT_CLOSED; event++) {
        if (!(engine->events & 1u << event))
            continue;
        if (event == MAILSUB__EVENT_DONE)
            take_done(engine);
        else
            engine->events &= ~(1u << event);
        return (enum mailsub__engine_event)event;
    }
    return MAILSUB__EVENT_NONE;
}

mailsub__transaction *mailsub__engine_done(const mailsub__engine *engine)
{
    return engine->done;
}

/* ---- time ---- */

void mailsub__engine_restart_deadline(mailsub__engine *engine, enum mailsub__state awaited)
{
    if (engine->closing == MAILSUB__STAYING)
        engine->deadline_ms =
            engine->now_ms + engine->settings.timeout_ms[mailsub__states[awaited].timeout];
}

/* Is the oldest command in flight one whose last octet has not gone? */
static bool is_leaving(const mailsub__engine *engine, const mailsub__flight *head)
{
    return (head->state == MAILSUB__STATE_END || head->state == MAILSUB__STATE_CHUNK) &&
           engine->n_sent < head->end;
}

void mailsub__engine_await(mailsub__engine *engine)
{
    const mailsub__flight *head = mailsub__flights_head(&engine->flights);
    mailsub__engine_restart_deadline(engine, is_leaving(engine, head)
                                                 ? MAILSUB__STATE_CONTENT
                                                 : (enum mailsub__state)head->state);
}

void mailsub__engine_prolong(mailsub__engine *engine)
{
    int64_t until_ms = engine->now_ms + engine->settings.timeout_ms[MAILSUB_TIMEOUT_CONTENT];
    if (engine->closing == MAILSUB__STAYING && engine->deadline_ms < until_ms)
        engine->deadline_ms = until_ms;
}

int64_t mailsub__engine_deadline(const mailsub__engine *engine)
{
    return engine->deadline_ms;
}

int mailsub__engine_stage(const mailsub__engine *engine)
{
    const mailsub__flight *head = mailsub__flights_head(&engine->flights);
    if (!head)
        return mailsub__states[engine->cursor].stage;
    if (is_leaving(engine, head))
        return MAILSUB_STAGE_CONTENT;
    return mailsub__states[head->state].stage;
}

void mailsub__engine_expire(mailsub__engine *engine, int64_t now_ms)
{
    engine->now_ms = now_ms;
    if (engine->deadline_ms < 0 || now_ms < engine->deadline_ms)
        return;
    int stage = mailsub__engine_stage(engine);
    mailsub__hearing_break_off(engine);
    mailsub__tell_end(engine, MAILSUB_LOG_TIMED_OUT, MAILSUB_E_TIMEOUT, stage);
    mailsub__engine_fail(engine, MAILSUB_E_TIMEOUT, stage, NULL);
}

/* ---- the end ---- */

void mailsub__engine_close(mailsub__engine *engine)
{
    mailsub__hearing_break_off(engine);
    mailsub__engine_go(engine, MAILSUB__STATE_CLOSED);
    mailsub__tell_closed(engine);
    mailsub__flights_clear(&engine->flights);
    mailsub__buffer_deinit(&engine->out);
    engine->deadline_ms = -1;
    engine->events &= 1u << MAILSUB__EVENT_DONE; /* what else was to come is void */
    raise_event(engine, MAILSUB__EVENT_CLOSED);
}

static void record_failure(mailsub__engine *engine, int code, int stage,
                           const mailsub__reply *reply)
{
    mailsub__verdict_set(&engine->failure, MAILSUB_OUTCOME_NOT_ATTEMPTED, code, stage, reply);
    if (reply)
        memcpy(engine->failure_text, reply->text, sizeof engine->failure_text);
    else
        snprintf(engine->failure_text, sizeof engine->failure_text, "%s",
                 engine->detail ? engine->detail : "");
}

static void end(mailsub__engine *engine, bool orderly, int code, int stage,
                const mailsub__reply *reply)
{
    if (engine->cursor == MAILSUB__STATE_CLOSED)
        return;
    mailsub__hearing_break_off(engine);
    /* Behind a QUIT, whatever happens is its end: it must not cost what went before. */
    if (engine->closing == MAILSUB__STAYING)
        record_failure(engine, code, stage, reply);
    mailsub__round_abandon_all(engine, orderly, code, stage, reply);
    mailsub__engine_close(engine);
}

void mailsub__engine_fail(mailsub__engine *engine, int code, int stage, const mailsub__reply *reply)
{
    end(engine, false, code, stage, reply);
}

void mailsub__engine_dismissed(mailsub__engine *engine, int stage)
{
    end(engine, true, MAILSUB_E_UNAVAILABLE, stage, &engine->reply);
}

/*
 * RFC 5321 section 4.1.1.10 wants a QUIT before a connection is closed, and section 3.1 also where
 * the greeting was a refusal. Its reply would tell nothing, so nobody waits a round trip for it.
 */
void mailsub__engine_leave(mailsub__engine *engine, int code, int stage,
                           const mailsub__reply *reply)
{
    assert(!engine->rounds && engine->closing == MAILSUB__STAYING);
    record_failure(engine, code, stage, reply);
    mailsub__round_abandon_all(engine, true, code, stage, reply);
    engine->closing = MAILSUB__LEAVING;
    engine->deadline_ms = engine->now_ms + QUIT_MS;
    mailsub__engine_go(engine, MAILSUB__STATE_QUIT);
}

void mailsub__engine_quit(mailsub__engine *engine, int64_t now_ms)
{
    engine->now_ms = now_ms;
    if (engine->cursor == MAILSUB__STATE_CLOSED || engine->closing != MAILSUB__STAYING)
        return;
    assert(!engine->rounds && !engine->waiting);
    engine->events &= ~(1u << MAILSUB__EVENT_READY);
    record_failure(engine, MAILSUB_OK, MAILSUB_STAGE_QUIT, NULL);
    engine->closing = MAILSUB__QUITTING;
    engine->deadline_ms = now_ms + QUIT_MS;
    mailsub__engine_go(engine, MAILSUB__STATE_QUIT);
    mailsub__output_commands(engine);
}

bool mailsub__closing_send_quit(mailsub__engine *engine)
{
    mailsub__slice line = {"QUIT", 4};
    if (!mailsub__output_command(engine, MAILSUB__STATE_QUIT, &line, 1))
        return false;
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    return true;
}

void mailsub__closing_answered(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    if (engine->closing == MAILSUB__QUITTING)
        record_failure(engine, MAILSUB_OK, MAILSUB_STAGE_QUIT, &engine->reply);
    mailsub__engine_close(engine);
}

const mailsub__capabilities *mailsub__engine_capabilities(const mailsub__engine *engine,
                                                          bool before_tls)
{
    return before_tls ? &engine->in_clear : &engine->capabilities;
}

bool mailsub__engine_offers(const mailsub__engine *engine, enum mailsub__capability capability)
{
    return mailsub__capabilities_has(&engine->capabilities, capability);
}

void mailsub__engine_lost(mailsub__engine *engine, int code, int64_t now_ms)
{
    if (now_ms > engine->now_ms) /* who frees an engine has no time at hand */
        engine->now_ms = now_ms;
    if (engine->cursor == MAILSUB__STATE_CLOSED)
        return;
    int stage = mailsub__engine_stage(engine);
    mailsub__hearing_break_off(engine);
    mailsub__tell_end(engine, MAILSUB_LOG_LOST, code, stage);
    mailsub__engine_fail(engine, code, stage, NULL);
}

const mailsub__verdict *mailsub__engine_failure(const mailsub__engine *engine)
{
    return &engine->failure;
}

const char *mailsub__engine_failure_text(const mailsub__engine *engine)
{
    return engine->failure_text;
}

/* ---- bytes in ---- */

bool mailsub__wait(mailsub__engine *engine)
{
    (void)engine;
    return false;
}

void mailsub__unexpected(mailsub__engine *engine, const mailsub__flight *flight)
{
    mailsub__engine_fail(engine, MAILSUB_E_REPLY_UNEXPECTED, mailsub__states[flight->state].stage,
                         &engine->reply);
}

void mailsub__unavailable(mailsub__engine *engine, const mailsub__flight *flight)
{
    mailsub__engine_fail(engine, MAILSUB_E_UNAVAILABLE, mailsub__states[flight->state].stage,
                         &engine->reply);
}

/* Has the oldest command been sent in whole? If not, no reply can be its reply; but a server may
   refuse a chunk as soon as it has read its line. */
static enum mailsub__earliness earliness(const mailsub__engine *engine)
{
    const mailsub__flight *head = mailsub__flights_head(&engine->flights);
    if (!head)
        return MAILSUB__EARLY;
    if (head->end <= engine->n_sent)
        return MAILSUB__DUE;
    bool chunk = is_leaving(engine, head) && head->round->chunked;
    return chunk && head->end - head->which <= engine->n_sent ? MAILSUB__IN_CHUNK : MAILSUB__EARLY;
}

static bool is_too_early(const mailsub__engine *engine)
{
    return engine->early == MAILSUB__EARLY ||
           (engine->early == MAILSUB__IN_CHUNK && engine->reply.code / 100 < 4);
}

/* A reply to a command: what it means, and what the next one waits for. */
static void act_on(mailsub__engine *engine, const mailsub__flight *flight)
{
    bool goodbye = engine->reply.code == 421;
    /* A 421 to the end of data decides about the message as well as about the connection. */
    if (!goodbye || flight->state == MAILSUB__STATE_END || flight->state == MAILSUB__STATE_QUIT)
        mailsub__states[flight->state].answer[engine->reply.code / 100 - 2](engine, flight);
    if (goodbye)
        mailsub__engine_dismissed(engine, mailsub__states[flight->state].stage);
    if (flight->round && engine->cursor != MAILSUB__STATE_CLOSED)
        mailsub__round_settle(engine, flight->round);
}

static void handle_reply(mailsub__engine *engine)
{
    if (is_too_early(engine)) {
        int code = engine->reply.code == 421 ? MAILSUB_E_UNAVAILABLE : MAILSUB_E_REPLY_EARLY;
        mailsub__tell_reply(engine, NULL);
        mailsub__engine_fail(engine, code, mailsub__engine_stage(engine), &engine->reply);
        return;
    }
    mailsub__flight flight = *mailsub__flights_head(&engine->flights);
    mailsub__tell_reply(engine, &flight);
    if (mailsub__transaction_is_last_reply(engine, &flight)) {
        mailsub__flights_pop(&engine->flights);
        if (flight.round)
            flight.round->n_flights--;
    }
    if (engine->flights.n > 0)
        mailsub__engine_await(engine);
    else if (engine->closing == MAILSUB__STAYING)
        engine->deadline_ms = -1;
    act_on(engine, &flight);
}

/*
 * Everything behind the 220 to STARTTLS was written by somebody who could write in clear: to take
 * it for the server's answer under TLS is the response injection of CVE-2021-38371 and of "Why TLS
 * Is Better Without STARTTLS" (USENIX Security 2021).
 */
static void refuse_clear_bytes(mailsub__engine *engine)
{
    mailsub__tell(engine, &(mailsub__fact){.id = MAILSUB_LOG_REPLY_EARLY,
                                           .stage = MAILSUB_STAGE_STARTTLS,
                                           .name = mailsub__slice_str("in-clear")});
    mailsub__engine_fail(engine, MAILSUB_E_REPLY_EARLY, MAILSUB_STAGE_STARTTLS, NULL);
}

static void feed_reply(mailsub__engine *engine, mailsub__slice *input)
{
    if (mailsub__reply_parser_is_fresh(&engine->parser)) {
        engine->early = earliness(engine);
        mailsub__reply_reset(&engine->reply);
        engine->in_reply = false;
    }
    switch (mailsub__reply_parser_next(&engine->parser, input)) {
    case MAILSUB__REPLY_MORE:
        break;
    case MAILSUB__REPLY_LINE:
        mailsub__hearing_take_line(engine, engine->parser.code, true);
        break;
    case MAILSUB__REPLY_LAST:
        mailsub__hearing_take_line(engine, engine->parser.code, false);
        handle_reply(engine);
        break;
    case MAILSUB__REPLY_BROKEN:
        mailsub__hearing_take_line(engine, 0, false);
        mailsub__engine_fail(engine, engine->parser.error, mailsub__engine_stage(engine),
                             &engine->reply);
        break;
    }
}

void mailsub__engine_feed(mailsub__engine *engine, const char *data, size_t len, int64_t now_ms)
{
    engine->now_ms = now_ms;
    mailsub__slice input = mailsub__slice_of(data, len);
    while (input.len > 0 && engine->cursor != MAILSUB__STATE_CLOSED) {
        if (engine->cursor == MAILSUB__STATE_HANDSHAKE)
            refuse_clear_bytes(engine);
        else
            feed_reply(engine, &input);
    }
    mailsub__output_commands(engine);
}
