/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory of one message: pieces that live as long as the message, cut from few blocks, so that a
 * small message costs hardly more than one allocation.
 */
#ifndef MAILSUB_MESSAGE_ARENA_H
#define MAILSUB_MESSAGE_ARENA_H

#include <stddef.h>

#include <mailsub/system.h>

#include "base/slice.h"

struct mailsub__arena_block;

typedef struct mailsub__arena {
    const mailsub_allocator *allocator; /* borrowed from the owner */
    struct mailsub__arena_block *blocks;
    char *at;
    size_t room;
    size_t next_len; /* of the next block */
} mailsub__arena;

/*
 * Room for a value that may be set again. Replacing reuses the room when the new value fits, and
 * otherwise at least doubles it: what is left behind in the arena is never more than what is used.
 */
typedef struct mailsub__slot {
    char *room;
    size_t capacity;
} mailsub__slot;

/* The first pieces are cut from seed, which the owner keeps; it must be aligned for any type. */
void mailsub__arena_init(mailsub__arena *arena, const mailsub_allocator *allocator, void *seed,
                         size_t seed_len);
void mailsub__arena_deinit(mailsub__arena *arena);

/* Aligned for any type, not zeroed; NULL when memory is short. */
void *mailsub__arena_alloc(mailsub__arena *arena, size_t n_bytes);
/* Give back all that was taken since before was copied from the arena. */
void mailsub__arena_rewind(mailsub__arena *arena, const mailsub__arena *before);
/* Room for n_bytes in the slot, its old value lost; NULL, nothing lost, when memory is short. */
char *mailsub__arena_replace(mailsub__arena *arena, mailsub__slot *slot, size_t n_bytes);

#endif
