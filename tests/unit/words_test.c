/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What readers make of encoded words is tested by tests/integration/message_email.py. */
#include "unit.h"

#include "codec/utf8.h"
#include "message/words.h"

#define A10 "abcdefghij"
#define A70 A10 A10 A10 A10 A10 A10 A10
#define U10 "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"

struct words_row {
    const char *name;
    const char *text;
    const char *want; /* of the field "Name"; NULL: only the rules are checked */
};

static const struct words_row text_rows[] = {
    {"empty", "", "Name: \r\n"},
    {"plain", "a b c", "Name: a b c\r\n"},
    {"two spaces stay", "a  b", "Name: a  b\r\n"},
    {"a tab stays", "a\tb", "Name: a\tb\r\n"},
    {"no fold at two spaces", A70 "  " A10, NULL},
    {"space in front", " a b", "Name: =?UTF-8?Q?_a?= b\r\n"},
    {"space behind", "a b ", "Name: a =?UTF-8?Q?b_?=\r\n"},
    {"only a space", " ", "Name: =?UTF-8?Q?_?=\r\n"},
    {"only spaces and tabs", " \t ", "Name: =?UTF-8?B?IAkg?=\r\n"},
    {"one word that needs it", "a \xc3\xa4 b", "Name: a =?UTF-8?B?w6Q=?= b\r\n"},
    {"a run with its space", "a \xc3\xa4 \xc3\xa4 b", "Name: a =?UTF-8?B?w6Qgw6Q=?= b\r\n"},
    {"two runs", "\xc3\xa4 b \xc3\xa4", "Name: =?UTF-8?B?w6Q=?= b =?UTF-8?B?w6Q=?=\r\n"},
    {"spaces beside a word that needs it are in it", "a  \xc3\xa4", NULL},
    {"looks encoded", "a =?UTF-8?Q?b?= c", NULL},
    {"looks encoded, with a space", "=?UTF-8?Q?a b?=", NULL},
    {"looks encoded, glued", "x=?UTF-8?Q?a?=", NULL},
    {"ASCII of 72", A70 "12", "Name: " A70 "12\r\n"},
    {"ASCII of 73, the first", A70 "123", NULL},
    {"ASCII of 77", "a " A70 "1234567", "Name: a\r\n " A70 "1234567\r\n"},
    {"ASCII of 78", "a " A70 "12345678", NULL},
    {"long ASCII", A70 A70 A70 A70 A70 A70 A70 A70 A70 A70 A70 A70 A70 A70 A70, NULL},
    {"long text", U10 " " U10 U10 " " U10 U10 U10 U10 U10 " a " U10 " b", NULL},
    {"a first word in Q stays beside the name",
     "=="
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "\xe2\x82\xac"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "Name: =?UTF-8?Q?=3D=3D=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC?="
     "\r\n =?UTF-8?Q?=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC=E2=82=AC?="
     "\r\n =?UTF-8?Q?=E2=82=AC=E2=82=AC=E2=82=ACxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?="
     "\r\n =?UTF-8?Q?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?="
     "\r\n =?UTF-8?Q?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?="
     "\r\n =?UTF-8?Q?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?="
     "\r\n =?UTF-8?Q?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?="
     "\r\n =?UTF-8?Q?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?="
     "\r\n =?UTF-8?Q?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?=\r\n"},
};

static const struct words_row phrase_rows[] = {
    {"atom", "Alice", "Name: Alice\r\n"},
    {"atoms", "Alice B Clark", "Name: Alice B Clark\r\n"},
    {"dot", "Alice B. Clark", "Name: \"Alice B. Clark\"\r\n"},
    {"comma", "Clark, Alice", "Name: \"Clark, Alice\"\r\n"},
    {"angle brackets", "a <b@c.de>", "Name: \"a <b@c.de>\"\r\n"},
    {"quote and backslash", "a\"b\\c", "Name: \"a\\\"b\\\\c\"\r\n"},
    {"two spaces", "a  b", "Name: \"a  b\"\r\n"},
    {"space in front", " a", "Name: \" a\"\r\n"},
    {"space behind", "a ", "Name: \"a \"\r\n"},
    {"only a space", " ", "Name: \" \"\r\n"},
    {"umlaut", "J\xc3\xb6rg", "Name: =?UTF-8?B?SsO2cmc=?=\r\n"},
    {"umlaut and comma", "M\xc3\xbcller, J", "Name: =?UTF-8?Q?M=C3=BCller=2C_J?=\r\n"},
    {"looks encoded", "=?UTF-8?Q?a?=", NULL},
    {"looks encoded inside", "a =?UTF-8?Q?a?= b.", NULL},
    {"long atoms", A70 " " A70, "Name: " A70 "\r\n " A70 "\r\n"},
    {"an atom of 78", A70 "12345678", NULL},
    {"quoted of 77", A70 "1.345", "Name:\r\n \"" A70 "1.345\"\r\n"},
    {"quoted of 78", A70 "1.3456", NULL},
    {"long text", U10 " " U10 U10 " " U10 U10 U10 U10 U10, NULL},
};

/* The rules that any field must keep, whatever is in it. */
static void check_rules(const char *field)
{
    assert_true(mailsub__ascii_only(mailsub__slice_str(field)));
    const char *line = field;
    while (*line) {
        const char *end = strstr(line, "\r\n");
        assert_non_null(end);
        bool has_word = memmem(line, (size_t)(end - line), "=?", 2) != NULL;
        assert_true(end - line <= (has_word ? 76 : 78));
        assert_true(strspn(line, " \t") < (size_t)(end - line));
        assert_null(memchr(line, '\n', (size_t)(end - line)));
        line = end + 2;
        assert_true(*line == '\0' || *line == ' ');
    }
}

static int write_phrase(mailsub__fold *fold, mailsub__slice text)
{
    return mailsub__words_write_phrase(fold, text, "");
}

static int write_text(mailsub__fold *fold, mailsub__slice text)
{
    return mailsub__words_write_text(fold, text, MAILSUB__FOLD_AIM);
}

static void check_field(const struct words_row *row, enum mailsub__fold_first first,
                        int (*write)(mailsub__fold *fold, mailsub__slice text))
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 10000);
    mailsub__fold fold;
    mailsub__fold_init(&fold, &out);
    mailsub__fold_begin(&fold, mailsub__slice_str("Name"), first);
    assert_int_equal(write(&fold, mailsub__slice_str(row->text)), MAILSUB_OK);
    assert_int_equal(mailsub__fold_end(&fold), MAILSUB_OK);
    mailsub__fold_deinit(&fold);
    const char *field = mailsub__buffer_str(&out);
    if (row->want)
        assert_string_equal(field, row->want);
    else
        assert_non_null(strstr(field, "=?UTF-8?"));
    if (*row->text)
        check_rules(field);
    mailsub__buffer_deinit(&out);
    assert_int_equal(heap.n_live, 0);
}

static void check_text_row(void **state)
{
    check_field(*state, MAILSUB__FOLD_STAY, write_text);
}

static void check_phrase_row(void **state)
{
    check_field(*state, MAILSUB__FOLD_MOVE, write_phrase);
}

static void text_for_programs_keeps_long_words(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    for (size_t len = 994; len <= 996; len++) {
        char word[1000];
        memset(word, 'x', len);
        mailsub__buffer out;
        mailsub__buffer_init(&out, &allocator, 10000);
        mailsub__fold fold;
        mailsub__fold_init(&fold, &out);
        mailsub__fold_begin(&fold, mailsub__slice_str("X"), MAILSUB__FOLD_STAY);
        assert_int_equal(
            mailsub__words_write_text(&fold, mailsub__slice_of(word, len), MAILSUB__FOLD_MOST),
            MAILSUB_OK);
        assert_int_equal(strstr(mailsub__buffer_str(&out), "=?") != NULL, len > 995);
        mailsub__fold_deinit(&fold);
        mailsub__buffer_deinit(&out);
    }
    assert_int_equal(heap.n_live, 0);
}

static void a_suffix_is_apart_from_encoded_words_only(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 10000);
    mailsub__fold fold;
    mailsub__fold_init(&fold, &out);
    mailsub__fold_begin(&fold, mailsub__slice_str("X"), MAILSUB__FOLD_STAY);
    mailsub__words_write_phrase(&fold, mailsub__slice_str("a b"), ",");
    mailsub__words_write_phrase(&fold, mailsub__slice_str("a.b"), ",");
    mailsub__words_write_phrase(&fold, mailsub__slice_str("\xc3\xa4"), ",");
    mailsub__words_write_phrase(&fold, mailsub__slice_str("c"), "");
    assert_int_equal(mailsub__fold_end(&fold), MAILSUB_OK);
    assert_string_equal(mailsub__buffer_str(&out), "X: a b, \"a.b\", =?UTF-8?B?w6Q=?= , c\r\n");
    mailsub__fold_deinit(&fold);
    mailsub__buffer_deinit(&out);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(text_for_programs_keeps_long_words),
        cmocka_unit_test(a_suffix_is_apart_from_encoded_words_only),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, text_rows, check_text_row);
    UNIT_ADD_ROWS(tests, n_tests, phrase_rows, check_phrase_row);
    return UNIT_RUN(tests, n_tests);
}
