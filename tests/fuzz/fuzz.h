/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every fuzz target shares. A target defines LLVMFuzzerTestOneInput and states its invariant
 * at its head; it is linked with libFuzzer, or with replay.c to run its corpus as a plain test.
 */
#ifndef MAILSUB_TESTS_FUZZ_H
#define MAILSUB_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert: it must hold in a release build too. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_fail(__FILE__, __LINE__, #condition);                                             \
    } while (0)

_Noreturn static inline void fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    abort();
}

static inline mailsub_allocator fuzz_allocator(void)
{
    mailsub_allocator allocator;
    FUZZ_CHECK(mailsub__allocator_init(&allocator, NULL) == MAILSUB_OK);
    return allocator;
}

static inline void *fuzz_alloc(size_t n_bytes)
{
    void *block = malloc(n_bytes > 0 ? n_bytes : 1);
    FUZZ_CHECK(block);
    return block;
}

#endif
