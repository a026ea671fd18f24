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

#include "base/delivery.h"
#include "base/slice.h"
#include "base/source.h"
#include "smtp/auth.h"
#include "smtp/capability.h"
#include "smtp/reply.h"

#define MAILSUB__N_TIMEOUTS (MAILSUB_TIMEOUT_END_OF_DATA + 1)

typedef struct mailsub__engine mailsub__engine;

/* Strings are borrowed and outlive the engine. */
typedef struct mailsub__engine_settings {
    const char *helo_name;
    int tls;          /* MAILSUB_TLS_* */
    const char *user; /* NULL: no login, unless the settings of the login want one */
    const char *password;
    mailsub__login_settings login;
    bool clear_login; /* a login without verified TLS is allowed by name */
    bool all_or_none;
    int64_t timeout_ms[MAILSUB__N_TIMEOUTS];
    uint8_t extension_policy[MAILSUB__N_CAPABILITIES]; /* MAILSUB_MISSING_* */
    mailsub_transcript_fn transcript;                  /* may be NULL */
    void *transcript_context;
} mailsub__engine_settings;

/* What is known of a connection's protection when its bytes begin to count. */
enum mailsub__protection { MAILSUB__CLEAR, MAILSUB__TLS_UNVERIFIED, MAILSUB__TLS_VERIFIED };

enum mailsub__engine_event {
    MAILSUB__EVENT_NONE,     /* nothing to tell: wait for bytes, room or time */
    MAILSUB__EVENT_STARTTLS, /* do the handshake, then call mailsub__engine_tls_started */
    MAILSUB__EVENT_READY,    /* greeting, TLS and login are done: a transaction may be submitted */
    MAILSUB__EVENT_DONE,     /* the transaction has its verdicts */
    MAILSUB__EVENT_CLOSED    /* the engine is at its end, see mailsub__engine_failure; last event */
};

/* The reply, or the lack of one, that decided. Fixed space: a verdict can be had without memory. */
typedef struct mailsub__verdict {
    int outcome;                          /* MAILSUB_OUTCOME_*, for a recipient */
    int code;                             /* MAILSUB_OK or MAILSUB_E_* */
    int stage;                            /* MAILSUB_STAGE_* */
    int reply_code;                       /* 0: no reply decided */
    char enhanced[MAILSUB__ENHANCED_LEN]; /* "5.1.1" or "" */
} mailsub__verdict;

/* One message. The owner fills the first part, keeps it alive until DONE, and reads the rest. */
typedef struct mailsub__transaction {
    mailsub__slice sender; /* without angle brackets; empty for <> */
    const mailsub__slice *recipients;
    size_t n_recipients;
    uint64_t size;  /* exact octets of content */
    bool eight_bit; /* content has octets beyond ASCII: only a server with 8BITMIME takes it */
    bool smtputf8;  /* envelope or header have characters beyond ASCII: the same of SMTPUTF8 */
    const mailsub__delivery *delivery; /* NULL: nothing is asked for */
    mailsub__source content;
    mailsub__verdict *verdicts; /* the owner's array, one for each recipient */
    /* Text of the reply that decided for recipient i; called before DONE; may be NULL. */
    void (*on_recipient_text)(void *context, size_t i, mailsub__slice text);
    void *context;

    /* outcome is not used. A partial success tells the reply that accepted the message. */
    mailsub__verdict whole;
    /* Of the deciding reply: clean, one line. Where no reply decided: what is known besides, or "";
       with MAILSUB_E_UNKNOWN_OUTCOME the cause. */
    char text[MAILSUB__REPLY_TEXT_LEN];
    char queue_id[64];
    /* What the message asks for and was sent without; of these, what to warn of: bits by extension. */
    uint32_t dropped;
    uint32_t warnings;
    bool handed_over; /* an octet of the content was acknowledged as sent */
} mailsub__transaction;

int mailsub__engine_new(const mailsub_allocator *allocator,
                        const mailsub__engine_settings *settings, mailsub__engine **out_engine);
/* Wipes secrets. A transaction under way is left without verdicts: lose or cancel it first. */
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
   MAILSUB_E_CONNECTION_LOST or MAILSUB_E_CANCELLED. Every recipient gets its verdict. */
void mailsub__engine_lost(mailsub__engine *engine, int code, int64_t now_ms);

/* Bytes to send, lent until the next call that changes the engine; empty when there are none now.
   Content is pulled from its source in here. */
mailsub__slice mailsub__engine_peek_output(mailsub__engine *engine, int64_t now_ms);
void mailsub__engine_ack_output(mailsub__engine *engine, size_t n, int64_t now_ms);

enum mailsub__engine_event mailsub__engine_next_event(mailsub__engine *engine);

/* What became of each mechanism; lent until free. */
const mailsub__login_report *mailsub__engine_login(const mailsub__engine *engine);
/* What the server offers; to be asked after READY. */
bool mailsub__engine_offers(const mailsub__engine *engine, enum mailsub__capability capability);
/* Only after READY or DONE, one at a time. The transaction's results are reset. Recipients and
   sender are checked, the size against the server's limit, and what the message needs and
   asks for against what the server offers (MAILSUB_E_SMTPUTF8, MAILSUB_E_ENCODING,
   MAILSUB_E_EXTENSION, MAILSUB_E_EXTENSION_LIMIT, MAILSUB_E_TLS_UNVERIFIED): what fails there is DONE, at the
   stage CHECK, with nothing sent, and the engine stays usable. An engine that has closed meanwhile
   answers with its failure: DONE, nothing handed over. */
void mailsub__engine_submit(mailsub__engine *engine, mailsub__transaction *transaction,
                            int64_t now_ms);
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
