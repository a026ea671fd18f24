/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * What became of one submission, as a whole and for every recipient.
 *
 * A receipt is made by the caller, handed to a submission, filled whatever the result, and may be
 * used again. Strings are lent until it is used again or freed; they are never NULL, but "" where
 * there is nothing to say. What a server said is cleaned: printable ASCII and valid UTF-8, one
 * line.
 */
#ifndef MAILSUB_RECEIPT_H
#define MAILSUB_RECEIPT_H

#include <mailsub/export.h>
#include <mailsub/extension.h>
#include <mailsub/policy.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_receipt mailsub_receipt;

/** Fates of a recipient: X(number, NAME, text). Each recipient ends in exactly one. */
#define MAILSUB_OUTCOME_LIST(X)                                                                    \
    X(0, NOT_ATTEMPTED, "not attempted") /* nothing of it reached the server: may be sent again */ \
    X(1, ACCEPTED, "accepted")           /* the server took the responsibility */                  \
    X(2, REFUSED, "refused")             /* for good (5yz): do not send again unchanged */         \
    X(3, DEFERRED, "deferred")           /* for now (4yz): may be sent again later */              \
    X(4, UNKNOWN, "unknown")           /* no reply to the complete message: it may have arrived */ \
    X(5, WILLING, "would be accepted") /* by mailsub_session_probe: nothing was sent */

enum {
#define MAILSUB_OUTCOME_ENUM_(number, NAME, text) MAILSUB_OUTCOME_##NAME = (number),
    MAILSUB_OUTCOME_LIST(MAILSUB_OUTCOME_ENUM_)
#undef MAILSUB_OUTCOME_ENUM_
        MAILSUB_OUTCOME_END_ = 6
};

/** How far a submission came: X(number, NAME, text). */
#define MAILSUB_STAGE_LIST(X)                                                                      \
    X(0, NONE, "not started")                                                                      \
    X(1, CHECK, "check of the message")                                                            \
    X(2, RESOLVE, "name resolution")                                                               \
    X(3, CONNECT, "connection")                                                                    \
    X(4, TLS, "TLS handshake")                                                                     \
    X(5, GREETING, "greeting")                                                                     \
    X(6, EHLO, "EHLO")                                                                             \
    X(7, STARTTLS, "STARTTLS")                                                                     \
    X(8, AUTH, "AUTH")                                                                             \
    X(9, MAIL, "MAIL FROM")                                                                        \
    X(10, RCPT, "RCPT TO")                                                                         \
    X(11, DATA, "DATA")                                                                            \
    X(12, CONTENT, "message content")                                                              \
    X(13, END_OF_DATA, "end of data")                                                              \
    X(14, RSET, "RSET")                                                                            \
    X(15, QUIT, "QUIT")                                                                            \
    X(16, ETRN, "ETRN")                                                                            \
    X(17, VRFY, "VRFY")                                                                            \
    X(18, EXPN, "EXPN")                                                                            \
    X(19, HELP, "HELP")

enum {
#define MAILSUB_STAGE_ENUM_(number, NAME, text) MAILSUB_STAGE_##NAME = (number),
    MAILSUB_STAGE_LIST(MAILSUB_STAGE_ENUM_)
#undef MAILSUB_STAGE_ENUM_
        MAILSUB_STAGE_END_ = 20
};

/** What vouched for the server's certificate. */
enum {
    MAILSUB_VERIFIED_NOT = 0,                  /**< nothing: anybody may have been the server */
    MAILSUB_VERIFIED_BY_AUTHORITY = 1,         /**< a trusted authority: issuer, name and dates */
    MAILSUB_VERIFIED_BY_AUTHORITY_AND_KEY = 2, /**< the same, and the key is a pinned one */
    MAILSUB_VERIFIED_BY_KEY = 3,               /**< the pinned key, where authorities were waived */
    MAILSUB_VERIFIED_BY_FINGERPRINT = 4        /**< it is the very certificate that was named */
};

/**
 * Create an empty receipt.
 * @param allocator    memory for the receipt and all it holds; NULL for malloc
 * @param out_receipt  receives the receipt; the caller frees it
 * @return 0; MAILSUB_E_INVALID out_receipt is NULL or allocator is incomplete; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_new(const mailsub_allocator *allocator,
                                    mailsub_receipt **out_receipt);

/**
 * Free a receipt.
 * @param receipt  NULL is allowed; must not be in the hands of a session
 * Since 0.1
 */
MAILSUB_API void mailsub_receipt_free(mailsub_receipt *receipt);

/**
 * The result of the submission, the same that mailsub_session_submit returned.
 * @param receipt  the receipt
 * @return MAILSUB_OK when every recipient was accepted; MAILSUB_E_PARTIAL when some were; else the
 *         first cause; MAILSUB_E_STATE when it was not filled yet; MAILSUB_E_INVALID when NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_code(const mailsub_receipt *receipt);

/**
 * How far the submission came: where it failed, or MAILSUB_STAGE_END_OF_DATA.
 * @param receipt  NULL counts as empty
 * @return MAILSUB_STAGE_*
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_stage(const mailsub_receipt *receipt);

/**
 * The server's reply that decided.
 * @param receipt  NULL counts as empty
 * @return 200 to 599; 0 when no reply decided
 * RFC 5321 section 4.2; since 0.1
 */
MAILSUB_API int mailsub_receipt_get_reply_code(const mailsub_receipt *receipt);

/**
 * The enhanced status code of that reply, its class corrected to agree with the reply code.
 * @param receipt  NULL counts as empty
 * @return such as "5.1.1"; "" when the reply had none
 * RFC 3463; since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_enhanced_status(const mailsub_receipt *receipt);

/**
 * The text of that reply, its lines joined by a space, without code and enhanced status.
 * @param receipt  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_reply_text(const mailsub_receipt *receipt);

/**
 * What this side knows of the cause besides: the file, the address, the system's or TLS's reason.
 * @param receipt  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_detail(const mailsub_receipt *receipt);

/**
 * When recipients that the limiter held back (MAILSUB_E_RATE_LIMITED) may be submitted again.
 * @param receipt  NULL counts as empty
 * @return milliseconds from the end of the submission; 0 when none was held back; -1 never: they
 *         are more than a limit allows at once
 * Since 0.1
 */
MAILSUB_API int64_t mailsub_receipt_get_quota_wait(const mailsub_receipt *receipt);

/**
 * The Message-ID of the message, in angle brackets.
 * @param receipt  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_message_id(const mailsub_receipt *receipt);

/**
 * The server's name for the accepted message, when its reply tells one ("queued as 4XyZ").
 * @param receipt  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_queue_id(const mailsub_receipt *receipt);

/**
 * The server that the result is from: which took the message, or refused it.
 * @param receipt  NULL counts as empty
 * @return its URL as mailsub_config_get_server writes it, cut behind 351 octets; "" when none was
 *         asked
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_server(const mailsub_receipt *receipt);

/**
 * Number of servers that were asked and could not be used (mailsub_config_add_url). When the
 * submission ended with none that could, the last is among them; the result is then that of the
 * last, or of the first at which a later attempt may help.
 * @param receipt  NULL counts as empty
 * @return 0 when the first could be used; one is not counted where there was no memory for it
 * Since 0.1
 */
MAILSUB_API size_t mailsub_receipt_count_failed_servers(const mailsub_receipt *receipt);

/**
 * A server that could not be used, in the order in which they were asked.
 * @param receipt  NULL counts as empty
 * @param index    0 to the count - 1; outside, the functions below return "" and 0
 * @return its URL as mailsub_config_get_server writes it
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_failed_server(const mailsub_receipt *receipt,
                                                          size_t index);

/**
 * Why it could not be used.
 * @param receipt  the receipt
 * @param index    as above
 * @return MAILSUB_E_*
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_failed_server_code(const mailsub_receipt *receipt,
                                                       size_t index);

/**
 * The stage at which it failed.
 * @param receipt  the receipt
 * @param index    as above
 * @return MAILSUB_STAGE_*
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_failed_server_stage(const mailsub_receipt *receipt,
                                                        size_t index);

/**
 * The code of the reply by which it refused.
 * @param receipt  the receipt
 * @param index    as above
 * @return 200 to 599; 0 when no reply decided
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_failed_server_reply_code(const mailsub_receipt *receipt,
                                                             size_t index);

/**
 * The text of that reply, or what this side knows of the cause.
 * @param receipt  the receipt
 * @param index    as above
 * @return one line; "" where nothing is known
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_failed_server_text(const mailsub_receipt *receipt,
                                                               size_t index);

/**
 * The TLS version of the connection.
 * @param receipt  NULL counts as empty
 * @return such as "TLS1.3"; "" when the connection was in clear or there was none
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_tls_version(const mailsub_receipt *receipt);

/**
 * The cipher suite of the connection.
 * @param receipt  NULL counts as empty
 * @return the name that GnuTLS gives it; "" when the connection was in clear or there was none
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_tls_cipher(const mailsub_receipt *receipt);

/**
 * How the server's certificate was verified.
 * @param receipt  NULL counts as empty
 * @return MAILSUB_VERIFIED_*; MAILSUB_VERIFIED_NOT, which is 0, also when the connection was in
 *         clear or there was none
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_tls_verified_by(const mailsub_receipt *receipt);

/**
 * SHA-256 of the server's certificate, as mailsub_config_set_fingerprint takes it.
 * @param receipt  NULL counts as empty
 * @return 64 hexadecimal digits; "" when there was no certificate
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_tls_fingerprint(const mailsub_receipt *receipt);

/**
 * The DNS names in the server's certificate, separated by commas; of very many, the first.
 * @param receipt  NULL counts as empty
 * @return printable ASCII, at most 255 octets; "" when there are none
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_tls_names(const mailsub_receipt *receipt);

/**
 * Whether the handshake resumed the TLS session of an earlier connection.
 * @param receipt  NULL counts as empty
 * @return 1 or 0
 * RFC 8446 section 2.2; since 0.1
 */
MAILSUB_API int mailsub_receipt_get_tls_resumed(const mailsub_receipt *receipt);

/**
 * How many messages an ETRN has started (reply 253).
 * @param receipt  NULL counts as empty
 * @return the number; -1 when it was not told
 * RFC 1985 section 5.2; since 0.1
 */
MAILSUB_API int64_t mailsub_receipt_get_pending(const mailsub_receipt *receipt);

/**
 * Number of lines of the reply to VRFY, EXPN, HELP or ETRN.
 * @param receipt  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API size_t mailsub_receipt_count_lines(const mailsub_receipt *receipt);

/**
 * A line of that reply, without its code and enhanced status.
 * @param receipt  the receipt
 * @param index    0 to the count - 1; outside, ""
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_line(const mailsub_receipt *receipt, size_t index);

/**
 * What the message asked for and was sent without, because the server does not offer it.
 * @param receipt  NULL counts as empty
 * @return bits 1u << MAILSUB_EXTENSION_*
 * Since 0.1
 */
MAILSUB_API uint32_t mailsub_receipt_get_dropped(const mailsub_receipt *receipt);

/**
 * Number of warnings: what was left out, where mailsub_config_set_extension_policy says that it is
 * worth one.
 * @param receipt  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API size_t mailsub_receipt_count_warnings(const mailsub_receipt *receipt);

/**
 * A warning for a person or a log.
 * @param receipt  NULL counts as empty
 * @param index    0 to the count - 1
 * @return one line of English that begins with the extension's keyword; "" outside
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_warning(const mailsub_receipt *receipt, size_t index);

/**
 * What the policy check has found; the errors among it have stopped the submission with
 * MAILSUB_E_POLICY.
 * @param receipt  the receipt
 * @return lent until the receipt is used again or freed; NULL when receipt is NULL
 * Since 0.1
 */
MAILSUB_API const mailsub_findings *mailsub_receipt_get_findings(const mailsub_receipt *receipt);

/**
 * Number of recipients, in the order in which the message got them.
 * @param receipt  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API size_t mailsub_receipt_count_recipients(const mailsub_receipt *receipt);

/**
 * A recipient's address as it was sent.
 * @param receipt  the receipt
 * @param index    0 to the count - 1; outside, the functions below return "" and 0
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_recipient(const mailsub_receipt *receipt, size_t index);

/**
 * A recipient's fate.
 * @param receipt  the receipt
 * @param index    as above
 * @return MAILSUB_OUTCOME_*
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_outcome(const mailsub_receipt *receipt, size_t index);

/**
 * The cause of a recipient's fate.
 * @param receipt  the receipt
 * @param index    as above
 * @return MAILSUB_OK when it was accepted, else a MAILSUB_E_*
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_recipient_code(const mailsub_receipt *receipt, size_t index);

/**
 * The stage at which a recipient's fate was decided.
 * @param receipt  the receipt
 * @param index    as above
 * @return MAILSUB_STAGE_*
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_recipient_stage(const mailsub_receipt *receipt, size_t index);

/**
 * In which of the transactions on its connection a recipient was asked for: recipients that the
 * server does not take together share a message, not a transaction.
 * @param receipt  the receipt
 * @param index    as above
 * @return from 1; 0 when it was not asked for
 * Since 0.1
 */
MAILSUB_API uint32_t mailsub_receipt_get_recipient_transaction(const mailsub_receipt *receipt,
                                                               size_t index);

/**
 * The code of the reply that decided a recipient's fate.
 * @param receipt  the receipt
 * @param index    as above
 * @return 200 to 599; 0 when no reply decided
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_get_recipient_reply_code(const mailsub_receipt *receipt,
                                                         size_t index);

/**
 * The enhanced status code of that reply.
 * @param receipt  the receipt
 * @param index    as above
 * @return such as "5.1.1"; "" when the reply had none
 * RFC 3463; since 0.1
 */
MAILSUB_API const char *
mailsub_receipt_get_recipient_enhanced_status(const mailsub_receipt *receipt, size_t index);

/**
 * The text of that reply.
 * @param receipt  the receipt
 * @param index    as above
 * Since 0.1
 */
MAILSUB_API const char *mailsub_receipt_get_recipient_reply_text(const mailsub_receipt *receipt,
                                                                 size_t index);

/**
 * Name of an outcome, in English.
 * @param outcome  MAILSUB_OUTCOME_*
 * @return static text; "?" when there is no such outcome
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_outcome_name(int outcome);

/**
 * Name of a stage, in English.
 * @param stage  MAILSUB_STAGE_*
 * @return static text; "?" when there is no such stage
 * Thread: any; since 0.1
 */
MAILSUB_API const char *mailsub_stage_name(int stage);

/**
 * Write a receipt as lines of text for a person or a log: the result, then each recipient.
 * @param receipt  the receipt; filled
 * @param sink     takes the text; not NULL
 * @param context  handed to sink
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_STATE not filled yet; MAILSUB_E_SINK it stopped
 * Since 0.1
 */
MAILSUB_API int mailsub_receipt_write(const mailsub_receipt *receipt, mailsub_sink_fn sink,
                                      void *context);

/**
 * Write a receipt as one JSON object and a line end. It is UTF-8, and no text in it has a control.
 * Keys: code, name, text, action, stage, reply (code, enhanced, text; or null), sysexit, detail,
 * message_id, queue_id, retry_after (at the first try; or null), tls (version, cipher, verified,
 * resumed, fingerprint, names; or null), login (mechanisms: name, state; text), dropped, warnings,
 * findings (rule, severity, where, detail, advice), pending (or null), lines, recipients (address,
 * outcome, code, name, text, action, stage, reply, transaction, safe_to_retry). Outcomes and stages
 * are named by their constants in small letters, such as "not_attempted", actions and severities
 * too: "retry_later". There may be more keys in later versions.
 * @param receipt  the receipt; filled
 * @param sink     takes the text; not NULL
 * @param context  handed to sink
 * @return 0; MAILSUB_E_INVALID a NULL; MAILSUB_E_STATE not filled yet; MAILSUB_E_SINK it stopped
 * RFC 8259; since 0.1
 */
MAILSUB_API int mailsub_receipt_write_json(const mailsub_receipt *receipt, mailsub_sink_fn sink,
                                           void *context);

/**
 * How long to wait before the next try: what the server says in a reply 4yz ("try again in 5
 * minutes"), else what its enhanced status suggests and a back-off, the longer of the two: 5, 15, 30
 * minutes, 1, 2, and then always 4 hours, for five days. Where the limiter held it back, it is until
 * the next slot opens.
 * @param receipt  NULL counts as empty
 * @param attempt  tries so far, this one included: 1 or more
 * @return seconds, 1 to 432,000; -1 when another try does not help: all was accepted or refused for
 *         good, the outcome is unknown, something has to be mended first, or five days are over
 * RFC 5321 section 4.5.4.1; since 0.1
 */
MAILSUB_API int64_t mailsub_receipt_get_retry_after(const mailsub_receipt *receipt,
                                                    unsigned attempt);

/**
 * Number of recipients to whom it is safe to send again: those that were deferred or not attempted.
 * None of them can get the message twice. Whether another try helps is told by their code.
 * @param receipt  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API size_t mailsub_receipt_count_retryable(const mailsub_receipt *receipt);

/**
 * One of these recipients.
 * @param receipt  NULL counts as empty
 * @param index    0 to mailsub_receipt_count_retryable - 1
 * @return its index in the receipt; SIZE_MAX outside
 * Since 0.1
 */
MAILSUB_API size_t mailsub_receipt_get_retryable(const mailsub_receipt *receipt, size_t index);

MAILSUB_END_DECLS

#endif
