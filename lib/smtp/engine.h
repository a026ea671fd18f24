/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The SMTP client protocol without I/O: bytes in, bytes out, events out, time in.
 *
 * The owner connects, and then, in any order that the network dictates: feeds what arrives, sends
 * what peek_output shows and acknowledges it, pulls events, and calls expire when the deadline has
 * passed. Nothing here blocks, calls the network or asks for the time: now_ms is the owner's
 * monotonic clock.
 */
#ifndef MAILSUB_SMTP_ENGINE_H
#define MAILSUB_SMTP_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include <mailsub/config.h>
#include <mailsub/receipt.h>

#include "base/buffer.h"
#include "base/delivery.h"
#include "base/slice.h"
#include "base/source.h"
#include "smtp/auth.h"
#include "smtp/capability.h"
#include "smtp/log.h"
#include "smtp/reply.h"

#define MAILSUB__N_TIMEOUTS (MAILSUB_TIMEOUT_END_OF_DATA + 1)

/*
 * A chunk is made in whole before it is announced, so this is memory too. Each costs a reply, and
 * is the least that is sent in vain once the server has refused (RFC 3030 section 2).
 */
#define MAILSUB__CHUNK_LEN (64u * 1024)
/* What is under way when a connection is lost may have arrived or not: the price of more. */
#define MAILSUB__DEPTH 64u

typedef struct mailsub__engine mailsub__engine;
typedef struct mailsub__transaction mailsub__transaction;

/* Strings are borrowed and outlive the engine. */
typedef struct mailsub__engine_settings {
    const char *helo_name;
    int tls;          /* MAILSUB_TLS_* */
    const char *user; /* NULL: no login, unless the settings of the login want one */
    const char *password;
    mailsub__login_settings login;
    bool clear_login; /* a login without verified TLS is allowed by name */
    bool all_or_none;
    bool lmtp;          /* RFC 2033: LHLO, and a reply for each recipient behind the content */
    bool no_chunking;   /* DATA is used where BDAT is offered too */
    uint32_t chunk_len; /* octets of a chunk of BDAT; 0: MAILSUB__CHUNK_LEN */
    uint32_t depth;     /* transactions under way at once, where they overlap; 0: MAILSUB__DEPTH */
    int64_t timeout_ms[MAILSUB__N_TIMEOUTS];
    uint8_t extension_policy[MAILSUB__N_CAPABILITIES]; /* MAILSUB_MISSING_* */
    mailsub__log log;
} mailsub__engine_settings;

/* What is known of a connection's protection when its bytes begin to count. */
enum mailsub__protection { MAILSUB__CLEAR, MAILSUB__TLS_UNVERIFIED, MAILSUB__TLS_VERIFIED };

enum mailsub__engine_event {
    MAILSUB__EVENT_NONE,     /* nothing to tell: wait for bytes, room or time */
    MAILSUB__EVENT_STARTTLS, /* do the handshake, then call mailsub__engine_tls_started */
    MAILSUB__EVENT_READY,    /* greeting, TLS and login are done: transactions may be submitted */
    MAILSUB__EVENT_DONE,     /* a transaction has its verdicts: see mailsub__engine_done */
    MAILSUB__EVENT_CLOSED    /* the engine is at its end, see mailsub__engine_failure; last event */
};

/* How far a recipient is; the engine's own. */
enum mailsub__phase {
    MAILSUB__WAITING, /* no transaction has asked for it yet */
    MAILSUB__ASKED,   /* its RCPT was queued */
    MAILSUB__TAKEN,   /* and answered 2yz */
    MAILSUB__DECIDED
};

/* The reply, or the lack of one, that decided. Fixed space: a verdict can be had without memory. */
typedef struct mailsub__verdict {
    int outcome;                          /* MAILSUB_OUTCOME_*, for a recipient */
    int code;                             /* MAILSUB_OK or MAILSUB_E_* */
    int stage;                            /* MAILSUB_STAGE_* */
    int reply_code;                       /* 0: no reply decided */
    char enhanced[MAILSUB__ENHANCED_LEN]; /* "5.1.1" or "" */
    /* Which of the transactions on this connection, from 1, decided; 0: none was begun. */
    uint32_t transaction;
    uint8_t phase; /* MAILSUB__WAITING to _DECIDED */
    bool taken;    /* its RCPT was answered 2yz, however it went on */
} mailsub__verdict;

/* How many domains a transaction spans at most where the server limits them, be it to more. */
#define MAILSUB__MAX_DOMAINS 8

/* One transaction on the wire: MAIL to the end of data. The engine's own. */
typedef struct mailsub__round {
    struct mailsub__round *next;
    mailsub__transaction *transaction;
    size_t first; /* the recipients that it asks for lie between these */
    size_t end;
    size_t scan; /* where to look for the next one */
    size_t n_asked;
    size_t n_answered;
    size_t n_taken;
    size_t n_postponed;     /* and those for whom another one is needed */
    size_t n_replied;       /* LMTP: recipients whose reply to the end of data has come */
    size_t n_flights;       /* commands that are not answered */
    uint64_t content_start; /* in the stream of octets; UINT64_MAX: not made yet */
    uint64_t content_end;
    uint32_t number;
    uint32_t n_domains;                   /* of its recipients; where that is limited */
    size_t domains[MAILSUB__MAX_DOMAINS]; /* a recipient of each */
    bool in_use;
    bool smtputf8;     /* MAIL asks for it */
    bool mixed;        /* recipients that need it and others together */
    bool chunked;      /* by BDAT */
    bool mail_taken;   /* MAIL was answered 2yz */
    bool mail_refused; /* or 4yz, 5yz */
    bool refused;      /* some recipient was */
    bool begun;        /* DATA, or a first chunk, was queued */
    bool failed;       /* and refused, or the content could not be read: no more of it is sent */
    bool ended;        /* the end of data was answered */
    bool accepted;     /* with 2yz; LMTP: for some recipient */
    bool complete;     /* the last octet of the end of data was acknowledged */
} mailsub__round;

/* What a transaction is: a message, recipients without one, or an operation (operation.h). */
enum mailsub__kind {
    MAILSUB__KIND_MESSAGE,
    MAILSUB__KIND_PROBE, /* MAIL, RCPTs, RSET: no content is asked for */
    MAILSUB__KIND_ETRN,
    MAILSUB__KIND_VRFY,
    MAILSUB__KIND_EXPN,
    MAILSUB__KIND_HELP,
    MAILSUB__KIND_CHECK /* nothing: DONE, where the connection has come to READY */
};

/* One message. The owner fills the first part, keeps it alive until DONE, and reads the rest. */
struct mailsub__transaction {
    enum mailsub__kind kind;
    mailsub__slice argument; /* of an operation; empty: none */
    mailsub__slice sender;   /* without angle brackets; empty for <> */
    const mailsub__slice *recipients;
    size_t n_recipients;
    /* Make the sender for one recipient of a message, at most MAILSUB_MAX_ADDRESS octets, out of the
       transaction's: each recipient then gets a transaction of its own. Where it returns an error
       the recipient is left out, not attempted. NULL: the sender is the same for all. */
    int (*sender_for)(mailsub__slice sender, mailsub__slice recipient, char *out, size_t *out_len);
    uint64_t size;  /* exact octets of content */
    bool eight_bit; /* content has octets beyond ASCII: only a server with 8BITMIME takes it */
    bool binary;    /* content has no lines: only BDAT and BINARYMIME take it (RFC 3030) */
    bool smtputf8;  /* sender or header have characters beyond ASCII: the same of SMTPUTF8 */
    const mailsub__delivery *delivery; /* NULL: nothing is asked for */
    mailsub__source content;           /* with CRLF line ends */
    /* Open the content anew: recipients beyond what the server takes at once, or that need SMTPUTF8
       where others do not, get a transaction of their own. NULL: the content can be read once. */
    int (*reopen)(mailsub__transaction *transaction);
    mailsub__verdict *verdicts; /* the owner's array, one for each recipient */
    /* Text of the reply that decided for recipient i; called before DONE; may be NULL. */
    void (*on_recipient_text)(void *context, size_t i, mailsub__slice text);
    /* A line of the reply to an operation, clean; may be NULL. */
    void (*on_line)(void *context, mailsub__slice text);
    void *context;

    /* outcome is not used. A partial success tells the reply that accepted the message. */
    mailsub__verdict whole;
    /* Of the deciding reply: clean, one line. Where no reply decided: what is known besides, or "";
       with MAILSUB_E_UNKNOWN_OUTCOME the cause. */
    char text[MAILSUB__REPLY_TEXT_LEN];
    char queue_id[64];
    int64_t n_pending; /* messages that ETRN started; -1: not told */
    /* What the message asks for and was sent without; of these, what to warn of: bits by extension. */
    uint32_t dropped;
    uint32_t warnings;
    bool handed_over; /* an octet of the content was acknowledged as sent */
    /* The server takes no further transaction on this connection (RFC 9422 MAILMAX), and some
       recipients, not attempted, wait for another one. Submitted again, there, with this still set,
       the transaction keeps the verdicts that others have. */
    bool unfinished;

    /* The engine's own. */
    uint32_t number; /* among what was submitted on the connection, from 1 */
    mailsub__transaction *next;
    mailsub__round round;
    size_t n_undecided;
    size_t n_accepted;
    size_t n_rounds;      /* under way */
    size_t n_begun;       /* ever */
    bool queued;          /* it waits to be begun, or gone on with */
    size_t first_waiting; /* none waits before this one */
    size_t n_waiting;
    size_t n_waiting_utf8; /* of these, those that only SMTPUTF8 can name */
};

int mailsub__engine_new(const mailsub_allocator *allocator,
                        const mailsub__engine_settings *settings, mailsub__engine **out_engine);
/* Wipes secrets. Transactions under way are left without verdicts: lose or cancel them first. */
void mailsub__engine_free(mailsub__engine *engine);

/* The channel binding of the connection (RFC 5056): its type's name, at most 15 characters, and at
   most 64 octets of data. Where there is one, to be told before _start or _tls_started. */
void mailsub__engine_set_binding(mailsub__engine *engine, const char *type, mailsub__slice data);
/* The connection stands; with implicit TLS, its handshake is done. Waits for the greeting. */
void mailsub__engine_start(mailsub__engine *engine, enum mailsub__protection protection,
                           int64_t now_ms);
/* Bytes that arrived. All are taken; after CLOSED they are ignored. */
void mailsub__engine_feed(mailsub__engine *engine, const char *data, size_t len, int64_t now_ms);
/* The handshake asked for by STARTTLS is done. */
void mailsub__engine_tls_started(mailsub__engine *engine, enum mailsub__protection protection,
                                 int64_t now_ms);
/* The connection has ended, or is to be given up: code is the cause, such as
   MAILSUB_E_CONNECTION_LOST or MAILSUB_E_CANCELLED. Every recipient gets its verdict: unknown only
   where the whole content had gone and its reply had not come. */
void mailsub__engine_lost(mailsub__engine *engine, int code, int64_t now_ms);

/* Bytes to send, lent until the next call that changes the engine; empty when there are none now.
   Content is pulled from its source in here. */
mailsub__slice mailsub__engine_peek_output(mailsub__engine *engine, int64_t now_ms);
void mailsub__engine_ack_output(mailsub__engine *engine, size_t n, int64_t now_ms);

enum mailsub__engine_event mailsub__engine_next_event(mailsub__engine *engine);
/* The transaction of the last event DONE: each gets one, in the order in which they end. */
mailsub__transaction *mailsub__engine_done(const mailsub__engine *engine);

/* What became of each mechanism; lent until free. */
const mailsub__login_report *mailsub__engine_login(const mailsub__engine *engine);
/* What the server has offered so far; before_tls: in clear, where STARTTLS followed. */
const mailsub__capabilities *mailsub__engine_capabilities(const mailsub__engine *engine,
                                                          bool before_tls);
/* What the server offers; to be asked after READY. */
bool mailsub__engine_offers(const mailsub__engine *engine, enum mailsub__capability capability);
/* The lines of its reply to EHLO behind the first, clean, each with a NUL: the last one's, or those
   that it gave before STARTTLS, which are kept to be read and count for nothing. */
const mailsub__buffer *mailsub__engine_offer(const mailsub__engine *engine, bool before_tls);
/* Move both, before the engine is freed, to buffers of the same allocator's: [0] is before TLS. */
void mailsub__engine_move_offers(mailsub__engine *engine, const mailsub_allocator *allocator,
                                 mailsub__buffer offers[2]);
/* Queue a transaction. Its results are reset. When its turn comes, recipients
   and sender are checked, the size against the server's limit, and what the message needs and asks
   for against what the server offers (MAILSUB_E_SMTPUTF8, MAILSUB_E_ENCODING, MAILSUB_E_EXTENSION,
   MAILSUB_E_EXTENSION_LIMIT, MAILSUB_E_TLS_UNVERIFIED): what fails there is DONE, at the
   stage CHECK, with nothing sent, and the engine stays usable. An engine that has closed meanwhile,
   or says QUIT, answers with its failure: DONE, nothing handed over. Where the server has PIPELINING, the next
   transaction begins before the last one is answered: behind the content of DATA with the one that
   waits for its 354, and by BDAT as many as depth allows. A probe gives the outcome WILLING to those
   whom the server would take; an operation has a whole and no recipients. */
void mailsub__engine_submit(mailsub__engine *engine, mailsub__transaction *transaction,
                            int64_t now_ms);
/* How many transactions may be submitted at once, so that none of them is begun later than it could
   be; to be asked after READY. 1 where the server lacks PIPELINING. */
uint32_t mailsub__engine_depth(const mailsub__engine *engine);
/* Octets of the content of a submitted transaction that were acknowledged as sent. Of one that takes
   several transactions on the wire, those of the latest. */
uint64_t mailsub__engine_sent(const mailsub__engine *engine,
                              const mailsub__transaction *transaction);
/* MAILMAX is reached (RFC 9422): what is submitted now is DONE at once, not attempted and unfinished.
   Say QUIT, and use another connection. */
bool mailsub__engine_is_spent(const mailsub__engine *engine);
/* Only between transactions. CLOSED follows when the server has answered, or after two seconds
   (deadline, expire), with MAILSUB_OK whatever happens. Where the engine itself says QUIT, because
   the server refused the opening, CLOSED follows as soon as the QUIT is acknowledged as sent. */
void mailsub__engine_quit(mailsub__engine *engine, int64_t now_ms);

/* When expire must be called if nothing happens before; -1: never. */
int64_t mailsub__engine_deadline(const mailsub__engine *engine);
void mailsub__engine_expire(mailsub__engine *engine, int64_t now_ms);

/* Why the engine is CLOSED before any transaction could start (or between two): code, stage, reply;
   code MAILSUB_OK after a QUIT. The text is clean, lent until free. */
const mailsub__verdict *mailsub__engine_failure(const mailsub__engine *engine);
const char *mailsub__engine_failure_text(const mailsub__engine *engine);

#endif
