/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One client of the fake server: its bytes (connection.c), its lines (dialogue.c), commands
 * (command.c) and login (login.c). Only the server's thread touches it.
 */
#ifndef MAILSUB_TESTING_CONNECTION_H
#define MAILSUB_TESTING_CONNECTION_H

#include <gnutls/gnutls.h>

#include "base/buffer.h"
#include "testing/content.h"
#include "testing/sasl.h"
#include "testing/server.h"

/* More than the longest line (AUTH: 12288) and a TLS record of 16384 behind it. */
#define MAILSUB__CONNECTION_ROOM 65536

enum mailsub__phase {
    MAILSUB__PHASE_HANDSHAKE, /* TLS is being set up */
    MAILSUB__PHASE_OPEN,      /* commands are read and answered */
    MAILSUB__PHASE_SILENT,    /* a rule wants it: nothing is read nor written any more */
    MAILSUB__PHASE_CLOSING,   /* hangs up when all replies are sent */
    MAILSUB__PHASE_DRAINING,  /* has hung up; what still comes is thrown away */
    MAILSUB__PHASE_CLOSED     /* to be freed */
};

/* What the next bytes are. */
enum mailsub__expectation {
    MAILSUB__EXPECT_COMMAND,
    MAILSUB__EXPECT_RESPONSE, /* the answer to a challenge of AUTH */
    MAILSUB__EXPECT_CONTENT,
    MAILSUB__EXPECT_CHUNK /* of BDAT */
};

typedef struct mailsub__connection {
    mailsub_testing_server *server;
    struct mailsub__connection *next;
    struct mailsub__connection *previous;
    size_t number;
    int fd;
    uint32_t watched; /* epoll's events */
    enum mailsub__phase phase;
    bool wants_tls; /* the handshake begins when the replies are sent */
    bool announce_close;
    gnutls_session_t tls; /* NULL in clear */
    mailsub__buffer out;
    size_t n_drained;

    enum mailsub__expectation expects;
    bool refused;    /* the greeting was no welcome */
    bool greeted;    /* EHLO or HELO was accepted */
    bool extended;   /* it was EHLO */
    bool pipelining; /* was offered */
    bool chunking;   /* the same */
    bool eight_bit;
    bool binary;
    unsigned tolerated; /* MAILSUB__CONTENT_*, by what MAIL said of the content */
    bool skip_line;     /* the rest of a line that was too long */
    bool auth_seen;
    const char *override;      /* lent from a rule: the reply instead of a healthy one */
    const mailsub__user *user; /* logged in; NULL */
    mailsub__sasl_exchange exchange;

    mailsub__mail *mail;    /* MAIL was accepted; NULL */
    unsigned tried;         /* enum tried of command.c: what this transaction was given */
    uint64_t declared_size; /* UINT64_MAX: not declared */
    mailsub__content content;
    uint64_t chunk_len;
    uint64_t chunk_left; /* octets that are still to come */
    bool chunk_is_last;

    size_t in_at;
    size_t in_end;
    char in[MAILSUB__CONNECTION_ROOM];
} mailsub__connection;

static inline bool mailsub__connection_has_flag(const mailsub__connection *connection,
                                                uint32_t flag)
{
    return (connection->server->flags & flag) != 0;
}

/* connection.c */
/* Takes fd in any case. NULL when memory is short. */
mailsub__connection *mailsub__connection_new(mailsub_testing_server *server, int fd);
void mailsub__connection_free(mailsub__connection *connection);
/* Go on with all that is possible without waiting, after epoll reported events (0 for a new
   connection); then phase and _wanted tell what next. */
void mailsub__connection_process(mailsub__connection *connection, uint32_t events);
/* The epoll events to wait for. */
uint32_t mailsub__connection_wanted(const mailsub__connection *connection);
/* Queue octets to the client. */
void mailsub__connection_write(mailsub__connection *connection, mailsub__slice text);
/* Hang up when what was written is sent; announced means with TLS's close_notify. */
void mailsub__connection_close(mailsub__connection *connection, bool announced);
/* The client has sent more than what was taken so far. */
bool mailsub__connection_has_input(const mailsub__connection *connection);

/* command.c */
/* A whole line, without CRLF, where a command is expected. */
void mailsub__command_take(mailsub__connection *connection, mailsub__slice line);
bool mailsub__command_is_known(mailsub__slice verb);

/* dialogue.c */
void mailsub__dialogue_greet(mailsub__connection *connection);
/* Take commands and content from connection->in, as far as they are complete. */
void mailsub__dialogue_process(mailsub__connection *connection);
/* After STARTTLS: forget what was said in clear, RFC 3207 section 4.2. */
void mailsub__dialogue_forget(mailsub__connection *connection);
void mailsub__dialogue_reset_mail(mailsub__connection *connection);
/* The octets of a chunk follow, if there are any. */
void mailsub__dialogue_begin_chunk(mailsub__connection *connection, uint64_t len, bool last);
/* One reply; enhanced is "2.1.0", or NULL where none belongs. */
void mailsub__dialogue_reply(mailsub__connection *connection, int code, const char *enhanced,
                             const char *text);
/* The same for what no correct client causes. */
void mailsub__dialogue_blame(mailsub__connection *connection, int code, const char *enhanced,
                             const char *text);
/* Log and queue complete lines. */
void mailsub__dialogue_say(mailsub__connection *connection, mailsub__slice lines);
/*
 * Do what the test wants instead. True when that is all; false when the command is to have its
 * healthy effect, with connection->override as the wording if there is a rule. success is the class
 * of the healthy reply, or NUL when there is none.
 */
bool mailsub__dialogue_apply_rule(mailsub__connection *connection, mailsub__slice verb,
                                  mailsub__slice line, char success);
/* True, and hung up, when the client has not waited where it must; ends_group: for this reply even
   with PIPELINING. */
bool mailsub__dialogue_refuse_haste(mailsub__connection *connection, bool ends_group);

/* login.c */
bool mailsub__login_is_offered(const mailsub__connection *connection);
/* Say its line of the reply to EHLO. */
void mailsub__login_offer(mailsub__connection *connection);
/* The argument of AUTH. */
void mailsub__login_begin(mailsub__connection *connection, mailsub__slice argument);
/* The answer to a challenge. */
void mailsub__login_continue(mailsub__connection *connection, mailsub__slice line);
/* Forget half a login. */
void mailsub__login_reset(mailsub__connection *connection);

#endif
