/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the engine, shared by the files that make it up:
 *   engine.c       what the owner calls, replies to their handlers, time, the end
 *   opening.c      greeting, EHLO, STARTTLS
 *   signon.c       login
 *   transaction.c  MAIL to the end of data
 *   verdict.c      what becomes of each recipient and of the whole
 *   output.c       commands and content on their way out
 */
#ifndef MAILSUB_SMTP_ENGINE_PRIVATE_H
#define MAILSUB_SMTP_ENGINE_PRIVATE_H

#include "base/buffer.h"
#include "codec/dot.h"
#include "smtp/auth.h"
#include "smtp/capability.h"
#include "smtp/flight.h"
#include "smtp/reply.h"
#include "smtp/state.h"

/* How the engine goes about its end. */
enum mailsub__closing {
    MAILSUB__STAYING,
    MAILSUB__QUITTING, /* the owner's QUIT: its reply is awaited, for a short time */
    MAILSUB__LEAVING   /* a QUIT out of politeness; nobody waits for its reply */
};

/* One message under way. */
typedef struct mailsub__progress {
    uint64_t content_start; /* where the content begins in the stream */
    size_t n_sent;          /* recipients whose RCPT was queued */
    size_t n_taken;         /* and whose RCPT was answered 2yz */
    bool mail_taken;
    bool mail_refused;
    bool refused;     /* some recipient was */
    bool complete;    /* the last octet of the end of data was acknowledged */
    uint64_t content; /* octets that the source gave */
    mailsub__dot dot;
    size_t raw_start; /* octets in raw that wait to be encoded */
    size_t raw_len;
    bool source_ended;
} mailsub__progress;

struct mailsub__engine {
    mailsub_allocator allocator;
    mailsub__engine_settings settings;
    enum mailsub__protection protection;
    enum mailsub__state cursor; /* what is sent next */
    enum mailsub__closing closing;
    bool tls_refused; /* opportunistic: not asked for again */
    int64_t now_ms;
    int64_t deadline_ms; /* -1: none */
    unsigned events;     /* bits 1u << MAILSUB__EVENT_* */

    mailsub__capabilities capabilities;
    mailsub__auth auth;

    mailsub__reply_parser parser;
    mailsub__reply reply;
    bool early; /* the reply that is coming in began before its command was sent */

    mailsub__flights flights;
    mailsub__buffer out; /* secret: lines of a login pass through it */
    uint64_t n_queued;   /* the stream of all octets: made, and acknowledged */
    uint64_t n_sent;
    char *raw; /* a piece of content before dot-stuffing; MAILSUB__RAW_LEN octets */

    mailsub__buffer parameters; /* of the MAIL or RCPT that is being made */
    mailsub__transaction *transaction;
    mailsub__progress progress;

    mailsub__verdict failure;
    char failure_text[MAILSUB__REPLY_TEXT_LEN];
};

/* A piece of content fills one TLS record. */
#define MAILSUB__RAW_LEN (16 * 1024)

/* engine.c */
void mailsub__engine_go(mailsub__engine *engine, enum mailsub__state next);
void mailsub__engine_restart_deadline(mailsub__engine *engine, enum mailsub__state awaited);
/* The connection is of no use any more: verdicts for a transaction under way, then CLOSED. reply:
   the one that is the cause, or NULL. */
void mailsub__engine_fail(mailsub__engine *engine, int code, int stage,
                          const mailsub__reply *reply);
/* As _fail, for an end that the protocol provides for: a QUIT is sent, and not waited for. */
void mailsub__engine_leave(mailsub__engine *engine, int code, int stage,
                           const mailsub__reply *reply);
void mailsub__engine_close(mailsub__engine *engine);
void mailsub__engine_note(mailsub__engine *engine, int direction, mailsub__slice line);
/* Where the engine stands, for a failure that no reply explains. */
int mailsub__engine_stage(const mailsub__engine *engine);

/* output.c */
bool mailsub__output_command(mailsub__engine *engine, enum mailsub__state state,
                             const mailsub__slice *parts, size_t n_parts);
/* The same, its last part with parameters: each is bounded by its own RFC, which lets it come on top
   of what a line may have (RFC 5321 section 4.5.3.1.4). */
bool mailsub__output_with_parameters(mailsub__engine *engine, enum mailsub__state state,
                                     const mailsub__slice *parts, size_t n_parts);
/* A line of a login: the parts, then secret, which the transcript does not get. */
bool mailsub__output_secret(mailsub__engine *engine, enum mailsub__state state,
                            const mailsub__slice *parts, size_t n_parts, mailsub__slice secret);
/* Queue every command that may be sent now. */
void mailsub__output_commands(mailsub__engine *engine);
void mailsub__output_begin_content(mailsub__engine *engine);
void mailsub__output_lone_dot(mailsub__engine *engine);
void mailsub__output_content(mailsub__engine *engine);

/* opening.c */
void mailsub__opening_become_ready(mailsub__engine *engine);

/* signon.c */
/* Begin the login that was asked for. */
void mailsub__signon_begin(mailsub__engine *engine);
/* A line of a reply: true when it was a challenge, and is done with. */
bool mailsub__signon_take_line(mailsub__engine *engine, int code);

/* transaction.c */
/* Behind each reply while a transaction is under way: see whether it can still succeed. */
void mailsub__transaction_settle(mailsub__engine *engine);
/* The connection ends: the transaction under way gets the verdicts that it still lacks. */
void mailsub__transaction_abandon(mailsub__engine *engine, int code, int stage,
                                  const mailsub__reply *reply);

/* verdict.c */
void mailsub__verdict_set(mailsub__verdict *verdict, int outcome, int code, int stage,
                          const mailsub__reply *reply);
void mailsub__verdict_reset(mailsub__transaction *transaction);
void mailsub__verdict_rcpt_taken(mailsub__transaction *transaction, size_t i);
void mailsub__verdict_recipient(mailsub__transaction *transaction, size_t i, int code,
                                const mailsub__reply *reply);
/* All recipients that are not decided get this verdict, made by a reply. */
void mailsub__verdict_all(mailsub__transaction *transaction, int code, int stage,
                          const mailsub__reply *reply);
/* One refusal stops all (all_or_none): those not refused were not attempted. */
void mailsub__verdict_withdraw(mailsub__transaction *transaction);
void mailsub__verdict_whole(mailsub__transaction *transaction, int code, int stage,
                            const mailsub__reply *reply);
/* Nothing more will be heard of those that are not decided: unknown where the message is complete
   and they were taken, else not attempted. */
void mailsub__verdict_abandon(mailsub__transaction *transaction, bool complete, int code, int stage,
                              const mailsub__reply *reply);
/* The typed error for a reply 4yz or 5yz at a stage. */
int mailsub__verdict_refusal(int stage, const mailsub__reply *reply);

/* The functions that the table of states names. */
bool mailsub__wait(mailsub__engine *engine);
void mailsub__unexpected(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__unavailable(mailsub__engine *engine, const mailsub__flight *flight);

bool mailsub__opening_send_ehlo(mailsub__engine *engine);
bool mailsub__opening_send_helo(mailsub__engine *engine);
bool mailsub__opening_send_starttls(mailsub__engine *engine);
void mailsub__opening_greeted(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__opening_deferred(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__opening_turned_away(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__opening_welcomed(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__opening_ehlo_refused(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__opening_helo_refused(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__opening_tls_granted(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__opening_tls_refused(mailsub__engine *engine, const mailsub__flight *flight);

bool mailsub__signon_send_auth(mailsub__engine *engine);
bool mailsub__signon_send_response(mailsub__engine *engine);
bool mailsub__signon_send_cancel(mailsub__engine *engine);
void mailsub__signon_accepted(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__signon_challenged(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__signon_refused(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__signon_cancelled(mailsub__engine *engine, const mailsub__flight *flight);

bool mailsub__transaction_send_mail(mailsub__engine *engine);
bool mailsub__transaction_send_rcpt(mailsub__engine *engine);
bool mailsub__transaction_send_data(mailsub__engine *engine);
bool mailsub__transaction_send_rset(mailsub__engine *engine);
void mailsub__transaction_mail_taken(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_mail_refused(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_rcpt_taken(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_rcpt_refused(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_data_granted(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_data_refused(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_end_taken(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_end_refused(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_rset_done(mailsub__engine *engine, const mailsub__flight *flight);

bool mailsub__closing_send_quit(mailsub__engine *engine);
void mailsub__closing_answered(mailsub__engine *engine, const mailsub__flight *flight);

#endif
