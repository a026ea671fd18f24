/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>

#include "base/memory.h"

enum { FIRST_BLOCK = 2 * 1024, LARGEST_BLOCK = 64 * 1024 };

struct mailsub__arena_block {
    struct mailsub__arena_block *next;
    alignas(max_align_t) char data[];
};

void mailsub__arena_init(mailsub__arena *arena, const mailsub_allocator *allocator, void *seed,
                         size_t seed_len)
{
    assert((uintptr_t)seed % alignof(max_align_t) == 0);
    *arena = (mailsub__arena){
        .allocator = allocator, .at = seed, .room = seed_len, .next_len = FIRST_BLOCK};
}

/* Free the blocks in front of end. */
static void free_blocks(mailsub__arena *arena, const struct mailsub__arena_block *end)
{
    while (arena->blocks != end) {
        struct mailsub__arena_block *block = arena->blocks;
        arena->blocks = block->next;
        mailsub__free(arena->allocator, block);
    }
}

void mailsub__arena_deinit(mailsub__arena *arena)
{
    free_blocks(arena, NULL);
    arena->at = NULL;
    arena->room = 0;
}

void mailsub__arena_rewind(mailsub__arena *arena, const mailsub__arena *before)
{
    free_blocks(arena, before->blocks);
    *arena = *before;
}

static char *add_block(mailsub__arena *arena, size_t n_bytes)
{
    size_t whole;
    if (mailsub__add_overflows(sizeof(struct mailsub__arena_block), n_bytes, &whole))
        return NULL;
    struct mailsub__arena_block *block = mailsub__alloc(arena->allocator, whole);
    if (!block)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    return block->data;
}

void *mailsub__arena_alloc(mailsub__arena *arena, size_t n_bytes)
{
    if (n_bytes == 0)
        n_bytes = 1; /* so that NULL has one meaning */
    if (mailsub__add_overflows(n_bytes, alignof(max_align_t) - 1, &n_bytes))
        return NULL;
    n_bytes -= n_bytes % alignof(max_align_t);
    if (n_bytes > arena->room) {
        /* A large piece gets a block of its own: the rest of the current one stays in use. */
        if (n_bytes > arena->next_len / 4)
            return add_block(arena, n_bytes);
        char *data = add_block(arena, arena->next_len);
        if (!data)
            return NULL;
        arena->at = data;
        arena->room = arena->next_len;
        if (arena->next_len < LARGEST_BLOCK)
            arena->next_len *= 2;
    }
    void *piece = arena->at;
    arena->at += n_bytes;
    arena->room -= n_bytes;
    return piece;
}

char *mailsub__arena_replace(mailsub__arena *arena, mailsub__slot *slot, size_t n_bytes)
{
    if (slot->room && n_bytes <= slot->capacity)
        return slot->room;
    size_t wanted;
    if (mailsub__mul_overflows(slot->capacity, 2, &wanted) || wanted < n_bytes)
        wanted = n_bytes;
    char *room = mailsub__arena_alloc(arena, wanted);
    if (!room)
        return NULL;
    slot->room = room;
    slot->capacity = wanted;
    return room;
}
