/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owned octets that grow to a maximum fixed when the buffer is made. Consuming from the front and
 * appending at the end make it a queue too.
 *
 * Appends are sticky: after one failed (MAILSUB_E_NOMEM, or MAILSUB_E_LIMIT beyond the maximum) all
 * later ones return the same error and change nothing, so a caller may append a whole line and look
 * at the last result. A failed append adds nothing.
 */
#ifndef MAILSUB_BASE_BUFFER_H
#define MAILSUB_BASE_BUFFER_H

#include <stdint.h>

#include <mailsub/error.h>
#include <mailsub/system.h>

#include "base/slice.h"

typedef struct mailsub__buffer {
    const mailsub_allocator *allocator; /* borrowed from the owner */
    char *block;
    size_t start; /* octets consumed at the front of block */
    size_t len;
    size_t capacity;
    size_t max;
    int error;
    bool secret; /* memory is wiped before it is given back */
} mailsub__buffer;

void mailsub__buffer_init(mailsub__buffer *buffer, const mailsub_allocator *allocator, size_t max);
/* For passwords and what is made from them. */
void mailsub__buffer_init_secret(mailsub__buffer *buffer, const mailsub_allocator *allocator,
                                 size_t max);
/* Free the memory; the buffer is then as after init. */
void mailsub__buffer_deinit(mailsub__buffer *buffer);
/* Empty, without error, keeping the memory. */
void mailsub__buffer_reset(mailsub__buffer *buffer);
/* Forget what stands behind the first len octets, and the error: to undo half a line. */
void mailsub__buffer_truncate(mailsub__buffer *buffer, size_t len);

/* Make room for n octets more; *out_room is where they go. Follow with _commit. */
int mailsub__buffer_reserve(mailsub__buffer *buffer, size_t n, char **out_room);
void mailsub__buffer_commit(mailsub__buffer *buffer, size_t n);

int mailsub__buffer_append(mailsub__buffer *buffer, const void *data, size_t len);
int mailsub__buffer_append_slice(mailsub__buffer *buffer, mailsub__slice slice);
int mailsub__buffer_append_str(mailsub__buffer *buffer, const char *text);
int mailsub__buffer_append_char(mailsub__buffer *buffer, char c);
int mailsub__buffer_append_uint(mailsub__buffer *buffer, uint64_t number);

/* Drop n octets at the front. */
void mailsub__buffer_consume(mailsub__buffer *buffer, size_t n);

static inline mailsub__slice mailsub__buffer_slice(const mailsub__buffer *buffer)
{
    return mailsub__slice_of(buffer->len > 0 ? buffer->block + buffer->start : "", buffer->len);
}

/* NUL-terminate, outside the length. NULL when there is no memory for it. Lent until an append. */
const char *mailsub__buffer_str(mailsub__buffer *buffer);

#endif
