/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * The SMTP client without a network: bytes in, bytes out, events out, time in.
 *
 * For a program that brings its own sockets, TLS and event loop; others take a session. The owner
 * connects, calls mailsub_engine_start, and then in any order that the network dictates: feeds what
 * arrives, sends what mailsub_engine_peek_output shows and acknowledges what went, pulls events
 * until there are none, and calls mailsub_engine_expire when the deadline has passed. Nothing here
 * blocks or asks for the time: now_ms is the owner's clock in milliseconds, which never goes back.
 * To lose no time and to meet no deadlock, feed whatever has arrived before sending.
 *
 * An engine serves one connection, in one thread at a time. Its config says how: TLS, login,
 * time-outs, policy, transcript; the host, where it is set, is told to logins.
 */
#ifndef MAILSUB_ENGINE_H
#define MAILSUB_ENGINE_H

#include <mailsub/config.h>
#include <mailsub/export.h>
#include <mailsub/message.h>
#include <mailsub/receipt.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_engine mailsub_engine;

/** How the bytes of the connection are protected. */
enum {
    MAILSUB_PROTECTION_NONE = 0,
    MAILSUB_PROTECTION_UNVERIFIED = 1, /**< TLS, and nobody vouches for the certificate */
    MAILSUB_PROTECTION_VERIFIED = 2    /**< TLS with a certificate for the server's name */
};

/** What the engine has to tell. */
enum {
    MAILSUB_EVENT_NONE = 0,     /**< nothing: wait for bytes, room or time */
    MAILSUB_EVENT_STARTTLS = 1, /**< do the handshake, then mailsub_engine_tls_started */
    MAILSUB_EVENT_READY = 2,    /**< greeting, TLS and login are done: messages may be submitted */
    MAILSUB_EVENT_DONE = 3,     /**< a message has its outcome: mailsub_engine_get_receipt */
    MAILSUB_EVENT_CLOSED = 4    /**< the last one: close the connection */
};

/** When an extension was offered. */
enum {
    MAILSUB_OFFERED_NOW = 0,       /**< in the last EHLO */
    MAILSUB_OFFERED_BEFORE_TLS = 1 /**< in the EHLO before STARTTLS, which nothing relies on */
};

/** What mailsub_raw_message.flags tells of a content. */
enum {
    MAILSUB_RAW_8BIT = 1u << 0,    /**< octets beyond ASCII: needs 8BITMIME */
    MAILSUB_RAW_BINARY = 1u << 1,  /**< no lines: needs BINARYMIME and CHUNKING */
    MAILSUB_RAW_SMTPUTF8 = 1u << 2 /**< addresses beyond ASCII in the header: needs SMTPUTF8 */
};

/**
 * A message that the caller has as octets, with its envelope. All is copied but what the callbacks
 * read; they are called until the receipt is filled.
 */
typedef struct mailsub_raw_message {
    size_t size;                   /**< of this struct, as the caller knows it */
    const char *sender;            /**< mailbox, or "" for the null sender */
    const char *const *recipients; /**< mailboxes */
    size_t n_recipients;           /**< 1 to MAILSUB_MAX_RECIPIENTS */
    uint64_t content_len;          /**< exact octets of the content, lines ended by CRLF */
    uint32_t flags;                /**< MAILSUB_RAW_* */
    /**
     * Put the next octets of the content, at most room, into out.
     * @return 0 with *out_len 0 at the end; else a negative MAILSUB_E_*, which ends the message
     */
    int (*read)(void *context, char *out, size_t room, size_t *out_len);
    /**
     * Read from the start again: for recipients that the server will not take in one transaction.
     * NULL: it cannot be; such recipients are then not attempted.
     * @return 0; a negative MAILSUB_E_*
     */
    int (*rewind)(void *context);
    void *context; /**< handed to both */
} mailsub_raw_message;

/**
 * Create an engine for one connection.
 * @param allocator   memory for the engine; NULL for malloc
 * @param config      how to talk, frozen from now on; the engine takes a reference
 * @param out_engine  receives the engine; the caller frees it
 * @return 0; MAILSUB_E_INVALID a NULL, or allocator is incomplete; MAILSUB_E_HOST_NAME this host has
 *         no full name and config sets none for EHLO; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_new(const mailsub_allocator *allocator, mailsub_config *config,
                                   mailsub_engine **out_engine);

/**
 * Free an engine and wipe its secrets. Messages under way end as MAILSUB_E_CANCELLED, or as unknown
 * where their content was complete; their receipts are filled.
 * @param engine  NULL is allowed
 * Since 0.1
 */
MAILSUB_API void mailsub_engine_free(mailsub_engine *engine);

/**
 * Begin, when the connection stands; with MAILSUB_TLS_IMPLICIT, when its handshake is done.
 * @param engine      the engine
 * @param protection  MAILSUB_PROTECTION_*
 * @param now_ms      the time
 * @return 0; MAILSUB_E_INVALID no such protection, or none where TLS is implicit; MAILSUB_E_STATE it
 *         has begun already
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_start(mailsub_engine *engine, int protection, int64_t now_ms);

/**
 * Take bytes that arrived: all of them, always. Behind the last event they are ignored.
 * @param engine  the engine
 * @param data    the bytes; NULL when len is 0
 * @param len     how many
 * @param now_ms  the time
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_STATE not begun
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_feed(mailsub_engine *engine, const void *data, size_t len,
                                    int64_t now_ms);

/**
 * Look at the bytes to send. Contents are read in here, a piece at a time.
 * @param engine    the engine
 * @param now_ms    the time
 * @param out_data  receives the bytes, lent until the next call that is given the engine; not NULL
 * @param out_len   receives how many; 0: none now
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_STATE not begun
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_peek_output(mailsub_engine *engine, int64_t now_ms,
                                           const void **out_data, size_t *out_len);

/**
 * Tell that bytes were sent: handed to the network, be it to no avail. What was acknowledged decides
 * whether a message that finds no answer is unknown or was not attempted.
 * @param engine  the engine
 * @param n       how many of those that mailsub_engine_peek_output showed last
 * @param now_ms  the time
 * @return 0; MAILSUB_E_INVALID engine is NULL, or more than were shown; MAILSUB_E_STATE not begun
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_ack_output(mailsub_engine *engine, size_t n, int64_t now_ms);

/**
 * Pull the next event. To be called behind each of the other calls, until there is none.
 * @param engine  the engine
 * @return MAILSUB_EVENT_*; MAILSUB_EVENT_NONE when engine is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_next_event(mailsub_engine *engine);

/**
 * The receipt of the message that the last MAILSUB_EVENT_DONE was about, filled.
 * @param engine  the engine
 * @return what mailsub_engine_submit was given, the caller's again; NULL before the first
 * Since 0.1
 */
MAILSUB_API mailsub_receipt *mailsub_engine_get_receipt(const mailsub_engine *engine);

/**
 * Give logins what binds them to the TLS connection (RFC 5056): before mailsub_engine_start with
 * implicit TLS, before mailsub_engine_tls_started else. Without it no -PLUS mechanism is used.
 * @param engine  the engine
 * @param type    "tls-exporter" (RFC 9266) or "tls-unique" (RFC 5929)
 * @param data    the binding; copied
 * @param len     octets, 1 to 64
 * @return 0; MAILSUB_E_INVALID a NULL, another type, or len outside its range
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_set_channel_binding(mailsub_engine *engine, const char *type,
                                                   const void *data, size_t len);

/**
 * Go on behind the handshake that MAILSUB_EVENT_STARTTLS asked for. What arrives from now on is what
 * TLS has decrypted; all that was learnt before is forgotten (RFC 3207 section 4.2).
 * @param engine      the engine
 * @param protection  MAILSUB_PROTECTION_UNVERIFIED or _VERIFIED
 * @param now_ms      the time
 * @return 0; MAILSUB_E_INVALID a NULL or another protection; MAILSUB_E_STATE nobody asked
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_tls_started(mailsub_engine *engine, int protection, int64_t now_ms);

/**
 * Submit a message: behind MAILSUB_EVENT_READY, also while others are under way. Where the server
 * lets them, messages overlap; each ends with MAILSUB_EVENT_DONE.
 * @param engine   the engine
 * @param message  what to send; locked until it is done
 * @param receipt  filled when it is done; not NULL, and the engine's until then
 * @param now_ms   the time
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_STATE not ready, behind a QUIT, or message is locked;
 *         MAILSUB_E_NOMEM; an error of the message: then no event follows, and the receipt is filled
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_submit(mailsub_engine *engine, mailsub_message *message,
                                      mailsub_receipt *receipt, int64_t now_ms);

/**
 * Submit a message that the caller has as octets. What its envelope holds is parsed, checked and
 * written anew; its content goes as it is, dot-stuffed where the server has no CHUNKING. A content
 * of another length than told, or with a bare CR or LF where BDAT would pass it on, is not sent.
 * @param engine   the engine
 * @param raw      the message; not NULL
 * @param receipt  as for mailsub_engine_submit
 * @param now_ms   the time
 * @return 0; MAILSUB_E_INVALID a NULL, a size or flag that is not known; MAILSUB_E_STATE not ready, or
 *         behind a QUIT; MAILSUB_E_ADDRESS, MAILSUB_E_DOMAIN, MAILSUB_E_CONTROL, MAILSUB_E_UTF8 an
 *         address; MAILSUB_E_NO_RECIPIENTS; MAILSUB_E_LIMIT too many; MAILSUB_E_NOMEM. No event
 *         follows then.
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_submit_raw(mailsub_engine *engine, const mailsub_raw_message *raw,
                                          mailsub_receipt *receipt, int64_t now_ms);

/**
 * Tell that the connection has ended, or will be given up.
 * @param engine  the engine
 * @param code    the cause: MAILSUB_E_CONNECTION_LOST, _CANCELLED, _TIMEOUT or an error of TLS
 * @param now_ms  the time
 * @return 0; MAILSUB_E_INVALID engine is NULL or code no error
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_lost(mailsub_engine *engine, int code, int64_t now_ms);

/**
 * Say QUIT. MAILSUB_EVENT_CLOSED follows when the server has answered, or after two seconds.
 * @param engine  the engine
 * @param now_ms  the time
 * @return 0; MAILSUB_E_INVALID engine is NULL; MAILSUB_E_STATE not ready, or messages are under way
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_quit(mailsub_engine *engine, int64_t now_ms);

/**
 * When mailsub_engine_expire must be called if nothing happens before.
 * @param engine  the engine
 * @return an instant on the clock of now_ms; -1: never
 * Since 0.1
 */
MAILSUB_API int64_t mailsub_engine_get_deadline(const mailsub_engine *engine);

/**
 * Look whether a deadline has passed: of a phase (RFC 5321 section 4.5.3.2), or of a message.
 * @param engine  the engine
 * @param now_ms  the time
 * @return 0; MAILSUB_E_INVALID engine is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_expire(mailsub_engine *engine, int64_t now_ms);

/**
 * Does the server offer an extension?
 * @param engine     the engine
 * @param extension  MAILSUB_EXTENSION_*
 * @param when       MAILSUB_OFFERED_NOW or MAILSUB_OFFERED_BEFORE_TLS
 * @return 1 or 0; 0 also where an argument is outside its range
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_offers(const mailsub_engine *engine, int extension, int when);

/**
 * The biggest message that the server takes (RFC 1870).
 * @param engine  the engine
 * @return octets; 0: it tells no limit
 * Since 0.1
 */
MAILSUB_API uint64_t mailsub_engine_get_size_limit(const mailsub_engine *engine);

/**
 * Has the connection had all the messages that the server takes over one (RFC 9422 MAILMAX)? What is
 * submitted then is not attempted and ends as MAILSUB_E_UNAVAILABLE: say QUIT and connect anew.
 * @param engine  the engine
 * @return 1 or 0
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_is_spent(const mailsub_engine *engine);

/**
 * Why the engine has closed.
 * @param engine  the engine
 * @return MAILSUB_OK behind a QUIT, or as long as it has not; MAILSUB_E_INVALID engine is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_get_code(const mailsub_engine *engine);

/**
 * At which stage the engine has closed.
 * @param engine  the engine
 * @return MAILSUB_STAGE_*
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_get_stage(const mailsub_engine *engine);

/**
 * The reply that closed the engine.
 * @param engine  the engine
 * @return its code; 0: no reply did
 * Since 0.1
 */
MAILSUB_API int mailsub_engine_get_reply_code(const mailsub_engine *engine);

/**
 * What that reply said.
 * @param engine  the engine
 * @return one clean line, lent until the engine is freed; "" when no reply closed it
 * Since 0.1
 */
MAILSUB_API const char *mailsub_engine_get_text(const mailsub_engine *engine);

MAILSUB_END_DECLS

#endif
