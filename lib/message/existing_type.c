/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Content-Type and Content-Transfer-Encoding of existing messages and their parts, as far as it
 * has to be known what may be encoded again. What is not understood is not touched.
 */
#include <mailsub/error.h>

#include "message/existing_parts.h"

static bool is_white(char c)
{
    return c == ' ' || c == '\t';
}

static bool equals(mailsub__slice text, const char *wanted)
{
    return mailsub__slice_equal_nocase(text, mailsub__slice_str(wanted));
}

static bool begins(mailsub__slice text, const char *with)
{
    size_t n = strlen(with);
    return text.len > n && equals(mailsub__slice_of(text.ptr, n), with);
}

static mailsub__slice skip(mailsub__slice text, size_t n)
{
    return mailsub__slice_of(text.ptr + n, text.len - n);
}

static mailsub__slice skip_white(mailsub__slice text)
{
    while (text.len > 0 && is_white(text.ptr[0]))
        text = skip(text, 1);
    return text;
}

/* The word in front of parameters and comments. */
static mailsub__slice first_word(mailsub__slice value)
{
    size_t n = 0;
    while (n < value.len && !strchr(" \t;(", value.ptr[n]))
        n++;
    return mailsub__slice_of(value.ptr, n);
}

/*
 * Take a parameter's value, a token or a quoted string, from the front of rest. False: it does not
 * fit into out, or is malformed.
 */
static bool take_value(mailsub__slice *rest, char *out, size_t room)
{
    bool quoted = rest->len > 0 && rest->ptr[0] == '"';
    size_t i = quoted;
    size_t n = 0;
    for (; i < rest->len; i++) {
        char c = rest->ptr[i];
        if (quoted ? c == '"' : strchr("; \t(\"", c) != NULL)
            break;
        if (quoted && c == '\\' && ++i < rest->len)
            c = rest->ptr[i];
        if (n + 1 == room)
            return false;
        out[n++] = c;
    }
    if (quoted && i >= rest->len)
        return false;
    out[n] = '\0';
    *rest = skip(*rest, i + quoted);
    return true;
}

/*
 * Find boundary= among the parameters. With comments, a parameter twice or in pieces (RFC 2231),
 * readers do not agree on what it is: then it is none.
 */
static bool find_boundary(mailsub__slice rest, char out[MAILSUB__EXISTING_BOUNDARY_SIZE])
{
    char value[1024];
    out[0] = '\0';
    for (rest = skip_white(rest); rest.len > 0; rest = skip_white(rest)) {
        if (rest.ptr[0] != ';')
            return false;
        rest = skip_white(skip(rest, 1));
        size_t n = 0;
        while (n < rest.len && !strchr("=; \t(\"", rest.ptr[n]))
            n++;
        mailsub__slice name = mailsub__slice_of(rest.ptr, n);
        rest = skip_white(skip(rest, n));
        if (n == 0)
            continue; /* "a; ; b", and a semicolon at the end */
        if (rest.len == 0 || rest.ptr[0] != '=')
            return false;
        rest = skip_white(skip(rest, 1));
        if (!take_value(&rest, value, sizeof value) || begins(name, "boundary*"))
            return false;
        if (!equals(name, "boundary"))
            continue;
        if (out[0] != '\0' || strlen(value) >= MAILSUB__EXISTING_BOUNDARY_SIZE)
            return false;
        strcpy(out, value);
    }
    size_t len = strlen(out);
    return len > 0 && !is_white(out[len - 1]);
}

void mailsub__existing_type_read(mailsub__existing_type *type, mailsub__slice value)
{
    static const char *const sealed[] = {
        "multipart/signed",         "multipart/encrypted", "application/pkcs7-mime",
        "application/x-pkcs7-mime", "application/pgp",
    };
    mailsub__slice word = first_word(value);
    *type = (mailsub__existing_type){.kind = MAILSUB__EXISTING_DATA};
    for (size_t i = 0; i < sizeof sealed / sizeof sealed[0]; i++)
        type->is_sealed |= equals(word, sealed[i]);
    type->is_digest = equals(word, "multipart/digest");
    if (begins(word, "text/"))
        type->kind = MAILSUB__EXISTING_TEXT;
    else if (begins(word, "multipart/") || begins(word, "message/") ||
             !memchr(word.ptr, '/', word.len))
        type->kind = MAILSUB__EXISTING_PARTS;
    if (begins(word, "multipart/") && !find_boundary(skip(value, word.len), type->boundary))
        type->boundary[0] = '\0';
}

enum mailsub__existing_transfer mailsub__existing_transfer_read(mailsub__slice value)
{
    mailsub__slice word = first_word(value);
    if (equals(word, "7bit"))
        return MAILSUB__EXISTING_7BIT;
    if (equals(word, "8bit"))
        return MAILSUB__EXISTING_8BIT;
    if (equals(word, "base64"))
        return MAILSUB__EXISTING_IN_BASE64;
    return equals(word, "binary") ? MAILSUB__EXISTING_BINARY : MAILSUB__EXISTING_ENCODED;
}
