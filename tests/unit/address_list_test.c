/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>

#include <mailsub/error.h>

#include "message/address_list.h"

struct list_row {
    const char *name;
    const char *text;
    int want_code;
    const char *want; /* items as "name<address> ", "name: ", "; " */
};

#define READ(text) MAILSUB_OK, text
#define REFUSED(code) MAILSUB_##code, ""

static const struct list_row rows[] = {
    {"nothing", "", READ("")},
    {"only white space and comments", " \t(a (b) \\) c) ", READ("")},
    {"one address", "a@b.de", READ("<a@b.de> ")},
    {"angle brackets", "<a@b.de>", READ("<a@b.de> ")},
    {"space around everything", " < a @ b . de > ", READ("<a@b.de> ")},
    {"display name", "Alice <a@b.de>", READ("Alice<a@b.de> ")},
    {"name of words", "Alice  B\tClark <a@b.de>", READ("Alice B Clark<a@b.de> ")},
    {"name without a space", "Alice<a@b.de>", READ("Alice<a@b.de> ")},
    {"quoted name", "\"Clark, A.\\\"B\\\\\" <a@b.de>", READ("Clark, A.\"B\\<a@b.de> ")},
    {"quoted name with spaces", "\"  a  \" <a@b.de>", READ("  a  <a@b.de> ")},
    {"empty quoted name", "\"\" <a@b.de>", READ("<a@b.de> ")},
    {"dots in a name (obsolete)", "John Q. Public <a@b.de>", READ("John Q. Public<a@b.de> ")},
    {"two addresses", "a@b.de, c@d.de", READ("<a@b.de> <c@d.de> ")},
    {"empty elements (obsolete)", ",, a@b.de ,, c@d.de,", READ("<a@b.de> <c@d.de> ")},
    {"comments everywhere", "(1)Pete(2)<(3)a(4)@(5)b.de(6)>(7),(8)c@d.de(9)",
     READ("Pete<a@b.de> <c@d.de> ")},
    {"a comment is no name", "a@b.de (Alice)", READ("<a@b.de> ")},
    {"comment with a comma and an address", "a@b.de (x, <y@z.de>)", READ("<a@b.de> ")},
    {"comments that are quoted and nested", "a@b.de (\\)(()\\()\\\\)", READ("<a@b.de> ")},
    {"quoted local part", "\"a b\"@c.de", READ("<\"a b\"@c.de> ")},
    {"words of a local part (obsolete)", "\"a b\" . c . \"d\" @ e.de", READ("<\"a b.c.d\"@e.de> ")},
    {"space around dots of a domain (obsolete)", "a@b . (x) de", READ("<a@b.de> ")},
    {"route (obsolete)", "<@x.de,@y.de:a@b.de>", READ("<a@b.de> ")},
    {"route with empty elements", "N <,@x.de,,@[192.0.2.1],:a@b.de>", READ("N<a@b.de> ")},
    {"literal", "a@[192.0.2.1]", READ("<a@[192.0.2.1]> ")},
    {"literal with space", "a@ [ IPv6:2001:DB8::1 ]", READ("<a@[IPv6:2001:db8::1]> ")},
    {"IDN", "\xc3\x84 <a@m\xc3\xbcnchen.de>", READ("\xc3\x84<a@xn--mnchen-3ya.de> ")},
    {"group", "A: b@c.de, D <d@e.de>;", READ("A: <b@c.de> D<d@e.de> ; ")},
    {"empty group", "Undisclosed recipients:;", READ("Undisclosed recipients: ; ")},
    {"empty group with white space and commas", "\"a:b\" : , ,(c) ; ", READ("a:b: ; ")},
    {"groups among mailboxes", "x@y.de, A:b@c.de;, z@y.de, E:;",
     READ("<x@y.de> A: <b@c.de> ; <z@y.de> E: ; ")},
    {"encoded name", "=?UTF-8?Q?J=C3=B6rg?= <a@b.de>", READ("J\xc3\xb6rg<a@b.de> ")},
    {"encoded words and words", "=?utf-8?b?w6Q=?=  =?utf-8?Q?_x?= y <a@b.de>",
     READ("\xc3\xa4 x y<a@b.de> ")},
    {"a character in two encoded words", "=?utf-8?q?=C3?= =?utf-8?q?=A4?= <a@b.de>",
     READ("\xc3\xa4<a@b.de> ")},
    {"Latin 1 with a language", "=?ISO-8859-1*de?Q?J=F6rg_=DF?= <a@b.de>",
     READ("J\xc3\xb6rg \xc3\x9f<a@b.de> ")},
    {"encoded with characters that are no atext", "=?utf-8?Q?Doe,_J.?= <a@b.de>",
     READ("Doe, J.<a@b.de> ")},
    {"unknown charset", "=?big5?Q?a?= <a@b.de>", READ("=?big5?Q?a?=<a@b.de> ")},
    {"malformed base64", "=?utf-8?B?a?= <a@b.de>", READ("=?utf-8?B?a?=<a@b.de> ")},
    {"quoted is not decoded", "\"=?utf-8?Q?a?=\" <a@b.de>", READ("=?utf-8?Q?a?=<a@b.de> ")},
    {"local part that looks encoded", "=?utf-8?Q?a?=@b.de", READ("<=?utf-8?Q?a?=@b.de> ")},
    {"encoded group name", "=?utf-8?Q?=C3=A4?=:;", READ("\xc3\xa4: ; ")},

    {"no at sign", "alice", REFUSED(E_ADDRESS)},
    {"no comma", "a@b.de c@d.de", REFUSED(E_ADDRESS)},
    {"no comma behind angle brackets", "<a@b.de> c@d.de", REFUSED(E_ADDRESS)},
    {"no comma behind a group", "A:; b@c.de", REFUSED(E_ADDRESS)},
    {"semicolon as a comma", "a@b.de; c@d.de", REFUSED(E_ADDRESS)},
    {"empty angle brackets", "A <>", REFUSED(E_ADDRESS)},
    {"open angle", "A <a@b.de", REFUSED(E_ADDRESS)},
    {"only a closing angle", "a@b.de>", REFUSED(E_ADDRESS)},
    {"two angles", "A <<a@b.de>>", REFUSED(E_ADDRESS)},
    {"angle behind an address", "a@b.de <c@d.de>", REFUSED(E_ADDRESS)},
    {"open quote", "\"a <a@b.de>", REFUSED(E_ADDRESS)},
    {"open comment", "a@b.de (", REFUSED(E_ADDRESS)},
    {"closing comment", "a@b.de )", REFUSED(E_ADDRESS)},
    {"comment ends in a backslash", "a@b.de (\\", REFUSED(E_ADDRESS)},
    {"open literal", "a@[1.2.3.4", REFUSED(E_ADDRESS)},
    {"literal with a backslash", "a@[\\1.2.3.4]", REFUSED(E_ADDRESS)},
    {"brackets in a name", "A [b] <a@b.de>", REFUSED(E_ADDRESS)},
    {"dot in front of a name", ".A <a@b.de>", REFUSED(E_ADDRESS)},
    {"two dots", "a..b@c.de", REFUSED(E_ADDRESS)},
    {"dot at the end", "a.@c.de", REFUSED(E_ADDRESS)},
    {"words as a local part", "a b@c.de", REFUSED(E_ADDRESS)},
    {"words as a domain", "a@b c", REFUSED(E_ADDRESS)},
    {"quoted domain", "a@\"b.de\"", REFUSED(E_ADDRESS)},
    {"two at signs", "a@b@c.de", REFUSED(E_ADDRESS)},
    {"tab in a local part", "\"a\tb\"@c.de", REFUSED(E_ADDRESS)},
    {"open group", "A: b@c.de", REFUSED(E_ADDRESS)},
    {"group in a group", "A: B: c@d.de;;", REFUSED(E_ADDRESS)},
    {"group without a name", ": a@b.de;", REFUSED(E_ADDRESS)},
    {"group with an empty name", "\"\": a@b.de;", REFUSED(E_ADDRESS)},
    {"group of an address", "a@b.de:;", REFUSED(E_ADDRESS)},
    {"semicolon alone", ";", REFUSED(E_ADDRESS)},
    {"route without an address", "<@x.de:>", REFUSED(E_ADDRESS)},
    {"route without a colon", "<@x.de a@b.de>", REFUSED(E_ADDRESS)},
    {"route without a domain", "<@:a@b.de>", REFUSED(E_ADDRESS)},
    {"line end in an encoded word", "=?utf-8?Q?a=0D=0ABcc:_x?= <a@b.de>", REFUSED(E_CONTROL)},
    {"NUL in an encoded word", "=?utf-8?B?AA==?= <a@b.de>", REFUSED(E_CONTROL)},
    {"half a character in an encoded word", "=?utf-8?Q?=C3?= <a@b.de>", REFUSED(E_UTF8)},
    {"tab in a quoted name", "\"a\tb\" <a@b.de>", REFUSED(E_CONTROL)},
    {"empty label", "a@b..de", REFUSED(E_DOMAIN)},
    {"local part that is not ASCII", "\xc3\xa4@b.de", REFUSED(E_SMTPUTF8)},
};

/* Read all of text; what was read in front of an error is undone, as a caller does it. */
static int read_list(const char *text, size_t len, struct unit_heap *heap, char *out, size_t room)
{
    mailsub_allocator allocator = unit_allocator(heap);
    mailsub__address_list list;
    mailsub__address_list_init(&list, mailsub__slice_of(text, len), MAILSUB__ADDRESS_ASCII,
                               &allocator);
    mailsub__address_item item = {.kind = MAILSUB__ADDRESS_MAILBOX};
    size_t n = 0;
    int rc;
    while ((rc = mailsub__address_list_next(&list, &item)) == MAILSUB_OK &&
           item.kind != MAILSUB__ADDRESS_LIST_END) {
        n += (size_t)snprintf(out + n, room - n, "%.*s", (int)item.name.len, item.name.ptr);
        const char *address = item.kind == MAILSUB__ADDRESS_MAILBOX ? item.address.text : "";
        n += (size_t)(item.kind == MAILSUB__ADDRESS_MAILBOX
                          ? snprintf(out + n, room - n, "<%s> ", address)
                          : snprintf(out + n, room - n, "%s ",
                                     item.kind == MAILSUB__ADDRESS_GROUP ? ":" : ";"));
        assert_true(n < room);
    }
    mailsub__address_list_deinit(&list);
    assert_int_equal(heap->n_live, 0);
    out[rc ? 0 : n] = '\0';
    return rc;
}

static void check_row(void **state)
{
    const struct list_row *row = *state;
    size_t len = strlen(row->text);
    char *text = malloc(len + 1);
    char *exact = realloc(text, len > 0 ? len : 1); /* an octet too far is seen by ASan */
    memcpy(exact, row->text, len);
    char got[512];
    struct unit_heap heap = {0};
    assert_int_equal(read_list(exact, len, &heap, got, sizeof got), row->want_code);
    assert_string_equal(got, row->want);
    size_t n_requests = heap.n_requests;
    for (size_t i = 1; i <= n_requests; i++) {
        heap = (struct unit_heap){.fail_at = i};
        assert_int_equal(read_list(exact, len, &heap, got, sizeof got), MAILSUB_E_NOMEM);
    }
    free(exact);
}

static void ten_thousand_addresses(void **state)
{
    (void)state;
    enum { N = 10000, EACH = 40 };
    char *text = malloc((size_t)N * EACH);
    assert_non_null(text);
    size_t len = 0;
    for (int i = 0; i < N; i++)
        len += (size_t)snprintf(text + len, EACH, "%s\"User, %d\" <u%d@b.de>", i ? ", " : "", i, i);
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__address_list list;
    mailsub__address_list_init(&list, mailsub__slice_of(text, len), MAILSUB__ADDRESS_ASCII,
                               &allocator);
    mailsub__address_item item;
    char want[EACH];
    for (int i = 0; i < N; i++) {
        assert_int_equal(mailsub__address_list_next(&list, &item), MAILSUB_OK);
        snprintf(want, sizeof want, "u%d@b.de", i);
        assert_string_equal(item.address.text, want);
    }
    assert_int_equal(mailsub__address_list_next(&list, &item), MAILSUB_OK);
    assert_int_equal(item.kind, MAILSUB__ADDRESS_LIST_END);
    assert_true(heap.n_requests <= 4);
    mailsub__address_list_deinit(&list);
    free(text);
}

/* Each of these would take minutes if reading were quadratic, or overflow a stack by recursion. */
static void hostile_lists_are_read_in_linear_time(void **state)
{
    (void)state;
    enum { LEN = 1024 * 1024 };
    static const char *const units[] = {"(",  ")",  "\"",  "<",       ":",   ",", ".",
                                        "a ", "a.", "=?",  "\\",      "[",   "@", "=?a?q?",
                                        "()", "a,", "(\\", "=?a?q?b", "a:;,"};
    char *text = malloc(LEN);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = strlen(units[i]);
        for (size_t at = 0; at < LEN; at++)
            text[at] = units[i][at % n];
        struct unit_heap heap = {0};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub__address_list list;
        mailsub__address_list_init(&list, mailsub__slice_of(text, LEN), MAILSUB__ADDRESS_ASCII,
                                   &allocator);
        mailsub__address_item item = {.kind = MAILSUB__ADDRESS_GROUP};
        while (mailsub__address_list_next(&list, &item) == MAILSUB_OK &&
               item.kind != MAILSUB__ADDRESS_LIST_END)
            ;
        mailsub__address_list_deinit(&list);
        assert_int_equal(heap.n_live, 0);
    }
    free(text);
}

int main(void)
{
    struct CMUnitTest tests[128] = {
        cmocka_unit_test(ten_thousand_addresses),
        cmocka_unit_test(hostile_lists_are_read_in_linear_time),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
