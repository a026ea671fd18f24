/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Allocation through the caller's table, and size arithmetic that cannot wrap. */
#ifndef MAILSUB_BASE_MEMORY_H
#define MAILSUB_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mailsub/error.h>
#include <mailsub/system.h>

/* Copy the caller's table, or the C library's for NULL. MAILSUB_E_INVALID: a hook is missing. */
int mailsub__allocator_init(mailsub_allocator *out, const mailsub_allocator *from);

/* NULL when memory is short; n_bytes 0 is taken as 1, so that NULL has one meaning. */
void *mailsub__alloc(const mailsub_allocator *allocator, size_t n_bytes);
void *mailsub__alloc_zeroed(const mailsub_allocator *allocator, size_t n_bytes);
/* Room for n elements; NULL too when the product does not fit into size_t. */
void *mailsub__alloc_array(const mailsub_allocator *allocator, size_t n, size_t element_len);
void *mailsub__realloc(const mailsub_allocator *allocator, void *block, size_t n_bytes);
void mailsub__free(const mailsub_allocator *allocator, void *block);

/*
 * Make room in *array, of *capacity elements, for one behind the first n: doubles, to at most max.
 * MAILSUB_E_LIMIT: n has reached max. MAILSUB_E_NOMEM. On failure nothing has changed.
 */
int mailsub__grow_array(const mailsub_allocator *allocator, void **array, size_t *capacity,
                        size_t n, size_t element_len, size_t max);

/* Overwrite secrets; the compiler may not leave it out. */
void mailsub__wipe(void *data, size_t len);

static inline bool mailsub__add_overflows(size_t a, size_t b, size_t *out_sum)
{
    return __builtin_add_overflow(a, b, out_sum);
}

static inline bool mailsub__mul_overflows(size_t a, size_t b, size_t *out_product)
{
    return __builtin_mul_overflow(a, b, out_product);
}

#endif
