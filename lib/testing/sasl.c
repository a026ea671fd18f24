/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mechanisms of the fake server but SCRAM. A token is a user's password. */
#include "testing/sasl.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/crypto.h"
#include "base/memory.h"

enum { MAX_TEXT = 64 * 1024 };

void mailsub__sasl_init(mailsub__sasl_exchange *exchange, const mailsub_testing_server *server)
{
    *exchange = (mailsub__sasl_exchange){.server = server};
    mailsub__buffer_init_secret(&exchange->challenge, &server->allocator, MAX_TEXT);
    mailsub__buffer_init_secret(&exchange->name, &server->allocator, MAX_TEXT);
    mailsub__buffer_init_secret(&exchange->text, &server->allocator, MAX_TEXT);
    mailsub__buffer_init_secret(&exchange->nonce, &server->allocator, MAX_TEXT);
    mailsub__buffer_init_secret(&exchange->bound, &server->allocator, MAX_TEXT);
}

void mailsub__sasl_reset(mailsub__sasl_exchange *exchange)
{
    mailsub__buffer_deinit(&exchange->challenge);
    mailsub__buffer_deinit(&exchange->name);
    mailsub__buffer_deinit(&exchange->text);
    mailsub__buffer_deinit(&exchange->nonce);
    mailsub__buffer_deinit(&exchange->bound);
    exchange->mechanism = NULL;
    exchange->user = NULL;
    exchange->n_messages = 0;
    exchange->failed = false;
}

const mailsub__user *mailsub__sasl_find_user(const mailsub_testing_server *server,
                                             mailsub__slice name)
{
    for (size_t i = 0; i < server->n_users; i++) {
        if (mailsub__slice_equal(mailsub__slice_str(server->users[i].name), name))
            return &server->users[i];
    }
    return NULL;
}

static enum mailsub__sasl_result malformed(mailsub__sasl_exchange *exchange, const char *blame)
{
    exchange->blame = blame;
    return MAILSUB__SASL_MALFORMED;
}

static enum mailsub__sasl_result decide(mailsub__sasl_exchange *exchange, mailsub__slice name,
                                        mailsub__slice password)
{
    exchange->user = mailsub__sasl_find_user(exchange->server, name);
    bool right = exchange->user &&
                 mailsub__slice_equal(mailsub__slice_str(exchange->user->password), password);
    return right ? MAILSUB__SASL_ACCEPTED : MAILSUB__SASL_REFUSED;
}

/* Up to the first octet c in text; what is behind it is left in *text. False: there is none. */
static bool cut(mailsub__slice *text, char c, mailsub__slice *out)
{
    const char *end = text->len > 0 ? memchr(text->ptr, c, text->len) : NULL;
    if (!end)
        return false;
    size_t len = (size_t)(end - text->ptr);
    *out = mailsub__slice_of(text->ptr, len);
    *text = mailsub__slice_of(end + 1, text->len - len - 1);
    return true;
}

static bool cut_front(mailsub__slice *text, const char *front)
{
    size_t len = strlen(front);
    if (text->len < len || memcmp(text->ptr, front, len) != 0)
        return false;
    *text = mailsub__slice_of(text->ptr + len, text->len - len);
    return true;
}

/* authzid NUL authcid NUL password; an identity to act as must be the login's own, or empty. */
static enum mailsub__sasl_result take_plain(mailsub__sasl_exchange *exchange,
                                            mailsub__slice message)
{
    mailsub__slice identity;
    mailsub__slice name;
    if (!cut(&message, '\0', &identity) || !cut(&message, '\0', &name) ||
        memchr(message.ptr, '\0', message.len))
        return malformed(exchange, "Malformed response to PLAIN");
    if (identity.len > 0 && !mailsub__slice_equal(identity, name))
        return MAILSUB__SASL_REFUSED;
    return decide(exchange, name, message);
}

static enum mailsub__sasl_result challenge(mailsub__sasl_exchange *exchange, const char *text)
{
    mailsub__buffer_reset(&exchange->challenge);
    return mailsub__buffer_append_str(&exchange->challenge, text) ? MAILSUB__SASL_NO_MEMORY
                                                                  : MAILSUB__SASL_CHALLENGE;
}

static enum mailsub__sasl_result take_login(mailsub__sasl_exchange *exchange,
                                            mailsub__slice message)
{
    if (exchange->n_messages > 0)
        return decide(exchange, mailsub__buffer_slice(&exchange->name), message);
    if (mailsub__buffer_append_slice(&exchange->name, message))
        return MAILSUB__SASL_NO_MEMORY;
    return challenge(exchange, "Password:");
}

/* As if TLS had shown a certificate: of the user who is named, or of the first one. */
static enum mailsub__sasl_result take_external(mailsub__sasl_exchange *exchange,
                                               mailsub__slice message)
{
    const mailsub_testing_server *server = exchange->server;
    exchange->user = message.len > 0       ? mailsub__sasl_find_user(server, message)
                     : server->n_users > 0 ? &server->users[0]
                                           : NULL;
    return exchange->user ? MAILSUB__SASL_ACCEPTED : MAILSUB__SASL_REFUSED;
}

/* ---- CRAM-MD5 ---- */

static enum mailsub__sasl_result say_riddle(mailsub__sasl_exchange *exchange)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char octets[8];
    if (gnutls_rnd(GNUTLS_RND_NONCE, octets, sizeof octets) < 0)
        return MAILSUB__SASL_NO_MEMORY;
    mailsub__buffer_append_char(&exchange->challenge, '<');
    for (size_t i = 0; i < sizeof octets; i++) {
        mailsub__buffer_append_char(&exchange->challenge, hex[octets[i] >> 4]);
        mailsub__buffer_append_char(&exchange->challenge, hex[octets[i] & 15]);
    }
    return mailsub__buffer_append_str(&exchange->challenge, "@localhost>")
               ? MAILSUB__SASL_NO_MEMORY
               : MAILSUB__SASL_CHALLENGE;
}

static bool is_digest(const unsigned char *digest, size_t len, mailsub__slice digits)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; digits.len == 2 * len && i < len; i++) {
        if (digits.ptr[2 * i] != hex[digest[i] >> 4] ||
            digits.ptr[2 * i + 1] != hex[digest[i] & 15])
            return false;
    }
    return digits.len == 2 * len;
}

/* "user digest"; the name may have spaces. */
static enum mailsub__sasl_result take_cram_md5(mailsub__sasl_exchange *exchange,
                                               mailsub__slice message)
{
    unsigned char digest[MAILSUB__MAX_DIGEST_LEN];
    if (exchange->n_messages == 0)
        return say_riddle(exchange);
    const char *space = message.len > 0 ? memrchr(message.ptr, ' ', message.len) : NULL;
    if (!space)
        return malformed(exchange, "Malformed response to CRAM-MD5");
    size_t len = (size_t)(space - message.ptr);
    exchange->user = mailsub__sasl_find_user(exchange->server, mailsub__slice_of(message.ptr, len));
    if (!exchange->user)
        return MAILSUB__SASL_REFUSED;
    if (mailsub__hmac(MAILSUB__MD5, mailsub__slice_str(exchange->user->password),
                      mailsub__buffer_slice(&exchange->challenge), digest))
        return MAILSUB__SASL_NO_MEMORY;
    return is_digest(digest, mailsub__hash_len(MAILSUB__MD5),
                     mailsub__slice_of(space + 1, message.len - len - 1))
               ? MAILSUB__SASL_ACCEPTED
               : MAILSUB__SASL_REFUSED;
}

/* ---- tokens ---- */

/* Say why, and refuse when the client has taken note (RFC 7628 section 3.2.3). */
static enum mailsub__sasl_result weigh_token(mailsub__sasl_exchange *exchange, mailsub__slice name,
                                             mailsub__slice token)
{
    if (decide(exchange, name, token) == MAILSUB__SASL_ACCEPTED)
        return MAILSUB__SASL_ACCEPTED;
    exchange->failed = true;
    return challenge(exchange, "{\"status\":\"invalid_token\",\"schemes\":\"bearer\"}");
}

/* "auth=Bearer " token ^A ^A at the end, behind other fields. */
static bool cut_token(mailsub__slice fields, mailsub__slice *out_token)
{
    mailsub__slice field;
    while (cut(&fields, '\x01', &field) && field.len > 0) {
        if (!cut_front(&field, "auth=Bearer "))
            continue;
        *out_token = field;
        return fields.len == 1 && fields.ptr[0] == '\x01' && field.len > 0;
    }
    return false;
}

static enum mailsub__sasl_result take_xoauth2(mailsub__sasl_exchange *exchange,
                                              mailsub__slice message)
{
    mailsub__slice name;
    mailsub__slice token;
    if (exchange->failed)
        return message.len == 0 ? MAILSUB__SASL_REFUSED
                                : malformed(exchange, "Not the empty answer to an error");
    if (!cut_front(&message, "user=") || !cut(&message, '\x01', &name) ||
        !cut_token(message, &token))
        return malformed(exchange, "Malformed response to XOAUTH2");
    return weigh_token(exchange, name, token);
}

/* Names in these tests need no escapes. */
static enum mailsub__sasl_result take_oauthbearer(mailsub__sasl_exchange *exchange,
                                                  mailsub__slice message)
{
    mailsub__slice name;
    mailsub__slice token;
    if (exchange->failed)
        return message.len == 1 && message.ptr[0] == '\x01'
                   ? MAILSUB__SASL_REFUSED
                   : malformed(exchange, "Not the answer ^A to an error");
    if (!cut_front(&message, "n,a=") || !cut(&message, ',', &name) ||
        !cut_front(&message, "\x01") || !cut_token(message, &token))
        return malformed(exchange, "Malformed response to OAUTHBEARER");
    return weigh_token(exchange, name, token);
}

/* ---- the table ---- */

/* clang-format off */
static const mailsub__sasl_mechanism mechanisms[] = {
    {"PLAIN", MAILSUB_TESTING_AUTH_PLAIN, false, false, "", take_plain},
    {"LOGIN", MAILSUB_TESTING_AUTH_LOGIN, false, false, "Username:", take_login},
    {"SCRAM-SHA-256-PLUS", MAILSUB_TESTING_AUTH_SCRAM_SHA_256, true, false, "",
     mailsub__sasl_scram_sha256},
    {"SCRAM-SHA-256", MAILSUB_TESTING_AUTH_SCRAM_SHA_256, false, false, "",
     mailsub__sasl_scram_sha256},
    {"SCRAM-SHA-1-PLUS", MAILSUB_TESTING_AUTH_SCRAM_SHA_1, true, false, "",
     mailsub__sasl_scram_sha1},
    {"SCRAM-SHA-1", MAILSUB_TESTING_AUTH_SCRAM_SHA_1, false, false, "", mailsub__sasl_scram_sha1},
    {"OAUTHBEARER", MAILSUB_TESTING_AUTH_OAUTHBEARER, false, false, "", take_oauthbearer},
    {"XOAUTH2", MAILSUB_TESTING_AUTH_XOAUTH2, false, false, "", take_xoauth2},
    {"CRAM-MD5", MAILSUB_TESTING_AUTH_CRAM_MD5, false, true, "", take_cram_md5},
    {"EXTERNAL", MAILSUB_TESTING_AUTH_EXTERNAL, false, false, "", take_external},
};
/* clang-format on */

size_t mailsub__sasl_count(void)
{
    return sizeof mechanisms / sizeof mechanisms[0];
}

const mailsub__sasl_mechanism *mailsub__sasl_at(size_t i)
{
    return &mechanisms[i];
}
