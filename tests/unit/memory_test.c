/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <mailsub/error.h>

#include "base/memory.h"

static void a_table_must_be_complete(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator out;
    mailsub_allocator table = unit_allocator(&heap);
    assert_int_equal(mailsub__allocator_init(&out, &table), MAILSUB_OK);
    assert_ptr_equal(out.context, &heap);
    assert_int_equal(mailsub__allocator_init(&out, NULL), MAILSUB_OK);
    table.size = 0;
    assert_int_equal(mailsub__allocator_init(&out, &table), MAILSUB_E_INVALID);
    table = unit_allocator(&heap);
    table.release = NULL;
    assert_int_equal(mailsub__allocator_init(&out, &table), MAILSUB_E_INVALID);
}

static void nothing_is_still_a_block(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    void *block = mailsub__alloc(&allocator, 0);
    assert_non_null(block);
    block = mailsub__realloc(&allocator, block, 0);
    assert_non_null(block);
    mailsub__free(&allocator, block);
    mailsub__free(&allocator, NULL);
    assert_int_equal(heap.n_live, 0);
}

static void products_that_wrap_are_refused(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    assert_null(mailsub__alloc_array(&allocator, SIZE_MAX / 2, 3));
    assert_int_equal(heap.n_requests, 0);
}

static void arrays_grow_to_their_maximum(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    void *array = NULL;
    size_t capacity = 0;
    for (size_t n = 0; n < 11; n++) {
        assert_int_equal(mailsub__grow_array(&allocator, &array, &capacity, n, 8, 11), MAILSUB_OK);
        assert_true(capacity > n && capacity <= 11);
    }
    assert_int_equal(mailsub__grow_array(&allocator, &array, &capacity, 11, 8, 11),
                     MAILSUB_E_LIMIT);
    assert_int_equal(capacity, 11);
    heap.fail_at = heap.n_requests + 1;
    assert_int_equal(mailsub__grow_array(&allocator, &array, &capacity, 11, 8, 20),
                     MAILSUB_E_NOMEM);
    assert_int_equal(capacity, 11);
    mailsub__free(&allocator, array);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_must_be_complete),
        cmocka_unit_test(nothing_is_still_a_block),
        cmocka_unit_test(products_that_wrap_are_refused),
        cmocka_unit_test(arrays_grow_to_their_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
