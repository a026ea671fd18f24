/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SASLprep without its tables. Client and server must derive the same octets from what a person
 * typed, or the login fails for a reason that nobody can see.
 *
 * ASCII stands for itself, controls are forbidden. For the rest GnuTLS brings text into Unicode's
 * form NFC, and spaces to the ASCII one (RFC 8265, the successor of SASLprep); RFC 4013 wants NFKC,
 * drops some invisible characters and has rules for text from right to left. Both are the same for
 * the characters in the table below: letters without a compatibility form, which are neither
 * dropped nor forbidden, and are written from left to right. What has another character is refused
 * rather than guessed at; a mechanism that hands the password over as it is can still be used.
 *
 * Not handled, and so refused: text from right to left, ligatures and other compatibility forms,
 * combining marks that do not compose.
 */
#include "codec/saslprep.h"

#include <gnutls/gnutls.h>

#include "codec/utf8.h"

/* Ranges that NFKC leaves as NFC does, by their first and last characters; in ascending order. */
static const struct range {
    uint32_t first;
    uint32_t last;
} stable
    [] =
        {
            {0x0020, 0x007e}, /* ASCII */
            {0x00a1, 0x00a7}, /* signs of Latin-1, without those that decompose, and the soft hyphen */
            {0x00a9, 0x00a9}, {0x00ab, 0x00ac}, {0x00ae, 0x00ae},
            {0x00b0, 0x00b1}, {0x00b6, 0x00b7}, {0x00bb, 0x00bb},
            {0x00bf, 0x0131}, /* letters of western Europe */
            {0x0134, 0x013e}, /* of central Europe, without digraphs and the long s */
            {0x0141, 0x0148}, {0x014a, 0x017e}, {0x0386, 0x0386},
            {0x0388, 0x038a}, /* Greek */
            {0x038c, 0x038c}, {0x038e, 0x03a1}, {0x03a3, 0x03ce},
            {0x0400, 0x0482}, /* Cyrillic, without its combining marks */
            {0x048a, 0x052f}, {0x0531, 0x0556}, {0x10d0, 0x10f0}, /* Georgian */
            {0x1e00, 0x1e99}, /* Latin, for Vietnamese above all */
            {0x1ea0, 0x1ef9}, {0x2010, 0x2010}, {0x2012, 0x2016},
            {0x2018, 0x201f}, /* quotation marks */
            {0x2020, 0x2023}, {0x2030, 0x2032}, {0x2039, 0x203a},
            {0x20a0, 0x20a7}, /* currency, the euro among them */
            {0x20a9, 0x20b1}, {0x2117, 0x2117}, {0x3001, 0x3003},
            {0x3041, 0x3096}, /* Japanese, Chinese, Korean */
            {0x30a1, 0x30fe}, {0x4e00, 0x9fa5}, {0xac00, 0xd7a3},
};

static bool is_stable(uint32_t c)
{
    for (size_t i = 0; i < sizeof stable / sizeof stable[0]; i++) {
        if (c <= stable[i].last)
            return c >= stable[i].first;
    }
    return false;
}

static bool all_stable(mailsub__slice text)
{
    while (text.len > 0) {
        uint32_t c;
        size_t n = mailsub__utf8_decode(text, &c);
        if (!is_stable(c))
            return false;
        text = mailsub__slice_of(text.ptr + n, text.len - n);
    }
    return true;
}

/* What GnuTLS makes of text that is not ASCII alone. */
static int append_normalized(mailsub__buffer *out, mailsub__slice text)
{
    gnutls_datum_t normal = {NULL, 0};
    int rc = gnutls_utf8_password_normalize((const unsigned char *)text.ptr, (unsigned)text.len,
                                            &normal, 0);
    if (rc < 0)
        return rc == GNUTLS_E_MEMORY_ERROR ? MAILSUB_E_NOMEM : MAILSUB_E_CREDENTIALS;
    mailsub__slice slice = mailsub__slice_of(normal.data, normal.size);
    rc = all_stable(slice) ? mailsub__buffer_append_slice(out, slice) : MAILSUB_E_CREDENTIALS;
    gnutls_memset(normal.data, 0, normal.size);
    gnutls_free(normal.data);
    return rc;
}

int mailsub__saslprep_append(mailsub__buffer *out, mailsub__slice text)
{
    if (!mailsub__utf8_is_valid(text) || text.len > 64 * 1024)
        return MAILSUB_E_CREDENTIALS;
    if (!mailsub__ascii_only(text))
        return append_normalized(out, text);
    return all_stable(text) ? mailsub__buffer_append_slice(out, text) : MAILSUB_E_CREDENTIALS;
}
