/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <mailsub/message.h>

#include "message/message_id.h"

#include <mailsub/error.h>

#define L50 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx"

struct id_row {
    const char *name;
    const char *id;
    bool want;
};

static const struct id_row rows[] = {
    {"plain", "1@a.de", true},
    {"dots and marks", "a.b!#$%&'*+-/=?^_`{|}~@c.d", true},
    {"one label", "1@localhost", true},
    {"literal", "1@[192.0.2.1]", true},
    {"literal of anything", "1@[a,b;c]", true},
    {"250 octets", L50 L50 L50 L50 "@abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvw", true},
    {"251 octets", L50 L50 L50 L50 "@" L50, false},
    {"nothing", "", false},
    {"no at sign", "a.b", false},
    {"no left side", "@a.de", false},
    {"no right side", "a@", false},
    {"two at signs", "a@b@c", false},
    {"empty atom", "a..b@c", false},
    {"dot at the end", "a@b.", false},
    {"space", "a b@c", false},
    {"angle bracket", "a>@b", false},
    {"quotes", "\"a\"@b", false},
    {"open literal", "a@[b", false},
    {"bracket in a literal", "a@[b]c]", false},
    {"not ASCII", "\xc3\xa4@b", false},
    {"not ASCII in a literal", "a@[\xc3\xa4]", false},
};

static void check_row(void **state)
{
    const struct id_row *row = *state;
    assert_int_equal(mailsub__message_id_is_valid(mailsub__slice_str(row->id)), row->want);
}

static int fill_ff(void *context, void *out, size_t n_bytes)
{
    if (context)
        return MAILSUB_E_RANDOM;
    memset(out, 0xff, n_bytes);
    return MAILSUB_OK;
}

static void an_injected_source_makes_it(void **state)
{
    (void)state;
    mailsub_random random = {.size = sizeof random, .fill = fill_ff};
    char id[MAILSUB__MESSAGE_ID_SIZE];
    mailsub__slice domain = mailsub__slice_str("[IPv6:::1]");
    assert_int_equal(mailsub__message_id_generate(id, &random, domain), MAILSUB_OK);
    assert_string_equal(id, "<ffffffff-ffff-4fff-bfff-ffffffffffff@[IPv6:::1]>");
    random.context = &random;
    assert_int_equal(mailsub__message_id_generate(id, &random, domain), MAILSUB_E_RANDOM);
}

static void two_messages_have_two(void **state)
{
    (void)state;
    mailsub_message *messages[2];
    const char *ids[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mailsub_message_new(NULL, &messages[i]), MAILSUB_OK);
        assert_int_equal(mailsub_message_set_from(messages[i], "x@a.de", NULL), MAILSUB_OK);
        assert_int_equal(mailsub_message_get_message_id(messages[i], &ids[i]), MAILSUB_OK);
    }
    assert_string_not_equal(ids[0], ids[1]);
    assert_int_equal(strlen(ids[0]), 1 + 36 + 1 + 4 + 1);
    assert_true(mailsub__message_id_is_valid(mailsub__slice_of(ids[0] + 1, strlen(ids[0]) - 2)));
    assert_int_equal(ids[0][15], '4');
    for (int i = 0; i < 2; i++)
        mailsub_message_free(messages[i]);
}

/* The program's own sequence of random() is none of our business; libuuid would seed it anew. */
static void the_programs_random_numbers_go_on(void **state)
{
    (void)state;
    srandom(1);
    long want = random();
    srandom(1);
    mailsub_message *message;
    const char *id;
    assert_int_equal(mailsub_message_new(NULL, &message), MAILSUB_OK);
    assert_int_equal(mailsub_message_set_from(message, "x@a.de", NULL), MAILSUB_OK);
    assert_int_equal(mailsub_message_get_message_id(message, &id), MAILSUB_OK);
    assert_int_equal(random(), want);
    mailsub_message_free(message);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(an_injected_source_makes_it),
        cmocka_unit_test(two_messages_have_two),
        cmocka_unit_test(the_programs_random_numbers_go_on),
    };
    size_t n_tests = 3;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
