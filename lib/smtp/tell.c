/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the log is told of the engine. A transcript that was written down with these notes is enough
 * to play the same connection to another engine (tests/unit/replay.h), so they have in them what the
 * lines of both sides do not show: the settings, what the owner did, and what became of it.
 */
#include <stdio.h>

#include "smtp/engine_private.h"

#define PART(text) ((mailsub__slice){(text), sizeof(text) - 1})

static bool is_told(const mailsub__engine *engine)
{
    return mailsub__log_is_on(&engine->settings.log);
}

void mailsub__tell_line(const mailsub__engine *engine, int direction, mailsub__slice line)
{
    mailsub__log_line(&engine->settings.log, direction, line);
}

void mailsub__tell(const mailsub__engine *engine, const mailsub__fact *fact)
{
    mailsub__log_tell(&engine->settings.log, engine->now_ms, fact);
}

/* ---- the connection ---- */

static const char *yes_or_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void write_settings(const mailsub__engine *engine, char *out, size_t room)
{
    static const char *const tls[] = {
        [MAILSUB_TLS_IMPLICIT] = "implicit",
        [MAILSUB_TLS_STARTTLS] = "starttls",
        [MAILSUB_TLS_OPPORTUNISTIC] = "opportunistic",
        [MAILSUB_TLS_NONE] = "none",
    };
    const mailsub__engine_settings *settings = &engine->settings;
    snprintf(out, room, "tls=%s login=%s clear-login=%s all-or-none=%s lmtp=%s chunk=%u depth=%u",
             tls[settings->tls], yes_or_no(mailsub__auth_is_wanted(&engine->auth)),
             yes_or_no(settings->clear_login), yes_or_no(settings->all_or_none),
             yes_or_no(settings->lmtp),
             settings->no_chunking     ? 0
             : settings->chunk_len > 0 ? (unsigned)settings->chunk_len
                                       : MAILSUB__CHUNK_LEN,
             settings->depth > 0 ? (unsigned)settings->depth : MAILSUB__DEPTH);
}

void mailsub__tell_start(const mailsub__engine *engine, int id)
{
    static const char *const names[] = {
        [MAILSUB__CLEAR] = "clear",
        [MAILSUB__TLS_UNVERIFIED] = "unverified",
        [MAILSUB__TLS_VERIFIED] = "verified",
    };
    char text[160] = "";
    if (!is_told(engine))
        return;
    if (id == MAILSUB_LOG_STARTED)
        write_settings(engine, text, sizeof text);
    mailsub__tell(engine, &(mailsub__fact){
                              .id = id,
                              .name = mailsub__slice_str(names[engine->protection]),
                              .text = mailsub__slice_str(text),
                          });
}

void mailsub__tell_end(const mailsub__engine *engine, int id, int code, int stage)
{
    bool quitting = engine->closing == MAILSUB__QUITTING;
    mailsub__tell(engine, &(mailsub__fact){.id = id,
                                           .code = code,
                                           .stage = stage,
                                           .name = mailsub__slice_str(quitting ? "quitting" : "")});
}

void mailsub__tell_closed(const mailsub__engine *engine)
{
    const mailsub__verdict *failure = &engine->failure;
    mailsub__tell(engine, &(mailsub__fact){
                              .id = MAILSUB_LOG_CLOSED,
                              .code = failure->code,
                              .stage = failure->stage,
                              .reply_code = failure->reply_code,
                              .enhanced = failure->enhanced,
                              .text = mailsub__slice_str(engine->failure_text),
                          });
}

/* ---- commands and replies ---- */

static mailsub__slice verb_of(const mailsub__flight *flight, mailsub__slice line)
{
    if (flight->state == MAILSUB__STATE_RESPONSE)
        return MAILSUB__SLICE_EMPTY;
    const char *space = memchr(line.ptr, ' ', line.len);
    return space ? mailsub__slice_of(line.ptr, (size_t)(space - line.ptr)) : line;
}

/* Which message, transaction and recipient a flight is about. */
static void set_subject(mailsub__fact *fact, const mailsub__flight *flight)
{
    if (!flight)
        return;
    fact->stage = mailsub__states[flight->state].stage;
    if (!flight->round)
        return;
    fact->message = flight->round->transaction->number;
    fact->transaction = flight->round->number;
    if (flight->state == MAILSUB__STATE_RCPT)
        fact->recipient = flight->which + 1;
}

void mailsub__tell_command(const mailsub__engine *engine, const mailsub__flight *flight,
                           mailsub__slice line)
{
    if (!is_told(engine))
        return;
    mailsub__fact fact = {.id = MAILSUB_LOG_COMMAND, .name = verb_of(flight, line), .text = line};
    set_subject(&fact, flight);
    mailsub__tell_line(engine, MAILSUB_TRANSCRIPT_CLIENT, line);
    mailsub__tell(engine, &fact);
}

void mailsub__tell_reply(const mailsub__engine *engine, const mailsub__flight *flight)
{
    const mailsub__reply *reply = &engine->reply;
    if (!is_told(engine))
        return;
    bool greeting = flight && flight->state == MAILSUB__STATE_GREETING;
    mailsub__fact fact = {
        .id = greeting ? MAILSUB_LOG_GREETING : MAILSUB_LOG_REPLY,
        .reply_code = reply->code,
        .enhanced = reply->enhanced,
        .text = mailsub__slice_of(reply->text, reply->text_len),
    };
    set_subject(&fact, flight);
    mailsub__tell(engine, &fact);
}

/* ---- login ---- */

static mailsub__slice state_text(int state)
{
    static const char *const texts[] = {
#define STATE_TEXT(number, NAME, text) [number] = (text),
        MAILSUB_LOGIN_LIST(STATE_TEXT)
#undef STATE_TEXT
    };
    return mailsub__slice_str(texts[state]);
}

void mailsub__tell_mechanisms(mailsub__engine *engine)
{
    const mailsub__login_report *report = &engine->auth.report;
    for (size_t i = 0; i < report->n; i++) {
        const mailsub__attempt *attempt = &report->attempts[i];
        if (engine->told_states[i] == attempt->state + 1)
            continue;
        engine->told_states[i] = (uint8_t)(attempt->state + 1);
        mailsub__tell(engine, &(mailsub__fact){
                                  .id = MAILSUB_LOG_MECHANISM,
                                  .stage = MAILSUB_STAGE_AUTH,
                                  .name = mailsub__slice_str(attempt->name),
                                  .number = attempt->state,
                                  .text = state_text(attempt->state),
                                  .quiet = attempt->state == MAILSUB_LOGIN_NOT_OFFERED,
                              });
    }
}

void mailsub__tell_login(mailsub__engine *engine, int id, int code)
{
    const mailsub__auth *auth = &engine->auth;
    const mailsub__attempt *attempt = &auth->report.attempts[auth->current];
    bool ended = id == MAILSUB_LOG_LOGIN_ENDED;
    engine->told_states[auth->current] = (uint8_t)(attempt->state + 1);
    mailsub__tell(engine,
                  &(mailsub__fact){
                      .id = id,
                      .code = code,
                      .stage = MAILSUB_STAGE_AUTH,
                      .name = mailsub__slice_str(attempt->name),
                      .number = ended ? attempt->state : 0,
                      .text = ended ? mailsub__slice_str(auth->report.text) : MAILSUB__SLICE_EMPTY,
                  });
}

/* ---- messages ---- */

static const char *kind_name(enum mailsub__kind kind)
{
    static const char *const names[] = {
        [MAILSUB__KIND_MESSAGE] = "message", [MAILSUB__KIND_PROBE] = "probe",
        [MAILSUB__KIND_ETRN] = "etrn",       [MAILSUB__KIND_VRFY] = "vrfy",
        [MAILSUB__KIND_EXPN] = "expn",       [MAILSUB__KIND_HELP] = "help",
        [MAILSUB__KIND_CHECK] = "check",
    };
    return names[kind];
}

/* "<sender>" and what its content is like; or the argument of an operation. */
static void write_envelope(const mailsub__transaction *transaction, char *out, size_t room)
{
    if (transaction->kind > MAILSUB__KIND_PROBE) {
        snprintf(out, room, "%.*s", (int)transaction->argument.len, transaction->argument.ptr);
        return;
    }
    snprintf(out, room, "<%.*s>%s%s%s%s%s", (int)transaction->sender.len, transaction->sender.ptr,
             transaction->eight_bit ? " eight-bit" : "", transaction->binary ? " binary" : "",
             transaction->smtputf8 ? " smtputf8" : "", transaction->reopen ? " rewindable" : "",
             transaction->sender_for ? " verp" : "");
}

void mailsub__tell_submitted(const mailsub__engine *engine, const mailsub__transaction *transaction)
{
    char text[MAILSUB__TOLD_LEN];
    if (!is_told(engine))
        return;
    write_envelope(transaction, text, sizeof text);
    size_t len = mailsub__text_clean(text, strlen(text));
    mailsub__tell(engine,
                  &(mailsub__fact){
                      .id = MAILSUB_LOG_SUBMITTED,
                      .message = transaction->number,
                      .name = mailsub__slice_str(kind_name(transaction->kind)),
                      .number = transaction->kind == MAILSUB__KIND_MESSAGE ? transaction->size : 0,
                      .total = transaction->n_recipients,
                      .text = mailsub__slice_of(text, len),
                  });
}

void mailsub__tell_limit(const mailsub__engine *engine, const mailsub__transaction *transaction,
                         const char *name, uint64_t number, uint64_t total)
{
    mailsub__tell(engine, &(mailsub__fact){
                              .id = MAILSUB_LOG_LIMIT,
                              .message = transaction->number,
                              .name = mailsub__slice_str(name),
                              .number = number,
                              .total = total,
                          });
}

void mailsub__tell_round(const mailsub__engine *engine, int id, const mailsub__round *round)
{
    bool ended = id == MAILSUB_LOG_TRANSACTION_ENDED;
    mailsub__slice name = round->chunked ? PART("BDAT") : PART("DATA");
    if (ended)
        name = round->accepted                    ? PART("accepted")
               : round->complete && !round->ended ? PART("unknown")
                                                  : PART("not-accepted");
    mailsub__tell(engine, &(mailsub__fact){
                              .id = id,
                              .message = round->transaction->number,
                              .transaction = round->number,
                              .name = ended || round->transaction->kind == MAILSUB__KIND_MESSAGE
                                          ? name
                                          : MAILSUB__SLICE_EMPTY,
                              .number = ended ? round->n_taken : 0,
                              .total = ended ? round->n_asked : 0,
                          });
}

static void tell_recipient(const mailsub__engine *engine, const mailsub__transaction *transaction,
                           size_t i)
{
    static const char *const outcomes[] = {
#define OUTCOME_NAME(number, NAME, text) [number] = #NAME,
        MAILSUB_OUTCOME_LIST(OUTCOME_NAME)
#undef OUTCOME_NAME
    };
    const mailsub__verdict *verdict = &transaction->verdicts[i];
    mailsub__slice address = transaction->recipients[i];
    char text[MAILSUB__TOLD_LEN];
    size_t len = address.len < sizeof text ? address.len : sizeof text;
    memcpy(text, address.ptr, len);
    len = mailsub__text_clean(text, len);
    mailsub__tell(engine, &(mailsub__fact){
                              .id = MAILSUB_LOG_RECIPIENT,
                              .message = transaction->number,
                              .transaction = verdict->transaction,
                              .recipient = i + 1,
                              .name = mailsub__slice_str(outcomes[verdict->outcome]),
                              .code = verdict->code,
                              .stage = verdict->stage,
                              .reply_code = verdict->reply_code,
                              .enhanced = verdict->enhanced,
                              .text = mailsub__slice_of(text, len),
                          });
}

void mailsub__tell_done(const mailsub__engine *engine, const mailsub__transaction *transaction)
{
    const mailsub__verdict *whole = &transaction->whole;
    if (!is_told(engine))
        return;
    for (size_t i = 0; i < transaction->n_recipients; i++)
        tell_recipient(engine, transaction, i);
    mailsub__tell(engine, &(mailsub__fact){
                              .id = MAILSUB_LOG_ENDED,
                              .message = transaction->number,
                              .name = mailsub__slice_str(transaction->queue_id),
                              .number = transaction->n_accepted,
                              .total = transaction->n_recipients,
                              .code = whole->code,
                              .stage = whole->stage,
                              .reply_code = whole->reply_code,
                              .enhanced = whole->enhanced,
                              .text = mailsub__slice_str(transaction->text),
                          });
}

/* ---- content ---- */

void mailsub__tell_content(const mailsub__engine *engine, int id, const mailsub__round *round,
                           int code)
{
    const mailsub__transaction *transaction = round->transaction;
    bool sent = id == MAILSUB_LOG_CONTENT_SENT;
    mailsub__tell(engine, &(mailsub__fact){
                              .id = id,
                              .message = transaction->number,
                              .transaction = round->number,
                              .code = code,
                              .stage = MAILSUB_STAGE_CONTENT,
                              .number = sent ? transaction->size : engine->progress.content,
                              .total = transaction->size,
                          });
}

/* The line of content that is complete, or as much of it as is shown. */
static void tell_content_line(mailsub__engine *engine)
{
    static const char ellipsis[] = {'.', '.', '.'};
    char line[MAILSUB__SHOWN_LINE + sizeof ellipsis];
    mailsub__slice raw = mailsub__buffer_slice(&engine->content_line);
    size_t len = raw.len;
    memcpy(line, raw.ptr, len);
    if (len > 0 && line[len - 1] == '\r')
        len--;
    len = mailsub__auth_redact(&engine->auth, line, len);
    len = mailsub__text_clean(line, len);
    len = mailsub__auth_redact(&engine->auth, line, len);
    if (engine->content_line_cut) {
        memcpy(line + len, ellipsis, sizeof ellipsis);
        len += sizeof ellipsis;
    }
    mailsub__tell_line(engine, MAILSUB_TRANSCRIPT_CONTENT, mailsub__slice_of(line, len));
    mailsub__buffer_reset(&engine->content_line);
    engine->content_line_cut = false;
}

/* What does not fit is left out: it is no text, so nobody reads it. */
static void add_to_line(mailsub__engine *engine, mailsub__slice part)
{
    size_t room = MAILSUB__SHOWN_LINE - engine->content_line.len;
    if (part.len > room) {
        part.len = room;
        engine->content_line_cut = true;
    }
    if (mailsub__buffer_append_slice(&engine->content_line, part))
        engine->content_line_cut = true;
}

void mailsub__tell_octets(mailsub__engine *engine, mailsub__slice octets, bool last)
{
    if (!engine->settings.log.content || !engine->settings.log.transcript)
        return;
    while (octets.len > 0) {
        const char *lf = memchr(octets.ptr, '\n', octets.len);
        size_t len = lf ? (size_t)(lf - octets.ptr) : octets.len;
        add_to_line(engine, mailsub__slice_of(octets.ptr, len));
        if (lf)
            tell_content_line(engine);
        len += lf != NULL;
        octets = mailsub__slice_of(octets.ptr + len, octets.len - len);
    }
    if (last && (engine->content_line.len > 0 || engine->content_line_cut))
        tell_content_line(engine);
}
