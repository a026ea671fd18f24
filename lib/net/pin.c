/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/pin.h"

#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <mailsub/error.h>

static int hex_value(char c)
{
    c = mailsub__ascii_lower(c);
    if (mailsub__ascii_is_digit(c))
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Colons, where there are any, stand between all octets. */
static int parse_hex(mailsub__slice text, unsigned char out[MAILSUB__PIN_LEN])
{
    size_t step = text.len == 3 * MAILSUB__PIN_LEN - 1 ? 3 : 2;
    if (step == 2 && text.len != 2 * MAILSUB__PIN_LEN)
        return MAILSUB_E_PIN;
    unsigned char pin[MAILSUB__PIN_LEN];
    for (size_t i = 0; i < MAILSUB__PIN_LEN; i++) {
        const char *at = text.ptr + i * step;
        int high = hex_value(at[0]);
        int low = hex_value(at[1]);
        if (high < 0 || low < 0 || (step == 3 && i + 1 < MAILSUB__PIN_LEN && at[2] != ':'))
            return MAILSUB_E_PIN;
        pin[i] = (unsigned char)(high << 4 | low);
    }
    memcpy(out, pin, sizeof pin);
    return MAILSUB_OK;
}

static int parse_base64(mailsub__slice text, unsigned char out[MAILSUB__PIN_LEN])
{
    /* 32 octets are 43 digits and a padding; GnuTLS passes over line ends, which have no place. */
    if (text.len != 44 || memchr(text.ptr, '\n', text.len) || memchr(text.ptr, '\r', text.len))
        return MAILSUB_E_PIN;
    gnutls_datum_t encoded = {(unsigned char *)(uintptr_t)text.ptr, (unsigned)text.len};
    gnutls_datum_t decoded;
    int result = gnutls_base64_decode2(&encoded, &decoded);
    if (result != GNUTLS_E_SUCCESS)
        return result == GNUTLS_E_MEMORY_ERROR ? MAILSUB_E_NOMEM : MAILSUB_E_PIN;
    bool is_whole = decoded.size == MAILSUB__PIN_LEN;
    if (is_whole)
        memcpy(out, decoded.data, MAILSUB__PIN_LEN);
    gnutls_free(decoded.data);
    return is_whole ? MAILSUB_OK : MAILSUB_E_PIN;
}

int mailsub__pin_parse(mailsub__slice text, unsigned char out[MAILSUB__PIN_LEN])
{
    static const char prefix[] = "sha256//";
    size_t prefix_len = sizeof prefix - 1;
    if (text.len > prefix_len && memcmp(text.ptr, prefix, prefix_len) == 0)
        return parse_base64(mailsub__slice_of(text.ptr + prefix_len, text.len - prefix_len), out);
    return parse_hex(text, out);
}

void mailsub__pin_write(const unsigned char pin[MAILSUB__PIN_LEN], char out[MAILSUB__PIN_TEXT_LEN])
{
    for (size_t i = 0; i < MAILSUB__PIN_LEN; i++)
        snprintf(out + 2 * i, 3, "%02x", pin[i]);
}

bool mailsub__pins_have_key(const mailsub__pins *pins, const unsigned char key[MAILSUB__PIN_LEN])
{
    for (size_t i = 0; i < pins->n_keys; i++) {
        if (memcmp(pins->keys[i], key, MAILSUB__PIN_LEN) == 0)
            return true;
    }
    return false;
}
