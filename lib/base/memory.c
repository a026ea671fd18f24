/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *libc_allocate(void *context, size_t n_bytes)
{
    (void)context;
    return malloc(n_bytes);
}

static void *libc_reallocate(void *context, void *block, size_t n_bytes)
{
    (void)context;
    return realloc(block, n_bytes);
}

static void libc_release(void *context, void *block)
{
    (void)context;
    free(block);
}

int mailsub__allocator_init(mailsub_allocator *out, const mailsub_allocator *from)
{
    static const mailsub_allocator libc = {
        .size = sizeof libc,
        .allocate = libc_allocate,
        .reallocate = libc_reallocate,
        .release = libc_release,
    };
    if (!from) {
        *out = libc;
        return MAILSUB_OK;
    }
    if (from->size < sizeof *from || !from->allocate || !from->reallocate || !from->release)
        return MAILSUB_E_INVALID;
    *out = *from;
    return MAILSUB_OK;
}

void *mailsub__alloc(const mailsub_allocator *allocator, size_t n_bytes)
{
    return allocator->allocate(allocator->context, n_bytes > 0 ? n_bytes : 1);
}

void *mailsub__alloc_zeroed(const mailsub_allocator *allocator, size_t n_bytes)
{
    void *block = mailsub__alloc(allocator, n_bytes);
    if (block)
        memset(block, 0, n_bytes);
    return block;
}

void *mailsub__alloc_array(const mailsub_allocator *allocator, size_t n, size_t element_len)
{
    size_t n_bytes;
    if (mailsub__mul_overflows(n, element_len, &n_bytes))
        return NULL;
    return mailsub__alloc(allocator, n_bytes);
}

void *mailsub__realloc(const mailsub_allocator *allocator, void *block, size_t n_bytes)
{
    return allocator->reallocate(allocator->context, block, n_bytes > 0 ? n_bytes : 1);
}

void mailsub__free(const mailsub_allocator *allocator, void *block)
{
    if (block)
        allocator->release(allocator->context, block);
}

int mailsub__grow_array(const mailsub_allocator *allocator, void **array, size_t *capacity,
                        size_t n, size_t element_len, size_t max)
{
    assert(n <= *capacity);
    if (n < *capacity)
        return MAILSUB_OK;
    if (n >= max)
        return MAILSUB_E_LIMIT;
    size_t wanted = n < 4 ? 4 : n > max / 2 ? max : n * 2;
    if (wanted > max)
        wanted = max;
    size_t n_bytes;
    if (mailsub__mul_overflows(wanted, element_len, &n_bytes))
        return MAILSUB_E_NOMEM;
    void *grown = mailsub__realloc(allocator, *array, n_bytes);
    if (!grown)
        return MAILSUB_E_NOMEM;
    *array = grown;
    *capacity = wanted;
    return MAILSUB_OK;
}

void mailsub__wipe(void *data, size_t len)
{
    if (len > 0)
        explicit_bzero(data, len);
}
