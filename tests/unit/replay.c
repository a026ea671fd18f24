/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plays a transcript. The engine's own notes say what it did, the others what was done to it, so a
 * replay is a loop: where the engine has not yet told the next line, cause it. What it tells is
 * compared as it comes.
 *
 * What leaves is acknowledged no sooner than a line needs it: whether a message may have arrived
 * hangs on its last octet.
 */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/engine_private.h"

struct world {
    struct replay *replay;
    mailsub__engine *engine;
    int64_t now_ms;
    size_t n_told; /* lines that the engine has told, as the transcript has them */
    size_t n_fed;  /* lines before this one were fed, where they are the server's */
    bool started;
    bool wants_tls;
    char *why;
    bool failed;
};

/* Behind the last one, a line without a mark. */
static const struct replay_line *line_at(const struct world *world, size_t i)
{
    static const struct replay_line none = {'\0', "(the end)"};
    return i < world->replay->n_lines ? &world->replay->lines[i] : &none;
}

static void fail(struct world *world, const char *what, const char *text)
{
    if (world->failed)
        return;
    const struct replay_line *want = line_at(world, world->n_told);
    world->failed = true;
    snprintf(world->why, REPLAY_WHY_LEN, "line %zu, \"%c: %.400s\": %s%.400s", world->n_told + 1,
             want->mark ? want->mark : ' ', want->text, what, text);
}

/* ---- what is told ---- */

static bool is_compared(char mark, const char *text)
{
    return mark != 'D' && (mark != 'N' || !replay_note_is(text, "MECHANISM"));
}

static void on_line(void *context, int direction, const char *line, size_t len)
{
    struct world *world = context;
    char text[MAILSUB_LOG_LINE_LEN];
    char mark = "CSND"[direction];
    snprintf(text, sizeof text, "%.*s", (int)len, line);
    if (!is_compared(mark, text) || world->failed)
        return;
    if (mark == 'N' && replay_note_is(text, "LOGIN_BEGUN"))
        world->replay->login_at++;
    const struct replay_line *want = line_at(world, world->n_told);
    if (!want->mark)
        return; /* the transcript breaks off */
    if (want->mark != mark || strcmp(want->text, text) != 0)
        fail(world,
             mark == 'C'   ? "the client says: "
             : mark == 'S' ? "heard: "
                           : "it comes to: ",
             text);
    else
        world->n_told++;
}

/* ---- content ---- */

static int read_content(void *context, char *out, size_t room, size_t *out_len)
{
    static const char text[] = "0123456789 0123456789\r\n";
    struct replay_message *message = context;
    bool fails = message->read_code != MAILSUB_OK;
    bool bare = message->read_code == MAILSUB_E_CONTROL;
    uint64_t end = message->size;
    if (fails && (bare || message->n_read > end))
        end = message->n_read > end ? message->n_read : end;
    else if (fails)
        end = message->n_read;
    if (fails && message->source_at >= end && message->n_read <= message->size)
        return message->read_code;
    size_t len = 0;
    for (; len < room && message->source_at < end; len++, message->source_at++) {
        out[len] = text[message->source_at % (sizeof text - 1)];
        if (message->source_at + 1 == end && out[len] == '\r')
            out[len] = 'x'; /* half a line end could not be sent */
        /* A line that ends without CR, where the real one went wrong. */
        if (bare && message->source_at + 1 == message->n_read)
            out[len] = '\n';
        else if (bare && message->source_at + 2 == message->n_read)
            out[len] = 'x';
    }
    *out_len = len;
    return MAILSUB_OK;
}

static int rewind_content(mailsub__transaction *transaction)
{
    struct replay_message *message = transaction->content.context;
    if (message->rewind_code)
        return message->rewind_code;
    message->source_at = 0;
    return MAILSUB_OK;
}

/* ---- messages ---- */

static struct replay *sending_for; /* whose senders are asked for */

/* The one that the transcript has before this recipient. */
static int find_sender(mailsub__slice sender, mailsub__slice recipient, char *out, size_t *out_len)
{
    (void)sender;
    for (size_t i = 0; i < sending_for->n_messages; i++) {
        const struct replay_message *message = &sending_for->messages[i];
        for (size_t j = 0; message->verp && j < message->n_recipients; j++) {
            const struct replay_recipient *known = &message->recipients[j];
            if (!mailsub__slice_equal(known->address, recipient))
                continue;
            if (known->sender.len == 0 || known->sender.len > MAILSUB_MAX_ADDRESS) {
                /* Nobody asked for it; why, where that is known. */
                bool failed = mailsub_error_group(known->code) != MAILSUB_GROUP_NONE;
                if (failed && known->code == MAILSUB_E_LIMIT)
                    return known->code;
                *out_len = 1;
                out[0] = 'x';
                return MAILSUB_OK;
            }
            memcpy(out, known->sender.ptr, known->sender.len);
            *out_len = known->sender.len;
            return MAILSUB_OK;
        }
    }
    return MAILSUB_E_LIMIT;
}

static bool submit(struct world *world, const char *note)
{
    uint64_t number = replay_note_number(note, "message");
    if (number < 1 || number > world->replay->n_messages)
        return false;
    struct replay_message *message = &world->replay->messages[number - 1];
    if (!message->known || message->submitted)
        return false;
    message->submitted = true;
    message->transaction = (mailsub__transaction){
        .kind = message->kind,
        .argument = message->argument,
        .sender = message->sender,
        .recipients = message->addresses,
        .n_recipients = message->n_recipients,
        .sender_for = message->verp ? find_sender : NULL,
        .size = message->size,
        .eight_bit = message->eight_bit,
        .binary = message->binary,
        .smtputf8 = message->smtputf8,
        .delivery = &message->delivery,
        .content = {message, read_content},
        .reopen = message->rewindable ? rewind_content : NULL,
        .verdicts = message->verdicts,
        .context = message,
    };
    mailsub__engine_submit(world->engine, &message->transaction, world->now_ms);
    return true;
}

/* ---- octets ---- */

/* Of all that an engine tells, only this has to be waited for: the rest is asked of it. */
static void take_events(struct world *world)
{
    enum mailsub__engine_event event;
    while ((event = mailsub__engine_next_event(world->engine)) != MAILSUB__EVENT_NONE)
        world->wants_tls |= event == MAILSUB__EVENT_STARTTLS;
}

/* Have n octets gone at most; how many did. */
static size_t send(struct world *world, uint64_t n)
{
    mailsub__slice out = mailsub__engine_peek_output(world->engine, world->now_ms);
    size_t len = out.len < n ? out.len : (size_t)n;
    mailsub__engine_ack_output(world->engine, len, world->now_ms);
    take_events(world);
    return len;
}

static void send_up_to(struct world *world, uint64_t end)
{
    while (world->engine->n_sent < end && send(world, end - world->engine->n_sent) > 0)
        ;
}

/* What the next reply needs to have been sent: its command; or less, where it comes early. */
static void send_for_reply(struct world *world, const char *early)
{
    const mailsub__flight *head = mailsub__flights_head(&world->engine->flights);
    if (!head || !mailsub__reply_parser_is_fresh(&world->engine->parser))
        return;
    char name[16] = "";
    if (early && !replay_note_field(early, "name", name, sizeof name))
        return;
    bool in_chunk = strcmp(name, "in-chunk") == 0;
    bool chunk = head->state == MAILSUB__STATE_END || head->state == MAILSUB__STATE_CHUNK;
    if (!in_chunk)
        send_up_to(world, head->end);
    else if (chunk && head->round->chunked)
        send_up_to(world, head->end - head->which);
}

enum manner { WHOLE, MALFORMED, TOO_LONG };

static void feed(struct world *world, const char *text, size_t len)
{
    char *exact = malloc(len > 0 ? len : 1);
    memcpy(exact, text, len);
    mailsub__engine_feed(world->engine, exact, len, world->now_ms);
    free(exact);
    take_events(world);
}

/* Challenges are not shown, unless they are words for a person. */
static bool is_hidden(const mailsub__engine *engine)
{
    const mailsub__mechanism *mechanism = engine->auth.login.mechanism;
    return engine->parser.long_line && mechanism &&
           !(mechanism->flags & MAILSUB__MECHANISM_PROMPTS);
}

/* A reply behind this one that was early came in the same piece: nothing was sent in between. */
static bool comes_with_next(const struct world *world, size_t i)
{
    const struct replay_line *note = line_at(world, i + 1);
    char name[16];
    return note->mark == 'N' && replay_note_is(note->text, "REPLY_EARLY") &&
           !replay_note_field(note->text, "name", name, sizeof name) &&
           line_at(world, i + 2)->mark == 'S';
}

/* Line i, and the early reply behind the note that follows. */
static void feed_both(struct world *world, size_t i)
{
    char both[4 * MAILSUB_LOG_LINE_LEN];
    size_t len = (size_t)snprintf(both, sizeof both, "%.4000s\r\n", line_at(world, i)->text);
    const struct replay_line *line = line_at(world, i + 2);
    for (i += 2; line->mark == 'S' && len < sizeof both - MAILSUB_LOG_LINE_LEN;) {
        len += (size_t)snprintf(both + len, sizeof both - len, "%.4000s\r\n", line->text);
        bool goes_on = strlen(line->text) > 3 && line->text[3] == '-';
        line = line_at(world, ++i);
        if (!goes_on)
            break;
    }
    world->n_fed = i;
    feed(world, both, len);
}

/* The server's line i; what was redacted in a challenge has to be base64. */
static bool feed_line(struct world *world, size_t i, enum manner manner)
{
    const struct replay_line *line = line_at(world, i);
    size_t len = strlen(line->text);
    bool challenge = strncmp(line->text, "334", 3) == 0 && len == 7 &&
                     strcmp(line->text + 4, "***") == 0 && is_hidden(world->engine);
    world->n_fed = i + 1;
    if (manner == WHOLE && comes_with_next(world, i)) {
        feed_both(world, i);
        return true;
    }
    feed(world, line->text, challenge ? 4 : len);
    if (challenge)
        feed(world, "Kioq", 4);
    if (manner == WHOLE || (manner == TOO_LONG && len < MAILSUB__REPLY_MAX_LINE - 48))
        feed(world, "\r\n", 2);
    else if (manner == MALFORMED)
        feed(world, "\n", 1);
    for (size_t n = len; manner == TOO_LONG && n < MAILSUB__REPLY_MAX_LINE + 2; n++) {
        if (world->engine->cursor != MAILSUB__STATE_CLOSED)
            feed(world, "x", 1);
    }
    return true;
}

static size_t next_of_server(const struct world *world, size_t i)
{
    while (line_at(world, i)->mark && line_at(world, i)->mark != 'S')
        i++;
    return i;
}

static bool feed_unreadable(struct world *world, size_t i, const char *note, const char *early)
{
    size_t at = next_of_server(world, i);
    send_for_reply(world, early);
    bool malformed = replay_note_code(note) == MAILSUB_E_REPLY_MALFORMED;
    return line_at(world, at)->mark && feed_line(world, at, malformed ? MALFORMED : TOO_LONG);
}

static bool feed_early(struct world *world, size_t i, const char *note)
{
    char name[16];
    if (replay_note_field(note, "name", name, sizeof name) && strcmp(name, "in-clear") == 0) {
        feed(world, "x", 1);
        return true;
    }
    const struct replay_line *next = line_at(world, i + 1);
    send_for_reply(world, note);
    if (next->mark == 'N' && replay_note_is(next->text, "REPLY_UNREADABLE"))
        return feed_unreadable(world, i, next->text, note);
    size_t at = next_of_server(world, i);
    return line_at(world, at)->mark && feed_line(world, at, WHOLE);
}

/* ---- what was done ---- */

static enum mailsub__protection protection_of(const char *note)
{
    char name[16];
    replay_note_field(note, "name", name, sizeof name);
    return strcmp(name, "verified") == 0     ? MAILSUB__TLS_VERIFIED
           : strcmp(name, "unverified") == 0 ? MAILSUB__TLS_UNVERIFIED
                                             : MAILSUB__CLEAR;
}

static void set_binding(struct world *world)
{
    if (world->replay->has_binding)
        mailsub__engine_set_binding(world->engine, "tls-exporter", mailsub__slice_str("binding"));
}

static bool start(struct world *world, const char *note)
{
    enum mailsub__protection protection = protection_of(note);
    bool implicit = world->replay->settings.tls == MAILSUB_TLS_IMPLICIT;
    if (world->started || (implicit && protection == MAILSUB__CLEAR))
        return false;
    world->started = true;
    set_binding(world);
    mailsub__engine_start(world->engine, protection, world->now_ms);
    return true;
}

static bool start_tls(struct world *world, const char *note)
{
    enum mailsub__protection protection = protection_of(note);
    if (!world->wants_tls || protection == MAILSUB__CLEAR)
        return false;
    world->wants_tls = false;
    set_binding(world);
    mailsub__engine_tls_started(world->engine, protection, world->now_ms);
    return true;
}

/* Whether the last octet of a content had gone, the stage tells. */
static void send_up_to_stage(struct world *world, const char *note)
{
    static const char *const names[] = {
#define STAGE_NAME(number, NAME, text) [number] = #NAME,
        MAILSUB_STAGE_LIST(STAGE_NAME)
#undef STAGE_NAME
    };
    char stage[32];
    replay_note_field(note, "stage", stage, sizeof stage);
    while (strcmp(names[mailsub__engine_stage(world->engine)], stage) != 0 && send(world, 1) > 0)
        ;
}

static bool may_quit(const mailsub__engine *engine)
{
    return !engine->rounds && !engine->waiting && engine->cursor == MAILSUB__STATE_IDLE &&
           engine->closing == MAILSUB__STAYING;
}

/* What was asked for, and its command had to wait. */
static void quit_first(struct world *world, const char *note)
{
    char name[16];
    if (replay_note_field(note, "name", name, sizeof name) && may_quit(world->engine))
        mailsub__engine_quit(world->engine, world->now_ms);
}

static bool expire(struct world *world, const char *note)
{
    quit_first(world, note);
    send_up_to_stage(world, note);
    int64_t deadline_ms = mailsub__engine_deadline(world->engine);
    if (deadline_ms < 0)
        return false;
    world->now_ms = deadline_ms;
    mailsub__engine_expire(world->engine, world->now_ms);
    return true;
}

static bool lose(struct world *world, const char *note)
{
    int code = replay_note_code(note);
    if (mailsub_error_group(code) == MAILSUB_GROUP_NONE)
        return false;
    quit_first(world, note);
    send_up_to_stage(world, note);
    mailsub__engine_lost(world->engine, code, world->now_ms);
    return true;
}

/* What the engine does by itself: have it make octets, and have as few go as it takes. */
static bool go_on(struct world *world, const struct replay_line *line)
{
    enum { ENOUGH = 8 * 1024 }; /* beyond that the engine makes no more */
    size_t before = world->n_told;
    mailsub__slice out = mailsub__engine_peek_output(world->engine, world->now_ms);
    take_events(world);
    if (world->n_told > before || world->failed)
        return true;
    if (line->mark == 'C' && strcmp(line->text, "QUIT") == 0 && may_quit(world->engine)) {
        mailsub__engine_quit(world->engine, world->now_ms);
        return true;
    }
    return send(world, out.len > ENOUGH ? out.len - ENOUGH : 1) > 0;
}

static bool act_on_note(struct world *world, size_t i)
{
    const struct replay_line *line = line_at(world, i);
    if (replay_note_is(line->text, "STARTED"))
        return start(world, line->text);
    if (replay_note_is(line->text, "TLS_STARTED"))
        return start_tls(world, line->text);
    if (replay_note_is(line->text, "SUBMITTED"))
        return submit(world, line->text);
    if (replay_note_is(line->text, "TIMED_OUT"))
        return expire(world, line->text);
    if (replay_note_is(line->text, "LOST"))
        return lose(world, line->text);
    if (replay_note_is(line->text, "REPLY_EARLY"))
        return feed_early(world, i, line->text);
    if (replay_note_is(line->text, "REPLY_UNREADABLE"))
        return feed_unreadable(world, i, line->text, NULL);
    return go_on(world, line);
}

/* Cause the next line that is not told. False: nothing can. */
static bool step(struct world *world)
{
    size_t i = world->n_told;
    /* A reply's lines are told together, once it is whole, or breaks off. */
    while (i < world->n_fed && line_at(world, i)->mark == 'S')
        i++;
    const struct replay_line *line = line_at(world, i);
    if (!line->mark)
        return false;
    if (!world->started && !(line->mark == 'N' && replay_note_is(line->text, "STARTED")))
        return false;
    if (line->mark == 'S') {
        send_for_reply(world, NULL);
        return feed_line(world, i, WHOLE);
    }
    return line->mark == 'N' ? act_on_note(world, i) : go_on(world, line);
}

bool replay_run(struct replay *replay, char why[REPLAY_WHY_LEN])
{
    struct world world = {.replay = replay, .now_ms = 1000, .why = why};
    mailsub__engine_settings settings = replay->settings;
    settings.log = (mailsub__log){.transcript = on_line, .transcript_context = &world};
    for (size_t i = 0; i < MAILSUB__N_TIMEOUTS; i++)
        settings.timeout_ms[i] = 1000;
    if (mailsub__engine_new(NULL, &settings, &world.engine)) {
        snprintf(why, REPLAY_WHY_LEN, "no memory");
        return false;
    }
    replay_login_play(replay);
    sending_for = replay;
    while (!world.failed && world.n_told < replay->n_lines) {
        if (!step(&world) && !world.failed)
            fail(&world, "nothing leads to that", "");
    }
    bool equal = !world.failed;
    world.failed = true; /* what comes now is no part of it */
    mailsub__engine_lost(world.engine, MAILSUB_E_CANCELLED, world.now_ms);
    take_events(&world);
    mailsub__engine_free(world.engine);
    replay_login_play(NULL);
    return equal;
}
