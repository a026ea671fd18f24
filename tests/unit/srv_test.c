/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of RFC 2782, with a source of randomness that goes through all numbers. */
#include "unit.h"

#include <stdio.h>

#include <mailsub/error.h>

#include "net/srv.h"

#define MAX_DRAWN 4

/* Gives these numbers, one a call, as 8 octets each. */
struct chance {
    uint64_t numbers[MAX_DRAWN];
    size_t n_drawn;
    int error;
};

static int fill(void *context, void *out, size_t n_bytes)
{
    struct chance *chance = context;
    unsigned char *octets = out;
    assert_int_equal(n_bytes, 8);
    assert_true(chance->n_drawn < MAX_DRAWN);
    uint64_t number = chance->numbers[chance->n_drawn++];
    for (size_t i = 0; i < 8; i++)
        octets[i] = (unsigned char)(number >> (56 - 8 * i));
    return chance->error;
}

struct row {
    const char *name;
    /* Each server is a letter, its priority and its weight. */
    struct server {
        char letter;
        uint16_t priority;
        uint16_t weight;
    } servers[6];
    uint64_t numbers[MAX_DRAWN];
    size_t want_drawn;
    const char *want;
};

static const struct row rows[] = {
    {"none", {{0, 0, 0}}, {0}, 0, ""},
    {"one", {{'a', 7, 7}}, {0}, 0, "a"},
    {"by priority", {{'a', 30, 0}, {'b', 10, 0}, {'c', 20, 9}}, {0}, 0, "bca"},
    {"65535 is the last", {{'a', 65535, 65535}, {'b', 0, 0}, {'c', 65534, 1}}, {0}, 0, "bca"},
    {"without weights the answer's order stays",
     {{'a', 1, 0}, {'b', 1, 0}, {'c', 1, 0}, {'d', 0, 0}},
     {0},
     0,
     "dabc"},
    {"the least number is for weight 0", {{'a', 1, 5}, {'b', 1, 0}}, {0}, 1, "ba"},
    {"any other is not", {{'a', 1, 5}, {'b', 1, 0}}, {1}, 1, "ab"},
    {"the sum is the last one's", {{'a', 1, 1}, {'b', 1, 3}}, {4}, 1, "ba"},
    {"what goes beyond the sum begins anew", {{'a', 1, 1}, {'b', 1, 3}}, {5}, 1, "ab"},
    {"the edge between two", {{'a', 1, 1}, {'b', 1, 3}}, {1}, 1, "ab"},
    {"behind the edge", {{'a', 1, 1}, {'b', 1, 3}}, {2}, 1, "ba"},
    {"drawn again for each place",
     {{'a', 1, 1}, {'b', 1, 2}, {'c', 1, 3}, {'d', 1, 4}},
     {10, 6, 3},
     3,
     "dcba"},
    {"priorities draw by themselves",
     {{'a', 2, 1}, {'b', 1, 1}, {'c', 2, 1}, {'d', 1, 1}},
     {2, 2},
     2,
     "dbca"},
    {"the greatest weights",
     {{'a', 1, 65535}, {'b', 1, 65535}, {'c', 1, 65535}},
     {3 * 65535u, 2 * 65535u},
     2,
     "cba"},
};

static size_t load(const struct server *servers, mailsub__dns_srv *out)
{
    size_t n = 0;
    for (; n < 6 && servers[n].letter; n++) {
        out[n] = (mailsub__dns_srv){
            .priority = servers[n].priority, .weight = servers[n].weight, .port = 587};
        out[n].target[0] = servers[n].letter;
    }
    return n;
}

static void order_row(void **state)
{
    const struct row *row = *state;
    mailsub__dns_srv records[6];
    size_t n = load(row->servers, records);
    struct chance chance = {.n_drawn = 0};
    memcpy(chance.numbers, row->numbers, sizeof chance.numbers);
    mailsub_random random = {.size = sizeof random, .context = &chance, .fill = fill};
    assert_int_equal(mailsub__srv_order(records, n, &random), MAILSUB_OK);
    assert_int_equal(chance.n_drawn, row->want_drawn);
    assert_int_equal(n, strlen(row->want));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(records[i].target[0], row->want[i]);
        assert_int_equal(records[i].port, 587);
    }
}

/* Of all numbers that can be drawn each weight has as many as it counts, and 0 has one. */
static void the_first_place_is_shared_by_weight(void **state)
{
    (void)state;
    static const struct server servers[6] = {{'a', 1, 60}, {'b', 1, 0}, {'c', 1, 30}, {'d', 1, 10}};
    size_t n_first[4] = {0};
    for (uint64_t number = 0; number <= 100; number++) {
        mailsub__dns_srv records[6];
        struct chance chance = {.numbers = {number, 0, 0}};
        mailsub_random random = {.size = sizeof random, .context = &chance, .fill = fill};
        size_t n = load(servers, records);
        assert_int_equal(mailsub__srv_order(records, n, &random), MAILSUB_OK);
        n_first[records[0].target[0] - 'a']++;
    }
    assert_int_equal(n_first[0], 60);
    assert_int_equal(n_first[1], 1);
    assert_int_equal(n_first[2], 30);
    assert_int_equal(n_first[3], 10);
}

static void a_source_that_fails_is_told(void **state)
{
    (void)state;
    mailsub__dns_srv records[6];
    struct chance chance = {.error = MAILSUB_E_RANDOM};
    mailsub_random random = {.size = sizeof random, .context = &chance, .fill = fill};
    size_t n = load(rows[sizeof rows / sizeof rows[0] - 1].servers, records);
    assert_int_equal(mailsub__srv_order(records, n, &random), MAILSUB_E_RANDOM);
}

int main(void)
{
    static struct CMUnitTest tests[2 + sizeof rows / sizeof rows[0]] = {
        cmocka_unit_test(the_first_place_is_shared_by_weight),
        cmocka_unit_test(a_source_that_fails_is_told),
    };
    size_t n_tests = 2;
    UNIT_ADD_ROWS(tests, n_tests, rows, order_row);
    return UNIT_RUN(tests, n_tests);
}
