/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The content on its way out. By DATA it is dot-stuffed and ends with a dot (RFC 5321 section
 * 4.5.2); by BDAT it goes as it is, in chunks of announced length (RFC 3030 section 2).
 *
 * A chunk is read in whole before it is announced: a source that fails, or that has not what it
 * said, then costs a RSET. What DATA began cannot be taken back: there it costs the connection.
 */
#include <assert.h>
#include <stdio.h>

#include "codec/newline.h"
#include "smtp/engine_private.h"

/* ---- by DATA ---- */

/* The end of data is in flight from now on, though its end is not known yet. */
void mailsub__content_begin(mailsub__engine *engine)
{
    mailsub__round *round = engine->sending;
    mailsub__dot_init(&engine->progress.dot);
    round->content_start = engine->n_queued;
    mailsub__output_push(engine, (mailsub__flight){.end = MAILSUB__FLIGHT_OPEN,
                                                   .round = round,
                                                   .state = MAILSUB__STATE_CONTENT});
    mailsub__engine_go(engine, MAILSUB__STATE_CONTENT);
}

/*
 * RFC 2920 section 3.1: a server may answer 354 though it refused every recipient; then a lone dot
 * is all it gets.
 */
void mailsub__content_lone_dot(mailsub__engine *engine)
{
    const mailsub__slice dot = {".", 1};
    mailsub__output_command(engine, MAILSUB__STATE_END, &dot, 1);
}

/*
 * The message must not be completed: the server has been told a SIZE and would keep half of it. No
 * command can take back what DATA began, so the connection is given up without the dot.
 */
static bool break_off(mailsub__engine *engine, int code)
{
    mailsub__tell_octets(engine, MAILSUB__SLICE_EMPTY, true);
    mailsub__tell_content(engine, MAILSUB_LOG_CONTENT_FAILED, engine->sending, code);
    mailsub__engine_fail(engine, code, MAILSUB_STAGE_CONTENT, NULL);
    return false;
}

/* The next octets of the source. Another size than the one declared is another message than the one
   that was measured. */
static int read_source(mailsub__engine *engine, char *out, size_t room, size_t *out_len)
{
    mailsub__progress *progress = &engine->progress;
    const mailsub__transaction *transaction = engine->sending->transaction;
    size_t len = 0;
    int rc = transaction->content.read(transaction->content.context, out, room, &len);
    if (rc)
        return rc;
    progress->content += len;
    progress->source_ended = len == 0;
    if (progress->content > transaction->size ||
        (progress->source_ended && progress->content != transaction->size))
        return MAILSUB_E_FILE_CHANGED;
    *out_len = len;
    return MAILSUB_OK;
}

/* Have octets in raw, or know that there are none left. False: the source failed. */
static bool fill_raw(mailsub__engine *engine)
{
    mailsub__progress *progress = &engine->progress;
    if (progress->raw_len > 0 || progress->source_ended)
        return true;
    int rc = read_source(engine, engine->raw, engine->raw_room, &progress->raw_len);
    if (rc)
        return break_off(engine, rc);
    progress->raw_start = 0;
    mailsub__tell_octets(engine, mailsub__slice_of(engine->raw, progress->raw_len),
                         progress->source_ended);
    if (progress->raw_len > 0)
        mailsub__tell_content(engine, MAILSUB_LOG_CONTENT, engine->sending, MAILSUB_OK);
    return true;
}

static void end_content(mailsub__engine *engine)
{
    mailsub__flight *end = mailsub__flights_tail(&engine->flights);
    mailsub__tell_content(engine, MAILSUB_LOG_CONTENT_MADE, engine->sending, MAILSUB_OK);
    mailsub__tell_line(engine, MAILSUB_TRANSCRIPT_CLIENT, mailsub__slice_of(".", 1));
    assert(end->state == MAILSUB__STATE_CONTENT);
    end->state = MAILSUB__STATE_END;
    end->end = engine->n_queued;
    end->round->content_end = engine->n_queued;
    engine->sending = NULL;
    mailsub__engine_go(engine, MAILSUB__STATE_IDLE);
}

/* No octet becomes more than two, and what ends the content has five: thousands of connections with
   small messages need not have room for large ones. */
static size_t piece_len(const mailsub__engine *engine)
{
    const mailsub__progress *progress = &engine->progress;
    uint64_t left = engine->sending->transaction->size - progress->content + progress->raw_len;
    return left < MAILSUB__RAW_LEN / 2 ? 2 * (size_t)left + 8 : MAILSUB__RAW_LEN;
}

bool mailsub__content_send_piece(mailsub__engine *engine)
{
    mailsub__progress *progress = &engine->progress;
    const size_t most = piece_len(engine);
    char *room;
    int rc = mailsub__buffer_reserve(&engine->out, most, &room);
    if (rc)
        return break_off(engine, rc);
    mailsub__step step = {.out = room, .out_room = most};
    bool ended = false;
    while (!ended && step.out_room > 0) {
        if (!fill_raw(engine))
            return false;
        step.in = engine->raw + progress->raw_start;
        step.in_len = progress->raw_len;
        step.last = progress->source_ended;
        ended = mailsub__dot_encode(&progress->dot, &step);
        progress->raw_start += progress->raw_len - step.in_len;
        progress->raw_len = step.in_len;
    }
    size_t made = most - step.out_room;
    mailsub__buffer_commit(&engine->out, made);
    engine->n_queued += made;
    if (ended)
        end_content(engine);
    return true;
}

/* ---- by BDAT ---- */

/*
 * Where one refusal is to stop the message, the replies of the envelope come first. By LMTP those
 * to each chunk too: how many come behind the last one must be known beforehand.
 */
static bool must_wait(const mailsub__engine *engine, const mailsub__round *round)
{
    bool orderly = engine->settings.lmtp || (engine->settings.all_or_none && !round->begun);
    return orderly && round->n_flights > 0;
}

/* RFC 5321 section 2.3.8: CR and LF only as CRLF. A bare one would be a line end to the next server
   in the chain, behind which a content could hide commands of its own. */
static bool has_bare_newline(const char *text, size_t len, char before)
{
    size_t at = before == '\r' && len > 0;
    if (at > 0 && text[0] != '\n')
        return true;
    at += mailsub__newline_clean_len(text + at, len - at);
    bool cut_in_two = at + 1 == len && text[at] == '\r';
    return at < len && !cut_in_two;
}

static int check_lines(mailsub__engine *engine, const char *text, size_t len, bool last)
{
    if (engine->sending->transaction->binary || len == 0)
        return MAILSUB_OK;
    bool bad = has_bare_newline(text, len, engine->progress.last_octet);
    engine->progress.last_octet = text[len - 1];
    return bad || (last && text[len - 1] == '\r') ? MAILSUB_E_CONTROL : MAILSUB_OK;
}

/* Append len octets of the source, which are all that is left of it when last is set. */
static int read_chunk(mailsub__engine *engine, size_t len, bool last)
{
    char *room;
    int rc = mailsub__buffer_reserve(&engine->out, len + 1, &room);
    size_t have = 0;
    while (rc == MAILSUB_OK && have < len && !engine->progress.source_ended) {
        size_t n = 0;
        rc = read_source(engine, room + have, len - have, &n);
        have += n;
    }
    size_t beyond = 0;
    if (rc == MAILSUB_OK && last && !engine->progress.source_ended)
        rc = read_source(engine, room + have, 1, &beyond);
    if (rc == MAILSUB_OK)
        rc = check_lines(engine, room, have, last);
    if (rc == MAILSUB_OK)
        mailsub__buffer_commit(&engine->out, have);
    return rc;
}

/* The message is given up, the connection is not. */
static void give_up(mailsub__engine *engine, int code)
{
    mailsub__round *round = engine->sending;
    mailsub__tell_content(engine, MAILSUB_LOG_CONTENT_FAILED, round, code);
    round->failed = true;
    mailsub__verdict_abandon_round(round, false, code, MAILSUB_STAGE_CONTENT, NULL);
    mailsub__verdict_abandon(round->transaction, code, MAILSUB_STAGE_CONTENT, NULL);
    mailsub__transaction_stop(engine, round);
    mailsub__round_settle(engine, round);
}

static void note_chunk(mailsub__engine *engine, mailsub__round *round, size_t len, bool last)
{
    round->begun = true;
    if (round->content_start == UINT64_MAX)
        round->content_start = engine->n_queued - len;
    if (!last)
        return;
    round->content_end = engine->n_queued;
    mailsub__tell_content(engine, MAILSUB_LOG_CONTENT_MADE, round, MAILSUB_OK);
    engine->sending = NULL;
    mailsub__engine_go(engine, MAILSUB__STATE_IDLE);
}

/* The chunk is the end of what waits to be sent. */
static void tell_chunk(mailsub__engine *engine, const mailsub__flight *flight, mailsub__slice line)
{
    mailsub__slice out = mailsub__buffer_slice(&engine->out);
    size_t len = flight->which;
    mailsub__tell_command(engine, flight, line);
    mailsub__tell_octets(engine, mailsub__slice_of(out.ptr + out.len - len, len),
                         flight->state == MAILSUB__STATE_END);
    mailsub__tell_content(engine, MAILSUB_LOG_CONTENT, flight->round, MAILSUB_OK);
}

bool mailsub__content_send_chunk(mailsub__engine *engine)
{
    mailsub__round *round = engine->sending;
    uint64_t left = round->transaction->size - engine->progress.content;
    uint32_t most =
        engine->settings.chunk_len > 0 ? engine->settings.chunk_len : MAILSUB__CHUNK_LEN;
    bool last = left <= most;
    size_t len = last ? (size_t)left : most;
    size_t before = engine->out.len;
    if (must_wait(engine, round) || !mailsub__flights_reserve(&engine->flights))
        return false;
    char line[48];
    int line_len = snprintf(line, sizeof line, "BDAT %zu%s", len, last ? " LAST" : "");
    int rc = mailsub__buffer_append(&engine->out, line, (size_t)line_len);
    if (rc == MAILSUB_OK)
        rc = mailsub__buffer_append_str(&engine->out, "\r\n");
    if (rc == MAILSUB_OK)
        rc = read_chunk(engine, len, last);
    if (rc) {
        mailsub__buffer_truncate(&engine->out, before);
        give_up(engine, rc);
        return true;
    }
    engine->n_queued += engine->out.len - before;
    const mailsub__flight flight = {.end = engine->n_queued,
                                    .round = round,
                                    .which = (uint32_t)len,
                                    .state = last ? MAILSUB__STATE_END : MAILSUB__STATE_CHUNK};
    tell_chunk(engine, &flight, mailsub__slice_of(line, (size_t)line_len));
    mailsub__output_push(engine, flight);
    note_chunk(engine, round, len, last);
    return true;
}
