/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records of one length, known by their numbers, that never move. Whoever was given a number may
 * find its record without a lock.
 */
#ifndef MAILSUB_LIMIT_RECORDS_H
#define MAILSUB_LIMIT_RECORDS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include <mailsub/system.h>

enum {
    MAILSUB__RECORDS_BATCH = 16,      /* that many are handed out at once */
    MAILSUB__RECORDS_MAX = 1 << 26,   /* which is 8 GB with two windows */
    MAILSUB__RECORDS_FIRST_BITS = 8,  /* of the first chunk's length; the next ones double */
    MAILSUB__RECORDS_CHUNK_BITS = 18, /* up to this length */
    MAILSUB__RECORDS_DOUBLING = MAILSUB__RECORDS_CHUNK_BITS - MAILSUB__RECORDS_FIRST_BITS,
    MAILSUB__RECORDS_CHUNKS =
        MAILSUB__RECORDS_DOUBLING + 1 + (MAILSUB__RECORDS_MAX >> MAILSUB__RECORDS_CHUNK_BITS)
};

typedef struct mailsub__records {
    const mailsub_allocator *allocator; /* borrowed */
    size_t len;                         /* of a record */
    pthread_mutex_t lock;
    uint32_t n_used;
    uint32_t n_room;
    unsigned n_chunks;
    char *chunks[MAILSUB__RECORDS_CHUNKS];
} mailsub__records;

void mailsub__records_init(mailsub__records *records, const mailsub_allocator *allocator,
                           size_t len);
void mailsub__records_deinit(mailsub__records *records);
/* The first of a batch of new numbers, a multiple of its size. MAILSUB_E_NOMEM; MAILSUB_E_LIMIT. */
int mailsub__records_take(mailsub__records *records, uint32_t *out_first);

/* Chunks 0, 1, 2... have FIRST, FIRST, 2 FIRST, 4 FIRST... records, and then all the same number. */
static inline void *mailsub__records_at(const mailsub__records *records, uint32_t number)
{
    uint32_t firsts = number >> MAILSUB__RECORDS_FIRST_BITS;
    unsigned chunk = firsts == 0 ? 0 : 32 - (unsigned)__builtin_clz(firsts);
    uint32_t begin = firsts == 0 ? 0 : 1u << (MAILSUB__RECORDS_FIRST_BITS + chunk - 1);
    if (chunk > MAILSUB__RECORDS_DOUBLING) {
        chunk = MAILSUB__RECORDS_DOUBLING + (number >> MAILSUB__RECORDS_CHUNK_BITS);
        begin = number & ~((1u << MAILSUB__RECORDS_CHUNK_BITS) - 1);
    }
    return records->chunks[chunk] + (size_t)(number - begin) * records->len;
}

#endif
