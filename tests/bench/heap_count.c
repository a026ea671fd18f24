/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into a bench program, ours or a peer's, it counts the calls to the heap (malloc,
 * calloc, realloc, aligned forms; free is told apart) and prints both numbers at the end.
 * Needs glibc, whose functions it calls by their inner names.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t n_bytes);
void *__libc_calloc(size_t n, size_t n_bytes);
void *__libc_realloc(void *block, size_t n_bytes);
void *__libc_memalign(size_t alignment, size_t n_bytes);
void __libc_free(void *block);

static atomic_ulong n_taken, n_freed;

void *malloc(size_t n_bytes)
{
    n_taken++;
    return __libc_malloc(n_bytes);
}

void *calloc(size_t n, size_t n_bytes)
{
    n_taken++;
    return __libc_calloc(n, n_bytes);
}

void *realloc(void *block, size_t n_bytes)
{
    n_taken++;
    return __libc_realloc(block, n_bytes);
}

void *aligned_alloc(size_t alignment, size_t n_bytes)
{
    n_taken++;
    return __libc_memalign(alignment, n_bytes);
}

int posix_memalign(void **out, size_t alignment, size_t n_bytes)
{
    n_taken++;
    *out = __libc_memalign(alignment, n_bytes);
    return *out ? 0 : ENOMEM;
}

void free(void *block)
{
    n_freed += block != NULL;
    __libc_free(block);
}

__attribute__((destructor)) static void tell(void)
{
    fprintf(stderr, "heap calls: %lu taking, %lu freeing\n", (unsigned long)n_taken,
            (unsigned long)n_freed);
}
