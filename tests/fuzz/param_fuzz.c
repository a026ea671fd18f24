/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariant: valid UTF-8, whatever it holds, becomes a parameter in parts of at most 75 characters,
 * printable ASCII only, that a strict reader turns back into it.
 */
#include "../codec_decode.h"
#include "fuzz.h"

#include "codec/param.h"
#include "codec/utf8.h"

static void check_param(const char *name, mailsub__slice value)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer buffer;
    mailsub__buffer_init(&buffer, &allocator, SIZE_MAX / 2);
    FUZZ_CHECK(mailsub__param_append(&buffer, name, value) == MAILSUB_OK);
    mailsub__slice text = mailsub__buffer_slice(&buffer);
    for (size_t i = 0; i < text.len; i++)
        FUZZ_CHECK(text.ptr[i] >= ' ' && text.ptr[i] <= '~');
    char *decoded = fuzz_alloc(text.len);
    FUZZ_CHECK(decode_param(text.ptr, text.len, name, decoded) == value.len);
    FUZZ_CHECK(memcmp(decoded, value.ptr, value.len) == 0);
    free(decoded);
    mailsub__buffer_deinit(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailsub__slice value = mailsub__slice_of(data, size);
    if (!mailsub__utf8_is_valid(value))
        return 0;
    check_param("n", value);
    check_param("filename", value);
    return 0;
}
