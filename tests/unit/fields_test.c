/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <stdio.h>

#include "message/fields.h"

#define X100                                                                                       \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
    "xxxxxxxx"
#define X1000 X100 X100 X100 X100 X100 X100 X100 X100 X100 X100

struct field_row {
    const char *name;
    const char *field;
    const char *value;
    int want_code;
    const char *want; /* without name and line end */
};

#define WRITTEN(text) MAILSUB_OK, text
#define REFUSED MAILSUB_E_HEADER_VALUE, NULL

static const struct field_row rows[] = {
    {"unknown field", "X-Mailer", "app 1.0", WRITTEN("app 1.0")},
    {"unknown field may be empty", "X-Empty", "", WRITTEN("")},
    {"unknown field, not ASCII", "X-A", "\xc3\xa4", WRITTEN("=?UTF-8?B?w6Q=?=")},
    {"unknown field, long word", "X-A", X100, WRITTEN(X100)},
    {"comments may be empty", "Comments", "", WRITTEN("")},
    {"organization must not be empty", "Organization", " ", REFUSED},
    {"one identifier", "In-Reply-To", "<a@b>", WRITTEN("<a@b>")},
    {"identifiers, space made one", "References", " <a@b><c@d>\t<e@f> ",
     WRITTEN("<a@b> <c@d> <e@f>")},
    {"no identifier", "References", "", REFUSED},
    {"identifier without brackets", "In-Reply-To", "a@b", REFUSED},
    {"identifier and text", "In-Reply-To", "<a@b> of Monday", REFUSED},
    {"text and identifier", "In-Reply-To", "your <a@b>", REFUSED},
    {"malformed identifier", "References", "<a@b> <c>", REFUSED},
    {"open identifier", "References", "<a@b> <c@d", REFUSED},
    {"tokens", "Auto-Submitted", " auto-generated;\t x=y ", WRITTEN("auto-generated; x=y")},
    {"a keyword and a comment", "X-Priority", "1  (Highest)", WRITTEN("1 (Highest)")},
    {"two keywords", "Precedence", "urgent stuff", REFUSED},
    {"no keyword", "Auto-Submitted", "; x=y", REFUSED},
    {"a keyword in quotes", "Auto-Submitted", "\"no\"", REFUSED},
    {"tokens are ASCII", "Precedence", "b\xc3\xbcro", REFUSED},
    {"tokens are never encoded", "List-Unsubscribe", "<https://a/=?b?c?d?=>",
     WRITTEN("<https://a/=?b?c?d?=>")},
    {"two URLs, one with a comma", "List-Unsubscribe",
     "<mailto:a@b.de?subject=x>,\t<https://b.de/a,b>",
     WRITTEN("<mailto:a@b.de?subject=x>, <https://b.de/a,b>")},
    {"list identifier", "List-Id", " <a.b.de> ", WRITTEN("<a.b.de>")},
    {"list identifier with a name", "List-Id", "\"My, list\" <a.b.de>",
     WRITTEN("\"My, list\" <a.b.de>")},
    {"list identifier with a name to encode", "List-Id", "\xc3\xa4 <a.b.de>",
     WRITTEN("=?UTF-8?B?w6Q=?= <a.b.de>")},
    {"list identifier without brackets", "List-Id", "a.b.de", REFUSED},
    {"list identifier without a domain", "List-Id", "<a>", REFUSED},
    {"list identifier with a space", "List-Id", "<a. b.de>", REFUSED},
    {"open list identifier", "List-Id", "<", REFUSED},
    {"list identifier with half a quote", "List-Id", "\"a <a.b.de>", REFUSED},
    {"list identifier and more", "List-Id", "<a.b.de> x", REFUSED},
    {"one of the words", "Importance", " High ", WRITTEN("High")},
    {"none of the words", "Importance", "higher", REFUSED},
    {"two of the words", "Sensitivity", "personal private", REFUSED},
    {"one-click", "List-Unsubscribe-Post", "List-Unsubscribe=One-Click",
     WRITTEN("List-Unsubscribe=One-Click")},
    {"another click", "List-Unsubscribe-Post", "yes", REFUSED},
    {"nobody may post", "List-Post", " NO ", WRITTEN("NO")},
    {"URL without brackets", "List-Unsubscribe", "https://b.de/", REFUSED},
    {"URL without a scheme", "List-Unsubscribe", "<b.de>", REFUSED},
    {"URL of a scheme only", "List-Help", "<mailto:>", REFUSED},
    {"URL with a space", "List-Help", "<https://b.de/a b>", REFUSED},
    {"URL that is not ASCII", "List-Help", "<https://b.de/\xc3\xa4>", REFUSED},
    {"URLs without a comma", "List-Help", "<https://a.de/> <https://b.de/>", REFUSED},
    {"a comma at the end", "List-Help", "<https://a.de/>,", REFUSED},
    {"open URL", "List-Help", "<https://a.de/", REFUSED},
    {"URL too long", "List-Help", "<https:" X1000 ">", REFUSED},
    {"a token too long", "Auto-Submitted", X1000, REFUSED},
    {"no token", "Importance", " ", REFUSED},
    {"phrases", "Keywords", "red, light blue ,a.b", WRITTEN("red, light blue, \"a.b\"")},
    {"phrase with a comma in quotes", "Keywords", "\"red, light\" , blue,\"a\"",
     WRITTEN("\"red, light\", blue, a")},
    {"phrase with a quote in quotes", "Keywords", "\"a \\\" , \\\\\",b",
     WRITTEN("\"a \\\" , \\\\\", b")},
    {"phrases with inches", "Keywords", "6\" nails, 8\" nails",
     WRITTEN("\"6\\\" nails\", \"8\\\" nails\"")},
    {"quotes that do not close", "Keywords", "\"a, b\\", WRITTEN("\"\\\"a\", \"b\\\\\"")},
    {"quotes around nothing", "Keywords", "a, \"\"", REFUSED},
    {"an empty phrase", "Keywords", "red,,blue", REFUSED},
    {"an empty last phrase", "Keywords", "red,", REFUSED},
    {"mailbox", "Disposition-Notification-To", "a@B.de", WRITTEN("a@b.de")},
    {"mailbox in brackets", "Errors-To", " <\"a\"@b.de> ", WRITTEN("a@b.de")},
    {"mailbox with a name", "Disposition-Notification-To", "\"M, A\" <a@b.de>",
     WRITTEN("\"M, A\" <a@b.de>")},
    {"mailbox with a name in another script", "Disposition-Notification-To", "\xc3\xa4 <a@b.de>",
     WRITTEN("=?UTF-8?B?w6Q=?= <a@b.de>")},
    {"two mailboxes", "Return-Receipt-To", "a@b.de (x), C <c@D.de>", WRITTEN("a@b.de, C <c@d.de>")},
    {"no group of mailboxes", "Errors-To", "g: a@b.de;", MAILSUB_E_ADDRESS, NULL},
    {"no mailbox at all", "Errors-To", "a", MAILSUB_E_ADDRESS, NULL},
    {"mailbox of a bad domain", "Errors-To", "a@b..de", MAILSUB_E_DOMAIN, NULL},
};

static void check_row(void **state)
{
    const struct field_row *row = *state;
    mailsub__slice name = mailsub__slice_str(row->field);
    mailsub__slice value = mailsub__slice_str(row->value);
    const mailsub__field *field = mailsub__field_find(name);
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    assert_int_equal(mailsub__field_check(field, value, &allocator), row->want_code);
    if (row->want_code)
        return;
    mailsub__buffer out;
    mailsub__buffer_init(&out, &allocator, 10000);
    mailsub__fold fold;
    mailsub__fold_init(&fold, &out);
    assert_int_equal(mailsub__field_write(field, &fold, name, value), MAILSUB_OK);
    char want[1200];
    int n = snprintf(want, sizeof want, "%s:%s%s\r\n", row->field, *row->want == '\r' ? "" : " ",
                     row->want);
    assert_true(n > 0 && (size_t)n < sizeof want);
    assert_string_equal(mailsub__buffer_str(&out), want);
    mailsub__fold_deinit(&fold);
    mailsub__buffer_deinit(&out);
    assert_int_equal(heap.n_live, 0);
}

struct owner_row {
    const char *name; /* of the field */
    enum mailsub__field_owner want;
    bool once;
};

static const struct owner_row owner_rows[] = {
    {"subject", MAILSUB__FIELD_FUNCTION, true},
    {"FROM", MAILSUB__FIELD_FUNCTION, true},
    {"message-id", MAILSUB__FIELD_FUNCTION, true},
    {"Mime-Version", MAILSUB__FIELD_LIBRARY, true},
    {"Content-Type", MAILSUB__FIELD_LIBRARY, true},
    {"content-anything", MAILSUB__FIELD_LIBRARY, true},
    {"Content-", MAILSUB__FIELD_LIBRARY, true},
    {"Content", MAILSUB__FIELD_CALLER, false},
    {"bcc", MAILSUB__FIELD_LIBRARY, true},
    {"Resent-Bcc", MAILSUB__FIELD_LIBRARY, true},
    {"Received", MAILSUB__FIELD_LIBRARY, true},
    {"Return-Path", MAILSUB__FIELD_LIBRARY, true},
    {"DKIM-Signature", MAILSUB__FIELD_LIBRARY, true},
    {"references", MAILSUB__FIELD_CALLER, true},
    {"Keywords", MAILSUB__FIELD_CALLER, false},
    {"X-Subject", MAILSUB__FIELD_CALLER, false},
    {"Subject-X", MAILSUB__FIELD_CALLER, false},
};

static void check_owner_row(void **state)
{
    const struct owner_row *row = *state;
    const mailsub__field *field = mailsub__field_find(mailsub__slice_str(row->name));
    assert_int_equal(field->owner, row->want);
    assert_int_equal(field->once, row->once);
}

static void names_are_printable_without_colon(void **state)
{
    (void)state;
    char name[MAILSUB__FIELD_LONGEST_NAME + 1];
    memset(name, 'x', sizeof name);
    assert_true(mailsub__field_name_is_valid(mailsub__slice_of(name, sizeof name - 1)));
    assert_false(mailsub__field_name_is_valid(mailsub__slice_of(name, sizeof name)));
    assert_false(mailsub__field_name_is_valid(MAILSUB__SLICE_EMPTY));
    for (int c = 0; c < 256; c++) {
        name[1] = (char)c;
        assert_int_equal(mailsub__field_name_is_valid(mailsub__slice_of(name, 3)),
                         c > 32 && c < 127 && c != ':');
    }
}

int main(void)
{
    struct CMUnitTest tests[128] = {cmocka_unit_test(names_are_printable_without_colon)};
    size_t n_tests = 1;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    UNIT_ADD_ROWS(tests, n_tests, owner_rows, check_owner_row);
    return UNIT_RUN(tests, n_tests);
}
