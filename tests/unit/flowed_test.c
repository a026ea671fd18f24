/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "message/flowed.h"

#define W10 "wwwwwwwww "
#define W70 W10 W10 W10 W10 W10 W10 W10
#define X80 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

struct flowed_row {
    const char *name;
    const char *text;
    const char *want;
};

static const struct flowed_row rows[] = {
    {"empty", "", ""},
    {"short", "a\nb", "a\r\nb\r\n"},
    {"line ends", "a\r\nb\rc\n\nd", "a\r\nb\r\nc\r\n\r\nd\r\n"},
    {"spaces at the end", "a  \n  \nb", "a\r\n\r\nb\r\n"},
    {"signature", "a\n-- \nme", "a\r\n-- \r\nme\r\n"},
    {"long", W70 "aaa", W70 "\r\naaa\r\n"},
    {"as long as a line", W70 "aa", W70 "aa\r\n"},
    {"cut among spaces", W70 "     a", W70 "  \r\n    a\r\n"},
    {"a word beyond a line", X80 " a", X80 " \r\na\r\n"},
    {"only a word beyond a line", X80, X80 "\r\n"},
    {"like a signature when cut", "-- " X80 " a", "-- " X80 " \r\na\r\n"},
    {"space in front", " a", "  a\r\n"},
    {"From in front", "From me", " From me\r\n"},
    {"dot in front", ".", " .\r\n"},
    {"From where it was cut", W70 "From me", W70 "\r\n From me\r\n"},
    {"quoted", ">a\n> b\n>>  c", "> a\r\n> b\r\n>>  c\r\n"},
    {"quoted and empty", ">\n> ", ">\r\n>\r\n"},
    {"quoted and long", "> " W70 "aa", "> " W70 "\r\n> aa\r\n"},
    {"quoted signature", "> -- \n", "> -- \r\n"},
};

static void check_row(void **state)
{
    const struct flowed_row *row = *state;
    size_t len = strlen(row->text);
    char *copy = malloc(len + 1);
    memcpy(copy, row->text, len);
    for (size_t fail_at = 0; fail_at < 3; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub__buffer out;
        mailsub__buffer_init(&out, &allocator, 10000);
        int rc = mailsub__flowed_append(&out, mailsub__slice_of(copy, len));
        assert_int_equal(rc, fail_at > 0 && heap.n_requests >= fail_at ? MAILSUB_E_NOMEM : 0);
        if (!rc) {
            assert_int_equal(out.len, strlen(row->want));
            assert_memory_equal(mailsub__buffer_slice(&out).ptr, row->want, out.len);
        }
        mailsub__buffer_deinit(&out);
        assert_int_equal(heap.n_live, 0);
    }
    free(copy);
}

int main(void)
{
    struct CMUnitTest tests[32];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
