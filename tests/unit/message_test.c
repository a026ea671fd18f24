/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message_kit.h"

#include <stdio.h>

#define TO_BOB "From: alice@a.de\r\nTo: bob@b.de\r\n"
#define TEXT_7BIT                                                                                  \
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
#define HTML_7BIT                                                                                  \
    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
#define MIXED "Content-Type: multipart/mixed;\r\n boundary=\"" KIT_BOUNDARY "m\"\r\n\r\n"
#define ALTERNATIVE                                                                                \
    "Content-Type: multipart/alternative;\r\n boundary=\"" KIT_BOUNDARY "a\"\r\n\r\n"
#define M_PART "--" KIT_BOUNDARY "m\r\n"
#define M_END "--" KIT_BOUNDARY "m--\r\n"
#define A_PART "--" KIT_BOUNDARY "a\r\n"
#define A_END "--" KIT_BOUNDARY "a--\r\n"
#define FILE_HEAD(name)                                                                            \
    "Content-Type: application/octet-stream; name=" name                                           \
    "\r\nContent-Transfer-Encoding: base64\r\n"                                                    \
    "Content-Disposition: attachment; filename=" name "\r\n\r\n"

struct message_row {
    const char *name;
    void (*build)(mailsub_message *message);
    const char *want; /* between the Message-ID and the end */
};

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static void build_nothing(mailsub_message *message)
{
    (void)message;
}

static void build_text(mailsub_message *message)
{
    ok(mailsub_message_set_subject(message, "Hello"));
    ok(mailsub_message_set_text(message, "Hi\nthere", MAILSUB_NUL_TERMINATED));
}

static void build_html(mailsub_message *message)
{
    ok(mailsub_message_set_html(message, "<p>Hi</p>\nignored", 10));
    ok(mailsub_message_set_text_from_html(message, 0));
}

static void build_both(mailsub_message *message)
{
    build_html(message);
    build_text(message);
}

static void build_empty_parts(mailsub_message *message)
{
    ok(mailsub_message_set_text(message, "", 0));
    ok(mailsub_message_set_html(message, "", MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_attach_data(message, "a", NULL, NULL, 0));
    ok(mailsub_message_attach_data(message, "b", NULL, "", 0));
}

static void build_one_file(mailsub_message *message)
{
    ok(mailsub_message_attach_data(message, "a.bin", NULL, "abc", 3));
}

static void build_two_files(mailsub_message *message)
{
    build_one_file(message);
    ok(mailsub_message_attach_data(message, "b c.bin", "Application/PDF", "def", 3));
}

static void build_all(mailsub_message *message)
{
    build_one_file(message);
    build_both(message);
}

static void build_and_take_away(mailsub_message *message)
{
    build_both(message);
    ok(mailsub_message_set_sender(message, "s@a.de", NULL));
    ok(mailsub_message_set_sender(message, NULL, NULL));
    ok(mailsub_message_set_subject(message, NULL));
    ok(mailsub_message_set_text(message, NULL, 0));
    ok(mailsub_message_set_html(message, NULL, MAILSUB_NUL_TERMINATED));
}

static void build_extras(mailsub_message *message)
{
    ok(mailsub_message_add_header(message, "x-one", "1", 1));
    ok(mailsub_message_add_header(message, "in-reply-to", "<1@2>", MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_add_header(message, "X-One", "", 0));
    ok(mailsub_message_add_header(message, "X-None", NULL, 0));
}

static const struct message_row rows[] = {
    {"nothing", build_nothing, "MIME-Version: 1.0\r\n" TEXT_7BIT},
    {"text", build_text, "Subject: Hello\r\nMIME-Version: 1.0\r\n" TEXT_7BIT "Hi\r\nthere\r\n"},
    {"HTML", build_html, "MIME-Version: 1.0\r\n" HTML_7BIT "<p>Hi</p>\r\n"},
    {"both", build_both,
     "Subject: Hello\r\nMIME-Version: 1.0\r\n" ALTERNATIVE A_PART TEXT_7BIT
     "Hi\r\nthere\r\n\r\n" A_PART HTML_7BIT "<p>Hi</p>\r\n\r\n" A_END},
    {"one file", build_one_file, "MIME-Version: 1.0\r\n" FILE_HEAD("a.bin") "YWJj\r\n"},
    {"two files", build_two_files,
     "MIME-Version: 1.0\r\n" MIXED M_PART FILE_HEAD(
         "a.bin") "YWJj\r\n" M_PART "Content-Type: application/pdf; name=\"b "
                  "c.bin\"\r\nContent-Transfer-Encoding: base64\r\n"
                  "Content-Disposition: attachment; filename=\"b c.bin\"\r\n\r\nZGVm\r\n" M_END},
    {"both and a file", build_all,
     "Subject: Hello\r\nMIME-Version: 1.0\r\n" MIXED M_PART ALTERNATIVE A_PART TEXT_7BIT
     "Hi\r\nthere\r\n\r\n" A_PART HTML_7BIT "<p>Hi</p>\r\n\r\n" A_END
     "\r\n" M_PART FILE_HEAD("a.bin") "YWJj\r\n" M_END},
    {"empty parts", build_empty_parts,
     "MIME-Version: 1.0\r\n" MIXED M_PART ALTERNATIVE A_PART TEXT_7BIT "\r\n" A_PART HTML_7BIT
     "\r\n" A_END "\r\n" M_PART FILE_HEAD("a") "\r\n" M_PART FILE_HEAD("b") "\r\n" M_END},
    {"taken away again", build_and_take_away, "MIME-Version: 1.0\r\n" TEXT_7BIT},
    {"added fields", build_extras,
     "x-one: 1\r\nIn-Reply-To: <1@2>\r\nX-One: \r\nX-None: \r\nMIME-Version: 1.0\r\n" TEXT_7BIT},
};

static mailsub_message *to_bob(struct unit_heap *heap)
{
    mailsub_message *message = kit_message_on(heap);
    ok(mailsub_message_set_from(message, "alice@a.de", NULL));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "bob@b.de", NULL));
    return message;
}

static void check_row(void **state)
{
    const struct message_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    row->build(message);
    char want[4096];
    int n = snprintf(want, sizeof want, "%s%s", KIT_DATE TO_BOB KIT_ID, row->want);
    assert_true(n > 0 && (size_t)n < sizeof want);
    kit_assert_written(message, want);

    const char *detail;
    ok(mailsub__message_prepare(message, 0, &detail));
    assert_int_equal(mailsub__message_size(message), n);
    for (size_t room = 1; room < 200; room++) {
        mailsub__source source;
        ok(mailsub__message_open(message, &source));
        struct kit_text text = {0};
        ok(kit_read(&source, room, &text));
        assert_string_equal(text.data, want);
        free(text.data);
    }
    mailsub__message_close(message);
    kit_assert_written(message, want);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void the_header_names_all_mailboxes_but_blind_ones(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    ok(mailsub_message_set_from(message, "alice@a.de", "Alice"));
    ok(mailsub_message_set_sender(message, "\"office\"@A.de", "The Office, A"));
    ok(mailsub_message_add_reply_to(message, "r1@a.de", NULL));
    ok(mailsub_message_add_reply_to(message, "r2@a.de", "R. Two"));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, "blind@b.de", "Blind"));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_CC, "cc@b.de", ""));
    for (int i = 0; i < 6; i++)
        ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "to@b.de", "To You"));
    kit_assert_written(
        message, KIT_DATE
        "From: Alice <alice@a.de>\r\n"
        "Sender: \"The Office, A\" <office@a.de>\r\n"
        "Reply-To: r1@a.de, \"R. Two\" <r2@a.de>\r\n"
        "To: To You <to@b.de>, To You <to@b.de>, To You <to@b.de>, To You <to@b.de>, To\r\n"
        " You <to@b.de>, To You <to@b.de>\r\n"
        "Cc: cc@b.de\r\n" KIT_ID "MIME-Version: 1.0\r\n" TEXT_7BIT);
    assert_int_equal(mailsub_message_count_recipients(message), 8);
    const char *detail;
    ok(mailsub__message_prepare(message, 0, &detail));
    const mailsub__slice *recipients = mailsub__message_recipients(message);
    assert_memory_equal(recipients[0].ptr, "blind@b.de", recipients[0].len);
    assert_memory_equal(recipients[1].ptr, "cc@b.de", recipients[1].len);
    assert_memory_equal(recipients[7].ptr, "to@b.de", recipients[7].len);
    mailsub_message_free(message);
}

static void only_blind_recipients_need_no_field(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    ok(mailsub_message_set_from(message, "alice@a.de", NULL));
    ok(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, "blind@b.de", NULL));
    kit_assert_written(message,
                       KIT_DATE "From: alice@a.de\r\n" KIT_ID "MIME-Version: 1.0\r\n" TEXT_7BIT);
    mailsub_message_free(message);
}

static void assert_sender(mailsub_message *message, const char *want)
{
    const char *detail;
    ok(mailsub__message_prepare(message, 0, &detail));
    mailsub__slice sender = mailsub__message_sender(message);
    assert_int_equal(sender.len, strlen(want));
    assert_memory_equal(sender.ptr, want, sender.len);
}

static void the_envelope_sender_is_the_author_unless_set(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    assert_sender(message, "alice@a.de");
    ok(mailsub_message_set_return_path(message, "bounces@A.de"));
    assert_sender(message, "bounces@a.de");
    ok(mailsub_message_set_return_path(message, ""));
    assert_sender(message, "");
    ok(mailsub_message_set_return_path(message, NULL));
    assert_sender(message, "alice@a.de");
    ok(mailsub_message_set_from(message, "somebody.longer@a.de", "with a name"));
    assert_sender(message, "somebody.longer@a.de");
    mailsub_message_free(message);
}

static void many_recipients_keep_their_order(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    char address[32];
    for (int i = 1; i < 5000; i++) {
        snprintf(address, sizeof address, "u%d@b.de", i);
        ok(mailsub_message_add_recipient(message, i % 3, address, NULL));
    }
    const char *detail;
    ok(mailsub__message_prepare(message, 0, &detail));
    const mailsub__slice *recipients = mailsub__message_recipients(message);
    for (int i = 1; i < 5000; i++) {
        int len = snprintf(address, sizeof address, "u%d@b.de", i);
        assert_int_equal(recipients[i].len, len);
        assert_memory_equal(recipients[i].ptr, address, (size_t)len);
    }
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void date_and_id_stay_whatever_changes(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    const char *id;
    ok(mailsub_message_get_message_id(message, &id));
    ok(mailsub_message_set_random(message, NULL));
    ok(mailsub_message_set_subject(message, "one"));
    struct kit_text first = kit_write(message);
    ok(mailsub_message_set_subject(message, "two"));
    ok(mailsub_message_set_from(message, "alice@c.de", NULL));
    struct kit_text second = kit_write(message);
    assert_non_null(strstr(first.data, KIT_DATE));
    assert_non_null(strstr(first.data, KIT_ID));
    assert_non_null(strstr(second.data, KIT_DATE));
    assert_non_null(strstr(second.data, KIT_ID));
    assert_non_null(strstr(second.data, "Subject: two\r\n"));
    free(first.data);
    free(second.data);
    mailsub_message_free(message);
}

static void date_and_id_may_be_set(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    ok(mailsub_message_set_date(message, 0, -90));
    ok(mailsub_message_set_message_id(message, "1@x.de"));
    const char *id;
    ok(mailsub_message_get_message_id(message, &id));
    assert_string_equal(id, "<1@x.de>");
    ok(mailsub_message_set_message_id(message, "<2@x.de>"));
    kit_assert_written(message, "Date: Wed, 31 Dec 1969 22:30:00 -0130\r\n" TO_BOB
                                "Message-ID: <2@x.de>\r\nMIME-Version: 1.0\r\n" TEXT_7BIT);
    assert_int_equal(mailsub_message_set_date(message, -1, 0), MAILSUB_E_DATE);
    assert_int_equal(mailsub_message_set_date(message, 0, 24 * 60), MAILSUB_E_DATE);
    assert_int_equal(mailsub_message_set_date(message, 0, -24 * 60), MAILSUB_E_DATE);
    assert_int_equal(mailsub_message_set_message_id(message, "3"), MAILSUB_E_MESSAGE_ID);
    ok(mailsub_message_clear_error(message));
    ok(mailsub_message_get_message_id(message, &id));
    assert_string_equal(id, "<2@x.de>");
    mailsub_message_free(message);
}

static int bad_now(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    *out_unix_s = -1;
    *out_zone_min = 0;
    return *(int *)context;
}

static int bad_fill(void *context, void *out, size_t n_bytes)
{
    (void)context;
    (void)out;
    (void)n_bytes;
    return MAILSUB_E_RANDOM;
}

static void surroundings_may_fail(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    struct kit_text text = {0};
    mailsub_message *message = to_bob(&heap);
    int answer = MAILSUB_E_SYSTEM;
    mailsub_clock clock = {.size = sizeof clock, .context = &answer, .now = bad_now};
    mailsub_random random = {.size = sizeof random, .fill = bad_fill};
    ok(mailsub_message_set_clock(message, &clock));
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_E_SYSTEM);
    answer = 0;
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_E_DATE);
    ok(mailsub_message_set_clock(message, NULL));
    ok(mailsub_message_set_random(message, &random));
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_E_RANDOM);
    assert_int_equal(text.len, 0);
    ok(mailsub_message_get_error(message, NULL));
    random.fill = NULL;
    assert_int_equal(mailsub_message_set_random(message, &random), MAILSUB_E_INVALID);
    clock.size--;
    assert_int_equal(mailsub_message_set_clock(message, &clock), MAILSUB_E_INVALID);
    mailsub_message_free(message);
}

static void the_first_error_stays(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    struct kit_text text = {0};
    mailsub_message *message = to_bob(&heap);
    const char *field = "x";
    ok(mailsub_message_get_error(message, &field));
    assert_string_equal(field, "");
    assert_int_equal(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_CC, "nobody", NULL),
                     MAILSUB_E_ADDRESS);
    assert_int_equal(mailsub_message_set_date(message, -1, 0), MAILSUB_E_DATE);
    ok(mailsub_message_set_subject(message, "works on"));
    assert_int_equal(mailsub_message_get_error(message, &field), MAILSUB_E_ADDRESS);
    assert_string_equal(field, "Cc");
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_E_ADDRESS);
    const char *detail;
    assert_int_equal(mailsub__message_prepare(message, 0, &detail), MAILSUB_E_ADDRESS);
    assert_string_equal(detail, "Cc");
    assert_int_equal(text.len, 0);
    ok(mailsub_message_clear_error(message));
    kit_assert_written(message, KIT_DATE TO_BOB KIT_ID
                       "Subject: works on\r\nMIME-Version: 1.0\r\n" TEXT_7BIT);
    mailsub_message_free(message);
}

static void from_and_recipients_are_needed(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    struct kit_text text = {0};
    mailsub_message *message = kit_message_on(&heap);
    const char *detail;
    const char *id;
    assert_int_equal(mailsub_message_get_message_id(message, &id), MAILSUB_E_NO_FROM);
    assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_E_NO_FROM);
    assert_int_equal(mailsub__message_prepare(message, 0, &detail), MAILSUB_E_NO_FROM);
    assert_string_equal(detail, "From");
    ok(mailsub_message_set_from(message, "a@a.de", NULL));
    assert_int_equal(mailsub__message_prepare(message, 0, &detail), MAILSUB_E_NO_RECIPIENTS);
    ok(mailsub_message_write(message, kit_sink, &text));
    free(text.data);
    mailsub_message_free(message);
}

static void null_is_refused(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *m = to_bob(&heap);
    const char *id;
    const void *data;
    size_t len;
    const int codes[] = {
        mailsub_message_set_from(m, NULL, NULL),
        mailsub_message_add_recipient(m, MAILSUB_RECIPIENT_TO, NULL, NULL),
        mailsub_message_add_recipient(m, 3, "a@b.de", NULL),
        mailsub_message_add_recipient(m, -1, "a@b.de", NULL),
        mailsub_message_add_recipients(m, MAILSUB_RECIPIENT_TO, NULL, 0),
        mailsub_message_add_recipients(m, 3, "a@b.de", 6),
        mailsub_message_add_from(m, NULL, NULL),
        mailsub_message_add_reply_to(m, NULL, NULL),
        mailsub_message_add_header(m, NULL, "", 0),
        mailsub_message_add_header(m, "X", NULL, 1),
        mailsub_message_add_header(m, "X", NULL, MAILSUB_NUL_TERMINATED),
        mailsub_message_set_message_id(m, NULL),
        mailsub_message_get_message_id(m, NULL),
        mailsub_message_get_date(m, NULL, NULL),
        mailsub_message_get_subject(m, NULL),
        mailsub_message_get_header(m, 0, NULL, NULL),
        mailsub_message_get_recipient(m, 0, NULL),
        mailsub_message_get_mailbox(m, "To", 0, NULL, NULL),
        mailsub_message_set_text(m, NULL, 1),
        mailsub_message_set_html(m, NULL, 1),
        mailsub_message_attach_data(m, NULL, NULL, "", 0),
        mailsub_message_attach_data(m, "a", NULL, NULL, 1),
        mailsub_message_attach_file(m, NULL, "a", NULL),
        mailsub_message_write(m, NULL, NULL),
        mailsub_message_dup(m, NULL),
        mailsub_message_set_from(NULL, "a@b.de", NULL),
        mailsub_message_set_sender(NULL, NULL, NULL),
        mailsub_message_set_return_path(NULL, NULL),
        mailsub_message_add_recipient(NULL, MAILSUB_RECIPIENT_TO, "a@b.de", NULL),
        mailsub_message_add_recipient(NULL, 9, "a@b.de", NULL),
        mailsub_message_add_recipients(NULL, MAILSUB_RECIPIENT_TO, "a@b.de", 6),
        mailsub_message_add_from(NULL, "a@b.de", NULL),
        mailsub_message_allow_smtputf8(NULL, 1),
        mailsub_message_add_reply_to(NULL, "a@b.de", NULL),
        mailsub_message_set_subject(NULL, NULL),
        mailsub_message_add_header(NULL, "X", "", 0),
        mailsub_message_set_date(NULL, 0, 0),
        mailsub_message_set_message_id(NULL, "1@2"),
        mailsub_message_get_message_id(NULL, &id),
        mailsub_message_set_parent(NULL, "1@2", NULL),
        mailsub_message_get_date(NULL, NULL, NULL),
        mailsub_message_get_subject(NULL, &id),
        mailsub_message_get_header(NULL, 0, &id, &id),
        mailsub_message_get_recipient(NULL, 0, &id),
        mailsub_message_get_mailbox(NULL, "To", 0, &id, &id),
        mailsub_message_set_text(NULL, NULL, 0),
        mailsub_message_set_html(NULL, NULL, 0),
        mailsub_message_attach_data(NULL, "a", NULL, "", 0),
        mailsub_message_attach_file(NULL, "/dev/null", "a", NULL),
        mailsub_message_set_clock(NULL, NULL),
        mailsub_message_set_random(NULL, NULL),
        mailsub_message_get_error(NULL, NULL),
        mailsub_message_clear_error(NULL),
        mailsub_message_write(NULL, kit_sink, NULL),
        mailsub_message_dup(NULL, &m),
        mailsub_message_write_for(NULL, 0, kit_sink, NULL),
        mailsub_message_write_for(m, 0, NULL, NULL),
        mailsub_message_write_for(m, 4, kit_sink, NULL),
        mailsub_message_embed_data(m, NULL, NULL, "", 0),
        mailsub_message_embed_data(m, NULL, "image/png", NULL, 1),
        mailsub_message_embed_data(NULL, NULL, "image/png", "", 0),
        mailsub_message_embed_file(m, NULL, NULL, NULL),
        mailsub_message_embed_file(NULL, "/dev/null", NULL, NULL),
        mailsub_message_get_text(NULL, &id, &len),
        mailsub_message_get_text(m, NULL, &len),
        mailsub_message_get_html(NULL, &id, &len),
        mailsub_message_get_html(m, &id, NULL),
        mailsub_message_get_part_data(NULL, 0, &data, &len),
        mailsub_message_get_part_data(m, 0, &data, &len),
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_int_equal(codes[i], MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_count_recipients(NULL), 0);
    mailsub_message_free(NULL);
    ok(mailsub_message_clear_error(m));
    kit_assert_written(m, KIT_DATE TO_BOB KIT_ID "MIME-Version: 1.0\r\n" TEXT_7BIT);
    mailsub_message_free(m);
    assert_int_equal(heap.n_live, 0);
}

static void a_locked_message_is_not_changed_but_may_be_written(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    build_all(message);
    const char *detail;
    ok(mailsub__message_prepare(message, 0, &detail));
    struct kit_text before = kit_write(message);
    assert_true(mailsub__message_lock(message));
    assert_false(mailsub__message_lock(message));
    mailsub__source source;
    ok(mailsub__message_open(message, &source));
    struct kit_text read = {0};
    char piece[600];
    size_t len;
    ok(source.read(source.context, piece, sizeof piece, &len));
    kit_sink(&read, piece, len);
    assert_int_equal(mailsub_message_set_subject(message, "x"), MAILSUB_E_STATE);
    assert_int_equal(mailsub_message_set_text(message, "x", 1), MAILSUB_E_STATE);
    assert_int_equal(mailsub_message_attach_data(message, "x", NULL, "", 0), MAILSUB_E_STATE);
    ok(mailsub_message_get_error(message, NULL));
    kit_assert_written(message, before.data);
    ok(kit_read(&source, 7, &read));
    assert_string_equal(read.data, before.data);
    mailsub__message_close(message);
    mailsub__message_unlock(message);
    ok(mailsub_message_set_subject(message, "x"));
    free(before.data);
    free(read.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void a_sink_may_stop_anywhere(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    build_all(message);
    char large[100000];
    memset(large, 'x', sizeof large);
    ok(mailsub_message_attach_data(message, "large", NULL, large, sizeof large));
    struct kit_text whole = kit_write(message);
    for (size_t stop_at = 1; stop_at < whole.len; stop_at += 1000) {
        struct kit_text text = {.stop_at = stop_at};
        assert_int_equal(mailsub_message_write(message, kit_sink, &text), MAILSUB_E_SINK);
        assert_true(text.len <= stop_at);
        if (text.len > 0)
            assert_memory_equal(text.data, whole.data, text.len);
        free(text.data);
    }
    kit_assert_written(message, whole.data);
    free(whole.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void headers_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *value;
        int want;
        const char *want_field;
    } headers[] = {
        {"", "a", MAILSUB_E_HEADER_NAME, "header"},
        {"X Y", "a", MAILSUB_E_HEADER_NAME, "header"},
        {"X:", "a", MAILSUB_E_HEADER_NAME, "header"},
        {"X\r\nBcc", "a", MAILSUB_E_HEADER_NAME, "header"},
        {"\xc3\xa4", "a", MAILSUB_E_HEADER_NAME, "header"},
        {"Reply-to", "a@b.de, b", MAILSUB_E_ADDRESS, "Reply-to"},
        {"Sender", "a@b.de, c@d.de", MAILSUB_E_ADDRESS, "Sender"},
        {"Sender", "A: a@b.de;", MAILSUB_E_ADDRESS, "Sender"},
        {"From", "c@d.de", MAILSUB_E_HEADER_REPEATED, "From"},
        {"to", "c@d.de", MAILSUB_E_HEADER_REPEATED, "to"},
        {"Cc", "", MAILSUB_E_ADDRESS, "Cc"},
        {"Date", "yesterday", MAILSUB_E_DATE, "Date"},
        {"Message-ID", "<a>", MAILSUB_E_MESSAGE_ID, "Message-ID"},
        {"Subject", "a\r\n b", MAILSUB_E_CONTROL, "Subject"},
        {"bCC", "a@b.de", MAILSUB_E_HEADER_OWNED, "bCC"},
        {"Content-Type", "text/x", MAILSUB_E_HEADER_OWNED, "Content-Type"},
        {"In-Reply-To", "", MAILSUB_E_HEADER_VALUE, "In-Reply-To"},
        {"X-A", "a\nb", MAILSUB_E_CONTROL, "X-A"},
        {"precedence", "bulk", MAILSUB_E_HEADER_REPEATED, "precedence"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct unit_heap heap = {0};
        mailsub_message *message = to_bob(&heap);
        ok(mailsub_message_add_header(message, "Precedence", "list", MAILSUB_NUL_TERMINATED));
        assert_int_equal(mailsub_message_add_header(message, headers[i].name, headers[i].value,
                                                    MAILSUB_NUL_TERMINATED),
                         headers[i].want);
        const char *field;
        assert_int_equal(mailsub_message_get_error(message, &field), headers[i].want);
        assert_string_equal(field, headers[i].want_field);
        ok(mailsub_message_clear_error(message));
        kit_assert_written(message, KIT_DATE TO_BOB KIT_ID
                           "Precedence: list\r\nMIME-Version: 1.0\r\n" TEXT_7BIT);
        mailsub_message_free(message);
    }
}

/* A message that uses everything; the first error. */
static int build_and_write(struct unit_heap *heap, struct kit_text *out)
{
    mailsub_message *message = kit_message_on(heap);
    if (!message)
        return MAILSUB_E_NOMEM;
    static char large[3000];
    memset(large, 'l', sizeof large - 1);
    mailsub_message_set_from(message, "a@a.de", "\xc3\x84 long name that is encoded");
    mailsub_message_set_from(message, "a@a.de", large);
    mailsub_message_set_sender(message, "b@b\xc3\xbc.de", "b");
    mailsub_message_set_return_path(message, "bounce@a.de");
    mailsub_message_add_reply_to(message, "r@a.de", large);
    for (int i = 0; i < 40; i++)
        mailsub_message_add_recipient(message, i % 3, "to@b.de", "Some Name");
    mailsub_message_add_from(message, "c@a.de", large);
    mailsub_message_add_recipients(message, MAILSUB_RECIPIENT_TO,
                                   "A: b <a@b.de>, =?utf-8?q?=C3=A4?= <c@b.de>;, \"d\" . e@b.de",
                                   MAILSUB_NUL_TERMINATED);
    mailsub_message_set_subject(message, "\xc3\xbc");
    mailsub_message_set_parent(message, "1@2", "<0@2>");
    mailsub_message_add_header(message, "X-Large", large, MAILSUB_NUL_TERMINATED);
    mailsub_message_set_text(message, large, MAILSUB_NUL_TERMINATED);
    mailsub_message_set_html(message, large, MAILSUB_NUL_TERMINATED);
    mailsub_message_attach_data(message, "\xc3\xa4.bin", NULL, large, sizeof large);
    mailsub_message_attach_file(message, "/proc/self/exe", "exe", NULL);
    mailsub_message_set_text_flowed(message, 1);
    mailsub_message_set_calendar(message, "ADD", "BEGIN:VCALENDAR\nMETHOD:ADD\n",
                                 MAILSUB_NUL_TERMINATED);
    mailsub_message_embed_data(message, NULL, "image/png; a=\"b c\"", large, sizeof large);
    mailsub_message_attach_data(message, "\xc3\xa4.eml", NULL, "From: a\n", 8);
    int rc = mailsub_message_get_error(message, NULL);
    mailsub_message *copy = NULL;
    if (!rc)
        rc = mailsub_message_dup(message, &copy);
    if (!rc)
        rc = mailsub_message_write(copy, kit_sink, out);
    mailsub_message_free(copy);
    mailsub_message_free(message);
    return rc;
}

static void any_allocation_may_fail(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    struct kit_text whole = {0};
    ok(build_and_write(&heap, &whole));
    assert_int_equal(heap.n_live, 0);
    size_t n_requests = heap.n_requests;
    assert_true(n_requests > 5);
    for (size_t i = 1; i <= n_requests; i++) {
        heap = (struct unit_heap){.fail_at = i};
        struct kit_text text = {0};
        assert_int_equal(build_and_write(&heap, &text), MAILSUB_E_NOMEM);
        assert_int_equal(heap.n_live, 0);
        free(text.data);
    }
    free(whole.data);
}

static void setting_again_and_again_takes_no_more_memory(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    for (int i = 0; i < 10000; i++) {
        ok(mailsub_message_set_subject(message, i % 2 ? "a longer subject" : "short"));
        ok(mailsub_message_set_from(message, i % 2 ? "a@a.de" : "longer@a.de", "n"));
        ok(mailsub_message_set_text(message, "text", 4));
    }
    assert_true(heap.n_live < 10);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void creation_checks_its_arguments(void **state)
{
    (void)state;
    const mailsub_clock clock = {.size = sizeof clock, .now = kit_now};
    const mailsub_random random = {.size = sizeof random, .fill = kit_fill};
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub_message *message = NULL;
    assert_int_equal(mailsub__message_create(&allocator, &clock, &random, NULL), MAILSUB_E_INVALID);
    allocator.release = NULL;
    assert_int_equal(mailsub__message_create(&allocator, &clock, &random, &message),
                     MAILSUB_E_INVALID);
    assert_null(message);
    assert_int_equal(heap.n_requests, 0);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(the_header_names_all_mailboxes_but_blind_ones),
        cmocka_unit_test(only_blind_recipients_need_no_field),
        cmocka_unit_test(the_envelope_sender_is_the_author_unless_set),
        cmocka_unit_test(many_recipients_keep_their_order),
        cmocka_unit_test(date_and_id_stay_whatever_changes),
        cmocka_unit_test(date_and_id_may_be_set),
        cmocka_unit_test(surroundings_may_fail),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(from_and_recipients_are_needed),
        cmocka_unit_test(null_is_refused),
        cmocka_unit_test(a_locked_message_is_not_changed_but_may_be_written),
        cmocka_unit_test(a_sink_may_stop_anywhere),
        cmocka_unit_test(headers_are_refused_by_name),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(setting_again_and_again_takes_no_more_memory),
        cmocka_unit_test(creation_checks_its_arguments),
    };
    size_t n_tests = 16;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    return UNIT_RUN(tests, n_tests);
}
