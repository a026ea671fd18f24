/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * libmailsub-testing: a fake submission server for tests, in a thread, on a free loopback port.
 *
 * The server speaks real SMTP over a real socket, with TLS from a certification authority that it
 * makes for itself when it starts. It captures what it is given, refuses and counts what a correct
 * client never sends, and can be told to refuse, to hang or to hang up. Set it up, start it, use
 * it, stop it, look at what it captured. Set-up calls return MAILSUB_E_STATE once it was started.
 * The messages and the transcript may be read while it runs, from any thread; what is lent stays
 * valid until the server is freed.
 *
 * This library is linked into tests only; it is apart from libmailsub.
 */
#ifndef MAILSUB_TESTING_H
#define MAILSUB_TESTING_H

#include <mailsub/export.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_testing_server mailsub_testing_server;

/** What the server does; flags to be combined. */
enum {
    MAILSUB_TESTING_PIPELINING = 1u << 0,
    MAILSUB_TESTING_STARTTLS = 1u << 1,     /**< offered, and given */
    MAILSUB_TESTING_IMPLICIT_TLS = 1u << 2, /**< TLS from the first octet */
    MAILSUB_TESTING_AUTH_PLAIN = 1u << 3,   /**< offered inside TLS, or in clear with AUTH_CLEAR */
    MAILSUB_TESTING_AUTH_LOGIN = 1u << 4,
    MAILSUB_TESTING_AUTH_CLEAR = 1u << 5,   /**< AUTH is offered without TLS too */
    MAILSUB_TESTING_REQUIRE_AUTH = 1u << 6, /**< MAIL before a login is answered by 530 */
    MAILSUB_TESTING_ENHANCED = 1u << 7,     /**< ENHANCEDSTATUSCODES */
    MAILSUB_TESTING_NO_EHLO = 1u << 8,      /**< knows HELO only: EHLO is answered by 502 */
    MAILSUB_TESTING_DISCARD = 1u << 9,      /**< contents are measured, not kept */
    MAILSUB_TESTING_CHUNKING = 1u << 10,    /**< BDAT (RFC 3030) */
    MAILSUB_TESTING_AUTH_SCRAM_SHA_256 = 1u << 16,
    MAILSUB_TESTING_AUTH_SCRAM_SHA_1 = 1u << 17,
    MAILSUB_TESTING_AUTH_PLUS = 1u << 18,        /**< inside TLS, SCRAM with channel binding too */
    MAILSUB_TESTING_AUTH_OAUTHBEARER = 1u << 19, /**< a user's password is the token */
    MAILSUB_TESTING_AUTH_XOAUTH2 = 1u << 20,
    MAILSUB_TESTING_AUTH_CRAM_MD5 = 1u << 21,
    /** For the user who is named, or the first one: as if TLS had shown a certificate. */
    MAILSUB_TESTING_AUTH_EXTERNAL = 1u << 22,
    MAILSUB_TESTING_TLS_1_2 = 1u << 23 /**< nothing newer than TLS 1.2 */
};

/**
 * Create a server, not yet listening.
 * @param flags       MAILSUB_TESTING_*
 * @param out_server  receives the server; the caller frees it
 * @return 0; MAILSUB_E_INVALID out_server is NULL, or an unknown flag; MAILSUB_E_NOMEM;
 *         MAILSUB_E_SYSTEM
 * Since 0.1
 */
MAILSUB_API int mailsub_testing_server_new(uint32_t flags, mailsub_testing_server **out_server);

/**
 * Stop and free a server.
 * @param server  NULL is allowed
 * Since 0.1
 */
MAILSUB_API void mailsub_testing_server_free(mailsub_testing_server *server);

/**
 * Accept one more login.
 * @param server    the server
 * @param user      user name; not NULL
 * @param password  not NULL
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_STATE; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_testing_server_add_user(mailsub_testing_server *server, const char *user,
                                                const char *password);

/**
 * Answer a command otherwise than a healthy server would. The first rule that fits counts. A reply
 * of the healthy reply's class (250 to RCPT, 354 to DATA) only words it differently, and the
 * command has its effect; with any other reply it has none. Behind a 421 the server hangs up.
 * Of what a rule for EHLO offers, PIPELINING, CHUNKING, 8BITMIME and BINARYMIME are given.
 * @param server    the server
 * @param verb      "EHLO", "MAIL", "RCPT", "DATA" ...; "" for the greeting; "." for the end of
 *                  data, by BDAT too; "BDAT" for the end of a chunk that is not the last; "CONTENT"
 *                  for the moment after the reply 354. Case does not matter.
 * @param argument  the rule counts when the command line holds this text; NULL for always, and for
 *                  "", "." and "CONTENT", which are no command lines
 * @param reply     reply lines, with LF or CRLF between them, such as "550 5.1.1 No such user";
 *                  NULL to hang up without a reply; "" to neither read nor write from then on
 * @param times     how often the rule counts, over all connections; 0 for always
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_STATE; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_testing_server_add_rule(mailsub_testing_server *server, const char *verb,
                                                const char *argument, const char *reply,
                                                unsigned times);

/**
 * Make the server's certificate otherwise than for "localhost", 127.0.0.1 and ::1, valid now.
 * @param server     the server
 * @param name       DNS name in the certificate, not ""; NULL for the default names
 * @param from_s     start of its validity, seconds from the start; negative for the past
 * @param until_s    end of its validity, seconds from the start
 * @return 0; MAILSUB_E_INVALID until_s is not after from_s, or either is beyond 50 years;
 *         MAILSUB_E_STATE; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_testing_server_set_certificate(mailsub_testing_server *server,
                                                       const char *name, int64_t from_s,
                                                       int64_t until_s);

/**
 * Listen on a free port of 127.0.0.1 and serve, in a thread of its own.
 * @param server  the server
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_STATE started already; MAILSUB_E_SYSTEM no socket or no
 *         thread; MAILSUB_E_TLS no certificate could be made; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_testing_server_start(mailsub_testing_server *server);

/**
 * Hang up, stop listening and end the thread. What was captured stays.
 * @param server  NULL, not started and stopped already are allowed
 * Since 0.1
 */
MAILSUB_API void mailsub_testing_server_stop(mailsub_testing_server *server);

/**
 * Port that the server listens on.
 * @param server  the server
 * @return 1 to 65535; 0 before the start, or when server is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_testing_server_get_port(const mailsub_testing_server *server);

/**
 * URL of the server for mailsub_config_set_url, without a login: "submissions://localhost:PORT"
 * with implicit TLS, "submission://localhost:PORT" with STARTTLS, else "smtp://localhost:PORT".
 * @param server  the server
 * @return lent until the server is freed; "" before the start, or when server is NULL
 * Since 0.1
 */
MAILSUB_API const char *mailsub_testing_server_get_url(const mailsub_testing_server *server);

/**
 * Certificate of the server's certification authority, for mailsub_config_set_ca_data.
 * @param server  the server
 * @return PEM, NUL-terminated; "" before the start, or when server is NULL
 * Since 0.1
 */
MAILSUB_API const char *mailsub_testing_server_get_ca(const mailsub_testing_server *server);

/**
 * Number of connections that were accepted so far.
 * @param server  NULL counts as none
 * Since 0.1
 */
MAILSUB_API size_t mailsub_testing_server_count_connections(const mailsub_testing_server *server);

/**
 * Number of messages that were taken so far.
 * @param server  NULL counts as none
 * Since 0.1
 */
MAILSUB_API size_t mailsub_testing_server_count_messages(const mailsub_testing_server *server);

/**
 * How often clients did what RFC 5321 and the offered extensions forbid: bare CR or LF, lines that
 * are too long, commands out of order or malformed, commands sent together without PIPELINING, use
 * of what was not offered. Each is in the transcript as "-- client error: ...".
 * @param server  NULL counts as none
 * Since 0.1
 */
MAILSUB_API size_t mailsub_testing_server_count_client_errors(const mailsub_testing_server *server);

/**
 * Content of a message as it was sent, dots unstuffed, without the final dot.
 * @param server   the server
 * @param index    0 to the count of messages - 1
 * @param out_len  receives the octets; NULL when not wanted
 * @return the content, NUL-terminated besides; "" when contents are discarded; NULL when there is
 *         no such message
 * Since 0.1
 */
MAILSUB_API const char *mailsub_testing_server_get_content(const mailsub_testing_server *server,
                                                           size_t index, size_t *out_len);

/**
 * Octets of a message's content, discarded or not.
 * @param server  the server
 * @param index   0 to the count of messages - 1
 * @return 0 when there is no such message
 * Since 0.1
 */
MAILSUB_API uint64_t mailsub_testing_server_get_size(const mailsub_testing_server *server,
                                                     size_t index);

/**
 * Envelope sender of a message, without angle brackets.
 * @param server  the server
 * @param index   0 to the count of messages - 1
 * @return NULL when there is no such message
 * Since 0.1
 */
MAILSUB_API const char *mailsub_testing_server_get_sender(const mailsub_testing_server *server,
                                                          size_t index);

/**
 * Accepted envelope recipient of a message, without angle brackets.
 * @param server  the server
 * @param index   0 to the count of messages - 1
 * @param nth     0 for the first recipient
 * @return NULL when there is no such message or recipient
 * Since 0.1
 */
MAILSUB_API const char *mailsub_testing_server_get_recipient(const mailsub_testing_server *server,
                                                             size_t index, size_t nth);

/**
 * User who had logged in when a message was taken.
 * @param server  the server
 * @param index   0 to the count of messages - 1
 * @return "" when nobody had; NULL when there is no such message
 * Since 0.1
 */
MAILSUB_API const char *mailsub_testing_server_get_login(const mailsub_testing_server *server,
                                                         size_t index);

/**
 * Write the dialogue so far, in one piece: lines "S: ..." and "C: ...", and "-- ..." about the
 * connection. Contents are shortened to their size, what belongs to a login is replaced by
 * asterisks. The first MiB is kept.
 * @param server   the server
 * @param sink     takes the text; not NULL
 * @param context  handed to sink
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_SINK it stopped
 * Since 0.1
 */
MAILSUB_API int mailsub_testing_server_write_transcript(const mailsub_testing_server *server,
                                                        mailsub_sink_fn sink, void *context);

MAILSUB_END_DECLS

#endif
