/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a transcript says of the engine that it is of: settings, messages, and what became of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mailsub/extension.h>

#include "replay.h"
#include "smtp/parameters.h"

enum { MAX_MESSAGES = 10000, MAX_RECIPIENTS = 100000 };

/* ---- notes: "NAME key=value key=value: text" ---- */

static size_t head_len(const char *note)
{
    const char *colon = strstr(note, ": ");
    return colon ? (size_t)(colon - note) : strlen(note);
}

bool replay_note_is(const char *note, const char *name)
{
    size_t len = strlen(name);
    return strncmp(note, name, len) == 0 && strchr(" :", note[len]) != NULL;
}

bool replay_note_field(const char *note, const char *key, char *out, size_t room)
{
    const char *end = note + head_len(note);
    size_t len = strlen(key);
    out[0] = '\0';
    for (const char *at = note; (at = memchr(at, ' ', (size_t)(end - at)));) {
        at++;
        if ((size_t)(end - at) <= len || strncmp(at, key, len) != 0 || at[len] != '=')
            continue;
        const char *value = at + len + 1;
        size_t n = strcspn(value, " ");
        if (n > (size_t)(end - value))
            n = (size_t)(end - value);
        snprintf(out, room, "%.*s", (int)n, value);
        return true;
    }
    return false;
}

uint64_t replay_note_number(const char *note, const char *key)
{
    char value[32];
    return replay_note_field(note, key, value, sizeof value) ? strtoull(value, NULL, 10) : 0;
}

int replay_note_code(const char *note)
{
    char name[64];
    int code;
    replay_note_field(note, "code", name, sizeof name);
    for (size_t i = 0; mailsub_error_at(i, &code) == MAILSUB_OK; i++) {
        if (strcmp(mailsub_error_name(code), name) == 0)
            return code;
    }
    return MAILSUB_OK;
}

const char *replay_note_text(const char *note)
{
    size_t len = head_len(note);
    return note[len] ? note + len + 2 : "";
}

/* Of a stage only matters whether it is the first. */
static bool is_check(const char *note)
{
    char stage[32];
    return replay_note_field(note, "stage", stage, sizeof stage) && strcmp(stage, "CHECK") == 0;
}

/* ---- settings ---- */

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += len) {
        if ((at == text || at[-1] == ' ') && strchr(" ", at[len]))
            return true;
    }
    return false;
}

static uint32_t setting_number(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at ? (uint32_t)strtoul(at + strlen(key), NULL, 10) : 0;
}

static void take_settings(struct replay *replay, const char *text)
{
    static const struct {
        const char *word;
        int tls;
    } modes[] = {{"tls=implicit", MAILSUB_TLS_IMPLICIT},
                 {"tls=starttls", MAILSUB_TLS_STARTTLS},
                 {"tls=opportunistic", MAILSUB_TLS_OPPORTUNISTIC},
                 {"tls=none", MAILSUB_TLS_NONE}};
    mailsub__engine_settings *settings = &replay->settings;
    settings->tls = MAILSUB_TLS_NONE;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (has_word(text, modes[i].word))
            settings->tls = modes[i].tls;
    }
    settings->user = has_word(text, "login=yes") ? "user" : NULL;
    settings->clear_login = has_word(text, "clear-login=yes");
    settings->all_or_none = has_word(text, "all-or-none=yes");
    settings->lmtp = has_word(text, "lmtp=yes");
    uint32_t chunk = setting_number(text, " chunk=");
    settings->no_chunking = chunk == 0;
    settings->chunk_len = chunk <= 1024 * 1024 ? chunk : 0;
    uint32_t depth = setting_number(text, " depth=");
    settings->depth = depth <= 1000 ? depth : 0;
}

/* ---- messages ---- */

static struct replay_message *message_of(struct replay *replay, const char *note)
{
    uint64_t number = replay_note_number(note, "message");
    return number >= 1 && number <= replay->n_messages ? &replay->messages[number - 1] : NULL;
}

static enum mailsub__kind kind_of(const char *note)
{
    static const char *const names[] = {"message", "probe", "etrn", "vrfy",
                                        "expn",    "help",  "check"};
    char name[16];
    replay_note_field(note, "name", name, sizeof name);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0)
            return (enum mailsub__kind)i;
    }
    return MAILSUB__KIND_CHECK;
}

/* "<sender> flag flag", or the argument of an operation. */
static void take_envelope(struct replay_message *message, const char *text)
{
    if (message->kind > MAILSUB__KIND_PROBE) {
        message->argument = mailsub__slice_str(text);
        message->smtputf8 = false;
        for (const char *at = text; *at; at++)
            message->smtputf8 |= (unsigned char)*at >= 0x80;
        return;
    }
    const char *end = strrchr(text, '>');
    if (text[0] != '<' || !end)
        return;
    message->sender = mailsub__slice_of(text + 1, (size_t)(end - text) - 1);
    message->eight_bit = has_word(end + 1, "eight-bit");
    message->binary = has_word(end + 1, "binary");
    message->smtputf8 = has_word(end + 1, "smtputf8");
    message->rewindable = has_word(end + 1, "rewindable");
    message->verp = has_word(end + 1, "verp");
}

static bool take_submitted(struct replay_message *message, const char *note)
{
    uint64_t n = replay_note_number(note, "total");
    if (message->known || n > MAX_RECIPIENTS)
        return false;
    message->known = true;
    message->kind = kind_of(note);
    message->size = replay_note_number(note, "number");
    message->n_recipients = message->kind <= MAILSUB__KIND_PROBE ? (size_t)n : 0;
    message->recipients = calloc(message->n_recipients + 1, sizeof *message->recipients);
    message->addresses = calloc(message->n_recipients + 1, sizeof *message->addresses);
    message->wishes = calloc(message->n_recipients + 1, sizeof *message->wishes);
    message->verdicts = calloc(message->n_recipients + 1, sizeof *message->verdicts);
    for (size_t i = 0; i < message->n_recipients; i++) {
        message->recipients[i].address = mailsub__slice_str("unknown@example.org");
        message->recipients[i].sender = MAILSUB__SLICE_EMPTY;
        message->wishes[i] = (mailsub__recipient_wish){.original_type = MAILSUB__SLICE_EMPTY,
                                                       .original = MAILSUB__SLICE_EMPTY};
    }
    message->delivery.wishes = message->wishes;
    message->delivery.n_wishes = message->n_recipients;
    take_envelope(message, replay_note_text(note));
    return true;
}

static void take_recipient(struct replay_message *message, const char *note)
{
    uint64_t number = replay_note_number(note, "recipient");
    if (number < 1 || number > message->n_recipients)
        return;
    message->recipients[number - 1].address = mailsub__slice_str(replay_note_text(note));
    message->recipients[number - 1].code = replay_note_code(note);
    message->recipients[number - 1].checked = is_check(note);
    message->recipients[number - 1].transaction = replay_note_number(note, "transaction");
}

static int extension_of(const char *name)
{
    for (int i = 0; i < MAILSUB_EXTENSION_END_; i++) {
        if (strcmp(mailsub_extension_name(i), name) == 0)
            return i;
    }
    return -1;
}

static void take_ended(struct replay_message *message, const char *note)
{
    message->code = replay_note_code(note);
    message->stage = is_check(note) ? MAILSUB_STAGE_CHECK : MAILSUB_STAGE_NONE;
    if (message->stage == MAILSUB_STAGE_CHECK)
        message->extension = extension_of(replay_note_text(note));
}

static void take_dropped(struct replay *replay, struct replay_message *message, const char *note)
{
    char name[64];
    replay_note_field(note, "name", name, sizeof name);
    int extension = extension_of(name);
    if (extension < 0 || !mailsub__parameters_may_be_missing(extension))
        return;
    replay_wish_extension(message, extension);
    if (replay->settings.extension_policy[extension] == MAILSUB_MISSING_FAIL)
        replay->settings.extension_policy[extension] = MAILSUB_MISSING_DROP;
}

/* Without a transaction, it could not be read again. */
static void take_content_failed(struct replay_message *message, const char *note)
{
    if (replay_note_number(note, "transaction") == 0) {
        message->rewind_code = replay_note_code(note);
        return;
    }
    message->read_code = replay_note_code(note);
    message->n_read = replay_note_number(note, "number");
}

static bool take_message_note(struct replay *replay, const char *note)
{
    struct replay_message *message = message_of(replay, note);
    if (replay_note_is(note, "SUBMITTED"))
        return message && take_submitted(message, note);
    if (!message || !message->known)
        return true;
    if (replay_note_is(note, "RECIPIENT"))
        take_recipient(message, note);
    else if (replay_note_is(note, "ENDED"))
        take_ended(message, note);
    else if (replay_note_is(note, "DROPPED"))
        take_dropped(replay, message, note);
    else if (replay_note_is(note, "CONTENT_FAILED"))
        take_content_failed(message, note);
    return true;
}

mailsub__slice replay_copy(struct replay *replay, mailsub__slice text)
{
    char *copy = replay->copies + replay->n_copied;
    if (text.len > replay->room - replay->n_copied)
        return MAILSUB__SLICE_EMPTY;
    memcpy(copy, text.ptr, text.len);
    replay->n_copied += text.len;
    return mailsub__slice_of(copy, text.len);
}

/* What was replaced when it was told: put back something that fails in the same way. */
static mailsub__slice spoil(struct replay *replay, mailsub__slice text, int code)
{
    char *spoilt = replay->copies + replay->n_copied;
    mailsub__slice copy = replay_copy(replay, text);
    for (size_t i = 0; i < copy.len; i++) {
        if (spoilt[i] == '?')
            spoilt[i] = code == MAILSUB_E_CONTROL ? '\n' : '\xff';
    }
    return copy;
}

static bool is_spoilt(int code)
{
    return code == MAILSUB_E_CONTROL || code == MAILSUB_E_SMTPUTF8;
}

static void settle_message(struct replay *replay, struct replay_message *message)
{
    bool whole = message->stage == MAILSUB_STAGE_CHECK && is_spoilt(message->code);
    if (whole) {
        message->sender = spoil(replay, message->sender, message->code);
        message->argument = spoil(replay, message->argument, message->code);
    }
    for (size_t i = 0; i < message->n_recipients; i++) {
        struct replay_recipient *recipient = &message->recipients[i];
        int code = whole ? message->code : recipient->code;
        if (is_spoilt(code) && (whole || message->code != code))
            recipient->address = spoil(replay, recipient->address, code);
        message->addresses[i] = recipient->address;
    }
    if (message->extension >= 0) {
        replay_wish_extension(message, message->extension);
        replay->settings.extension_policy[message->extension] = MAILSUB_MISSING_FAIL;
    }
}

/* ---- commands: they come behind the note that begins their transaction ---- */

static bool parameters_of(const char *line, const char *front, mailsub__slice *out_path)
{
    size_t len = strlen(front);
    if (strncmp(line, front, len) != 0)
        return false;
    const char *end = strstr(line + len, "> ");
    if (!end)
        end = strrchr(line + len, '>');
    if (!end)
        return false;
    *out_path = mailsub__slice_of(line + len, (size_t)(end - line) - len);
    return true;
}

/* A transaction with a sender of its own is for one recipient. */
static void take_mail(struct replay_message *message, mailsub__slice sender, uint64_t transaction)
{
    replay_wish_mail(message, sender.ptr + sender.len);
    for (size_t i = 0; i < message->n_recipients; i++) {
        struct replay_recipient *recipient = &message->recipients[i];
        bool unasked =
            recipient->transaction == 0 && !recipient->checked && recipient->sender.len == 0;
        if (recipient->transaction != transaction && !unasked)
            continue;
        recipient->sender = sender;
        return;
    }
}

static void take_command(struct replay *replay, const char *begun, const char *line)
{
    mailsub__slice path;
    struct replay_message *message = message_of(replay, begun);
    if (strncmp(line, "EHLO ", 5) == 0 || strncmp(line, "LHLO ", 5) == 0)
        snprintf(replay->helo_name, sizeof replay->helo_name, "%s", line + 5);
    if (!message || !message->known)
        return;
    if (parameters_of(line, "MAIL FROM:<", &path))
        take_mail(message, path, replay_note_number(begun, "transaction"));
    if (!parameters_of(line, "RCPT TO:<", &path))
        return;
    for (size_t i = 0; i < message->n_recipients; i++) {
        if (mailsub__slice_equal(message->recipients[i].address, path))
            replay_wish_rcpt(message, i, path.ptr + path.len);
    }
}

/* ---- the whole ---- */

/* Notes of the session's, and those that a stand-in for a login cannot repeat. */
static bool is_other(const char *note)
{
    static const char *const others[] = {"MECHANISM", "CONNECTING", "CONNECTED", "CONNECT_FAILED",
                                         "TLS",       "RETRY",      "WAITING"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (replay_note_is(note, others[i]))
            return true;
    }
    return false;
}

/* Cut the text into lines, in place. */
static void split(struct replay *replay)
{
    char *text = replay->text;
    while (*text) {
        char *end = text + strcspn(text, "\n");
        char *next = *end ? end + 1 : end;
        *end = '\0';
        bool known = strchr("CSN", text[0]) && text[0] && text[1] == ':' &&
                     (text[2] == ' ' || text[2] == '\0');
        if (known)
            replay->lines[replay->n_lines++] =
                (struct replay_line){text[0], text[2] ? text + 3 : text + 2};
        text = next;
    }
}

static size_t count(const struct replay *replay, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < replay->n_lines; i++)
        n += replay->lines[i].mark == 'N' && replay_note_is(replay->lines[i].text, name);
    return n;
}

static bool make_room(struct replay *replay)
{
    replay->n_messages = count(replay, "SUBMITTED");
    replay->logins = calloc(count(replay, "LOGIN_BEGUN") + 1, sizeof *replay->logins);
    if (replay->n_messages > MAX_MESSAGES)
        return false;
    replay->messages = calloc(replay->n_messages + 1, sizeof *replay->messages);
    for (size_t i = 0; i < replay->n_messages; i++) {
        struct replay_message *message = &replay->messages[i];
        message->replay = replay;
        message->sender = MAILSUB__SLICE_EMPTY;
        message->argument = MAILSUB__SLICE_EMPTY;
        message->extension = -1;
        message->delivery.envelope_id = MAILSUB__SLICE_EMPTY;
        message->delivery.submitter = MAILSUB__SLICE_EMPTY;
    }
    return true;
}

/* Messages first: commands are about their recipients. */
static bool take_notes(struct replay *replay)
{
    bool started = false;
    for (size_t i = 0; i < replay->n_lines; i++) {
        const struct replay_line *line = &replay->lines[i];
        replay_login_note(replay, line);
        if (line->mark != 'N')
            continue;
        if (!take_message_note(replay, line->text))
            return false;
        if (!started && replay_note_is(line->text, "STARTED"))
            take_settings(replay, replay_note_text(line->text));
        started |= replay_note_is(line->text, "STARTED");
        if (!replay_note_is(line->text, "CLOSED"))
            continue;
        replay->detail = replay_note_text(line->text);
        replay->end_code = replay_note_code(line->text);
    }
    return started;
}

static void take_commands(struct replay *replay)
{
    const char *begun = "";
    for (size_t i = 0; i < replay->n_lines; i++) {
        const struct replay_line *line = &replay->lines[i];
        if (line->mark == 'N' && replay_note_is(line->text, "TRANSACTION_BEGUN"))
            begun = line->text;
        if (line->mark == 'C')
            take_command(replay, begun, line->text);
    }
}

/* One that could not be said was not, and that was the end. */
static void settle_helo(struct replay *replay)
{
    if (replay->helo_name[0] == '\0')
        snprintf(replay->helo_name, sizeof replay->helo_name, "%s",
                 replay->end_code == MAILSUB_E_CONTROL ? "not\nsaid" : "client.example");
    replay->settings.helo_name = replay->helo_name;
}

static void drop_others(struct replay *replay)
{
    size_t n = 0;
    for (size_t i = 0; i < replay->n_lines; i++) {
        if (replay->lines[i].mark != 'N' || !is_other(replay->lines[i].text))
            replay->lines[n++] = replay->lines[i];
    }
    replay->n_lines = n;
}

struct replay *replay_load(const char *text, size_t len, char why[REPLAY_WHY_LEN])
{
    struct replay *replay = calloc(1, sizeof *replay);
    replay->text = malloc(len + 1);
    memcpy(replay->text, text, len);
    replay->text[len] = '\0';
    size_t n_lines = 1;
    for (const char *at = replay->text; (at = strchr(at, '\n')); at++)
        n_lines++;
    replay->lines = calloc(n_lines, sizeof *replay->lines);
    replay->room = 4 * len;
    replay->copies = malloc(replay->room + 1);
    mailsub__parameters_default_policy(replay->settings.extension_policy);
    split(replay);
    if (!make_room(replay) || !take_notes(replay)) {
        snprintf(why, REPLAY_WHY_LEN, "no engine is started, or a message is told twice");
        replay_free(replay);
        return NULL;
    }
    take_commands(replay);
    for (size_t i = 0; i < replay->n_messages; i++)
        settle_message(replay, &replay->messages[i]);
    replay_login_settle(replay);
    settle_helo(replay);
    drop_others(replay);
    return replay;
}

void replay_free(struct replay *replay)
{
    if (!replay)
        return;
    for (size_t i = 0; i < replay->n_messages && replay->messages; i++) {
        free(replay->messages[i].recipients);
        free(replay->messages[i].addresses);
        free(replay->messages[i].wishes);
        free(replay->messages[i].verdicts);
    }
    free(replay->messages);
    free(replay->logins);
    free(replay->lines);
    free(replay->copies);
    free(replay->text);
    free(replay);
}
