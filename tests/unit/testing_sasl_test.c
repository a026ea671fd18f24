/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mechanisms of the fake server, message by message: what no correct client says is blamed, and
 * nothing is believed that was not proven.
 */
#include "unit.h"

#include "testing/sasl.h"

enum { CHALLENGE, ACCEPTED, REFUSED, MALFORMED };

#define NONCE "r=abcdefghijklmnop"

static const struct row {
    const char *name;
    const char *mechanism;
    uint32_t flags; /* besides its own */
    /* "|" for NUL, "^" for ^A; and the results. */
    const char *messages[3];
    int want[3];
    const char *want_challenge; /* how the last one begins, NULL: there is none */
} rows[] = {
    {"PLAIN", "PLAIN", 0, {"|joe|secret"}, {ACCEPTED}, NULL},
    {"PLAIN as oneself", "PLAIN", 0, {"joe|joe|secret"}, {ACCEPTED}, NULL},
    {"PLAIN as another", "PLAIN", 0, {"jim|joe|secret"}, {REFUSED}, NULL},
    {"PLAIN with a wrong password", "PLAIN", 0, {"|joe|secre"}, {REFUSED}, NULL},
    {"PLAIN with one field", "PLAIN", 0, {"joe"}, {MALFORMED}, NULL},
    {"PLAIN with two fields", "PLAIN", 0, {"|joe"}, {MALFORMED}, NULL},
    {"PLAIN with four fields", "PLAIN", 0, {"|joe|secret|"}, {MALFORMED}, NULL},
    {"LOGIN", "LOGIN", 0, {"joe", "secret"}, {CHALLENGE, ACCEPTED}, "Password:"},
    {"LOGIN of nobody", "LOGIN", 0, {"jim", "secret"}, {CHALLENGE, REFUSED}, "Password:"},
    {"EXTERNAL", "EXTERNAL", 0, {""}, {ACCEPTED}, NULL},
    {"EXTERNAL with a name", "EXTERNAL", 0, {"joe"}, {ACCEPTED}, NULL},
    {"EXTERNAL of nobody", "EXTERNAL", 0, {"jim"}, {REFUSED}, NULL},
    {"CRAM-MD5 without a digest", "CRAM-MD5", 0, {"", "joe"}, {CHALLENGE, MALFORMED}, "<"},
    {"CRAM-MD5 with another digest", "CRAM-MD5", 0, {"", "joe 00"}, {CHALLENGE, REFUSED}, "<"},
    {"CRAM-MD5 of nobody", "CRAM-MD5", 0, {"", "jim 00"}, {CHALLENGE, REFUSED}, "<"},
    {"XOAUTH2", "XOAUTH2", 0, {"user=joe^auth=Bearer secret^^"}, {ACCEPTED}, NULL},
    {"XOAUTH2 without the end", "XOAUTH2", 0, {"user=joe^auth=Bearer secret^"}, {MALFORMED}, NULL},
    {"XOAUTH2 without a user", "XOAUTH2", 0, {"auth=Bearer secret^^"}, {MALFORMED}, NULL},
    {"XOAUTH2 without a token", "XOAUTH2", 0, {"user=joe^auth=Bearer ^^"}, {MALFORMED}, NULL},
    {"XOAUTH2 with an old token",
     "XOAUTH2",
     0,
     {"user=joe^auth=Bearer old^^", ""},
     {CHALLENGE, REFUSED},
     "{\"status\""},
    {"XOAUTH2 that goes on",
     "XOAUTH2",
     0,
     {"user=joe^auth=Bearer old^^", "^"},
     {CHALLENGE, MALFORMED},
     "{"},
    {"OAUTHBEARER", "OAUTHBEARER", 0, {"n,a=joe,^host=x^auth=Bearer secret^^"}, {ACCEPTED}, NULL},
    {"OAUTHBEARER without its header",
     "OAUTHBEARER",
     0,
     {"user=joe^auth=Bearer secret^^"},
     {MALFORMED},
     NULL},
    {"OAUTHBEARER with the wrong answer to an error",
     "OAUTHBEARER",
     0,
     {"n,a=joe,^auth=Bearer old^^", ""},
     {CHALLENGE, MALFORMED},
     "{"},
    {"OAUTHBEARER with the right one",
     "OAUTHBEARER",
     0,
     {"n,a=joe,^auth=Bearer old^^", "^"},
     {CHALLENGE, REFUSED},
     "{"},
    {"SCRAM begins", "SCRAM-SHA-256", 0, {"n,,n=joe," NONCE}, {CHALLENGE}, NONCE},
    {"SCRAM that could bind", "SCRAM-SHA-1", 0, {"y,,n=joe," NONCE}, {CHALLENGE}, NONCE},
    {"SCRAM without a header", "SCRAM-SHA-256", 0, {"n=joe," NONCE}, {MALFORMED}, NULL},
    {"SCRAM that binds unasked",
     "SCRAM-SHA-256",
     0,
     {"p=tls-exporter,,n=joe," NONCE},
     {MALFORMED},
     NULL},
    {"SCRAM-PLUS that does not bind",
     "SCRAM-SHA-256-PLUS",
     0,
     {"n,,n=joe," NONCE},
     {MALFORMED},
     NULL},
    {"SCRAM without a name", "SCRAM-SHA-256", 0, {"n,," NONCE}, {MALFORMED}, NULL},
    {"SCRAM with a short nonce", "SCRAM-SHA-256", 0, {"n,,n=joe,r=abc"}, {MALFORMED}, NULL},
    {"SCRAM with a bad escape", "SCRAM-SHA-256", 0, {"n,,n=j=2coe," NONCE}, {MALFORMED}, NULL},
    {"SCRAM for another",
     "SCRAM-SHA-256",
     0,
     {"n,a=jim,n=joe," NONCE, ""},
     {CHALLENGE, REFUSED},
     "e=other-error"},
    {"SCRAM with another binding",
     "SCRAM-SHA-256",
     0,
     {"n,,n=joe," NONCE, "c=eSws," NONCE ",p=x", ""},
     {CHALLENGE, CHALLENGE, REFUSED},
     "e=channel-bindings-dont-match"},
    {"SCRAM with another nonce",
     "SCRAM-SHA-256",
     0,
     {"n,,n=joe," NONCE, "c=biws," NONCE ",p=x"},
     {CHALLENGE, MALFORMED},
     NULL},
    {"SCRAM without a proof",
     "SCRAM-SHA-256",
     0,
     {"n,,n=joe," NONCE, "c=biws," NONCE},
     {CHALLENGE, MALFORMED},
     NULL},
    {"SCRAM that does not take note",
     "SCRAM-SHA-256",
     0,
     {"n,a=jim,n=joe," NONCE, "x"},
     {CHALLENGE, MALFORMED},
     "e="},
};

static const int results[] = {[CHALLENGE] = MAILSUB__SASL_CHALLENGE,
                              [ACCEPTED] = MAILSUB__SASL_ACCEPTED,
                              [REFUSED] = MAILSUB__SASL_REFUSED,
                              [MALFORMED] = MAILSUB__SASL_MALFORMED};

static const mailsub__sasl_mechanism *find(const char *name)
{
    for (size_t i = 0; i < mailsub__sasl_count(); i++) {
        if (strcmp(mailsub__sasl_at(i)->name, name) == 0)
            return mailsub__sasl_at(i);
    }
    fail_msg("no %s", name);
    return NULL;
}

/* An octet behind the message that is no part of it. */
static enum mailsub__sasl_result take(mailsub__sasl_exchange *exchange, const char *text)
{
    size_t len = strlen(text);
    char *exact = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        exact[i] = text[i] == '|' ? '\0' : text[i] == '^' ? '\x01' : text[i];
    exact[len] = '\0';
    enum mailsub__sasl_result result =
        exchange->mechanism->take(exchange, mailsub__slice_of(exact, len));
    free(exact);
    return result;
}

static void answers(void **state)
{
    const struct row *row = *state;
    struct unit_heap heap = {0};
    char name[] = "joe";
    char password[] = "secret";
    mailsub__user user = {name, password};
    mailsub_testing_server server = {
        .allocator = unit_allocator(&heap), .users = &user, .n_users = 1, .flags = row->flags};
    mailsub__sasl_exchange exchange;
    mailsub__sasl_init(&exchange, &server);
    exchange.mechanism = find(row->mechanism);
    for (size_t i = 0; i < 3 && row->messages[i]; i++) {
        enum mailsub__sasl_result result = take(&exchange, row->messages[i]);
        assert_int_equal(result, results[row->want[i]]);
        if (result == MAILSUB__SASL_MALFORMED)
            assert_non_null(exchange.blame);
        if (result == MAILSUB__SASL_ACCEPTED)
            assert_ptr_equal(exchange.user, &user);
        exchange.n_messages += result == MAILSUB__SASL_CHALLENGE;
    }
    if (row->want_challenge) {
        mailsub__slice said = mailsub__buffer_slice(&exchange.challenge);
        assert_true(said.len >= strlen(row->want_challenge));
        assert_memory_equal(said.ptr, row->want_challenge, strlen(row->want_challenge));
    }
    mailsub__sasl_reset(&exchange);
    assert_int_equal(heap.n_live, 0);
}

int main(void)
{
    static struct CMUnitTest tests[60];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, answers);
    return UNIT_RUN(tests, n_tests);
}
