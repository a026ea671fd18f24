/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line is told to the log when it comes, before it is known what the next one will be, so pieces
 * are blotted out on suspicion: the end of a line that is the beginning of a secret, the beginning
 * of one that is the end, and a line that is nothing but the middle. A piece counts from three
 * octets on, or from half of a shorter secret, so that of two pieces the longer one always does.
 *
 * Not handled: a server that spells a secret in pieces of one or two octets a line.
 */
#include "smtp/redact.h"

static const char blot[] = {'*', '*', '*'};

static size_t least_piece(mailsub__slice secret)
{
    size_t half = (secret.len + 1) / 2;
    return half < sizeof blot ? half : sizeof blot;
}

/* Octets at the end of text that begin a secret. */
static size_t begun_secret(const mailsub__secrets *secrets, mailsub__slice text)
{
    size_t longest = 0;
    mailsub__slice secret;
    for (size_t at = 0; mailsub__secrets_next(secrets, &at, &secret);) {
        size_t n = secret.len - 1 < text.len ? secret.len - 1 : text.len;
        for (; n >= least_piece(secret) && n > longest; n--) {
            if (memcmp(text.ptr + text.len - n, secret.ptr, n) == 0)
                longest = n;
        }
    }
    return longest;
}

/* Octets at the start of text that end a secret. */
static size_t ended_secret(const mailsub__secrets *secrets, mailsub__slice text)
{
    size_t longest = 0;
    mailsub__slice secret;
    for (size_t at = 0; mailsub__secrets_next(secrets, &at, &secret);) {
        size_t n = secret.len - 1 < text.len ? secret.len - 1 : text.len;
        for (; n >= least_piece(secret) && n > longest; n--) {
            if (memcmp(text.ptr, secret.ptr + secret.len - n, n) == 0)
                longest = n;
        }
    }
    return longest;
}

/* Is all of text a piece from within a secret? */
static bool is_middle(const mailsub__secrets *secrets, mailsub__slice text)
{
    mailsub__slice secret;
    for (size_t at = 0; mailsub__secrets_next(secrets, &at, &secret);) {
        if (text.len >= least_piece(secret) &&
            memmem(secret.ptr, secret.len, text.ptr, text.len) != NULL)
            return true;
    }
    return false;
}

/* Replace n octets at at; the new length. */
static size_t blot_out(char *text, size_t len, size_t at, size_t n)
{
    memmove(text + at + sizeof blot, text + at + n, len - at - n);
    memcpy(text + at, blot, sizeof blot);
    return len - n + sizeof blot;
}

size_t mailsub__redact_edges(const mailsub__secrets *secrets, char *text, size_t len, bool begun,
                             bool goes_on)
{
    /* Spaces at the edges fall away when the lines are joined. */
    size_t start = 0;
    while (start < len && text[start] == ' ')
        start++;
    size_t end = len;
    while (end > start && text[end - 1] == ' ')
        end--;
    mailsub__slice inner = mailsub__slice_of(text + start, end - start);
    if (begun && goes_on && is_middle(secrets, inner))
        return blot_out(text, len, start, inner.len);
    size_t n = goes_on ? begun_secret(secrets, inner) : 0;
    if (n > 0) {
        len = blot_out(text, len, end - n, n);
        inner.len -= n;
    }
    n = begun ? ended_secret(secrets, inner) : 0;
    return n > 0 ? blot_out(text, len, start, n) : len;
}
