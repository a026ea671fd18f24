/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "net/host_name.h"
#include "net/transport.h"

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"
#define L61 "a234567890123456789012345678901234567890123456789012345678901"

struct row {
    const char *name;
    const char *host;
    bool is_qualified;
};

static const struct row rows[] = {
    {"two labels", "mail.example", true},
    {"digits and hyphens", "1-a.x--y.example2", true},
    {"label of 63", L63 ".example", true},
    {"253 octets", L63 "." L63 "." L63 "." L61, true},
    {"254 octets", L63 "." L63 "." L63 "." L61 "b", false},
    {"one label", "mail", false},
    {"empty", "", false},
    {"final dot", "mail.example.", false},
    {"leading dot", ".mail.example", false},
    {"empty label", "mail..example", false},
    {"label of 64", L63 "4.example", false},
    {"underscore", "my_host.example", false},
    {"leading hyphen", "-mail.example", false},
    {"trailing hyphen", "mail-.example", false},
    {"space", "mail .example", false},
    {"8 bit", "m\xc3\xa4il.example", false},
    {"IPv4 address", "192.0.2.1", false},
    {"localhost.localdomain", "localhost.localdomain", false},
    {"under localhost", "mail.LOCALHOST", false},
};

static void a_name_is_judged(void **state)
{
    const struct row *row = *state;
    mailsub__slice name = mailsub__slice_str(row->host);
    assert_int_equal(mailsub__host_name_is_qualified(name), row->is_qualified);
}

static void this_host_is_qualified_or_nameless(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'x', sizeof name);
    mailsub__host_name(name);
    assert_non_null(memchr(name, '\0', sizeof name));
    if (name[0])
        assert_true(mailsub__host_name_is_qualified(mailsub__slice_str(name)));
}

int main(void)
{
    struct CMUnitTest tests[1 + sizeof rows / sizeof rows[0]] = {
        cmocka_unit_test(this_host_is_qualified_or_nameless),
    };
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, a_name_is_judged);
    return UNIT_RUN(tests, n_tests);
}
