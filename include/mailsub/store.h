/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * Where a limiter keeps what its senders have used: the table by which a program brings a store of
 * its own, such as a database that its machines share.
 *
 * A store maps a key to a few hundred octets, and changes them one caller at a time. It fills in
 * one of two functions:
 *  - update: read the octets of a key, hand them to the library's function, which decides and
 *    gives back other octets, and write these; all of it as one transaction. This is enough.
 *  - decide: answer a request in whole, where the decision has to be made elsewhere, such as in a
 *    script on a server. The rules of the window are then the store's own work.
 *
 * All functions may be called in several threads at once. They return 0 or a negative MAILSUB_E_*;
 * MAILSUB_E_STORE is the one to use for a store that cannot be reached. Each struct begins with its
 * own size, set by whoever makes it to its sizeof, so that it can grow.
 */
#ifndef MAILSUB_STORE_H
#define MAILSUB_STORE_H

#include <mailsub/export.h>

MAILSUB_BEGIN_DECLS

/** Most octets of a key: an address, a domain behind an @, or an asterisk. */
#define MAILSUB_MAX_STORE_KEY 512
/** Most octets that a store keeps for a key. */
#define MAILSUB_MAX_STORE_STATE 480
/** Most windows of a rule. */
#define MAILSUB_MAX_WINDOWS 6

/**
 * What time it is, told by two clocks. The calendar may be set forward and back; the steady clock
 * never is, and so a limiter that is given both is not deceived by the former.
 */
typedef struct mailsub_instant {
    size_t size;        /**< sizeof(mailsub_instant) */
    int64_t unix_ms;    /**< the calendar: milliseconds since 1970-01-01 UTC; from 0 on */
    int64_t steady_ms;  /**< a clock that is never set and goes on while the machine sleeps */
    uint64_t steady_id; /**< which steady clock: one number from start to start of a machine, other
                             than any other's; 0: there is none, and steady_ms is not looked at */
} mailsub_instant;

/** What a store holds for a key, as it hands it to a mailsub_store_change_fn. */
typedef struct mailsub_store_state {
    size_t size;      /**< sizeof(mailsub_store_state) */
    const void *data; /**< the octets that were written last; NULL when there are none */
    size_t len;       /**< their number */
    int64_t now_ms;   /**< time of the store itself, in milliseconds since 1970, where machines
                            share one that has a clock; -1: it has none */
    int64_t lost;     /**< recipients and messages that may have been admitted beyond what data */
    int64_t lost_messages; /**< shows, since data may be older; 0 where each write lasts */
    int64_t unknown_ms;    /**< there may have been data until then, which is lost, in milliseconds
                                since 1970: the quota counts as used up at that time; -1: no */
} mailsub_store_state;

/** What a mailsub_store_change_fn made of it. The store sets size and zeroes the rest. */
typedef struct mailsub_store_change {
    size_t size;   /**< sizeof(mailsub_store_change) */
    int write;     /**< 1: write data, before update returns; 0: nothing changed */
    int last;      /**< 1: it has to survive a loss of power, too */
    int64_t spent; /**< recipients and messages that were admitted now */
    int64_t spent_messages;
    int64_t lease;   /**< how many more the store may have admitted without making it last */
    int64_t idle_ms; /**< when nobody asks for so long, the key may be forgotten */
    size_t len;      /**< octets in data, at most MAILSUB_MAX_STORE_STATE */
    unsigned char data[MAILSUB_MAX_STORE_STATE];
} mailsub_store_change;

/**
 * The library's part of an update. It has no effect but on *change, so it may be called again, with
 * what is there then, when a transaction has to be repeated.
 * @param context  what update was given
 * @param state    what the store holds
 * @param change   what it is to hold; not set on failure
 * @return 0, or a negative MAILSUB_E_* that update returns, writing nothing
 */
typedef int (*mailsub_store_change_fn)(void *context, const mailsub_store_state *state,
                                       mailsub_store_change *change);

/** Flags of a window. */
enum {
    MAILSUB_WINDOW_MESSAGES = 1 << 0, /**< messages are counted, instead of recipients */
    MAILSUB_WINDOW_FIXED = 1 << 1,    /**< begins at a zone's midnight; else it rolls */
    MAILSUB_WINDOW_TOGETHER = 1 << 2  /**< all senders that a domain's or the default rule is for
                                           are counted together */
};

/** One window of a rule. */
typedef struct mailsub_window {
    int64_t length_ms;
    int64_t limit;      /**< most recipients or messages within length_ms */
    uint32_t flags;     /**< MAILSUB_WINDOW_* */
    int32_t offset_min; /**< fixed: the zone's offset from UTC now, in minutes, east positive */
    int32_t next_min;   /**< fixed: the same at the end of the period that is now */
} mailsub_window;

/** What is asked of a store. */
enum {
    MAILSUB_STORE_RESERVE = 1, /**< admit recipients, at least least of them, or none */
    MAILSUB_STORE_REFUND = 2,  /**< take back recipients, and messages, admitted at at_ms */
    MAILSUB_STORE_QUERY = 3,   /**< tell what is used; change nothing */
    MAILSUB_STORE_RESET = 4,   /**< nothing is used, and it is not closed */
    MAILSUB_STORE_CLOSE = 5    /**< admit nothing for close_ms; 0: for longer each time */
};

/** A request to a store that decides by itself. */
typedef struct mailsub_store_request {
    size_t size; /**< sizeof(mailsub_store_request) */
    int what;    /**< MAILSUB_STORE_* */
    const char *key;
    mailsub_instant now;
    const mailsub_window *windows;
    size_t n_windows;
    int64_t recipients;
    int64_t least;
    int64_t messages;
    int64_t at_ms;
    int64_t close_ms;
} mailsub_store_request;

/** Its answer. */
typedef struct mailsub_store_answer {
    size_t size;       /**< sizeof(mailsub_store_answer) */
    int64_t granted;   /**< recipients; with a refund, those that were taken back */
    int64_t at_ms;     /**< the limiter's time, which a refund has to tell */
    int64_t retry_ms;  /**< refused: when to ask again, in ms from now; -1: it can never be */
    int64_t closed_ms; /**< how long nothing is admitted, because the server said so */
    int stopped_by;    /**< refused: the window that says no; -1: closed, or not refused */
    int64_t used[MAILSUB_MAX_WINDOWS];    /**< after what was granted */
    int64_t next_ms[MAILSUB_MAX_WINDOWS]; /**< when there is room for one more, from now; 0: now */
} mailsub_store_answer;

/** A store. What stands in it is copied; the context is the store's own. */
typedef struct mailsub_store {
    size_t size; /**< sizeof(mailsub_store) */
    void *context;
    /** Change what key holds, as said above. NULL when decide is there. */
    int (*update)(void *context, const char *key, const mailsub_instant *now,
                  mailsub_store_change_fn change, void *change_context);
    /** Answer a request. NULL: the library does, by update. */
    int (*decide)(void *context, const mailsub_store_request *request,
                  mailsub_store_answer *answer);
    /** The last call of all: give back what the store holds. May be NULL. */
    void (*close)(void *context);
} mailsub_store;

MAILSUB_END_DECLS

#endif
