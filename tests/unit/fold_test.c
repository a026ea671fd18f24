/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "message/fold.h"

#define A9 "aaaaaaaaa"
#define A70 A9 A9 A9 A9 A9 A9 A9 "aaaaaaa"

struct fold_row {
    const char *name;
    const char *tokens[4];
    const char *want; /* of the field "Name" */
};

static const struct fold_row rows[] = {
    {"no token", {NULL}, "Name: \r\n"},
    {"one token", {"a"}, "Name: a\r\n"},
    {"tokens", {"a", "b", "c"}, "Name: a b c\r\n"},
    {"78 octets", {A70, "b"}, "Name: " A70 " b\r\n"},
    {"79 octets", {A70, "bc"}, "Name: " A70 "\r\n bc\r\n"},
    {"a first token that does not fit", {A70 "bcd"}, "Name:\r\n " A70 "bcd\r\n"},
    {"a token of 77", {"a", A70 "1234567", "b"}, "Name: a\r\n " A70 "1234567\r\n b\r\n"},
    {"a token beyond 78", {"a", A70 A70, "b"}, "Name: a\r\n " A70 A70 "\r\n b\r\n"},
};

static void check_row(void **state)
{
    const struct fold_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 10000);
    mailsub__fold fold;
    mailsub__fold_init(&fold, &out);
    mailsub__fold_begin(&fold, mailsub__slice_str("Name"));
    for (size_t i = 0; row->tokens[i]; i++)
        mailsub__fold_token(&fold, mailsub__slice_str(row->tokens[i]));
    assert_int_equal(mailsub__fold_end(&fold), MAILSUB_OK);
    mailsub__fold_deinit(&fold);
    assert_string_equal(mailsub__buffer_str(&out), row->want);
    mailsub__buffer_deinit(&out);
    assert_int_equal(heap.n_live, 0);
}

static void a_full_buffer_is_told_at_the_end(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 8);
    mailsub__fold fold;
    mailsub__fold_init(&fold, &out);
    mailsub__fold_begin(&fold, mailsub__slice_str("Name"));
    mailsub__fold_token(&fold, mailsub__slice_str("abcdef"));
    assert_int_equal(mailsub__fold_end(&fold), MAILSUB_E_LIMIT);
    mailsub__fold_deinit(&fold);
    mailsub__buffer_deinit(&out);
}

int main(void)
{
    struct CMUnitTest tests[16] = {cmocka_unit_test(a_full_buffer_is_told_at_the_end)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
