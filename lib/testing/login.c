/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AUTH (RFC 4954) with PLAIN (RFC 4616) and LOGIN, with and without initial response. */
#include "base/memory.h"
#include "testing/connection.h"
#include "testing/syntax.h"

static const char user_challenge[] = "VXNlcm5hbWU6";
static const char password_challenge[] = "UGFzc3dvcmQ6";

bool mailsub__login_is_offered(const mailsub__connection *connection)
{
    uint32_t flags = connection->server->flags;
    return connection->extended &&
           (flags & (MAILSUB_TESTING_AUTH_PLAIN | MAILSUB_TESTING_AUTH_LOGIN)) != 0 &&
           (connection->tls || (flags & MAILSUB_TESTING_AUTH_CLEAR));
}

void mailsub__login_reset(mailsub__connection *connection)
{
    if (connection->login_name)
        mailsub__wipe(connection->login_name, strlen(connection->login_name));
    mailsub__free(&connection->server->allocator, connection->login_name);
    connection->login_name = NULL;
    connection->expects = MAILSUB__EXPECT_COMMAND;
}

/* GnuTLS's decoder skips what it does not know; a correct client sends nothing of the kind. */
static bool is_base64(mailsub__slice text)
{
    size_t n_padding = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool plain =
            mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c) || c == '+' || c == '/';
        n_padding += c == '=';
        if (plain ? n_padding > 0 : c != '=')
            return false;
    }
    return text.len % 4 == 0 && n_padding <= 2;
}

/* *out is NUL-terminated besides; the caller frees it. */
static int decode(const mailsub__connection *connection, mailsub__slice text, char **out,
                  size_t *out_len)
{
    if (!is_base64(text))
        return MAILSUB_E_INVALID;
    gnutls_datum_t raw = {NULL, 0};
    char encoded[12288 + 1];
    if (text.len >= sizeof encoded)
        return MAILSUB_E_LIMIT;
    memcpy(encoded, text.ptr, text.len);
    gnutls_datum_t in = {(unsigned char *)encoded, (unsigned)text.len};
    if (text.len > 0 && gnutls_base64_decode2(&in, &raw) < 0)
        return MAILSUB_E_INVALID;
    char *copy = mailsub__alloc(&connection->server->allocator, raw.size + (size_t)1);
    if (copy) {
        memcpy(copy, raw.size > 0 ? (const char *)raw.data : "", raw.size);
        copy[raw.size] = '\0';
        *out = copy;
        *out_len = raw.size;
    }
    mailsub__wipe(raw.data, raw.size);
    mailsub__wipe(encoded, text.len);
    gnutls_free(raw.data);
    return copy ? MAILSUB_OK : MAILSUB_E_NOMEM;
}

static void give_back(const mailsub__connection *connection, char *secret, size_t len)
{
    mailsub__wipe(secret, len);
    mailsub__free(&connection->server->allocator, secret);
}

/* The last word on a login. */
static void decide(mailsub__connection *connection, const char *name, const char *password)
{
    const mailsub_testing_server *server = connection->server;
    connection->expects = MAILSUB__EXPECT_COMMAND;
    for (size_t i = 0; i < server->n_users; i++) {
        const mailsub__user *user = &server->users[i];
        if (strcmp(user->name, name) == 0 && strcmp(user->password, password) == 0) {
            connection->user = user;
            mailsub__dialogue_reply(connection, 235, "2.7.0", "Authentication successful");
            return;
        }
    }
    mailsub__dialogue_reply(connection, 535, "5.7.8", "Authentication credentials invalid");
}

static void refuse_encoding(mailsub__connection *connection, int rc)
{
    mailsub__login_reset(connection);
    if (rc == MAILSUB_E_NOMEM)
        mailsub__dialogue_reply(connection, 454, "4.7.0", "Out of memory");
    else
        mailsub__dialogue_blame(connection, 501, "5.5.2", "Malformed base64");
}

/* authzid NUL authcid NUL password; an identity to act as must be the login's own, or empty. */
static void take_plain(mailsub__connection *connection, mailsub__slice encoded)
{
    char *text = NULL;
    size_t len = 0;
    int rc = decode(connection, encoded, &text, &len);
    if (rc) {
        refuse_encoding(connection, rc);
        return;
    }
    const char *first = memchr(text, '\0', len);
    const char *second = first ? memchr(first + 1, '\0', len - (size_t)(first + 1 - text)) : NULL;
    bool complete = second && strlen(second + 1) == len - (size_t)(second + 1 - text);
    connection->expects = MAILSUB__EXPECT_COMMAND;
    if (!complete)
        mailsub__dialogue_blame(connection, 501, "5.5.2", "Malformed response to PLAIN");
    else if (*text && strcmp(text, first + 1) != 0)
        mailsub__dialogue_reply(connection, 535, "5.7.8", "Not allowed to act for another");
    else
        decide(connection, first + 1, second + 1);
    give_back(connection, text, len);
}

static void take_login_user(mailsub__connection *connection, mailsub__slice encoded)
{
    size_t len = 0;
    int rc = decode(connection, encoded, &connection->login_name, &len);
    if (rc) {
        refuse_encoding(connection, rc);
        return;
    }
    connection->expects = MAILSUB__EXPECT_LOGIN_PASSWORD;
    mailsub__dialogue_reply(connection, 334, NULL, password_challenge);
}

static void take_login_password(mailsub__connection *connection, mailsub__slice encoded)
{
    char *password = NULL;
    size_t len = 0;
    int rc = decode(connection, encoded, &password, &len);
    if (rc) {
        refuse_encoding(connection, rc);
        return;
    }
    decide(connection, connection->login_name, password);
    give_back(connection, password, len);
    mailsub__login_reset(connection);
}

static const struct mechanism {
    const char *name;
    uint32_t flag;
    enum mailsub__expectation expects;
    const char *challenge;
    void (*take)(mailsub__connection *connection, mailsub__slice encoded);
} mechanisms[] = {
    {"PLAIN", MAILSUB_TESTING_AUTH_PLAIN, MAILSUB__EXPECT_PLAIN, "", take_plain},
    {"LOGIN", MAILSUB_TESTING_AUTH_LOGIN, MAILSUB__EXPECT_LOGIN_USER, user_challenge,
     take_login_user},
};

static const struct mechanism *find_mechanism(const mailsub__connection *connection,
                                              mailsub__slice name)
{
    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
        const struct mechanism *mechanism = &mechanisms[i];
        if ((connection->server->flags & mechanism->flag) &&
            mailsub__slice_equal_nocase(mailsub__slice_str(mechanism->name), name))
            return mechanism;
    }
    return NULL;
}

void mailsub__login_begin(mailsub__connection *connection, mailsub__slice argument)
{
    mailsub__slice name;
    mailsub__slice initial = argument;
    if (!mailsub__login_is_offered(connection)) {
        mailsub__dialogue_blame(connection, 503, "5.5.1", "AUTH is not offered");
        return;
    }
    if (connection->user || connection->mail) {
        mailsub__dialogue_blame(connection, 503, "5.5.1", "Not now");
        return;
    }
    mailsub__syntax_next_word(&initial, &name);
    const struct mechanism *mechanism = find_mechanism(connection, name);
    if (!mechanism) {
        mailsub__dialogue_blame(connection, 504, "5.5.4", "Mechanism not offered");
        return;
    }
    if (initial.len > 0) {
        /* RFC 4954 section 4: "=" is the empty initial response. */
        bool empty = mailsub__slice_equal(initial, mailsub__slice_str("="));
        mechanism->take(connection, empty ? MAILSUB__SLICE_EMPTY : initial);
        return;
    }
    connection->expects = mechanism->expects;
    mailsub__dialogue_reply(connection, 334, NULL, mechanism->challenge);
}

void mailsub__login_continue(mailsub__connection *connection, mailsub__slice line)
{
    enum mailsub__expectation expects = connection->expects;
    if (mailsub__slice_equal(line, mailsub__slice_str("*"))) {
        mailsub__login_reset(connection);
        mailsub__dialogue_reply(connection, 501, "5.7.0", "Authentication cancelled");
    } else if (expects == MAILSUB__EXPECT_PLAIN) {
        take_plain(connection, line);
    } else if (expects == MAILSUB__EXPECT_LOGIN_USER) {
        take_login_user(connection, line);
    } else {
        take_login_password(connection, line);
    }
}
