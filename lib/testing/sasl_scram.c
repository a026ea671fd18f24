/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SCRAM (RFC 5802, RFC 7677) from the server's side, with and without channel binding. The salt is
 * the same for all users; a password is never prepared, so tests use ASCII.
 */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/crypto.h"
#include "base/memory.h"
#include "testing/sasl.h"

#define ITERATIONS 4096
static const char salt[] = "libmailsub-salt";

static enum mailsub__sasl_result malformed(mailsub__sasl_exchange *exchange, const char *blame)
{
    exchange->blame = blame;
    return MAILSUB__SASL_MALFORMED;
}

static int append_base64(mailsub__buffer *out, const void *data, size_t len)
{
    gnutls_datum_t in = {(unsigned char *)(uintptr_t)data, (unsigned)len};
    gnutls_datum_t text = {NULL, 0};
    if (gnutls_base64_encode2(&in, &text) < 0)
        return MAILSUB_E_NOMEM;
    int rc = mailsub__buffer_append(out, text.data, text.size);
    gnutls_free(text.data);
    return rc;
}

/* The channel binding of this connection. False: it has none of this type. */
static bool append_binding(mailsub__sasl_exchange *exchange, mailsub__slice type)
{
    gnutls_session_t tls = exchange->tls;
    bool is_new = gnutls_protocol_get_version(tls) >= GNUTLS_TLS1_3;
    gnutls_datum_t data = {NULL, 0};
    if (!mailsub__slice_equal(type, mailsub__slice_str(is_new ? "tls-exporter" : "tls-unique")) ||
        gnutls_session_channel_binding(tls, is_new ? GNUTLS_CB_TLS_EXPORTER : GNUTLS_CB_TLS_UNIQUE,
                                       &data) < 0)
        return false;
    int rc = mailsub__buffer_append(&exchange->bound, data.data, data.size);
    gnutls_free(data.data);
    return rc == MAILSUB_OK;
}

/* "x=value" and a comma, if there is one. */
static bool cut_attribute(mailsub__slice *rest, char name, mailsub__slice *out)
{
    if (rest->len < 2 || rest->ptr[0] != name || rest->ptr[1] != '=')
        return false;
    const char *comma = memchr(rest->ptr, ',', rest->len);
    size_t len = comma ? (size_t)(comma - rest->ptr) : rest->len;
    size_t behind = comma ? len + 1 : len;
    *out = mailsub__slice_of(rest->ptr + 2, len - 2);
    *rest = mailsub__slice_of(rest->ptr + behind, rest->len - behind);
    return true;
}

/* =2C and =3D; false: another escape. */
static bool append_name(mailsub__buffer *out, mailsub__slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '=') {
            if (name.len - i < 3)
                return false;
            bool comma = memcmp(name.ptr + i, "=2C", 3) == 0;
            if (!comma && memcmp(name.ptr + i, "=3D", 3) != 0)
                return false;
            c = comma ? ',' : '=';
            i += 2;
        }
        mailsub__buffer_append_char(out, c);
    }
    return true;
}

static enum mailsub__sasl_result say_error(mailsub__sasl_exchange *exchange, const char *error)
{
    exchange->failed = true;
    mailsub__buffer_reset(&exchange->challenge);
    mailsub__buffer_append_str(&exchange->challenge, "e=");
    return mailsub__buffer_append_str(&exchange->challenge, error) ? MAILSUB__SASL_NO_MEMORY
                                                                   : MAILSUB__SASL_CHALLENGE;
}

/* The header: whether the client binds, and to what. error: what the client is told; NULL. */
static bool take_header(mailsub__sasl_exchange *exchange, mailsub__slice *message,
                        const char **error)
{
    mailsub__slice whole = *message;
    mailsub__slice type = MAILSUB__SLICE_EMPTY;
    mailsub__slice identity;
    bool binds = exchange->mechanism->binds;
    char flag = message->len > 1 ? message->ptr[0] : '\0';
    if (flag == 'p' ? !cut_attribute(message, 'p', &type)
                    : (flag != 'n' && flag != 'y') || message->ptr[1] != ',')
        return false;
    if (flag != 'p')
        *message = mailsub__slice_of(message->ptr + 2, message->len - 2);
    if (binds != (flag == 'p'))
        return false;
    if (cut_attribute(message, 'a', &identity))
        *error = "other-error"; /* nobody may act for another */
    else if (message->len > 0 && message->ptr[0] == ',')
        *message = mailsub__slice_of(message->ptr + 1, message->len - 1);
    else
        return false;
    mailsub__buffer_append(&exchange->bound, whole.ptr, whole.len - message->len);
    if (flag == 'y' && exchange->tls && (exchange->server->flags & MAILSUB_TESTING_AUTH_PLUS))
        *error = "server-does-support-channel-binding";
    else if (binds && !append_binding(exchange, type))
        *error = "unsupported-channel-binding-type";
    return true;
}

static enum mailsub__sasl_result take_first(mailsub__sasl_exchange *exchange,
                                            mailsub__slice message)
{
    mailsub__slice name;
    mailsub__slice nonce;
    unsigned char octets[18];
    const char *error = NULL;
    if (!take_header(exchange, &message, &error))
        return malformed(exchange, "Malformed header of SCRAM");
    mailsub__slice bare = message;
    if (!cut_attribute(&message, 'n', &name) || !cut_attribute(&message, 'r', &nonce) ||
        nonce.len < 16 || !append_name(&exchange->name, name))
        return malformed(exchange, "Malformed first message of SCRAM");
    if (error)
        return say_error(exchange, error);
    if (gnutls_rnd(GNUTLS_RND_NONCE, octets, sizeof octets) < 0)
        return MAILSUB__SASL_NO_MEMORY;
    mailsub__buffer_append_slice(&exchange->nonce, nonce);
    append_base64(&exchange->nonce, octets, sizeof octets);
    mailsub__buffer *out = &exchange->challenge;
    mailsub__buffer_append_str(out, "r=");
    mailsub__buffer_append_slice(out, mailsub__buffer_slice(&exchange->nonce));
    mailsub__buffer_append_str(out, ",s=");
    append_base64(out, salt, sizeof salt - 1);
    mailsub__buffer_append_str(out, ",i=");
    mailsub__buffer_append_uint(out, ITERATIONS);
    mailsub__buffer_append_slice(&exchange->text, bare);
    mailsub__buffer_append_char(&exchange->text, ',');
    mailsub__buffer_append_slice(&exchange->text, mailsub__buffer_slice(out));
    mailsub__buffer_append_char(&exchange->text, ',');
    return exchange->nonce.error || out->error || exchange->text.error || exchange->bound.error
               ? MAILSUB__SASL_NO_MEMORY
               : MAILSUB__SASL_CHALLENGE;
}

/* Does the text in base64 stand for these octets? */
static bool stands_for(mailsub__sasl_exchange *exchange, mailsub__slice text, const void *data,
                       size_t len)
{
    mailsub__buffer wanted;
    mailsub__buffer_init_secret(&wanted, &exchange->server->allocator, 4096);
    bool same = append_base64(&wanted, data, len) == MAILSUB_OK &&
                mailsub__slice_equal(text, mailsub__buffer_slice(&wanted));
    mailsub__buffer_deinit(&wanted);
    return same;
}

/* What the client has to prove, and what this side proves to it. */
static int prove(mailsub__sasl_exchange *exchange, enum mailsub__hash hash, unsigned char *proof,
                 unsigned char *signature)
{
    size_t len = mailsub__hash_len(hash);
    mailsub__slice message = mailsub__buffer_slice(&exchange->text);
    unsigned char salted[MAILSUB__MAX_DIGEST_LEN];
    unsigned char key[MAILSUB__MAX_DIGEST_LEN];
    unsigned char stored[MAILSUB__MAX_DIGEST_LEN];
    int rc = mailsub__pbkdf2(hash, mailsub__slice_str(exchange->user->password),
                             mailsub__slice_of(salt, sizeof salt - 1), ITERATIONS, salted);
    mailsub__slice salted_key = mailsub__slice_of(salted, len);
    if (!rc)
        rc = mailsub__hmac(hash, salted_key, mailsub__slice_str("Server Key"), key);
    if (!rc)
        rc = mailsub__hmac(hash, mailsub__slice_of(key, len), message, signature);
    if (!rc)
        rc = mailsub__hmac(hash, salted_key, mailsub__slice_str("Client Key"), key);
    if (!rc)
        rc = mailsub__hash_of(hash, mailsub__slice_of(key, len), stored);
    if (!rc)
        rc = mailsub__hmac(hash, mailsub__slice_of(stored, len), message, proof);
    for (size_t i = 0; !rc && i < len; i++)
        proof[i] ^= key[i];
    mailsub__wipe(salted, sizeof salted);
    mailsub__wipe(key, sizeof key);
    return rc;
}

static enum mailsub__sasl_result take_final(mailsub__sasl_exchange *exchange,
                                            mailsub__slice message, enum mailsub__hash hash)
{
    unsigned char proof[MAILSUB__MAX_DIGEST_LEN];
    unsigned char signature[MAILSUB__MAX_DIGEST_LEN];
    mailsub__slice rest = message;
    mailsub__slice bound;
    mailsub__slice nonce;
    mailsub__slice shown;
    if (!cut_attribute(&rest, 'c', &bound) || !cut_attribute(&rest, 'r', &nonce) ||
        !cut_attribute(&rest, 'p', &shown) || rest.len > 0)
        return malformed(exchange, "Malformed final message of SCRAM");
    mailsub__slice wanted = mailsub__buffer_slice(&exchange->bound);
    if (!stands_for(exchange, bound, wanted.ptr, wanted.len))
        return say_error(exchange, "channel-bindings-dont-match");
    if (!mailsub__slice_equal(nonce, mailsub__buffer_slice(&exchange->nonce)))
        return malformed(exchange, "Another nonce than the server's");
    exchange->user =
        mailsub__sasl_find_user(exchange->server, mailsub__buffer_slice(&exchange->name));
    if (!exchange->user)
        return MAILSUB__SASL_REFUSED;
    mailsub__buffer_append(&exchange->text, message.ptr, message.len - shown.len - 3);
    if (exchange->text.error || prove(exchange, hash, proof, signature))
        return MAILSUB__SASL_NO_MEMORY;
    if (!stands_for(exchange, shown, proof, mailsub__hash_len(hash)))
        return MAILSUB__SASL_REFUSED;
    mailsub__buffer_reset(&exchange->challenge);
    mailsub__buffer_append_str(&exchange->challenge, "v=");
    return append_base64(&exchange->challenge, signature, mailsub__hash_len(hash))
               ? MAILSUB__SASL_NO_MEMORY
               : MAILSUB__SASL_CHALLENGE;
}

static enum mailsub__sasl_result take(mailsub__sasl_exchange *exchange, mailsub__slice message,
                                      enum mailsub__hash hash)
{
    bool last = exchange->failed || exchange->n_messages > 1;
    if (last && message.len > 0)
        return malformed(exchange, "Not the empty answer to the last message");
    if (last)
        return exchange->failed ? MAILSUB__SASL_REFUSED : MAILSUB__SASL_ACCEPTED;
    return exchange->n_messages == 0 ? take_first(exchange, message)
                                     : take_final(exchange, message, hash);
}

enum mailsub__sasl_result mailsub__sasl_scram_sha1(mailsub__sasl_exchange *exchange,
                                                   mailsub__slice message)
{
    return take(exchange, message, MAILSUB__SHA1);
}

enum mailsub__sasl_result mailsub__sasl_scram_sha256(mailsub__sasl_exchange *exchange,
                                                     mailsub__slice message)
{
    return take(exchange, message, MAILSUB__SHA256);
}
