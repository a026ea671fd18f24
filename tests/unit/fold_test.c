/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "message/fold.h"

#define A9 "aaaaaaaaa"
#define A70 A9 A9 A9 A9 A9 A9 A9 "aaaaaaa"

struct fold_row {
    const char *name;
    enum mailsub__fold_first first;
    const char *tokens[4];
    const char *want; /* of the field "Name" */
};

#define STAY MAILSUB__FOLD_STAY
#define MOVE MAILSUB__FOLD_MOVE

static const struct fold_row rows[] = {
    {"no token", STAY, {NULL}, "Name: \r\n"},
    {"one token", STAY, {"a"}, "Name: a\r\n"},
    {"tokens", STAY, {"a", "b", "c"}, "Name: a b c\r\n"},
    {"78 octets", STAY, {A70, "b"}, "Name: " A70 " b\r\n"},
    {"79 octets", STAY, {A70, "bc"}, "Name: " A70 "\r\n bc\r\n"},
    {"a first token that does not fit and moves", MOVE, {A70 "bcd"}, "Name:\r\n " A70 "bcd\r\n"},
    {"a first token that does not fit and stays", STAY, {A70 "bcd"}, "Name: " A70 "bcd\r\n"},
    {"a token of 77", STAY, {"a", A70 "1234567", "b"}, "Name: a\r\n " A70 "1234567\r\n b\r\n"},
    {"a token beyond 78", STAY, {"a", A70 A70, "b"}, "Name: a\r\n " A70 A70 "\r\n b\r\n"},
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
    mailsub__fold_begin(&fold, mailsub__slice_str("Name"), row->first);
    for (size_t i = 0; row->tokens[i]; i++)
        mailsub__fold_token(&fold, mailsub__slice_str(row->tokens[i]));
    assert_int_equal(mailsub__fold_end(&fold), MAILSUB_OK);
    mailsub__fold_deinit(&fold);
    assert_string_equal(mailsub__buffer_str(&out), row->want);
    mailsub__buffer_deinit(&out);
    assert_int_equal(heap.n_live, 0);
}

static void lines_with_encoded_words_are_shorter(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 10000);
    mailsub__fold fold;
    mailsub__fold_init(&fold, &out);
    mailsub__fold_begin(&fold, mailsub__slice_str("Name"), STAY);
    assert_int_equal(mailsub__fold_longest(&fold, MAILSUB__FOLD_AIM), 78 - 6);
    mailsub__fold_word(&fold, mailsub__slice_str(A70)); /* 76 */
    assert_int_equal(mailsub__fold_longest(&fold, MAILSUB__FOLD_AIM), 77);
    mailsub__fold_word(&fold, mailsub__slice_str(A70 "b"));
    mailsub__fold_token(&fold, mailsub__slice_str("cd")); /* 75 */
    mailsub__fold_token(&fold, mailsub__slice_str("e"));
    mailsub__fold_token(&fold, mailsub__slice_str(A70));
    mailsub__fold_word(&fold, mailsub__slice_str("ghi"));
    assert_int_equal(mailsub__fold_end(&fold), MAILSUB_OK);
    assert_string_equal(mailsub__buffer_str(&out),
                        "Name: " A70 "\r\n " A70 "b cd\r\n e " A70 "\r\n ghi\r\n");
    mailsub__fold_deinit(&fold);
    mailsub__buffer_deinit(&out);
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
    mailsub__fold_begin(&fold, mailsub__slice_str("Name"), STAY);
    mailsub__fold_token(&fold, mailsub__slice_str("abcdef"));
    assert_int_equal(mailsub__fold_end(&fold), MAILSUB_E_LIMIT);
    mailsub__fold_deinit(&fold);
    mailsub__buffer_deinit(&out);
}

int main(void)
{
    struct CMUnitTest tests[16] = {
        cmocka_unit_test(a_full_buffer_is_told_at_the_end),
        cmocka_unit_test(lines_with_encoded_words_are_shorter),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
