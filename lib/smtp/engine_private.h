/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the engine, shared by the files that make it up:
 *   engine.c       what the owner calls, replies to their handlers, time, the end
 *   opening.c      greeting, EHLO, STARTTLS
 *   signon.c       login
 *   round.c        transactions one behind the other: submitted, begun, ended
 *   recipients.c   which recipients share a transaction
 *   transaction.c  MAIL to the end of data
 *   content.c      the content, by DATA or in chunks
 *   verdict.c      what becomes of each recipient and of the whole
 *   operation.c    ETRN, VRFY, EXPN, HELP
 *   offer.c        what the server said that it can do, to be read
 *   hearing.c      the lines of replies, without what is secret
 *   tell.c         what the log is told
 *   output.c       commands and content on their way out
 */
#ifndef MAILSUB_SMTP_ENGINE_PRIVATE_H
#define MAILSUB_SMTP_ENGINE_PRIVATE_H

#include "base/buffer.h"
#include "codec/dot.h"
#include "smtp/auth.h"
#include "smtp/capability.h"
#include "smtp/flight.h"
#include "smtp/heard.h"
#include "smtp/log.h"
#include "smtp/reply.h"
#include "smtp/state.h"

/* How the engine goes about its end. */
enum mailsub__closing {
    MAILSUB__STAYING,
    MAILSUB__QUITTING, /* the owner's QUIT: its reply is awaited, for a short time */
    MAILSUB__LEAVING   /* a QUIT out of politeness; nobody waits for its reply */
};

/* When the reply that is coming in began. */
enum mailsub__earliness {
    MAILSUB__DUE,
    MAILSUB__IN_CHUNK, /* behind the line of its BDAT, before the end of the chunk: a refusal may */
    MAILSUB__EARLY     /* before its command was sent */
};

/* The content of the transaction that is being sent. */
typedef struct mailsub__progress {
    uint64_t content; /* octets that the source gave */
    mailsub__dot dot;
    size_t raw_start; /* octets in raw that wait to be encoded */
    size_t raw_len;
    bool source_ended;
    char last_octet; /* of the last chunk */
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
    mailsub__capabilities in_clear; /* for the owner to look at; nothing here relies on them */
    mailsub__buffer offers[2];      /* before STARTTLS; the last one */
    mailsub__auth auth;

    mailsub__reply_parser parser;
    mailsub__reply reply;
    bool in_reply; /* a line of the reply that is coming in has come */
    mailsub__heard heard;
    enum mailsub__earliness early;

    mailsub__flights flights;
    mailsub__buffer out; /* secret: lines of a login pass through it */
    uint64_t n_queued;   /* the stream of all octets: made, and acknowledged */
    uint64_t n_sent;
    char *raw; /* a piece of content before dot-stuffing */
    size_t raw_room;

    mailsub__buffer parameters; /* of the MAIL or RCPT that is being made */

    mailsub__transaction *waiting; /* submitted, and not begun, or not all of it */
    mailsub__transaction *waiting_last;
    mailsub__transaction *ended; /* with verdicts, and the event not pulled */
    mailsub__transaction *ended_last;
    mailsub__transaction *done; /* of the last event DONE */
    mailsub__round *rounds;     /* begun and not ended, in the order of the stream */
    mailsub__round *rounds_last;
    mailsub__round *sending; /* the one that the cursor is in; NULL: none */
    mailsub__round *leaving; /* the oldest whose content is not all acknowledged; NULL: none */
    size_t n_rounds;
    uint32_t n_transactions; /* ever begun here */
    mailsub__progress progress;

    uint32_t n_messages;          /* ever submitted here */
    mailsub__buffer content_line; /* for the transcript: the line of content under way */
    bool content_line_cut;
    uint8_t told_states[MAILSUB__MAX_ATTEMPTS]; /* of mechanisms, and 1; 0: not told */

    const char *detail; /* static: why this side fails, where no reply tells it; or NULL */
    mailsub__verdict failure;
    char failure_text[MAILSUB__REPLY_TEXT_LEN];
};

/* A piece of content fills one TLS record. */
#define MAILSUB__RAW_LEN (16 * 1024)

/* Octets of a line of content that the transcript shows; more than one of text may have. */
#define MAILSUB__SHOWN_LINE 2048
/* Of an envelope: an address is shorter, and so is what may stand in a command. */
#define MAILSUB__TOLD_LEN 640

/* engine.c */
void mailsub__engine_go(mailsub__engine *engine, enum mailsub__state next);
void mailsub__engine_restart_deadline(mailsub__engine *engine, enum mailsub__state awaited);
/* The connection is of no use any more: verdicts for a transaction under way, then CLOSED. reply:
   the one that is the cause, or NULL. */
void mailsub__engine_fail(mailsub__engine *engine, int code, int stage,
                          const mailsub__reply *reply);
/* As _fail, where the server has said 421 in reply to a command. */
void mailsub__engine_dismissed(mailsub__engine *engine, int stage);
/* As _fail, for an end that the protocol provides for: a QUIT is sent, and not waited for. */
void mailsub__engine_leave(mailsub__engine *engine, int code, int stage,
                           const mailsub__reply *reply);
void mailsub__engine_close(mailsub__engine *engine);
/* Where the engine stands, for a failure that no reply explains. */
int mailsub__engine_stage(const mailsub__engine *engine);

/* The time of the oldest command in flight begins. */
void mailsub__engine_await(mailsub__engine *engine);
/* Some content went: its server, busy with it, has the time of a part of content at least. */
void mailsub__engine_prolong(mailsub__engine *engine);

/* output.c */
void mailsub__output_push(mailsub__engine *engine, mailsub__flight flight);
/* Queue a command line; its flight belongs to the transaction being sent, if to any. */
bool mailsub__output_command(mailsub__engine *engine, enum mailsub__state state,
                             const mailsub__slice *parts, size_t n_parts);
/* The same for MAIL and RCPT, its last part with parameters: each is bounded by its own RFC, which
   lets it come on top of what a line may have (RFC 5321 section 4.5.3.1.4). which: the recipient. */
bool mailsub__output_with_parameters(mailsub__engine *engine, enum mailsub__state state,
                                     size_t which, const mailsub__slice *parts, size_t n_parts);
/* A line of a login: the parts, then secret, which the transcript does not get. */
bool mailsub__output_secret(mailsub__engine *engine, enum mailsub__state state,
                            const mailsub__slice *parts, size_t n_parts, mailsub__slice secret);
/* Queue every command that may be sent now. */
void mailsub__output_commands(mailsub__engine *engine);

/* content.c */
void mailsub__content_begin(mailsub__engine *engine);
void mailsub__content_lone_dot(mailsub__engine *engine);

/* round.c */
/* Behind each reply, and where no more is sent: has the transaction come to its end? */
void mailsub__round_settle(mailsub__engine *engine, mailsub__round *round);
/* The connection ends: every transaction gets the verdicts that it still lacks. orderly: the server
   has said so in a reply to a command, so what came behind that was not acted on. */
void mailsub__round_abandon_all(mailsub__engine *engine, bool orderly, int code, int stage,
                                const mailsub__reply *reply);
/* n_sent has grown: what does that mean for the content of transactions? True: some of it went. */
bool mailsub__round_note_sent(mailsub__engine *engine);

/* No more recipients are asked for in the round being sent; those that are left get another. */
void mailsub__round_envelope_sent(mailsub__engine *engine);

/* recipients.c */
/* Count those that wait, once it is known what the server offers, and leave out those that it could
   not be told of. MAILSUB_E_SMTPUTF8, MAILSUB_E_LIMIT: all_or_none forbids that. */
int mailsub__recipients_prepare(const mailsub__engine *engine, mailsub__transaction *transaction);
/* What kind of recipients is this round for? */
void mailsub__recipients_choose(const mailsub__engine *engine, mailsub__round *round);
/* The next one to ask for; false: none is left that fits. */
bool mailsub__recipients_next(const mailsub__engine *engine, mailsub__round *round, size_t *out_i);
/* The sender to name for recipient i; made in room, where there is one for each recipient. */
int mailsub__recipients_sender(const mailsub__transaction *transaction, size_t i,
                               char room[MAILSUB_MAX_ADDRESS], mailsub__slice *out_sender);
/* Its RCPT was queued. */
void mailsub__recipients_ask(const mailsub__engine *engine, mailsub__round *round, size_t i);
/* The reply says that another transaction may take it. */
void mailsub__recipients_postpone(mailsub__engine *engine, mailsub__round *round, size_t i);
/* It is about to wait no longer. */
void mailsub__recipients_leave(mailsub__transaction *transaction, size_t i);

/* opening.c */
void mailsub__opening_become_ready(mailsub__engine *engine);

/* signon.c */
/* Begin the login that was asked for. */
void mailsub__signon_begin(mailsub__engine *engine);
/* A line of a reply: true when it was a challenge, and is done with. */
bool mailsub__signon_take_line(mailsub__engine *engine, int code, bool first);

/* offer.c */
void mailsub__offer_init(mailsub__engine *engine);
/* EHLO is sent again, or HELO: what was offered is forgotten. */
void mailsub__offer_forget(mailsub__engine *engine);
/* TLS begins: what was offered is kept aside. */
void mailsub__offer_put_aside(mailsub__engine *engine);
void mailsub__offer_add(mailsub__engine *engine, mailsub__slice line);

/* hearing.c */
/* The line that the parser has found; code 0: it is no line of a reply. */
void mailsub__hearing_take_line(mailsub__engine *engine, int code, bool goes_on);
/* The end of the reply will not come: tell what has. */
void mailsub__hearing_break_off(mailsub__engine *engine);

/* tell.c */
/* A line of the transcript. */
void mailsub__tell_line(const mailsub__engine *engine, int direction, mailsub__slice line);
void mailsub__tell(const mailsub__engine *engine, const mailsub__fact *fact);
/* The connection begins, or begins anew with TLS. */
void mailsub__tell_start(const mailsub__engine *engine, int id);
/* A command was queued: its line, without what is secret. */
void mailsub__tell_command(const mailsub__engine *engine, const mailsub__flight *flight,
                           mailsub__slice line);
/* A reply is whole; flight: what it answers, or NULL. */
void mailsub__tell_reply(const mailsub__engine *engine, const mailsub__flight *flight);
/* TIMED_OUT, LOST. */
void mailsub__tell_end(const mailsub__engine *engine, int id, int code, int stage);
void mailsub__tell_closed(const mailsub__engine *engine);
/* What is known of each mechanism, where that is not told yet; of the one under way. */
void mailsub__tell_mechanisms(mailsub__engine *engine);
void mailsub__tell_login(mailsub__engine *engine, int id, int code);
void mailsub__tell_submitted(const mailsub__engine *engine,
                             const mailsub__transaction *transaction);
void mailsub__tell_round(const mailsub__engine *engine, int id, const mailsub__round *round);
/* A limit of the server's is met: so many, and of how many. */
void mailsub__tell_limit(const mailsub__engine *engine, const mailsub__transaction *transaction,
                         const char *name, uint64_t number, uint64_t total);
/* CONTENT and what follows: number octets of the content. */
void mailsub__tell_content(const mailsub__engine *engine, int id, const mailsub__round *round,
                           int code);
/* Octets of content for the transcript, where it is to have them; last: the content ends. */
void mailsub__tell_octets(mailsub__engine *engine, mailsub__slice octets, bool last);
/* What became of each recipient, and of the whole. */
void mailsub__tell_done(const mailsub__engine *engine, const mailsub__transaction *transaction);

/* transaction.c */
/* May this transaction be begun here? Envelope, size, what it needs and asks of the server; where an
   extension is missing, *out_extension tells which. */
int mailsub__transaction_check(const mailsub__engine *engine, mailsub__transaction *transaction,
                               int *out_extension);
/* Is this the only reply to the command, or the last of several? */
bool mailsub__transaction_is_last_reply(const mailsub__engine *engine,
                                        const mailsub__flight *flight);
/* Is BDAT the way for it? */
bool mailsub__transaction_uses_chunks(const mailsub__engine *engine);
/* No more of it is sent; what is in flight already is answered before it ends. */
void mailsub__transaction_stop(mailsub__engine *engine, const mailsub__round *round);

/* verdict.c */
void mailsub__verdict_set(mailsub__verdict *verdict, int outcome, int code, int stage,
                          const mailsub__reply *reply);
/* anew: else it is gone on with, and who has been attempted keeps the verdict. */
void mailsub__verdict_reset(mailsub__transaction *transaction, bool anew);
void mailsub__verdict_rcpt_taken(mailsub__round *round, size_t i);
/* A reply decides about recipient i. */
void mailsub__verdict_recipient(mailsub__round *round, size_t i, int code, int stage,
                                const mailsub__reply *reply);
/* About the sender: about all that this or a later round was to ask for; where each recipient has
   a sender of its own, about this round's. */
void mailsub__verdict_sender(mailsub__round *round, int code, const mailsub__reply *reply);
/* About the content: about all that this round asked for and nobody has decided. */
void mailsub__verdict_content(mailsub__round *round, int code, int stage,
                              const mailsub__reply *reply);
/* About the next of those taken (LMTP). */
void mailsub__verdict_next(mailsub__round *round, int code, const mailsub__reply *reply);
/* The server cannot be told of it. */
void mailsub__verdict_leave_out(mailsub__transaction *transaction, size_t i, int code);
/* There is no other transaction for those that were postponed: they are refused for now. */
void mailsub__verdict_postponed(mailsub__round *round);
/* Too many recipients for one transaction (RFC 5321 section 4.5.3.1.10)? */
bool mailsub__verdict_is_too_many(const mailsub__reply *reply);
/* A probe is answered: those that were taken are WILLING. */
void mailsub__verdict_probed(mailsub__round *round, const mailsub__reply *reply);
/* The reply to an operation. */
void mailsub__verdict_operation(mailsub__round *round, int code, int stage,
                                const mailsub__reply *reply);
/* One refusal stops all (all_or_none): those not refused were not attempted. */
void mailsub__verdict_withdraw(mailsub__transaction *transaction);
/* The server has taken what it had refused before: nobody knows. */
void mailsub__verdict_contradict(mailsub__round *round, const mailsub__reply *reply);
/* Nothing more will be heard of this round: unknown where all of it may have reached the server,
   else not attempted. */
void mailsub__verdict_abandon_round(mailsub__round *round, bool complete, int code, int stage,
                                    const mailsub__reply *reply);
/* And of those that no round has asked for, or will. */
void mailsub__verdict_abandon(mailsub__transaction *transaction, int code, int stage,
                              const mailsub__reply *reply);
/* Each recipient is decided: what of the whole? */
void mailsub__verdict_conclude(mailsub__transaction *transaction);
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

bool mailsub__round_begin(mailsub__engine *engine);
bool mailsub__content_send_piece(mailsub__engine *engine);
bool mailsub__content_send_chunk(mailsub__engine *engine);

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
void mailsub__transaction_chunk_taken(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_chunk_refused(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_end_taken(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_end_refused(mailsub__engine *engine, const mailsub__flight *flight);
void mailsub__transaction_rset_done(mailsub__engine *engine, const mailsub__flight *flight);

bool mailsub__operation_send(mailsub__engine *engine);
void mailsub__operation_answered(mailsub__engine *engine, const mailsub__flight *flight);

bool mailsub__closing_send_quit(mailsub__engine *engine);
void mailsub__closing_answered(mailsub__engine *engine, const mailsub__flight *flight);

#endif
