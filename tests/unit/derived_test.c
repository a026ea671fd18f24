/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text that a message with HTML only is given: when, by whom, and how it can fail. */
#include "message_kit.h"

#define HTML "<p>See <a href=\"https://a.de/x\">this</a></p>"
#define DERIVED "Content-Transfer-Encoding: 7bit\r\n\r\nSee this <https://a.de/x>\r\n"

/* What a converter of a program does, and how often it was asked. */
struct converter {
    const char *text;
    size_t len;
    int result;
    size_t n_calls;
};

static int convert(void *context, const char *html, size_t len, mailsub_sink_fn sink,
                   void *sink_context)
{
    struct converter *converter = context;
    converter->n_calls++;
    assert_int_equal(len, strlen(HTML));
    assert_memory_equal(html, HTML, len);
    for (size_t i = 0; i < converter->len; i++) {
        int rc = sink(sink_context, converter->text + i, 1);
        if (rc)
            return rc;
    }
    return converter->result;
}

struct row {
    const char *name;
    const char *html;
    const char *text;
    bool is_off;
    bool is_converted;
    struct converter converter;
    int want;
    const char *want_part; /* NULL: there is no text part */
};

static const struct row rows[] = {
    {.name = "HTML only", .html = HTML, .want_part = DERIVED},
    {.name = "HTML and text", .html = HTML, .text = "Mine", .want_part = "\r\n\r\nMine\r\n"},
    {.name = "switched off", .html = HTML, .is_off = true},
    {.name = "HTML that shows nothing", .html = "<style>p {}</style><img src=x>"},
    {.name = "empty HTML", .html = ""},
    {.name = "a converter",
     .html = HTML,
     .is_converted = true,
     .converter = {"Own\n", 4, 0, 0},
     .want_part = "\r\n\r\nOwn\r\n"},
    {.name = "a converter that makes nothing", .html = HTML, .is_converted = true},
    {.name = "a converter that is not asked",
     .html = HTML,
     .text = "Mine",
     .is_converted = true,
     .converter = {"Own\n", 4, 0, 0},
     .want_part = "\r\n\r\nMine\r\n"},
    {.name = "a converter that fails",
     .html = HTML,
     .is_converted = true,
     .converter = {"Own\n", 4, MAILSUB_E_LIMIT, 0},
     .want = MAILSUB_E_LIMIT},
    {.name = "a converter that stops",
     .html = HTML,
     .is_converted = true,
     .converter = {"Own\n", 4, 1, 0},
     .want = MAILSUB_E_SINK},
    {.name = "a converter that writes no UTF-8",
     .html = HTML,
     .is_converted = true,
     .converter = {"\xff", 1, 0, 0},
     .want = MAILSUB_E_UTF8},
    {.name = "a converter that writes NUL",
     .html = HTML,
     .is_converted = true,
     .converter = {"a\0b", 3, 0, 0},
     .want = MAILSUB_E_CONTROL},
};

static mailsub_message *new_message(struct unit_heap *heap, const struct row *row,
                                    struct converter *converter)
{
    mailsub_message *message = kit_message_on(heap);
    if (!message)
        return NULL;
    mailsub_message_set_from(message, "a@a.de", NULL);
    mailsub_message_set_html(message, row->html, MAILSUB_NUL_TERMINATED);
    if (row->text)
        mailsub_message_set_text(message, row->text, MAILSUB_NUL_TERMINATED);
    if (row->is_off)
        mailsub_message_set_text_from_html(message, 0);
    if (row->is_converted)
        mailsub_message_set_html_converter(message, convert, converter);
    return message;
}

static void check_written(const struct row *row, const struct kit_text *text)
{
    bool is_there = strstr(text->data, "text/plain") != NULL;
    assert_int_equal(is_there, row->want_part != NULL);
    assert_int_equal(strstr(text->data, "multipart/alternative") != NULL, is_there);
    assert_non_null(strstr(text->data, "text/html"));
    if (row->want_part)
        assert_non_null(strstr(text->data, row->want_part));
}

/* Twice, which must be the same, and with each allocation failing once. */
static void derives(void **state)
{
    const struct row *row = *state;
    for (size_t fail_at = 0;; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        struct converter converter = row->converter;
        mailsub_message *message = new_message(&heap, row, &converter);
        struct kit_text once = {0};
        struct kit_text twice = {0};
        int rc = message ? mailsub_message_write(message, kit_sink, &once) : MAILSUB_E_NOMEM;
        bool failed = fail_at > 0 && heap.n_requests >= fail_at;
        assert_int_equal(rc, failed ? MAILSUB_E_NOMEM : row->want);
        if (rc == MAILSUB_OK) {
            check_written(row, &once);
            assert_int_equal(mailsub_message_write(message, kit_sink, &twice), MAILSUB_OK);
            assert_string_equal(once.data, twice.data);
            assert_int_equal(converter.n_calls, row->is_converted && !row->text);
        }
        free(once.data);
        free(twice.data);
        mailsub_message_free(message);
        assert_int_equal(heap.n_live, 0);
        if (fail_at > 0 && !failed)
            return;
    }
}

static void changed_html_is_derived_anew(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = new_message(&heap, &rows[0], NULL);
    assert_int_equal(mailsub_message_get_text_from_html(message), 1);
    assert_int_equal(mailsub_message_get_text_from_html(NULL), 0);
    struct kit_text before = kit_write(message);
    assert_int_equal(mailsub_message_set_html(message, "<p>New</p>", 10), MAILSUB_OK);
    struct kit_text after = kit_write(message);
    assert_non_null(strstr(after.data, "\r\n\r\nNew\r\n"));
    assert_null(strstr(after.data, "See this"));
    free(before.data);
    free(after.data);
    assert_int_equal(mailsub_message_set_text_from_html(message, 0), MAILSUB_OK);
    mailsub_message *copy = NULL;
    assert_int_equal(mailsub_message_dup(message, &copy), MAILSUB_OK);
    assert_int_equal(mailsub_message_get_text_from_html(copy), 0);
    mailsub_message_free(copy);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    static struct CMUnitTest tests[1 + sizeof rows / sizeof rows[0]] = {
        cmocka_unit_test(changed_html_is_derived_anew),
    };
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, derives);
    return UNIT_RUN(tests, n_tests);
}
