/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The server's side of RFC 5321, stricter than servers for the public are: what no correct client
 * sends is refused and counted as the client's error, so that a test of a client can fail.
 *
 * Order of each command: the line itself, whether it may stand where it stands (RFC 2920 section
 * 3.1), the rules of the test, the healthy answer. A rule whose reply is of the same class as the
 * healthy one only changes the wording; the command still has its effect.
 *
 * Not handled: 8BITMIME, CHUNKING, SMTPUTF8, DSN; none is offered.
 */
#include "testing/connection.h"

#include <assert.h>
#include <stdio.h>

#include "base/memory.h"
#include "testing/syntax.h"

/* RFC 5321 section 4.5.3.1.4, with CRLF; RFC 1870 adds 26 and RFC 4954 500 to MAIL. */
#define MAX_COMMAND 512
#define MAX_MAIL_COMMAND (512 + 26 + 500)
/* RFC 4954 section 4 */
#define MAX_AUTH_LINE 12288

/* With PIPELINING, RCPT and DATA come before the refusal of MAIL is known: no error of theirs. */
enum tried { TRIED_MAIL = 1u << 0, TRIED_RCPT = 1u << 1 };

enum argument { NO_ARGUMENT, MAYBE_ARGUMENT, ONE_ARGUMENT };

struct command {
    const char *verb;
    void (*handle)(mailsub__connection *connection, mailsub__slice argument);
    size_t max_len;
    char success;    /* class of the healthy reply */
    bool ends_group; /* RFC 2920 section 3.1: nothing may be sent behind it before its reply */
    enum argument argument;
    unsigned tries;
};

static bool has_flag(const mailsub__connection *connection, uint32_t flag)
{
    return (connection->server->flags & flag) != 0;
}

static void note(mailsub__connection *connection, const char *mark, mailsub__slice text)
{
    mailsub__record_add_line(connection->server->record, connection->number, mark, text);
}

/* Log and queue complete lines. */
static void say(mailsub__connection *connection, mailsub__slice lines)
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
        say(connection, mailsub__slice_str(connection->override));
        connection->override = NULL;
        return;
    }
    if (!enhanced || !has_flag(connection, MAILSUB_TESTING_ENHANCED))
        enhanced = "";
    char line[256];
    int len =
        snprintf(line, sizeof line, "%d %s%s%s\r\n", code, enhanced, *enhanced ? " " : "", text);
    assert(len > 0 && (size_t)len < sizeof line);
    say(connection, mailsub__slice_of(line, (size_t)len));
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
    connection->greeted = connection->extended = connection->pipelining = false;
}

/*
 * Do what the test wants instead. True when that is all; false when the command is to have its
 * healthy effect, with connection->override as the wording if there is a rule. success is the class
 * of the healthy reply, or NUL when there is none.
 */
static bool apply_rule(mailsub__connection *connection, mailsub__slice verb, mailsub__slice line,
                       char success)
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
        say(connection, mailsub__slice_str(rule->reply));
        /* RFC 5321 section 3.8: behind a 421 the server closes. */
        if (strncmp(rule->reply, "421", 3) == 0)
            mailsub__connection_close(connection, true);
    }
    return true;
}

void mailsub__dialogue_greet(mailsub__connection *connection)
{
    if (apply_rule(connection, MAILSUB__SLICE_EMPTY, MAILSUB__SLICE_EMPTY, '2')) {
        connection->refused = true;
        return;
    }
    mailsub__dialogue_reply(connection, 220, NULL, "localhost ESMTP libmailsub-testing");
}

/* The last of the lines is the one that is always there, so that it can end the reply. */
static void offer(mailsub__connection *connection)
{
    static const char *const login_lines[] = {"250-AUTH PLAIN\r\n", "250-AUTH LOGIN\r\n",
                                              "250-AUTH PLAIN LOGIN\r\n"};
    uint32_t flags = connection->server->flags;
    say(connection, mailsub__slice_str("250-localhost\r\n"));
    if (flags & MAILSUB_TESTING_PIPELINING)
        say(connection, mailsub__slice_str("250-PIPELINING\r\n"));
    if ((flags & MAILSUB_TESTING_STARTTLS) && !connection->tls)
        say(connection, mailsub__slice_str("250-STARTTLS\r\n"));
    if (mailsub__login_is_offered(connection)) {
        size_t which = (flags & MAILSUB_TESTING_AUTH_PLAIN) != 0;
        which += 2 * (size_t)((flags & MAILSUB_TESTING_AUTH_LOGIN) != 0);
        say(connection, mailsub__slice_str(login_lines[which - 1]));
    }
    if (flags & MAILSUB_TESTING_ENHANCED)
        say(connection, mailsub__slice_str("250-ENHANCEDSTATUSCODES\r\n"));
    char size[40];
    int len = snprintf(size, sizeof size, "250 SIZE %zu\r\n", MAILSUB__TESTING_MAX_CONTENT);
    say(connection, mailsub__slice_of(size, (size_t)len));
}

static void handle_ehlo(mailsub__connection *connection, mailsub__slice argument)
{
    if (has_flag(connection, MAILSUB_TESTING_NO_EHLO)) {
        mailsub__dialogue_reply(connection, 502, "5.5.1", "Command not implemented");
        return;
    }
    if (!mailsub__syntax_is_client_name(argument)) {
        mailsub__dialogue_blame(connection, 501, "5.5.4", "Not a domain or address literal");
        return;
    }
    mailsub__dialogue_reset_mail(connection);
    connection->greeted = connection->extended = true;
    connection->pipelining = has_flag(connection, MAILSUB_TESTING_PIPELINING);
    if (!connection->override) {
        offer(connection);
        return;
    }
    /* What the rule offers instead is what the client may use. */
    connection->pipelining = strcasestr(connection->override, "PIPELINING") != NULL;
    say(connection, mailsub__slice_str(connection->override));
}

static void handle_helo(mailsub__connection *connection, mailsub__slice argument)
{
    if (!mailsub__syntax_is_client_name(argument)) {
        mailsub__dialogue_blame(connection, 501, "5.5.4", "Not a domain or address literal");
        return;
    }
    mailsub__dialogue_reset_mail(connection);
    connection->greeted = true;
    connection->extended = connection->pipelining = false;
    mailsub__dialogue_reply(connection, 250, NULL, "localhost");
}

static void handle_starttls(mailsub__connection *connection, mailsub__slice argument)
{
    (void)argument;
    if (!has_flag(connection, MAILSUB_TESTING_STARTTLS) || connection->tls ||
        !connection->extended) {
        mailsub__dialogue_blame(connection, 503, "5.5.1", "STARTTLS is not offered");
        return;
    }
    mailsub__dialogue_reply(connection, 220, "2.0.0", "Ready to start TLS");
    connection->wants_tls = true;
}

/* The parameters of MAIL. True when all are good; else it is answered. */
static bool take_parameters(mailsub__connection *connection, mailsub__slice params)
{
    mailsub__slice word;
    connection->declared_size = UINT64_MAX;
    while (mailsub__syntax_next_word(&params, &word)) {
        bool is_size = word.len > 5 && strncasecmp(word.ptr, "SIZE=", 5) == 0;
        bool is_auth = word.len > 5 && strncasecmp(word.ptr, "AUTH=", 5) == 0;
        if (!connection->extended || (!is_size && !is_auth) ||
            (is_auth && !mailsub__login_is_offered(connection))) {
            mailsub__dialogue_blame(connection, 555, "5.5.4", "Parameter not offered");
            return false;
        }
        mailsub__slice value = mailsub__slice_of(word.ptr + 5, word.len - 5);
        if (is_size && !mailsub__syntax_number(value, &connection->declared_size)) {
            mailsub__dialogue_blame(connection, 501, "5.5.4", "Malformed SIZE");
            return false;
        }
    }
    if (connection->declared_size != UINT64_MAX &&
        connection->declared_size > MAILSUB__TESTING_MAX_CONTENT) {
        mailsub__dialogue_reply(connection, 552, "5.3.4", "Message too big");
        return false;
    }
    return true;
}

static void handle_mail(mailsub__connection *connection, mailsub__slice argument)
{
    mailsub__slice sender;
    mailsub__slice params;
    if (!connection->greeted || connection->mail) {
        mailsub__dialogue_blame(connection, 503, "5.5.1",
                                connection->mail ? "Nested MAIL" : "EHLO comes first");
        return;
    }
    if (!mailsub__syntax_split_path(argument, "FROM:", &sender, &params) ||
        (sender.len > 0 && !mailsub__syntax_is_mailbox(sender))) {
        mailsub__dialogue_blame(connection, 501, "5.1.7", "Malformed sender");
        return;
    }
    if (!take_parameters(connection, params))
        return;
    if (has_flag(connection, MAILSUB_TESTING_REQUIRE_AUTH) && !connection->user) {
        mailsub__dialogue_reply(connection, 530, "5.7.0", "Authentication required");
        return;
    }
    mailsub__slice login = mailsub__slice_str(connection->user ? connection->user->name : NULL);
    if (mailsub__mail_new(&connection->server->allocator, login, sender,
                          MAILSUB__TESTING_MAX_CONTENT, &connection->mail) != MAILSUB_OK)
        mailsub__dialogue_reply(connection, 452, "4.3.1", "Out of memory");
    else
        mailsub__dialogue_reply(connection, 250, "2.1.0", "Ok");
}

/* The predecessor is missing: the client's error, unless it could not know. */
static void refuse_order(mailsub__connection *connection, unsigned predecessor, int code,
                         const char *text)
{
    if (connection->pipelining && (connection->tried & predecessor) == predecessor)
        mailsub__dialogue_reply(connection, code, "5.5.1", text);
    else
        mailsub__dialogue_blame(connection, code, "5.5.1", text);
}

static void handle_rcpt(mailsub__connection *connection, mailsub__slice argument)
{
    static const char postmaster[] = "postmaster"; /* RFC 5321 section 4.1.1.3: without domain */
    mailsub__slice recipient;
    mailsub__slice params;
    if (!connection->mail) {
        refuse_order(connection, TRIED_MAIL, 503, "MAIL comes first");
        return;
    }
    if (!mailsub__syntax_split_path(argument, "TO:", &recipient, &params) ||
        (!mailsub__syntax_is_mailbox(recipient) &&
         !mailsub__slice_equal_nocase(recipient, mailsub__slice_str(postmaster)))) {
        mailsub__dialogue_blame(connection, 501, "5.1.3", "Malformed recipient");
        return;
    }
    if (params.len > 0) {
        mailsub__dialogue_blame(connection, 555, "5.5.4", "Parameter not offered");
        return;
    }
    int rc = mailsub__mail_add_recipient(connection->mail, recipient);
    if (rc == MAILSUB_E_LIMIT)
        mailsub__dialogue_reply(connection, 452, "4.5.3", "Too many recipients");
    else if (rc)
        mailsub__dialogue_reply(connection, 452, "4.3.1", "Out of memory");
    else
        mailsub__dialogue_reply(connection, 250, "2.1.5", "Ok");
}

static void handle_data(mailsub__connection *connection, mailsub__slice argument)
{
    (void)argument;
    /* RFC 2920 section 3.1: a server may say 354 though no recipient is left; a rule may too. */
    bool may_begin = connection->mail && (connection->mail->n_recipients > 0 ||
                                          (connection->override && connection->tried & TRIED_RCPT));
    if (!connection->mail)
        refuse_order(connection, TRIED_MAIL | TRIED_RCPT, 503, "MAIL comes first");
    else if (!may_begin)
        refuse_order(connection, TRIED_RCPT, 554, "No valid recipients");
    if (!may_begin) {
        connection->tried = 0;
        return;
    }
    mailsub__dialogue_reply(connection, 354, NULL, "End data with <CR><LF>.<CR><LF>");
    mailsub__content_init(&connection->content);
    connection->expects = MAILSUB__EXPECT_CONTENT;
    apply_rule(connection, mailsub__slice_str("CONTENT"), MAILSUB__SLICE_EMPTY, '\0');
}

static void handle_rset(mailsub__connection *connection, mailsub__slice argument)
{
    (void)argument;
    mailsub__dialogue_reset_mail(connection);
    mailsub__dialogue_reply(connection, 250, "2.0.0", "Ok");
}

static void handle_noop(mailsub__connection *connection, mailsub__slice argument)
{
    (void)argument;
    mailsub__dialogue_reply(connection, 250, "2.0.0", "Ok");
}

static void handle_vrfy(mailsub__connection *connection, mailsub__slice argument)
{
    (void)argument;
    mailsub__dialogue_reply(connection, 252, "2.0.0", "Send some mail and see");
}

static void handle_quit(mailsub__connection *connection, mailsub__slice argument)
{
    (void)argument;
    mailsub__dialogue_reply(connection, 221, "2.0.0", "Bye");
    mailsub__connection_close(connection, true);
}

static void handle_auth(mailsub__connection *connection, mailsub__slice argument)
{
    connection->auth_seen = true;
    mailsub__login_begin(connection, argument);
}

static const struct command commands[] = {
    {"EHLO", handle_ehlo, MAX_COMMAND, '2', true, ONE_ARGUMENT, 0},
    {"HELO", handle_helo, MAX_COMMAND, '2', true, ONE_ARGUMENT, 0},
    {"STARTTLS", handle_starttls, MAX_COMMAND, '2', true, NO_ARGUMENT, 0},
    {"AUTH", handle_auth, MAX_AUTH_LINE, '2', true, ONE_ARGUMENT, 0},
    {"MAIL", handle_mail, MAX_MAIL_COMMAND, '2', false, ONE_ARGUMENT, TRIED_MAIL},
    {"RCPT", handle_rcpt, MAX_COMMAND, '2', false, ONE_ARGUMENT, TRIED_RCPT},
    {"DATA", handle_data, MAX_COMMAND, '3', true, NO_ARGUMENT, 0},
    {"RSET", handle_rset, MAX_COMMAND, '2', false, NO_ARGUMENT, 0},
    {"NOOP", handle_noop, MAX_COMMAND, '2', true, MAYBE_ARGUMENT, 0},
    {"VRFY", handle_vrfy, MAX_COMMAND, '2', true, ONE_ARGUMENT, 0},
    {"QUIT", handle_quit, MAX_COMMAND, '2', true, NO_ARGUMENT, 0},
};

static const struct command *find_command(mailsub__slice verb)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (mailsub__slice_equal_nocase(mailsub__slice_str(commands[i].verb), verb))
            return &commands[i];
    }
    return NULL;
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
    bool is_stray = connection->auth_seen && !find_command(verb);
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

/* True when the client has not waited where it must. */
static bool refuse_haste(mailsub__connection *connection, bool ends_group)
{
    if ((connection->pipelining && !ends_group) || !mailsub__connection_has_input(connection))
        return false;
    mailsub__dialogue_blame(connection, 503, "5.5.1",
                            connection->pipelining ? "More was sent behind the last of a group"
                                                   : "Sent together, PIPELINING was not offered");
    mailsub__connection_close(connection, true);
    return true;
}

static void take_command(mailsub__connection *connection, mailsub__slice line)
{
    mailsub__slice argument = line;
    mailsub__slice verb = MAILSUB__SLICE_EMPTY;
    mailsub__syntax_next_word(&argument, &verb);
    bool has_argument = verb.len < line.len;
    const struct command *command = find_command(verb);
    if (refuse_haste(connection, command && command->ends_group))
        return;
    if (!command) {
        if (!apply_rule(connection, verb, line, '\0'))
            mailsub__dialogue_blame(connection, 500, "5.5.2", "Command unrecognized");
        return;
    }
    connection->tried |= command->tries;
    if (line.len + 2 > command->max_len)
        mailsub__dialogue_blame(connection, 500, "5.5.2", "Line too long");
    else if (command->argument != MAYBE_ARGUMENT &&
             has_argument != (command->argument == ONE_ARGUMENT))
        mailsub__dialogue_blame(connection, 501, "5.5.4", "Argument missing or not allowed");
    else if (connection->refused && command->handle != handle_quit)
        mailsub__dialogue_blame(connection, 503, "5.5.1", "The greeting was no welcome");
    else if (!apply_rule(connection, verb, line, command->success))
        command->handle(connection, argument);
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
        take_command(connection, line);
    } else if (!refuse_haste(connection, true)) {
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
    if (line_len >= MAX_AUTH_LINE || connection->skip_line) {
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
    const char *defect = mailsub__content_describe(content->defects);
    if (defect) {
        mailsub__dialogue_blame(connection, 550, "5.6.0", defect);
    } else if (content->len > connection->declared_size) {
        mailsub__dialogue_blame(connection, 552, "5.3.4", "Bigger than declared by SIZE");
    } else if (content->len > MAILSUB__TESTING_MAX_CONTENT) {
        mailsub__dialogue_reply(connection, 552, "5.3.4", "Message too big");
    } else if (connection->mail->n_recipients == 0) {
        if (content->len > 0)
            mailsub__dialogue_blame(connection, 554, "5.5.1", "Content without valid recipients");
        else
            mailsub__dialogue_reply(connection, 554, "5.5.1", "No valid recipients");
    } else if (!apply_rule(connection, mailsub__slice_str("."), MAILSUB__SLICE_EMPTY, '2')) {
        accept_mail(connection);
    }
}

static void take_content(mailsub__connection *connection)
{
    bool discard = has_flag(connection, MAILSUB_TESTING_DISCARD);
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
    if (!refuse_haste(connection, false))
        judge(connection);
    mailsub__dialogue_reset_mail(connection);
}

void mailsub__dialogue_process(mailsub__connection *connection)
{
    while (connection->phase == MAILSUB__PHASE_OPEN && !connection->wants_tls &&
           connection->in_at < connection->in_end) {
        if (connection->expects == MAILSUB__EXPECT_CONTENT)
            take_content(connection);
        else if (!find_line(connection))
            return;
    }
}
