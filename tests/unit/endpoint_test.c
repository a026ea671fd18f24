/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <arpa/inet.h>

#include "net/endpoint.h"

static mailsub__endpoint make(const char *text, int port)
{
    mailsub__endpoint address = {0};
    if (inet_pton(AF_INET, text, &address.ipv4.sin_addr) == 1) {
        address.ipv4.sin_family = AF_INET;
        address.ipv4.sin_port = htons((uint16_t)port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &address.ipv6.sin6_addr), 1);
        address.ipv6.sin6_family = AF_INET6;
        address.ipv6.sin6_port = htons((uint16_t)port);
    }
    return address;
}

struct text_row {
    const char *name;
    const char *address;
    int port;
    const char *text;
    const char *literal;
};

static const struct text_row texts[] = {
    {"IPv4", "192.0.2.7", 25, "192.0.2.7 port 25", "[192.0.2.7]"},
    {"IPv6", "2001:db8::7", 587, "2001:db8::7 port 587", "[IPv6:2001:db8::7]"},
    {"highest port", "192.0.2.7", 65535, "192.0.2.7 port 65535", "[192.0.2.7]"},
    {"IPv4 within IPv6", "::ffff:192.0.2.7", 25, "192.0.2.7 port 25", "[192.0.2.7]"},
    {"longest IPv6", "2001:db8:1111:2222:3333:4444:5555:6666", 65535,
     "2001:db8:1111:2222:3333:4444:5555:6666 port 65535",
     "[IPv6:2001:db8:1111:2222:3333:4444:5555:6666]"},
};

static void an_address_is_written(void **state)
{
    const struct text_row *row = *state;
    mailsub__endpoint address = make(row->address, row->port);
    char text[MAILSUB__ENDPOINT_TEXT_LEN];
    mailsub__endpoint_write(&address, text);
    assert_string_equal(text, row->text);
    mailsub__endpoint_write_literal(&address, text);
    assert_string_equal(text, row->literal);
}

struct loopback_row {
    const char *name;
    const char *peer;
    const char *local;
    bool is_loopback;
};

static const struct loopback_row loopbacks[] = {
    {"127.0.0.1", "127.0.0.1", "127.0.0.1", true},
    {"another of 127.0.0.0/8", "127.1.2.3", "127.0.0.1", true},
    {"::1", "::1", "::1", true},
    {"127.0.0.1 within IPv6", "::ffff:127.0.0.1", "::ffff:127.0.0.1", true},
    {"this host's own IPv4 address", "192.0.2.7", "192.0.2.7", true},
    {"this host's own IPv6 address", "2001:db8::7", "2001:db8::7", true},
    {"another host, IPv4", "192.0.2.7", "192.0.2.8", false},
    {"another host, IPv6", "2001:db8::7", "2001:db8::8", false},
    {"128.0.0.1", "128.0.0.1", "192.0.2.8", false},
    {"another host, IPv4 within IPv6", "::ffff:192.0.2.7", "::ffff:192.0.2.8", false},
};

static void this_host_is_recognised(void **state)
{
    const struct loopback_row *row = *state;
    mailsub__endpoint peer = make(row->peer, 25);
    mailsub__endpoint local = make(row->local, 40000);
    assert_int_equal(mailsub__endpoint_is_loopback(&peer, &local), row->is_loopback);
}

static void equal_means_host_and_port(void **state)
{
    (void)state;
    mailsub__endpoint a = make("192.0.2.7", 25);
    mailsub__endpoint mapped = make("::ffff:192.0.2.7", 25);
    mailsub__endpoint port = make("192.0.2.7", 26);
    mailsub__endpoint ipv6 = make("2001:db8::7", 25);
    mailsub__endpoint ipv6_again = make("2001:db8::7", 25);
    assert_true(mailsub__endpoint_equal(&a, &a));
    assert_true(mailsub__endpoint_equal(&a, &mapped));
    assert_true(mailsub__endpoint_equal(&ipv6, &ipv6_again));
    assert_false(mailsub__endpoint_equal(&a, &port));
    assert_false(mailsub__endpoint_equal(&a, &ipv6));
    assert_false(mailsub__endpoint_equal(&ipv6, &a));
}

static void only_whole_internet_addresses_are_taken(void **state)
{
    (void)state;
    mailsub__endpoint from = make("2001:db8::7", 25);
    mailsub__endpoint out = {0};
    assert_true(mailsub__endpoint_init(&out, &from.any, sizeof from.ipv6));
    assert_true(mailsub__endpoint_equal(&out, &from));
    assert_int_equal(mailsub__endpoint_len(&out), sizeof from.ipv6);
    assert_false(mailsub__endpoint_init(&out, &from.any, sizeof from.ipv6 - 1));
    from = make("192.0.2.7", 25);
    assert_false(mailsub__endpoint_init(&out, &from.any, sizeof from.ipv4 - 1));
    assert_true(mailsub__endpoint_init(&out, &from.any, sizeof from.ipv4));
    assert_int_equal(mailsub__endpoint_len(&out), sizeof from.ipv4);
    from.any.sa_family = AF_UNIX;
    assert_false(mailsub__endpoint_init(&out, &from.any, sizeof from));
}

int main(void)
{
    struct CMUnitTest
        tests[2 + sizeof texts / sizeof texts[0] + sizeof loopbacks / sizeof loopbacks[0]] = {
            cmocka_unit_test(equal_means_host_and_port),
            cmocka_unit_test(only_whole_internet_addresses_are_taken),
        };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, texts, an_address_is_written);
    UNIT_ADD_ROWS(tests, n_tests, loopbacks, this_host_is_recognised);
    return UNIT_RUN(tests, n_tests);
}
