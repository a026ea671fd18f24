/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "message/media_type.h"

struct type_row {
    const char *name;
    const char *text;
    const char *want; /* as it is written; NULL: refused */
};

#define A127                                                                                       \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct type_row rows[] = {
    {"plain", "Application/PDF", "application/pdf"},
    {"one parameter", "text/csv; charset=utf-8", "text/csv; charset=utf-8"},
    {"two parameters", "text/csv;charset=utf-8 ;  Header=present",
     "text/csv; charset=utf-8; header=present"},
    {"quoted, needlessly", "a/b; c=\"d\"", "a/b; c=d"},
    {"quoted", "a/b; c=\"d e;\\\"f\"", "a/b; c=\"d e;\\\"f\""},
    {"quoted and empty", "a/b; c=\"\"", "a/b; c=\"\""},
    {"quoted, not ASCII", "a/b; c=\"\xc3\xa4\"", "a/b; c*=UTF-8''%C3%A4"},
    {"a message", "message/rfc822", "message/rfc822"},
    {"127 characters", A127 "/" A127, A127 "/" A127},
    {"128 characters", "x/" A127 "a", NULL},
    {"empty", "", NULL},
    {"no subtype", "text", NULL},
    {"a parameter for a subtype", "text; a/b", NULL},
    {"only a semicolon", "a/b;", NULL},
    {"semicolon at the end", "a/b; c=d;", NULL},
    {"two semicolons", "a/b;; c=d", NULL},
    {"no value", "a/b; c=", NULL},
    {"no equals", "a/b; c", NULL},
    {"no attribute", "a/b; =d", NULL},
    {"space at equals", "a/b; c =d", NULL},
    {"two values", "a/b; c=d e", NULL},
    {"quote without an end", "a/b; c=\"d", NULL},
    {"quoted quote without an end", "a/b; c=\"d\\\"", NULL},
    {"behind the quote", "a/b; c=\"d\"e", NULL},
    {"twice", "a/b; c=d; C=e", NULL},
    {"not a token", "a/b; c=d/e", NULL},
    {"bare, not ASCII", "a/b; c=\xc3\xa4", NULL},
    {"name", "a/b; Name=c", NULL},
    {"boundary", "a/b; boundary=c", NULL},
    {"RFC 2231", "a/b; c*=utf-8''d", NULL},
    {"RFC 2231 part", "a/b; c*0=d", NULL},
    {"comment", "a/b (c)", NULL},
    {"17 parameters", "a/b;a=1;b=1;c=1;d=1;e=1;f=1;g=1;h=1;i=1;j=1;k=1;l=1;m=1;n=1;o=1;p=1;q=1",
     NULL},
    {"multipart", "multipart/mixed; c=d", NULL},
    {"other message", "message/global", NULL},
};

static void check_row(void **state)
{
    const struct type_row *row = *state;
    size_t len = strlen(row->text);
    char *copy = malloc(len + 1);
    memcpy(copy, row->text, len);
    mailsub__slice text = mailsub__slice_of(copy, len);
    assert_int_equal(mailsub__media_type_check(text), row->want ? 0 : MAILSUB_E_MEDIA_TYPE);
    for (size_t fail_at = 0; row->want && fail_at < 4; fail_at++) {
        struct unit_heap heap = {.fail_at = fail_at};
        mailsub_allocator allocator = unit_allocator(&heap);
        mailsub__buffer buffer;
        mailsub__buffer_init(&buffer, &allocator, 10000);
        int rc = mailsub__media_type_append(&buffer, text);
        if (heap.n_requests >= fail_at && fail_at > 0)
            assert_int_equal(rc, MAILSUB_E_NOMEM);
        else
            assert_int_equal(rc, MAILSUB_OK);
        if (!rc) {
            assert_int_equal(buffer.len, strlen(row->want));
            assert_memory_equal(mailsub__buffer_slice(&buffer).ptr, row->want, buffer.len);
        }
        mailsub__buffer_deinit(&buffer);
        assert_int_equal(heap.n_live, 0);
    }
    free(copy);
}

struct guess_row {
    const char *name; /* of a file */
    const char *want;
};

static const struct guess_row guesses[] = {
    {"a.pdf", "application/pdf"},
    {"a.b.PDF", "application/pdf"},
    {".png", "image/png"},
    {"a.3gp", "video/3gpp"},
    {"a.zst", "application/zstd"},
    {"a.eml", "message/rfc822"},
    {"a", "application/octet-stream"},
    {"pdf", "application/octet-stream"},
    {"a.", "application/octet-stream"},
    {"a.pdf ", "application/octet-stream"},
    {"a.exe", "application/octet-stream"},
    {"a.markdowns", "application/octet-stream"},
    {"a.pd\xc3\xa4", "application/octet-stream"},
};

static void check_guess(void **state)
{
    const struct guess_row *row = *state;
    mailsub__slice type = mailsub__media_type_of_name(mailsub__slice_str(row->name));
    assert_string_equal(type.ptr, row->want);
    assert_int_equal(mailsub__media_type_check(type), MAILSUB_OK);
    assert_int_equal(mailsub__media_type_is_message(type), strstr(row->want, "message/") != NULL);
}

int main(void)
{
    struct CMUnitTest tests[64];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, check_row);
    UNIT_ADD_ROWS(tests, n_tests, guesses, check_guess);
    return UNIT_RUN(tests, n_tests);
}
