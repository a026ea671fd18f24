/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of parameters. Invariants: what is written is printable ASCII without space, "=" or a "+"
 * of its own, so that it can be neither another parameter nor another command; it decodes to what
 * was given; its length was told before.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#include "base/memory.h"
#include "codec/utf8.h"
#include "codec/xtext.h"

static void check_printable(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++)
        FUZZ_CHECK(text.ptr[i] > ' ' && text.ptr[i] < 0x7f && text.ptr[i] != '=');
}

static void check_octets(mailsub__buffer *out, mailsub__slice text)
{
    FUZZ_CHECK(mailsub__xtext_append(out, text) == MAILSUB_OK);
    mailsub__slice made = mailsub__buffer_slice(out);
    FUZZ_CHECK(made.len == mailsub__xtext_len(text));
    check_printable(made);
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned octet = (unsigned char)made.ptr[at];
        if (octet == '+') {
            char digits[3] = {made.ptr[at + 1], made.ptr[at + 2], '\0'};
            FUZZ_CHECK(sscanf(digits, "%2X", &octet) == 1);
            at += 2;
        }
        at++;
        FUZZ_CHECK(octet == (unsigned char)text.ptr[i]);
    }
    FUZZ_CHECK(at == made.len);
}

static void check_characters(mailsub__buffer *out, mailsub__slice text)
{
    mailsub__buffer_reset(out);
    FUZZ_CHECK(mailsub__xtext_append_utf8(out, text) == MAILSUB_OK);
    mailsub__slice made = mailsub__buffer_slice(out);
    FUZZ_CHECK(made.len == mailsub__xtext_len_utf8(text));
    check_printable(made);
    size_t at = 0;
    while (text.len > 0) {
        uint32_t want;
        size_t n = mailsub__utf8_decode(text, &want);
        text = mailsub__slice_of(text.ptr + n, text.len - n);
        unsigned have = (unsigned char)made.ptr[at];
        if (have == '\\') {
            char form[12] = "";
            size_t left = made.len - at;
            memcpy(form, made.ptr + at, left < sizeof form - 1 ? left : sizeof form - 1);
            FUZZ_CHECK(sscanf(form, "\\x{%X}", &have) == 1);
            at += (size_t)(strchr(form, '}') - form);
        }
        at++;
        FUZZ_CHECK(have == want);
    }
    FUZZ_CHECK(at == made.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub_allocator allocator;
    mailsub__buffer out;
    mailsub__slice text = mailsub__slice_of(data, size);
    if (mailsub__allocator_init(&allocator, NULL))
        return 0;
    mailsub__buffer_init(&out, &allocator, 16 * size + 16);
    check_octets(&out, text);
    if (mailsub__utf8_is_valid(text))
        check_characters(&out, text);
    mailsub__buffer_deinit(&out);
    return 0;
}
