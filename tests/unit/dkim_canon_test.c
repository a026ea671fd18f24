/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <mailsub/dkim.h>

#include "base/crypto.h"
#include "message/dkim_canon.h"

struct body_row {
    const char *name;
    const char *in;
    const char *want_simple;
    const char *want_relaxed;
};

#define LINES "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"

static const struct body_row body_rows[] = {
    {"the body of RFC 6376 section 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n",
     " C\r\nD E\r\n"},
    {"an empty body", "", "\r\n", ""},
    {"only empty lines", "\r\n\r\n", "\r\n", ""},
    {"only white space", " \t\r\n \r\n", " \t\r\n \r\n", ""},
    {"no line end", "a", "a\r\n", "a\r\n"},
    {"no line end behind white space", "a \t", "a \t\r\n", "a\r\n"},
    {"one line", "a\r\n", "a\r\n", "a\r\n"},
    {"empty lines in front", "\r\n\r\na\r\n", "\r\n\r\na\r\n", "\r\n\r\na\r\n"},
    {"empty lines between", "a\r\n\r\n\r\nb\r\n\r\n", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
    {"many empty lines between", "a" LINES "b", "a" LINES "b\r\n", "a" LINES "b\r\n"},
    {"many empty lines behind", "a" LINES, "a\r\n", "a\r\n"},
    {"white space between", "a  b\t\tc \td", "a  b\t\tc \td\r\n", "a b c d\r\n"},
    {"a tab", "a\tb\r\n", "a\tb\r\n", "a b\r\n"},
    {"white space in front", "  a\r\n\tb\r\n", "  a\r\n\tb\r\n", " a\r\n b\r\n"},
    {"white space at line ends", "a \r\nb\t\r\n", "a \r\nb\t\r\n", "a\r\nb\r\n"},
    {"lines of white space between", "a\r\n \t \r\nb\r\n", "a\r\n \t \r\nb\r\n", "a\r\n\r\nb\r\n"},
    {"lines of white space behind", "a\r\n \r\n\t\r\n", "a\r\n \r\n\t\r\n", "a\r\n"},
    {"a long word", "0123456789abcdef0123456789abcdef b\r\n",
     "0123456789abcdef0123456789abcdef b\r\n", "0123456789abcdef0123456789abcdef b\r\n"},
    {"8-bit octets", "\303\274 \303\274\r\n", "\303\274 \303\274\r\n", "\303\274 \303\274\r\n"},
    {"other control characters", "\001\002\r\n\013", "\001\002\r\n\013\r\n",
     "\001\002\r\n\013\r\n"},
    {"a CR alone", "a\rb", "a\rb\r\n", "a\rb\r\n"},
    {"a CR alone behind a space", "a \rb", "a \rb\r\n", "a \rb\r\n"},
    {"a CR alone in front of a space", "a\r b", "a\r b\r\n", "a\r b\r\n"},
    {"a CR in front of CRLF", "a\r\r\n", "a\r\r\n", "a\r\r\n"},
    {"a CR at the end", "a\r", "a\r\r\n", "a\r\r\n"},
    {"an LF alone", "a\nb \nc", "a\nb \nc\r\n", "a\nb \nc\r\n"},
    {"an LF behind a line end", "a\r\n\n", "a\r\n\n\r\n", "a\r\n\n\r\n"},
};

static int append(void *out, mailsub__slice octets)
{
    assert_true(octets.len > 0);
    return mailsub__buffer_append_slice(out, octets);
}

typedef int feed_fn(mailsub__dkim_body *body, const char *data, size_t len);

/* Feed the body cut at a place, and in pieces of n octets behind it, by another function. */
static void check_body_by(feed_fn *feed, int form, const char *in, const char *want, size_t cut,
                          size_t n)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 10000);
    mailsub__dkim_body body;
    mailsub__dkim_body_init(&body, form, append, &out);
    size_t len = strlen(in);
    assert_int_equal(mailsub__dkim_body_feed(&body, in, cut), MAILSUB_OK);
    for (size_t at = cut; at < len; at += n) {
        size_t left = len - at < n ? len - at : n;
        char *exact = malloc(left);
        assert_non_null(exact);
        memcpy(exact, in + at, left);
        assert_int_equal(feed(&body, exact, left), MAILSUB_OK);
        free(exact);
    }
    assert_int_equal(mailsub__dkim_body_finish(&body), MAILSUB_OK);
    assert_string_equal(mailsub__buffer_str(&out), want);
    mailsub__buffer_deinit(&out);
}

static void check_body(int form, const char *in, const char *want, size_t cut, size_t n)
{
    check_body_by(mailsub__dkim_body_feed, form, in, want, cut, n);
    if (!strpbrk(in + cut, " \t"))
        check_body_by(mailsub__dkim_body_feed_solid, form, in, want, cut, n);
}

static void check_body_row(void **state)
{
    const struct body_row *row = *state;
    size_t len = strlen(row->in);
    for (size_t cut = 0; cut <= len; cut++) {
        check_body(MAILSUB_DKIM_SIMPLE, row->in, row->want_simple, cut, len + 1);
        check_body(MAILSUB_DKIM_RELAXED, row->in, row->want_relaxed, cut, len + 1);
    }
    for (size_t n = 1; n < 4; n++) {
        check_body(MAILSUB_DKIM_SIMPLE, row->in, row->want_simple, 0, n);
        check_body(MAILSUB_DKIM_RELAXED, row->in, row->want_relaxed, 0, n);
    }
}

/* Every call of put fails once: the error is passed on. */
static int refuse(void *n_left, mailsub__slice octets)
{
    (void)octets;
    size_t *left = n_left;
    if (*left == 0)
        return MAILSUB_E_NOMEM;
    --*left;
    return MAILSUB_OK;
}

static void a_refused_octet_is_told(void **state)
{
    (void)state;
    static const char in[] = "a  b\r\n\r\nc \r\n\r\nd\r";
    for (int form = MAILSUB_DKIM_SIMPLE; form <= MAILSUB_DKIM_RELAXED; form++) {
        int rc = MAILSUB_E_NOMEM;
        for (size_t n = 0; rc; n++) {
            size_t left = n;
            mailsub__dkim_body body;
            mailsub__dkim_body_init(&body, form, refuse, &left);
            rc = MAILSUB_OK;
            for (size_t i = 0; i < sizeof in - 1 && !rc; i++)
                rc = mailsub__dkim_body_feed(&body, in + i, 1);
            if (!rc)
                rc = mailsub__dkim_body_finish(&body);
            assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM);
            assert_true(n < 100);
        }
    }
}

struct field_row {
    const char *name;
    const char *in;
    const char *want_relaxed;
};

static const struct field_row field_rows[] = {
    {"a field of RFC 6376 section 3.4.5", "A: X", "a:X"},
    {"a folded field of RFC 6376 section 3.4.5", "B : Y\t\r\n\tZ  ", "b:Y Z"},
    {"no white space", "From:a", "from:a"},
    {"white space before the colon", "From \t : a", "from:a"},
    {"an empty value", "Subject:", "subject:"},
    {"a value of white space", "Subject: \t", "subject:"},
    {"a value folded away from its name", "Subject:\r\n a", "subject:a"},
    {"several folds", "To: a,\r\n\tb,\r\n c", "to:a, b, c"},
    {"colons in the value", "Subject: A: B : C", "subject:A: B : C"},
    {"UTF-8", "SUBJECT: \303\204 \303\204", "subject:\303\204 \303\204"},
};

static void check_field_row(void **state)
{
    const struct field_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 10000);
    mailsub__slice in = mailsub__slice_str(row->in);
    assert_int_equal(mailsub__dkim_canon_field(MAILSUB_DKIM_SIMPLE, in, &out), MAILSUB_OK);
    assert_string_equal(mailsub__buffer_str(&out), row->in);
    mailsub__buffer_reset(&out);
    assert_int_equal(mailsub__dkim_canon_field(MAILSUB_DKIM_RELAXED, in, &out), MAILSUB_OK);
    assert_string_equal(mailsub__buffer_str(&out), row->want_relaxed);
    /* What is relaxed stays as it is. */
    mailsub__buffer again;
    mailsub__buffer_init(&again, &allocator, 10000);
    assert_int_equal(
        mailsub__dkim_canon_field(MAILSUB_DKIM_RELAXED, mailsub__buffer_slice(&out), &again),
        MAILSUB_OK);
    assert_string_equal(mailsub__buffer_str(&again), row->want_relaxed);
    mailsub__buffer_deinit(&again);
    mailsub__buffer_deinit(&out);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    struct CMUnitTest tests[48] = {cmocka_unit_test(a_refused_octet_is_told)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, body_rows, check_body_row);
    UNIT_ADD_ROWS(tests, n_tests, field_rows, check_field_row);
    return UNIT_RUN(tests, n_tests);
}
