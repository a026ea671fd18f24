/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which mechanism is used, what a refusal leads to, and those that an application adds. */
#include "auth_kit.h"

/* ---- what becomes of each ---- */

static const struct choice_row {
    const char *name;
    const char *offered;
    const char *mechanisms;
    const char *excluded;
    const char *password;
    const char *token;
    const char *binding;
    bool in_clear;
    struct {
        const char *name;
        int state;
    } want[4];
    const char *want_chosen; /* NULL: none */
} choice_rows[] = {
    {"nothing is offered",
     "",
     NULL,
     NULL,
     "x",
     NULL,
     NULL,
     false,
     {{"PLAIN", MAILSUB_LOGIN_NOT_OFFERED}, {"CRAM-MD5", MAILSUB_LOGIN_ONLY_BY_NAME}},
     NULL},
    {"only unknown ones",
     "GSSAPI NTLM ",
     NULL,
     NULL,
     "x",
     NULL,
     NULL,
     false,
     {{"GSSAPI", MAILSUB_LOGIN_UNKNOWN}, {"NTLM", MAILSUB_LOGIN_UNKNOWN}},
     NULL},
    {"no password for them",
     "PLAIN XOAUTH2 ",
     NULL,
     NULL,
     NULL,
     "tok",
     NULL,
     false,
     {{"PLAIN", MAILSUB_LOGIN_NO_CREDENTIALS}, {"XOAUTH2", MAILSUB_LOGIN_NOT_TRIED}},
     "XOAUTH2"},
    {"no binding",
     "SCRAM-SHA-256-PLUS SCRAM-SHA-256 ",
     NULL,
     NULL,
     "x",
     NULL,
     NULL,
     false,
     {{"SCRAM-SHA-256-PLUS", MAILSUB_LOGIN_NO_BINDING}},
     "SCRAM-SHA-256"},
    {"the strongest",
     "LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS ",
     NULL,
     NULL,
     "x",
     NULL,
     "tls-exporter",
     false,
     {{"SCRAM-SHA-256", MAILSUB_LOGIN_NOT_TRIED}, {"PLAIN", MAILSUB_LOGIN_NOT_TRIED}},
     "SCRAM-SHA-256-PLUS"},
    {"the better hash before the binding",
     "SCRAM-SHA-1-PLUS SCRAM-SHA-256 ",
     NULL,
     NULL,
     "x",
     NULL,
     "tls-exporter",
     false,
     {{0}},
     "SCRAM-SHA-256"},
    {"the binding before none",
     "SCRAM-SHA-1 SCRAM-SHA-1-PLUS ",
     NULL,
     NULL,
     "x",
     NULL,
     "tls-unique",
     false,
     {{0}},
     "SCRAM-SHA-1-PLUS"},
    {"excluded ones",
     "SCRAM-SHA-256 PLAIN LOGIN ",
     NULL,
     "scram-sha-256 plain ",
     "x",
     NULL,
     NULL,
     false,
     {{"SCRAM-SHA-256", MAILSUB_LOGIN_EXCLUDED}, {"PLAIN", MAILSUB_LOGIN_EXCLUDED}},
     "LOGIN"},
    {"only those named",
     "SCRAM-SHA-256 PLAIN ",
     "PLAIN",
     NULL,
     "x",
     NULL,
     NULL,
     false,
     {{"SCRAM-SHA-256", MAILSUB_LOGIN_EXCLUDED}},
     "PLAIN"},
    {"in clear",
     "PLAIN SCRAM-SHA-256 ",
     NULL,
     NULL,
     "x",
     NULL,
     NULL,
     true,
     {{"PLAIN", MAILSUB_LOGIN_CLEAR}, {"SCRAM-SHA-256", MAILSUB_LOGIN_CLEAR}},
     NULL},
    {"EXTERNAL without a certificate",
     "EXTERNAL PLAIN ",
     NULL,
     NULL,
     "x",
     NULL,
     NULL,
     false,
     {{"EXTERNAL", MAILSUB_LOGIN_NO_CREDENTIALS}},
     "PLAIN"},
    {"a password that SASLprep does not take",
     "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN ",
     NULL,
     NULL,
     "\xe2\x85\xa8",
     NULL,
     NULL,
     false,
     {{"SCRAM-SHA-256", MAILSUB_LOGIN_UNUSABLE}, {"SCRAM-SHA-1", MAILSUB_LOGIN_UNUSABLE}},
     "PLAIN"},
};

static void chooses(void **state)
{
    const struct choice_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__auth auth;
    bool found = true;
    mailsub__login_settings settings = {.token = row->token,
                                        .mechanisms = row->mechanisms,
                                        .excluded = row->excluded,
                                        .random = &kit_random};
    mailsub__auth_init(&auth, &allocator, "alice", row->password, &settings);
    if (row->binding)
        mailsub__auth_set_binding(&auth, row->binding, mailsub__slice_str("data"));
    assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
    mailsub__auth_list(&auth, row->offered, !row->in_clear);
    assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_OK);
    assert_int_equal(found, row->want_chosen != NULL);
    if (found)
        assert_string_equal(auth.report.attempts[auth.current].name, row->want_chosen);
    for (size_t i = 0; i < 4 && row->want[i].name; i++)
        assert_int_equal(kit_state(&auth, row->want[i].name), row->want[i].state);
    mailsub__auth_deinit(&auth);
    assert_int_equal(heap.n_live, 0);
}

/* ---- credentials that a mechanism cannot express: the next is chosen ---- */

static const struct unusable_row {
    const char *name;
    const char *user;
    const char *authorization;
    const char *mechanisms; /* PLAIN, which can, is the last */
    const char *want_unusable[2];
} unusable_rows[] = {
    {"those that cannot act for another",
     "alice",
     "bob",
     "LOGIN XOAUTH2 PLAIN ",
     {"LOGIN", "XOAUTH2"}},
    {"a name that the fields of a token cannot hold",
     "al\x01ice",
     NULL,
     "OAUTHBEARER XOAUTH2 PLAIN ",
     {"OAUTHBEARER", "XOAUTH2"}},
    {"a name with a DEL",
     "al\x7fice",
     NULL,
     "OAUTHBEARER XOAUTH2 PLAIN ",
     {"OAUTHBEARER", "XOAUTH2"}},
};

static void passes_over(void **state)
{
    const struct unusable_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__login_settings settings = {
        .token = "tok", .authorization = row->authorization, .mechanisms = row->mechanisms};
    mailsub__auth auth;
    bool found = false;
    mailsub__auth_init(&auth, &allocator, row->user, "x", &settings);
    assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
    mailsub__auth_list(&auth, row->mechanisms, true);
    assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_OK);
    assert_true(found);
    assert_string_equal(auth.report.attempts[auth.current].name, "PLAIN");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(kit_state(&auth, row->want_unusable[i]), MAILSUB_LOGIN_UNUSABLE);
    mailsub__auth_deinit(&auth);
    assert_int_equal(heap.n_live, 0);
}

/* ---- names ---- */

static const struct name_row {
    const char *name;
    const char *text;
    bool want;
} name_rows[] = {
    {"a name in capitals", "SCRAM-SHA-256", true},
    {"a name in small letters", "plain", true},
    {"a name with an underscore", "X_OWN", true},
    {"a name of 20 characters", "X2345678901234567890", true},
    {"a name of 21 characters", "X23456789012345678901", false},
    {"no name", "", false},
    {"a name with a full stop", "X.OWN", false},
    {"a name with a space", "X OWN", false},
    {"a name beyond ASCII", "\xc3\x9c", false},
};

static void takes_names(void **state)
{
    const struct name_row *row = *state;
    assert_int_equal(mailsub__mechanism_is_name(mailsub__slice_str(row->text)), row->want);
}

/* ---- after a refusal ---- */

static const struct refusal_row {
    const char *name;
    const char *offered;
    const char *binding;
    const char *fresh;    /* token of the callback; NULL: there is no callback */
    int replies[4];       /* one for each mechanism that is tried */
    const char *want[4];  /* those that are tried */
    const char *withheld; /* one that is not, or NULL */
} refusal_rows[] = {
    {"a password is shown once",
     "SCRAM-SHA-256 PLAIN LOGIN ",
     NULL,
     NULL,
     {535},
     {"SCRAM-SHA-256"},
     "PLAIN"},
    {"any other 5yz is about the secret", "PLAIN LOGIN ", NULL, NULL, {550}, {"PLAIN"}, "LOGIN"},
    {"a mechanism that is too weak",
     "PLAIN LOGIN ",
     NULL,
     NULL,
     {534, 535},
     {"PLAIN", "LOGIN"},
     NULL},
    {"a mechanism that it cannot",
     "SCRAM-SHA-256 PLAIN LOGIN ",
     NULL,
     NULL,
     {504, 535},
     {"SCRAM-SHA-256", "PLAIN"},
     "LOGIN"},
    {"none unbound behind one that is bound",
     "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN ",
     "tls-exporter",
     NULL,
     {504},
     {"SCRAM-SHA-256-PLUS"},
     "SCRAM-SHA-256"},
    {"another that is bound",
     "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 PLAIN ",
     "tls-exporter",
     NULL,
     {504, 535},
     {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"},
     "PLAIN"},
    {"for now is the end",
     "SCRAM-SHA-256 XOAUTH2 ",
     NULL,
     NULL,
     {454},
     {"SCRAM-SHA-256"},
     "XOAUTH2"},
    {"a token behind a password",
     "SCRAM-SHA-256 XOAUTH2 PLAIN ",
     NULL,
     NULL,
     {535, 535},
     {"SCRAM-SHA-256", "XOAUTH2"},
     "PLAIN"},
    {"a token is shown once",
     "OAUTHBEARER XOAUTH2 ",
     NULL,
     NULL,
     {535},
     {"OAUTHBEARER"},
     "XOAUTH2"},
    {"a token is refreshed once",
     "OAUTHBEARER XOAUTH2 ",
     NULL,
     "fresh",
     {535, 535},
     {"OAUTHBEARER", "OAUTHBEARER"},
     "XOAUTH2"},
    {"the same token is none", "XOAUTH2 ", NULL, "t0k", {535}, {"XOAUTH2"}, NULL},
    {"a password behind a token",
     "XOAUTH2 PLAIN LOGIN ",
     NULL,
     NULL,
     {535, 535},
     {"XOAUTH2", "PLAIN"},
     "LOGIN"},
};

static int give_token(void *context, int reason, mailsub_credentials *credentials)
{
    return reason == MAILSUB_CREDENTIALS_REFUSED
               ? mailsub_credentials_set_token(credentials, context)
               : MAILSUB_OK;
}

static void goes_on(void **state)
{
    const struct refusal_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    mailsub__auth auth;
    char fresh[16];
    strcpy(fresh, row->fresh ? row->fresh : "");
    mailsub__login_settings settings = {.token = "t0k",
                                        .random = &kit_random,
                                        .fetch = row->fresh ? give_token : NULL,
                                        .fetch_context = fresh};
    mailsub__auth_init(&auth, &allocator, "alice", "sesame", &settings);
    if (row->binding)
        mailsub__auth_set_binding(&auth, row->binding, mailsub__slice_str("data"));
    assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
    mailsub__auth_list(&auth, row->offered, true);
    bool found = false;
    size_t i = 0;
    for (; i < 4; i++) {
        assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_OK);
        if (!found)
            break;
        assert_non_null(row->want[i]);
        assert_string_equal(auth.report.attempts[auth.current].name, row->want[i]);
        assert_int_equal(mailsub__auth_refuse(&auth, row->replies[i]), MAILSUB_OK);
    }
    assert_null(row->want[i]);
    if (row->withheld)
        assert_int_equal(kit_state(&auth, row->withheld), MAILSUB_LOGIN_WITHHELD);
    assert_int_equal(kit_state(&auth, row->want[0]),
                     row->replies[0] / 100 == 4 ? MAILSUB_LOGIN_DEFERRED : MAILSUB_LOGIN_REJECTED);
    mailsub__auth_deinit(&auth);
    assert_int_equal(heap.n_live, 0);
}

/* ---- mechanisms of the application ---- */

struct own {
    int begin_result;
    int answer_result;
    int accept_result;
    unsigned n_ended;
};

static int own_begin(void *context, mailsub_login *login, void **out_state)
{
    size_t len;
    const struct own *own = context;
    assert_string_equal(mailsub_login_get(login, MAILSUB_LOGIN_GET_USER, &len), "alice");
    assert_int_equal(len, 5);
    assert_string_equal(mailsub_login_get(login, MAILSUB_LOGIN_GET_PASSWORD, NULL), "sesame");
    assert_string_equal(mailsub_login_get(login, MAILSUB_LOGIN_GET_TOKEN, NULL), "");
    assert_string_equal(mailsub_login_get(login, MAILSUB_LOGIN_GET_HOST, NULL), "mx.example");
    assert_string_equal(mailsub_login_get(login, MAILSUB_LOGIN_GET_AUTHORIZATION, NULL), "");
    assert_string_equal(mailsub_login_get(login, MAILSUB_LOGIN_GET_BINDING_TYPE, NULL),
                        "tls-exporter");
    assert_memory_equal(mailsub_login_get(login, MAILSUB_LOGIN_GET_BINDING, &len), "d\0ta", 4);
    assert_int_equal(len, 4);
    assert_string_equal(mailsub_login_get(login, 99, &len), "");
    assert_string_equal(mailsub_login_get(login, -1, &len), "");
    assert_int_equal(len, 0);
    assert_string_equal(mailsub_login_get(NULL, MAILSUB_LOGIN_GET_USER, &len), "");
    *out_state = context;
    return own->begin_result;
}

static int own_answer(void *context, void *state, mailsub_login *login, const void *challenge,
                      size_t len)
{
    const struct own *own = context;
    assert_ptr_equal(state, context);
    if (len > 0 && own->answer_result)
        return own->answer_result;
    assert_int_equal(mailsub_login_answer(NULL, "x", 1), MAILSUB_E_INVALID);
    assert_int_equal(mailsub_login_answer(login, NULL, 1), MAILSUB_E_INVALID);
    mailsub_login_answer(login, "twice", 5);
    return len > 0 ? mailsub_login_answer(login, challenge, len)
                   : mailsub_login_answer(login, "hello", 5);
}

static int own_accept(void *context, void *state)
{
    assert_ptr_equal(state, context);
    return ((struct own *)context)->accept_result;
}

static void own_end(void *context, void *state)
{
    assert_ptr_equal(state, context);
    ((struct own *)context)->n_ended++;
}

static const struct own_row {
    const char *name;
    struct own own;
    uint32_t flags;
    int want_respond;
    int want_accept;
    const char *want_chosen;
    unsigned want_ended;
} own_rows[] = {
    {"of one's own", {0}, 0, 0, 0, "X-OWN", 1},
    {"that does not begin", {.begin_result = -1}, 0, 0, 0, "PLAIN", 0},
    {"that speaks second", {0}, MAILSUB_MECHANISM_SERVER_FIRST, 0, 0, "X-OWN", 1},
    {"that needs a token", {0}, MAILSUB_MECHANISM_TOKEN, 0, 0, "PLAIN", 0},
    {"that needs a password", {0}, MAILSUB_MECHANISM_PASSWORD, 0, 0, "X-OWN", 1},
    {"that cannot go on", {.answer_result = -7}, 0, MAILSUB_E_CREDENTIALS, 0, "X-OWN", 1},
    {"that is not convinced", {.accept_result = -1}, 0, 0, MAILSUB_E_AUTH_FORGED, "X-OWN", 1},
    {"that says why it is not",
     {.accept_result = MAILSUB_E_REPLY_MALFORMED},
     0,
     0,
     MAILSUB_E_REPLY_MALFORMED,
     "X-OWN",
     1},
    {"that says why it cannot go on",
     {.answer_result = MAILSUB_E_AUTH_FORGED},
     0,
     MAILSUB_E_AUTH_FORGED,
     0,
     "X-OWN",
     1},
};

static void own_mechanisms(void **state)
{
    const struct own_row *row = *state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    struct own own = row->own;
    mailsub_mechanism mechanism = {sizeof mechanism, "X-OWN",    row->flags, &own,
                                   own_begin,        own_answer, own_accept, own_end};
    mailsub__login_settings settings = {.custom = &mechanism, .n_custom = 1, .host = "mx.example"};
    mailsub__auth auth;
    bool found = false;
    mailsub__auth_init(&auth, &allocator, "alice", "sesame", &settings);
    mailsub__auth_set_binding(&auth, "tls-exporter", mailsub__slice_of("d\0ta", 4));
    assert_int_equal(mailsub__auth_fetch(&auth), MAILSUB_OK);
    mailsub__auth_list(&auth, "PLAIN X-OWN ", true);
    assert_int_equal(mailsub__auth_choose(&auth, &found), MAILSUB_OK);
    assert_true(found);
    assert_string_equal(auth.report.attempts[auth.current].name, row->want_chosen);
    if (strcmp(row->want_chosen, "X-OWN") == 0) {
        kit_expect(&auth, row->flags & MAILSUB_MECHANISM_SERVER_FIRST ? "" : "hello");
        kit_challenge(&auth, "riddle");
        assert_int_equal(mailsub__auth_respond(&auth), row->want_respond);
        if (row->want_respond == MAILSUB_OK) {
            kit_expect(&auth, "riddle");
            assert_int_equal(mailsub__auth_accept(&auth), row->want_accept);
        }
    }
    mailsub__auth_deinit(&auth);
    assert_int_equal(own.n_ended, row->want_ended);
    assert_int_equal(heap.n_live, 0);
}

/* A function that always answers: the one that a mechanism must have. */
static int say_nothing(void *context, void *state, mailsub_login *login, const void *challenge,
                       size_t len)
{
    (void)challenge;
    (void)len;
    assert_null(state);
    ++*(unsigned *)context;
    int rc = mailsub_login_answer(login, "early", 5);
    return rc ? rc : mailsub_login_answer(login, NULL, 0); /* and takes it back */
}

static int try_alone(const mailsub_mechanism *mechanism, const mailsub_allocator *allocator,
                     mailsub__auth *auth, bool *found)
{
    mailsub__login_settings settings = {.custom = mechanism, .n_custom = 1, .host = "mx.example"};
    mailsub__auth_init(auth, allocator, "alice", "sesame", &settings);
    mailsub__auth_set_binding(auth, "tls-exporter", mailsub__slice_of("d\0ta", 4));
    int rc = mailsub__auth_fetch(auth);
    mailsub__auth_list(auth, "X-OWN ", true);
    return rc ? rc : mailsub__auth_choose(auth, found);
}

static void only_answering_must_be_there(void **state)
{
    (void)state;
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    unsigned n_answers = 0;
    const mailsub_mechanism mechanism = {
        .size = sizeof mechanism, .name = "X-OWN", .context = &n_answers, .answer = say_nothing};
    mailsub__auth auth;
    bool found = false;
    assert_int_equal(try_alone(&mechanism, &allocator, &auth, &found), MAILSUB_OK);
    assert_true(found);
    kit_expect(&auth, "=");
    assert_int_equal(mailsub__auth_accept(&auth), MAILSUB_OK);
    assert_int_equal(n_answers, 1);
    mailsub__auth_deinit(&auth);
    assert_int_equal(heap.n_live, 0);
    size_t n_requests = heap.n_requests;
    for (size_t i = 1; i <= n_requests; i++) {
        heap = (struct unit_heap){.fail_at = i};
        assert_int_equal(try_alone(&mechanism, &allocator, &auth, &found), MAILSUB_E_NOMEM);
        mailsub__auth_deinit(&auth);
        assert_int_equal(heap.n_live, 0);
    }
}

/* What speaks second is asked too when the server says at once that the login has succeeded. */
static void success_before_the_first_challenge(void **state)
{
    (void)state;
    static const struct {
        struct own own;
        int want;
        unsigned want_ended;
    } ends[] = {{{0}, MAILSUB_OK, 1},
                {{.accept_result = -1}, MAILSUB_E_AUTH_FORGED, 1},
                {{.begin_result = MAILSUB_E_TIMEOUT}, MAILSUB_E_TIMEOUT, 0}};
    struct unit_heap heap = {0};
    mailsub_allocator allocator = unit_allocator(&heap);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct own own = ends[i].own;
        mailsub_mechanism mechanism = {
            sizeof mechanism, "X-OWN", MAILSUB_MECHANISM_SERVER_FIRST, &own, own_begin, own_answer,
            own_accept,       own_end};
        mailsub__auth auth;
        bool found = false;
        assert_int_equal(try_alone(&mechanism, &allocator, &auth, &found), MAILSUB_OK);
        assert_true(found);
        assert_int_equal(mailsub__auth_accept(&auth), ends[i].want);
        assert_int_equal(kit_state(&auth, "X-OWN"),
                         ends[i].want ? MAILSUB_LOGIN_FAILED : MAILSUB_LOGIN_ACCEPTED);
        mailsub__auth_deinit(&auth);
        assert_int_equal(own.n_ended, ends[i].want_ended);
        assert_int_equal(heap.n_live, 0);
    }
}

int main(void)
{
    static struct CMUnitTest tests[60];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, choice_rows, chooses);
    UNIT_ADD_ROWS(tests, n_tests, unusable_rows, passes_over);
    UNIT_ADD_ROWS(tests, n_tests, name_rows, takes_names);
    UNIT_ADD_ROWS(tests, n_tests, refusal_rows, goes_on);
    UNIT_ADD_ROWS(tests, n_tests, own_rows, own_mechanisms);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(only_answering_must_be_there);
    tests[n_tests++] = (struct CMUnitTest)cmocka_unit_test(success_before_the_first_challenge);
    return UNIT_RUN(tests, n_tests);
}
