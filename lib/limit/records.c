/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory is taken in chunks, from a few records up to some megabytes. Records are used one behind
 * the other, so that what is not used yet of a large chunk is not there yet either: the system
 * makes a page when it is first written.
 *
 * Large chunks ask for large pages. Senders come in no order; with small ones, to find the page of
 * a record takes as long as to read it.
 */
#include "limit/records.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"

#define LARGE_PAGE ((size_t)2 << 20)

void mailsub__records_init(mailsub__records *records, const mailsub_allocator *allocator,
                           size_t len)
{
    *records = (mailsub__records){.allocator = allocator, .len = len};
    pthread_mutex_init(&records->lock, NULL);
}

void mailsub__records_deinit(mailsub__records *records)
{
    for (unsigned i = 0; i < records->n_chunks; i++)
        mailsub__free(records->allocator, records->chunks[i]);
    pthread_mutex_destroy(&records->lock);
}

/* Only whole large pages within the chunk; where the system has none, nothing happens. */
static void ask_for_large_pages(char *chunk, size_t len)
{
    uintptr_t from = ((uintptr_t)chunk + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
    uintptr_t to = ((uintptr_t)chunk + len) & ~(LARGE_PAGE - 1);
    if (from < to)
        madvise(chunk + (from - (uintptr_t)chunk), to - from, MADV_HUGEPAGE);
}

static int add_chunk(mailsub__records *records)
{
    unsigned number = records->n_chunks;
    unsigned bits = number == 0 ? 0 : number - 1;
    if (bits > MAILSUB__RECORDS_DOUBLING)
        bits = MAILSUB__RECORDS_DOUBLING;
    uint32_t n = 1u << (MAILSUB__RECORDS_FIRST_BITS + bits);
    if (records->n_room + n > MAILSUB__RECORDS_MAX)
        return MAILSUB_E_LIMIT;
    char *chunk = mailsub__alloc_array(records->allocator, n, records->len);
    if (!chunk)
        return MAILSUB_E_NOMEM;
    ask_for_large_pages(chunk, n * records->len);
    records->chunks[records->n_chunks++] = chunk;
    records->n_room += n;
    return MAILSUB_OK;
}

int mailsub__records_take(mailsub__records *records, uint32_t *out_first)
{
    int rc = MAILSUB_OK;
    pthread_mutex_lock(&records->lock);
    if (records->n_used == records->n_room)
        rc = add_chunk(records);
    if (rc == MAILSUB_OK) {
        *out_first = records->n_used;
        records->n_used += MAILSUB__RECORDS_BATCH;
    }
    pthread_mutex_unlock(&records->lock);
    return rc;
}
