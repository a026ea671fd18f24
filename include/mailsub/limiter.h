/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * The limiter: how many recipients, or messages, a sender may address within some time.
 *
 * In no interval as long as a window is more admitted than its limit: whatever the order of calls,
 * in however many threads, processes and machines that share a store, and whatever is done to the
 * clock while a steady one vouches for the time (mailsub_instant). In return a sender may have to
 * wait up to a twentieth of the window longer than strictly needed; one that always has something
 * to send gets at least 95 % of the limit.
 *
 * Rules are set first; the first request freezes them. Everything else may be called in several
 * threads at once on the same limiter, with a ticket for each.
 */
#ifndef MAILSUB_LIMITER_H
#define MAILSUB_LIMITER_H

#include <mailsub/export.h>
#include <mailsub/store.h>
#include <mailsub/system.h>

MAILSUB_BEGIN_DECLS

typedef struct mailsub_limiter mailsub_limiter;

/** The answer to a request: what was admitted, or when to ask again. Can be used again and again.
 */
typedef struct mailsub_ticket mailsub_ticket;

/** Least and most milliseconds of a window: a second, and 366 days. */
#define MAILSUB_MIN_WINDOW_MS 1000
#define MAILSUB_MAX_WINDOW_MS (366LL * 24 * 60 * 60 * 1000)
/** Most of a limit. */
#define MAILSUB_MAX_WINDOW_LIMIT 1000000000
/** Most rules of a limiter. */
#define MAILSUB_MAX_RULES 100000

/**
 * Tells a zone's offset from UTC.
 * @param context         what mailsub_limiter_set_zone was given
 * @param unix_s          the time in question, seconds since 1970-01-01 UTC
 * @param out_offset_min  receives the offset in minutes, east positive, within a day
 * @return 0, or a negative MAILSUB_E_* that the request will return
 */
typedef int (*mailsub_zone_fn)(void *context, int64_t unix_s, int32_t *out_offset_min);

/**
 * Create a limiter that counts in the memory of this process, for its threads. After a fork the
 * child's calls return MAILSUB_E_STATE: both would admit the whole quota.
 * @param allocator    memory for the limiter and its senders; NULL for malloc
 * @param out_limiter  receives the limiter, with one reference that the caller holds
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_NOMEM; MAILSUB_E_SYSTEM
 * Since 0.1
 */
MAILSUB_API int mailsub_limiter_new(const mailsub_allocator *allocator,
                                    mailsub_limiter **out_limiter);

/**
 * Create a limiter that counts where a URL says:
 *
 *  memory:                as mailsub_limiter_new
 *  file:/path             in a file, for all processes of this machine: it is made when there is
 *                         none, with mode 0600; its directory must exist. Not on network file
 *                         systems, whose locks cannot be relied upon. Processes may be killed and
 *                         the power may fail at any moment: what was admitted stays counted.
 *  sqlite:/path           in a table of an SQLite database (libmailsub-sqlite)
 *  redis://[user[:password]@]host[:port][/db]
 *                         in Redis or Valkey, for a fleet of machines (libmailsub-redis); rediss://
 *                         with TLS, redis+unix:///path over a local socket
 *
 * @param allocator    memory for the limiter; NULL for malloc
 * @param url          not NULL
 * @param out_limiter  receives the limiter, with one reference that the caller holds
 * @return 0; MAILSUB_E_URL malformed, or an unknown scheme; MAILSUB_E_STORE it cannot be opened or
 *         reached; MAILSUB_E_STORE_DAMAGED, _STORE_VERSION, _STORE_UNSAFE; MAILSUB_E_STORE_MISSING
 *         the library for it is not installed; MAILSUB_E_INVALID; MAILSUB_E_NOMEM; MAILSUB_E_SYSTEM
 * Since 0.1
 */
MAILSUB_API int mailsub_limiter_open(const mailsub_allocator *allocator, const char *url,
                                     mailsub_limiter **out_limiter);

/** Senders that a damaged file has lost begin anew; else they count as full when it is recovered.
 */
#define MAILSUB_RECOVER_FORGET (1u << 0)

/**
 * Make a damaged file usable again. What is whole in it is kept, and the old one stays beside it,
 * with ".damaged" behind its name. A file that is whole is left alone.
 * @param url    of the scheme file
 * @param flags  0 or MAILSUB_RECOVER_FORGET
 * @return 0; MAILSUB_E_URL another scheme, or malformed; MAILSUB_E_STORE it cannot be read, or its
 *         directory not be written; MAILSUB_E_STORE_VERSION; MAILSUB_E_STORE_UNSAFE;
 *         MAILSUB_E_INVALID
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_limiter_recover(const char *url, uint32_t flags);

/**
 * Create a limiter that counts in a store of the program's own.
 * @param allocator    memory for the limiter; NULL for malloc
 * @param store        copied; not NULL; on success the limiter calls its close, on failure nobody
 * @param out_limiter  receives the limiter
 * @return 0; MAILSUB_E_INVALID a NULL, or neither update nor decide is there; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_limiter_new_with_store(const mailsub_allocator *allocator,
                                               const mailsub_store *store,
                                               mailsub_limiter **out_limiter);

/**
 * Take a further reference.
 * @param limiter  NULL is allowed
 * @return limiter
 * Thread: any; since 0.1
 */
MAILSUB_API mailsub_limiter *mailsub_limiter_ref(mailsub_limiter *limiter);

/**
 * Give a reference back; the last one closes the store and frees the limiter.
 * @param limiter  NULL is allowed
 * Thread: any; since 0.1
 */
MAILSUB_API void mailsub_limiter_unref(mailsub_limiter *limiter);

/**
 * Add one window to the rule of a sender, a domain or everybody. A sender is held to the windows of
 * the rule that names its address; where there is none, its domain; where there is none, the
 * default. Who has no rule is not limited. All windows of a rule hold together.
 *
 * Addresses are compared as mailboxes: the domain without regard to case, and an internationalized
 * one as its A-labels; the local part exactly.
 * @param limiter    no request was made yet
 * @param who        "user@example.org"; "@example.org" for all of a domain, not of those below it;
 *                   NULL for the default
 * @param limit      1 to MAILSUB_MAX_WINDOW_LIMIT recipients or messages
 * @param window_ms  MAILSUB_MIN_WINDOW_MS to MAILSUB_MAX_WINDOW_MS; a fixed one divides a day, or is
 *                   whole days: these are counted from 1970-01-01, and weeks from a Monday
 * @param flags      MAILSUB_WINDOW_*, or 0. TOGETHER is for a whole rule: the first window's counts
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_ADDRESS, MAILSUB_E_DOMAIN who is malformed;
 *         MAILSUB_E_STATE requests were made; MAILSUB_E_LIMIT too many windows or rules;
 *         MAILSUB_E_NOMEM
 * RFC 5321 section 2.4, RFC 5891; since 0.1
 */
MAILSUB_API int mailsub_limiter_add_rule(mailsub_limiter *limiter, const char *who, int64_t limit,
                                         int64_t window_ms, uint32_t flags);

/**
 * Name the zone at whose midnight fixed windows begin. Without it, it is UTC's. The library does
 * not read zone files: localtime_r does, in three lines, for the zone of the process.
 * @param limiter  no request was made yet
 * @param zone     asked in the threads of requests, several at once; NULL for a constant offset
 * @param context  handed to zone; lives as long as the limiter
 * @param offset_min  where zone is NULL: offset from UTC in minutes, -1439 to 1439
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_STATE requests were made
 * Since 0.1
 */
MAILSUB_API int mailsub_limiter_set_zone(mailsub_limiter *limiter, mailsub_zone_fn zone,
                                         void *context, int32_t offset_min);

/**
 * Choose what happens when the store fails: nothing is admitted and the request returns the store's
 * error (0, the default), or everything is admitted (1), which the ticket tells.
 * @param limiter  the limiter
 * @param on       0 or 1
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_STATE requests were made
 * Since 0.1
 */
MAILSUB_API int mailsub_limiter_set_fail_open(mailsub_limiter *limiter, int on);

/**
 * Admit one message to n recipients, all or none. What is admitted counts from now on; whoever does
 * not send it gives it back by mailsub_limiter_refund.
 * @param limiter  the limiter
 * @param sender   mailbox of the envelope, UTF-8; "" for the null sender
 * @param n        recipients, 1 to MAILSUB_MAX_WINDOW_LIMIT
 * @param now      the time; NULL for the system's
 * @param ticket   filled whatever the result; not NULL. What it held is as if committed.
 * @return 0; MAILSUB_E_RATE_LIMITED mailsub_ticket_get_retry_after tells when to ask again;
 *         MAILSUB_E_INVALID; MAILSUB_E_ADDRESS, MAILSUB_E_DOMAIN sender is malformed;
 *         MAILSUB_E_STATE after a fork, MAILSUB_E_LIMIT more than 67 million senders (limiters in
 *         memory); MAILSUB_E_NOMEM; or the store's: MAILSUB_E_STORE, _STORE_DAMAGED, _STORE_VERSION,
 *         _STORE_UNSAFE
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_limiter_reserve(mailsub_limiter *limiter, const char *sender, int64_t n,
                                        const mailsub_instant *now, mailsub_ticket *ticket);

/**
 * Admit one message to as many of n recipients as may be now, at least one:
 * mailsub_ticket_get_granted tells how many. Arguments and results as above.
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_limiter_reserve_some(mailsub_limiter *limiter, const char *sender,
                                             int64_t n, const mailsub_instant *now,
                                             mailsub_ticket *ticket);

/**
 * What was reserved has been sent: it stays counted, and cannot be given back any more. A ticket
 * that is dropped or used again has the same effect.
 * @param limiter  the limiter that filled the ticket
 * @param ticket   the ticket
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_STATE nothing is reserved by it
 * Since 0.1
 */
MAILSUB_API int mailsub_limiter_commit(mailsub_limiter *limiter, mailsub_ticket *ticket);

/**
 * Give back what never reached the server. A message is given back with the last of its recipients.
 * @param limiter  the limiter that filled the ticket
 * @param ticket   the ticket
 * @param n        recipients, 1 to those that are granted and not given back yet
 * @param now      the time; NULL for the system's
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_STATE nothing is reserved by it; or the store's
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_limiter_refund(mailsub_limiter *limiter, mailsub_ticket *ticket, int64_t n,
                                       const mailsub_instant *now);

/**
 * Look up what a sender has used and has left, without any change.
 * @param limiter  the limiter
 * @param sender   as above
 * @param now      the time; NULL for the system's
 * @param ticket   receives the answer, see mailsub_ticket_count_windows
 * @return as mailsub_limiter_reserve; never MAILSUB_E_RATE_LIMITED
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_limiter_query(mailsub_limiter *limiter, const char *sender,
                                      const mailsub_instant *now, mailsub_ticket *ticket);

/**
 * Forget what a sender has used, and that it is closed: when a server's operator has done the same.
 * Where senders are counted together, all of them.
 * @param limiter  the limiter
 * @param sender   as above
 * @param now      the time; NULL for the system's
 * @return as mailsub_limiter_query
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_limiter_reset(mailsub_limiter *limiter, const char *sender,
                                      const mailsub_instant *now);

/**
 * Admit nothing from a sender for a while, because its server said so.
 * @param limiter  the limiter
 * @param sender   as above
 * @param ms       1 to MAILSUB_MAX_WINDOW_MS; 0 for a minute, and twice as long each time that it
 *                 is said again, up to four hours. It never shortens what was said before.
 * @param now      the time; NULL for the system's
 * @return as mailsub_limiter_query
 * Thread: any; since 0.1
 */
MAILSUB_API int mailsub_limiter_close_sender(mailsub_limiter *limiter, const char *sender,
                                             int64_t ms, const mailsub_instant *now);

/**
 * Whether a server's reply means that its client sends too much, too fast.
 * @param reply_code  200 to 599
 * @param enhanced    enhanced status such as "4.7.0"; "" or NULL when the reply had none
 * @param text        text of the reply; NULL counts as ""
 * @return 1 or 0
 * RFC 5321 section 4.2, RFC 3463; thread: any; since 0.1
 */
MAILSUB_API int mailsub_limiter_is_slow_down(int reply_code, const char *enhanced,
                                             const char *text);

/**
 * Create an empty ticket.
 * @param allocator   memory for it; NULL for malloc
 * @param out_ticket  receives the ticket; the caller frees it
 * @return 0; MAILSUB_E_INVALID; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_ticket_new(const mailsub_allocator *allocator, mailsub_ticket **out_ticket);

/**
 * Free a ticket. What it has reserved stays counted.
 * @param ticket  NULL is allowed
 * Since 0.1
 */
MAILSUB_API void mailsub_ticket_free(mailsub_ticket *ticket);

/**
 * Recipients that are reserved by a ticket and were not given back.
 * @param ticket  NULL counts as empty
 * Since 0.1
 */
MAILSUB_API int64_t mailsub_ticket_get_granted(const mailsub_ticket *ticket);

/**
 * When to ask again for what was refused; after mailsub_limiter_reserve_some, for one more.
 * @param ticket  NULL counts as empty
 * @return milliseconds from the time of the request; 0 at once; -1 never: n exceeds a limit
 * Since 0.1
 */
MAILSUB_API int64_t mailsub_ticket_get_retry_after(const mailsub_ticket *ticket);

/**
 * How long the sender is closed because its server said so.
 * @param ticket  NULL counts as empty
 * @return milliseconds from the time of the request; 0 when it is not
 * Since 0.1
 */
MAILSUB_API int64_t mailsub_ticket_get_closed(const mailsub_ticket *ticket);

/**
 * Whether it was granted only because the store failed, see mailsub_limiter_set_fail_open.
 * @param ticket  NULL counts as empty
 * @return 0, or the store's error
 * Since 0.1
 */
MAILSUB_API int mailsub_ticket_get_store_error(const mailsub_ticket *ticket);

/**
 * Windows that the sender is held to.
 * @param ticket  NULL counts as empty
 * @return 0 to MAILSUB_MAX_WINDOWS; 0 when there is no rule for it
 * Since 0.1
 */
MAILSUB_API size_t mailsub_ticket_count_windows(const mailsub_ticket *ticket);

/**
 * One of them, as mailsub_limiter_add_rule was given it.
 * @param ticket         NULL counts as empty
 * @param index          0 to the count - 1, in the order in which they were added
 * @param out_limit      receives the limit; NULL when not wanted
 * @param out_window_ms  receives the length; NULL when not wanted
 * @param out_flags      receives MAILSUB_WINDOW_*; NULL when not wanted
 * @return 0; MAILSUB_E_INVALID there is none
 * Since 0.1
 */
MAILSUB_API int mailsub_ticket_get_window(const mailsub_ticket *ticket, size_t index,
                                          int64_t *out_limit, int64_t *out_window_ms,
                                          uint32_t *out_flags);

/**
 * What is used of one, what is left, and when its next slot opens.
 * @param ticket       NULL counts as empty
 * @param index        as above
 * @param out_used     receives what counts as used; NULL when not wanted
 * @param out_left     receives what is left; NULL when not wanted
 * @param out_next_ms  receives milliseconds until there is room for one; NULL when not wanted
 * @return 0; MAILSUB_E_INVALID there is none
 * Since 0.1
 */
MAILSUB_API int mailsub_ticket_get_usage(const mailsub_ticket *ticket, size_t index,
                                         int64_t *out_used, int64_t *out_left,
                                         int64_t *out_next_ms);

MAILSUB_END_DECLS

#endif
