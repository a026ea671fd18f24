/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How deep a message is, what embeds what, and how each part is sent to which server. */
#include "message_kit.h"

#include <stdio.h>
#include <unistd.h>

#define HEAD KIT_DATE "From: alice@a.de\r\nTo: bob@b.de\r\n" KIT_ID "MIME-Version: 1.0\r\n"
#define ENCODING(name) "Content-Transfer-Encoding: " name "\r\n"
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n" ENCODING("7bit") "\r\nt\r\n"
#define HTML "Content-Type: text/html; charset=utf-8\r\n" ENCODING("7bit") "\r\nh\r\n"
#define MULTI(subtype, mark)                                                                       \
    "Content-Type: multipart/" subtype ";\r\n boundary=\"" KIT_BOUNDARY mark "\"\r\n"
#define PART(mark) "--" KIT_BOUNDARY mark "\r\n"
#define END(mark) "--" KIT_BOUNDARY mark "--\r\n"
#define RELATED "related; type=\"text/html\""
#define RELATED_ALTERNATIVE "related; type=\"multipart/alternative\""
#define BOTH MULTI("alternative", "a") "\r\n" PART("a") TEXT "\r\n" PART("a") HTML "\r\n" END("a")
#define LOGO                                                                                       \
    "Content-Type: image/png\r\n" ENCODING("base64") "Content-Disposition: inline\r\n"             \
                                                     "Content-ID: <logo@a.de>\r\n\r\nbG9nbw==\r\n"
#define FILE_HEAD(type, name, encoding)                                                            \
    "Content-Type: " type "; name=" name                                                           \
    "\r\n" ENCODING(encoding) "Content-Disposition: attachment; filename=" name "\r\n\r\n"
#define FILE_A FILE_HEAD("text/plain", "a.txt", "base64") "YQ==\r\n"
#define EML(name, encoding) FILE_HEAD("message/rfc822", name, encoding)

enum { MAY_8BIT = MAILSUB_CAN_8BITMIME, MAY_BINARY = MAILSUB_CAN_BINARYMIME };

static void ok(int rc)
{
    assert_int_equal(rc, MAILSUB_OK);
}

static void set_text(mailsub_message *message)
{
    ok(mailsub_message_set_text(message, "t", 1));
}

static void set_html(mailsub_message *message)
{
    ok(mailsub_message_set_html(message, "h", 1));
    ok(mailsub_message_set_text_from_html(message, 0));
}

static void set_flowed(mailsub_message *message)
{
    ok(mailsub_message_set_text(message, "From me\n.\n\xc3\xa4 ", MAILSUB_NUL_TERMINATED));
    ok(mailsub_message_set_text_flowed(message, 2));
}

static void invite(mailsub_message *message)
{
    ok(mailsub_message_set_calendar(message, "request", "BEGIN:VCALENDAR\nMethod:Request\n",
                                    MAILSUB_NUL_TERMINATED));
}

static void embed(mailsub_message *message)
{
    ok(mailsub_message_embed_data(message, "<logo@a.de>", "image/png", "logo", 4));
}

static void attach(mailsub_message *message)
{
    ok(mailsub_message_attach_data(message, "a.txt", NULL, "a", 1));
}

static void attach_ascii_message(mailsub_message *message)
{
    ok(mailsub_message_attach_data(message, "m.eml", NULL, "S: x\n\n.\nFrom me \r", 17));
}

static void attach_8bit_message(mailsub_message *message)
{
    ok(mailsub_message_attach_data(message, "m", "message/rfc822", "S: \xc3\xa4\r\n\r\n", 9));
}

static void attach_guessed_message(mailsub_message *message)
{
    ok(mailsub_message_attach_data(message, "m.eml", NULL, "S: \xc3\xa4\r\n\r\n", 9));
}

static void attach_message_with_nul(mailsub_message *message)
{
    ok(mailsub_message_attach_data(message, "m", "Message/RFC822", "\0\n", 2));
}

static void attach_octets(mailsub_message *message)
{
    ok(mailsub_message_attach_data(message, "a.txt", NULL, "\0\n\r\xff", 4));
}

static void set_umlauts(mailsub_message *message)
{
    ok(mailsub_message_set_text(message, "\xc3\xa4\xc3\xb6\xc3\xbc", MAILSUB_NUL_TERMINATED));
}

#define CALENDAR                                                                                   \
    "Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n" ENCODING(                     \
        "7bit") "\r\nBEGIN:VCALENDAR\r\nMethod:Request\r\n"
#define INVITE                                                                                     \
    FILE_HEAD("application/ics", "invite.ics", "base64")                                           \
    "QkVHSU46VkNBTEVOREFSDQpNZXRob2Q6UmVxdWVzdA0K\r\n"

typedef void build_fn(mailsub_message *message);

struct structure_row {
    const char *name;
    build_fn *build[5];
    uint32_t capabilities;
    int want_rc;
    const char *want; /* behind the header */
    size_t want_len;  /* 0: that of the string */
    enum mailsub__body_encoding want_body;
};

#define OK_7BIT(text) MAILSUB_OK, text, 0, MAILSUB__BODY_7BIT
#define OK_8BIT(text) MAILSUB_OK, text, 0, MAILSUB__BODY_8BIT
#define OK_BINARY(text) MAILSUB_OK, text, sizeof(text) - 1, MAILSUB__BODY_BINARY
#define REFUSED MAILSUB_E_ENCODING, NULL, 0, MAILSUB__BODY_7BIT

static const struct structure_row rows[] = {
    {"HTML embeds",
     {set_html, embed},
     0,
     OK_7BIT(MULTI(RELATED, "r") "\r\n" PART("r") HTML "\r\n" PART("r") LOGO END("r"))},
    {"both texts, one embeds",
     {embed, set_text, set_html},
     0,
     OK_7BIT(MULTI(RELATED_ALTERNATIVE, "r") "\r\n" PART("r") BOTH "\r\n" PART("r") LOGO END("r"))},
    {"all",
     {attach, embed, set_text, set_html},
     0,
     OK_7BIT(MULTI("mixed", "m") "\r\n" PART("m") MULTI(RELATED_ALTERNATIVE, "r") "\r\n" PART("r")
                 BOTH "\r\n" PART("r") LOGO END("r") "\r\n" PART("m") FILE_A END("m"))},
    {"nothing embeds it: among the attachments",
     {set_text, attach, embed},
     0,
     OK_7BIT(MULTI("mixed", "m") "\r\n" PART("m") TEXT "\r\n" PART("m") FILE_A PART("m")
                 LOGO END("m"))},
    {"embedded alone", {embed}, 0, OK_7BIT(LOGO)},
    {"message of ASCII",
     {attach_ascii_message},
     0,
     OK_7BIT(EML("m.eml", "7bit") "S: x\r\n\r\n.\r\nFrom me \r\n")},
    {"message of ASCII beside a text",
     {set_text, attach_ascii_message},
     MAY_8BIT | MAY_BINARY,
     OK_7BIT(MULTI("mixed", "m") "\r\n" PART("m") TEXT "\r\n" PART("m")
                 EML("m.eml", "7bit") "S: x\r\n\r\n.\r\nFrom me \r\n\r\n" END("m"))},
    {"message of 8bit", {set_text, attach_8bit_message}, 0, REFUSED},
    {"message of 8bit, 8BITMIME",
     {set_text, attach_8bit_message},
     MAY_8BIT,
     OK_8BIT(MULTI("mixed", "m") ENCODING("8bit") "\r\n" PART("m") TEXT "\r\n" PART("m")
                 EML("m", "8bit") "S: \xc3\xa4\r\n\r\n\r\n" END("m"))},
    {"message of 8bit, BINARYMIME only",
     {attach_8bit_message},
     MAY_BINARY,
     OK_BINARY(EML("m", "binary") "S: \xc3\xa4\r\n\r\n")},
    {"message of 8bit that nobody named one",
     {attach_guessed_message},
     0,
     OK_7BIT(FILE_HEAD("application/octet-stream", "m.eml", "base64") "Uzogw6QNCg0K\r\n")},
    {"message with NUL", {attach_message_with_nul}, MAY_8BIT, REFUSED},
    {"message with NUL, BINARYMIME",
     {attach_message_with_nul},
     MAY_8BIT | MAY_BINARY,
     OK_BINARY(EML("m", "binary") "\0\r\n")},
    {"invitation alone",
     {invite},
     0,
     OK_7BIT(MULTI("mixed", "m") "\r\n" PART("m") CALENDAR "\r\n" PART("m") INVITE END("m"))},
    {"invitation and all",
     {attach, invite, set_text, set_html},
     0,
     OK_7BIT(MULTI("mixed", "m") "\r\n" PART("m") MULTI("alternative", "a") "\r\n" PART("a") TEXT
             "\r\n" PART("a") HTML "\r\n" PART("a") CALENDAR "\r\n" END("a") "\r\n" PART("m")
                 INVITE PART("m") FILE_A END("m"))},
    {"flowed",
     {set_flowed},
     MAY_8BIT,
     OK_8BIT("Content-Type: text/plain; charset=utf-8; format=flowed\r\n" ENCODING(
         "8bit") "\r\n From me\r\n .\r\n\xc3\xa4\r\n")},
    {"text of others",
     {set_umlauts},
     0,
     OK_7BIT(
         "Content-Type: text/plain; charset=utf-8\r\n" ENCODING("base64") "\r\nw6TDtsO8DQo=\r\n")},
    {"text of others, 8BITMIME",
     {set_umlauts, set_html, embed, attach},
     MAY_8BIT,
     OK_8BIT(MULTI("mixed", "m") ENCODING("8bit") "\r\n" PART("m") MULTI(RELATED_ALTERNATIVE, "r")
                 ENCODING("8bit") "\r\n" PART("r") MULTI("alternative", "a")
                     ENCODING("8bit") "\r\n" PART("a") "Content-Type: text/plain; "
                                                       "charset=utf-8\r\n" ENCODING(
                                                           "8bit") "\r\n\xc3\xa4\xc3\xb6\xc3\xbc\r"
                                                                   "\n\r\n" PART("a") HTML
             "\r\n" END("a") "\r\n" PART("r") LOGO END("r") "\r\n" PART("m") FILE_A END("m"))},
    {"octets, BINARYMIME",
     {set_text, attach_octets, attach_octets},
     MAY_BINARY,
     OK_BINARY(MULTI("mixed", "m") ENCODING("binary") "\r\n" PART("m") TEXT "\r\n" PART("m")
                   FILE_HEAD("text/plain", "a.txt", "binary") "\0\n\r\xff\r\n" PART("m")
                       FILE_HEAD("text/plain", "a.txt", "binary") "\0\n\r\xff\r\n" END("m"))},
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
    const struct structure_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    for (size_t i = 0; row->build[i]; i++)
        row->build[i](message);
    struct kit_text text = {0};
    const char *detail;
    int rc = mailsub_message_write_for(message, row->capabilities, kit_sink, &text);
    assert_int_equal(rc, row->want_rc);
    assert_int_equal(mailsub__message_prepare(message, row->capabilities, &detail), row->want_rc);
    if (rc) {
        assert_int_equal(text.len, 0);
        assert_string_equal(detail, "attachment");
        ok(mailsub_message_get_error(message, NULL));
    } else {
        size_t len = row->want_len > 0 ? row->want_len : strlen(row->want);
        assert_int_equal(text.len, strlen(HEAD) + len);
        assert_memory_equal(text.data, HEAD, strlen(HEAD));
        assert_memory_equal(text.data + strlen(HEAD), row->want, len);
        assert_int_equal(mailsub__message_size(message), text.len);
        assert_int_equal(mailsub__message_body(message), row->want_body);
    }
    mailsub_message *copy;
    struct kit_text copied = {0};
    ok(mailsub_message_dup(message, &copy));
    assert_int_equal(mailsub_message_write_for(copy, row->capabilities, kit_sink, &copied), rc);
    assert_int_equal(copied.len, text.len);
    if (!rc)
        assert_memory_equal(copied.data, text.data, text.len);
    free(copied.data);
    mailsub_message_free(copy);
    for (size_t room = 1; !rc && room < 100; room++) {
        mailsub__source source;
        ok(mailsub__message_open(message, &source));
        struct kit_text read = {0};
        ok(kit_read(&source, room, &read));
        assert_int_equal(read.len, text.len);
        assert_memory_equal(read.data, text.data, text.len);
        free(read.data);
    }
    free(text.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void one_message_is_written_for_one_server_after_the_other(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    set_umlauts(message);
    attach_octets(message);
    struct kit_text texts[8] = {{0}};
    for (uint32_t i = 0; i < 8; i++)
        ok(mailsub_message_write_for(message, i & 3, kit_sink, &texts[i]));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(texts[i].len, texts[i + 4].len);
        assert_memory_equal(texts[i].data, texts[i + 4].data, texts[i].len);
        assert_non_null(strstr(texts[i].data, KIT_ID));
        assert_non_null(strstr(texts[i].data, KIT_BOUNDARY));
        free(texts[i].data);
        free(texts[i + 4].data);
    }
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void a_session_keeps_what_it_reads(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    set_umlauts(message);
    attach_octets(message);
    struct kit_text want = {0};
    ok(mailsub_message_write_for(message, MAY_8BIT, kit_sink, &want));
    const char *detail;
    ok(mailsub__message_prepare(message, MAY_8BIT, &detail));
    assert_true(mailsub__message_lock(message));
    mailsub__source source;
    ok(mailsub__message_open(message, &source));
    struct kit_text read = {0};
    char piece[500];
    size_t len;
    ok(source.read(source.context, piece, sizeof piece, &len));
    kit_sink(&read, piece, len);
    struct kit_text other = kit_write(message);
    assert_non_null(strstr(other.data, ENCODING("base64") "\r\n"));
    ok(kit_read(&source, 100, &read));
    assert_int_equal(read.len, want.len);
    assert_memory_equal(read.data, want.data, want.len);
    mailsub__message_close(message);
    mailsub__message_unlock(message);
    free(want.data);
    free(read.data);
    free(other.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

/* Another number at each call, so that another boundary can be drawn. */
static int counting_fill(void *context, void *out, size_t n_bytes)
{
    memset(out, ++*(int *)context, n_bytes);
    return MAILSUB_OK;
}

static void no_boundary_occurs_in_what_is_attached(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    int n_fills = 0x10;
    mailsub_random random = {.size = sizeof random, .context = &n_fills, .fill = counting_fill};
    ok(mailsub_message_set_random(message, &random));
    set_text(message);
    attach(message);
    struct kit_text copy = kit_write(message);
    ok(mailsub_message_attach_data(message, "copy.eml", NULL, copy.data, copy.len));
    struct kit_text text = kit_write(message);
    const char *boundary = strstr(text.data, "boundary=\"") + 10;
    char needle[64];
    snprintf(needle, sizeof needle, "%.27s", boundary);
    assert_null(strstr(copy.data, needle));
    kit_assert_written(message, text.data);
    free(text.data);

    random.fill = kit_fill; /* which gives the same octets always */
    ok(mailsub_message_set_random(message, &random));
    ok(mailsub_message_attach_data(message, "x.eml", NULL, needle, strlen(needle)));
    ok(mailsub_message_attach_data(message, "y.eml", NULL, KIT_BOUNDARY, strlen(KIT_BOUNDARY)));
    struct kit_text none = {0};
    assert_int_equal(mailsub_message_write(message, kit_sink, &none), MAILSUB_E_RANDOM);
    assert_int_equal(none.len, 0);
    free(copy.data);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void parts_are_read_back(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    set_text(message);
    attach(message);
    embed(message);
    ok(mailsub_message_embed_file(message, "/proc/self/exe", NULL, "image/gif"));
    assert_int_equal(mailsub_message_count_parts(message), 3);
    assert_int_equal(mailsub_message_count_parts(NULL), 0);
    assert_string_equal(mailsub_message_get_part_file_name(message, 0), "a.txt");
    assert_null(mailsub_message_get_part_file_name(message, 1));
    assert_string_equal(mailsub_message_get_part_file_name(message, 2), "exe");
    assert_string_equal(mailsub_message_get_part_media_type(message, 0), "text/plain");
    assert_null(mailsub_message_get_part_content_id(message, 0));
    assert_string_equal(mailsub_message_get_part_content_id(message, 1), "logo@a.de");
    assert_string_equal(mailsub_message_get_part_content_id(message, 2),
                        "abababab-abab-4bab-abab-abababababab@a.de");
    assert_null(mailsub_message_get_part_path(message, 1));
    assert_string_equal(mailsub_message_get_part_path(message, 2), "/proc/self/exe");
    const void *data;
    const char *text;
    size_t len;
    ok(mailsub_message_get_part_data(message, 1, &data, &len));
    assert_int_equal(len, 4);
    assert_memory_equal(data, "logo", 4);
    ok(mailsub_message_get_part_data(message, 2, &data, &len));
    assert_null(data);
    assert_true(len > 0);
    assert_null(mailsub_message_get_part_file_name(message, 3));
    assert_null(mailsub_message_get_part_media_type(message, 3));
    assert_null(mailsub_message_get_part_media_type(NULL, 0));
    assert_int_equal(mailsub_message_get_part_data(message, 3, &data, &len), MAILSUB_E_INVALID);
    ok(mailsub_message_get_text(message, &text, &len));
    assert_int_equal(len, 1);
    assert_memory_equal(text, "t", 1);
    ok(mailsub_message_get_html(message, &text, &len));
    assert_null(text);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void what_is_embedded_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        const char *type;
        int want;
    } refused[] = {
        {"logo", "image/png", MAILSUB_E_MESSAGE_ID},
        {"", "image/png", MAILSUB_E_MESSAGE_ID},
        {"<>", "image/png", MAILSUB_E_MESSAGE_ID},
        {"logo@a.de", "image/png", MAILSUB_E_MESSAGE_ID}, /* there already */
        {"<logo@a.de>", "image/png", MAILSUB_E_MESSAGE_ID},
        {"a b@a.de", "image/png", MAILSUB_E_MESSAGE_ID},
        {"a@a.de>", "image/png", MAILSUB_E_MESSAGE_ID},
        {"\xc3\xa4@a.de", "image/png", MAILSUB_E_MESSAGE_ID},
        {"a@a.de", "message/rfc822", MAILSUB_E_MEDIA_TYPE},
        {"a@a.de", "multipart/mixed", MAILSUB_E_MEDIA_TYPE},
    };
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    embed(message);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *field;
        assert_int_equal(mailsub_message_embed_data(message, refused[i].id, refused[i].type, "", 0),
                         refused[i].want);
        assert_int_equal(mailsub_message_get_error(message, &field), refused[i].want);
        assert_string_equal(field, "embedded");
        ok(mailsub_message_clear_error(message));
        assert_int_equal(mailsub_message_count_parts(message), 1);
    }
    mailsub_message_free(message);
    mailsub_message *nobody = kit_message_on(&heap);
    ok(mailsub_message_embed_data(nobody, NULL, "image/png", "", 0));
    assert_string_equal(mailsub_message_get_part_content_id(nobody, 0),
                        "abababab-abab-4bab-abab-abababababab@embedded.invalid");
    mailsub_message_free(nobody);
    assert_int_equal(heap.n_live, 0);
}

static void invitations_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *calendar;
        int want;
    } refused[] = {
        {"REQUEST", "BEGIN:VCALENDAR\nMETHOD:REPLY\n", MAILSUB_E_CALENDAR},
        {"REQUEST", "BEGIN:VCALENDAR\n METHOD:REQUEST\n", MAILSUB_E_CALENDAR},
        {"REQUEST", "BEGIN:VCARD\nMETHOD:REQUEST\n", MAILSUB_E_CALENDAR},
        {"REQUEST", "METHOD:REQUEST\n", MAILSUB_E_CALENDAR},
        {"REQUEST", "BEGIN:VCALENDAR", MAILSUB_E_CALENDAR},
        {"REQUEST", "", MAILSUB_E_CALENDAR},
        {"", "BEGIN:VCALENDAR\nMETHOD:\n", MAILSUB_E_CALENDAR},
        {"PARTY", "BEGIN:VCALENDAR\nMETHOD:PARTY\n", MAILSUB_E_CALENDAR},
        {"REQUEST\r\nX: y", "BEGIN:VCALENDAR\nMETHOD:REQUEST\n", MAILSUB_E_CONTROL},
        {"REQUEST", "BEGIN:VCALENDAR\nMETHOD:REQUEST\n\xff", MAILSUB_E_UTF8},
        {NULL, "BEGIN:VCALENDAR\nMETHOD:REQUEST\n", MAILSUB_E_INVALID},
        {"REQUEST", NULL, MAILSUB_E_INVALID},
    };
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    const char *method;
    const char *text;
    size_t len;
    invite(message);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(mailsub_message_set_calendar(message, refused[i].method,
                                                      refused[i].calendar, MAILSUB_NUL_TERMINATED),
                         refused[i].want);
        assert_int_equal(mailsub_message_get_error(message, &text), refused[i].want);
        assert_string_equal(text, "calendar");
        ok(mailsub_message_clear_error(message));
        ok(mailsub_message_get_calendar(message, &method, &text, &len));
        assert_string_equal(method, "REQUEST");
        assert_memory_equal(text, "BEGIN:VCALENDAR\nMethod:Request\n", len);
    }
    assert_int_equal(
        mailsub_message_set_calendar(message, "ADD", "BEGIN:VCALENDAR\nMETHOD:ADD\n\0", 28),
        MAILSUB_E_CONTROL);
    ok(mailsub_message_set_calendar(message, NULL, NULL, 0));
    ok(mailsub_message_get_calendar(message, &method, &text, &len));
    assert_null(method);
    assert_null(text);
    assert_int_equal(mailsub_message_set_calendar(NULL, NULL, NULL, 0), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_get_calendar(NULL, &method, &text, &len), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_set_text_flowed(NULL, 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_message_get_text_flowed(NULL), 0);
    assert_int_equal(mailsub_message_get_text_flowed(message), 0);
    ok(mailsub_message_set_text_flowed(message, 1));
    assert_int_equal(mailsub_message_get_text_flowed(message), 1);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

static void write_path(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Of the same size: only its content tells. */
static void a_message_file_that_is_changed_after_it_was_laid_out_is_noticed(void **state)
{
    (void)state;
    char path[] = "/tmp/mailsub-structure-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_path(path, "Subject: a\n\n");
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    ok(mailsub_message_attach_file(message, path, "m.eml", NULL));
    struct kit_text text = kit_write(message);
    assert_non_null(strstr(text.data, ENCODING("7bit")));
    assert_non_null(strstr(text.data, "\r\n\r\nSubject: a\r\n\r\n"));
    write_path(path, "Subject: \xe4\n\n");
    struct kit_text none = {0};
    assert_int_equal(mailsub_message_write(message, kit_sink, &none), MAILSUB_E_FILE_CHANGED);
    free(none.data);
    free(text.data);
    unlink(path);
    mailsub_message_free(message);
    assert_int_equal(heap.n_live, 0);
}

struct name_row {
    const char *name;
    const char *file_name;
    const char *want; /* behind "Content-Type: application/octet-stream" */
};

#define N43 "0123456789012345678901234567890123456789012"
#define N44 N43 "3"
#define N50 N44 "456789"

static const struct name_row name_rows[] = {
    {"token", "a.x", "; name=a.x\r\n"},
    {"spaces", "a b", "; name=\"a b\"\r\n"},
    {"umlaut", "\xc3\xa4.x", "; name=_.x\r\n"},
    {"quote", "a\"b", "; name=a_b\r\n"},
    {"encoded already", "=?UTF-8?Q?a?=", "; name=__UTF-8_Q_a__\r\n"},
    {"right to left",
     "a\xe2\x80\xae"
     "fdp.exe",
     "; name=a_fdp.exe\r\n"},
    {"60 octets", N50 "123456.pdf", ";\r\n name=" N50 "123456.pdf\r\n"},
    {"61 octets", N50 "1234567.pdf", ";\r\n name=" N44 "567891234567.pdf\r\n"},
    {"long", "\xc3\xa4" N50 N50 N50 ".jpeg", ";\r\n name=_" N43 "90123456789.jpeg\r\n"},
};

static void check_name_row(void **state)
{
    const struct name_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_message *message = to_bob(&heap);
    ok(mailsub_message_attach_data(message, row->file_name, "application/octet-stream", "a", 1));
    struct kit_text text = kit_write(message);
    const char *type = strstr(text.data, "application/octet-stream");
    assert_non_null(type);
    assert_memory_equal(type + strlen("application/octet-stream"), row->want, strlen(row->want));
    free(text.data);
    mailsub_message_free(message);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(one_message_is_written_for_one_server_after_the_other),
        cmocka_unit_test(a_session_keeps_what_it_reads),
        cmocka_unit_test(no_boundary_occurs_in_what_is_attached),
        cmocka_unit_test(parts_are_read_back),
        cmocka_unit_test(what_is_embedded_is_checked),
        cmocka_unit_test(invitations_are_checked),
        cmocka_unit_test(a_message_file_that_is_changed_after_it_was_laid_out_is_noticed),
    };
    size_t n_tests = 7;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    UNIT_ADD_ROWS(tests, n_tests, name_rows, check_name_row);
    return UNIT_RUN(tests, n_tests);
}
