/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The states of a connection, declared once. Two cursors run over them: one says what is sent next,
 * the other, the queue of commands in flight, whose reply is awaited. Without PIPELINING they are
 * never more than one command apart.
 *
 * The legal sequences, as they are sent:
 *
 *   GREETING EHLO [HELO] [STARTTLS HANDSHAKE EHLO] [AUTH RESPONSE* [CANCEL]]* IDLE
 *   IDLE MAIL RCPT+ DATA CONTENT END IDLE        a message is taken or refused as a whole
 *   IDLE MAIL RCPT+ CHUNK* END IDLE              the same by BDAT (RFC 3030); END is its LAST
 *   IDLE MAIL RCPT* [DATA | CHUNK*] RSET IDLE    it is given up before its end
 *   IDLE MAIL RCPT* RSET IDLE                    a probe
 *   IDLE ETRN|VRFY|EXPN|HELP IDLE                an operation
 *   IDLE QUIT CLOSED                             and from everywhere, CLOSED
 *
 * With PIPELINING, IDLE is left again before the END is answered: transactions overlap. Behind an
 * END by BDAT whose reply is not known, RSET comes first (see round.c).
 *
 * Every reply has one of these ends, which the table names for each state: the class of its first
 * digit leads to a handler, 421 says goodbye in place of any reply (RFC 5321 section 3.8), one that
 * is malformed, beyond the limits, or early (to a command that was not sent in whole) ends the
 * connection as MAILSUB_E_REPLY_MALFORMED, _TOO_LONG or _EARLY, a class without a meaning in its
 * state as MAILSUB_E_REPLY_UNEXPECTED.
 */
#ifndef MAILSUB_SMTP_STATE_H
#define MAILSUB_SMTP_STATE_H

#include <stdbool.h>

#include <mailsub/config.h>
#include <mailsub/receipt.h>

#include "smtp/engine.h"
#include "smtp/flight.h"

/*
 * X(NAME, stage, time-out, group, send, 2yz, 3yz, 4yz, 5yz). group: the command may be sent behind
 * others that are not answered yet (RFC 2920 section 3.1). send: queues the command and moves the
 * cursor. The last four: what a reply leads to.
 */
/* clang-format off */
#define MAILSUB__STATE_LIST(X)                                                                     \
    X(NEW,       NONE,        COMMAND,     false, wait,                                            \
      unexpected,         unexpected,         unexpected,         unexpected)                      \
    X(GREETING,  GREETING,    GREETING,    false, wait,                                            \
      opening_greeted,    unexpected,         opening_deferred,   opening_turned_away)             \
    X(EHLO,      EHLO,        COMMAND,     false, opening_send_ehlo,                               \
      opening_welcomed,   unexpected,         opening_deferred,   opening_ehlo_refused)            \
    X(HELO,      EHLO,        COMMAND,     false, opening_send_helo,                               \
      opening_welcomed,   unexpected,         opening_deferred,   opening_helo_refused)            \
    X(STARTTLS,  STARTTLS,    COMMAND,     false, opening_send_starttls,                           \
      opening_tls_granted, unexpected,        opening_tls_refused, opening_tls_refused)            \
    X(HANDSHAKE, TLS,         TLS,         false, wait,                                            \
      unexpected,         unexpected,         unexpected,         unexpected)                      \
    X(AUTH,      AUTH,        COMMAND,     false, signon_send_auth,                                \
      signon_accepted,    signon_challenged,  signon_refused,     signon_refused)                  \
    X(RESPONSE,  AUTH,        COMMAND,     false, signon_send_response,                            \
      signon_accepted,    signon_challenged,  signon_refused,     signon_refused)                  \
    X(CANCEL,    AUTH,        COMMAND,     false, signon_send_cancel,                              \
      unexpected,         unexpected,         signon_cancelled,   signon_cancelled)                \
    X(IDLE,      NONE,        COMMAND,     true,  round_begin,                                     \
      unexpected,         unexpected,         unexpected,         unexpected)                      \
    X(MAIL,      MAIL,        COMMAND,     true,  transaction_send_mail,                           \
      transaction_mail_taken, unexpected,     transaction_mail_refused, transaction_mail_refused)  \
    X(RCPT,      RCPT,        COMMAND,     true,  transaction_send_rcpt,                           \
      transaction_rcpt_taken, unexpected,     transaction_rcpt_refused, transaction_rcpt_refused)  \
    X(DATA,      DATA,        DATA,        true,  transaction_send_data,                           \
      unexpected, transaction_data_granted,   transaction_data_refused, transaction_data_refused)  \
    X(WAIT,      NONE,        COMMAND,     false, wait,                                            \
      unexpected,         unexpected,         unexpected,         unexpected)                      \
    X(CONTENT,   CONTENT,     CONTENT,     false, content_send_piece,                              \
      unexpected,         unexpected,         unexpected,         unexpected)                      \
    X(CHUNK,     CONTENT,     CONTENT,     true,  content_send_chunk,                              \
      transaction_chunk_taken, unexpected,    transaction_chunk_refused, transaction_chunk_refused) \
    X(END,       END_OF_DATA, END_OF_DATA, false, wait,                                            \
      transaction_end_taken, unexpected,      transaction_end_refused, transaction_end_refused)    \
    X(RSET,      RSET,        COMMAND,     true,  transaction_send_rset,                           \
      transaction_rset_done, unexpected,      unavailable,        unexpected)                      \
    X(ETRN,      ETRN,        COMMAND,     false, operation_send,                                  \
      operation_answered, unexpected,         operation_answered, operation_answered)              \
    X(VRFY,      VRFY,        COMMAND,     false, operation_send,                                  \
      operation_answered, unexpected,         operation_answered, operation_answered)              \
    X(EXPN,      EXPN,        COMMAND,     false, operation_send,                                  \
      operation_answered, unexpected,         operation_answered, operation_answered)              \
    X(HELP,      HELP,        COMMAND,     false, operation_send,                                  \
      operation_answered, unexpected,         operation_answered, operation_answered)              \
    X(QUIT,      QUIT,        COMMAND,     true,  closing_send_quit,                               \
      closing_answered,   closing_answered,   closing_answered,   closing_answered)                \
    X(CLOSED,    NONE,        COMMAND,     false, wait,                                            \
      unexpected,         unexpected,         unexpected,         unexpected)
/* clang-format on */

enum mailsub__state {
#define MAILSUB__STATE_ENUM(NAME, stage, timeout, group, send, yz2, yz3, yz4, yz5)                 \
    MAILSUB__STATE_##NAME,
    MAILSUB__STATE_LIST(MAILSUB__STATE_ENUM)
#undef MAILSUB__STATE_ENUM
        MAILSUB__N_STATES
};

/* Queue what the state sends; false: nothing can be sent now. */
typedef bool (*mailsub__send_fn)(mailsub__engine *engine);
/* Act on engine->reply, the reply to this command, which is no longer in flight. */
typedef void (*mailsub__answer_fn)(mailsub__engine *engine, const mailsub__flight *flight);

typedef struct mailsub__state_row {
    const char *name;
    uint8_t stage;   /* MAILSUB_STAGE_* */
    uint8_t timeout; /* MAILSUB_TIMEOUT_* for its reply */
    bool group;
    mailsub__send_fn send;
    mailsub__answer_fn answer[4]; /* 2yz to 5yz */
} mailsub__state_row;

extern const mailsub__state_row mailsub__states[MAILSUB__N_STATES];

#endif
