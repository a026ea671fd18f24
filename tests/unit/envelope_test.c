/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mailboxes and header fields of a message: given in several ways, read back, and copied. */
#include "message_kit.h"

#include <stdio.h>

#define TO_BOB "From: alice@a.de\r\nTo: bob@b.de\r\n"
#define TEXT_7BIT                                                                                  \
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static mailsub_message *to_bob(struct unit_heap *heap)
{
    mailsub_message *message = kit_message_on(heap);
    ok(mailsub_message_set_from(message, "alice@a.de", NULL));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "bob@b.de", NULL));
    return message;
}

static void lists_are_added_whole_or_not_at_all(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *m = kit_message_on(&heap);
    ok(mailsub_message_set_from(m, "alice@a.de", NULL));
    ok(mailsub_message_add_recipients(m, MAILSUB_RECIPIENT_TO,
                                      "Bob (b) <bob@B.de>, Team: a@b.de, \"B, C\" <b@b.de>;,,",
                                      MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_TO, "last@b.de", NULL));
    ok(mailsub_message_add_recipients(m, MAILSUB_RECIPIENT_CC, "Nobody:;, =?utf-8?q?=C3=A4?=:;X",
                                      30));
    ok(mailsub_message_add_recipients(m, MAILSUB_RECIPIENT_BCC, "Secret: s@b.de;", 15));
    static const struct {
        const char *list;
        int want;
    } wrong[] = {
        {"x@b.de, y@b.de, z", MAILSUB_E_ADDRESS},
        {"", MAILSUB_E_ADDRESS},
        {" , ", MAILSUB_E_ADDRESS},
        {"x@b.de, y@b..de", MAILSUB_E_DOMAIN},
        {"x@b.de, \xc3\xa4@b.de", MAILSUB_E_SMTPUTF8},
        {"x@b.de,\r\n y@b.de", MAILSUB_E_CONTROL},
        {"x@b.de, \xff <y@b.de>", MAILSUB_E_UTF8},
        {NULL, MAILSUB_E_INVALID},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(mailsub_message_add_recipients(m, MAILSUB_RECIPIENT_CC, wrong[i].list,
                                                        MAILSUB_NUL_TERMINATED),
                         wrong[i].want);
        const char *field;
        mailsub_message_get_error(m, &field);
        assert_string_equal(field, "Cc");
        ok(mailsub_message_clear_error(m));
    }
    kit_assert_written(m, KIT_DATE
                       "From: alice@a.de\r\n"
                       "To: Bob <bob@b.de>, Team: a@b.de, \"B, C\" <b@b.de>;, last@b.de\r\n"
                       "Cc: Nobody:;, =?UTF-8?B?w6Q=?= :;\r\n" KIT_ID
                       "MIME-Version: 1.0\r\n" TEXT_7BIT);
    static const char *const want[] = {"bob@b.de", "a@b.de", "b@b.de", "last@b.de", "s@b.de"};
    assert_int_equal(mailsub_message_count_recipients(m), 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(mailsub__message_recipients(m)[i].ptr, want[i]);
    mailsub_message_free(m);
    assert_int_equal(heap.n_live, 0);
}

static void several_authors_need_a_sender(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    struct kit_text text = {0};
    mailsub_message *m = kit_message_on(&heap);
    ok(mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_TO, "bob@b.de", NULL));
    ok(mailsub_message_add_from(m, "alice@a.de", NULL));
    kit_assert_written(m, KIT_DATE TO_BOB KIT_ID "MIME-Version: 1.0\r\n" TEXT_7BIT);
    ok(mailsub_message_add_from(m, "amy@a.de", "Amy"));
    ok(mailsub_message_get_error(m, NULL));
    assert_int_equal(mailsub_message_write(m, kit_sink, &text), MAILSUB_E_NO_SENDER);
    const char *detail;
    assert_int_equal(mailsub__message_prepare(m, 0, &detail), MAILSUB_E_NO_SENDER);
    assert_string_equal(detail, "Sender");
    ok(mailsub_message_set_sender(m, "amy@a.de", NULL));
    kit_assert_written(m, KIT_DATE "From: alice@a.de, Amy <amy@a.de>\r\nSender: amy@a.de\r\n"
                                   "To: bob@b.de\r\n" KIT_ID "MIME-Version: 1.0\r\n" TEXT_7BIT);
    assert_string_equal(mailsub__message_sender(m).ptr, "amy@a.de");
    ok(mailsub_message_set_sender(m, NULL, NULL));
    ok(mailsub_message_set_from(m, "alice@a.de", NULL));
    kit_assert_written(m, KIT_DATE TO_BOB KIT_ID "MIME-Version: 1.0\r\n" TEXT_7BIT);
    mailsub_message_free(m);
}

static void smtputf8_is_needed_while_an_address_needs_it(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *m = to_bob(&heap);
    assert_int_equal(mailsub_message_needs_smtputf8(NULL), 0);
    assert_int_equal(mailsub_message_set_sender(m, "\xc3\xa4@b.de", NULL), MAILSUB_E_SMTPUTF8);
    ok(mailsub_message_clear_error(m));
    ok(mailsub_message_allow_smtputf8(m, 1));
    assert_int_equal(mailsub_message_needs_smtputf8(m), 0);
    ok(mailsub_message_set_sender(m, "\xc3\xa4@m\xc3\xbc.de", "\xc3\xa4"));
    assert_int_equal(mailsub_message_needs_smtputf8(m), 1);
    kit_assert_written(m, KIT_DATE "From: alice@a.de\r\n"
                                   "Sender: =?UTF-8?B?w6Q=?= <\xc3\xa4@xn--m-eha.de>\r\n"
                                   "To: bob@b.de\r\n" KIT_ID "MIME-Version: 1.0\r\n" TEXT_7BIT);
    ok(mailsub_message_allow_smtputf8(m, 0));
    assert_int_equal(mailsub_message_needs_smtputf8(m), 1);
    ok(mailsub_message_set_sender(m, NULL, NULL));
    assert_int_equal(mailsub_message_needs_smtputf8(m), 0);
    ok(mailsub_message_allow_smtputf8(m, 1));
    ok(mailsub_message_add_recipients(m, MAILSUB_RECIPIENT_BCC, "A: b@b.de, \xc3\xa4@b.de;", 19));
    assert_int_equal(mailsub_message_needs_smtputf8(m), 1);
    mailsub_message_free(m);
    assert_int_equal(heap.n_live, 0);
}

static void fields_of_functions_can_be_added_by_name(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *m = kit_message_on(&heap);
    static const char *const fields[][2] = {
        {"from", "Alice <alice@A.de>, bob@b.de"},
        {"SENDER", "(c) alice@a.de"},
        {"To", "A: b@b.de;"},
        {"Cc", "c@b.de"},
        {"Reply-To", "\"R\" <r@b.de>, E:;"},
        {"Subject", "Gr\xc3\xbc\xc3\x9f"
                    "e"},
        {"Date", "Thu, 1 Jan 1970 01:00:00 +0100"},
        {"Message-ID", "<1@a.de>"},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        ok(mailsub_message_add_header(m, fields[i][0], fields[i][1], strlen(fields[i][1])));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        assert_int_equal(
            mailsub_message_add_header(m, fields[i][0], fields[i][1], MAILSUB_NUL_TERMINATED),
            MAILSUB_E_HEADER_REPEATED);
    }
    ok(mailsub_message_clear_error(m));
    kit_assert_written(m, "Date: Thu, 01 Jan 1970 01:00:00 +0100\r\n"
                          "From: Alice <alice@a.de>, bob@b.de\r\nSender: alice@a.de\r\n"
                          "Reply-To: R <r@b.de>, E:;\r\nTo: A: b@b.de;\r\nCc: c@b.de\r\n"
                          "Message-ID: <1@a.de>\r\nSubject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"
                          "MIME-Version: 1.0\r\n" TEXT_7BIT);
    mailsub_message_free(m);
    assert_int_equal(heap.n_live, 0);
}

static void an_answer_names_its_parent(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *m = to_bob(&heap);
    ok(mailsub_message_add_header(m, "References", "<x@y>", 5));
    ok(mailsub_message_add_header(m, "X-A", "1", 1));
    ok(mailsub_message_set_parent(m, "3@a.de", "<1@a.de> junk <<2@a.de>\t<b d@x> <3@a.de>"));
    kit_assert_written(m, KIT_DATE TO_BOB KIT_ID
                       "X-A: 1\r\nIn-Reply-To: <3@a.de>\r\n"
                       "References: <1@a.de> <2@a.de> <3@a.de>\r\nMIME-Version: 1.0\r\n" TEXT_7BIT);
    assert_int_equal(mailsub_message_set_parent(m, "3", NULL), MAILSUB_E_MESSAGE_ID);
    assert_int_equal(mailsub_message_set_parent(m, "<3@a\n>", NULL), MAILSUB_E_CONTROL);
    assert_int_equal(mailsub_message_set_parent(m, "<3@a>", "\xff"), MAILSUB_E_UTF8);
    ok(mailsub_message_clear_error(m));
    assert_int_equal(mailsub_message_count_headers(m), 3);
    ok(mailsub_message_set_parent(m, "<4@a.de>", NULL));
    const char *name;
    const char *value;
    ok(mailsub_message_get_header(m, 2, &name, &value));
    assert_string_equal(name, "References");
    assert_string_equal(value, "<4@a.de>");
    ok(mailsub_message_set_parent(m, NULL, "<1@a.de>"));
    ok(mailsub_message_add_header(m, "X-B", NULL, 0));
    kit_assert_written(m,
                       KIT_DATE TO_BOB KIT_ID "X-A: 1\r\nX-B: \r\nMIME-Version: 1.0\r\n" TEXT_7BIT);
    mailsub_message_free(m);
    assert_int_equal(heap.n_live, 0);
}

static void a_long_chain_keeps_its_ends(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *m = to_bob(&heap);
    char references[100 * 200];
    for (int width = 1; width < 150; width += 12) {
        size_t len = 0;
        for (int i = 0; i < 100; i++)
            len += (size_t)snprintf(references + len, sizeof references - len, "<%0*d@a.de>", width,
                                    i);
        ok(mailsub_message_set_parent(m, "<parent@a.de>", references));
        const char *name;
        const char *value;
        ok(mailsub_message_get_header(m, 1, &name, &value));
        assert_true(strlen(value) <= 900);
        char want[200];
        snprintf(want, sizeof want, "<%0*d@a.de> ", width, 0);
        assert_memory_equal(value, want, strlen(want));
        snprintf(want, sizeof want, " <%0*d@a.de> <parent@a.de>", width, 99);
        assert_string_equal(value + strlen(value) - strlen(want), want);
        size_t n_ids = 0;
        for (const char *at = value; (at = strchr(at, '<')) != NULL; at++)
            n_ids++;
        assert_true(n_ids <= 21 && (n_ids == 21 || strlen(value) > 700));
    }
    static char hostile[1000 * 1000];
    memset(hostile, '<', sizeof hostile - 2);
    hostile[sizeof hostile - 2] = '>';
    ok(mailsub_message_set_parent(m, "<parent@a.de>", hostile));
    mailsub_message_free(m);
}

static void assert_mailbox(mailsub_message *m, const char *field, size_t index, const char *address,
                           const char *name)
{
    const char *got_address;
    const char *got_name;
    ok(mailsub_message_get_mailbox(m, field, index, &got_address, &got_name));
    if (address)
        assert_string_equal(got_address, address);
    else
        assert_null(got_address);
    if (name)
        assert_string_equal(got_name, name);
    else
        assert_null(got_name);
}

static void what_was_given_can_be_read_back(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *m = kit_message_on(&heap);
    const char *text = "untouched";
    const char *other = "untouched";
    ok(mailsub_message_get_subject(m, &text));
    assert_null(text);
    assert_int_equal(mailsub_message_count_mailboxes(m, "From"), 0);
    assert_int_equal(mailsub_message_get_mailbox(m, "From", 0, &text, &other), MAILSUB_E_INVALID);
    ok(mailsub_message_add_header(m, "From", "A <a@A.de>, b@a.de, \"\" <c@a.de>",
                                  MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_set_sender(m, "s@a.de", "\xc3\xa4"));
    ok(mailsub_message_set_return_path(m, ""));
    ok(mailsub_message_add_recipients(m, MAILSUB_RECIPIENT_TO, "x@b.de, G: y@b.de;, Z <z@b.de>",
                                      MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_BCC, "blind@b.de", "B"));
    ok(mailsub_message_set_subject(m, " \tsub "));
    ok(mailsub_message_add_header(m, "x-b", "v ", 2));
    assert_int_equal(mailsub_message_count_mailboxes(m, "from"), 3);
    assert_int_equal(mailsub_message_count_mailboxes(m, "To"), 5);
    assert_int_equal(mailsub_message_count_mailboxes(m, "Subject"), 0);
    for (int i = 0; i < 2; i++) {
        assert_mailbox(m, "From", 0, "a@a.de", "A");
        assert_mailbox(m, "From", 2, "c@a.de", "");
        assert_mailbox(m, "From", 1, "b@a.de", "");
        assert_mailbox(m, "sender", 0, "s@a.de", "\xc3\xa4");
        assert_mailbox(m, "Return-Path", 0, "", "");
        assert_mailbox(m, "To", 0, "x@b.de", "");
        assert_mailbox(m, "To", 1, NULL, "G");
        assert_mailbox(m, "To", 2, "y@b.de", "");
        assert_mailbox(m, "To", 3, NULL, NULL);
        assert_mailbox(m, "To", 4, "z@b.de", "Z");
        assert_mailbox(m, "Bcc", 0, "blind@b.de", "B");
        assert_int_equal(mailsub_message_get_mailbox(m, "To", 5, &text, &other), MAILSUB_E_INVALID);
        assert_int_equal(mailsub_message_get_mailbox(m, "Sender", 1, &text, &other),
                         MAILSUB_E_INVALID);
        assert_int_equal(mailsub_message_get_mailbox(m, "X", 0, &text, &other), MAILSUB_E_INVALID);
    }
    static const char *const envelope[] = {"x@b.de", "y@b.de", "z@b.de", "blind@b.de"};
    for (size_t i = 0; i < 4; i++) {
        ok(mailsub_message_get_recipient(m, i, &text));
        assert_string_equal(text, envelope[i]);
    }
    assert_int_equal(mailsub_message_get_recipient(m, 4, &text), MAILSUB_E_INVALID);
    ok(mailsub_message_get_subject(m, &text));
    assert_string_equal(text, " \tsub ");
    assert_int_equal(mailsub_message_count_headers(m), 1);
    ok(mailsub_message_get_header(m, 0, &text, &other));
    assert_string_equal(text, "x-b");
    assert_string_equal(other, "v ");
    assert_int_equal(mailsub_message_get_header(m, 1, &text, &other), MAILSUB_E_INVALID);
    int64_t unix_s;
    int32_t zone_min;
    ok(mailsub_message_get_date(m, &unix_s, &zone_min));
    assert_int_equal(unix_s, 1700000000);
    assert_int_equal(zone_min, 60);
    mailsub_message_free(m);
    assert_int_equal(heap.n_live, 0);
}

static void a_copy_is_the_same_and_lives_apart(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *m = kit_message_on(&heap);
    ok(mailsub_message_add_header(m, "From", "A <a@a.de>, b@a.de", MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_set_sender(m, "s@a.de", "S"));
    ok(mailsub_message_set_return_path(m, ""));
    ok(mailsub_message_add_reply_to(m, "r@a.de", NULL));
    for (int i = 0; i < 9; i++) {
        ok(mailsub_message_add_recipients(m, i % 3, "same@b.de, G: same@b.de;, E:;, z@b.de",
                                          MAILSUB_NUL_TERMINATED));
    }
    ok(mailsub_message_set_parent(m, "1@2", NULL));
    ok(mailsub_message_set_subject(m, "Hello"));
    ok(mailsub_message_set_text(m, "Hi", 2));
    ok(mailsub_message_set_html(m, "<p>Hi</p>", 9));
    ok(mailsub_message_attach_data(m, "a.bin", NULL, "abc", 3));
    ok(mailsub_message_attach_file(m, "/proc/self/exe", "exe", NULL));
    ok(mailsub_message_embed_data(m, "1@a.de", "image/png", "png", 3));
    ok(mailsub_message_attach_data(m, "a.eml", NULL, "From: a\n", 8));
    struct kit_text whole = kit_write(m);
    assert_true(mailsub__message_lock(m));
    mailsub_message *copy = NULL;
    ok(mailsub_message_dup(m, &copy));
    mailsub__message_unlock(m);
    assert_int_equal(mailsub_message_count_recipients(copy), 27);
    for (size_t i = 0; i < 27; i++) {
        const char *address[2];
        ok(mailsub_message_get_recipient(m, i, &address[0]));
        ok(mailsub_message_get_recipient(copy, i, &address[1]));
        assert_string_equal(address[0], address[1]);
        assert_ptr_not_equal(address[0], address[1]);
    }
    mailsub_message_free(m);
    kit_assert_written(copy, whole.data);
    const char *detail;
    assert_string_equal(mailsub__message_sender(copy).ptr, "");
    ok(mailsub_message_set_subject(copy, "other"));
    assert_int_equal(mailsub_message_add_reply_to(copy, "x", NULL), MAILSUB_E_ADDRESS);
    ok(mailsub_message_dup(copy, &m));
    mailsub_message_free(copy);
    assert_int_equal(mailsub_message_get_error(m, &detail), MAILSUB_E_ADDRESS);
    assert_string_equal(detail, "Reply-To");
    mailsub_message_free(m);
    free(whole.data);
    assert_int_equal(heap.n_live, 0);
}

static int other_now(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    (void)context;
    *out_unix_s = 1;
    *out_zone_min = 0;
    return MAILSUB_OK;
}

static int other_fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    memset(out, 0xcd, n_bytes);
    return MAILSUB_OK;
}

static void a_copy_has_an_identity_of_its_own_unless_set(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *m = to_bob(&heap);
    mailsub_message *copy = NULL;
    const mailsub_clock clock = {.size = sizeof clock, .now = other_now};
    const mailsub_random random = {.size = sizeof random, .fill = other_fill};
    const char *id;
    const char *own_id;
    int64_t unix_s;
    int32_t zone_min;
    ok(mailsub_message_get_message_id(m, &id));
    ok(mailsub_message_get_date(m, &unix_s, &zone_min));
    ok(mailsub_message_dup(m, &copy));
    ok(mailsub_message_set_clock(copy, &clock));
    ok(mailsub_message_set_random(copy, &random));
    ok(mailsub_message_get_message_id(copy, &own_id));
    assert_string_not_equal(id, own_id);
    ok(mailsub_message_get_date(copy, &unix_s, &zone_min));
    assert_int_equal(unix_s, 1);
    mailsub_message_free(copy);
    ok(mailsub_message_set_message_id(m, "1@a.de"));
    ok(mailsub_message_set_date(m, 2, 3));
    ok(mailsub_message_dup(m, &copy));
    ok(mailsub_message_get_message_id(copy, &own_id));
    assert_string_equal(own_id, "<1@a.de>");
    ok(mailsub_message_get_date(copy, &unix_s, &zone_min));
    assert_int_equal(unix_s, 2);
    assert_int_equal(zone_min, 3);
    mailsub_message_free(copy);
    mailsub_message_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_added_whole_or_not_at_all),
        cmocka_unit_test(several_authors_need_a_sender),
        cmocka_unit_test(smtputf8_is_needed_while_an_address_needs_it),
        cmocka_unit_test(fields_of_functions_can_be_added_by_name),
        cmocka_unit_test(an_answer_names_its_parent),
        cmocka_unit_test(a_long_chain_keeps_its_ends),
        cmocka_unit_test(what_was_given_can_be_read_back),
        cmocka_unit_test(a_copy_is_the_same_and_lives_apart),
        cmocka_unit_test(a_copy_has_an_identity_of_its_own_unless_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
