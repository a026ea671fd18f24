/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 *   COMMANDS -> CONTENT -> RUNNING -> COMMANDS,  and to ENDED by QUIT or a program that is lost
 *
 * The program is run, and the file shown, once the content is complete, so that no end of this
 * process, however sudden, can make it send half of it, or have half of it read. Only a program is
 * waited for in RUNNING.
 */
#include "net/outlet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <mailsub/error.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/memory.h"
#include "net/command.h"
#include "net/deposit.h"
#include "net/detail.h"
#include "net/spool.h"

/* The engine's longest command is far below. */
#define MAX_LINE 4096
/* Linux takes 128 KiB of one argument and 2 MiB of all, unless the stack is small. */
#define MAX_ARGUMENTS (1024 * 1024)
/* Of one conversation, what has not been read. */
#define MAX_REPLIES 8192

enum state { COMMANDS, CONTENT, RUNNING, ENDED };

/* AT_END: behind the dot and the CR that may be the last of the content. */
enum place { AT_START, IN_LINE, BEHIND_CR, BEHIND_DOT, AT_END };

struct mailsub__outlet {
    const mailsub_allocator *allocator;
    enum mailsub__outlet_kind kind;
    const char *path;
    mailsub__command *command; /* of the one kind */
    mailsub__deposit deposit;  /* of the others */
    enum state state;
    mailsub__buffer line;      /* of a command, as far as it has come */
    mailsub__buffer replies;   /* not yet read */
    mailsub__buffer addresses; /* sender and recipients, each with a NUL behind it */
    size_t n_addresses;        /* the sender too; 0: there was no MAIL */
    bool eight_bit;
    bool utf8;
    bool is_short;    /* of memory: the conversation cannot go on */
    enum place place; /* in the content */
    mailsub__spool spool;
    mailsub__detail detail;
};

/* How the kinds are told apart in words. */
static const struct kind_row {
    const char *noun;
    const char *greeting;
    const char *offers; /* behind the first line of the reply to EHLO */
    const char *unable; /* when it cannot do its work */
} kinds[] = {
    [MAILSUB__OUTLET_COMMAND] = {"command", "220 localhost ESMTP sendmail command",
                                 "250-ENHANCEDSTATUSCODES\r\n250 8BITMIME",
                                 "554 5.3.5 The command cannot be run"},
    [MAILSUB__OUTLET_MAILDIR] = {"maildir", "220 localhost ESMTP maildir",
                                 "250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n250 8BITMIME",
                                 "554 5.3.5 The maildir cannot be used"},
    [MAILSUB__OUTLET_DIRECTORY] = {"directory", "220 localhost ESMTP directory",
                                   "250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n250 8BITMIME",
                                   "554 5.3.5 The directory cannot be used"},
};

int mailsub__outlet_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                        enum mailsub__outlet_kind kind, const char *path,
                        mailsub__outlet **out_outlet)
{
    mailsub__outlet *outlet = mailsub__alloc_zeroed(allocator, sizeof *outlet);
    if (!outlet)
        return MAILSUB_E_NOMEM;
    outlet->allocator = allocator;
    outlet->kind = kind;
    outlet->path = path;
    outlet->state = ENDED;
    mailsub__spool_init(&outlet->spool);
    mailsub__deposit_init(&outlet->deposit,
                          kind == MAILSUB__OUTLET_MAILDIR ? MAILSUB__DEPOSIT_MAILDIR
                                                          : MAILSUB__DEPOSIT_DIRECTORY,
                          path);
    mailsub__buffer_init(&outlet->line, allocator, MAX_LINE);
    mailsub__buffer_init(&outlet->replies, allocator, MAX_REPLIES);
    mailsub__buffer_init(&outlet->addresses, allocator, MAX_ARGUMENTS);
    int rc = mailsub__command_new(allocator, poller, &outlet->command);
    if (rc) {
        mailsub__outlet_free(outlet);
        return rc;
    }
    *out_outlet = outlet;
    return MAILSUB_OK;
}

void mailsub__outlet_free(mailsub__outlet *outlet)
{
    if (!outlet)
        return;
    mailsub__command_free(outlet->command);
    mailsub__deposit_drop(&outlet->deposit);
    mailsub__spool_close(&outlet->spool);
    mailsub__buffer_deinit(&outlet->line);
    mailsub__buffer_deinit(&outlet->replies);
    mailsub__buffer_deinit(&outlet->addresses);
    mailsub__free(outlet->allocator, outlet);
}

/* ---- replies ---- */

/* Memory that fails here shows in the buffer, and then by _read. */
static void reply(mailsub__outlet *outlet, const char *text)
{
    mailsub__buffer_append_str(&outlet->replies, text);
    mailsub__buffer_append_str(&outlet->replies, "\r\n");
}

/* The same with what the program or the system says. */
static void reply_with(mailsub__outlet *outlet, const char *front, const char *text)
{
    mailsub__buffer_append_str(&outlet->replies, front);
    if (text[0] != '\0') {
        mailsub__buffer_append_str(&outlet->replies, ": ");
        mailsub__buffer_append_str(&outlet->replies, text);
    }
    mailsub__buffer_append_str(&outlet->replies, "\r\n");
}

static void forget_transaction(mailsub__outlet *outlet)
{
    mailsub__buffer_reset(&outlet->addresses);
    outlet->n_addresses = 0;
    outlet->eight_bit = false;
    outlet->utf8 = false;
    mailsub__deposit_drop(&outlet->deposit);
    mailsub__spool_close(&outlet->spool);
}

void mailsub__outlet_open(mailsub__outlet *outlet)
{
    forget_transaction(outlet);
    mailsub__buffer_reset(&outlet->line);
    mailsub__buffer_reset(&outlet->replies);
    mailsub__detail_clear(&outlet->detail);
    outlet->is_short = false;
    outlet->state = COMMANDS;
    reply(outlet, kinds[outlet->kind].greeting);
}

void mailsub__outlet_close(mailsub__outlet *outlet)
{
    mailsub__command_kill(outlet->command);
    forget_transaction(outlet);
    outlet->state = ENDED;
}

void mailsub__outlet_abandon(mailsub__outlet *outlet, bool closed)
{
    mailsub__command_abandon(outlet->command, closed);
    mailsub__deposit_abandon(&outlet->deposit, closed);
    if (closed)
        mailsub__spool_init(&outlet->spool);
    mailsub__outlet_close(outlet);
}

/* ---- the program ---- */

/* What sysexits.h means to a sender. */
static const struct status_row {
    int status;
    const char *reply;
} statuses[] = {
    {64, "554 5.3.5 The command was called wrongly (EX_USAGE)"},
    {65, "554 5.6.0 The message is not good (EX_DATAERR)"},
    {66, "554 5.3.0 The message could not be read (EX_NOINPUT)"},
    {67, "550 5.1.1 A recipient is not known (EX_NOUSER)"},
    {68, "550 5.1.2 A recipient's host is not known (EX_NOHOST)"},
    {69, "554 5.0.0 The message was not taken (EX_UNAVAILABLE)"},
    {70, "554 5.3.0 The command failed within (EX_SOFTWARE)"},
    {71, "451 4.3.0 The system failed (EX_OSERR)"},
    {72, "554 5.3.5 A file of the system is missing (EX_OSFILE)"},
    {73, "451 4.3.0 A file could not be made (EX_CANTCREAT)"},
    {74, "451 4.3.0 Reading or writing failed (EX_IOERR)"},
    {75, "451 4.3.0 Not now (EX_TEMPFAIL)"},
    {76, "554 5.5.0 The command's server broke the protocol (EX_PROTOCOL)"},
    {77, "550 5.7.1 Not permitted (EX_NOPERM)"},
    {78, "554 5.3.5 The command is not configured (EX_CONFIG)"},
};

static void tell_status(mailsub__outlet *outlet, int status)
{
    char front[80];
    const char *words = mailsub__command_get_text(outlet->command);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].status == status) {
            reply_with(outlet, statuses[i].reply, words);
            return;
        }
    }
    snprintf(front, sizeof front, "554 5.3.0 The command ended with status %d", status);
    reply_with(outlet, front, words);
}

static bool may_pass(int os_error)
{
    return os_error == EAGAIN || os_error == ENOMEM || os_error == EMFILE || os_error == ENFILE ||
           os_error == ENOSPC || os_error == ENOBUFS || os_error == ETXTBSY || os_error == EDQUOT ||
           os_error == EIO || os_error == EROFS || os_error == ESTALE || os_error == EEXIST;
}

/* The program could not be run, or the file, which may be its input, not made. */
static void tell_os_error(mailsub__outlet *outlet, const char *what, int os_error)
{
    mailsub__detail text;
    mailsub__detail_clear(&text);
    mailsub__detail_append(&text, outlet->path);
    mailsub__detail_append(&text, what);
    mailsub__detail_append_os_error(&text, os_error);
    reply_with(outlet,
               os_error == ENOSPC   ? "452 4.3.1 The disk is full"
               : os_error == EFBIG  ? "552 5.3.4 Files of this size are not allowed"
               : may_pass(os_error) ? "451 4.3.0 Not now"
                                    : kinds[outlet->kind].unable,
               text.text);
}

/* The message may have gone out or not. */
static void lose(mailsub__outlet *outlet, const char *why, int number)
{
    mailsub__detail_append(&outlet->detail, outlet->path);
    mailsub__detail_append(&outlet->detail, why);
    if (number > 0)
        mailsub__detail_append_int(&outlet->detail, number);
    outlet->state = ENDED;
}

/* The program has ended. */
static void tell_end(mailsub__outlet *outlet)
{
    int number = 0;
    outlet->state = COMMANDS;
    switch (mailsub__command_get_end(outlet->command, &number)) {
    case MAILSUB__COMMAND_EXITED:
        if (number == 0)
            reply_with(outlet, "250 2.0.0 Taken", mailsub__command_get_text(outlet->command));
        else
            tell_status(outlet, number);
        break;
    case MAILSUB__COMMAND_UNRUN:
        tell_os_error(outlet, ": ", number);
        break;
    case MAILSUB__COMMAND_KILLED:
        lose(outlet, ": ended by signal ", number);
        break;
    case MAILSUB__COMMAND_LOST:
        lose(outlet, ": what became of it is not known", 0);
        break;
    }
    forget_transaction(outlet);
}

/* The options, the sender, "--", and the recipients: of addresses a sendmail reads nothing but. */
static char **make_arguments(mailsub__outlet *outlet)
{
    static const char *const options[] = {"-i", "-B8BITMIME", "-f"};
    char **arguments =
        mailsub__alloc_array(outlet->allocator, outlet->n_addresses + 8, sizeof *arguments);
    const char *end = mailsub__buffer_str(&outlet->addresses);
    if (!arguments || !end) {
        mailsub__free(outlet->allocator, arguments);
        return NULL;
    }
    size_t n = 0;
    arguments[n++] = (char *)(uintptr_t)outlet->path; /* exec changes none of them */
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (i != 1 || outlet->eight_bit)
            arguments[n++] = (char *)(uintptr_t)options[i];
    }
    char *at = (char *)(uintptr_t)end;
    for (size_t i = 0; i < outlet->n_addresses; i++) {
        /* A sender that is empty is written as sendmail has it. */
        arguments[n++] = *at == '\0' ? (char *)(uintptr_t) "<>" : at;
        at += strlen(at) + 1;
        if (i == 0)
            arguments[n++] = (char *)(uintptr_t) "--";
    }
    arguments[n] = NULL;
    return arguments;
}

/* The transaction has ended without anything done. */
static void give_up(mailsub__outlet *outlet)
{
    forget_transaction(outlet);
    outlet->state = COMMANDS;
}

static void run(mailsub__outlet *outlet)
{
    if (!mailsub__spool_flush(&outlet->spool)) {
        tell_os_error(outlet, ", its input: ", outlet->spool.error);
        give_up(outlet);
        return;
    }
    char **arguments = make_arguments(outlet);
    if (!arguments) {
        reply(outlet, "451 4.3.0 Out of memory");
        give_up(outlet);
        return;
    }
    mailsub__command_start(outlet->command, outlet->path, arguments, outlet->spool.fd);
    mailsub__free(outlet->allocator, arguments);
    outlet->state = RUNNING;
    if (!mailsub__command_is_running(outlet->command))
        tell_end(outlet);
}

/* ---- the file ---- */

/* What is known before the content. False: out of memory. */
static bool make_letter(mailsub__outlet *outlet, mailsub__letter *out)
{
    *out = (mailsub__letter){
        .addresses = mailsub__buffer_str(&outlet->addresses),
        .n_addresses = outlet->n_addresses,
        .eight_bit = outlet->eight_bit,
        .utf8 = outlet->utf8,
    };
    outlet->is_short |= out->addresses == NULL;
    return out->addresses != NULL;
}

static void show(mailsub__outlet *outlet)
{
    mailsub__letter letter;
    int os_error = 0;
    if (!make_letter(outlet, &letter))
        return;
    outlet->state = COMMANDS;
    switch (mailsub__deposit_finish(&outlet->deposit, &letter, &outlet->spool, &os_error)) {
    case MAILSUB__DEPOSIT_DONE:
        mailsub__buffer_append_str(&outlet->replies, "250 2.0.0 Written, queued as ");
        reply(outlet, mailsub__deposit_get_name(&outlet->deposit));
        break;
    case MAILSUB__DEPOSIT_FAILED:
        tell_os_error(outlet, ": ", os_error);
        break;
    case MAILSUB__DEPOSIT_UNSURE:
        lose(outlet, ": a crash could take it away: ", 0);
        mailsub__detail_append_os_error(&outlet->detail, os_error);
        break;
    }
    forget_transaction(outlet);
}

void mailsub__outlet_process(mailsub__outlet *outlet)
{
    if (outlet->state != RUNNING)
        return;
    mailsub__command_process(outlet->command);
    if (!mailsub__command_is_running(outlet->command))
        tell_end(outlet);
}

/* ---- the content ---- */

static void keep(mailsub__outlet *outlet, const char *data, size_t len)
{
    mailsub__spool_write(&outlet->spool, data, len);
}

/* As it was sent for who reads the directory; else as files have it. */
static void keep_line_end(mailsub__outlet *outlet)
{
    bool has_cr = outlet->kind == MAILSUB__OUTLET_DIRECTORY;
    keep(outlet, has_cr ? "\r\n" : "\n", has_cr ? 2 : 1);
}

/* Within a line: all up to the next CR. The octets that were taken. */
static size_t take_run(mailsub__outlet *outlet, const char *data, size_t len)
{
    const char *end = memchr(data, '\r', len);
    size_t n = end ? (size_t)(end - data) : len;
    keep(outlet, data, n);
    outlet->place = end ? BEHIND_CR : IN_LINE;
    return end ? n + 1 : n;
}

/*
 * The dot that was put before a dot is taken away (RFC 5321 section 4.5.2). The octets that were taken; the last one ends the content or the data.
 */
static size_t take_piece(mailsub__outlet *outlet, const char *data, size_t len)
{
    char c = data[0];
    switch (outlet->place) {
    case AT_START:
        outlet->place = c == '.' ? BEHIND_DOT : IN_LINE;
        return c == '.';
    case IN_LINE:
        return take_run(outlet, data, len);
    case BEHIND_CR:
        if (c == '\n')
            keep_line_end(outlet);
        else
            keep(outlet, "\r", 1);
        outlet->place = c == '\n' ? AT_START : IN_LINE;
        return c == '\n';
    case BEHIND_DOT:
        outlet->place = c == '\r' ? AT_END : IN_LINE;
        return c == '\r';
    case AT_END:
        if (c != '\n') {
            keep(outlet, "\r", 1);
            outlet->place = IN_LINE;
            return 0;
        }
        if (outlet->kind == MAILSUB__OUTLET_COMMAND)
            run(outlet);
        else
            show(outlet);
        return 1;
    }
    return len;
}

static size_t take_content(mailsub__outlet *outlet, const char *data, size_t len)
{
    size_t taken = 0;
    while (taken < len && outlet->state == CONTENT)
        taken += take_piece(outlet, data + taken, len - taken);
    return taken;
}

/* ---- commands ---- */

/* The path between angle brackets, which a quoted local part may hold too (RFC 5321 section 4.1.2),
   and the parameters behind it. False: there is none. */
static bool find_path(mailsub__slice line, mailsub__slice *out_path, mailsub__slice *out_rest)
{
    const char *start = memchr(line.ptr, '<', line.len);
    if (!start)
        return false;
    const char *end = line.ptr + line.len;
    bool is_quoted = false;
    for (const char *at = start + 1; at < end; at++) {
        if (*at == '\\' && is_quoted)
            at++;
        else if (*at == '"')
            is_quoted = !is_quoted;
        else if (*at == '>' && !is_quoted) {
            *out_path = mailsub__slice_of(start + 1, (size_t)(at - start) - 1);
            *out_rest = mailsub__slice_of(at + 1, (size_t)(end - at) - 1);
            return true;
        }
    }
    return false;
}

/* The sender, which may be empty, or the next recipient. */
static void add_address(mailsub__outlet *outlet, mailsub__slice path)
{
    mailsub__buffer_append_slice(&outlet->addresses, path);
    if (mailsub__buffer_append_char(&outlet->addresses, '\0') == MAILSUB_OK) {
        outlet->n_addresses++;
        reply(outlet, "250 2.1.0 Noted");
        return;
    }
    outlet->is_short = outlet->addresses.error == MAILSUB_E_NOMEM;
    if (outlet->is_short)
        return;
    reply(outlet, "452 4.5.3 Too many recipients at once");
    /* What is half in it is taken back. */
    const char *all = mailsub__buffer_slice(&outlet->addresses).ptr;
    size_t whole = 0;
    for (size_t i = 0; i < outlet->n_addresses; i++)
        whole += strlen(all + whole) + 1;
    mailsub__buffer_truncate(&outlet->addresses, whole);
}

static bool has_word(mailsub__slice text, const char *word)
{
    return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

static void take_mail(mailsub__outlet *outlet, mailsub__slice path, mailsub__slice parameters)
{
    forget_transaction(outlet);
    outlet->eight_bit = has_word(parameters, " BODY=8BITMIME");
    outlet->utf8 = has_word(parameters, " SMTPUTF8");
    add_address(outlet, path);
}

/* A directory that cannot be used is told before the content comes. */
static void take_data(mailsub__outlet *outlet)
{
    mailsub__letter letter;
    if (!make_letter(outlet, &letter))
        return;
    int os_error = 0;
    if (outlet->kind == MAILSUB__OUTLET_COMMAND)
        mailsub__spool_open(&outlet->spool);
    else
        os_error = mailsub__deposit_begin(&outlet->deposit, &letter, &outlet->spool);
    if (os_error != 0) {
        tell_os_error(outlet, ": ", os_error);
        give_up(outlet);
        return;
    }
    outlet->place = AT_START;
    outlet->state = CONTENT;
    reply(outlet, "354 Go on");
}

static bool begins(mailsub__slice line, const char *verb)
{
    size_t len = strlen(verb);
    return line.len >= len &&
           mailsub__slice_equal_nocase(mailsub__slice_of(line.ptr, len), mailsub__slice_str(verb));
}

static void take_command(mailsub__outlet *outlet, mailsub__slice line)
{
    mailsub__slice path = MAILSUB__SLICE_EMPTY;
    mailsub__slice parameters = MAILSUB__SLICE_EMPTY;
    bool has_path = find_path(line, &path, &parameters);
    if (begins(line, "EHLO ")) {
        reply(outlet, "250-localhost");
        reply(outlet, kinds[outlet->kind].offers);
    } else if (begins(line, "MAIL FROM:") && has_path) {
        take_mail(outlet, path, parameters);
    } else if (begins(line, "RCPT TO:") && has_path && path.len > 0 && outlet->n_addresses > 0) {
        add_address(outlet, path);
    } else if (begins(line, "DATA") && line.len == 4 && outlet->n_addresses > 1) {
        take_data(outlet);
    } else if (begins(line, "RSET")) {
        forget_transaction(outlet);
        reply(outlet, "250 2.0.0 Forgotten");
    } else if (begins(line, "QUIT")) {
        reply(outlet, "221 2.0.0 Bye");
        outlet->state = ENDED;
    } else {
        reply(outlet, "502 5.5.1 There is no server that would have this");
    }
}

/* Octets up to the end of a command, which is acted on when it is complete. */
static size_t take_line(mailsub__outlet *outlet, const char *data, size_t len)
{
    const char *end = memchr(data, '\n', len);
    size_t n = end ? (size_t)(end - data) + 1 : len;
    mailsub__buffer_append(&outlet->line, data, n);
    outlet->is_short |= outlet->line.error == MAILSUB_E_NOMEM;
    if (!end)
        return n;
    mailsub__slice line = mailsub__buffer_slice(&outlet->line);
    bool is_whole =
        outlet->line.error == MAILSUB_OK && line.len >= 2 && line.ptr[line.len - 2] == '\r';
    if (is_whole)
        take_command(outlet, mailsub__slice_of(line.ptr, line.len - 2));
    else if (!outlet->is_short)
        reply(outlet, "500 5.5.2 The line is too long, or has no end");
    mailsub__buffer_reset(&outlet->line);
    return n;
}

int mailsub__outlet_write(mailsub__outlet *outlet, const char *data, size_t len)
{
    while (len > 0 && outlet->state != ENDED) {
        size_t taken = len; /* while the program runs nothing may come: the engine waits */
        if (outlet->state == COMMANDS)
            taken = take_line(outlet, data, len);
        else if (outlet->state == CONTENT)
            taken = take_content(outlet, data, len);
        data += taken;
        len -= taken;
    }
    bool is_short = outlet->is_short || outlet->replies.error == MAILSUB_E_NOMEM;
    return is_short ? MAILSUB_E_NOMEM : MAILSUB_OK;
}

int mailsub__outlet_read(mailsub__outlet *outlet, char *out, size_t room, size_t *out_len)
{
    mailsub__slice replies = mailsub__buffer_slice(&outlet->replies);
    if (outlet->replies.error)
        return outlet->replies.error == MAILSUB_E_NOMEM ? MAILSUB_E_NOMEM
                                                        : MAILSUB_E_CONNECTION_LOST;
    if (replies.len == 0 && outlet->state == ENDED)
        return MAILSUB_E_CONNECTION_LOST;
    size_t n = replies.len < room ? replies.len : room;
    memcpy(out, replies.ptr, n);
    mailsub__buffer_consume(&outlet->replies, n);
    *out_len = n;
    return MAILSUB_OK;
}

const char *mailsub__outlet_get_noun(const mailsub__outlet *outlet)
{
    return kinds[outlet->kind].noun;
}

const char *mailsub__outlet_get_detail(const mailsub__outlet *outlet)
{
    return outlet->detail.text;
}
