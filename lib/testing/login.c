/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AUTH (RFC 4954), with and without initial response; what is said in it, see sasl.h. */
#include <stdio.h>

#include "base/memory.h"
#include "testing/connection.h"
#include "testing/syntax.h"

static bool offers(const mailsub__connection *connection, const mailsub__sasl_mechanism *mechanism)
{
    uint32_t flags = connection->server->flags;
    return (flags & mechanism->flag) &&
           (!mechanism->binds || (connection->tls && (flags & MAILSUB_TESTING_AUTH_PLUS)));
}

bool mailsub__login_is_offered(const mailsub__connection *connection)
{
    bool some = false;
    for (size_t i = 0; i < mailsub__sasl_count(); i++)
        some = some || offers(connection, mailsub__sasl_at(i));
    return some && connection->extended &&
           (connection->tls || (connection->server->flags & MAILSUB_TESTING_AUTH_CLEAR));
}

void mailsub__login_offer(mailsub__connection *connection)
{
    char line[256] = "250-AUTH";
    size_t len = strlen(line);
    for (size_t i = 0; i < mailsub__sasl_count(); i++) {
        const mailsub__sasl_mechanism *mechanism = mailsub__sasl_at(i);
        if (offers(connection, mechanism))
            len += (size_t)snprintf(line + len, sizeof line - len, " %s", mechanism->name);
    }
    len += (size_t)snprintf(line + len, sizeof line - len, "\r\n");
    mailsub__dialogue_say(connection, mailsub__slice_of(line, len));
}

void mailsub__login_reset(mailsub__connection *connection)
{
    mailsub__sasl_reset(&connection->exchange);
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

static void refuse_encoding(mailsub__connection *connection, int rc)
{
    mailsub__login_reset(connection);
    if (rc == MAILSUB_E_NOMEM)
        mailsub__dialogue_reply(connection, 454, "4.7.0", "Out of memory");
    else
        mailsub__dialogue_blame(connection, 501, "5.5.2", "Malformed base64");
}

/* 334 and the challenge in base64. */
static void say_challenge(mailsub__connection *connection, mailsub__slice challenge)
{
    gnutls_datum_t in = {(unsigned char *)(uintptr_t)challenge.ptr, (unsigned)challenge.len};
    gnutls_datum_t text = {NULL, 0};
    connection->expects = MAILSUB__EXPECT_RESPONSE;
    if (challenge.len == 0) {
        mailsub__dialogue_reply(connection, 334, NULL, "");
    } else if (gnutls_base64_encode2(&in, &text) < 0) {
        refuse_encoding(connection, MAILSUB_E_NOMEM);
    } else {
        mailsub__dialogue_reply(connection, 334, NULL, (const char *)text.data);
        gnutls_free(text.data);
    }
}

/* Act on what a message led to. */
static void decide(mailsub__connection *connection, enum mailsub__sasl_result result)
{
    mailsub__sasl_exchange *exchange = &connection->exchange;
    switch (result) {
    case MAILSUB__SASL_CHALLENGE:
        exchange->n_messages++;
        say_challenge(connection, mailsub__buffer_slice(&exchange->challenge));
        return;
    case MAILSUB__SASL_ACCEPTED:
        connection->user = exchange->user;
        mailsub__login_reset(connection);
        mailsub__dialogue_reply(connection, 235, "2.7.0", "Authentication successful");
        return;
    case MAILSUB__SASL_REFUSED:
        mailsub__login_reset(connection);
        mailsub__dialogue_reply(connection, 535, "5.7.8", "Authentication credentials invalid");
        return;
    case MAILSUB__SASL_MALFORMED:
        mailsub__login_reset(connection);
        mailsub__dialogue_blame(connection, 501, "5.5.2", exchange->blame);
        return;
    case MAILSUB__SASL_NO_MEMORY:
        break;
    }
    refuse_encoding(connection, MAILSUB_E_NOMEM);
}

static void take(mailsub__connection *connection, mailsub__slice encoded)
{
    mailsub__sasl_exchange *exchange = &connection->exchange;
    char *text = NULL;
    size_t len = 0;
    int rc = decode(connection, encoded, &text, &len);
    if (rc) {
        refuse_encoding(connection, rc);
        return;
    }
    connection->expects = MAILSUB__EXPECT_COMMAND;
    decide(connection, exchange->mechanism->take(exchange, mailsub__slice_of(text, len)));
    mailsub__wipe(text, len);
    mailsub__free(&connection->server->allocator, text);
}

static const mailsub__sasl_mechanism *find_mechanism(const mailsub__connection *connection,
                                                     mailsub__slice name)
{
    for (size_t i = 0; i < mailsub__sasl_count(); i++) {
        const mailsub__sasl_mechanism *mechanism = mailsub__sasl_at(i);
        if (offers(connection, mechanism) &&
            mailsub__slice_equal_nocase(mailsub__slice_str(mechanism->name), name))
            return mechanism;
    }
    return NULL;
}

void mailsub__login_begin(mailsub__connection *connection, mailsub__slice argument)
{
    mailsub__sasl_exchange *exchange = &connection->exchange;
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
    const mailsub__sasl_mechanism *mechanism = find_mechanism(connection, name);
    if (!mechanism) {
        mailsub__dialogue_blame(connection, 504, "5.5.4", "Mechanism not offered");
        return;
    }
    exchange->mechanism = mechanism;
    exchange->tls = connection->tls;
    if (initial.len > 0 && mechanism->server_first) {
        mailsub__login_reset(connection);
        mailsub__dialogue_blame(connection, 501, "5.5.2", "The server speaks first");
    } else if (initial.len > 0) {
        /* RFC 4954 section 4: "=" is the empty initial response. */
        bool empty = mailsub__slice_equal(initial, mailsub__slice_str("="));
        take(connection, empty ? MAILSUB__SLICE_EMPTY : initial);
    } else if (mechanism->server_first) {
        decide(connection, mechanism->take(exchange, MAILSUB__SLICE_EMPTY));
    } else {
        say_challenge(connection, mailsub__slice_str(mechanism->prompt));
    }
}

void mailsub__login_continue(mailsub__connection *connection, mailsub__slice line)
{
    if (mailsub__slice_equal(line, mailsub__slice_str("*"))) {
        mailsub__login_reset(connection);
        mailsub__dialogue_reply(connection, 501, "5.7.0", "Authentication cancelled");
        return;
    }
    take(connection, line);
}
