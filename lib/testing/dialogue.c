/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The server's side of RFC 5321, stricter than servers for the public are: what no correct client
 * sends is refused and counted as the client's error, so that a test of a client can fail.
 *
 * Order of each command: the line itself, whether it may stand where it stands (RFC 2920 section
 * 3.1), the rules of the test, the healthy answer. A rule whose reply is of the same class as the
 * healthy one only changes the wording; the command still has its effect.
 *
 * Not handled: 8BITMIME, SMTPUTF8, DSN; none is offered.
 */
#include "testing/connection.h"

#include <assert.h>
#include <stdio.h>

#include "base/memory.h"
#include "testing/syntax.h"

/* RFC 4954 section 4: the longest of all lines. */
#define MAX_LINE 12288

static void note(mailsub__connection *connection, const char *mark, mailsub__slice text)
{
    mailsub__record_add_line(connection->server->record, connection->number, mark, text);
}

void mailsub__dialogue_say(mailsub__connection *connection, mailsub__slice lines)
{
    mailsub__connection_write(connection, lines);
    const char *line = lines.ptr;
    const char *end = lines.ptr + lines.len;
    while (line < end) {
        const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
        assert(stop);
        note(connection, "S: ", mailsub__slice_of(line, (size_t)(stop - line)));
        line = stop + 2;
    }
}

void mailsub__dialogue_reply(mailsub__connection *connection, int code, const char *enhanced,
                             const char *text)
{
    if (connection->override && connection->override[0] - '0' == code / 100) {
        mailsub__dialogue_say(connection, mailsub__slice_str(connection->override));
        connection->override = NULL;
        return;
    }
    if (!enhanced || !mailsub__connection_has_flag(connection, MAILSUB_TESTING_ENHANCED))
        enhanced = "";
    char line[256];
    int len =
        snprintf(line, sizeof line, "%d %s%s%s\r\n", code, enhanced, *enhanced ? " " : "", text);
    assert(len > 0 && (size_t)len < sizeof line);
    mailsub__dialogue_say(connection, mailsub__slice_of(line, (size_t)len));
}

void mailsub__dialogue_blame(mailsub__connection *connection, int code, const char *enhanced,
                             const char *text)
{
    mailsub__record_add_error(connection->server->record, connection->number, text);
    connection->override = NULL;
    mailsub__dialogue_reply(connection, code, enhanced, text);
}

void mailsub__dialogue_reset_mail(mailsub__connection *connection)
{
    mailsub__mail_free(connection->mail);
    connection->mail = NULL;
    connection->tried = 0;
}

void mailsub__dialogue_forget(mailsub__connection *connection)
{
    mailsub__dialogue_reset_mail(connection);
    mailsub__login_reset(connection);
    connection->user = NULL;
    connection->greeted = connection->extended = false;
    connection->pipelining = connection->chunking = false;
}

bool mailsub__dialogue_apply_rule(mailsub__connection *connection, mailsub__slice verb,
                                  mailsub__slice line, char success)
{
    connection->override = NULL;
    const mailsub__rule *rule = mailsub__rules_use(&connection->server->rules, verb, line);
    if (!rule)
        return false;
    if (!rule->reply) {
        note(connection, "-- ", mailsub__slice_str("the server hangs up"));
        mailsub__connection_close(connection, false);
    } else if (!*rule->reply) {
        note(connection, "-- ", mailsub__slice_str("the server falls silent"));
        connection->phase = MAILSUB__PHASE_SILENT;
    } else if (rule->reply[0] == success) {
        connection->override = rule->reply;
        return false;
    } else {
        mailsub__dialogue_say(connection, mailsub__slice_str(rule->reply));
        /* RFC 5321 section 3.8: behind a 421 the server closes. */
        if (strncmp(rule->reply, "421", 3) == 0)
            mailsub__connection_close(connection, true);
    }
    return true;
}

void mailsub__dialogue_greet(mailsub__connection *connection)
{
    if (mailsub__dialogue_apply_rule(connection, MAILSUB__SLICE_EMPTY, MAILSUB__SLICE_EMPTY, '2')) {
        connection->refused = true;
        return;
    }
    mailsub__dialogue_reply(connection, 220, NULL, "localhost ESMTP libmailsub-testing");
}

/* A name of a mechanism, as it may be shown; anything else behind AUTH may be a secret. */
static bool is_mechanism_name(mailsub__slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        if (!(c >= 'A' && c <= 'Z') && !mailsub__ascii_is_digit(c) && c != '-' && c != '_')
            return false;
    }
    return word.len > 0 && word.len <= 20;
}

/* Into the transcript, without what belongs to a login. */
static void hear(mailsub__connection *connection, mailsub__slice line)
{
    static const char stars[] = "****";
    char shown[40];
    mailsub__slice rest = line;
    mailsub__slice verb = MAILSUB__SLICE_EMPTY;
    mailsub__slice mechanism = MAILSUB__SLICE_EMPTY;
    mailsub__syntax_next_word(&rest, &verb);
    bool is_auth = mailsub__slice_equal_nocase(verb, mailsub__slice_str("AUTH"));
    /* A client whose AUTH failed may still send what it took the challenge for. */
    bool is_stray = connection->auth_seen && !mailsub__command_is_known(verb);
    if (connection->expects != MAILSUB__EXPECT_COMMAND || is_stray) {
        line = mailsub__slice_str(stars);
    } else if (is_auth) {
        mailsub__syntax_next_word(&rest, &mechanism);
        bool plain = is_mechanism_name(mechanism);
        int len = snprintf(shown, sizeof shown, "AUTH %.*s%s%s", plain ? (int)mechanism.len : 0,
                           mechanism.ptr, plain && rest.len > 0 ? " " : "",
                           plain && rest.len == 0 ? "" : stars);
        line = mailsub__slice_of(shown, (size_t)len);
    }
    note(connection, "C: ", line);
}

bool mailsub__dialogue_refuse_haste(mailsub__connection *connection, bool ends_group)
{
    if ((connection->pipelining && !ends_group) || !mailsub__connection_has_input(connection))
        return false;
    mailsub__dialogue_blame(connection, 503, "5.5.1",
                            connection->pipelining ? "More was sent behind the last of a group"
                                                   : "Sent together, PIPELINING was not offered");
    mailsub__connection_close(connection, true);
    return true;
}

static const char *find_line_defect(mailsub__slice line, bool has_cr)
{
    if (!has_cr)
        return "Bare LF in a command";
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        if (c == '\r')
            return "Bare CR in a command";
        if (c < ' ' || c > '~')
            return "Octet not allowed in a command";
    }
    return NULL;
}

/* One line without its LF. */
static void take_line(mailsub__connection *connection, mailsub__slice line)
{
    bool has_cr = line.len > 0 && line.ptr[line.len - 1] == '\r';
    line.len -= has_cr;
    hear(connection, line);
    const char *defect = connection->skip_line ? "Line too long" : find_line_defect(line, has_cr);
    connection->skip_line = false;
    if (defect) {
        mailsub__login_reset(connection);
        mailsub__dialogue_blame(connection, 500, "5.5.2", defect);
    } else if (connection->expects == MAILSUB__EXPECT_COMMAND) {
        mailsub__command_take(connection, line);
    } else if (!mailsub__dialogue_refuse_haste(connection, true)) {
        mailsub__login_continue(connection, line);
    }
}

/* True when a whole line was there. Of one beyond all limits only the end is kept. */
static bool find_line(mailsub__connection *connection)
{
    const char *start = connection->in + connection->in_at;
    size_t len = connection->in_end - connection->in_at;
    const char *lf = memchr(start, '\n', len);
    size_t line_len = lf ? (size_t)(lf - start) : len;
    if (line_len >= MAX_LINE || connection->skip_line) {
        connection->skip_line = true;
        start += line_len;
        line_len = 0;
    }
    if (!lf) {
        if (connection->skip_line)
            connection->in_at = connection->in_end;
        return false;
    }
    connection->in_at = (size_t)(lf - connection->in) + 1;
    take_line(connection, mailsub__slice_of(start, line_len));
    return true;
}

static void accept_mail(mailsub__connection *connection)
{
    mailsub__mail *mail = connection->mail;
    size_t number;
    mail->size = connection->content.len;
    int rc = mailsub__mail_seal(mail);
    if (!rc)
        rc = mailsub__record_add_mail(connection->server->record, mail, &number);
    if (rc) {
        mailsub__dialogue_reply(connection, 452, "4.3.1", "Out of memory");
        return;
    }
    connection->mail = NULL;
    char text[64];
    snprintf(text, sizeof text, "Ok: queued as FAKE-%zu", number);
    mailsub__dialogue_reply(connection, 250, "2.0.0", text);
}

/* The end of data was found: the verdict on the whole message. */
static void judge(mailsub__connection *connection)
{
    const mailsub__content *content = &connection->content;
    const char *defect = mailsub__content_describe(content->defects & ~connection->tolerated);
    if (defect) {
        mailsub__dialogue_blame(connection, 550, "5.6.0", defect);
    } else if (content->len > connection->declared_size) {
        mailsub__dialogue_blame(connection, 552, "5.3.4", "Bigger than declared by SIZE");
    } else if (content->len > MAILSUB__TESTING_MAX_CONTENT) {
        mailsub__dialogue_reply(connection, 552, "5.3.4", "Message too big");
    } else if (connection->mail->n_recipients == 0) {
        /* A chunk follows its envelope at once, before a client can know. */
        if (content->len > 0 && connection->chunk_len == 0)
            mailsub__dialogue_blame(connection, 554, "5.5.1", "Content without valid recipients");
        else
            mailsub__dialogue_reply(connection, 554, "5.5.1", "No valid recipients");
    } else if (!mailsub__dialogue_apply_rule(connection, mailsub__slice_str("."),
                                             MAILSUB__SLICE_EMPTY, '2')) {
        accept_mail(connection);
    }
}

static void take_content(mailsub__connection *connection)
{
    bool discard = mailsub__connection_has_flag(connection, MAILSUB_TESTING_DISCARD);
    bool ended = false;
    connection->in_at +=
        mailsub__content_feed(&connection->content, connection->in + connection->in_at,
                              connection->in_end - connection->in_at,
                              discard ? NULL : &connection->mail->content, &ended);
    if (!ended)
        return;
    char text[64];
    int len = snprintf(text, sizeof text, "[%llu octets of content]",
                       (unsigned long long)connection->content.len);
    note(connection, "C: ", mailsub__slice_of(text, (size_t)len));
    note(connection, "C: ", mailsub__slice_str("."));
    connection->expects = MAILSUB__EXPECT_COMMAND;
    if (!mailsub__dialogue_refuse_haste(connection, false))
        judge(connection);
    mailsub__dialogue_reset_mail(connection);
}

/* ---- by BDAT (RFC 3030 section 2) ---- */

static void end_chunk(mailsub__connection *connection)
{
    char text[64];
    int len = snprintf(text, sizeof text, "[%llu octets of a chunk]",
                       (unsigned long long)connection->chunk_len);
    note(connection, "C: ", mailsub__slice_of(text, (size_t)len));
    connection->expects = MAILSUB__EXPECT_COMMAND;
    if (mailsub__dialogue_refuse_haste(connection, false))
        return;
    if (!connection->mail) {
        mailsub__dialogue_reply(connection, 503, "5.5.1", "MAIL comes first, or RSET");
    } else if (connection->chunk_is_last) {
        judge(connection);
        mailsub__dialogue_reset_mail(connection);
    } else if (connection->mail->n_recipients == 0) {
        mailsub__dialogue_reply(connection, 554, "5.5.1", "No valid recipients");
        mailsub__dialogue_reset_mail(connection);
    } else if (mailsub__dialogue_apply_rule(connection, mailsub__slice_str("BDAT"),
                                            MAILSUB__SLICE_EMPTY, '2')) {
        mailsub__dialogue_reset_mail(connection);
    } else {
        mailsub__dialogue_reply(connection, 250, "2.0.0", "Ok");
    }
}

static void take_chunk(mailsub__connection *connection)
{
    size_t len = connection->in_end - connection->in_at;
    if (len > connection->chunk_left)
        len = (size_t)connection->chunk_left;
    bool discard = mailsub__connection_has_flag(connection, MAILSUB_TESTING_DISCARD);
    if (connection->mail)
        mailsub__content_feed_chunk(&connection->content, connection->in + connection->in_at, len,
                                    discard ? NULL : &connection->mail->content);
    connection->in_at += len;
    connection->chunk_left -= len;
    if (connection->chunk_left == 0)
        end_chunk(connection);
}

void mailsub__dialogue_begin_chunk(mailsub__connection *connection, uint64_t len, bool last)
{
    connection->expects = MAILSUB__EXPECT_CHUNK;
    connection->chunk_len = connection->chunk_left = len;
    connection->chunk_is_last = last;
    if (len == 0)
        end_chunk(connection);
}

void mailsub__dialogue_process(mailsub__connection *connection)
{
    while (connection->phase == MAILSUB__PHASE_OPEN && !connection->wants_tls &&
           connection->in_at < connection->in_end) {
        if (connection->expects == MAILSUB__EXPECT_CONTENT)
            take_content(connection);
        else if (connection->expects == MAILSUB__EXPECT_CHUNK)
            take_chunk(connection);
        else if (!find_line(connection))
            return;
    }
}
