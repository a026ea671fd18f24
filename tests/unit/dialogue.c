/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plays a dialogue to the engine: is the server, the network and the owner. However a play ends,
 * it then checks what must hold for every dialogue and every accident.
 */
#include "dialogue.h"

#include <stdio.h>

#include "base/memory.h"
#include "codec/base64.h"

enum { LOG_LEN = 256 * 1024, MAX_SUBMISSIONS = 8, N_LINES = 8 };

struct player;

/* One message that the engine was given. */
struct submission {
    struct player *player;
    mailsub__transaction transaction;
    mailsub__verdict verdicts[DIALOGUE_MAX_RECIPIENTS];
    char texts[DIALOGUE_MAX_RECIPIENTS][MAILSUB__REPLY_TEXT_LEN];
    char lines[N_LINES][128]; /* of the reply to an operation */
    size_t n_lines;
    size_t source_at;
    bool done;
};

struct player {
    const struct dialogue *dialogue;
    struct dialogue_play *play;
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub__engine *engine;
    int64_t now_ms;
    size_t at; /* the line being played */

    struct submission submissions[MAX_SUBMISSIONS];
    size_t n_submissions;
    struct submission *current; /* the last one submitted, or told to be done */

    int events[16]; /* told by the engine, not yet asked for by the dialogue */
    struct submission *done[16];
    size_t n_events;
    unsigned n_closed;
    bool stopped;

    char *sent; /* octets acknowledged since the last submit */
    size_t n_sent;
    size_t content_start; /* of these, those before the content; SIZE_MAX: it was not asked for */
    char *transcript;
    size_t n_transcript;
    size_t n_ends;   /* contents sent to their ends */
    bool end_taken;  /* a 2yz reply came behind one */
    size_t n_octets; /* both ways */
};

#define FAIL(player, ...)                                                                          \
    do {                                                                                           \
        print_error("line %zu: %s\n", (player)->at + 1, (player)->dialogue->lines[(player)->at]);  \
        fail_msg(__VA_ARGS__);                                                                     \
    } while (0)

static bool is_strict(const struct player *player)
{
    return player->play->fail_at == 0 && player->play->cut_at == SIZE_MAX;
}

/* ---- names ---- */

static const char *const stage_names[] = {
#define STAGE_NAME(number, NAME, text) [number] = #NAME,
    MAILSUB_STAGE_LIST(STAGE_NAME)
#undef STAGE_NAME
};

static const char *const outcome_names[] = {
#define OUTCOME_NAME(number, NAME, text) [number] = #NAME,
    MAILSUB_OUTCOME_LIST(OUTCOME_NAME)
#undef OUTCOME_NAME
};

static const char *const event_names[] = {"NONE", "STARTTLS", "READY", "DONE", "CLOSED"};

static const char *error_name(int code)
{
    return mailsub_error_name(code) + strlen("MAILSUB_");
}

static int error_code(const char *name)
{
    int code;
    for (size_t i = 0; mailsub_error_at(i, &code) == MAILSUB_OK; i++) {
        if (strcmp(error_name(code), name) == 0)
            return code;
    }
    fail_msg("no error is called %s", name);
    return 0;
}

/* ---- what the engine is given ---- */

static int source_read(void *context, char *out, size_t room, size_t *out_len)
{
    struct submission *submission = context;
    struct player *player = submission->player;
    const struct dialogue *dialogue = player->dialogue;
    size_t len = dialogue->content_len - submission->source_at;
    if (submission->source_at == 0)
        player->content_start = player->n_sent;
    if (submission->source_at >= dialogue->fails_at)
        return MAILSUB_E_FILE;
    if (len > room)
        len = room;
    if (player->play->pieces == DIALOGUE_BYTES && len > 7)
        len = 7;
    if (len > dialogue->fails_at - submission->source_at)
        len = dialogue->fails_at - submission->source_at;
    memcpy(out, dialogue->content + submission->source_at, len);
    submission->source_at += len;
    *out_len = len;
    return MAILSUB_OK;
}

static void on_text(void *context, size_t i, mailsub__slice text)
{
    struct submission *submission = context;
    assert_false(submission->done);
    assert_true(i < submission->transaction.n_recipients && text.len < MAILSUB__REPLY_TEXT_LEN);
    memcpy(submission->texts[i], text.ptr, text.len);
    submission->texts[i][text.len] = '\0';
}

static void on_line(void *context, mailsub__slice text)
{
    struct submission *submission = context;
    assert_false(submission->done);
    if (submission->n_lines < N_LINES && text.len < sizeof submission->lines[0]) {
        memcpy(submission->lines[submission->n_lines], text.ptr, text.len);
        submission->lines[submission->n_lines][text.len] = '\0';
    }
    submission->n_lines++;
}

static void on_transcript(void *context, int direction, const char *line, size_t len)
{
    struct player *player = context;
    assert_true(player->n_transcript + len + 5 < LOG_LEN);
    assert_null(memchr(line, '\n', len));
    char *out = player->transcript + player->n_transcript;
    memcpy(out,
           direction == MAILSUB_TRANSCRIPT_CLIENT   ? "C: "
           : direction == MAILSUB_TRANSCRIPT_SERVER ? "S: "
                                                    : "N: ",
           3);
    memcpy(out + 3, line, len);
    memcpy(out + 3 + len, "\n", 2);
    player->n_transcript += len + 4;
}

static void note_done(struct player *player)
{
    mailsub__transaction *transaction = mailsub__engine_done(player->engine);
    struct submission *submission = transaction->context;
    assert_ptr_equal(transaction, &submission->transaction);
    assert_false(submission->done);
    submission->done = true;
    player->done[player->n_events] = submission;
}

static void take_events(struct player *player)
{
    for (;;) {
        int event = (int)mailsub__engine_next_event(player->engine);
        if (event == MAILSUB__EVENT_NONE)
            return;
        assert_true(player->n_events < sizeof player->events / sizeof player->events[0]);
        /* CLOSED is the last one, save for a submit that comes too late. */
        assert_true(player->n_closed == 0 || event == MAILSUB__EVENT_DONE);
        if (event == MAILSUB__EVENT_DONE)
            note_done(player);
        player->events[player->n_events++] = event;
        player->n_closed += event == MAILSUB__EVENT_CLOSED;
        if (event == MAILSUB__EVENT_CLOSED && !is_strict(player))
            player->stopped = true;
    }
}

/* How many of n octets go through; the connection is cut where it is to be. */
static size_t pass(struct player *player, size_t n)
{
    size_t left = player->play->cut_at - player->n_octets;
    if (player->play->pieces == DIALOGUE_BYTES && n > 1)
        n = 1;
    if (n > left)
        n = left;
    player->n_octets += n;
    return n;
}

static void cut_if_due(struct player *player)
{
    if (player->n_octets < player->play->cut_at || player->stopped)
        return;
    mailsub__engine_lost(player->engine, MAILSUB_E_CONNECTION_LOST, player->now_ms);
    take_events(player);
    player->stopped = true;
}

/* ---- the client's lines ---- */

static void note_sent(struct player *player, const char *data, size_t len)
{
    assert_true(player->n_sent + len < LOG_LEN);
    memcpy(player->sent + player->n_sent, data, len);
    player->n_sent += len;
}

/* In whatever play: what the engine sends is what the dialogue has there, and nothing else. True
   when all of it was sent, be it cut right behind. */
static bool expect_output(struct player *player, const char *want, size_t len)
{
    while (len > 0 && !player->stopped) {
        mailsub__slice out = mailsub__engine_peek_output(player->engine, player->now_ms);
        if (out.len == 0) {
            take_events(player);
            if (is_strict(player))
                FAIL(player, "nothing is sent");
            player->stopped = true;
            return false;
        }
        size_t n = pass(player, out.len < len ? out.len : len);
        if (memcmp(out.ptr, want, n) != 0)
            FAIL(player, "this is sent: %.*s", (int)out.len, out.ptr);
        note_sent(player, want, n);
        mailsub__engine_ack_output(player->engine, n, player->now_ms);
        want += n;
        len -= n;
        take_events(player);
        cut_if_due(player);
    }
    return len == 0;
}

static void expect_silence(struct player *player)
{
    if (!is_strict(player))
        return;
    mailsub__slice out = mailsub__engine_peek_output(player->engine, player->now_ms);
    if (out.len > 0)
        FAIL(player, "before this line, this is sent: %.*s", (int)out.len, out.ptr);
    take_events(player);
    if (player->n_events > 0)
        FAIL(player, "before this line, the event %s is told", event_names[player->events[0]]);
}

static size_t stuff(const struct dialogue *dialogue, char *out)
{
    size_t n = 0;
    bool line_start = true;
    for (size_t i = 0; i < dialogue->content_len; i++) {
        if (line_start && dialogue->content[i] == '.')
            out[n++] = '.';
        out[n++] = dialogue->content[i];
        line_start = dialogue->content[i] == '\n';
    }
    memcpy(out + n, ".\r\n", 3);
    return n + 3;
}

static bool is_client_line(const char *line)
{
    return (line[0] == 'C' || line[0] == 'D' || line[0] == 'B') && line[1] == ':';
}

/* The content as it is: all of it, or the octets from the first number to before the second. */
static size_t cut_out(const struct dialogue *dialogue, const char *range, char *out)
{
    size_t from = 0;
    size_t to = dialogue->content_len;
    if (strcmp(range, "*") != 0)
        assert_int_equal(sscanf(range, "%zu %zu", &from, &to), 2);
    assert_true(from <= to && to <= dialogue->content_len);
    memcpy(out, dialogue->content + from, to - from);
    return to - from;
}

/* What a line of the client stands for. */
static size_t client_text(const struct dialogue *dialogue, const char *line, char *out)
{
    const char *text = line[2] == ' ' ? line + 3 : line + 2;
    if (line[0] == 'B')
        return cut_out(dialogue, text, out);
    if (line[0] == 'D' && strcmp(text, "*") == 0)
        return stuff(dialogue, out);
    return (size_t)sprintf(out, "%s\r\n", text);
}

/* Does a content end with this line? */
static bool is_end(const struct dialogue *dialogue, size_t at)
{
    const char *line = dialogue->lines[at];
    const char *next = at + 1 < dialogue->n_lines ? dialogue->lines[at + 1] : "";
    if (line[0] == 'D')
        return next[0] != 'D';
    /* The length of a last chunk may be 0. */
    return line[0] == 'B' && strstr(dialogue->lines[at - 1], " LAST");
}

/* The lines that follow one another are one flight: taken at once, by line or by octet. */
static void play_client(struct player *player)
{
    const struct dialogue *dialogue = player->dialogue;
    char *want = malloc(8 * dialogue->content_len + 32768);
    size_t len = 0;
    size_t n_ends = 0;
    for (bool more = true; more; player->at += more) {
        len += client_text(dialogue, dialogue->lines[player->at], want + len);
        n_ends += is_end(dialogue, player->at);
        more =
            player->at + 1 < dialogue->n_lines && is_client_line(dialogue->lines[player->at + 1]);
        more = more && player->play->pieces == DIALOGUE_WHOLE;
    }
    if (expect_output(player, want, len))
        player->n_ends += n_ends;
    free(want);
}

/* ---- the server's lines ---- */

static bool is_server_line(const char *line)
{
    line += line[0] == '!';
    return line[0] == 'S' && (line[1] == ':' || line[1] == '=');
}

static size_t server_text(const char *line, char *out)
{
    line += line[0] == '!';
    strcpy(out, line[2] == ' ' ? line + 3 : line + 2);
    size_t len = dialogue_unescape(out);
    if (line[1] == ':') {
        memcpy(out + len, "\r\n", 2);
        len += 2;
    }
    return len;
}

static void feed(struct player *player, const char *data, size_t len)
{
    while (len > 0 && !player->stopped) {
        size_t n = pass(player, len);
        char *exact = malloc(n);
        memcpy(exact, data, n);
        mailsub__engine_feed(player->engine, exact, n, player->now_ms);
        free(exact);
        data += n;
        len -= n;
        take_events(player);
        cut_if_due(player);
    }
}

static void play_server(struct player *player)
{
    const struct dialogue *dialogue = player->dialogue;
    static char text[256 * 1024];
    size_t len = 0;
    bool more = false;
    bool takes = false;
    if (dialogue->lines[player->at][0] != '!')
        expect_silence(player);
    do {
        size_t n = server_text(dialogue->lines[player->at], text + len);
        takes |= n > 3 && text[len] == '2' && text[len + 3] != '-';
        len += n;
        more =
            player->at + 1 < dialogue->n_lines && is_server_line(dialogue->lines[player->at + 1]);
        more = more && player->play->pieces == DIALOGUE_WHOLE;
        player->at += more;
    } while (more);
    feed(player, text, len);
    /* The last octet has come, even where the play was cut behind it. */
    if (player->n_ends > 0 && takes)
        player->end_taken = true;
}

/* ---- events, actions ---- */

static void play_event(struct player *player, const char *name)
{
    take_events(player);
    if (player->n_events == 0) /* it may come of looking for output, as when a source fails */
        mailsub__engine_peek_output(player->engine, player->now_ms);
    take_events(player);
    if (player->n_events == 0) {
        if (is_strict(player))
            FAIL(player, "the event is not told");
        player->stopped = true;
        return;
    }
    if (is_strict(player) && strcmp(event_names[player->events[0]], name) != 0)
        FAIL(player, "the event %s is told", event_names[player->events[0]]);
    if (player->events[0] == MAILSUB__EVENT_DONE)
        player->current = player->done[0];
    player->n_events--;
    memmove(player->events, player->events + 1, player->n_events * sizeof player->events[0]);
    memmove(player->done, player->done + 1, player->n_events * sizeof player->done[0]);
}

static int reopen(mailsub__transaction *transaction)
{
    struct submission *submission = transaction->context;
    if (submission->player->dialogue->reopen_fails)
        return MAILSUB_E_FILE;
    submission->source_at = 0;
    return MAILSUB_OK;
}

/* "app@client.example" and "anna@a.example": "app+anna=a.example@client.example". */
static int name_recipient(mailsub__slice sender, mailsub__slice recipient, char *out,
                          size_t *out_len)
{
    const char *domain = memchr(sender.ptr, '@', sender.len);
    char made[1024];
    int len = snprintf(made, sizeof made, "%.*s+%.*s%.*s", (int)(domain - sender.ptr), sender.ptr,
                       (int)recipient.len, recipient.ptr, (int)(sender.ptr + sender.len - domain),
                       domain);
    *strchr(made, '@') = '=';
    if (len - (sender.ptr + sender.len - domain) > MAILSUB_MAX_LOCAL_PART)
        return MAILSUB_E_LIMIT;
    memcpy(out, made, (size_t)len);
    *out_len = (size_t)len;
    return MAILSUB_OK;
}

static void submit(struct player *player)
{
    const struct dialogue *dialogue = player->dialogue;
    assert_true(player->n_submissions < MAX_SUBMISSIONS);
    struct submission *submission = &player->submissions[player->n_submissions++];
    mailsub__transaction *transaction = &submission->transaction;
    memset(transaction, 0x5a, sizeof *transaction); /* to be reset by the engine */
    memset(submission->verdicts, 0x5a, sizeof submission->verdicts);
    submission->player = player;
    transaction->kind = dialogue->kind;
    transaction->argument = dialogue->argument;
    transaction->on_line = on_line;
    transaction->sender = dialogue->sender;
    transaction->recipients = dialogue->recipients;
    transaction->n_recipients = dialogue->n_recipients;
    if (dialogue->recipients[0].len == strlen("nobody") &&
        memcmp(dialogue->recipients[0].ptr, "nobody", dialogue->recipients[0].len) == 0)
        transaction->n_recipients = 0;
    if (dialogue->kind > MAILSUB__KIND_PROBE)
        transaction->n_recipients = 0;
    transaction->sender_for = dialogue->verp ? name_recipient : NULL;
    transaction->size = dialogue->size;
    transaction->eight_bit = dialogue->eight_bit;
    transaction->binary = dialogue->binary;
    transaction->smtputf8 = dialogue->smtputf8;
    transaction->delivery = &dialogue->delivery;
    transaction->content = (mailsub__source){submission, source_read};
    transaction->reopen = dialogue->reopen ? reopen : NULL;
    transaction->unfinished = false;
    transaction->verdicts = submission->verdicts;
    transaction->on_recipient_text = on_text;
    transaction->context = submission;
    player->n_sent = 0;
    player->content_start = SIZE_MAX;
    player->current = submission;
    mailsub__engine_submit(player->engine, transaction, player->now_ms);
}

static void start_tls(struct player *player, enum mailsub__protection protection)
{
    const char *binding = player->dialogue->binding;
    if (binding)
        mailsub__engine_set_binding(player->engine, binding, mailsub__slice_str("binding data"));
    mailsub__engine_tls_started(player->engine, protection, player->now_ms);
}

static void play_action(struct player *player, const char *action)
{
    if (strcmp(action, "submit") == 0)
        submit(player);
    else if (strcmp(action, "quit") == 0)
        mailsub__engine_quit(player->engine, player->now_ms);
    else if (strcmp(action, "tls verified") == 0)
        start_tls(player, MAILSUB__TLS_VERIFIED);
    else if (strcmp(action, "tls unverified") == 0)
        start_tls(player, MAILSUB__TLS_UNVERIFIED);
    else if (strncmp(action, "lost ", 5) == 0)
        mailsub__engine_lost(player->engine, error_code(action + 5), player->now_ms);
    else if (strncmp(action, "wait ", 5) == 0)
        mailsub__engine_expire(player->engine, player->now_ms += strtol(action + 5, NULL, 10));
    else
        FAIL(player, "unknown action");
    take_events(player);
}

/* ---- what is expected of the results ---- */

static void check_verdict(struct player *player, const mailsub__verdict *verdict, const char *want)
{
    char have[128];
    snprintf(have, sizeof have, "%s %s %d%s%s", error_name(verdict->code),
             stage_names[verdict->stage], verdict->reply_code, verdict->enhanced[0] ? " " : "",
             verdict->enhanced);
    if (strcmp(have, want) != 0)
        FAIL(player, "it is: %s", have);
}

static void check_text(struct player *player, const char *have, const char *want)
{
    if (strcmp(have, want) != 0)
        FAIL(player, "it is: %s", have);
}

/* Their keywords, parted by spaces. */
static void check_extensions(struct player *player, uint32_t bits, const char *want)
{
    char have[512] = "";
    for (int i = 0; i < MAILSUB_EXTENSION_END_; i++) {
        if (bits >> i & 1u)
            strcat(strcat(have, have[0] ? " " : ""), mailsub_extension_name(i));
    }
    check_text(player, have, want);
}

static void check_number(struct player *player, long have, const char *want)
{
    if (have != strtol(want, NULL, 10))
        FAIL(player, "it is %ld", have);
}

static void check_recipient(struct player *player, const char *want)
{
    size_t i = (size_t)(want[0] - '1');
    assert_true(i < player->current->transaction.n_recipients && want[1] == ' ');
    const mailsub__verdict *verdict = &player->current->verdicts[i];
    const char *outcome = outcome_names[verdict->outcome];
    size_t len = strlen(outcome);
    if (strncmp(want + 2, outcome, len) != 0 || want[2 + len] != ' ')
        FAIL(player, "it is %s", outcome);
    check_verdict(player, verdict, want + 2 + len + 1);
}

static void check_transaction(struct player *player, const char *want)
{
    char have[16];
    size_t i = (size_t)(want[0] - '1');
    assert_true(i < player->current->transaction.n_recipients && want[1] == ' ');
    snprintf(have, sizeof have, "%u", (unsigned)player->current->verdicts[i].transaction);
    check_text(player, have, want + 2);
}

static void check_deadline(struct player *player, int64_t want)
{
    int64_t deadline = mailsub__engine_deadline(player->engine);
    int64_t have = deadline < 0 ? -1 : deadline - player->now_ms;
    if (have != want)
        FAIL(player, "it is %lld", (long long)have);
}

static bool value_of(const char *line, const char *name, const char **out_value)
{
    size_t len = strlen(name);
    if (strncmp(line, name, len) != 0 || (line[len] != ' ' && line[len] != '\0'))
        return false;
    *out_value = line[len] ? line + len + 1 : "";
    return true;
}

static const char *const login_names[] = {
#define LOGIN_NAME(number, NAME, text) [number] = #NAME,
    MAILSUB_LOGIN_LIST(LOGIN_NAME)
#undef LOGIN_NAME
};

/* "NAME STATE" of a mechanism. */
static void check_login(struct player *player, const char *want)
{
    const mailsub__login_report *report = mailsub__engine_login(player->engine);
    char have[64] = "not listed";
    for (size_t i = 0; i < report->n; i++) {
        const mailsub__attempt *attempt = &report->attempts[i];
        size_t len = strlen(attempt->name);
        if (strncmp(want, attempt->name, len) == 0 && want[len] == ' ')
            snprintf(have, sizeof have, "%s %s", attempt->name, login_names[attempt->state]);
    }
    check_text(player, have, want);
}

static void play_check(struct player *player, const char *line)
{
    const char *value;
    if (!is_strict(player))
        return;
    if (value_of(line, "whole", &value))
        check_verdict(player, &player->current->transaction.whole, value);
    else if (value_of(line, "text", &value))
        check_text(player, player->current->transaction.text, value);
    else if (value_of(line, "queue-id", &value))
        check_text(player, player->current->transaction.queue_id, value);
    else if (value_of(line, "rcpt", &value))
        check_recipient(player, value);
    else if (value_of(line, "rcpt-transaction", &value))
        check_transaction(player, value);
    else if (value_of(line, "rcpt-text", &value))
        check_text(player, player->current->texts[value[0] - '1'], value + 2);
    else if (value_of(line, "handed-over", &value))
        check_text(player, player->current->transaction.handed_over ? "yes" : "no", value);
    else if (value_of(line, "unfinished", &value))
        check_text(player, player->current->transaction.unfinished ? "yes" : "no", value);
    else if (value_of(line, "line", &value))
        check_text(player, player->current->lines[value[0] - '1'], value + 2);
    else if (value_of(line, "lines", &value))
        check_number(player, (long)player->current->n_lines, value);
    else if (value_of(line, "pending", &value))
        check_number(player, (long)player->current->transaction.n_pending, value);
    else if (value_of(line, "dropped", &value))
        check_extensions(player, player->current->transaction.dropped, value);
    else if (value_of(line, "warnings", &value))
        check_extensions(player, player->current->transaction.warnings, value);
    else if (value_of(line, "failure", &value))
        check_verdict(player, mailsub__engine_failure(player->engine), value);
    else if (value_of(line, "failure-text", &value))
        check_text(player, mailsub__engine_failure_text(player->engine), value);
    else if (value_of(line, "login", &value))
        check_login(player, value);
    else if (value_of(line, "login-text", &value))
        check_text(player, mailsub__engine_login(player->engine)->text, value);
    else if (value_of(line, "deadline", &value))
        check_deadline(player, strtol(value, NULL, 10));
    else if (value_of(line, "transcript", &value))
        check_text(player, strstr(player->transcript, value) ? value : player->transcript, value);
    else if (value_of(line, "no-transcript", &value))
        check_text(player, strstr(player->transcript, value) ? player->transcript : "", "");
    else
        FAIL(player, "unknown check");
}

static void play_line(struct player *player)
{
    const char *line = player->dialogue->lines[player->at];
    if (is_client_line(line))
        play_client(player);
    else if (is_server_line(line))
        play_server(player);
    else if (strncmp(line, "E: ", 3) == 0)
        play_event(player, line + 3);
    else if (strncmp(line, "!A: ", 4) == 0)
        play_action(player, line + 4);
    else if (strncmp(line, "A: ", 3) == 0) {
        expect_silence(player);
        play_action(player, line + 3);
    } else if (strncmp(line, "= ", 2) == 0)
        play_check(player, line + 2);
    else if (line[0] != '#' && line[0] != '\0')
        FAIL(player, "unknown step");
}

/* ---- what must hold however it ended ---- */

/* True when some recipient may have got the message. */
static bool check_outcomes(const struct player *player, const struct submission *submission)
{
    const mailsub__transaction *transaction = &submission->transaction;
    size_t n_accepted = 0;
    size_t n_unknown = 0;
    for (size_t i = 0; i < transaction->n_recipients; i++) {
        const mailsub__verdict *verdict = &submission->verdicts[i];
        bool accepted = verdict->outcome == MAILSUB_OUTCOME_ACCEPTED;
        bool willing = verdict->outcome == MAILSUB_OUTCOME_WILLING;
        bool unknown = verdict->outcome == MAILSUB_OUTCOME_UNKNOWN;
        assert_in_range(verdict->outcome, 0, MAILSUB_OUTCOME_END_ - 1);
        assert_int_equal(accepted || willing, verdict->code == MAILSUB_OK);
        assert_false(accepted && player->dialogue->kind == MAILSUB__KIND_PROBE);
        assert_false(willing && player->dialogue->kind != MAILSUB__KIND_PROBE);
        assert_int_equal(unknown, verdict->code == MAILSUB_E_UNKNOWN_OUTCOME);
        assert_true(mailsub_error_group(verdict->code) != MAILSUB_GROUP_NONE || accepted ||
                    willing);
        assert_true(!accepted || player->end_taken);
        n_accepted += accepted || willing;
        n_unknown += unknown;
    }
    if (player->dialogue->kind > MAILSUB__KIND_PROBE)
        return false;
    bool all = transaction->n_recipients > 0 && n_accepted == transaction->n_recipients;
    assert_int_equal(transaction->whole.code == MAILSUB_OK, all);
    bool some = n_accepted > 0 && !all;
    assert_int_equal(transaction->whole.code == MAILSUB_E_PARTIAL, some);
    return player->dialogue->kind == MAILSUB__KIND_MESSAGE && n_accepted + n_unknown > 0;
}

static bool has_chunks(const struct dialogue *dialogue)
{
    for (size_t i = dialogue->first_step; i < dialogue->n_lines; i++) {
        if (strstr(dialogue->lines[i], "CHUNKING"))
            return true;
    }
    return false;
}

static void check_submissions(const struct player *player)
{
    size_t n_perhaps = 0;
    for (size_t i = 0; i < player->n_submissions; i++) {
        assert_true(player->submissions[i].done);
        n_perhaps += check_outcomes(player, &player->submissions[i]);
    }
    assert_true(n_perhaps <= player->n_ends);
    /* By BDAT the content is read before what stands ahead of it has gone. */
    if (player->n_submissions == 1 && !player->dialogue->reopen && !has_chunks(player->dialogue))
        assert_int_equal(player->submissions[0].transaction.handed_over,
                         player->n_sent > player->content_start);
}

static void check_no_secret(const struct player *player, const void *secret, size_t len)
{
    mailsub_allocator allocator;
    mailsub__buffer encoded;
    if (len == 0)
        return;
    assert_int_equal(mailsub__allocator_init(&allocator, NULL), MAILSUB_OK);
    mailsub__buffer_init(&encoded, &allocator, 16384);
    assert_int_equal(mailsub__base64_append(&encoded, secret, len), MAILSUB_OK);
    const char *places[] = {player->transcript, mailsub__engine_failure_text(player->engine),
                            mailsub__engine_login(player->engine)->text,
                            player->current ? player->current->transaction.text : ""};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        assert_null(strstr(places[i], mailsub__buffer_str(&encoded)));
        assert_null(memmem(places[i], strlen(places[i]), secret, len));
    }
    mailsub__buffer_deinit(&encoded);
}

static void check_secrets(const struct player *player)
{
    const char *user = player->dialogue->settings.user;
    const char *password = player->dialogue->settings.password;
    const char *tokens[] = {player->dialogue->settings.login.token,
                            player->dialogue->settings.login.fetch_context};
    for (size_t i = 0; i < 2; i++) {
        if (tokens[i])
            check_no_secret(player, tokens[i], strlen(tokens[i]));
    }
    if (!user || !password)
        return;
    check_no_secret(player, password, strlen(password));
    char plain[4096];
    size_t len = (size_t)snprintf(plain, sizeof plain, "%c%s%c%s", 0, user, 0, password);
    check_no_secret(player, plain, len);
}

static void check_all(struct player *player)
{
    take_events(player);
    mailsub__engine_lost(player->engine, MAILSUB_E_CONNECTION_LOST, player->now_ms);
    take_events(player);
    assert_int_equal(player->n_closed, 1);
    assert_int_equal(mailsub__engine_peek_output(player->engine, player->now_ms).len, 0);
    assert_int_equal(mailsub__engine_deadline(player->engine), -1);
    check_submissions(player);
    check_secrets(player);
}

void dialogue_run(const struct dialogue *dialogue, struct dialogue_play *play)
{
    /* Kept from play to play: there are many thousands. */
    static char sent[LOG_LEN];
    static char transcript[LOG_LEN];
    struct player *player = calloc(1, sizeof *player);
    player->dialogue = dialogue;
    player->play = play;
    player->sent = sent;
    player->transcript = transcript;
    transcript[0] = '\0';
    player->heap.fail_at = play->fail_at;
    player->allocator = unit_allocator(&player->heap);
    player->now_ms = 1000;
    mailsub__engine_settings settings = dialogue->settings;
    settings.log.transcript = on_transcript;
    settings.log.transcript_context = player;
    int rc = mailsub__engine_new(&player->allocator, &settings, &player->engine);
    if (rc == MAILSUB_OK) {
        if (dialogue->binding && dialogue->protection != MAILSUB__CLEAR)
            mailsub__engine_set_binding(player->engine, dialogue->binding,
                                        mailsub__slice_str("binding data"));
        mailsub__engine_start(player->engine, dialogue->protection, player->now_ms);
        cut_if_due(player);
        for (player->at = dialogue->first_step; player->at < dialogue->n_lines; player->at++) {
            if (!player->stopped)
                play_line(player);
        }
        player->at = dialogue->n_lines - 1;
        if (!player->stopped)
            expect_silence(player);
        check_all(player);
        mailsub__engine_free(player->engine);
    } else {
        assert_int_equal(rc, MAILSUB_E_NOMEM);
        assert_true(play->fail_at > 0);
    }
    assert_int_equal(player->heap.n_live, 0);
    play->n_requests = player->heap.n_requests;
    play->n_octets = player->n_octets;
    play->transcript = transcript;
    free(player);
}
