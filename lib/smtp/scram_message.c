/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's messages of SCRAM (RFC 5802 section 7), and the keys (section 3). */
#include "base/memory.h"
#include "smtp/mechanism.h"
#include "smtp/scram.h"

/* Take "x=value" and the comma behind it off the front; values have no commas. */
static bool next_attribute(mailsub__slice *rest, char *out_name, mailsub__slice *out_value)
{
    if (rest->len < 2 || !mailsub__ascii_is_alpha(rest->ptr[0]) || rest->ptr[1] != '=')
        return false;
    const char *comma = memchr(rest->ptr, ',', rest->len);
    size_t len = comma ? (size_t)(comma - rest->ptr) : rest->len;
    *out_name = rest->ptr[0];
    *out_value = mailsub__slice_of(rest->ptr + 2, len - 2);
    size_t behind = comma ? len + 1 : len;
    /* A comma announces another attribute. */
    if (comma && behind == rest->len)
        return false;
    *rest = mailsub__slice_of(rest->ptr + behind, rest->len - behind);
    return true;
}

bool mailsub__scram_read_attribute(mailsub__slice message, char name, mailsub__slice *out_value)
{
    char found;
    return next_attribute(&message, &found, out_value) && found == name;
}

/* Printable ASCII; the comma is gone already. */
static bool is_nonce(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7f)
            return false;
    }
    return text.len > 0;
}

/* A number without leading zero; what is beyond the type counts as its greatest. */
static bool read_count(mailsub__slice text, uint32_t *out)
{
    uint32_t n = 0;
    bool huge = false;
    if (text.len == 0 || text.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!mailsub__ascii_is_digit(text.ptr[i]))
            return false;
        huge = huge || __builtin_mul_overflow(n, 10u, &n) ||
               __builtin_add_overflow(n, (uint32_t)(text.ptr[i] - '0'), &n);
    }
    *out = huge ? UINT32_MAX : n;
    return true;
}

int mailsub__scram_read_first(mailsub__slice message, mailsub__scram_first *out)
{
    mailsub__scram_first first;
    mailsub__slice count;
    char name;
    if (!next_attribute(&message, &name, &first.nonce))
        return MAILSUB_E_REPLY_MALFORMED;
    if (name == 'm') /* an extension that must be known; none is */
        return MAILSUB_E_REPLY_UNEXPECTED;
    if (name != 'r' || !is_nonce(first.nonce) || !next_attribute(&message, &name, &first.salt) ||
        name != 's' || first.salt.len == 0 || !next_attribute(&message, &name, &count) ||
        name != 'i' || !read_count(count, &first.n_iterations))
        return MAILSUB_E_REPLY_MALFORMED;
    mailsub__slice value;
    while (message.len > 0) { /* extensions that may be passed over */
        if (!next_attribute(&message, &name, &value))
            return MAILSUB_E_REPLY_MALFORMED;
    }
    *out = first;
    return MAILSUB_OK;
}

int mailsub__scram_prove(const mailsub__scram_proof_input *input,
                         unsigned char out_proof[MAILSUB__MAX_DIGEST_LEN],
                         unsigned char out_signature[MAILSUB__MAX_DIGEST_LEN])
{
    static const mailsub__slice client = {"Client Key", 10};
    static const mailsub__slice server = {"Server Key", 10};
    enum mailsub__hash hash = input->hash;
    size_t len = mailsub__hash_len(hash);
    unsigned char salted[MAILSUB__MAX_DIGEST_LEN];
    unsigned char key[MAILSUB__MAX_DIGEST_LEN];
    unsigned char stored[MAILSUB__MAX_DIGEST_LEN];
    unsigned char signature[MAILSUB__MAX_DIGEST_LEN];
    int rc = mailsub__pbkdf2(hash, input->password, input->salt, input->n_iterations, salted);
    if (rc == MAILSUB_OK)
        rc = mailsub__hmac(hash, mailsub__slice_of(salted, len), client, key);
    if (rc == MAILSUB_OK)
        rc = mailsub__hash_of(hash, mailsub__slice_of(key, len), stored);
    if (rc == MAILSUB_OK)
        rc = mailsub__hmac(hash, mailsub__slice_of(stored, len), input->auth_message, signature);
    for (size_t i = 0; rc == MAILSUB_OK && i < len; i++)
        out_proof[i] = key[i] ^ signature[i];
    if (rc == MAILSUB_OK)
        rc = mailsub__hmac(hash, mailsub__slice_of(salted, len), server, key);
    if (rc == MAILSUB_OK)
        rc = mailsub__hmac(hash, mailsub__slice_of(key, len), input->auth_message, out_signature);
    mailsub__wipe(salted, sizeof salted);
    mailsub__wipe(key, sizeof key);
    mailsub__wipe(stored, sizeof stored);
    mailsub__wipe(signature, sizeof signature);
    return rc;
}
