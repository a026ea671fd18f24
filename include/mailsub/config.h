/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * Where to and how: server, login, encryption, time-outs. No environment variable and no file is
 * read, except the files named here.
 *
 * A config may be shared by sessions, in several threads. From the first mailsub_session_new on it
 * is frozen, and setters return MAILSUB_E_STATE. Setters also return MAILSUB_E_INVALID when the
 * config or a pointer that must not be NULL is NULL, and MAILSUB_E_NOMEM.
 */
#ifndef MAILSUB_CONFIG_H
#define MAILSUB_CONFIG_H

#include <mailsub/dkim.h>
#include <mailsub/export.h>
#include <mailsub/extension.h>
#include <mailsub/limiter.h>
#include <mailsub/log.h>
#include <mailsub/policy.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_config mailsub_config;

/** Most signers of one config. */
#define MAILSUB_MAX_CONFIG_SIGNERS 1000

/** Most servers of one config. */
#define MAILSUB_MAX_SERVERS 32

/** How the connection is encrypted. */
enum {
    MAILSUB_TLS_IMPLICIT = 0,      /**< TLS from the first octet, RFC 8314 section 3.3 */
    MAILSUB_TLS_STARTTLS = 1,      /**< STARTTLS, or nothing is sent, RFC 3207 */
    MAILSUB_TLS_OPPORTUNISTIC = 2, /**< STARTTLS when it is offered, else in clear */
    MAILSUB_TLS_NONE = 3           /**< in clear; only mailsub_config_insecure_set_no_tls sets it */
};

/** Versions of TLS; older ones are never spoken. */
enum {
    MAILSUB_TLS_VERSION_1_2 = 0x0303, /**< RFC 5246 */
    MAILSUB_TLS_VERSION_1_3 = 0x0304  /**< RFC 8446 */
};

/** What a time-out waits for; defaults are those of RFC 5321 section 4.5.3.2. */
enum {
    MAILSUB_TIMEOUT_CONNECT = 0,    /**< name resolution and connection, 60 s */
    MAILSUB_TIMEOUT_TLS = 1,        /**< a TLS handshake, 60 s */
    MAILSUB_TIMEOUT_GREETING = 2,   /**< the 220 greeting, 300 s */
    MAILSUB_TIMEOUT_COMMAND = 3,    /**< reply to EHLO, STARTTLS, AUTH, MAIL, RCPT, RSET: 300 s */
    MAILSUB_TIMEOUT_DATA = 4,       /**< reply to DATA, 120 s */
    MAILSUB_TIMEOUT_CONTENT = 5,    /**< the server takes the next part of the content, 180 s */
    MAILSUB_TIMEOUT_END_OF_DATA = 6 /**< reply to the complete message, 600 s */
};

/** Direction of a transcript line. */
enum {
    MAILSUB_TRANSCRIPT_CLIENT = 0, /**< sent by this side, secrets replaced by asterisks */
    MAILSUB_TRANSCRIPT_SERVER = 1, /**< received */
    MAILSUB_TRANSCRIPT_NOTE = 2,   /**< what happened besides, as mailsub_log_format has it */
    MAILSUB_TRANSCRIPT_CONTENT = 3 /**< a line of a message's content, where that was asked for */
};

/**
 * Takes one line of the dialogue, without its line end. Login secrets are never in it, and the
 * content of messages is only where mailsub_config_set_transcript_content asked for it.
 * @param context    what the caller of the library gave
 * @param direction  MAILSUB_TRANSCRIPT_*
 * @param line       not NUL-terminated; valid during the call
 * @param len        its octets
 */
typedef void (*mailsub_transcript_fn)(void *context, int direction, const char *line, size_t len);

/**
 * Makes a connection in place of the library, for an application with its own way through the
 * network. Called from within the calls on a session, in their thread; what it waits for, the whole
 * session waits for.
 * @param context  what the caller of the library gave
 * @param host     of the URL, or of the proxy: A-label name, or address without brackets; valid
 *                 during the call
 * @param port     of the URL, or of the proxy
 * @param out_fd   receives a stream socket, which is the library's from then on. It is connected, or
 *                 it is being connected (non-blocking), and then the connect time-out waits for it.
 * @return 0; anything else: nothing is connected, *out_fd does not count, and the submission ends
 *         with that number if it is one of error.h, or else with MAILSUB_E_CONNECT
 */
typedef int (*mailsub_connect_fn)(void *context, const char *host, int port, int *out_fd);

/**
 * Create a config without a server.
 * @param allocator   memory for the config and for the sessions made with it; NULL for malloc
 * @param out_config  receives the config, with one reference that the caller holds
 * @return 0; MAILSUB_E_INVALID out_config is NULL or allocator is incomplete; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_config_new(const mailsub_allocator *allocator, mailsub_config **out_config);

/**
 * Take a further reference.
 * @param config  the config; NULL is allowed
 * @return config
 * Thread: any; since 0.1
 */
MAILSUB_API mailsub_config *mailsub_config_ref(mailsub_config *config);

/**
 * Give a reference back; the last one wipes the secrets and frees the config.
 * @param config  NULL is allowed
 * Thread: any; since 0.1
 */
MAILSUB_API void mailsub_config_unref(mailsub_config *config);

/**
 * Name the server: scheme://[user[:password]@]host[:port]
 *
 *  scheme         default port   encryption
 *  submissions    465            implicit TLS
 *  smtps          465            implicit TLS
 *  submission     587            STARTTLS demanded
 *  smtp           25             465: implicit TLS; another port: STARTTLS demanded; to this host
 *                                (localhost, 127.0.0.0/8, ::1): STARTTLS when offered, else clear
 *  lmtp           24             as smtp; not port 25; mailsub_config_set_lmtp is called
 *
 * The host is a name (IDN too), an IPv4 address, or an IPv6 address in brackets. User and password
 * are percent-decoded and replace earlier credentials. Or name a Unix socket of this host by
 *
 *  smtp+unix:/path, lmtp+unix:/path    STARTTLS when offered, else clear
 *
 * whose server a certificate has to name "localhost", unless mailsub_config_set_verify_name says
 * otherwise. The path is percent-decoded, and has at most 107 octets.
 *
 * Or name the sendmail command of this host, or of a program that takes its options, by
 *
 *  sendmail:/path
 *
 * For each message the program is run without a shell, as "-i -f SENDER -- RECIPIENT...", with
 * -B8BITMIME where the content is such; it reads the complete content, with LF, from a file. Its exit
 * status (sysexits(3)) becomes the outcome of all recipients, and what it says the text of the reply;
 * one that dies by a signal, or is ended by MAILSUB_TIMEOUT_END_OF_DATA, may have sent the message.
 * The caller's SIGCHLD is not touched.
 *
 * Or have each message become a file on this host, which others see only when it is whole and on the
 * disk:
 *
 *  maildir:/path    in new/ of the Maildir, with LF, Return-Path and, where there is one recipient
 *                   alone, Delivered-To in front. What the Maildir lacks of tmp/, new/ and cur/ is
 *                   made, itself too where the directory above it is there.
 *  directory:/path  NAME.eml, with CRLF, octet for octet what a server would have got, and before it
 *                   NAME.json with the envelope: {"sender":"", "recipients":[""], "body":"7BIT" or
 *                   "8BITMIME", "smtputf8":false}. The directory has to be there.
 *
 * The name, which has no meaning but is unique, is the receipt's queue id. Directories are made with
 * mode 0700 and files with 0600. Calls on the session wait for the disk.
 *
 * With a command, a Maildir or a directory there is no TLS, no login and no LMTP: a session is not
 * made where TLS or LMTP is demanded, and a submission with credentials ends with
 * MAILSUB_E_AUTH_NOT_OFFERED. Parameters of the delivery (delivery.h) are not offered.
 *
 * All that the URL does not say is left alone. It takes the place of all servers that were named
 * before.
 * @param config  the config
 * @param url     not NULL; NUL-terminated UTF-8
 * @return 0; MAILSUB_E_URL malformed, unknown scheme, a query or a fragment, or behind a host a path
 *         other than /; mailsub_config_get_error_detail tells the cause
 * RFC 3986, RFC 8314, RFC 2033; since 0.1
 */
MAILSUB_API int mailsub_config_set_url(mailsub_config *config, const char *url);

/**
 * Name one more server, to be asked when none of those before it can be used: when no connection to
 * one is made (name, network, time, TLS handshake), it greets with 421 or 554, refuses EHLO, cannot
 * start TLS or check a login now, or the connection ends, and while no octet of the message's content
 * has left. The next is asked within the same deadline; with mailsub_config_set_deadline, each gets
 * its share of what is left. No other server is asked about a certificate that is not acceptable, a
 * login that was refused, STARTTLS that is not offered, a reply that breaks the protocol, or a
 * refusal of sender, recipients or message: mailsub_config_add_url(3) has the whole table.
 *
 * A server that failed is left alone for a time (mailsub_config_set_server_pause), then tried again
 * by one connection; connections to servers behind it end as soon as nothing is under way there,
 * and a message waits. When all are left alone, the one whose time ends first is asked at once, and
 * no other. mailsub_session_check begins with the first in any case.
 *
 * Login, trust, expected name and time-outs are those of all servers; the scheme gives each its own
 * encryption, unless mailsub_config_set_tls chose one. A certificate is for the host that is asked,
 * unless mailsub_config_set_verify_name says otherwise.
 * @param config  the config
 * @param url     as mailsub_config_set_url takes it, without a login, and for TCP or a Unix socket;
 *                mailsub_config_set_url takes all those away again
 * @return 0; MAILSUB_E_STATE there is no first server; MAILSUB_E_LIMIT there are MAILSUB_MAX_SERVERS;
 *         MAILSUB_E_URL malformed, with a login, named already (host and port, or path), sendmail or
 *         another way without a server here or in the first place, or LMTP where the first has none,
 *         or the other way round
 * RFC 5321 section 5.1; since 0.1
 */
MAILSUB_API int mailsub_config_add_url(mailsub_config *config, const char *url);

/**
 * Choose how long a server that failed is left alone, where there is another. The time doubles with
 * each failure behind it, and is forgotten when a connection was made.
 * @param config    the config
 * @param first_ms  0 to 86,400,000 (a day); 30,000 at first; 0: it is not left alone
 * @param most_ms   first_ms to 86,400,000; 1,800,000 at first
 * @return 0; MAILSUB_E_INVALID outside its range
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_server_pause(mailsub_config *config, int64_t first_ms,
                                                int64_t most_ms);

/**
 * Log in with these credentials. Without them no login is attempted.
 * @param config    the config
 * @param user      user name, UTF-8; NULL takes the credentials away, a token too
 * @param password  UTF-8; not NULL unless user is
 * @return 0; MAILSUB_E_CREDENTIALS empty user, or more than 1,024 octets, or not UTF-8
 * RFC 4954, RFC 4616; since 0.1
 */
MAILSUB_API int mailsub_config_set_credentials(mailsub_config *config, const char *user,
                                               const char *password);

/**
 * Choose the encryption, instead of the choice that the URL makes, be it set before or after.
 * @param config  the config
 * @param mode    MAILSUB_TLS_IMPLICIT, _STARTTLS or _OPPORTUNISTIC
 * @return 0; MAILSUB_E_INVALID another mode
 * RFC 8314, RFC 3207; since 0.1
 */
MAILSUB_API int mailsub_config_set_tls(mailsub_config *config, int mode);

/**
 * Trust the certification authorities of a file instead of the system's.
 * @param config  the config
 * @param path    PEM certificates; read now; not NULL
 * @return 0; MAILSUB_E_CA it cannot be read, or holds no certificate
 * RFC 5280; since 0.1
 */
MAILSUB_API int mailsub_config_set_ca_file(mailsub_config *config, const char *path);

/**
 * Trust certification authorities given in memory instead of the system's.
 * @param config  the config
 * @param pem     PEM certificates; not NULL
 * @param len     octets, 1 to 16 MiB
 * @return 0; MAILSUB_E_CA it holds no certificate
 * RFC 5280; since 0.1
 */
MAILSUB_API int mailsub_config_set_ca_data(mailsub_config *config, const void *pem, size_t len);

/**
 * Demand a certificate for another name than the host's.
 * @param config  the config
 * @param name    DNS name, or IP address without brackets; NULL goes back to the URL's host
 * @return 0; MAILSUB_E_HOST_NAME malformed
 * RFC 9525; since 0.1
 */
MAILSUB_API int mailsub_config_set_verify_name(mailsub_config *config, const char *name);

/**
 * Accept only a server whose certificate has one of the pinned keys, besides all else that is
 * verified; each call adds one. With mailsub_config_insecure_skip_verify the key alone decides, and
 * counts as verification.
 * @param config  the config
 * @param pin     SHA-256 of the SubjectPublicKeyInfo: "sha256//" and base64, or 64 hexadecimal
 *                digits, with or without colons; not NULL
 * @return 0; MAILSUB_E_PIN it is none of that; MAILSUB_E_LIMIT there are 16 already
 * RFC 7469 section 2.4; since 0.1
 */
MAILSUB_API int mailsub_config_add_pin(mailsub_config *config, const char *pin);

/**
 * Accept exactly one certificate: whoever issued it, whatever name it bears, and after its last day
 * too. Authorities and pins no longer count.
 * @param config       the config
 * @param fingerprint  SHA-256 of the certificate, written as for mailsub_config_add_pin; NULL goes
 *                     back to authorities and pins
 * @return 0; MAILSUB_E_PIN malformed
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_fingerprint(mailsub_config *config, const char *fingerprint);

/**
 * Refuse certificates that a revocation list names. With a list that is out of date all are
 * refused. (A status that the server staples is looked at in any case.)
 * @param config  the config
 * @param path    PEM revocation lists; read now; not NULL
 * @return 0; MAILSUB_E_CERTIFICATE it cannot be read, or holds no list
 * RFC 5280 section 5, RFC 6066 section 8; since 0.1
 */
MAILSUB_API int mailsub_config_set_crl_file(mailsub_config *config, const char *path);

/**
 * Show a certificate to a server that asks for one.
 * @param config       the config
 * @param certificate  PEM file with the certificate and those of its issuers, the own one first, or
 *                     a PKCS #11 URL; read now; not NULL
 * @param key          PEM file with the private key, or a PKCS #11 URL; not NULL
 * @param password     of the key, or the token's PIN; NULL when there is none
 * @return 0; MAILSUB_E_CERTIFICATE one cannot be read, they do not belong together, or the password
 *         is wrong
 * RFC 8446 section 4.4.2, RFC 7512; since 0.1
 */
MAILSUB_API int mailsub_config_set_client_certificate(mailsub_config *config,
                                                      const char *certificate, const char *key,
                                                      const char *password);

/**
 * The same, from memory.
 * @param config    the config
 * @param pem       PEM certificates and private key, in any order; not NULL
 * @param len       octets, 1 to 16 MiB
 * @param password  of the key; NULL when there is none
 * @return 0; MAILSUB_E_CERTIFICATE as above; MAILSUB_E_INVALID no data, or too much
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_client_certificate_data(mailsub_config *config, const void *pem,
                                                           size_t len, const char *password);

/**
 * The same, from a PKCS #12 file.
 * @param config    the config
 * @param path      the file; read now; not NULL
 * @param password  of the file; NULL counts as empty
 * @return 0; MAILSUB_E_CERTIFICATE as above
 * RFC 7292; since 0.1
 */
MAILSUB_API int mailsub_config_set_client_pkcs12(mailsub_config *config, const char *path,
                                                 const char *password);

/**
 * Demand a version of TLS.
 * @param config   the config
 * @param version  MAILSUB_TLS_VERSION_1_2 (the default) or MAILSUB_TLS_VERSION_1_3
 * @return 0; MAILSUB_E_INVALID another version, or the priority string excludes it
 * RFC 9325; since 0.1
 */
MAILSUB_API int mailsub_config_set_tls_min_version(mailsub_config *config, int version);

/**
 * Choose the algorithms of TLS, instead of those that RFC 9325 recommends.
 * @param config    the config
 * @param priority  a priority string of GnuTLS, at most 400 octets; versions before 1.2 stay
 *                  excluded whatever it says; NULL goes back to the library's choice
 * @return 0; MAILSUB_E_INVALID malformed, or no version is left
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_tls_priority(mailsub_config *config, const char *priority);

/**
 * Resume the TLS session of the last connection when a session connects again. It saves both sides
 * the signatures of a handshake, and no round trip.
 * @param config  the config
 * @param on      1 (the default) or 0
 * @return 0; MAILSUB_E_INVALID another value
 * RFC 8446 section 2.2, RFC 5077; since 0.1
 */
MAILSUB_API int mailsub_config_set_tls_resumption(mailsub_config *config, int on);

/**
 * Introduce this client by a name in EHLO, instead of this host's full name, or its address in
 * brackets where it has none.
 * @param config  the config
 * @param name    fully qualified domain name or address literal; NULL goes back to the default
 * @return 0; MAILSUB_E_HOST_NAME malformed
 * RFC 5321 section 4.1.4; since 0.1
 */
MAILSUB_API int mailsub_config_set_helo_name(mailsub_config *config, const char *name);

/**
 * Set the time-out of one phase.
 * @param config   the config
 * @param timeout  MAILSUB_TIMEOUT_*
 * @param ms       milliseconds, 1 to 86,400,000 (a day)
 * @return 0; MAILSUB_E_INVALID no such time-out, or ms outside its range
 * RFC 5321 section 4.5.3.2; since 0.1
 */
MAILSUB_API int mailsub_config_set_timeout(mailsub_config *config, int timeout, int64_t ms);

/**
 * Bound the time of a whole submission, from the call to the receipt.
 * @param config  the config
 * @param ms      milliseconds, 1 to 86,400,000; 0 for no bound besides the phases' (the default)
 * @return 0; MAILSUB_E_INVALID outside its range
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_deadline(mailsub_config *config, int64_t ms);

/**
 * Send to all recipients or to none: one refused recipient then stops the submission.
 * @param config  the config
 * @param on      0 (the default) or 1
 * @return 0; MAILSUB_E_INVALID another value
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_all_or_none(mailsub_config *config, int on);

/**
 * Choose what becomes of a message that asks for what the server does not offer, or not to that
 * extent (delivery.h). At first:
 *
 *  MAILSUB_EXTENSION_DSN, _MT_PRIORITY           MAILSUB_MISSING_WARN: it arrives all the same
 *  MAILSUB_EXTENSION_AUTH (set_submitter)        MAILSUB_MISSING_DROP: a hint that nobody misses
 *  MAILSUB_EXTENSION_DELIVERBY, _FUTURERELEASE   MAILSUB_MISSING_FAIL: at the wrong time is wrong
 *  MAILSUB_EXTENSION_REQUIRETLS and all others   MAILSUB_MISSING_FAIL, and nothing else
 *
 * @param config     the config
 * @param extension  MAILSUB_EXTENSION_*
 * @param policy     MAILSUB_MISSING_*
 * @return 0; MAILSUB_E_INVALID no such extension or policy, or one that may only fail
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_extension_policy(mailsub_config *config, int extension,
                                                    int policy);

/**
 * What mailsub_config_set_extension_policy has set.
 * @param config     the config
 * @param extension  MAILSUB_EXTENSION_*
 * @return MAILSUB_MISSING_*; MAILSUB_E_INVALID config is NULL, or no such extension
 * Since 0.1
 */
MAILSUB_API int mailsub_config_get_extension_policy(const mailsub_config *config, int extension);

/** What a session does with a message for which its sender's quota is used up. */
enum {
    MAILSUB_WHEN_LIMITED_FAIL = 0, /**< it ends with MAILSUB_E_RATE_LIMITED */
    MAILSUB_WHEN_LIMITED_WAIT = 1, /**< it waits for its slot, in parts where it has more recipients
                                        than a limit allows at once */
    MAILSUB_WHEN_LIMITED_PART = 2  /**< as many recipients as possible get it now; the others end
                                        with MAILSUB_E_RATE_LIMITED, not attempted */
};

/**
 * Keep senders inside their quota: each message is reserved just before MAIL, and what was not
 * attempted in the end is given back. Replies by which the server asks for patience close the
 * sender for a while. Time that a message waits counts towards the config's deadline; messages
 * behind it wait with it. With mailsub_config_set_all_or_none nothing is sent in parts.
 * @param config        the config
 * @param limiter       the config takes a reference; NULL for none (the default)
 * @param when_limited  MAILSUB_WHEN_LIMITED_*
 * @return 0; MAILSUB_E_INVALID no such way
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_limiter(mailsub_config *config, mailsub_limiter *limiter,
                                           int when_limited);

/**
 * Sign every message that is submitted and whose author, the first mailbox of From, is of the
 * signer's domain, or of one below it for which there is no nearer signer. Several signers of one
 * domain sign all of them. A signer with the domain and selector of one that the message has itself
 * is left out. mailsub_message_write does not know of these signatures.
 * @param config  the config
 * @param dkim    a signer with a key; it is frozen, and the config holds a reference
 * @return 0; MAILSUB_E_KEY it has no key; MAILSUB_E_LIMIT there are MAILSUB_MAX_CONFIG_SIGNERS
 *         already. Submitting returns MAILSUB_E_LIMIT when a message would get more than
 *         MAILSUB_DKIM_MAX_SIGNERS signatures, and what mailsub_message_sign_dkim names.
 * RFC 6376; since 0.1
 */
MAILSUB_API int mailsub_config_add_dkim(mailsub_config *config, mailsub_dkim *dkim);

/**
 * Choose the size of the chunks in which a content is sent where the server has CHUNKING. A chunk is
 * memory, and what is sent in vain at most when the server refuses.
 * @param config  the config
 * @param octets  1 to 1,048,576; 65,536 at first; 0: use DATA, for a server whose BDAT is broken
 * @return 0; MAILSUB_E_INVALID outside its range
 * RFC 3030; since 0.1
 */
MAILSUB_API int mailsub_config_set_chunk_size(mailsub_config *config, size_t octets);

/**
 * Choose how many messages may be under way at once over one connection, where the server has
 * PIPELINING and CHUNKING. As many may end as unknown when the connection is lost.
 * @param config        the config
 * @param transactions  1 to 1,000; 64 at first
 * @return 0; MAILSUB_E_INVALID outside its range
 * RFC 2920; since 0.1
 */
MAILSUB_API int mailsub_config_set_overlap(mailsub_config *config, int transactions);

/**
 * Choose how many connections a session may have at once. One is opened for the first message;
 * further ones as long as more messages are pending than connections there are. When a server
 * refuses one more, those that stand have to do for a minute. Over each connection the messages go
 * in the order of posting; over several, they may arrive in another.
 * @param config       the config
 * @param connections  1 to 100; 1 at first. Ask the operator: many servers allow a client few.
 * @return 0; MAILSUB_E_INVALID outside its range
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_max_connections(mailsub_config *config, int connections);

/**
 * Choose after how many messages a connection is closed, and the next one gets another. What a
 * server says of it (RFC 9422 MAILMAX) is kept to in any case.
 * @param config    the config
 * @param messages  0 (the default): no limit
 * @return 0
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_max_messages(mailsub_config *config, uint64_t messages);

/**
 * Choose how long a connection is kept that nothing is sent over. The time is looked at by the calls
 * that process a session; mailsub_session_get_timeout tells when that is due.
 * @param config  the config
 * @param ms      up to 86,400,000; 60,000 at first, which is shorter than servers wait; 0: it is
 *                closed behind the last message; -1: it is kept as long as the server keeps it
 * @return 0; MAILSUB_E_INVALID outside its range
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_idle_timeout(mailsub_config *config, int64_t ms);

/**
 * Choose how many messages may be posted to a session at once: those not done, and those done that
 * mailsub_session_next_done has not told. mailsub_session_post refuses more.
 * @param config    the config
 * @param messages  1 to 10,000,000; 10,000 at first
 * @return 0; MAILSUB_E_INVALID outside its range
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_max_pending(mailsub_config *config, size_t messages);

/**
 * Talk LMTP: to the delivery of mail on this host or site, which answers for each recipient. Not on
 * port 25.
 * @param config  the config
 * @param on      0 (the default) or 1
 * @return 0; MAILSUB_E_INVALID another value
 * RFC 2033; since 0.1
 */
MAILSUB_API int mailsub_config_set_lmtp(mailsub_config *config, int on);

/**
 * Choose the policy by which every message is checked before it is sent. Its findings travel in the
 * receipt; an error among them stops the submission.
 * @param config  the config
 * @param policy  the config takes a reference; from now on the policy cannot be changed any more.
 *                NULL goes back to MAILSUB_PROFILE_DEFAULT.
 * @return 0
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_policy(mailsub_config *config, mailsub_policy *policy);

/**
 * Say that the server signs what it takes by DKIM, for the domain of From: then no rule asks for a
 * signature of this side.
 * @param config  the config
 * @param on      0 (the default) or 1
 * @return 0; MAILSUB_E_INVALID another value
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_relay_signs(mailsub_config *config, int on);

/**
 * Connect from one address of this host. Call it once for IPv4 and once for IPv6 to use both; with
 * one of them only, servers are reached by that family only.
 * @param config   the config
 * @param address  IPv4 address, or IPv6 address without brackets; NULL lets the system choose again
 *                 (the default)
 * @return 0; MAILSUB_E_HOST_NAME it is neither. Whether this host has it shows when a connection is
 *         made, which ends with MAILSUB_E_CONNECT otherwise.
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_source_address(mailsub_config *config, const char *address);

/**
 * Reach the server through a proxy: scheme://[user:password@]host[:port]
 *
 *  scheme            default port   proxy
 *  socks5, socks5h   1080           SOCKS5, with user name and password where they are given
 *  http              80             HTTP's CONNECT, with the Basic login where they are given
 *
 * The server's name goes to the proxy, and is not resolved here. TLS and login with the server are
 * demanded as without a proxy, which sees none of it; it does see its own login, in clear. A URL
 * whose host is this host cannot be reached through a proxy unless TLS is demanded by name
 * (mailsub_config_set_tls): what the proxy calls localhost is another. Unix sockets and descriptors
 * that are handed in need no proxy. No environment variable is looked at.
 * @param config  the config
 * @param url     NUL-terminated UTF-8; user and password are percent-decoded, and have 1 to 255
 *                octets; NULL for none (the default)
 * @return 0; MAILSUB_E_URL malformed, another scheme, a user without a password, or with http a user
 *         with a colon
 * RFC 1928, RFC 1929, RFC 9110 section 9.3.6, RFC 7617; since 0.1
 */
MAILSUB_API int mailsub_config_set_proxy(mailsub_config *config, const char *url);

/**
 * Have the application make the connections that the URL asks for, but for Unix sockets. What
 * mailsub_config_set_tls and the login demand stays demanded.
 * @param config   the config
 * @param connect  called for each connection; NULL for the library's own way (the default)
 * @param context  handed to connect
 * @return 0
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_connect(mailsub_config *config, mailsub_connect_fn connect,
                                           void *context);

/**
 * Receive the dialogue line by line.
 * @param config      the config
 * @param transcript  called from within the calls on a session, in their thread; NULL for none
 * @param context     handed to transcript
 * @return 0
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_transcript(mailsub_config *config,
                                              mailsub_transcript_fn transcript, void *context);

/**
 * Have the content of messages in the transcript too, as MAILSUB_TRANSCRIPT_CONTENT, line by line
 * behind the command that it belongs to, before dot-stuffing. Whoever reads the transcript then
 * reads the mail. Lines are cleaned as those of the server are, and cut behind 2,048 octets; a
 * secret of the login is replaced in them too.
 * @param config  the config
 * @param on      0 (the default) or 1
 * @return 0; MAILSUB_E_INVALID another value
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_transcript_content(mailsub_config *config, int on);

/**
 * Receive what happens, event by event (log.h).
 * @param config   the config
 * @param log      called from within the calls on a session or an engine, in their thread; NULL for
 *                 none
 * @param context  handed to log
 * @return 0
 * Since 0.1
 */
MAILSUB_API int mailsub_config_set_log(mailsub_config *config, mailsub_log_fn log, void *context);

/**
 * Never use TLS. Whoever sees the packets reads and changes the mail.
 * @param config  the config
 * @return 0
 * Since 0.1
 */
MAILSUB_API int mailsub_config_insecure_set_no_tls(mailsub_config *config);

/**
 * Log in over a connection that is not encrypted, or whose certificate is not verified. Whoever
 * sees the packets learns the password.
 * @param config  the config
 * @return 0
 * Since 0.1
 */
MAILSUB_API int mailsub_config_insecure_allow_clear_login(mailsub_config *config);

/**
 * Take any certificate. Whoever can divert the connection reads and changes the mail; a login then
 * needs mailsub_config_insecure_allow_clear_login too.
 * @param config  the config
 * @return 0
 * Since 0.1
 */
MAILSUB_API int mailsub_config_insecure_skip_verify(mailsub_config *config);

/**
 * Number of servers: that of mailsub_config_set_url, and those of mailsub_config_add_url.
 * @param config  NULL counts as one without
 * Since 0.1
 */
MAILSUB_API size_t mailsub_config_count_servers(const mailsub_config *config);

/**
 * One of the servers.
 * @param config  the config
 * @param index   0 for the one that is asked first
 * @return its URL, written anew: without a login, with the port, percent-encoded in ASCII, such as
 *         "submission://mail.example.org:587"; "" when there is no such server; lent until the next
 *         URL
 * Since 0.1
 */
MAILSUB_API const char *mailsub_config_get_server(const mailsub_config *config, size_t index);

/**
 * Host of the first server.
 * @param config  the config
 * @return name as an A-label, or address without brackets; "localhost" when the URL names a path; ""
 *         when none is set or config is NULL
 * Since 0.1
 */
MAILSUB_API const char *mailsub_config_get_host(const mailsub_config *config);

/**
 * Port of the first server.
 * @param config  the config
 * @return 1 to 65535; 0 when none is set, when the URL names a path, or config is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_config_get_port(const mailsub_config *config);

/**
 * Path that the first URL names on this host.
 * @param config  the config
 * @return percent-decoded; "" when the URL names a host, when none is set or config is NULL; lent
 *         until the next URL
 * Since 0.1
 */
MAILSUB_API const char *mailsub_config_get_path(const mailsub_config *config);

/**
 * Encryption that will be used with the first server.
 * @param config  the config
 * @return MAILSUB_TLS_*; MAILSUB_TLS_STARTTLS when config is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_config_get_tls(const mailsub_config *config);

/**
 * Number of signers that were added.
 * @param config  NULL counts as none
 * Since 0.1
 */
MAILSUB_API size_t mailsub_config_count_dkim(const mailsub_config *config);

/**
 * One of these signers.
 * @param config  the config
 * @param index   0 for the one that was added first
 * @return lent while the config lives; NULL when there is no such signer
 * Since 0.1
 */
MAILSUB_API mailsub_dkim *mailsub_config_get_dkim(const mailsub_config *config, size_t index);

/**
 * Why the last refused setter was refused.
 * @param config  the config
 * @return one line for a person, without secrets; "" when none was refused or config is NULL; lent
 *         until the next setter
 * Since 0.1
 */
MAILSUB_API const char *mailsub_config_get_error_detail(const mailsub_config *config);

MAILSUB_END_DECLS

#endif
