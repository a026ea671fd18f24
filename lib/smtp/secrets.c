/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/secrets.h"

static const char blot[] = {'*', '*', '*'};

/* Some exchanges, each with several answers of 12,288 octets in two encodings. */
enum { MAX_OCTETS = 512 * 1024 };

void mailsub__secrets_init(mailsub__secrets *secrets, const mailsub_allocator *allocator)
{
    mailsub__buffer_init_secret(&secrets->octets, allocator, MAX_OCTETS);
}

void mailsub__secrets_deinit(mailsub__secrets *secrets)
{
    mailsub__buffer_deinit(&secrets->octets);
}

bool mailsub__secrets_next(const mailsub__secrets *secrets, size_t *at, mailsub__slice *out)
{
    mailsub__slice all = mailsub__buffer_slice(&secrets->octets);
    size_t len;
    if (*at >= all.len)
        return false;
    memcpy(&len, all.ptr + *at, sizeof len);
    *out = mailsub__slice_of(all.ptr + *at + sizeof len, len);
    *at += sizeof len + len;
    return true;
}

int mailsub__secrets_add(mailsub__secrets *secrets, mailsub__slice secret)
{
    mailsub__slice known;
    if (secret.len < sizeof blot)
        return MAILSUB_OK;
    for (size_t at = 0; mailsub__secrets_next(secrets, &at, &known);) {
        if (mailsub__slice_equal(known, secret))
            return MAILSUB_OK;
    }
    size_t before = secrets->octets.len;
    mailsub__buffer_append(&secrets->octets, &secret.len, sizeof secret.len);
    int rc = mailsub__buffer_append_slice(&secrets->octets, secret);
    if (rc)
        mailsub__buffer_truncate(&secrets->octets, before);
    return rc;
}

static size_t redact_one(char *text, size_t len, mailsub__slice secret)
{
    size_t at = 0;
    for (;;) {
        char *found = memmem(text + at, len - at, secret.ptr, secret.len);
        if (!found)
            return len;
        at = (size_t)(found - text);
        size_t behind = at + secret.len;
        memcpy(text + at, blot, sizeof blot);
        at += sizeof blot;
        memmove(text + at, text + behind, len - behind);
        len -= behind - at;
    }
}

size_t mailsub__secrets_redact(const mailsub__secrets *secrets, char *text, size_t len)
{
    mailsub__slice secret;
    for (size_t at = 0; mailsub__secrets_next(secrets, &at, &secret);)
        len = redact_one(text, len, secret);
    return len;
}
