/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>

#include <mailsub/error.h>

#include "smtp/reply.h"

/* ---- the parser ---- */

/*
 * want: for each line "LINE code text" or "LAST code text", or "BROKEN error"; then "MORE" when
 * octets of an unfinished line are left.
 */
static const struct parser_row {
    const char *name;
    const char *in;
    const char *want;
} parser_rows[] = {
    {"a line", "250 ok\r\n", "LAST 250 ok;"},
    {"a code alone", "250\r\n", "LAST 250 ;"},
    {"a code and a space", "250 \r\n", "LAST 250 ;"},
    {"several lines", "250-a\r\n250-b c\r\n250 d\r\n", "LINE 250 a;LINE 250 b c;LAST 250 d;"},
    {"a last line without separator", "250-a\r\n250\r\n", "LINE 250 a;LAST 250 ;"},
    {"several replies", "250 a\r\n354 b\r\n421 c\r\n", "LAST 250 a;LAST 354 b;LAST 421 c;"},
    {"the lowest and the highest", "200 a\r\n599 b\r\n", "LAST 200 a;LAST 599 b;"},
    {"an unfinished line", "250 a\r\n25", "LAST 250 a;MORE;"},
    {"an unfinished line end", "250 a\r", "MORE;"},
    {"a bare CR is text", "250 a\rb\r\r\n", "LAST 250 a\rb\r;"},
    {"an empty line", "\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"a bare LF", "250 a\n", "BROKEN E_REPLY_MALFORMED;"},
    {"a bare LF alone", "\n", "BROKEN E_REPLY_MALFORMED;"},
    {"a bare LF in the text", "550 a\n250 b\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"a bare LF behind a first line", "250-a\r\n250 b\n", "LINE 250 a;BROKEN E_REPLY_MALFORMED;"},
    {"1yz", "150 a\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"6yz", "650 a\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"two digits", "25 a\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"four digits", "2500 a\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"a letter in the code", "2x0 a\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"a letter at its end", "25o a\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"another separator", "250\ta\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"a space in front", " 250 a\r\n", "BROKEN E_REPLY_MALFORMED;"},
    {"another code in the second line", "250-a\r\n251 b\r\n",
     "LINE 250 a;BROKEN E_REPLY_MALFORMED;"},
    {"no reply at all", "HTTP/1.1 400 Bad Request\r\n", "BROKEN E_REPLY_MALFORMED;"},
};

/* Feed in pieces of exactly piece octets, and write down what comes. */
static void parse(const char *in, size_t len, size_t piece, char *out, size_t room)
{
    mailsub__reply_parser *parser = malloc(sizeof *parser);
    mailsub__reply_parser_init(parser);
    size_t n = 0;
    bool broken = false;
    out[0] = '\0';
    for (size_t at = 0; at < len && !broken;) {
        size_t part = len - at < piece ? len - at : piece;
        char *exact = malloc(part);
        memcpy(exact, in + at, part);
        at += part;
        mailsub__slice input = mailsub__slice_of(exact, part);
        while (input.len > 0 && !broken) {
            int progress = (int)mailsub__reply_parser_next(parser, &input);
            broken = progress == MAILSUB__REPLY_BROKEN;
            if (broken)
                n += (size_t)snprintf(out + n, room - n, "BROKEN %s;",
                                      mailsub_error_name(parser->error) + strlen("MAILSUB_"));
            else if (progress != MAILSUB__REPLY_MORE)
                n += (size_t)snprintf(out + n, room - n, "%s %d %.*s;",
                                      progress == MAILSUB__REPLY_LAST ? "LAST" : "LINE",
                                      parser->code, (int)parser->text.len, parser->text.ptr);
            assert_true(n < room);
        }
        free(exact);
    }
    if (!broken && !mailsub__reply_parser_is_fresh(parser))
        snprintf(out + n, room - n, "MORE;");
    free(parser);
}

static void parses(void **state)
{
    const struct parser_row *row = *state;
    char out[1024];
    static const size_t pieces[] = {SIZE_MAX, 1, 2, 3, 5, 7};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        parse(row->in, strlen(row->in), pieces[i], out, sizeof out);
        assert_string_equal(out, row->want);
    }
}

/* A reply at a limit is taken, one octet or line more is not; in pieces of any size. */
static void check_limit(const char *in, size_t len, bool fits)
{
    static char out[128 * 1024];
    static const size_t pieces[] = {SIZE_MAX, 1, 1000, 2048};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        parse(in, len, pieces[i], out, sizeof out);
        assert_int_equal(strstr(out, "BROKEN E_REPLY_TOO_LONG;") != NULL, !fits);
        assert_int_equal(strstr(out, "LAST 250") != NULL, fits);
    }
}

static void lines_have_a_limit(void **state)
{
    (void)state;
    char line[MAILSUB__REPLY_MAX_LINE + 2];
    for (size_t len = MAILSUB__REPLY_MAX_LINE; len <= MAILSUB__REPLY_MAX_LINE + 1; len++) {
        memset(line, 'x', sizeof line);
        memcpy(line, "250 ", 4);
        memcpy(line + len - 2, "\r\n", 2);
        check_limit(line, len, len == MAILSUB__REPLY_MAX_LINE);
    }
    memset(line, '2', sizeof line);
    check_limit(line, sizeof line, false);
}

static size_t many_lines(char *out, size_t n_lines, size_t line_len)
{
    for (size_t i = 0; i < n_lines; i++) {
        char *line = out + i * line_len;
        memset(line, 'x', line_len);
        memcpy(line, i + 1 < n_lines ? "250-" : "250 ", 4);
        memcpy(line + line_len - 2, "\r\n", 2);
    }
    return n_lines * line_len;
}

static void replies_have_a_limit(void **state)
{
    (void)state;
    static char text[MAILSUB__REPLY_MAX_OCTETS + 4096];
    check_limit(text, many_lines(text, MAILSUB__REPLY_MAX_LINES, 8), true);
    check_limit(text, many_lines(text, MAILSUB__REPLY_MAX_LINES + 1, 8), false);
    check_limit(text, many_lines(text, 64, 1024), true);
    check_limit(text, many_lines(text, 65, 1024), false);
}

/* ---- what is kept ---- */

static const struct reply_row {
    const char *name;
    int code;
    const char *lines[4];
    const char *want_enhanced;
    const char *want_text;
} reply_rows[] = {
    {"text", 250, {"ok"}, "", "ok"},
    {"no text", 250, {""}, "", ""},
    {"lines are joined", 250, {"a", "", " b ", "c"}, "", "a b c"},
    {"enhanced status", 550, {"5.1.1 unknown"}, "5.1.1", "unknown"},
    {"enhanced status alone", 250, {"2.0.0"}, "2.0.0", ""},
    {"the same in each line", 550, {"5.7.1 a", "5.7.1 b"}, "5.7.1", "a b"},
    {"in the last line only", 550, {"a", "5.7.1 b"}, "5.7.1", "a b"},
    {"another in the second line stays", 550, {"5.7.1 a", "5.7.2 b"}, "5.7.1", "a 5.7.2 b"},
    {"one shorter in the second line stays", 550, {"5.7.10 a", "5.7.1 b"}, "5.7.10", "a 5.7.1 b"},
    {"long numbers", 450, {"4.123.456 a"}, "4.123.456", "a"},
    {"class corrected down", 450, {"5.7.1 a"}, "4.7.1", "a"},
    {"class corrected up", 550, {"2.0.0 a"}, "5.0.0", "a"},
    {"class corrected in each line", 550, {"4.7.1 a", "4.7.1 b"}, "5.7.1", "a b"},
    {"not with 3yz", 354, {"2.0.0 go"}, "", "2.0.0 go"},
    {"unknown class", 550, {"3.1.1 a"}, "", "3.1.1 a"},
    {"too many digits", 550, {"5.1234.1 a"}, "", "5.1234.1 a"},
    {"too many digits at the end", 550, {"5.1.1234 a"}, "", "5.1.1234 a"},
    {"two numbers", 550, {"5.1 aaa"}, "", "5.1 aaa"},
    {"no digits", 550, {"5..1 a"}, "", "5..1 a"},
    {"four numbers", 250, {"2.0.0.1 a"}, "", "2.0.0.1 a"},
    {"text right behind", 250, {"2.0.0a"}, "", "2.0.0a"},
    {"a class alone", 550, {"5 times wrong"}, "", "5 times wrong"},
};

static void keeps(void **state)
{
    const struct reply_row *row = *state;
    mailsub__reply reply;
    mailsub__reply_reset(&reply);
    for (size_t i = 0; i < 4 && row->lines[i]; i++)
        mailsub__reply_add_line(&reply, row->code, mailsub__slice_str(row->lines[i]));
    assert_int_equal(reply.code, row->code);
    assert_string_equal(reply.enhanced, row->want_enhanced);
    assert_string_equal(reply.text, row->want_text);
    assert_int_equal(reply.text_len, strlen(row->want_text));
}

/* However long, the text ends at a character, with dots where it was cut. */
static void long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[1024];
    mailsub__reply reply;
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 2 <= sizeof text; i += 2)
            memcpy(text + i, "\xc3\xbc", 2);
        mailsub__reply_reset(&reply);
        mailsub__reply_add_line(&reply, 250, mailsub__slice_of(text, shift + 1000));
        assert_true(reply.text_cut);
        assert_in_range(reply.text_len, sizeof reply.text - 3, sizeof reply.text - 1);
        assert_string_equal(reply.text + reply.text_len - 3, "...");
        assert_int_equal((reply.text_len - 3 - shift) % 2, 0);
        mailsub__reply_add_line(&reply, 250, mailsub__slice_str("more"));
        assert_string_equal(reply.text + reply.text_len - 3, "...");
    }
    for (size_t len = 500; len < 520; len++) {
        memset(text, 'x', len);
        mailsub__reply_reset(&reply);
        mailsub__reply_add_line(&reply, 250, mailsub__slice_of(text, len));
        mailsub__reply_add_line(&reply, 250, mailsub__slice_str("y"));
        assert_int_equal(reply.text_cut, len + 2 > 508);
        assert_int_equal(strlen(reply.text), reply.text_len);
    }
}

/* ---- clean text ---- */

static const struct clean_row {
    const char *name;
    const char *in;
    const char *want;
} clean_rows[] = {
    {"printable", "ok, <a@b> \"c\"", "ok, <a@b> \"c\""},
    {"UTF-8", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xa7",
     "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xa7"},
    {"tab", "a\tb", "a b"},
    {"controls", "\x1b[31m\x07\x7f\r\n", "?[31m????"},
    {"Latin-1", "gr\xfc\xdf", "gr??"},
    {"truncated", "a\xe2\x82", "a??"},
    {"overlong", "\xc0\xaf", "??"},
    {"surrogate", "\xed\xa0\x80", "???"},
    {"beyond Unicode", "\xf4\x90\x80\x80", "????"},
    {"C1 control", "\xc2\x85x\xc2\x9b", "??x??"},
    {"no-break space", "\xc2\xa0", "\xc2\xa0"},
    {"line separator",
     "a\xe2\x80\xa8"
     "b",
     "a???b"},
    {"turned direction",
     "\xe2\x80\xae"
     "a\xe2\x81\xa6",
     "???a???"},
};

static void cleans(void **state)
{
    const struct clean_row *row = *state;
    size_t len = strlen(row->in);
    char *text = malloc(len);
    memcpy(text, row->in, len);
    size_t n = mailsub__text_clean(text, len);
    assert_int_equal(n, strlen(row->want));
    assert_memory_equal(text, row->want, n);
    assert_int_equal(mailsub__text_clean(text, n), n);
    assert_memory_equal(text, row->want, n);
    free(text);
}

int main(void)
{
    static struct CMUnitTest tests[100];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, parser_rows, parses);
    UNIT_ADD_ROWS(tests, n_tests, reply_rows, keeps);
    UNIT_ADD_ROWS(tests, n_tests, clean_rows, cleans);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(lines_have_a_limit);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(replies_have_a_limit);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(long_text_is_cut_at_a_character);
    return UNIT_RUN(tests, n_tests);
}
