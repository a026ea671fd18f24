/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "smtp/redact.h"

enum { FIRST = 1, MIDDLE = 2, LAST = 3 };

/* The secrets are "sesame", "open door", "abcd" and "xyz". */
static const struct row {
    const char *name;
    int where;
    const char *text;
    const char *want;
} rows[] = {
    {"nothing", FIRST, "hello", "hello"},
    {"empty", MIDDLE, "", ""},
    {"first half", FIRST, "user alice ses", "user alice ***"},
    {"first half behind a space", FIRST, "alice open ", "alice *** "},
    {"all but one octet", FIRST, "alice sesam", "alice ***"},
    {"two octets of six", FIRST, "alice se", "alice se"},
    {"the other four", LAST, "same is wrong", "*** is wrong"},
    {"second half", LAST, "ame is wrong", "*** is wrong"},
    {"second half of two words", LAST, "door", "***"},
    {"first half at the start of the last line", LAST, "ses", "ses"},
    {"second half at the end of the first line", FIRST, "ame", "ame"},
    {"both halves in one line", MIDDLE, "ame and ses", "*** and ***"},
    {"a middle", MIDDLE, "esam", "***"},
    {"a middle in the last line", LAST, "esam", "esam"},
    {"two of four", FIRST, "is ab", "is ***"},
    {"the other two of four", LAST, "cd is", "*** is"},
    {"two of three", FIRST, "xy", "***"},
    {"one of three", FIRST, "x", "x"},
    {"the longest counts", FIRST, "open do", "***"},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    static const char *const known[] = {"sesame", "open door", "abcd", "xyz"};
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__secrets secrets;
    mailsub__secrets_init(&secrets, &allocator);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mailsub__secrets_add(&secrets, mailsub__slice_str(known[i])), 0);
    size_t len = strlen(row->text);
    char *text = malloc(len + MAILSUB__REDACT_ROOM);
    memcpy(text, row->text, len);
    len = mailsub__redact_edges(&secrets, text, len, row->where != FIRST, row->where != LAST);
    assert_int_equal(len, strlen(row->want));
    assert_memory_equal(text, row->want, len);
    free(text);
    mailsub__secrets_deinit(&secrets);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    static struct CMUnitTest tests[30];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
