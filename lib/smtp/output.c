/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What leaves: commands, as far ahead of their replies as the server allows, and content. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "smtp/command.h"
#include "smtp/engine_private.h"

/* Enough for one write; further commands are made when these have gone. */
enum { OUT_ENOUGH = 8 * 1024 };

void mailsub__output_push(mailsub__engine *engine, mailsub__flight flight)
{
    bool alone = engine->flights.n == 0;
    mailsub__flights_push(&engine->flights, flight);
    if (flight.round)
        flight.round->n_flights++;
    if (alone)
        mailsub__engine_await(engine);
}

/* Queue one line for a command that is then in flight. False: not now, or the engine has failed. */
static bool queue_line(mailsub__engine *engine, mailsub__flight flight, const mailsub__slice *parts,
                       size_t n_parts, size_t max_len)
{
    if (!mailsub__flights_reserve(&engine->flights))
        return false;
    size_t before = engine->out.len;
    bool utf8 = flight.round && flight.round->smtputf8;
    int rc = mailsub__command_append(&engine->out, parts, n_parts, max_len,
                                     utf8 ? MAILSUB__COMMAND_UTF8 : MAILSUB__COMMAND_ASCII);
    if (rc) {
        mailsub__engine_fail(engine, rc, mailsub__states[flight.state].stage, NULL);
        return false;
    }
    engine->n_queued += engine->out.len - before;
    flight.end = engine->n_queued;
    mailsub__output_push(engine, flight);
    return true;
}

/* Queue a line that holds no secret, and tell it. */
static bool queue_open_line(mailsub__engine *engine, mailsub__flight flight,
                            const mailsub__slice *parts, size_t n_parts, size_t max_len)
{
    size_t before = engine->out.len;
    if (!queue_line(engine, flight, parts, n_parts, max_len))
        return false;
    mailsub__slice out = mailsub__buffer_slice(&engine->out);
    mailsub__tell_command(engine, &flight,
                          mailsub__slice_of(out.ptr + before, out.len - before - 2));
    return true;
}

bool mailsub__output_command(mailsub__engine *engine, enum mailsub__state state,
                             const mailsub__slice *parts, size_t n_parts)
{
    bool of_round = (state >= MAILSUB__STATE_MAIL && state <= MAILSUB__STATE_END) ||
                    (state >= MAILSUB__STATE_ETRN && state <= MAILSUB__STATE_HELP);
    mailsub__flight flight = {.round = of_round ? engine->sending : NULL, .state = (uint8_t)state};
    return queue_open_line(engine, flight, parts, n_parts, MAILSUB__COMMAND_MAX);
}

bool mailsub__output_with_parameters(mailsub__engine *engine, enum mailsub__state state,
                                     size_t which, const mailsub__slice *parts, size_t n_parts)
{
    mailsub__flight flight = {
        .round = engine->sending, .which = (uint32_t)which, .state = (uint8_t)state};
    return queue_open_line(engine, flight, parts, n_parts,
                           MAILSUB__COMMAND_MAX + parts[n_parts - 1].len);
}

bool mailsub__output_secret(mailsub__engine *engine, enum mailsub__state state,
                            const mailsub__slice *parts, size_t n_parts, mailsub__slice secret)
{
    static const char blot[] = "***";
    mailsub__slice line[4];
    char shown[MAILSUB__COMMAND_MAX];
    size_t len = 0;
    assert(n_parts < sizeof line / sizeof line[0]);
    for (size_t i = 0; i < n_parts; i++) {
        line[i] = parts[i];
        assert(len + parts[i].len + sizeof blot <= sizeof shown);
        memcpy(shown + len, parts[i].ptr, parts[i].len);
        len += parts[i].len;
    }
    line[n_parts] = secret;
    mailsub__flight flight = {.state = (uint8_t)state};
    if (!queue_line(engine, flight, line, n_parts + 1, MAILSUB__AUTH_LINE_MAX))
        return false;
    memcpy(shown + len, blot, sizeof blot - 1);
    mailsub__tell_command(engine, &flight, mailsub__slice_of(shown, len + sizeof blot - 1));
    return true;
}

static bool may_send(const mailsub__engine *engine)
{
    if (engine->out.len >= OUT_ENOUGH)
        return false;
    if (engine->flights.n == 0 || engine->cursor == MAILSUB__STATE_CONTENT)
        return true;
    return mailsub__states[engine->cursor].group &&
           mailsub__capabilities_has(&engine->capabilities, MAILSUB__CAPABILITY_PIPELINING);
}

void mailsub__output_commands(mailsub__engine *engine)
{
    while (may_send(engine) && mailsub__states[engine->cursor].send(engine))
        ;
}

/* ---- on the way ---- */

mailsub__slice mailsub__engine_peek_output(mailsub__engine *engine, int64_t now_ms)
{
    engine->now_ms = now_ms;
    /* A reply that began too early ends the connection once it is whole: nothing more is sent. */
    bool reply_begun = !mailsub__reply_parser_is_fresh(&engine->parser);
    if (engine->early == MAILSUB__EARLY && reply_begun)
        return MAILSUB__SLICE_EMPTY;
    mailsub__output_commands(engine);
    return mailsub__buffer_slice(&engine->out);
}

/*
 * What an acknowledgement means for time (RFC 5321 section 4.5.3.2): each part of the content that
 * the server takes gives it time for the next; a command's time begins when it has been sent.
 */
static void note_sent(mailsub__engine *engine, uint64_t before)
{
    const mailsub__flight *head = mailsub__flights_head(&engine->flights);
    bool content = mailsub__round_note_sent(engine);
    if (!head)
        return;
    bool sent = head->end <= engine->n_sent;
    if (sent ? head->end > before : content)
        mailsub__engine_await(engine);
    else if (content)
        mailsub__engine_prolong(engine);
}

void mailsub__engine_ack_output(mailsub__engine *engine, size_t n, int64_t now_ms)
{
    engine->now_ms = now_ms;
    if (engine->cursor == MAILSUB__STATE_CLOSED || n == 0)
        return;
    uint64_t before = engine->n_sent;
    mailsub__buffer_consume(&engine->out, n);
    engine->n_sent += n;
    note_sent(engine, before);
    bool quit_queued = engine->cursor != MAILSUB__STATE_QUIT;
    if (engine->closing == MAILSUB__LEAVING && quit_queued && engine->out.len == 0)
        mailsub__engine_close(engine);
}
