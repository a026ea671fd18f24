/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/memory.h"
#include "codec/base64.h"
#include "smtp/auth.h"
#include "smtp/command.h"

enum { PLAIN = 1, LOGIN = 2 };

/* answers: what is said to each challenge, raw with "|" for NUL; NULL: nothing more. */
static const struct row {
    const char *name;
    uint32_t offered;
    const char *user;
    const char *password;
    const char *want_mechanism;
    const char *challenges[4];
    const char *want_answers[4];
} rows[] = {
    {"PLAIN", PLAIN, "alice", "sesame", "PLAIN", {"", ""}, {"|alice|sesame"}},
    {"LOGIN", LOGIN, "alice", "sesame", "LOGIN", {"", "UGFzc3dvcmQ6", ""}, {"alice", "sesame"}},
    {"PLAIN before LOGIN", PLAIN | LOGIN, "a", "b", "PLAIN", {""}, {"|a|b"}},
    {"UTF-8",
     PLAIN,
     "j\xc3\xbcrgen",
     "\xe2\x82\xac",
     "PLAIN",
     {""},
     {"|j\xc3\xbcrgen|\xe2\x82\xac"}},
    {"an empty password", LOGIN, "alice", "", "LOGIN", {"", ""}, {"alice", ""}},
    {"LOGIN asked for the user again",
     LOGIN,
     "alice",
     "sesame",
     "LOGIN",
     {"", "VXNlcm5hbWU6", "UGFzc3dvcmQ6", "UGFzc3dvcmQ6"},
     {"alice", "alice", "sesame"}},
    {"in small letters",
     LOGIN,
     "alice",
     "sesame",
     "LOGIN",
     {"", "dXNlcm5hbWU6", ""},
     {"alice", "alice", "sesame"}},
    {"in capitals",
     LOGIN,
     "alice",
     "sesame",
     "LOGIN",
     {"", "VVNFUk5BTUU6", ""},
     {"alice", "alice", "sesame"}},
    {"asked for the user for ever",
     LOGIN,
     "alice",
     "sesame",
     "LOGIN",
     {"", "VXNlcm5hbWU6", "VXNlcm5hbWU6", "VXNlcm5hbWU6"},
     {"alice", "alice", "sesame"}},
};

/* The answer in base64, with NUL written as "|". */
static void encode(const char *answer, char *out, size_t room)
{
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__buffer buffer;
    char raw[256];
    size_t len = strlen(answer);
    for (size_t i = 0; i < len; i++)
        raw[i] = answer[i] == '|' ? '\0' : answer[i];
    mailsub__buffer_init(&buffer, &allocator, 1000);
    assert_int_equal(mailsub__base64_append(&buffer, raw, len), MAILSUB_OK);
    assert_true(buffer.len < room);
    strcpy(out, len > 0 ? mailsub__buffer_str(&buffer) : "=");
    mailsub__buffer_deinit(&buffer);
}

/* Say all of it, with the given allocator. The first error, if any, is returned. */
static int say(const struct row *row, const mailsub_allocator *allocator)
{
    mailsub__auth auth;
    mailsub__auth_init(&auth, allocator, row->user, row->password);
    mailsub__auth_begin(&auth, mailsub__mechanism_choose(row->offered));
    assert_string_equal(auth.mechanism->name, row->want_mechanism);
    int rc = MAILSUB_OK;
    for (size_t i = 0; i < 4 && row->challenges[i] && rc == MAILSUB_OK; i++) {
        mailsub__slice line = MAILSUB__SLICE_EMPTY;
        rc = mailsub__auth_answer(&auth, mailsub__slice_str(row->challenges[i]), &line);
        if (!row->want_answers[i]) {
            assert_int_equal(rc, MAILSUB_E_REPLY_UNEXPECTED);
            rc = MAILSUB_OK;
        } else if (rc == MAILSUB_OK) {
            char want[512];
            encode(row->want_answers[i], want, sizeof want);
            assert_int_equal(line.len, strlen(want));
            assert_memory_equal(line.ptr, want, line.len);
        }
    }
    mailsub__auth_deinit(&auth);
    return rc;
}

static void answers(void **state)
{
    const struct row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    assert_int_equal(say(row, &allocator), MAILSUB_OK);
    assert_int_equal(heap.n_live, 0);
    size_t n_requests = heap.n_requests;
    for (size_t i = 1; i <= n_requests; i++) {
        heap = (struct unit_heap){.fail_at = i};
        assert_int_equal(say(row, &allocator), MAILSUB_E_NOMEM);
        assert_int_equal(heap.n_live, 0);
    }
}

static void nothing_usable_is_no_mechanism(void **state)
{
    (void)state;
    size_t index = 7;
    assert_null(mailsub__mechanism_choose(0));
    assert_false(mailsub__mechanism_find(mailsub__slice_str("CRAM-MD5"), &index));
    assert_false(mailsub__mechanism_find(MAILSUB__SLICE_EMPTY, &index));
    assert_int_equal(index, 7);
    assert_true(mailsub__mechanism_find(mailsub__slice_str("login"), &index));
    assert_int_equal(index, 1);
}

/* RFC 4954 section 4: a line of a login has 12,288 octets at most, CRLF included. */
static void long_credentials_have_a_limit(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    static char password[MAILSUB__AUTH_LINE_MAX + 10];
    /* "|a|" and n octets become (n + 3) / 3 * 4 characters. */
    size_t most = (MAILSUB__AUTH_LINE_MAX - 2) / 4 * 3 - 3;
    for (size_t len = most; len <= most + 1; len++) {
        memset(password, 'p', len);
        password[len] = '\0';
        mailsub__auth auth;
        mailsub__slice line;
        mailsub__auth_init(&auth, &allocator, "a", password);
        mailsub__auth_begin(&auth, mailsub__mechanism_choose(PLAIN));
        int rc = mailsub__auth_answer(&auth, MAILSUB__SLICE_EMPTY, &line);
        assert_int_equal(rc, len == most ? MAILSUB_OK : MAILSUB_E_CREDENTIALS);
        mailsub__auth_deinit(&auth);
    }
    assert_int_equal(heap.n_live, 0);
}

static const struct redact_row {
    const char *name;
    const char *password;
    const char *text;
    const char *want;
} redact_rows[] = {
    {"nothing secret", "sesame", "2.7.0 ok", "2.7.0 ok"},
    {"the password", "sesame", "no sesame!", "no ***!"},
    {"at both ends", "sesame", "sesame sesame", "*** ***"},
    {"twice in a row", "sesame", "sesamesesame", "******"},
    {"half of it", "sesame", "sesam", "sesam"},
    {"the answer", "sesame", "bad AGFsaWNlAHNlc2FtZQ== here", "bad *** here"},
    {"three octets", "abc", "xabcx", "x***x"},
    {"two octets stand anywhere", "ok", "ok", "ok"},
    {"asterisks", "***", "*****", "*****"},
    {"an empty password is nothing", "", "text", "text"},
};

static void redacts(void **state)
{
    const struct redact_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__auth auth;
    mailsub__slice line;
    mailsub__auth_init(&auth, &allocator, "alice", row->password);
    mailsub__auth_begin(&auth, mailsub__mechanism_choose(PLAIN));
    assert_int_equal(mailsub__auth_answer(&auth, MAILSUB__SLICE_EMPTY, &line), MAILSUB_OK);
    size_t len = strlen(row->text);
    char *text = malloc(len);
    memcpy(text, row->text, len);
    len = mailsub__auth_redact(&auth, text, len);
    assert_int_equal(len, strlen(row->want));
    assert_memory_equal(text, row->want, len);
    free(text);
    mailsub__auth_deinit(&auth);
}

int main(void)
{
    static struct CMUnitTest tests[40];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, answers);
    UNIT_ADD_ROWS(tests, n_tests, redact_rows, redacts);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(nothing_usable_is_no_mechanism);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(long_credentials_have_a_limit);
    return UNIT_RUN(tests, n_tests);
}
