/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * One account's connections to its server.
 *
 * A session connects when the first message asks for it, and keeps the connection for the next.
 * mailsub_session_submit waits; the event form (post, get_fd, get_timeout, process) never does.
 * Both are the same code: submit posts the message and processes until it is done.
 *
 * Several posted messages are under way at once, over one connection where the server permits it
 * (mailsub_config_set_overlap), and over several (mailsub_config_set_max_connections).
 *
 * When a kept connection proves dead before anything of a message was handed over, the session
 * sends it over another by itself, once. Messages that were queued behind one with which a
 * connection ended, and of which nothing was handed over, go over another one too. Nothing is ever
 * repeated after that point.
 *
 * After a fork, the session in the child does not speak over the parent's connections, not even to
 * close them, and knows nothing of the messages that were posted in the parent, which reports them:
 * in the child they may be changed and freed. It connects anew when it is used; where no descriptor
 * is left for that, calls return MAILSUB_E_SYSTEM. Where the fork came while the session was being
 * processed, by another thread or around the done function that forked, calls in the child return
 * MAILSUB_E_STATE, and mailsub_session_free frees nothing there. A host's name is looked up by
 * getaddrinfo in a thread; a child that is forked in the middle of that may find the system's lock
 * on it held for ever, and should not look up names itself before it executes another program.
 */
#ifndef MAILSUB_SESSION_H
#define MAILSUB_SESSION_H

#include <mailsub/config.h>
#include <mailsub/export.h>
#include <mailsub/message.h>
#include <mailsub/receipt.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_session mailsub_session;

/**
 * Told when a posted message is done. It may post further messages; it must not free the session.
 * @param context  what mailsub_session_post was given
 * @param message  the message, which is the caller's again
 * @param code     the result, as mailsub_session_submit returns it
 * @param receipt  the receipt that mailsub_session_post was given, filled; NULL when it was NULL
 */
typedef void (*mailsub_done_fn)(void *context, mailsub_message *message, int code,
                                mailsub_receipt *receipt);

/**
 * Create a session; nothing is connected yet.
 * @param config       server and settings, frozen from now on; the session takes a reference
 * @param out_session  receives the session; the caller frees it
 * @return 0; MAILSUB_E_INVALID a NULL, config has no server, LMTP on port 25, or TLS or LMTP is
 *         demanded of a command, a Maildir or a directory; MAILSUB_E_NOMEM; MAILSUB_E_SYSTEM no descriptor is left
 * Since 0.1
 */
MAILSUB_API int mailsub_session_new(mailsub_config *config, mailsub_session **out_session);

/**
 * Use a connection that the application has made, the next time that the session connects; once.
 * What is spoken over it, TLS and login included, is as the config says: its first URL names the host
 * that a certificate has to be for. Behind it the session connects in its own way again.
 * @param session  the session
 * @param fd       stream socket, connected to the server, or being connected; the session's from now
 *                 on, and closed by it, whether the call succeeds or not. It takes the place of an
 *                 earlier one that was not used yet.
 * @return 0; MAILSUB_E_INVALID session is NULL, or fd is no stream socket
 * Since 0.1
 */
MAILSUB_API int mailsub_session_take_descriptor(mailsub_session *session, int fd);

/**
 * Close the connection at once and free the session. Messages that are not done end as
 * MAILSUB_E_CANCELLED, or as unknown where their content was complete; their done functions are
 * called. Afterwards no thread and no descriptor of the session is left; when a name resolution is
 * under way, this waits for the system's resolver to return.
 * @param session  NULL is allowed; not from within its own done function
 * Since 0.1
 */
MAILSUB_API void mailsub_session_free(mailsub_session *session);

/**
 * Submit one message and wait for the outcome.
 * @param session  the session; no posted message may be under way
 * @param message  what to send; not changed, except that its Date and Message-ID are fixed
 * @param receipt  filled whatever the result; NULL when not wanted
 * @return 0 when every recipient was accepted; MAILSUB_E_PARTIAL when some were; MAILSUB_E_INVALID
 * a NULL; MAILSUB_E_STATE a posted message is under way, or called from a done function;
 *         MAILSUB_E_UNKNOWN_OUTCOME the connection ended between the complete message and the
 *         reply; else the first cause: any other error of error.h. mailsub_error_action tells what
 *         to do about it.
 * RFC 5321, RFC 6409; since 0.1
 */
MAILSUB_API int mailsub_session_submit(mailsub_session *session, mailsub_message *message,
                                       mailsub_receipt *receipt);

/**
 * Post one message; mailsub_session_process will send it, beginning no later than those posted
 * behind it. Ask mailsub_session_get_timeout again behind this call.
 * @param session  the session
 * @param message  stays the caller's, who must not change or free it until it is done
 * @param receipt  filled when it is done; NULL when not wanted
 * @param done     told the result; NULL: mailsub_session_next_done tells it
 * @param context  handed to done, or told by mailsub_session_next_done
 * @return 0; MAILSUB_E_INVALID session or message is NULL; MAILSUB_E_STATE the message is posted
 *         already, or the session is being freed; MAILSUB_E_QUEUE_FULL as many are posted as
 *         mailsub_config_set_max_pending allows: go on when some are done; MAILSUB_E_NOMEM. After
 *         an error nothing is told of the message.
 * Since 0.1
 */
MAILSUB_API int mailsub_session_post(mailsub_session *session, mailsub_message *message,
                                     mailsub_receipt *receipt, mailsub_done_fn done, void *context);

/**
 * The descriptor to watch for reading. It stays the same for the life of the session, and stands
 * for all that the session waits for: call mailsub_session_process when it is readable.
 * @param session  the session
 * @return the descriptor, owned by the session; -1 when session is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_session_get_fd(const mailsub_session *session);

/**
 * How long mailsub_session_process need not be called if the descriptor stays quiet.
 * @param session  the session
 * @return milliseconds, 0 for at once; -1 when there is nothing to wait for, or session is NULL
 * Since 0.1
 */
MAILSUB_API int64_t mailsub_session_get_timeout(const mailsub_session *session);

/**
 * Do all that can be done without waiting; done functions are called from here.
 * @param session  the session
 * @return 0; MAILSUB_E_INVALID session is NULL; MAILSUB_E_STATE called from a done function. What
 *         befalls a message is told by its done function and receipt, not here.
 * Since 0.1
 */
MAILSUB_API int mailsub_session_process(mailsub_session *session);

/**
 * Take the next of the messages that were posted without a done function and are done, in the order
 * in which they came to their end.
 * @param session      NULL counts as one without messages
 * @param out_context  receives what mailsub_session_post was given; NULL when not wanted
 * @param out_code     receives the result, as mailsub_session_submit returns it; NULL when not
 *                     wanted
 * @param out_receipt  receives the receipt that mailsub_session_post was given, filled, or NULL;
 *                     NULL when not wanted
 * @return the message, which is the caller's again; NULL when there is none now, and the outputs are
 *         untouched then. A session that is freed tells nothing more: its receipts are filled.
 * Since 0.1
 */
MAILSUB_API mailsub_message *mailsub_session_next_done(mailsub_session *session, void **out_context,
                                                       int *out_code,
                                                       mailsub_receipt **out_receipt);

/**
 * Told how much of a message's content has been handed to the system for sending. Whether the server
 * takes it is known only when the message is done.
 * @param context  what mailsub_session_set_progress was given
 * @param message  a message that was posted or is being submitted; not to be changed
 * @param sent     octets of its content so far, as far as is certain; total in the end. It begins
 *                 again where a message is sent to parts of its recipients one behind the other.
 * @param total    octets of the whole content
 */
typedef void (*mailsub_progress_fn)(void *context, mailsub_message *message, uint64_t sent,
                                    uint64_t total);

/**
 * Be told of the progress of each message.
 * @param session   the session
 * @param progress  called within the calls that process the session, whenever more was sent; it may
 *                  post and cancel; NULL for none
 * @param context   handed to progress
 * @return 0; MAILSUB_E_INVALID session is NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_session_set_progress(mailsub_session *session, mailsub_progress_fn progress,
                                             void *context);

/**
 * Number of messages that are posted and not done.
 * @param session  NULL counts as none
 * Since 0.1
 */
MAILSUB_API size_t mailsub_session_count_pending(const mailsub_session *session);

/**
 * End what is under way: its connection is closed, and every message that is not done ends as
 * MAILSUB_E_CANCELLED, or as unknown where its content was complete. The session stays usable.
 * @param session  the session; must not be freed at the same time
 * @return 0; MAILSUB_E_INVALID session is NULL
 * Thread: any, and from a signal handler; since 0.1
 */
MAILSUB_API int mailsub_session_cancel(mailsub_session *session);

/**
 * Say goodbye to the server (QUIT) and close the connection, waiting at most two seconds for it.
 * The session stays usable and connects again for the next message.
 * @param session  the session; no posted message may be under way
 * @return 0, whatever the server answers; MAILSUB_E_INVALID session is NULL; MAILSUB_E_STATE a
 *         message is under way
 * RFC 5321 section 4.1.1.10; since 0.1
 */
MAILSUB_API int mailsub_session_close(mailsub_session *session);

/**
 * Ask which recipients of a message the server would take, without sending anything (RSET follows).
 * Servers may say yes now and no later, and count questions as attacks: ask sparingly.
 * @param session  the session; no posted message may be under way
 * @param message  its envelope counts: sender and recipients; it needs no content
 * @param receipt  filled whatever the result: each recipient ends as MAILSUB_OUTCOME_WILLING,
 *                 _REFUSED, _DEFERRED or _NOT_ATTEMPTED; NULL when not wanted
 * @return 0 when all would be taken; MAILSUB_E_PARTIAL when some would; else as
 *         mailsub_session_submit
 * RFC 5321 section 3.3; since 0.1
 */
MAILSUB_API int mailsub_session_probe(mailsub_session *session, mailsub_message *message,
                                      mailsub_receipt *receipt);

/**
 * Ask the server to start its queue for a domain. Which of RFC 1985's answers came is told by
 * mailsub_receipt_get_reply_code (250 started, 251 nothing waits, 252 messages wait, 253 so many)
 * and mailsub_receipt_get_pending.
 * @param session  the session; no posted message may be under way
 * @param node     domain, IDN too; "@domain" with its subdomains; "#queue" by the server's name
 * @param receipt  filled whatever the result; NULL when not wanted
 * @return 0; MAILSUB_E_DOMAIN node is malformed; MAILSUB_E_COMMAND not offered, or 500;
 *         MAILSUB_E_COMMAND_ARGUMENT 501; MAILSUB_E_COMMAND_DEFERRED 458; MAILSUB_E_COMMAND_REFUSED
 *         459 and others; MAILSUB_E_AUTH_REQUIRED 530; else as mailsub_session_submit
 * RFC 1985; since 0.1
 */
MAILSUB_API int mailsub_session_etrn(mailsub_session *session, const char *node,
                                     mailsub_receipt *receipt);

/**
 * Ask whether a mailbox exists (VRFY). Most servers do not tell: mailsub_session_probe does better.
 * @param session  the session; no posted message may be under way
 * @param mailbox  user name or address, UTF-8, at most some 500 octets
 * @param receipt  filled whatever the result: the reply's lines by mailsub_receipt_get_line; NULL
 *                 when not wanted
 * @return 0 it exists; MAILSUB_E_NOT_VERIFIED 252, neither yes nor no; MAILSUB_E_RECIPIENTS_REFUSED
 *         550, 551, 553: it does not, or not here, or is ambiguous; MAILSUB_E_CONTROL,
 *         MAILSUB_E_UTF8, MAILSUB_E_LIMIT mailbox; MAILSUB_E_SMTPUTF8 not ASCII, and the server
 *         lacks SMTPUTF8; others as mailsub_session_etrn
 * RFC 5321 section 3.5; since 0.1
 */
MAILSUB_API int mailsub_session_verify(mailsub_session *session, const char *mailbox,
                                       mailsub_receipt *receipt);

/**
 * Ask who is in a mailing list (EXPN).
 * @param session  the session; no posted message may be under way
 * @param list     name or address of the list, UTF-8
 * @param receipt  filled whatever the result: a line of the reply for each member; NULL when not
 *                 wanted
 * @return as mailsub_session_verify
 * RFC 5321 section 3.5; since 0.1
 */
MAILSUB_API int mailsub_session_expand(mailsub_session *session, const char *list,
                                       mailsub_receipt *receipt);

/**
 * Ask the server for help.
 * @param session  the session; no posted message may be under way
 * @param topic    such as the name of a command; NULL or "" for none
 * @param receipt  filled whatever the result: the reply's lines; NULL when not wanted
 * @return 0; MAILSUB_E_CONTROL, MAILSUB_E_SMTPUTF8, MAILSUB_E_LIMIT topic; others as
 *         mailsub_session_etrn
 * RFC 5321 section 4.1.1.8; since 0.1
 */
MAILSUB_API int mailsub_session_help(mailsub_session *session, const char *topic,
                                     mailsub_receipt *receipt);

/**
 * Check server and settings: connect anew, TLS, login where there are credentials, QUIT. Nothing is
 * submitted. The receipt tells the facts of TLS, mailsub_session_get_capability what is offered. Of
 * several servers the first is asked, however long it is to be left alone, then the next, up to one
 * that a message could be submitted to.
 * @param session  the session; no posted message may be under way
 * @param receipt  filled whatever the result; NULL when not wanted
 * @return 0 when a message could have been submitted; else as mailsub_session_submit
 * Since 0.1
 */
MAILSUB_API int mailsub_session_check(mailsub_session *session, mailsub_receipt *receipt);

/** When the server said what it offers. */
enum {
    MAILSUB_OFFER_CLEAR = 0, /**< before STARTTLS; for reading only, the session forgets it */
    MAILSUB_OFFER_LAST = 1   /**< what counts: in its last reply to EHLO */
};

/**
 * Number of capabilities that the server offers; of the last connection when there is none now.
 * @param session  NULL counts as one that was never connected
 * @param when     MAILSUB_OFFER_*
 * Since 0.1
 */
MAILSUB_API size_t mailsub_session_count_capabilities(const mailsub_session *session, int when);

/**
 * A capability as the server wrote it, cleaned, such as "SIZE 10240000". Lines beyond 8 KiB are
 * left out.
 * @param session  NULL counts as one that was never connected
 * @param when     MAILSUB_OFFER_*
 * @param index    0 to the count - 1
 * @return lent until the next call on the session; "" outside
 * RFC 5321 section 4.1.1.1; since 0.1
 */
MAILSUB_API const char *mailsub_session_get_capability(const mailsub_session *session, int when,
                                                       size_t index);

/**
 * Look a capability up by its keyword.
 * @param session  NULL counts as one that was never connected
 * @param when     MAILSUB_OFFER_*
 * @param keyword  such as mailsub_extension_name(MAILSUB_EXTENSION_SIZE); letters in any case
 * @return what stands behind the keyword, "" when nothing does; NULL when it is not offered; lent
 *         until the next call on the session
 * Since 0.1
 */
MAILSUB_API const char *mailsub_session_find_capability(const mailsub_session *session, int when,
                                                        const char *keyword);

MAILSUB_END_DECLS

#endif
