/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * What the library takes from its surroundings, each replaceable: memory, time, randomness; and
 * the byte sink through which it hands out a message.
 *
 * Each table begins with its own size, set to sizeof of the struct, so that it can grow.
 */
#ifndef MAILSUB_SYSTEM_H
#define MAILSUB_SYSTEM_H

#include <mailsub/export.h>

MAILSUB_BEGIN_DECLS

/**
 * Memory. Every "new" takes one, or NULL for the C library's; the table is copied, its context
 * must outlive the object. The three functions keep the contracts of malloc, realloc and free.
 */
typedef struct mailsub_allocator {
    size_t size; /**< sizeof(mailsub_allocator) */
    void *context;
    void *(*allocate)(void *context, size_t n_bytes);
    void *(*reallocate)(void *context, void *block, size_t n_bytes);
    void (*release)(void *context, void *block);
} mailsub_allocator;

/**
 * The calendar: what a Date field is generated from.
 * now() stores seconds since 1970-01-01 UTC and the local zone's offset from UTC in minutes, east
 * positive, and returns 0, or a negative MAILSUB_E_* that the caller of the library will get.
 */
typedef struct mailsub_clock {
    size_t size; /**< sizeof(mailsub_clock) */
    void *context;
    int (*now)(void *context, int64_t *out_unix_s, int32_t *out_zone_min);
} mailsub_clock;

/**
 * Randomness: what boundaries, and a Message-ID where one is injected, are made from.
 * fill() writes n_bytes unpredictable octets and returns 0, or a negative MAILSUB_E_*.
 */
typedef struct mailsub_random {
    size_t size; /**< sizeof(mailsub_random) */
    void *context;
    int (*fill)(void *context, void *out, size_t n_bytes);
} mailsub_random;

/**
 * Takes the next part of a message.
 * @param context  what the caller of the library gave
 * @param data     octets; valid during the call
 * @param len      their number, at least 1
 * @return 0 to go on; anything else stops, and the writing call returns MAILSUB_E_SINK
 */
typedef int (*mailsub_sink_fn)(void *context, const void *data, size_t len);

MAILSUB_END_DECLS

#endif
