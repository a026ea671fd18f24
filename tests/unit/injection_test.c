/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every settable field with every text that has been used to smuggle something: it is refused with
 * the field's name, the message unchanged, or it is written without a header line of its own.
 */
#include "message_kit.h"

#include <stdio.h>

#include <mailsub/class.h>
#include <mailsub/config.h>
#include <mailsub/delivery.h>

typedef int set_fn(mailsub_message *message, const char *text, size_t len);

/* The hostile text stands in the middle of what is well-formed for the field. */
static char combined[2 * MAILSUB_MAX_HEADER_VALUE];

static const char *within(const char *before, const char *text, const char *after)
{
    snprintf(combined, sizeof combined, "%s%s%s", before, text, after);
    return combined;
}

static int set_from(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_from(message, within("a", text, "@a.de"), NULL);
}

static int set_from_quoted(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_from(message, within("\"a", text, "\"@a.de"), NULL);
}

static int set_from_domain(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_from(message, within("a@a", text, ".de"), NULL);
}

static int set_from_name(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_from(message, "a@a.de", within("a", text, "b"));
}

static int set_sender(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_sender(message, within("a@a", text, ".de"), NULL);
}

static int set_sender_name(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_sender(message, "a@a.de", text);
}

static int set_return_path(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_return_path(message, within("a@a", text, ".de"));
}

static int add_to(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, within("a@a", text, ".de"),
                                         NULL);
}

static int add_to_name(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "a@a.de", text);
}

static int add_cc(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_CC, within("a@a", text, ".de"),
                                         NULL);
}

static int add_bcc(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, within("a@a", text, ".de"),
                                         NULL);
}

static int add_bcc_name(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, "a@a.de", text);
}

static int add_reply_to(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_reply_to(message, within("a@a", text, ".de"), NULL);
}

static int add_reply_to_name(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_reply_to(message, "a@a.de", text);
}

static int add_from_name(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    int rc = mailsub_message_add_from(message, "a@a.de", text);
    return rc ? rc : mailsub_message_set_sender(message, "a@a.de", NULL);
}

static int add_from(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    int rc = mailsub_message_add_from(message, within("a@a", text, ".de"), NULL);
    return rc ? rc : mailsub_message_set_sender(message, "a@a.de", NULL);
}

static int add_list_name(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_recipients(
        message, MAILSUB_RECIPIENT_TO, within("\"a", text, "\" <a@a.de>"), MAILSUB_NUL_TERMINATED);
}

static int add_list_group(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_recipients(
        message, MAILSUB_RECIPIENT_CC, within("\"a", text, "\": a@a.de;"), MAILSUB_NUL_TERMINATED);
}

static int add_list_comment(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_recipients(message, MAILSUB_RECIPIENT_BCC,
                                          within("(", text, ") a@a.de"), MAILSUB_NUL_TERMINATED);
}

static int set_subject(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_subject(message, text);
}

static int add_header(mailsub_message *message, const char *text, size_t len)
{
    return mailsub_message_add_header(message, "X-Field", text, len);
}

static int add_header_text(mailsub_message *message, const char *text, size_t len)
{
    return mailsub_message_add_header(message, "Comments", text, len);
}

static int add_header_tokens(mailsub_message *message, const char *text, size_t len)
{
    return mailsub_message_add_header(message, "Auto-Submitted", text, len);
}

static int add_header_urls(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_header(message, "List-Help", within("<https://a.de/", text, ">"),
                                      MAILSUB_NUL_TERMINATED);
}

static int add_header_list_id(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_header(message, "List-Id", within("a", text, " <a.b.de>"),
                                      MAILSUB_NUL_TERMINATED);
}

static int add_header_phrases(mailsub_message *message, const char *text, size_t len)
{
    return mailsub_message_add_header(message, "Keywords", text, len);
}

static int add_header_ids(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_header(message, "References", within("<1", text, "@a>"),
                                      MAILSUB_NUL_TERMINATED);
}

static int add_header_mailbox(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_header(message, "Errors-To", within("a@a", text, ".de"),
                                      MAILSUB_NUL_TERMINATED);
}

static int set_bulk_list(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_bulk(message, within("a", text, " <a.b.de>"), "https://a.de", NULL,
                                    NULL);
}

static int set_bulk_url(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_bulk(message, "a.b.de", within("https://a.de/", text, ""), NULL,
                                    NULL);
}

static int set_bulk_address(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_bulk(message, "a.b.de", "https://a.de",
                                    within("\"a", text, "\"@a.de"), NULL);
}

static int set_bulk_feedback(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_bulk(message, "a.b.de", "https://a.de", NULL, within("a", text, ""));
}

static int set_verp(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_verp(message, within("a@a", text, ".de"));
}

static int set_notification_url(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_notification(message, NULL, within("https://a.de/", text, ""));
}

static int set_notification_list(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_notification(message, within("a", text, " <a.b.de>"), NULL);
}

/* Fields that have functions of their own, by name. */
static int add_by_name_reply_to(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_header(message, "Reply-To", within("\"a", text, "\" <a@a.de>"),
                                      MAILSUB_NUL_TERMINATED);
}

static int add_by_name_subject(mailsub_message *message, const char *text, size_t len)
{
    return mailsub_message_add_header(message, "Subject", text, len);
}

static int add_by_name_date(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_header(
        message, "Date", within("1 Jan 2000 00:00:00 +0000 (", text, ")"), MAILSUB_NUL_TERMINATED);
}

static int add_by_name_id(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_header(message, "Message-ID", within("<a", text, "@a.de>"),
                                      MAILSUB_NUL_TERMINATED);
}

static int set_parent_id(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_parent(message, within("<a", text, "@a.de>"), NULL);
}

static int set_parent_references(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_parent(message, "<a@a.de>", within("<b@a.de>", text, "<c@a.de>"));
}

static int add_header_name(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_add_header(message, within("X", text, "Y"), "value",
                                      MAILSUB_NUL_TERMINATED);
}

static int set_message_id(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_message_id(message, within("1", text, "@a.de"));
}

static int set_file_name(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_attach_data(message, text, NULL, "x", 1);
}

static int set_file_name_of_path(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_attach_file(message, "/proc/self/exe", text, NULL);
}

static int set_media_type(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_attach_data(message, "a", within("text/x", text, "y"), "x", 1);
}

static int set_media_type_value(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_attach_data(message, "a", within("text/x; y=\"", text, "\""), "x", 1);
}

static int set_media_type_param(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_attach_data(message, "a", within("text/x; y=", text, "z"), "x", 1);
}

static int set_content_id(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_embed_data(message, within("1", text, "@a"), "image/png", "x", 1);
}

static int set_content_id_of_file(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_embed_file(message, "/proc/self/exe", within("1", text, "@a"), NULL);
}

static int set_embedded_type(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_embed_data(message, NULL, within("image/x", text, "y"), "x", 1);
}

static int set_media_type_of_file(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_attach_file(message, "/proc/self/exe", "a", within("a/b", text, "c"));
}

static int set_embedded_type_of_file(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_embed_file(message, "/proc/self/exe", "1@a", within("a/b", text, "c"));
}

static int set_calendar_method(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_calendar(message, within("REQ", text, "UEST"),
                                        "BEGIN:VCALENDAR\nMETHOD:REQUEST\n",
                                        MAILSUB_NUL_TERMINATED);
}

static int set_envelope_id(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_dsn(message, MAILSUB_RETURN_FULL, text);
}

static int set_original(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_recipient_original(message, 0, "utf-8", within("1", text, "@a.de"));
}

static int set_original_type(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_recipient_original(message, 0, within("x", text, "y"), "a@a.de");
}

static int set_submitter(mailsub_message *message, const char *text, size_t len)
{
    (void)len;
    return mailsub_message_set_submitter(message, within("1", text, "@a.de"));
}

/* tests/checks/injections sees that each string that a setter takes has a row. */
struct field_row {
    const char *name;
    const char *covers; /* function(argument) */
    set_fn *set;
    const char *want_field;
};

static const struct field_row fields[] = {
    {"From address", "mailsub_message_set_from(address)", set_from, "From"},
    {"From quoted local part", "mailsub_message_set_from(address)", set_from_quoted, "From"},
    {"From domain", "mailsub_message_set_from(address)", set_from_domain, "From"},
    {"From name", "mailsub_message_set_from(name)", set_from_name, "From"},
    {"further From name", "mailsub_message_add_from(name)", add_from_name, "From"},
    {"name in a list", "mailsub_message_add_recipients(list)", add_list_name, "To"},
    {"group in a list", "mailsub_message_add_recipients(list)", add_list_group, "Cc"},
    {"comment in a list", "mailsub_message_add_recipients(list)", add_list_comment, "Bcc"},
    {"Reply-To by name", "mailsub_message_add_header(value)", add_by_name_reply_to, "Reply-To"},
    {"Subject by name", "mailsub_message_add_header(value)", add_by_name_subject, "Subject"},
    {"Date by name", "mailsub_message_add_header(value)", add_by_name_date, "Date"},
    {"Message-ID by name", "mailsub_message_add_header(value)", add_by_name_id, "Message-ID"},
    {"identifier of the parent", "mailsub_message_set_parent(parent_id)", set_parent_id,
     "In-Reply-To"},
    {"References of the parent", "mailsub_message_set_parent(parent_references)",
     set_parent_references, "In-Reply-To"},
    {"Sender address", "mailsub_message_set_sender(address)", set_sender, "Sender"},
    {"Sender name", "mailsub_message_set_sender(name)", set_sender_name, "Sender"},
    {"Return-Path", "mailsub_message_set_return_path(address)", set_return_path, "Return-Path"},
    {"To address", "mailsub_message_add_recipient(address)", add_to, "To"},
    {"To name", "mailsub_message_add_recipient(name)", add_to_name, "To"},
    {"Cc address", "mailsub_message_add_recipient(address)", add_cc, "Cc"},
    {"Bcc address", "mailsub_message_add_recipient(address)", add_bcc, "Bcc"},
    {"Bcc name", "mailsub_message_add_recipient(name)", add_bcc_name, "Bcc"},
    {"Reply-To address", "mailsub_message_add_reply_to(address)", add_reply_to, "Reply-To"},
    {"Reply-To name", "mailsub_message_add_reply_to(name)", add_reply_to_name, "Reply-To"},
    {"Subject", "mailsub_message_set_subject(subject)", set_subject, "Subject"},
    {"unknown field", "mailsub_message_add_header(value)", add_header, "X-Field"},
    {"Comments", "mailsub_message_add_header(value)", add_header_text, "Comments"},
    {"header of tokens", "mailsub_message_add_header(value)", add_header_tokens, "Auto-Submitted"},
    {"header of a list identifier", "mailsub_message_add_header(value)", add_header_list_id,
     "List-Id"},
    {"header of URLs", "mailsub_message_add_header(value)", add_header_urls, "List-Help"},
    {"Keywords", "mailsub_message_add_header(value)", add_header_phrases, "Keywords"},
    {"References", "mailsub_message_add_header(value)", add_header_ids, "References"},
    {"Errors-To", "mailsub_message_add_header(value)", add_header_mailbox, "Errors-To"},
    {"field name", "mailsub_message_add_header(name)", add_header_name, "header"},
    {"Message-ID", "mailsub_message_set_message_id(message_id)", set_message_id, "Message-ID"},
    {"file name", "mailsub_message_attach_data(file_name)", set_file_name, "attachment"},
    {"file name of a file", "mailsub_message_attach_file(file_name)", set_file_name_of_path,
     "attachment"},
    {"media type", "mailsub_message_attach_data(media_type)", set_media_type, "attachment"},
    {"quoted parameter", "mailsub_message_attach_data(media_type)", set_media_type_value,
     "attachment"},
    {"bare parameter", "mailsub_message_attach_data(media_type)", set_media_type_param,
     "attachment"},
    {"Content-ID", "mailsub_message_embed_data(content_id)", set_content_id, "embedded"},
    {"Content-ID of a file", "mailsub_message_embed_file(content_id)", set_content_id_of_file,
     "embedded"},
    {"calendar method", "mailsub_message_set_calendar(method)", set_calendar_method, "calendar"},
    {"embedded media type", "mailsub_message_embed_data(media_type)", set_embedded_type,
     "embedded"},
    {"further From address", "mailsub_message_add_from(address)", add_from, "From"},
    {"media type of a file", "mailsub_message_attach_file(media_type)", set_media_type_of_file,
     "attachment"},
    {"media type of an embedded file", "mailsub_message_embed_file(media_type)",
     set_embedded_type_of_file, "embedded"},
    {"envelope identifier", "mailsub_message_set_dsn(envelope_id)", set_envelope_id, "delivery"},
    {"original recipient", "mailsub_message_set_recipient_original(address)", set_original,
     "delivery"},
    {"type of an original recipient", "mailsub_message_set_recipient_original(type)",
     set_original_type, "delivery"},
    {"submitter", "mailsub_message_set_submitter(address)", set_submitter, "delivery"},
    {"list of bulk mail", "mailsub_message_set_bulk(list_id)", set_bulk_list, "List-Id"},
    {"URL of bulk mail", "mailsub_message_set_bulk(unsubscribe_url)", set_bulk_url,
     "List-Unsubscribe"},
    {"mailbox of bulk mail", "mailsub_message_set_bulk(unsubscribe_address)", set_bulk_address,
     "List-Unsubscribe"},
    {"feedback of bulk mail", "mailsub_message_set_bulk(feedback_id)", set_bulk_feedback,
     "Feedback-ID"},
    {"sender that names the recipient", "mailsub_message_set_verp(sender)", set_verp,
     "Return-Path"},
    {"URL of a notification", "mailsub_message_set_notification(unsubscribe_url)",
     set_notification_url, "List-Unsubscribe"},
    {"list of a notification", "mailsub_message_set_notification(list_id)", set_notification_list,
     "List-Id"},
};

#define EVIL "EVIL: line"

/* Texts that no field takes; the name of a field has an error of its own for all of them. */
static const struct {
    const char *text;
    size_t len;
    int want;
} refused[] = {
#define TEXT(text, want)                                                                           \
    {                                                                                              \
        text, sizeof(text) - 1, want                                                               \
    }
    TEXT("\r" EVIL, MAILSUB_E_CONTROL),
    TEXT("\n" EVIL, MAILSUB_E_CONTROL),
    TEXT("\r\n" EVIL, MAILSUB_E_CONTROL),
    TEXT("\r\n " EVIL, MAILSUB_E_CONTROL),
    TEXT("\r\n\t" EVIL, MAILSUB_E_CONTROL),
    TEXT("\n\n" EVIL, MAILSUB_E_CONTROL),
    TEXT("\r\n.\r\n" EVIL, MAILSUB_E_CONTROL),
    TEXT("\x01", MAILSUB_E_CONTROL),
    TEXT("\b", MAILSUB_E_CONTROL),
    TEXT("\v" EVIL, MAILSUB_E_CONTROL),
    TEXT("\f" EVIL, MAILSUB_E_CONTROL),
    TEXT("\x1b[31m", MAILSUB_E_CONTROL),
    TEXT("\x1c" EVIL, MAILSUB_E_CONTROL),
    TEXT("\x7f", MAILSUB_E_CONTROL),
    TEXT("\xc2\x85" EVIL, MAILSUB_E_CONTROL),
    TEXT("\xc2\x9f", MAILSUB_E_CONTROL),
    TEXT("\xe2\x80\xa8" EVIL, MAILSUB_E_CONTROL),
    TEXT("\xe2\x80\xa9" EVIL, MAILSUB_E_CONTROL),
    TEXT("\xc0\x8a" EVIL, MAILSUB_E_UTF8),
    TEXT("\xe0\x80\x8a" EVIL, MAILSUB_E_UTF8),
    TEXT("\xf0\x80\x80\x8a" EVIL, MAILSUB_E_UTF8),
    TEXT("\xc0\x80", MAILSUB_E_UTF8),
    TEXT("\xf4\x90\x80\x80", MAILSUB_E_UTF8),
    TEXT("\xe2\x82", MAILSUB_E_UTF8),
    TEXT("\x8d\x8a" EVIL, MAILSUB_E_UTF8),
    TEXT("\xed\xa0\xbd\xed\xb8\x80", MAILSUB_E_UTF8),
    TEXT("\xff", MAILSUB_E_UTF8),
    TEXT("\xed\xa0\x80", MAILSUB_E_UTF8),
    TEXT("caf\xe9", MAILSUB_E_UTF8),
#undef TEXT
};

/* Texts that a field takes or refuses, but that never become more than its content. */
static const char *const tricky[] = {
    "",
    " ",
    "\t",
    "a\tb",
    ">, <evil@evil.de",
    "@evil.de, a",
    "(comment)",
    "\"",
    "\\",
    "\\\"",
    ";",
    "; filename=evil",
    "a=b",
    "=?UTF-8?Q?=0D=0AEVIL:_line?=",
    "=?UTF-8?B?DQpFVklMOiBsaW5l?=",
    "=?",
    "?=",
    "\xc2\xa0",
    "\xe2\x80\xae",
    "\xf0\x9f\x98\x80",
    "%0d%0aEVIL: line",
    "{{7*7}}",
};

static mailsub_message *small_message(struct unit_heap *heap)
{
    mailsub_message *message = kit_message_on(heap);
    assert_int_equal(mailsub_message_set_from(message, "alice@a.de", NULL), MAILSUB_OK);
    assert_int_equal(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "bob@b.de", NULL),
                     MAILSUB_OK);
    return message;
}

static void assert_refused(const struct field_row *row, const char *text, size_t len, int want)
{
    struct unit_heap heap = {0};
    mailsub_message *message = small_message(&heap);
    struct kit_text before = kit_write(message);
    assert_int_equal(row->set(message, text, len), want);
    const char *field;
    assert_int_equal(mailsub_message_get_error(message, &field), want);
    assert_string_equal(field, row->want_field);
    assert_int_equal(mailsub_message_clear_error(message), MAILSUB_OK);
    assert_int_equal(mailsub_message_count_recipients(message), 1);
    kit_assert_written(message, before.data);
    free(before.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static bool is_known_line(const char *line)
{
    static const char *const starts[] = {
        " ",
        "Date:",
        "From:",
        "Sender:",
        "Reply-To:",
        "To:",
        "Cc:",
        "Message-ID:",
        "Subject:",
        "X",
        "Comments:",
        "Auto-Submitted:",
        "List-Help:",
        "List-Id:",
        "List-Unsubscribe:",
        "List-Unsubscribe-Post:",
        "Precedence:",
        "Feedback-ID:",
        "Keywords:",
        "References:",
        "In-Reply-To:",
        "Errors-To:",
        "MIME-Version:",
        "Content-Type:",
        "Content-Transfer-Encoding:",
        "Content-Disposition:",
        "Content-ID:",
    };
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(line, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    return false;
}

/* The raw rules of a header, up to its empty line. */
static void check_header(const char *header)
{
    bool name_seen = false;
    for (const char *line = header; strncmp(line, "\r\n", 2) != 0;) {
        size_t len = strcspn(line, "\r\n");
        assert_true(strncmp(line + len, "\r\n", 2) == 0);
        assert_true(len <= 998);
        assert_true(is_known_line(line));
        assert_true(*line != ' ' || name_seen);
        assert_true(strspn(line, " \t") < len);
        for (size_t i = 0; i < len; i++)
            assert_true((line[i] >= ' ' && line[i] < 0x7f) || line[i] == '\t');
        name_seen = true;
        line += len + 2;
    }
}

static void assert_harmless(const struct field_row *row, const char *text, size_t len)
{
    struct unit_heap heap = {0};
    mailsub_message *message = small_message(&heap);
    int rc = row->set(message, text, len);
    const char *field;
    assert_int_equal(mailsub_message_get_error(message, &field), rc);
    assert_string_equal(field, rc ? row->want_field : "");
    mailsub_message_clear_error(message);
    assert_true(mailsub_message_count_recipients(message) <= 2);
    struct kit_text written = kit_write(message);
    check_header(written.data);
    free(written.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* All control characters, C0 and C1, save for the tab. */
static void check_controls(const struct field_row *row, int want)
{
    for (int c = 1; c < 0xa0; c++) {
        if (c == '\t' || (c >= ' ' && c < 0x7f))
            continue;
        char text[] = {c < 0x80 ? 'a' : '\xc2', (char)c, 'E', 'V', 'I', 'L', ':', '\0'};
        assert_refused(row, text, sizeof text - 1, want);
    }
}

static void check_row(void **state)
{
    const struct field_row *row = *state;
    bool of_name = row->set == add_header_name;
    check_controls(row, of_name ? MAILSUB_E_HEADER_NAME : MAILSUB_E_CONTROL);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_refused(row, refused[i].text, refused[i].len,
                       of_name ? MAILSUB_E_HEADER_NAME : refused[i].want);
    for (size_t i = 0; i < sizeof tricky / sizeof tricky[0]; i++)
        assert_harmless(row, tricky[i], strlen(tricky[i]));
    static char large[MAILSUB_MAX_HEADER_VALUE + 2];
    memset(large, 'x', sizeof large - 2);
    assert_harmless(row, large, sizeof large - 2);
    for (size_t i = 0; i < sizeof large - 2; i += 1 + i % 97)
        large[i] = ' ';
    assert_harmless(row, large, sizeof large - 2);
    memset(large, 'x', sizeof large - 1);
    assert_refused(row, large, sizeof large - 1, of_name ? MAILSUB_E_HEADER_NAME : MAILSUB_E_LIMIT);
}

static void nul_within_a_length_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"X-Field",    "Comments", "Keywords",  "List-Unsubscribe",
                                        "References", "Cc",       "Reply-To",  "Sender",
                                        "Subject",    "Date",     "Message-ID"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct unit_heap heap = {0};
        mailsub_message *message = small_message(&heap);
        assert_int_equal(mailsub_message_add_header(message, names[i], "a\0b", 3),
                         MAILSUB_E_CONTROL);
        mailsub_message_free(message);
    }
}

static int set_text(mailsub_message *message, const char *text, size_t len)
{
    return mailsub_message_set_text(message, text, len);
}

static int set_html(mailsub_message *message, const char *text, size_t len)
{
    return mailsub_message_set_html(message, text, len);
}

static int set_calendar(mailsub_message *message, const char *text, size_t len)
{
    static const char start[] = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nX:";
    memcpy(combined, start, sizeof start - 1);
    memcpy(combined + sizeof start - 1, text, len);
    return mailsub_message_set_calendar(message, "REQUEST", combined, sizeof start - 1 + len);
}

static int attach_data(mailsub_message *message, const char *text, size_t len)
{
    return mailsub_message_attach_data(message, "a", NULL, text, len);
}

static int attach_message(mailsub_message *message, const char *text, size_t len)
{
    return mailsub_message_attach_data(message, "a", "message/rfc822", text, len);
}

static int embed_data(mailsub_message *message, const char *text, size_t len)
{
    mailsub_message_set_html(message, "<p>x</p>", MAILSUB_NUL_TERMINATED);
    return mailsub_message_embed_data(message, "1@a", "image/png", text, len);
}

/* Contents may have lines, but never more than their own place in the message. */
static const struct field_row contents[] = {
    {"text", "mailsub_message_set_text(text)", set_text, "text"},
    {"HTML", "mailsub_message_set_html(html)", set_html, "html"},
    {"calendar", "mailsub_message_set_calendar(calendar)", set_calendar, "calendar"},
    {"attachment", "mailsub_message_attach_data(data)", attach_data, ""},
    {"attached message", "mailsub_message_attach_data(data)", attach_message, ""},
    {"embedded content", "mailsub_message_embed_data(data)", embed_data, ""},
};

static const char *find(struct kit_text text, const char *what)
{
    return memmem(text.data, text.len, what, strlen(what));
}

/* Headers of parts begin behind a boundary, which no content can name. */
static void check_part_headers(struct kit_text written)
{
    static const char boundary[] = "\r\n--" KIT_BOUNDARY;
    for (const char *at = find(written, boundary); at;) {
        at += strcspn(at + 2, "\r") + 4;
        size_t rest = written.len - (size_t)(at - written.data);
        if (rest > 0 && memcmp(at - 4, "--\r\n", 4) != 0)
            check_header(at);
        at = memmem(at, rest, boundary, sizeof boundary - 1);
    }
}

/* For a server with these capabilities; rc is what setting the content returned. */
static void check_content_written(const struct field_row *row, mailsub_message *message, int rc,
                                  uint32_t capabilities, bool names_boundary)
{
    struct kit_text written = {0};
    int written_rc = mailsub_message_write_for(message, capabilities, kit_sink, &written);
    if (rc) {
        assert_true(rc == MAILSUB_E_UTF8 || rc == MAILSUB_E_CONTROL);
        assert_int_equal(written_rc, rc);
    } else if (written_rc == MAILSUB_E_ENCODING) {
        assert_ptr_equal(row->set, attach_message);
    } else if (written_rc) {
        /* Here no other boundary can be had than the one that the content holds. */
        assert_int_equal(written_rc, MAILSUB_E_RANDOM);
        assert_true(names_boundary);
    } else {
        check_header(written.data);
        check_part_headers(written);
    }
    free(written.data);
}

static void check_content(const struct field_row *row, const char *text, size_t len)
{
    struct unit_heap heap = {0};
    mailsub_message *message = small_message(&heap);
    const char *field;
    int rc = row->set(message, text, len);
    assert_int_equal(mailsub_message_get_error(message, &field), rc);
    assert_string_equal(field, rc ? row->want_field : "");
    for (uint32_t can = 0; can <= (MAILSUB_CAN_8BITMIME | MAILSUB_CAN_BINARYMIME); can++)
        check_content_written(row, message, rc, can,
                              memmem(text, len, KIT_BOUNDARY, sizeof KIT_BOUNDARY - 1) != NULL);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void check_content_row(void **state)
{
    const struct field_row *row = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        check_content(row, refused[i].text, refused[i].len);
    for (size_t i = 0; i < sizeof tricky / sizeof tricky[0]; i++)
        check_content(row, tricky[i], strlen(tricky[i]));
    static const char with_nul[] = "a\0\r\n" EVIL;
    check_content(row, with_nul, sizeof with_nul - 1);
    static const char boundary[] = "a\r\n--" KIT_BOUNDARY "m\r\n" EVIL "\r\n\r\n";
    check_content(row, boundary, sizeof boundary - 1);
    char large[MAILSUB_MAX_HEADER_VALUE];
    memset(large, 'x', sizeof large);
    check_content(row, large, sizeof large);
    for (size_t i = 0; i + 7 < sizeof large; i += 7 + i % 97)
        memcpy(large + i, "\r\nEVIL:", 7);
    check_content(row, large, sizeof large);
}

/* A received message that is answered: whatever it holds, it brings no field along. */
static const struct answer_row {
    const char *name;
    const char *covers;
    const char *before;
    const char *after;
} answers[] = {
    {"Subject of what is answered", "mailsub_message_set_reply(header)",
     "From: a@a.de\r\nMessage-ID: <1@a.de>\r\nSubject: a", "b\r\n"},
    {"name of who is answered", "mailsub_message_set_reply(header)", "From: \"a",
     "b\" <a@a.de>\r\nMessage-ID: <1@a.de>\r\n"},
    {"address of who is answered", "mailsub_message_set_reply(header)",
     "Message-ID: <1@a.de>\r\nFrom: a", "@a.de\r\nReturn-Path: <b@b.de>\r\n"},
    {"identifier of what is answered", "mailsub_message_set_reply(header)",
     "From: a@a.de\r\nMessage-ID: <1", "@a.de>\r\nReferences: <2@a.de> <3@a.de>\r\n"},
    {"References of what is answered", "mailsub_message_set_reply(header)",
     "From: a@a.de\r\nMessage-ID: <1@a.de>\r\nReferences: <2@a.de> ", "<3@a.de>\r\n"},
};

static void check_answer(const struct answer_row *row, const char *text)
{
    struct unit_heap heap = {0};
    mailsub_message *message = kit_message_on(&heap);
    assert_int_equal(mailsub_message_set_from(message, "alice@a.de", NULL), MAILSUB_OK);
    mailsub_message_set_reply(message, within(row->before, text, row->after),
                              MAILSUB_NUL_TERMINATED);
    mailsub_message_clear_error(message);
    struct kit_text written = kit_write(message);
    check_header(written.data);
    free(written.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void check_answer_row(void **state)
{
    const struct answer_row *row = *state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        check_answer(row, refused[i].text);
    for (size_t i = 0; i < sizeof tricky / sizeof tricky[0]; i++)
        check_answer(row, tricky[i]);
}

static void texts_are_checked(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = small_message(&heap);
    assert_int_equal(mailsub_message_set_text(message, "keep", 4), MAILSUB_OK);
    struct kit_text before = kit_write(message);
    const char *field;
    assert_int_equal(mailsub_message_set_text(message, "a\0b", 3), MAILSUB_E_CONTROL);
    mailsub_message_get_error(message, &field);
    assert_string_equal(field, "text");
    mailsub_message_clear_error(message);
    assert_int_equal(mailsub_message_set_text(message, "a\xff", 2), MAILSUB_E_UTF8);
    mailsub_message_clear_error(message);
    assert_int_equal(mailsub_message_set_html(message, "\xc0\x80", MAILSUB_NUL_TERMINATED),
                     MAILSUB_E_UTF8);
    mailsub_message_get_error(message, &field);
    assert_string_equal(field, "html");
    mailsub_message_clear_error(message);
    kit_assert_written(message, before.data);
    free(before.data);
    mailsub_message_free(message);
}

/* What a client says of itself before a message is sent. */
static void names_of_hosts_are_checked(void **state)
{
    (void)state;
    mailsub_config *config;
    assert_int_equal(mailsub_config_new(NULL, &config), MAILSUB_OK);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(mailsub_config_set_helo_name(config, within("a", refused[i].text, ".de")),
                         MAILSUB_E_HOST_NAME);
        assert_int_equal(
            mailsub_config_set_verify_name(config, within("a", refused[i].text, ".de")),
            MAILSUB_E_HOST_NAME);
        assert_int_equal(mailsub_config_set_url(config, within("smtp://a", refused[i].text, ".de")),
                         MAILSUB_E_URL);
        assert_int_equal(
            mailsub_config_set_proxy(config, within("http://a", refused[i].text, ".de")),
            MAILSUB_E_URL);
        assert_int_equal(
            mailsub_config_set_source_address(config, within("127.0.0.1", refused[i].text, "")),
            MAILSUB_E_HOST_NAME);
    }
    mailsub_config_unref(config);
}

int main(void)
{
    struct CMUnitTest tests[128] = {
        cmocka_unit_test(nul_within_a_length_is_refused),
        cmocka_unit_test(texts_are_checked),
        cmocka_unit_test(names_of_hosts_are_checked),
    };
    size_t n_tests = 3;
    UNIT_ADD_ROWS(tests, n_tests, fields, check_row);
    UNIT_ADD_ROWS(tests, n_tests, contents, check_content_row);
    UNIT_ADD_ROWS(tests, n_tests, answers, check_answer_row);
    return UNIT_RUN(tests, n_tests);
}
