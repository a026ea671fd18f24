/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/memory.h"
#include "codec/xtext.h"

static const struct row {
    const char *name;
    const char *text;
    const char *want;      /* RFC 3461 */
    const char *want_utf8; /* RFC 6533; NULL: text is not UTF-8 */
} rows[] = {
    {"nothing", "", "", ""},
    {"letters and digits", "QQ314159", "QQ314159", "QQ314159"},
    {"an address", "anna@example.org", "anna@example.org", "anna@example.org"},
    {"plus", "anna+list@example.org", "anna+2Blist@example.org", "anna\\x{2B}list@example.org"},
    {"equals sign", "a=b", "a+3Db", "a\\x{3D}b"},
    {"space", "a b", "a+20b", "a\\x{20}b"},
    {"backslash", "a\\b", "a\\b", "a\\x{5C}b"},
    {"line end", "a\r\nb", "a+0D+0Ab", "a\\x{0D}\\x{0A}b"},
    {"DEL", "\x7f", "+7F", "\\x{7F}"},
    {"all that stands for itself", "!\"#$%&'()*,-./:;<>?@[]^_`{|}~",
     "!\"#$%&'()*,-./:;<>?@[]^_`{|}~", "!\"#$%&'()*,-./:;<>?@[]^_`{|}~"},
    {"umlaut", "\xc3\xbc@b", "+C3+BC@b", "\\x{FC}@b"},
    {"beyond the first plane", "\xf0\x9f\x98\x80", "+F0+9F+98+80", "\\x{1F600}"},
    {"the last character", "\xf4\x8f\xbf\xbf", "+F4+8F+BF+BF", "\\x{10FFFF}"},
    {"octets that are no text", "\xff", "+FF", NULL},
};

static void encodes(void **state)
{
    const struct row *row = *state;
    mailsub__slice text = mailsub__slice_str(row->text);
    for (size_t fail_at = 0; fail_at < 3; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub__buffer out;
        mailsub__buffer_init(&out, &allocator, 1000);
        int rc = mailsub__xtext_append(&out, text);
        if (fail_at == 0 || rc == MAILSUB_OK) {
            assert_int_equal(rc, MAILSUB_OK);
            assert_int_equal(out.len, strlen(row->want));
            assert_memory_equal(mailsub__buffer_slice(&out).ptr, row->want, out.len);
        } else {
            assert_int_equal(rc, MAILSUB_E_NOMEM);
        }
        mailsub__buffer_deinit(&out);
        assert_int_equal(heap.n_live, 0);
    }
    assert_int_equal(mailsub__xtext_len(text), strlen(row->want));
}

static void encodes_utf8(void **state)
{
    const struct row *row = *state;
    mailsub__slice text = mailsub__slice_str(row->text);
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer out;
    if (!row->want_utf8)
        return;
    mailsub__buffer_init(&out, &allocator, 1000);
    assert_int_equal(mailsub__xtext_append_utf8(&out, text), MAILSUB_OK);
    assert_int_equal(out.len, strlen(row->want_utf8));
    assert_memory_equal(mailsub__buffer_slice(&out).ptr, row->want_utf8, out.len);
    assert_int_equal(mailsub__xtext_len_utf8(text), out.len);
    mailsub__buffer_deinit(&out);
}

static void both(void **state)
{
    encodes(state);
    encodes_utf8(state);
}

int main(void)
{
    static struct CMUnitTest tests[30];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, both);
    return UNIT_RUN(tests, n_tests);
}
