/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "smtp/command.h"

static const struct row {
    const char *name;
    const char *parts[3];
    size_t lens[3]; /* 0: up to the NUL */
    int want;
    const char *want_line;
    enum mailsub__command_text text;
} rows[] = {
    {"a word", {"QUIT"}, {0}, MAILSUB_OK, "QUIT\r\n", MAILSUB__COMMAND_ASCII},
    {"parts",
     {"RCPT TO:<", "a@b", ">"},
     {0},
     MAILSUB_OK,
     "RCPT TO:<a@b>\r\n",
     MAILSUB__COMMAND_ASCII},
    {"an empty part",
     {"MAIL FROM:<", "", ">"},
     {0},
     MAILSUB_OK,
     "MAIL FROM:<>\r\n",
     MAILSUB__COMMAND_ASCII},
    {"CR", {"a\rb"}, {0}, MAILSUB_E_CONTROL, NULL, MAILSUB__COMMAND_ASCII},
    {"LF", {"a", "\n"}, {0}, MAILSUB_E_CONTROL, NULL, MAILSUB__COMMAND_ASCII},
    {"CR LF and a command",
     {"EHLO ", "a\r\nRSET"},
     {0},
     MAILSUB_E_CONTROL,
     NULL,
     MAILSUB__COMMAND_ASCII},
    {"NUL", {"a", "b\0c"}, {0, 3}, MAILSUB_E_CONTROL, NULL, MAILSUB__COMMAND_ASCII},
    {"tab", {"a\tb"}, {0}, MAILSUB_E_CONTROL, NULL, MAILSUB__COMMAND_ASCII},
    {"DEL", {"a\x7f"}, {0}, MAILSUB_E_CONTROL, NULL, MAILSUB__COMMAND_ASCII},
    {"beyond ASCII", {"a", "\xc3\xbc"}, {0}, MAILSUB_E_SMTPUTF8, NULL, MAILSUB__COMMAND_ASCII},
    {"UTF-8", {"a", "\xc3\xbc"}, {0}, MAILSUB_OK, "a\xc3\xbc\r\n", MAILSUB__COMMAND_UTF8},
    {"not UTF-8", {"a", "\xfc"}, {0}, MAILSUB_E_SMTPUTF8, NULL, MAILSUB__COMMAND_UTF8},
    {"CR in UTF-8", {"\xc3\xbc\r"}, {0}, MAILSUB_E_CONTROL, NULL, MAILSUB__COMMAND_UTF8},
};

static void builds(void **state)
{
    const struct row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 1000);
    mailsub__slice parts[3];
    size_t n_parts = 0;
    for (; n_parts < 3 && row->parts[n_parts]; n_parts++) {
        size_t len = row->lens[n_parts] ? row->lens[n_parts] : strlen(row->parts[n_parts]);
        parts[n_parts] = mailsub__slice_of(row->parts[n_parts], len);
    }
    mailsub__buffer_append_str(&out, "before ");
    assert_int_equal(mailsub__command_append(&out, parts, n_parts, MAILSUB__COMMAND_MAX, row->text),
                     row->want);
    const char *line = mailsub__buffer_str(&out);
    assert_memory_equal(line, "before ", 7);
    assert_string_equal(line + 7, row->want_line ? row->want_line : "");
    mailsub__buffer_deinit(&out);
}

static void length_is_bounded(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    char text[600];
    memset(text, 'x', sizeof text);
    mailsub__buffer_init(&out, &allocator, 100000);
    mailsub__slice parts[] = {{"AUTH ", 5}, {text, 505}};
    assert_int_equal(mailsub__command_append(&out, parts, 2, 512, MAILSUB__COMMAND_ASCII),
                     MAILSUB_OK);
    assert_int_equal(out.len, 512);
    parts[1].len = 506;
    assert_int_equal(mailsub__command_append(&out, parts, 2, 512, MAILSUB__COMMAND_ASCII),
                     MAILSUB_E_LIMIT);
    assert_int_equal(out.len, 512);
    assert_int_equal(mailsub__command_append(&out, parts, 1, 512, MAILSUB__COMMAND_ASCII),
                     MAILSUB_OK);
    mailsub__buffer_deinit(&out);
}

static void a_line_without_memory_leaves_nothing(void **state)
{
    (void)state;
    struct unit_heap heap = {.fail_at = 1};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 1000);
    mailsub__slice part = {"QUIT", 4};
    assert_int_equal(mailsub__command_append(&out, &part, 1, 512, MAILSUB__COMMAND_ASCII),
                     MAILSUB_E_NOMEM);
    assert_int_equal(out.len, 0);
    assert_int_equal(mailsub__command_append(&out, &part, 1, 512, MAILSUB__COMMAND_ASCII),
                     MAILSUB_OK);
    mailsub__buffer_deinit(&out);
    assert_int_equal(heap.n_live, 0);
}

static const struct path_row {
    const char *name;
    const char *path;
    int want;
} path_rows[] = {
    {"mailbox", "a.b+c@example.org", MAILSUB_OK},
    {"address literal", "a@[IPv6:2001:db8::1]", MAILSUB_OK},
    {"quoted local part", "\"a b<c>\"@example.org", MAILSUB_OK},
    {"quoted pair", "\"a\\\"b> c\"@example.org", MAILSUB_OK},
    {"Postmaster", "Postmaster", MAILSUB_OK},
    {"empty path", "", MAILSUB_E_ADDRESS},
    {"space", "a b@example.org", MAILSUB_E_ADDRESS},
    {"closing bracket", "a@example.org> NOTIFY=NEVER", MAILSUB_E_ADDRESS},
    {"opening bracket", "<a@example.org", MAILSUB_E_ADDRESS},
    {"bracket behind the quotes", "\"a\"> x", MAILSUB_E_ADDRESS},
    {"bracket behind escaped quotes", "\"a\\\\\"> x", MAILSUB_E_ADDRESS},
    {"open quotes", "\"a> x@example.org", MAILSUB_E_ADDRESS},
    {"open quoted pair", "\"a\\", MAILSUB_E_ADDRESS},
    {"line end in the path", "a@b\r\nDATA", MAILSUB_E_CONTROL},
    {"UTF-8 in the path", "j\xc3\xbcrgen@example.org", MAILSUB_E_SMTPUTF8},
};

static void checks_path(void **state)
{
    const struct path_row *row = *state;
    size_t len = strlen(row->path);
    char *exact = malloc(len + 1);
    memcpy(exact, row->path, len);
    assert_int_equal(
        mailsub__command_check_path(mailsub__slice_of(exact, len), MAILSUB__COMMAND_ASCII),
        row->want);
    free(exact);
}

static void paths_are_bounded(void **state)
{
    (void)state;
    char path[MAILSUB_MAX_ADDRESS + 1];
    memset(path, 'x', sizeof path);
    assert_int_equal(mailsub__command_check_path(mailsub__slice_of(path, MAILSUB_MAX_ADDRESS),
                                                 MAILSUB__COMMAND_ASCII),
                     MAILSUB_OK);
    assert_int_equal(
        mailsub__command_check_path(mailsub__slice_of(path, sizeof path), MAILSUB__COMMAND_ASCII),
        MAILSUB_E_ADDRESS);
}

int main(void)
{
    static struct CMUnitTest tests[40];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, builds);
    UNIT_ADD_ROWS(tests, n_tests, path_rows, checks_path);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(length_is_bounded);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_line_without_memory_leaves_nothing);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(paths_are_bounded);
    return UNIT_RUN(tests, n_tests);
}
