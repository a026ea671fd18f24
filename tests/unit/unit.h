/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every unit test shares: cmocka with the headers that it wants first, tests built from rows,
 * and an allocator that fails on demand and counts what is not given back.
 */
#ifndef MAILSUB_TESTS_UNIT_H
#define MAILSUB_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailsub/system.h>

/*
 * Make tests, an array of CMUnitTest, from rows: each row passes or fails under its own name. The
 * row type needs a member name; the test function finds its row in *state.
 */
#define UNIT_ADD_ROWS(tests, n_tests, rows, function)                                              \
    for (size_t row_ = 0; row_ < sizeof(rows) / sizeof((rows)[0]); row_++) {                       \
        assert_true((n_tests) < sizeof(tests) / sizeof((tests)[0]));                               \
        (tests)[(n_tests)++] = (struct CMUnitTest){                                                \
            .name = (rows)[row_].name,                                                             \
            .test_func = (function),                                                               \
            .initial_state = unit_row(&(rows)[row_]),                                              \
        };                                                                                         \
    }

/* cmocka's initial_state is not const; the tests only read it. */
static inline void *unit_row(const void *row)
{
    return (void *)(uintptr_t)row;
}

/* Run the first n_tests of an array that was filled from rows. */
#define UNIT_RUN(tests, n_tests) _cmocka_run_group_tests("unit", (tests), (n_tests), NULL, NULL)

/* An allocator that fails its fail_at-th request, counted from 1; 0 for never. */
struct unit_heap {
    size_t n_requests;
    size_t fail_at;
    size_t n_live;
};

/* Under valgrind, where a test that tries every point tries only some. */
static inline bool unit_is_slow(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
}

static inline void *unit_heap_allocate(void *context, size_t n_bytes)
{
    struct unit_heap *heap = context;
    if (++heap->n_requests == heap->fail_at)
        return NULL;
    void *block = malloc(n_bytes);
    heap->n_live += block != NULL;
    return block;
}

static inline void *unit_heap_reallocate(void *context, void *block, size_t n_bytes)
{
    struct unit_heap *heap = context;
    if (++heap->n_requests == heap->fail_at)
        return NULL;
    void *grown = realloc(block, n_bytes);
    heap->n_live += grown != NULL && block == NULL;
    return grown;
}

static inline void unit_heap_release(void *context, void *block)
{
    struct unit_heap *heap = context;
    heap->n_live -= block != NULL;
    free(block);
}

static inline mailsub_allocator unit_allocator(struct unit_heap *heap)
{
    return (mailsub_allocator){
        .size = sizeof(mailsub_allocator),
        .context = heap,
        .allocate = unit_heap_allocate,
        .reallocate = unit_heap_reallocate,
        .release = unit_heap_release,
    };
}

#endif
