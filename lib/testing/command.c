/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of the fake server: one table, one small function each. */
#include <stdio.h>

#include "base/memory.h"
#include "testing/connection.h"
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
    bool carries; /* octets follow its line: the rules count behind them */
};

/* The last of the lines is the one that is always there, so that it can end the reply. */
static void offer(mailsub__connection *connection)
{
    uint32_t flags = connection->server->flags;
    mailsub__dialogue_say(connection, mailsub__slice_str("250-localhost\r\n"));
    if (flags & MAILSUB_TESTING_PIPELINING)
        mailsub__dialogue_say(connection, mailsub__slice_str("250-PIPELINING\r\n"));
    if (flags & MAILSUB_TESTING_CHUNKING)
        mailsub__dialogue_say(connection, mailsub__slice_str("250-CHUNKING\r\n"));
    if ((flags & MAILSUB_TESTING_STARTTLS) && !connection->tls)
        mailsub__dialogue_say(connection, mailsub__slice_str("250-STARTTLS\r\n"));
    if (mailsub__login_is_offered(connection))
        mailsub__login_offer(connection);
    if (flags & MAILSUB_TESTING_ENHANCED)
        mailsub__dialogue_say(connection, mailsub__slice_str("250-ENHANCEDSTATUSCODES\r\n"));
    char size[40];
    int len = snprintf(size, sizeof size, "250 SIZE %zu\r\n", MAILSUB__TESTING_MAX_CONTENT);
    mailsub__dialogue_say(connection, mailsub__slice_of(size, (size_t)len));
}

static void handle_ehlo(mailsub__connection *connection, mailsub__slice argument)
{
    if (mailsub__connection_has_flag(connection, MAILSUB_TESTING_NO_EHLO)) {
        mailsub__dialogue_reply(connection, 502, "5.5.1", "Command not implemented");
        return;
    }
    if (!mailsub__syntax_is_client_name(argument)) {
        mailsub__dialogue_blame(connection, 501, "5.5.4", "Not a domain or address literal");
        return;
    }
    mailsub__dialogue_reset_mail(connection);
    connection->greeted = connection->extended = true;
    connection->pipelining = mailsub__connection_has_flag(connection, MAILSUB_TESTING_PIPELINING);
    connection->chunking = mailsub__connection_has_flag(connection, MAILSUB_TESTING_CHUNKING);
    connection->eight_bit = connection->binary = false;
    if (!connection->override) {
        offer(connection);
        return;
    }
    /* What the rule offers instead is what the client may use. */
    connection->pipelining = strcasestr(connection->override, "PIPELINING") != NULL;
    connection->chunking = strcasestr(connection->override, "CHUNKING") != NULL;
    connection->eight_bit = strcasestr(connection->override, "8BITMIME") != NULL;
    connection->binary = strcasestr(connection->override, "BINARYMIME") != NULL;
    mailsub__dialogue_say(connection, mailsub__slice_str(connection->override));
}

static void handle_helo(mailsub__connection *connection, mailsub__slice argument)
{
    if (!mailsub__syntax_is_client_name(argument)) {
        mailsub__dialogue_blame(connection, 501, "5.5.4", "Not a domain or address literal");
        return;
    }
    mailsub__dialogue_reset_mail(connection);
    connection->greeted = true;
    connection->extended = connection->pipelining = connection->chunking = false;
    mailsub__dialogue_reply(connection, 250, NULL, "localhost");
}

static void handle_starttls(mailsub__connection *connection, mailsub__slice argument)
{
    (void)argument;
    if (!mailsub__connection_has_flag(connection, MAILSUB_TESTING_STARTTLS) || connection->tls ||
        !connection->extended) {
        mailsub__dialogue_blame(connection, 503, "5.5.1", "STARTTLS is not offered");
        return;
    }
    mailsub__dialogue_reply(connection, 220, "2.0.0", "Ready to start TLS");
    connection->wants_tls = true;
}

/* RFC 6152, RFC 3030: offered by a rule for EHLO only. */
static bool take_body(mailsub__connection *connection, mailsub__slice word)
{
    bool binary = mailsub__slice_equal_nocase(word, mailsub__slice_str("BODY=BINARYMIME"));
    bool eight_bit = mailsub__slice_equal_nocase(word, mailsub__slice_str("BODY=8BITMIME"));
    if (!(binary && connection->binary) && !(eight_bit && connection->eight_bit))
        return false;
    connection->tolerated = binary ? ~0u : MAILSUB__CONTENT_8BIT;
    return true;
}

/* The parameters of MAIL. True when all are good; else it is answered. */
static bool take_parameters(mailsub__connection *connection, mailsub__slice params)
{
    mailsub__slice word;
    connection->declared_size = UINT64_MAX;
    connection->tolerated = 0;
    while (mailsub__syntax_next_word(&params, &word)) {
        bool is_size = word.len > 5 && strncasecmp(word.ptr, "SIZE=", 5) == 0;
        bool is_auth = word.len > 5 && strncasecmp(word.ptr, "AUTH=", 5) == 0;
        if (connection->extended && take_body(connection, word))
            continue;
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
    if (mailsub__connection_has_flag(connection, MAILSUB_TESTING_REQUIRE_AUTH) &&
        !connection->user) {
        mailsub__dialogue_reply(connection, 530, "5.7.0", "Authentication required");
        return;
    }
    mailsub__content_init(&connection->content);
    connection->chunk_len = 0;
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
    mailsub__dialogue_apply_rule(connection, mailsub__slice_str("CONTENT"), MAILSUB__SLICE_EMPTY,
                                 '\0');
}

static void handle_bdat(mailsub__connection *connection, mailsub__slice argument)
{
    mailsub__slice word = MAILSUB__SLICE_EMPTY;
    uint64_t len = 0;
    mailsub__syntax_next_word(&argument, &word);
    bool last = mailsub__slice_equal_nocase(argument, mailsub__slice_str("LAST"));
    if (!connection->chunking)
        mailsub__dialogue_blame(connection, 500, "5.5.2", "CHUNKING is not offered");
    else if (!mailsub__syntax_number(word, &len) || (argument.len > 0 && !last))
        mailsub__dialogue_blame(connection, 501, "5.5.4", "Malformed chunk");
    else
        mailsub__dialogue_begin_chunk(connection, len, last);
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
    {"EHLO", handle_ehlo, MAX_COMMAND, '2', true, ONE_ARGUMENT, 0, false},
    {"HELO", handle_helo, MAX_COMMAND, '2', true, ONE_ARGUMENT, 0, false},
    {"STARTTLS", handle_starttls, MAX_COMMAND, '2', true, NO_ARGUMENT, 0, false},
    {"AUTH", handle_auth, MAX_AUTH_LINE, '2', true, ONE_ARGUMENT, 0, false},
    {"MAIL", handle_mail, MAX_MAIL_COMMAND, '2', false, ONE_ARGUMENT, TRIED_MAIL, false},
    {"RCPT", handle_rcpt, MAX_COMMAND, '2', false, ONE_ARGUMENT, TRIED_RCPT, false},
    {"DATA", handle_data, MAX_COMMAND, '3', true, NO_ARGUMENT, 0, false},
    {"BDAT", handle_bdat, MAX_COMMAND, '2', false, ONE_ARGUMENT, 0, true},
    {"RSET", handle_rset, MAX_COMMAND, '2', false, NO_ARGUMENT, 0, false},
    {"NOOP", handle_noop, MAX_COMMAND, '2', true, MAYBE_ARGUMENT, 0, false},
    {"VRFY", handle_vrfy, MAX_COMMAND, '2', true, ONE_ARGUMENT, 0, false},
    {"QUIT", handle_quit, MAX_COMMAND, '2', true, NO_ARGUMENT, 0, false},
};

static const struct command *find_command(mailsub__slice verb)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (mailsub__slice_equal_nocase(mailsub__slice_str(commands[i].verb), verb))
            return &commands[i];
    }
    return NULL;
}

bool mailsub__command_is_known(mailsub__slice verb)
{
    return find_command(verb) != NULL;
}

void mailsub__command_take(mailsub__connection *connection, mailsub__slice line)
{
    mailsub__slice argument = line;
    mailsub__slice verb = MAILSUB__SLICE_EMPTY;
    mailsub__syntax_next_word(&argument, &verb);
    bool has_argument = verb.len < line.len;
    const struct command *command = find_command(verb);
    bool carries = command && command->carries;
    if (!carries && mailsub__dialogue_refuse_haste(connection, command && command->ends_group))
        return;
    if (!command) {
        if (!mailsub__dialogue_apply_rule(connection, verb, line, '\0'))
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
    else if (carries || !mailsub__dialogue_apply_rule(connection, verb, line, command->success))
        command->handle(connection, argument);
}
