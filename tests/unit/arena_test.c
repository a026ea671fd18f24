/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "message/arena.h"

static void pieces_are_apart_and_stay(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    _Alignas(max_align_t) char seed[100];
    mailsub__arena arena;
    mailsub__arena_init(&arena, &allocator, seed, sizeof seed);
    enum { N_PIECES = 500 };
    char *pieces[N_PIECES];
    for (size_t i = 0; i < N_PIECES; i++) {
        pieces[i] = mailsub__arena_alloc(&arena, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < N_PIECES; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_equal((unsigned char)pieces[i][j], i & 0xff);
    }
    assert_true(heap.n_requests < 20);
    mailsub__arena_deinit(&arena);
    assert_int_equal(heap.n_live, 0);
}

static void the_seed_comes_first(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    _Alignas(max_align_t) char seed[64];
    mailsub__arena arena;
    mailsub__arena_init(&arena, &allocator, seed, sizeof seed);
    assert_ptr_equal(mailsub__arena_alloc(&arena, 10), seed);
    assert_int_equal(heap.n_requests, 0);
    char *large = mailsub__arena_alloc(&arena, 1 << 20);
    assert_non_null(large);
    large[0] = large[(1 << 20) - 1] = 1;
    char *small = mailsub__arena_alloc(&arena, 48);
    assert_true(small > seed && small < seed + sizeof seed);
    mailsub__arena_deinit(&arena);
    assert_int_equal(heap.n_live, 0);
}

static void short_memory_loses_nothing(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    _Alignas(max_align_t) char seed[16];
    mailsub__arena arena;
    mailsub__arena_init(&arena, &allocator, seed, sizeof seed);
    mailsub__slot slot = {0};
    char *room = mailsub__arena_replace(&arena, &slot, 10);
    memcpy(room, "0123456789", 10);
    heap.fail_at = heap.n_requests + 1;
    assert_null(mailsub__arena_replace(&arena, &slot, 1000));
    assert_memory_equal(slot.room, "0123456789", 10);
    assert_null(mailsub__arena_alloc(&arena, SIZE_MAX));
    assert_non_null(mailsub__arena_alloc(&arena, 1000));
    mailsub__arena_deinit(&arena);
    assert_int_equal(heap.n_live, 0);
}

static void setting_again_does_not_grow_without_bound(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__arena arena;
    mailsub__arena_init(&arena, &allocator, NULL, 0);
    mailsub__slot slot = {0};
    for (size_t i = 0; i < 100000; i++)
        assert_non_null(mailsub__arena_replace(&arena, &slot, i % 5000));
    assert_true(heap.n_requests < 20);
    mailsub__arena_deinit(&arena);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_apart_and_stay),
        cmocka_unit_test(the_seed_comes_first),
        cmocka_unit_test(short_memory_loses_nothing),
        cmocka_unit_test(setting_again_does_not_grow_without_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
