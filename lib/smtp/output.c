/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What leaves: commands, as far ahead of their replies as the server allows, and content. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "smtp/command.h"
#include "smtp/engine_private.h"

/* Enough for one write; further commands are made when these have gone. */
enum { OUT_ENOUGH = 8 * 1024 };

static void push_flight(mailsub__engine *engine, mailsub__flight flight)
{
    bool alone = engine->flights.n == 0;
    mailsub__flights_push(&engine->flights, flight);
    if (alone)
        mailsub__engine_restart_deadline(engine, (enum mailsub__state)flight.state);
}

/* Queue one line for a command that is then in flight. False: not now, or the engine has failed. */
static bool queue_line(mailsub__engine *engine, enum mailsub__state state,
                       const mailsub__slice *parts, size_t n_parts, size_t max_len)
{
    if (!mailsub__flights_reserve(&engine->flights))
        return false;
    size_t before = engine->out.len;
    bool utf8 = engine->transaction && engine->transaction->smtputf8;
    int rc = mailsub__command_append(&engine->out, parts, n_parts, max_len,
                                     utf8 ? MAILSUB__COMMAND_UTF8 : MAILSUB__COMMAND_ASCII);
    if (rc) {
        mailsub__engine_fail(engine, rc, mailsub__states[state].stage, NULL);
        return false;
    }
    engine->n_queued += engine->out.len - before;
    push_flight(engine, (mailsub__flight){.end = engine->n_queued,
                                          .recipient = (uint32_t)engine->progress.n_sent,
                                          .state = (uint8_t)state});
    return true;
}

/* Queue a line that holds no secret, and tell it to the transcript. */
static bool queue_open_line(mailsub__engine *engine, enum mailsub__state state,
                            const mailsub__slice *parts, size_t n_parts, size_t max_len)
{
    size_t before = engine->out.len;
    if (!queue_line(engine, state, parts, n_parts, max_len))
        return false;
    mailsub__slice out = mailsub__buffer_slice(&engine->out);
    mailsub__engine_note(engine, MAILSUB_TRANSCRIPT_CLIENT,
                         mailsub__slice_of(out.ptr + before, out.len - before - 2));
    return true;
}

bool mailsub__output_command(mailsub__engine *engine, enum mailsub__state state,
                             const mailsub__slice *parts, size_t n_parts)
{
    return queue_open_line(engine, state, parts, n_parts, MAILSUB__COMMAND_MAX);
}

bool mailsub__output_with_parameters(mailsub__engine *engine, enum mailsub__state state,
                                     const mailsub__slice *parts, size_t n_parts)
{
    return queue_open_line(engine, state, parts, n_parts,
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
    if (!queue_line(engine, state, line, n_parts + 1, MAILSUB__AUTH_LINE_MAX))
        return false;
    memcpy(shown + len, blot, sizeof blot - 1);
    mailsub__engine_note(engine, MAILSUB_TRANSCRIPT_CLIENT,
                         mailsub__slice_of(shown, len + sizeof blot - 1));
    return true;
}

static bool may_send(const mailsub__engine *engine)
{
    if (engine->out.len >= OUT_ENOUGH)
        return false;
    return engine->flights.n == 0 ||
           (mailsub__states[engine->cursor].group &&
            mailsub__capabilities_has(&engine->capabilities, MAILSUB__CAPABILITY_PIPELINING));
}

void mailsub__output_commands(mailsub__engine *engine)
{
    while (may_send(engine) && mailsub__states[engine->cursor].send(engine))
        ;
}

/* ---- content ---- */

/* The end of data is in flight from now on, though its end is not known yet. */
void mailsub__output_begin_content(mailsub__engine *engine)
{
    mailsub__progress *progress = &engine->progress;
    mailsub__dot_init(&progress->dot);
    progress->content_start = engine->n_queued;
    push_flight(engine,
                (mailsub__flight){.end = MAILSUB__FLIGHT_OPEN, .state = MAILSUB__STATE_CONTENT});
    mailsub__engine_go(engine, MAILSUB__STATE_CONTENT);
}

/*
 * RFC 2920 section 3.1: a server may answer 354 though it refused every recipient; then a lone dot
 * is all it gets.
 */
void mailsub__output_lone_dot(mailsub__engine *engine)
{
    const mailsub__slice dot = {".", 1};
    mailsub__output_command(engine, MAILSUB__STATE_END, &dot, 1);
}

static void note_content(mailsub__engine *engine, const char *what)
{
    char line[64];
    int len = snprintf(line, sizeof line, "%s: %" PRIu64 " octets", what, engine->progress.content);
    mailsub__engine_note(engine, MAILSUB_TRANSCRIPT_NOTE, mailsub__slice_of(line, (size_t)len));
}

/*
 * The message must not be completed: the server has been told a SIZE and would keep half of it. No
 * command can take back what DATA began, so the connection is given up without the dot.
 */
static bool break_off(mailsub__engine *engine, int code)
{
    note_content(engine, "content broken off");
    mailsub__engine_fail(engine, code, MAILSUB_STAGE_CONTENT, NULL);
    return false;
}

/* Have octets in raw, or know that there are none left. False: the source failed. */
static bool fill_raw(mailsub__engine *engine)
{
    mailsub__progress *progress = &engine->progress;
    const mailsub__transaction *transaction = engine->transaction;
    if (progress->raw_len > 0 || progress->source_ended)
        return true;
    size_t len = 0;
    int rc = transaction->content.read(transaction->content.context, engine->raw, MAILSUB__RAW_LEN,
                                       &len);
    if (rc)
        return break_off(engine, rc);
    progress->raw_start = 0;
    progress->raw_len = len;
    progress->content += len;
    progress->source_ended = len == 0;
    /* Another size than the one declared is another message than the one that was measured. */
    if (progress->content > transaction->size ||
        (progress->source_ended && progress->content != transaction->size))
        return break_off(engine, MAILSUB_E_FILE_CHANGED);
    return true;
}

static void end_content(mailsub__engine *engine)
{
    mailsub__flight *head = mailsub__flights_head(&engine->flights);
    head->state = MAILSUB__STATE_END;
    head->end = engine->n_queued;
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    note_content(engine, "content");
    mailsub__engine_note(engine, MAILSUB_TRANSCRIPT_CLIENT, mailsub__slice_of(".", 1));
}

void mailsub__output_content(mailsub__engine *engine)
{
    mailsub__progress *progress = &engine->progress;
    char *room;
    int rc = mailsub__buffer_reserve(&engine->out, MAILSUB__RAW_LEN, &room);
    if (rc) {
        break_off(engine, rc);
        return;
    }
    mailsub__step step = {.out = room, .out_room = MAILSUB__RAW_LEN};
    bool ended = false;
    while (!ended && step.out_room > 0) {
        if (!fill_raw(engine))
            return;
        step.in = engine->raw + progress->raw_start;
        step.in_len = progress->raw_len;
        step.last = progress->source_ended;
        ended = mailsub__dot_encode(&progress->dot, &step);
        progress->raw_start += progress->raw_len - step.in_len;
        progress->raw_len = step.in_len;
    }
    size_t made = MAILSUB__RAW_LEN - step.out_room;
    mailsub__buffer_commit(&engine->out, made);
    engine->n_queued += made;
    if (ended)
        end_content(engine);
}

/* ---- on the way ---- */

mailsub__slice mailsub__engine_peek_output(mailsub__engine *engine, int64_t now_ms)
{
    engine->now_ms = now_ms;
    /* A reply that began too early ends the connection once it is whole: nothing more is sent. */
    bool reply_begun = !mailsub__reply_parser_is_fresh(&engine->parser);
    if (engine->early && reply_begun)
        return MAILSUB__SLICE_EMPTY;
    mailsub__output_commands(engine);
    if (engine->cursor == MAILSUB__STATE_CONTENT && engine->out.len == 0)
        mailsub__output_content(engine);
    return mailsub__buffer_slice(&engine->out);
}

/*
 * What an acknowledgement means for time (RFC 5321 section 4.5.3.2): each part of the content that
 * the server takes gives it time for the next; a command's time begins when it has been sent.
 */
static void note_sent(mailsub__engine *engine, uint64_t before)
{
    const mailsub__flight *head = mailsub__flights_head(&engine->flights);
    if (!head)
        return;
    bool sent = head->end <= engine->n_sent;
    if (head->state == MAILSUB__STATE_CONTENT || (head->state == MAILSUB__STATE_END && !sent))
        mailsub__engine_restart_deadline(engine, MAILSUB__STATE_CONTENT);
    else if (sent && head->end > before)
        mailsub__engine_restart_deadline(engine, (enum mailsub__state)head->state);
    if (head->state == MAILSUB__STATE_END && sent)
        engine->progress.complete = true;
}

void mailsub__engine_ack_output(mailsub__engine *engine, size_t n, int64_t now_ms)
{
    engine->now_ms = now_ms;
    if (engine->cursor == MAILSUB__STATE_CLOSED || n == 0)
        return;
    uint64_t before = engine->n_sent;
    mailsub__buffer_consume(&engine->out, n);
    engine->n_sent += n;
    if (engine->transaction && engine->n_sent > engine->progress.content_start)
        engine->transaction->handed_over = true;
    note_sent(engine, before);
    bool quit_queued = engine->cursor != MAILSUB__STATE_QUIT;
    if (engine->closing == MAILSUB__LEAVING && quit_queued && engine->out.len == 0)
        mailsub__engine_close(engine);
}
