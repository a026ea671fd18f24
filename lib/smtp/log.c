/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events on their way to the application, and what it can ask of one. */
#include "smtp/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <mailsub/error.h>
#include <mailsub/receipt.h>

/* A command with all its parameters, or a line of a reply, whichever is longer. */
#define TEXT_LEN 3072
#define NAME_LEN 256

struct mailsub_log_event {
    const mailsub__fact *fact;
    int64_t at_ms;
    uint32_t connection;
    char name[NAME_LEN];
    char text[TEXT_LEN];
};

static const struct row {
    const char *name;
    const char *text;
} rows[MAILSUB_LOG_END_] = {
#define LOG_ROW(number, NAME, text_) [number] = {#NAME, (text_)},
    MAILSUB_LOG_LIST(LOG_ROW)
#undef LOG_ROW
};

/* Of these the transcript has the lines themselves, or too many for a note. */
static bool is_note(const mailsub__fact *fact)
{
    switch (fact->id) {
    case MAILSUB_LOG_GREETING:
    case MAILSUB_LOG_OFFER:
    case MAILSUB_LOG_COMMAND:
    case MAILSUB_LOG_REPLY:
    case MAILSUB_LOG_CONTENT:
        return false;
    }
    return !fact->quiet;
}

/* ---- one line ---- */

struct line {
    char *out;
    size_t room;
    size_t len;
};

/* What does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int len = vsnprintf(line->out + line->len, line->room - line->len, format, values);
    va_end(values);
    if (len > 0)
        line->len += (size_t)len;
    if (line->len >= line->room)
        line->len = line->room - 1;
}

static void add_number(struct line *line, const char *key, uint64_t number)
{
    if (number > 0)
        add(line, " %s=%" PRIu64, key, number);
}

static const char *stage_name(int stage)
{
    static const char *const names[] = {
#define STAGE_NAME(number, NAME, text) [number] = #NAME,
        MAILSUB_STAGE_LIST(STAGE_NAME)
#undef STAGE_NAME
    };
    return names[stage];
}

/* All but the connection, which the transcript cannot tell for its other lines either. */
static void write_event(const mailsub_log_event *event, struct line *line)
{
    const mailsub__fact *fact = event->fact;
    add_number(line, "message", fact->message);
    add_number(line, "transaction", fact->transaction);
    add_number(line, "recipient", fact->recipient);
    if (event->name[0] != '\0')
        add(line, " name=%s", event->name);
    add_number(line, "number", fact->number);
    add_number(line, "total", fact->total);
    if (fact->stage != MAILSUB_STAGE_NONE || fact->code != MAILSUB_OK)
        add(line, " code=%s", mailsub_error_name(fact->code));
    if (fact->stage != MAILSUB_STAGE_NONE)
        add(line, " stage=%s", stage_name(fact->stage));
    add_number(line, "reply", (uint64_t)fact->reply_code);
    if (fact->enhanced && fact->enhanced[0] != '\0')
        add(line, " status=%s", fact->enhanced);
    if (event->text[0] != '\0')
        add(line, ": %s", event->text);
}

int mailsub_log_format(const mailsub_log_event *event, char *out, size_t room)
{
    if (!event || !out || room == 0)
        return MAILSUB_E_INVALID;
    struct line line = {out, room < MAILSUB_LOG_LINE_LEN ? room : MAILSUB_LOG_LINE_LEN, 0};
    add(&line, "%s", rows[event->fact->id].name);
    add_number(&line, "connection", event->connection);
    write_event(event, &line);
    return (int)line.len;
}

/* ---- telling ---- */

static void copy(char *out, size_t room, mailsub__slice text)
{
    size_t len = text.len < room ? text.len : room - 1;
    if (len > 0)
        memcpy(out, text.ptr, len);
    out[len] = '\0';
}

void mailsub__log_line(const mailsub__log *log, int direction, mailsub__slice line)
{
    if (log->transcript)
        log->transcript(log->transcript_context, direction, line.ptr, line.len);
}

void mailsub__log_tell(const mailsub__log *log, int64_t now_ms, const mailsub__fact *fact)
{
    bool note = log->transcript && is_note(fact);
    if (!log->log && !note)
        return;
    mailsub_log_event event;
    event.fact = fact;
    event.at_ms = now_ms;
    event.connection = log->connection;
    copy(event.name, sizeof event.name, fact->name);
    copy(event.text, sizeof event.text, fact->text);
    if (note) {
        char text[MAILSUB_LOG_LINE_LEN];
        struct line line = {text, sizeof text, 0};
        add(&line, "%s", rows[fact->id].name);
        write_event(&event, &line);
        mailsub__log_line(log, MAILSUB_TRANSCRIPT_NOTE, mailsub__slice_of(text, line.len));
    }
    if (log->log)
        log->log(log->log_context, &event);
}

/* ---- what can be asked ---- */

int mailsub_log_get_id(const mailsub_log_event *event)
{
    return event ? event->fact->id : 0;
}

int64_t mailsub_log_get_time(const mailsub_log_event *event)
{
    return event ? event->at_ms : 0;
}

uint32_t mailsub_log_get_connection(const mailsub_log_event *event)
{
    return event ? event->connection : 0;
}

uint32_t mailsub_log_get_message(const mailsub_log_event *event)
{
    return event ? event->fact->message : 0;
}

uint32_t mailsub_log_get_transaction(const mailsub_log_event *event)
{
    return event ? event->fact->transaction : 0;
}

int mailsub_log_get_recipient(const mailsub_log_event *event)
{
    return event ? (int)event->fact->recipient - 1 : -1;
}

int mailsub_log_get_code(const mailsub_log_event *event)
{
    return event ? event->fact->code : MAILSUB_E_INVALID;
}

int mailsub_log_get_stage(const mailsub_log_event *event)
{
    return event ? event->fact->stage : MAILSUB_STAGE_NONE;
}

int mailsub_log_get_reply_code(const mailsub_log_event *event)
{
    return event ? event->fact->reply_code : 0;
}

const char *mailsub_log_get_enhanced_status(const mailsub_log_event *event)
{
    return event && event->fact->enhanced ? event->fact->enhanced : "";
}

const char *mailsub_log_get_name(const mailsub_log_event *event)
{
    return event ? event->name : "";
}

const char *mailsub_log_get_text(const mailsub_log_event *event)
{
    return event ? event->text : "";
}

uint64_t mailsub_log_get_number(const mailsub_log_event *event)
{
    return event ? event->fact->number : 0;
}

uint64_t mailsub_log_get_total(const mailsub_log_event *event)
{
    return event ? event->fact->total : 0;
}

static bool is_id(int id)
{
    return id > 0 && id < MAILSUB_LOG_END_;
}

const char *mailsub_log_name(int id)
{
    return is_id(id) ? rows[id].name : "";
}

const char *mailsub_log_text(int id)
{
    return is_id(id) ? rows[id].text : "";
}
