/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each mechanism says, and the credentials; SCRAM is in scram_test. */
#include "auth_kit.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "smtp/command.h"

#define MAX_STEPS 5

static const struct row {
    const char *name;
    const char *offered; /* as the capabilities keep it */
    const char *mechanisms;
    const char *user;
    const char *password;
    const char *token;
    const char *authorization;
    const char *want_mechanism;
    const char *want_first; /* "": nothing is said yet */
    const char *challenges[MAX_STEPS];
    const char *want_answers[MAX_STEPS]; /* NULL: an error, the code */
    int want_code;
    int want_accept;
    const char *want_text;
} rows[] = {
    {"PLAIN",
     "PLAIN ",
     NULL,
     "alice",
     "sesame",
     NULL,
     NULL,
     "PLAIN",
     "|alice|sesame",
     {0},
     {0},
     0,
     0,
     ""},
    {"PLAIN for another",
     "PLAIN ",
     NULL,
     "alice",
     "sesame",
     NULL,
     "bob",
     "PLAIN",
     "bob|alice|sesame",
     {0},
     {0},
     0,
     0,
     ""},
    {"PLAIN asked once more",
     "PLAIN ",
     NULL,
     "a",
     "b",
     NULL,
     NULL,
     "PLAIN",
     "|a|b",
     {""},
     {0},
     MAILSUB_E_REPLY_UNEXPECTED,
     0,
     ""},
    {"PLAIN in UTF-8",
     "PLAIN ",
     NULL,
     "j\xc3\xbcrgen",
     "\xe2\x82\xac",
     NULL,
     NULL,
     "PLAIN",
     "|j\xc3\xbcrgen|\xe2\x82\xac",
     {0},
     {0},
     0,
     0,
     ""},
    {"PLAIN before LOGIN",
     "LOGIN PLAIN ",
     NULL,
     "a",
     "b",
     NULL,
     NULL,
     "PLAIN",
     "|a|b",
     {0},
     {0},
     0,
     0,
     ""},
    {"LOGIN",
     "LOGIN ",
     NULL,
     "alice",
     "sesame",
     NULL,
     NULL,
     "LOGIN",
     "alice",
     {"Password:"},
     {"sesame"},
     0,
     0,
     ""},
    {"LOGIN with an empty password",
     "LOGIN ",
     NULL,
     "alice",
     "",
     NULL,
     NULL,
     "LOGIN",
     "alice",
     {"Password:"},
     {""},
     0,
     0,
     ""},
    {"LOGIN asked for the user again",
     "LOGIN ",
     NULL,
     "alice",
     "sesame",
     NULL,
     NULL,
     "LOGIN",
     "alice",
     {"Username:", "Password:"},
     {"alice", "sesame"},
     0,
     0,
     ""},
    {"LOGIN in small letters",
     "LOGIN ",
     NULL,
     "alice",
     "sesame",
     NULL,
     NULL,
     "LOGIN",
     "alice",
     {"user name", ""},
     {"alice", "sesame"},
     0,
     0,
     ""},
    {"LOGIN with a prompt that is no base64",
     "LOGIN ",
     NULL,
     "alice",
     "sesame",
     NULL,
     NULL,
     "LOGIN",
     "alice",
     {"!User:", "!Password:"},
     {"alice", "sesame"},
     0,
     0,
     ""},
    {"LOGIN asked for the user for ever",
     "LOGIN ",
     NULL,
     "alice",
     "sesame",
     NULL,
     NULL,
     "LOGIN",
     "alice",
     {"Username:", "Username:", "Username:"},
     {"alice", "sesame"},
     MAILSUB_E_REPLY_UNEXPECTED,
     0,
     ""},
    {"XOAUTH2",
     "XOAUTH2 PLAIN ",
     NULL,
     "alice",
     NULL,
     "ya29.t",
     NULL,
     "XOAUTH2",
     "user=alice^auth=Bearer ya29.t^^",
     {0},
     {0},
     0,
     0,
     ""},
    {"XOAUTH2 with an error",
     "XOAUTH2 ",
     NULL,
     "alice",
     NULL,
     "ya29.t",
     NULL,
     "XOAUTH2",
     "user=alice^auth=Bearer ya29.t^^",
     {"{\"status\":\"401\",\"t\":\"ya29.t\"}"},
     {""},
     0,
     MAILSUB_E_REPLY_UNEXPECTED,
     "{\"status\":\"401\",\"t\":\"***\"}"},
    {"XOAUTH2 with two errors",
     "XOAUTH2 ",
     NULL,
     "alice",
     NULL,
     "ya29.t",
     NULL,
     "XOAUTH2",
     "user=alice^auth=Bearer ya29.t^^",
     {"{}", "{}"},
     {""},
     MAILSUB_E_REPLY_UNEXPECTED,
     0,
     "{}"},
    {"OAUTHBEARER before XOAUTH2",
     "XOAUTH2 OAUTHBEARER ",
     NULL,
     "al,i=ce",
     NULL,
     "t0k",
     NULL,
     "OAUTHBEARER",
     "n,a=al=2Ci=3Dce,^host=mx.example^port=587^auth=Bearer t0k^^",
     {0},
     {0},
     0,
     0,
     ""},
    {"OAUTHBEARER for another",
     "OAUTHBEARER ",
     NULL,
     "alice",
     NULL,
     "t0k",
     "bob",
     "OAUTHBEARER",
     "n,a=bob,^host=mx.example^port=587^auth=Bearer t0k^^",
     {0},
     {0},
     0,
     0,
     ""},
    {"OAUTHBEARER with an error",
     "OAUTHBEARER ",
     NULL,
     "alice",
     NULL,
     "t0k",
     NULL,
     "OAUTHBEARER",
     "n,a=alice,^host=mx.example^port=587^auth=Bearer t0k^^",
     {"{\"status\":\"invalid_token\"}"},
     {"^"},
     0,
     MAILSUB_E_REPLY_UNEXPECTED,
     "{\"status\":\"invalid_token\"}"},
    {"a token that nobody wants",
     "PLAIN XOAUTH2 ",
     NULL,
     "alice",
     "sesame",
     NULL,
     NULL,
     "PLAIN",
     "|alice|sesame",
     {0},
     {0},
     0,
     0,
     ""},
    {"a token before the password as it is",
     "PLAIN XOAUTH2 ",
     NULL,
     "alice",
     "sesame",
     "t0k",
     NULL,
     "XOAUTH2",
     "user=alice^auth=Bearer t0k^^",
     {0},
     {0},
     0,
     0,
     ""},
    /* RFC 2195 section 2 */
    {"CRAM-MD5",
     "CRAM-MD5 PLAIN ",
     "CRAM-MD5 PLAIN",
     "tim",
     "tanstaaftanstaaf",
     NULL,
     NULL,
     "CRAM-MD5",
     "",
     {"<1896.697170952@postoffice.reston.mci.net>"},
     {"tim b913a602c7eda7a495b4e6e7334d3890"},
     0,
     0,
     ""},
    {"CRAM-MD5 without a challenge",
     "CRAM-MD5 ",
     "CRAM-MD5",
     "tim",
     "x",
     NULL,
     NULL,
     "CRAM-MD5",
     "",
     {""},
     {0},
     MAILSUB_E_REPLY_UNEXPECTED,
     0,
     ""},
    {"CRAM-MD5 that goes on",
     "CRAM-MD5 ",
     "CRAM-MD5",
     "tim",
     "tanstaaftanstaaf",
     NULL,
     NULL,
     "CRAM-MD5",
     "",
     {"<1896.697170952@postoffice.reston.mci.net>", "x"},
     {"tim b913a602c7eda7a495b4e6e7334d3890"},
     MAILSUB_E_REPLY_UNEXPECTED,
     0,
     ""},
    {"CRAM-MD5 with a challenge that is no base64",
     "CRAM-MD5 ",
     "CRAM-MD5",
     "tim",
     "x",
     NULL,
     NULL,
     "CRAM-MD5",
     "",
     {"!<1896>"},
     {0},
     MAILSUB_E_REPLY_MALFORMED,
     0,
     ""},
    {"CRAM-MD5 cannot act for another",
     "CRAM-MD5 ",
     "CRAM-MD5",
     "tim",
     "x",
     NULL,
     "bob",
     "CRAM-MD5",
     "",
     {"<1896>"},
     {0},
     MAILSUB_E_CREDENTIALS,
     0,
     ""},
    {"CRAM-MD5 is not used unasked",
     "CRAM-MD5 LOGIN ",
     NULL,
     "tim",
     "x",
     NULL,
     NULL,
     "LOGIN",
     "tim",
     {0},
     {0},
     0,
     0,
     ""},
    {"EXTERNAL by name",
     "PLAIN EXTERNAL ",
     "EXTERNAL PLAIN",
     NULL,
     NULL,
     NULL,
     NULL,
     "EXTERNAL",
     "=",
     {0},
     {0},
     0,
     0,
     ""},
    {"EXTERNAL for another",
     "EXTERNAL ",
     "EXTERNAL",
     NULL,
     NULL,
     NULL,
     "bob",
     "EXTERNAL",
     "bob",
     {0},
     {0},
     0,
     0,
     ""},
    {"EXTERNAL that goes on",
     "EXTERNAL ",
     "EXTERNAL",
     NULL,
     NULL,
     NULL,
     NULL,
     "EXTERNAL",
     "=",
     {""},
     {0},
     MAILSUB_E_REPLY_UNEXPECTED,
     0,
     ""},
    {"an order of one's own",
     "PLAIN LOGIN ",
     "LOGIN PLAIN",
     "alice",
     "x",
     NULL,
     NULL,
     "LOGIN",
     "alice",
     {0},
     {0},
     0,
     0,
     ""},
};

static void init(mailsub__auth *auth, const struct row *row, const mailsub_allocator *allocator)
{
    mailsub__login_settings settings = {.token = row->token,
                                        .authorization = row->authorization,
                                        .mechanisms = row->mechanisms,
                                        .random = &kit_random,
                                        .host = "mx.example",
                                        .port = 587};
    mailsub__auth_init(auth, allocator, row->user, row->password, &settings);
}

static int say_rest(const struct row *row, mailsub__auth *auth)
{
    for (size_t i = 0; i < MAX_STEPS && row->challenges[i]; i++) {
        kit_challenge(auth, row->challenges[i]);
        int rc = mailsub__auth_respond(auth);
        if (rc == MAILSUB_E_NOMEM)
            return rc;
        assert_int_equal(rc, row->want_answers[i] ? MAILSUB_OK : row->want_code);
        if (rc)
            return MAILSUB_OK;
        kit_expect(auth, row->want_answers[i]);
    }
    assert_string_equal(auth->report.text, row->want_text);
    assert_int_equal(mailsub__auth_accept(auth), row->want_accept);
    assert_int_equal(kit_state(auth, row->want_mechanism),
                     row->want_accept ? MAILSUB_LOGIN_FAILED : MAILSUB_LOGIN_ACCEPTED);
    return MAILSUB_OK;
}

/* Say all of it, with the given allocator. MAILSUB_E_NOMEM is returned. */
static int say(const struct row *row, const mailsub_allocator *allocator)
{
    mailsub__auth auth;
    bool found = false;
    init(&auth, row, allocator);
    int rc = mailsub__auth_fetch(&auth);
    mailsub__auth_list(&auth, row->offered, true);
    if (rc == MAILSUB_OK)
        rc = mailsub__auth_choose(&auth, &found);
    if (rc == MAILSUB_OK) {
        assert_true(found);
        assert_string_equal(auth.report.attempts[auth.current].name, row->want_mechanism);
        kit_expect(&auth, row->want_first);
        rc = say_rest(row, &auth);
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

/* ---- credentials ---- */

static int give_all(void *context, int reason, mailsub_credentials *credentials)
{
    static char many[9000];
    memset(many, 'x', sizeof many - 1);
    ++*(int *)context;
    assert_int_equal(reason, MAILSUB_CREDENTIALS_FIRST);
    assert_int_equal(mailsub_credentials_set_user(credentials, ""), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_credentials_set_user(credentials, "\xff"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_credentials_set_user(credentials, NULL), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_credentials_set_user(NULL, "x"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_credentials_set_password(NULL, "x"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_credentials_set_password(credentials, many), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_credentials_set_token(NULL, "x"), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_credentials_set_token(credentials, "a b"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_credentials_set_token(credentials, "a\x01"), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_credentials_set_token(credentials, ""), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_credentials_set_token(credentials, many), MAILSUB_E_CREDENTIALS);
    assert_int_equal(mailsub_credentials_set_token(credentials, "t"), MAILSUB_OK);
    assert_int_equal(mailsub_credentials_set_token(credentials, NULL), MAILSUB_OK);
    assert_int_equal(mailsub_credentials_set_user(credentials, "carol"), MAILSUB_OK);
    return mailsub_credentials_set_password(credentials, "swordfish");
}

static int give_nothing(void *context, int reason, mailsub_credentials *credentials)
{
    (void)reason;
    (void)credentials;
    return *(int *)context;
}

static void a_callback_gives_the_credentials(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__auth auth;
    int n_calls = 0;
    bool found = false;
    mailsub__login_settings settings = {.fetch = give_all, .fetch_context = &n_calls};
    mailsub__auth_init(&auth, &allocator, NULL, NULL, &settings);
    assert_true(mailsub__auth_is_wanted(&auth));
    assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
    assert_int_equal(n_calls, 1);
    mailsub__auth_list(&auth, "PLAIN ", true);
    assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_OK);
    kit_expect(&auth, "|carol|swordfish");
    char echo[] = "no swordfish";
    assert_int_equal(mailsub__auth_redact(&auth, echo, strlen(echo)), strlen("no ***"));
    mailsub__auth_deinit(&auth);
    static const int results[][2] = {{MAILSUB_E_TIMEOUT, MAILSUB_E_TIMEOUT},
                                     {-1, MAILSUB_E_CREDENTIALS},
                                     {1, MAILSUB_E_CREDENTIALS}};
    for (size_t i = 0; i < 3; i++) {
        int result = results[i][0];
        settings = (mailsub__login_settings){.fetch = give_nothing, .fetch_context = &result};
        mailsub__auth_init(&auth, &allocator, NULL, NULL, &settings);
        assert_int_equal(mailsub__auth_fetch(&auth), results[i][1]);
        mailsub__auth_deinit(&auth);
    }
    assert_int_equal(heap.n_live, 0);
}

static void no_credentials_are_no_login(void **state)
{
    (void)state;
    mailsub_allocator allocator;
    struct unit_heap heap = {0};
    allocator = unit_allocator(&heap);
    mailsub__auth auth;
    mailsub__auth_init(&auth, &allocator, NULL, NULL, &(mailsub__login_settings){0});
    assert_false(mailsub__auth_is_wanted(&auth));
    mailsub__auth_deinit(&auth);
    mailsub__auth_init(&auth, &allocator, NULL, NULL,
                       &(mailsub__login_settings){.mechanisms = "PLAIN external "});
    assert_true(mailsub__auth_is_wanted(&auth));
    mailsub__auth_deinit(&auth);
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
        bool found = false;
        mailsub__auth_init(&auth, &allocator, "a", password, &(mailsub__login_settings){0});
        assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
        mailsub__auth_list(&auth, "PLAIN ", true);
        assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_OK);
        assert_int_equal(found, len == most);
        assert_int_equal(kit_state(&auth, "PLAIN"),
                         len == most ? MAILSUB_LOGIN_NOT_TRIED : MAILSUB_LOGIN_UNUSABLE);
        if (!found)
            assert_int_equal(mailsub__auth_verdict(&auth), MAILSUB_E_CREDENTIALS);
        mailsub__auth_deinit(&auth);
    }
    assert_int_equal(heap.n_live, 0);
}

/* ---- what stands in the way ---- */

/* The text of a refusal has 511 octets at most, and its last character is whole. */
static void a_long_refusal_is_cut_between_characters(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    static const struct {
        const char *end;
        size_t want_len;
    } cuts[] = {{"\xc3\xa4y", 510}, {"y\xc3\xa4", 511}, {"yyy", 511}, {"", 510}};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        mailsub__auth auth;
        bool found = false;
        char error[600];
        memset(error, 'x', 510);
        strcpy(error + 510, cuts[i].end);
        mailsub__auth_init(&auth, &allocator, "alice", NULL,
                           &(mailsub__login_settings){.token = "ya29.t"});
        assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
        mailsub__auth_list(&auth, "XOAUTH2 ", true);
        assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_OK);
        kit_challenge(&auth, error);
        assert_int_equal(mailsub__auth_respond(&auth), MAILSUB_OK);
        assert_int_equal(strlen(auth.report.text), cuts[i].want_len);
        assert_memory_equal(auth.report.text, error, cuts[i].want_len);
        mailsub__auth_deinit(&auth);
    }
    assert_int_equal(heap.n_live, 0);
}

/* GnuTLS refuses MD5 where the system is set to FIPS 140 mode. */
static bool md5_is_forbidden;

int __real_gnutls_hmac_fast(gnutls_mac_algorithm_t algorithm, const void *key, size_t keylen,
                            const void *text, size_t textlen, void *digest);
int __wrap_gnutls_hmac_fast(gnutls_mac_algorithm_t algorithm, const void *key, size_t keylen,
                            const void *text, size_t textlen, void *digest);

int __wrap_gnutls_hmac_fast(gnutls_mac_algorithm_t algorithm, const void *key, size_t keylen,
                            const void *text, size_t textlen, void *digest)
{
    if (md5_is_forbidden && algorithm == GNUTLS_MAC_MD5)
        return GNUTLS_E_UNWANTED_ALGORITHM;
    return __real_gnutls_hmac_fast(algorithm, key, keylen, text, textlen, digest);
}

static void without_md5_there_is_no_answer(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__auth auth;
    bool found = false;
    mailsub__auth_init(&auth, &allocator, "tim", "x",
                       &(mailsub__login_settings){.mechanisms = "CRAM-MD5"});
    assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
    mailsub__auth_list(&auth, "CRAM-MD5 ", true);
    assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_OK);
    kit_challenge(&auth, "<1896>");
    md5_is_forbidden = true;
    assert_int_equal(mailsub__auth_respond(&auth), MAILSUB_E_CRYPTO);
    md5_is_forbidden = false;
    assert_int_equal(mailsub__auth_line(&auth).len, 0);
    assert_int_equal(kit_state(&auth, "CRAM-MD5"), MAILSUB_LOGIN_FAILED);
    mailsub__auth_deinit(&auth);
    assert_int_equal(heap.n_live, 0);
}

/* ---- secrets ---- */

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
    {"the user is no secret", "sesame", "alice", "alice"},
};

static void redacts(void **state)
{
    const struct redact_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__auth auth;
    bool found = false;
    mailsub__auth_init(&auth, &allocator, "alice", row->password, &(mailsub__login_settings){0});
    assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
    mailsub__auth_list(&auth, "PLAIN ", true);
    assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_OK);
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
    static struct CMUnitTest tests[100];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, answers);
    UNIT_ADD_ROWS(tests, n_tests, redact_rows, redacts);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(a_callback_gives_the_credentials);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(no_credentials_are_no_login);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(long_credentials_have_a_limit);
    tests[n_tests++] =
        (struct CMUnitTest)cmocka_unit_test(a_long_refusal_is_cut_between_characters);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(without_md5_there_is_no_answer);
    return UNIT_RUN(tests, n_tests);
}
