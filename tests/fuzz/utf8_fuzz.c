/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: whole and piecewise checks agree; valid text decodes into characters whose only
 * encodings, joined, are the text again.
 */
#include <string.h>

#include "fuzz.h"

#include "codec/utf8.h"

/* The one encoding of c, from the table of RFC 3629 section 3. */
static size_t encode(uint32_t c, char out[4])
{
    size_t n_tails = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n_tails; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n_tails] | c);
    return n_tails + 1;
}

static void check_characters(mailsub__slice text)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t c;
        char again[4];
        size_t len = mailsub__utf8_decode(mailsub__slice_of(text.ptr + at, text.len - at), &c);
        FUZZ_CHECK(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
        FUZZ_CHECK(encode(c, again) == len);
        FUZZ_CHECK(memcmp(again, text.ptr + at, len) == 0);
        at += len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__slice text = mailsub__slice_of(data, size);
    bool valid = mailsub__utf8_is_valid(text);
    for (size_t piece = 1; piece <= 9; piece++) {
        mailsub__utf8 check;
        mailsub__utf8_init(&check);
        for (size_t at = 0; at < size; at += piece)
            mailsub__utf8_feed(&check, text.ptr + at, size - at < piece ? size - at : piece);
        FUZZ_CHECK(mailsub__utf8_finish(&check) == valid);
    }
    FUZZ_CHECK(valid || !mailsub__ascii_only(text));
    if (valid)
        check_characters(text);
    return 0;
}
