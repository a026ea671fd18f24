/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * What a message asks of its delivery: reports, times, priority, TLS all the way. Each is an
 * extension that a server may lack; mailsub_config_set_extension_policy tells what happens then.
 *
 * These belong to the envelope: existing messages take them too. All are changing calls in the
 * sense of message.h, with the errors that stand there; "delivery" is the field that
 * mailsub_message_get_error names.
 */
#ifndef MAILSUB_DELIVERY_H
#define MAILSUB_DELIVERY_H

#include <mailsub/export.h>
#include <mailsub/message.h>

MAILSUB_BEGIN_DECLS

/** How much of the message comes back with a report of failure. */
enum {
    MAILSUB_RETURN_DEFAULT = 0, /**< as the server likes */
    MAILSUB_RETURN_FULL = 1,    /**< all of it */
    MAILSUB_RETURN_HEADERS = 2  /**< its header */
};

/** When a report is wanted; flags. */
enum {
    MAILSUB_NOTIFY_DEFAULT = 0,      /**< as the server likes: of failures */
    MAILSUB_NOTIFY_SUCCESS = 1 << 0, /**< delivered */
    MAILSUB_NOTIFY_FAILURE = 1 << 1, /**< not delivered */
    MAILSUB_NOTIFY_DELAY = 1 << 2,   /**< still under way after some hours */
    MAILSUB_NOTIFY_NEVER = 1 << 3    /**< never, not even of a failure; stands alone */
};

/** What happens when the time of mailsub_message_set_deliver_by is over. */
enum {
    MAILSUB_DELIVER_BY_NONE = 0,   /**< there is no such time */
    MAILSUB_DELIVER_BY_RETURN = 1, /**< the message comes back */
    MAILSUB_DELIVER_BY_NOTIFY = 2  /**< the sender is told, and delivery goes on */
};

/** Until when the server keeps the message before it delivers it. */
enum {
    MAILSUB_HOLD_NONE = 0, /**< it does not */
    MAILSUB_HOLD_FOR = 1,  /**< so many seconds */
    MAILSUB_HOLD_UNTIL = 2 /**< until a time */
};

/** For an index: all recipients that there are, and those that will be added. */
#define MAILSUB_ALL_RECIPIENTS SIZE_MAX

/**
 * Say what reports about this message are to hold.
 * @param message      the message
 * @param return_part  MAILSUB_RETURN_*
 * @param envelope_id  by which the sender knows the message again in a report: printable ASCII, at
 *                     most 100 octets in the form of the wire (+, = and space take three); NULL or
 *                     "" for none
 * @return 0; MAILSUB_E_PARAMETER envelope_id is too long or not ASCII; MAILSUB_E_INVALID no such
 *         return_part
 * RFC 3461 sections 4.3 and 4.4; since 0.1
 */
MAILSUB_API int mailsub_message_set_dsn(mailsub_message *message, int return_part,
                                        const char *envelope_id);

/**
 * What mailsub_message_set_dsn has set.
 * @param message          the message
 * @param out_return_part  receives MAILSUB_RETURN_*; not NULL
 * @param out_envelope_id  receives the identifier, "" for none, lent until the next changing call;
 *                         not NULL
 * @return 0; MAILSUB_E_INVALID a NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_dsn(const mailsub_message *message, int *out_return_part,
                                        const char **out_envelope_id);

/**
 * Say of what the sender wants a report.
 * @param message  the message
 * @param index    of the recipient, in the order in which they were added; or
 *                 MAILSUB_ALL_RECIPIENTS, which takes the place of what single ones have
 * @param notify   MAILSUB_NOTIFY_* flags
 * @return 0; MAILSUB_E_INVALID no such recipient or flags, or NEVER with another
 * RFC 3461 section 4.1; since 0.1
 */
MAILSUB_API int mailsub_message_set_recipient_notify(mailsub_message *message, size_t index,
                                                     uint32_t notify);

/**
 * What mailsub_message_set_recipient_notify has set.
 * @param message     the message
 * @param index       as there; MAILSUB_ALL_RECIPIENTS for what those without their own have
 * @param out_notify  receives MAILSUB_NOTIFY_* flags; not NULL
 * @return 0; MAILSUB_E_INVALID a NULL, or no such recipient
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_recipient_notify(const mailsub_message *message, size_t index,
                                                     uint32_t *out_notify);

/**
 * Tell the address that the message was first sent to, where it is not the one it goes to now: a
 * report then names what the sender knows.
 * @param message  the message
 * @param index    of the recipient
 * @param type     of the address, an atom; NULL for "rfc822", or "utf-8" where it is not ASCII
 * @param address  any text of that type, at most 500 octets with its type in the form of the wire;
 *                 NULL takes it away
 * @return 0; MAILSUB_E_PARAMETER type is no atom, or address is empty, too long, or not ASCII with
 *         another type than "utf-8"; MAILSUB_E_INVALID no such recipient
 * RFC 3461 section 4.2, RFC 6533 section 3; since 0.1
 */
MAILSUB_API int mailsub_message_set_recipient_original(mailsub_message *message, size_t index,
                                                       const char *type, const char *address);

/**
 * What mailsub_message_set_recipient_original has set.
 * @param message      the message
 * @param index        of the recipient
 * @param out_type     receives the type, "" for none; not NULL
 * @param out_address  receives the address, "" for none; both are lent until the next changing
 *                     call; not NULL
 * @return 0; MAILSUB_E_INVALID a NULL, or no such recipient
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_recipient_original(const mailsub_message *message, size_t index,
                                                       const char **out_type,
                                                       const char **out_address);

/**
 * Bound the time of delivery, counted from the moment when the server takes the message.
 * @param message  the message
 * @param mode     MAILSUB_DELIVER_BY_*; NONE takes the bound away
 * @param seconds  1 to 999,999,999; with _NOTIFY also 0 and down to -999,999,999: time that is over
 * @param trace    1: each server on the way is to report when it hands the message on; else 0
 * @return 0; MAILSUB_E_INVALID no such mode, seconds or trace
 * RFC 2852 section 4; since 0.1
 */
MAILSUB_API int mailsub_message_set_deliver_by(mailsub_message *message, int mode, int64_t seconds,
                                               int trace);

/**
 * What mailsub_message_set_deliver_by has set.
 * @param message      the message
 * @param out_mode     receives MAILSUB_DELIVER_BY_*; not NULL
 * @param out_seconds  receives the time; not NULL
 * @param out_trace    receives 1 or 0; not NULL
 * @return 0; MAILSUB_E_INVALID a NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_deliver_by(const mailsub_message *message, int *out_mode,
                                               int64_t *out_seconds, int *out_trace);

/**
 * Let the server keep the message before it delivers it.
 * @param message  the message
 * @param mode     MAILSUB_HOLD_*; NONE takes the time away
 * @param time     with _FOR seconds, 1 to 999,999,999; with _UNTIL seconds since 1970-01-01 UTC, 0
 *                 to 253402300799 (the year 9999); else 0
 * @return 0; MAILSUB_E_INVALID no such mode, or time outside its range
 * RFC 4865 section 4; since 0.1
 */
MAILSUB_API int mailsub_message_set_hold(mailsub_message *message, int mode, int64_t time);

/**
 * What mailsub_message_set_hold has set.
 * @param message   the message
 * @param out_mode  receives MAILSUB_HOLD_*; not NULL
 * @param out_time  receives the time; not NULL
 * @return 0; MAILSUB_E_INVALID a NULL
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_hold(const mailsub_message *message, int *out_mode,
                                         int64_t *out_time);

/**
 * Say how soon the message is to go on among others.
 * @param message   the message
 * @param priority  -9 to 9, higher is sooner; 0, as at first: like any other, and nothing is said
 * @return 0; MAILSUB_E_INVALID outside the range
 * RFC 6710 section 5; since 0.1
 */
MAILSUB_API int mailsub_message_set_priority(mailsub_message *message, int priority);

/**
 * The priority.
 * @param message  NULL counts as empty
 * @return -9 to 9
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_priority(const mailsub_message *message);

/**
 * Demand that every server on the way sends the message on over TLS with a verified certificate, or
 * gives it back. This client keeps to it too: MAILSUB_E_TLS_UNVERIFIED, and nothing is sent.
 * @param message  the message
 * @param on       1; or 0, as at first
 * @return 0; MAILSUB_E_INVALID another value
 * RFC 8689; since 0.1
 */
MAILSUB_API int mailsub_message_set_require_tls(mailsub_message *message, int on);

/**
 * Whether TLS is demanded all the way.
 * @param message  NULL counts as empty
 * @return 1 or 0
 * Since 0.1
 */
MAILSUB_API int mailsub_message_get_require_tls(const mailsub_message *message);

/**
 * Tell a server that trusts this client who submitted the message, where that is not the login.
 * @param message  the message
 * @param address  as for mailsub_message_set_from; "" says that it is not known, or not to be
 *                 trusted; NULL takes it away
 * @return as mailsub_message_set_from
 * RFC 4954 section 5; since 0.1
 */
MAILSUB_API int mailsub_message_set_submitter(mailsub_message *message, const char *address);

/**
 * Who submitted the message.
 * @param message  NULL counts as empty
 * @return the address, "" for one that is not known; NULL when none is set; lent until the next
 *         changing call
 * Since 0.1
 */
MAILSUB_API const char *mailsub_message_get_submitter(const mailsub_message *message);

MAILSUB_END_DECLS

#endif
