/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * What happens on a connection, told event by event to one function of the application.
 *
 * An event has a number, MAILSUB_LOG_*, and facts, each with a getter; mailsub-log(3) says which
 * event has which. Secrets of a login are replaced by asterisks where the event is made, in what is
 * sent and in what a server echoes; so an event may be written down as it is. Addresses are not.
 */
#ifndef MAILSUB_LOG_H
#define MAILSUB_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <mailsub/export.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_log_event mailsub_log_event;

/** The events: X(number, NAME, text). Numbers stay; new ones are added behind. */
#define MAILSUB_LOG_LIST(X)                                                                        \
    X(1, CONNECTING, "the server's address is looked up, and a connection tried")                  \
    X(2, CONNECTED, "a connection is made")                                                        \
    X(3, CONNECT_FAILED, "no connection is made, or no TLS over it")                               \
    X(4, TLS, "a TLS handshake is done")                                                           \
    X(5, STARTED, "the client waits for the greeting")                                             \
    X(6, TLS_STARTED, "all that was learnt before TLS is forgotten")                               \
    X(7, GREETING, "the server's greeting")                                                        \
    X(8, OFFER, "the server offers an extension")                                                  \
    X(9, COMMAND, "a command is sent")                                                             \
    X(10, REPLY, "a reply to a command")                                                           \
    X(11, REPLY_EARLY, "a reply begins before its command was sent in whole")                      \
    X(12, REPLY_UNREADABLE, "what the server says is no reply")                                    \
    X(13, MECHANISM, "a login mechanism is considered")                                            \
    X(14, LOGIN_BEGUN, "a login mechanism is chosen")                                              \
    X(15, LOGIN_ENDED, "a login has succeeded or not")                                             \
    X(16, READY, "messages may be sent")                                                           \
    X(17, SUBMITTED, "a message, a probe or an operation waits for its turn")                      \
    X(18, DROPPED, "what is asked for is not offered, and left out")                               \
    X(19, LIMIT, "a limit was met")                                                                \
    X(20, TRANSACTION_BEGUN, "a transaction begins")                                               \
    X(21, CONTENT, "a part of the content is on its way")                                          \
    X(22, CONTENT_MADE, "the last part of the content is on its way")                              \
    X(23, CONTENT_SENT, "the last octet of the content has been sent")                             \
    X(24, CONTENT_FAILED, "the content cannot be read, and is not completed")                      \
    X(25, TRANSACTION_ENDED, "a transaction ends")                                                 \
    X(26, RECIPIENT, "what became of a recipient")                                                 \
    X(27, ENDED, "what became of a message, a probe or an operation")                              \
    X(28, WAITING, "a message waits for its sender's quota")                                       \
    X(29, RETRY, "a message goes over another connection")                                         \
    X(30, TIMED_OUT, "a deadline has passed")                                                      \
    X(31, LOST, "the connection is lost, or given up")                                             \
    X(32, CLOSED, "the dialogue is over")                                                          \
    X(33, FAILOVER, "a server cannot be used, and is left alone for a time")

enum {
#define MAILSUB_LOG_ENUM_(number, NAME, text) MAILSUB_LOG_##NAME = (number),
    MAILSUB_LOG_LIST(MAILSUB_LOG_ENUM_)
#undef MAILSUB_LOG_ENUM_
        MAILSUB_LOG_END_ = 34
};

/**
 * Takes an event. It must not call what changes the session or engine that tells it.
 * @param context  what the caller of the library gave
 * @param event    lent during the call
 */
typedef void (*mailsub_log_fn)(void *context, const mailsub_log_event *event);

/**
 * Which event it is.
 * @param event  the event
 * @return MAILSUB_LOG_*; 0 when event is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_log_get_id(const mailsub_log_event *event);

/**
 * When it happened.
 * @param event  the event
 * @return milliseconds on a clock that never goes back: of a mailsub_engine its now_ms, else
 *         CLOCK_MONOTONIC; 0 when event is NULL
 * Since 0.1
 */
MAILSUB_API int64_t mailsub_log_get_time(const mailsub_log_event *event);

/**
 * Which connection of the session it is about.
 * @param event  the event
 * @return from 1; 0: none, or that of a mailsub_engine
 * Since 0.1
 */
MAILSUB_API uint32_t mailsub_log_get_connection(const mailsub_log_event *event);

/**
 * Which of the messages, probes and operations submitted over the connection it is about.
 * @param event  the event
 * @return from 1; 0: none
 * Since 0.1
 */
MAILSUB_API uint32_t mailsub_log_get_message(const mailsub_log_event *event);

/**
 * Which transaction on the connection it is about; a message may need several.
 * @param event  the event
 * @return from 1, as mailsub_receipt_get_recipient_transaction has it; 0: none
 * Since 0.1
 */
MAILSUB_API uint32_t mailsub_log_get_transaction(const mailsub_log_event *event);

/**
 * Which recipient of the message it is about.
 * @param event  the event
 * @return from 0; -1: none
 * Since 0.1
 */
MAILSUB_API int mailsub_log_get_recipient(const mailsub_log_event *event);

/**
 * How it went.
 * @param event  the event
 * @return MAILSUB_OK or MAILSUB_E_*; MAILSUB_OK where nothing can go wrong; MAILSUB_E_INVALID event
 *         is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_log_get_code(const mailsub_log_event *event);

/**
 * How far the dialogue is.
 * @param event  the event
 * @return MAILSUB_STAGE_*; MAILSUB_STAGE_NONE where that is no fact of the event
 * Since 0.1
 */
MAILSUB_API int mailsub_log_get_stage(const mailsub_log_event *event);

/**
 * The code of the reply that it is about.
 * @param event  the event
 * @return 200 to 599; 0: none
 * Since 0.1
 */
MAILSUB_API int mailsub_log_get_reply_code(const mailsub_log_event *event);

/**
 * The enhanced status of that reply (RFC 3463).
 * @param event  the event
 * @return such as "5.1.1"; "": none; lent with the event
 * Since 0.1
 */
MAILSUB_API const char *mailsub_log_get_enhanced_status(const mailsub_log_event *event);

/**
 * The word that the event is about: a verb, a mechanism, an extension, an outcome.
 * @param event  the event
 * @return one word; "": none; lent with the event
 * Since 0.1
 */
MAILSUB_API const char *mailsub_log_get_name(const mailsub_log_event *event);

/**
 * What there is to read.
 * @param event  the event
 * @return one clean line of UTF-8; "": nothing; lent with the event
 * Since 0.1
 */
MAILSUB_API const char *mailsub_log_get_text(const mailsub_log_event *event);

/**
 * The number that the event is about: octets, milliseconds, a port.
 * @param event  the event
 * @return 0 also where there is none
 * Since 0.1
 */
MAILSUB_API uint64_t mailsub_log_get_number(const mailsub_log_event *event);

/**
 * Of how many mailsub_log_get_number is a part.
 * @param event  the event
 * @return 0 also where there is no such whole
 * Since 0.1
 */
MAILSUB_API uint64_t mailsub_log_get_total(const mailsub_log_event *event);

/**
 * Write an event as one line: its name, then "key=value" for each fact that it has, then ": " and
 * its text. The notes of a transcript are written so, without the connection.
 * @param event  the event
 * @param out    receives the line, cut where it does not fit, with a NUL; not NULL
 * @param room   octets that out has, at least 1; MAILSUB_LOG_LINE_LEN is enough for every event
 * @return octets of the line as written; MAILSUB_E_INVALID a NULL, or no room
 * Since 0.1
 */
MAILSUB_API int mailsub_log_format(const mailsub_log_event *event, char *out, size_t room);

/** Octets, with the NUL, that mailsub_log_format may need. */
#define MAILSUB_LOG_LINE_LEN 4096

/**
 * Name of an event.
 * @param id  MAILSUB_LOG_*
 * @return its name behind MAILSUB_LOG_, such as "COMMAND"; "" when there is none; static
 * Since 0.1
 */
MAILSUB_API const char *mailsub_log_name(int id);

/**
 * What an event says.
 * @param id  MAILSUB_LOG_*
 * @return its text in the list above; "" when there is none; static
 * Since 0.1
 */
MAILSUB_API const char *mailsub_log_text(int id);

MAILSUB_END_DECLS

#endif
