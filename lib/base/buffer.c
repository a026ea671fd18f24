/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/buffer.h"

#include <assert.h>

#include "base/memory.h"

void mailsub__buffer_init(mailsub__buffer *buffer, const mailsub_allocator *allocator, size_t max)
{
    *buffer = (mailsub__buffer){.allocator = allocator, .max = max};
}

void mailsub__buffer_init_secret(mailsub__buffer *buffer, const mailsub_allocator *allocator,
                                 size_t max)
{
    *buffer = (mailsub__buffer){.allocator = allocator, .max = max, .secret = true};
}

static void release_block(mailsub__buffer *buffer)
{
    if (!buffer->block)
        return;
    if (buffer->secret)
        mailsub__wipe(buffer->block, buffer->capacity);
    mailsub__free(buffer->allocator, buffer->block);
}

void mailsub__buffer_deinit(mailsub__buffer *buffer)
{
    release_block(buffer);
    *buffer = (mailsub__buffer){
        .allocator = buffer->allocator, .max = buffer->max, .secret = buffer->secret};
}

void mailsub__buffer_reset(mailsub__buffer *buffer)
{
    if (buffer->secret && buffer->block)
        mailsub__wipe(buffer->block, buffer->capacity);
    buffer->start = 0;
    buffer->len = 0;
    buffer->error = MAILSUB_OK;
}

void mailsub__buffer_truncate(mailsub__buffer *buffer, size_t len)
{
    assert(len <= buffer->len);
    buffer->len = len;
    buffer->error = MAILSUB_OK;
}

static int fail(mailsub__buffer *buffer, int error)
{
    buffer->error = error;
    return error;
}

/* Room for needed octets in all, by moving to the front or by doubling. */
static int grow(mailsub__buffer *buffer, size_t needed)
{
    if (buffer->start > 0 && needed <= buffer->capacity) {
        memmove(buffer->block, buffer->block + buffer->start, buffer->len);
        buffer->start = 0;
        return MAILSUB_OK;
    }
    size_t wanted = buffer->capacity < 32 ? 64 : buffer->capacity;
    while (wanted < needed) {
        if (mailsub__mul_overflows(wanted, 2, &wanted))
            return MAILSUB_E_LIMIT;
    }
    /* Not realloc: a secret must not stay behind in a block that realloc moved. */
    char *block = mailsub__alloc(buffer->allocator, wanted);
    if (!block)
        return MAILSUB_E_NOMEM;
    if (buffer->len > 0)
        memcpy(block, buffer->block + buffer->start, buffer->len);
    release_block(buffer);
    buffer->block = block;
    buffer->start = 0;
    buffer->capacity = wanted;
    return MAILSUB_OK;
}

int mailsub__buffer_reserve(mailsub__buffer *buffer, size_t n, char **out_room)
{
    if (buffer->error)
        return buffer->error;
    if (n > buffer->max - buffer->len)
        return fail(buffer, MAILSUB_E_LIMIT);
    size_t used;
    if (mailsub__add_overflows(buffer->start + buffer->len, n, &used))
        return fail(buffer, MAILSUB_E_LIMIT);
    if (used > buffer->capacity) {
        int rc = grow(buffer, buffer->len + n);
        if (rc)
            return fail(buffer, rc);
    }
    *out_room = buffer->block ? buffer->block + buffer->start + buffer->len : NULL;
    return MAILSUB_OK;
}

void mailsub__buffer_commit(mailsub__buffer *buffer, size_t n)
{
    assert(buffer->start + buffer->len + n <= buffer->capacity);
    buffer->len += n;
}

int mailsub__buffer_append(mailsub__buffer *buffer, const void *data, size_t len)
{
    char *room;
    int rc = mailsub__buffer_reserve(buffer, len, &room);
    /* There is room whenever len is not 0; the compiler cannot know. */
    if (rc || !room || len == 0)
        return rc;
    memcpy(room, data, len);
    mailsub__buffer_commit(buffer, len);
    return MAILSUB_OK;
}

int mailsub__buffer_append_slice(mailsub__buffer *buffer, mailsub__slice slice)
{
    return mailsub__buffer_append(buffer, slice.ptr, slice.len);
}

int mailsub__buffer_append_str(mailsub__buffer *buffer, const char *text)
{
    return mailsub__buffer_append(buffer, text, strlen(text));
}

int mailsub__buffer_append_char(mailsub__buffer *buffer, char c)
{
    return mailsub__buffer_append(buffer, &c, 1);
}

int mailsub__buffer_append_uint(mailsub__buffer *buffer, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return mailsub__buffer_append(buffer, digits + at, sizeof digits - at);
}

void mailsub__buffer_consume(mailsub__buffer *buffer, size_t n)
{
    assert(n <= buffer->len);
    buffer->len -= n;
    buffer->start = buffer->len > 0 ? buffer->start + n : 0;
}

const char *mailsub__buffer_str(mailsub__buffer *buffer)
{
    size_t end = buffer->start + buffer->len;
    if (end >= buffer->capacity && grow(buffer, buffer->len + 1) != MAILSUB_OK)
        return NULL;
    buffer->block[buffer->start + buffer->len] = '\0';
    return buffer->block + buffer->start;
}
