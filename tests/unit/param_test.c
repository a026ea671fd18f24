/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../codec_decode.h"
#include "codec_feed.h"

#include "codec/param.h"

#define UE "\xc3\xbc"
#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

struct param_row {
    const char *name;
    const char *param;
    const char *value;
    const char *want;
};

static const struct param_row rows[] = {
    {"a token", "charset", "utf-8", "; charset=utf-8"},
    {"all marks of a token", "n", "!#$&+-.^_`{|}~", "; n=!#$&+-.^_`{|}~"},
    {"marks of RFC 2231", "n", "a'b%c*d", "; n=\"a'b%c*d\""},
    {"an empty value", "filename", "", "; filename=\"\""},
    {"a space", "filename", "a b.txt", "; filename=\"a b.txt\""},
    {"white space at the ends", "filename", " a ", "; filename=\" a \""},
    {"quotation marks and backslashes", "filename", "a\"b\\c", "; filename=\"a\\\"b\\\\c\""},
    {"a backslash at the end", "filename", "a\\", "; filename=\"a\\\\\""},
    {"a quotation mark only", "filename", "\"", "; filename=\"\\\"\""},
    {"marks that a token may not have", "n", "()<>@,;:/[]?=", "; n=\"()<>@,;:/[]?=\""},
    {"a header in a value", "filename", "a; b=c", "; filename=\"a; b=c\""},
    {"an umlaut", "filename", "Gr" UE "n.pdf", "; filename*=UTF-8''Gr%C3%BCn.pdf"},
    {"marks beside an umlaut", "n", UE "'*% (a)", "; n*=UTF-8''%C3%BC%27%2A%25%20%28a%29"},
    {"a control is encoded", "filename", "a\r\nb", "; filename*=UTF-8''a%0D%0Ab"},
    {"DEL is encoded", "filename", "a\x7f", "; filename*=UTF-8''a%7F"},
    {"what looks like an encoded word", "filename",
     "=?UTF-8?Q?a?=", "; filename*=UTF-8''%3D%3FUTF-8%3FQ%3Fa%3F%3D"},
    {"a token that just fits", "filename", X60 "xxxxxx", "; filename=" X60 "xxxxxx"},
    {"a token that is too long", "filename", X60 "xxxxxxx",
     "; filename*0*=UTF-8''" X10 X10 X10 X10 X10 "xxxxxx; filename*1*=xxxxxxxxxxx"},
    {"a quoted string that just fits", "filename", X60 "xx x", "; filename=\"" X60 "xx x\""},
    {"a quoted string that is too long", "filename", X60 "xx xx",
     "; filename*0*=UTF-8''" X10 X10 X10 X10 X10 "xxxxxx; filename*1*=xxxxxx%20xx"},
    {"one part that just fits", "filename", X10 X10 X10 X10 X10 "xx" UE,
     "; filename*=UTF-8''" X10 X10 X10 X10 X10 "xx%C3%BC"},
    {"a character is not divided", "filename", X10 X10 X10 X10 X10 "xxx" UE "y",
     "; filename*0*=UTF-8''" X10 X10 X10 X10 X10 "xxx; filename*1*=%C3%BCy"},
};

static void check_failures(const struct param_row *row)
{
    struct unit_heap heap = {.fail_at = 1};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__slice value = mailsub__slice_str(row->value);
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 1000);
    assert_int_equal(mailsub__param_append(&buffer, row->param, value), MAILSUB_E_NOMEM);
    assert_int_equal(buffer.len, 0);
    mailsub__buffer_deinit(&buffer);
    assert_int_equal(heap.n_requests, 1);
    assert_int_equal(heap.n_live, 0);
    mailsub__buffer_init(&buffer, &allocator, strlen(row->want) - 1);
    assert_int_equal(mailsub__param_append(&buffer, row->param, value), MAILSUB_E_LIMIT);
    assert_int_equal(buffer.len, 0);
    mailsub__buffer_deinit(&buffer);
}

static void appends(void **state)
{
    const struct param_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 4 + strlen(row->want));
    assert_int_equal(mailsub__buffer_append_str(&buffer, "C: a"), MAILSUB_OK);
    size_t len = strlen(row->value);
    char *exact = malloc(len > 0 ? len : 1); /* ASan sees a read behind it */
    assert_non_null(exact);
    memcpy(exact, row->value, len);
    assert_int_equal(mailsub__param_append(&buffer, row->param, mailsub__slice_of(exact, len)), 0);
    free(exact);
    assert_string_equal(mailsub__buffer_str(&buffer) + 4, row->want);
    char got[200];
    assert_int_equal(decode_param(row->want, strlen(row->want), row->param, got), len);
    assert_memory_equal(got, row->value, len);
    mailsub__buffer_deinit(&buffer);
    assert_int_equal(heap.n_live, 0);
    check_failures(row);
}

static void random_values_come_back(void **state)
{
    (void)state;
    static const char *const units[] = {"a",
                                        "b",
                                        "Z",
                                        ".",
                                        " ",
                                        "%",
                                        "'",
                                        "*",
                                        "\"",
                                        "\\",
                                        "; ",
                                        "=?",
                                        "?q?",
                                        UE,
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "\t"};
    uint64_t seed = 2231;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    for (size_t round = 0; round < 2000; round++) {
        char value[300];
        char got[3 * sizeof value];
        static const size_t n_units_of[] = {4, 12, sizeof units / sizeof units[0]};
        size_t n_units = n_units_of[codec_random(&seed) % 3];
        size_t want_len = codec_random(&seed) % (sizeof value - 4);
        size_t len = 0;
        while (len < want_len) {
            const char *unit = units[codec_random(&seed) % n_units];
            memcpy(value + len, unit, strlen(unit));
            len += strlen(unit);
        }
        mailsub__buffer buffer;
        mailsub__buffer_init(&buffer, &allocator, 10000);
        mailsub__slice slice = mailsub__slice_of(value, len);
        assert_int_equal(mailsub__param_append(&buffer, "filename", slice), MAILSUB_OK);
        mailsub__slice text = mailsub__buffer_slice(&buffer);
        assert_int_equal(decode_param(text.ptr, text.len, "filename", got), len);
        assert_memory_equal(got, value, len);
        mailsub__buffer_deinit(&buffer);
    }
    assert_int_equal(heap.n_live, 0);
}

static void a_mebibyte_and_a_long_name(void **state)
{
    (void)state;
    enum { LEN = 3 << 18 };
    static const char name[] = "abcdefghijklmnopqrstuvwxyz-abcdefghijklm";
    assert_int_equal(sizeof name - 1, MAILSUB__MAX_PARAM_NAME);
    char *value = malloc(LEN);
    char *got = malloc(LEN);
    assert_true(value && got);
    for (size_t i = 0; i < LEN; i++)
        value[i] = "\xe2\x82\xac"[i % 3];
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, 1 << 26);
    assert_int_equal(mailsub__param_append(&buffer, name, mailsub__slice_of(value, LEN)), 0);
    mailsub__slice text = mailsub__buffer_slice(&buffer);
    assert_int_equal(decode_param(text.ptr, text.len, name, got), LEN);
    assert_memory_equal(got, value, LEN);
    mailsub__buffer_deinit(&buffer);
    free(value);
    free(got);
}

int main(void)
{
    struct CMUnitTest tests[sizeof rows / sizeof rows[0] + 2];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, appends);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(random_values_come_back);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_mebibyte_and_a_long_name);
    return UNIT_RUN(tests, n_tests);
}
