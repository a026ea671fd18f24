/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "net/literal.h"

struct row {
    const char *name; /* also the host */
    enum mailsub__literal_kind want_kind;
    bool want_loopback;
};

static const struct row rows[] = {
    {"127.0.0.1", MAILSUB__IPV4, true},
    {"127.255.255.254", MAILSUB__IPV4, true},
    {"128.0.0.1", MAILSUB__IPV4, false},
    {"192.0.2.1", MAILSUB__IPV4, false},
    {"::1", MAILSUB__IPV6, true},
    {"0:0:0:0:0:0:0:1", MAILSUB__IPV6, true},
    {"::2", MAILSUB__IPV6, false},
    {"2001:db8::1", MAILSUB__IPV6, false},
    {"localhost", MAILSUB__NO_LITERAL, true},
    {"LocalHost", MAILSUB__NO_LITERAL, true},
    {"db.localhost", MAILSUB__NO_LITERAL, true},
    {"notlocalhost", MAILSUB__NO_LITERAL, false},
    {"localhost.example.org", MAILSUB__NO_LITERAL, false},
    {"host", MAILSUB__NO_LITERAL, false},
    {"127.1", MAILSUB__NO_LITERAL, false},
    {"127.0.0.1.example.org", MAILSUB__NO_LITERAL, false},
    {"[::1]", MAILSUB__NO_LITERAL, false},
    {"fe80::1%lo", MAILSUB__NO_LITERAL, false},
    {"", MAILSUB__NO_LITERAL, false},
};

static void literal_row(void **state)
{
    const struct row *row = *state;
    assert_int_equal(mailsub__literal_kind(row->name), row->want_kind);
    assert_int_equal(mailsub__host_is_loopback(row->name), row->want_loopback);
}

int main(void)
{
    static struct CMUnitTest tests[sizeof rows / sizeof rows[0]];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, literal_row);
    return UNIT_RUN(tests, n_tests);
}
