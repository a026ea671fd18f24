/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CRAM-MD5 (RFC 2195): user, and the challenge keyed with the password, in hexadecimal digits. It
 * proves nothing about the server, and whoever reads the exchange can guess passwords at MD5's
 * speed: used only where the config names it.
 */
#include "base/crypto.h"
#include "base/memory.h"
#include "smtp/mechanism.h"

int mailsub__cram_md5_step(mailsub_login *login, mailsub__slice challenge)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char digest[MAILSUB__MAX_DIGEST_LEN];
    char digits[2 * MAILSUB__MAX_DIGEST_LEN];
    if (login->n_answers > 0 || challenge.len == 0)
        return MAILSUB_E_REPLY_UNEXPECTED;
    if (login->authorization[0] != '\0')
        return MAILSUB_E_CREDENTIALS;
    size_t len = mailsub__hash_len(MAILSUB__MD5);
    int rc = mailsub__hmac(MAILSUB__MD5, mailsub__buffer_slice(&login->credentials->password),
                           challenge, digest);
    if (rc)
        return rc;
    for (size_t i = 0; i < len; i++) {
        digits[2 * i] = hex[digest[i] >> 4];
        digits[2 * i + 1] = hex[digest[i] & 15];
    }
    rc = mailsub__secrets_add(login->secrets, mailsub__slice_of(digits, 2 * len));
    mailsub__buffer_append_slice(&login->answer, mailsub__buffer_slice(&login->credentials->user));
    mailsub__buffer_append_char(&login->answer, ' ');
    int appended = mailsub__buffer_append(&login->answer, digits, 2 * len);
    mailsub__wipe(digest, sizeof digest);
    mailsub__wipe(digits, sizeof digits);
    return rc ? rc : appended;
}
