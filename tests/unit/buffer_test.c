/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/buffer.h"

static void a_queue_keeps_order(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 1000);
    unsigned put = 0;
    unsigned got = 0;
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < round % 7 + 1 && buffer.len < 999; i++)
            assert_int_equal(mailsub__buffer_append_char(&buffer, (char)(put++ & 0x7f)), 0);
        for (unsigned i = 0; i < round % 5 && buffer.len > 0; i++) {
            assert_int_equal(mailsub__buffer_slice(&buffer).ptr[0], got++ & 0x7f);
            mailsub__buffer_consume(&buffer, 1);
        }
    }
    assert_int_equal(buffer.len, put - got);
    mailsub__buffer_deinit(&buffer);
    assert_int_equal(heap.n_live, 0);
}

static void errors_stick_and_add_nothing(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 5);
    assert_int_equal(mailsub__buffer_append_str(&buffer, "abc"), MAILSUB_OK);
    assert_int_equal(mailsub__buffer_append_str(&buffer, "def"), MAILSUB_E_LIMIT);
    assert_int_equal(mailsub__buffer_append_str(&buffer, "d"), MAILSUB_E_LIMIT);
    assert_string_equal(mailsub__buffer_str(&buffer), "abc");
    mailsub__buffer_truncate(&buffer, 2);
    assert_int_equal(mailsub__buffer_append_uint(&buffer, 104), MAILSUB_OK);
    assert_string_equal(mailsub__buffer_str(&buffer), "ab104");
    mailsub__buffer_deinit(&buffer);

    mailsub__buffer_init(&buffer, &allocator, 100);
    heap.fail_at = heap.n_requests + 1;
    assert_int_equal(mailsub__buffer_append_str(&buffer, "abc"), MAILSUB_E_NOMEM);
    assert_int_equal(buffer.len, 0);
    mailsub__buffer_deinit(&buffer);
    assert_int_equal(heap.n_live, 0);
}

static void numbers_are_written_whole(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 100);
    mailsub__buffer_append_uint(&buffer, 0);
    mailsub__buffer_append_char(&buffer, ' ');
    mailsub__buffer_append_uint(&buffer, UINT64_MAX);
    assert_string_equal(mailsub__buffer_str(&buffer), "0 18446744073709551615");
    mailsub__buffer_deinit(&buffer);
}

static char *watched_block;

/* Blocks stay readable after their release, so that the test can look at what they held. */
static void keep_released(void *context, void *block)
{
    (void)context;
    watched_block = block;
}

static void secrets_are_wiped_when_memory_moves(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    allocator.release = keep_released;
    mailsub__buffer buffer;
    mailsub__buffer_init_secret(&buffer, &allocator, 1000);
    assert_int_equal(mailsub__buffer_append_str(&buffer, "password"), MAILSUB_OK);
    char *room;
    assert_int_equal(mailsub__buffer_reserve(&buffer, 500, &room), MAILSUB_OK);
    assert_non_null(watched_block);
    assert_int_equal(watched_block[0], 0);
    assert_int_equal(watched_block[7], 0);
    free(watched_block);
    mailsub__buffer_deinit(&buffer);
    assert_int_equal(watched_block[0], 0);
    free(watched_block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_keeps_order),
        cmocka_unit_test(errors_stick_and_add_nothing),
        cmocka_unit_test(numbers_are_written_whole),
        cmocka_unit_test(secrets_are_wiped_when_memory_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
