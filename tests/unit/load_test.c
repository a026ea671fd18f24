/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading an existing message into an empty one: what is told of it, and of what is wrong. */
#include "message_kit.h"

#define HEAD "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\nFrom: alice@a.de\r\nMessage-ID: <1@a.de>\r\n"

struct fault_row {
    const char *name;
    const char *text;
    int want_rc;
    const char *want_field;
};

static const struct fault_row faults[] = {
    {"a field twice", HEAD "subject: a\r\nSUBJECT: b\r\n\r\n", MAILSUB_E_HEADER_REPEATED,
     "subject"},
    {"Latin-1 in a field", HEAD "Comments: caf\xe9\r\n\r\n", MAILSUB_E_UTF8, "Comments"},
    {"author", "From: alice\r\n\r\n", MAILSUB_E_ADDRESS, "From"},
    {"author who is nobody", "From: a:;\r\n\r\n", MAILSUB_E_ADDRESS, "From"},
    {"sender", HEAD "Sender: bob\r\n\r\n", MAILSUB_E_ADDRESS, "Sender"},
    {"recipient", HEAD "CC: b@b.de\r\nTo: bob\r\n\r\n", MAILSUB_E_ADDRESS, "To"},
    {"blind recipient", HEAD "Bcc: b@xn--0.de\r\n\r\n", MAILSUB_E_DOMAIN, "Bcc"},
    {"recipient of a second sending", "Resent-To: bob\r\n" HEAD "\r\n", MAILSUB_E_ADDRESS,
     "Resent-To"},
    {"recipient in UTF-8", HEAD "To: \xc3\xa4@a.de\r\n\r\n", MAILSUB_E_SMTPUTF8, "To"},
    {"part",
     HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
          "Content-Transfer-Encoding: quoted-printable\r\n\r\n#LONG\r\n--x--\r\n",
     MAILSUB_E_LINE_TOO_LONG, "part 1"},
    {"text", HEAD "\r\na#NUL\r\n", MAILSUB_E_CONTROL, "text"},
    {"header", HEAD "Subject: a#NUL\r\n\r\n", MAILSUB_E_CONTROL, "header"},
};

/* The text with its marks replaced: "#LONG" by a line, "#NUL" by NUL. The caller frees it. */
static char *expand(const char *text, size_t *out_len)
{
    enum { LONG_LEN = 1000 };
    char *out = malloc(strlen(text) + LONG_LEN);
    assert_non_null(out);
    const char *mark = strchr(text, '#');
    size_t n = mark ? (size_t)(mark - text) : strlen(text);
    memcpy(out, text, n);
    if (mark && strncmp(mark, "#LONG", 5) == 0) {
        memset(out + n, 'A', LONG_LEN);
        n += LONG_LEN;
        mark += 5;
    } else if (mark) {
        out[n++] = '\0';
        mark += 4;
    }
    if (mark)
        strcpy(out + n, mark);
    *out_len = n + (mark ? strlen(mark) : 0);
    return out;
}

/* The fault is named, and the message is as empty as it was: it can become another one. */
static void check_fault(void **state)
{
    const struct fault_row *row = *state;
    struct unit_heap heap = {0};
    size_t len;
    const char *field;
    char *text = expand(row->text, &len);
    mailsub_message *message = kit_message_on(&heap);
    assert_int_equal(mailsub_message_load_bytes(message, text, len, MAILSUB_FROM_TAKE_RECIPIENTS),
                     row->want_rc);
    assert_int_equal(mailsub_message_get_error(message, &field), row->want_rc);
    assert_string_equal(field, row->want_field);
    assert_int_equal(mailsub_message_count_recipients(message), 0);
    assert_int_equal(mailsub_message_count_headers(message), 0);
    assert_int_equal(mailsub_message_clear_error(message), MAILSUB_OK);
    assert_int_equal(mailsub_message_set_subject(message, "a"), MAILSUB_OK);
    assert_int_equal(mailsub_message_set_subject(message, NULL), MAILSUB_OK);
    assert_int_equal(mailsub_message_load_bytes(message, HEAD "\r\n", sizeof HEAD + 1, 0),
                     MAILSUB_OK);
    kit_assert_written(message, HEAD "\r\n");
    mailsub_message_free(message);
    free(text);
    assert_int_equal(heap.n_live, 0);
}

static void only_an_empty_message_is_loaded(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    const char *field;
    assert_int_equal(mailsub_message_load_file(NULL, "/dev/null", 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_load_file(message, "/nonexistent", 0), MAILSUB_E_FILE);
    assert_int_equal(mailsub_message_get_error(message, &field), MAILSUB_E_FILE);
    assert_string_equal(field, "file");
    assert_int_equal(mailsub_message_load_bytes(message, HEAD "\r\n", sizeof HEAD + 1, 0),
                     MAILSUB_OK);
    assert_int_equal(mailsub_message_load_bytes(message, HEAD "\r\n", sizeof HEAD + 1, 0),
                     MAILSUB_E_STATE);
    mailsub_message_free(message);
    message = kit_message_on(&heap);
    assert_int_equal(mailsub_message_set_subject(message, "a"), MAILSUB_OK);
    assert_int_equal(mailsub_message_load_bytes(message, HEAD "\r\n", sizeof HEAD + 1, 0),
                     MAILSUB_E_STATE);
    assert_int_equal(mailsub_message_load_file(message, "/dev/null", 0), MAILSUB_E_STATE);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void assert_mailbox(mailsub_message *message, const char *field, size_t index,
                           const char *want_address, const char *want_name)
{
    const char *address;
    const char *name;
    assert_int_equal(mailsub_message_get_mailbox(message, field, index, &address, &name),
                     MAILSUB_OK);
    assert_string_equal(address, want_address);
    assert_string_equal(name, want_name);
}

static const char told[] = HEAD
    "Sender: S <s@s.de>\r\nTo: =?utf-8?q?B=C3=A4r?= <b@b.de>, c@c.de\r\nCc: not an address\r\n"
    "Reply-To: r@r.de\r\nSubject: caf=?utf-8?q?=C3=A9?= =?utf-8?q?caf=C3=A9?=\r\n"
    "received: by x;\r\n y\r\nX-A: =?utf-8?q?=C3=A4?= b\r\nList-Id: =?utf-8?q?=C3=A4?= <a.b>\r\n"
    "Content-Type: text/plain\r\nMIME-Version: 1.0\r\nBcc: d@d.de\r\n\r\nHi\r\n";

static void check_told(mailsub_message *message)
{
    static const char *const others[][2] = {
        {"Cc", "not an address"},       {"received", "by x; y"},
        {"X-A", "\xc3\xa4 b"},          {"List-Id", "=?utf-8?q?=C3=A4?= <a.b>"},
        {"Content-Type", "text/plain"}, {"MIME-Version", "1.0"},
    };
    assert_mailbox(message, "From", 0, "alice@a.de", "");
    assert_mailbox(message, "Sender", 0, "s@s.de", "S");
    assert_mailbox(message, "Reply-To", 0, "r@r.de", "");
    assert_mailbox(message, "To", 0, "b@b.de", "B\xc3\xa4r");
    assert_mailbox(message, "To", 1, "c@c.de", "");
    assert_int_equal(mailsub_message_count_mailboxes(message, "To"), 2);
    assert_int_equal(mailsub_message_count_mailboxes(message, "Cc"), 0);
    const char *subject;
    assert_int_equal(mailsub_message_get_subject(message, &subject), MAILSUB_OK);
    assert_string_equal(subject, "caf=?utf-8?q?=C3=A9?= caf\xc3\xa9");
    assert_int_equal(mailsub_message_count_headers(message), sizeof others / sizeof others[0]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const char *name;
        const char *value;
        assert_int_equal(mailsub_message_get_header(message, i, &name, &value), MAILSUB_OK);
        assert_string_equal(name, others[i][0]);
        assert_string_equal(value, others[i][1]);
    }
}

static void what_the_header_says_can_be_read(void **state)
{
    (void)state;
    int rc = MAILSUB_E_NOMEM;
    for (size_t fail_at = 1; rc == MAILSUB_E_NOMEM; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_message *message = kit_message_on(&heap);
        mailsub_message *copy = NULL;
        if (message)
            rc = mailsub_message_load_bytes(message, told, sizeof told - 1, 0);
        if (message && !rc)
            rc = mailsub_message_dup(message, &copy);
        if (copy) {
            check_told(message);
            check_told(copy);
        }
        mailsub_message_free(copy);
        mailsub_message_free(message);
        assert_int_equal(heap.n_live, 0);
    }
    assert_int_equal(rc, MAILSUB_OK);
}

/* A recipient that is added goes into the envelope, not into what the header says. */
static void added_recipients_are_not_in_the_header(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    static const char text[] = HEAD "To: b@b.de\r\n\r\n";
    assert_int_equal(
        mailsub_message_load_bytes(message, text, sizeof text - 1, MAILSUB_FROM_TAKE_RECIPIENTS),
        MAILSUB_OK);
    assert_int_equal(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "c@c.de", NULL),
                     MAILSUB_OK);
    assert_int_equal(mailsub_message_count_mailboxes(message, "To"), 1);
    assert_int_equal(mailsub_message_count_recipients(message), 2);
    kit_assert_written(message, text);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void several_authors_need_a_sender(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    static const char text[] =
        "Date: x\r\nFrom: a@a.de, b@b.de\r\nMessage-ID: <1@a.de>\r\nTo: c@c.de\r\n\r\n";
    const char *detail;
    assert_int_equal(
        mailsub_message_load_bytes(message, text, sizeof text - 1, MAILSUB_FROM_TAKE_RECIPIENTS),
        MAILSUB_OK);
    assert_int_equal(mailsub__message_prepare(message, 0, &detail), MAILSUB_E_NO_SENDER);
    assert_string_equal(detail, "Sender");
    assert_int_equal(mailsub_message_set_sender(message, "b@b.de", "B"), MAILSUB_OK);
    assert_int_equal(mailsub__message_prepare(message, 0, &detail), MAILSUB_OK);
    assert_true(
        mailsub__slice_equal(mailsub__message_sender(message), mailsub__slice_str("b@b.de")));
    kit_assert_written(message, "Date: x\r\nFrom: a@a.de, b@b.de\r\nMessage-ID: <1@a.de>\r\n"
                                "To: c@c.de\r\nSender: B <b@b.de>\r\n\r\n");
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void utf8_addresses_are_allowed_on_request(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    static const char text[] = HEAD "To: \xc3\xa4@a.de\r\n\r\n";
    assert_int_equal(mailsub_message_allow_smtputf8(message, 1), MAILSUB_OK);
    assert_int_equal(
        mailsub_message_load_bytes(message, text, sizeof text - 1, MAILSUB_FROM_TAKE_RECIPIENTS),
        MAILSUB_OK);
    assert_true(mailsub_message_needs_smtputf8(message));
    kit_assert_written(message, text);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    struct CMUnitTest tests[32] = {
        cmocka_unit_test(only_an_empty_message_is_loaded),
        cmocka_unit_test(what_the_header_says_can_be_read),
        cmocka_unit_test(added_recipients_are_not_in_the_header),
        cmocka_unit_test(several_authors_need_a_sender),
        cmocka_unit_test(utf8_addresses_are_allowed_on_request),
    };
    size_t n_tests = 5;
    UNIT_ADD_ROWS(tests, n_tests, faults, check_fault);
    return UNIT_RUN(tests, n_tests);
}
