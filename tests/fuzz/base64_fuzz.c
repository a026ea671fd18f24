/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: decode(encode(x)) == x, folded and not; the announced length is exact; where input
 * and room are cut changes nothing. What the strict decoder accepts is what the encoder makes of
 * it.
 */
#include "../codec_decode.h"
#include "fuzz_step.h"

#include "codec/base64.h"

FUZZ_STEP_ENCODE(base64)

static void check_stream(const char *in, size_t len, struct fuzz_cut cut)
{
    size_t capacity = mailsub__base64_encoded_len(len) + 1;
    char *out = fuzz_alloc(capacity);
    char *decoded = fuzz_alloc(len + 3);
    struct fuzz_cut cuts[] = {{SIZE_MAX, SIZE_MAX}, {1, 1}, cut};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        mailsub__base64 codec;
        mailsub__base64_init(&codec);
        size_t n = fuzz_encode(base64_fuzz_encode, &codec, in, len, cuts[i].piece, cuts[i].room,
                               out, capacity);
        FUZZ_CHECK(n == capacity - 1);
        FUZZ_CHECK(decode_base64_lines(out, n, decoded) == len);
        FUZZ_CHECK(memcmp(decoded, in, len) == 0);
    }
    free(out);
    free(decoded);
}

static void check_append(mailsub__slice in)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer text;
    mailsub__buffer octets;
    mailsub__buffer_init(&text, &allocator, SIZE_MAX / 2);
    mailsub__buffer_init(&octets, &allocator, SIZE_MAX / 2);
    FUZZ_CHECK(mailsub__base64_append(&text, in.ptr, in.len) == MAILSUB_OK);
    mailsub__slice encoded = mailsub__buffer_slice(&text);
    FUZZ_CHECK(mailsub__base64_append_decoded(&octets, encoded.ptr, encoded.len) == MAILSUB_OK);
    FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&octets), in));
    mailsub__buffer_deinit(&text);
    mailsub__buffer_deinit(&octets);
}

static void check_decoder(mailsub__slice text)
{
    mailsub_allocator allocator = fuzz_allocator();
    mailsub__buffer octets;
    mailsub__buffer again;
    mailsub__buffer_init(&octets, &allocator, SIZE_MAX / 2);
    mailsub__buffer_init(&again, &allocator, SIZE_MAX / 2);
    int rc = mailsub__base64_append_decoded(&octets, text.ptr, text.len);
    FUZZ_CHECK(rc == MAILSUB_OK || rc == MAILSUB_E_REPLY_MALFORMED);
    if (rc == MAILSUB_OK) {
        mailsub__slice decoded = mailsub__buffer_slice(&octets);
        FUZZ_CHECK(mailsub__base64_append(&again, decoded.ptr, decoded.len) == MAILSUB_OK);
        FUZZ_CHECK(mailsub__slice_equal(mailsub__buffer_slice(&again), text));
    } else {
        FUZZ_CHECK(octets.len == 0);
    }
    mailsub__buffer_deinit(&octets);
    mailsub__buffer_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_cut cut = fuzz_take_cut(&data, &size);
    check_stream((const char *)data, size, cut);
    check_append(mailsub__slice_of(data, size));
    check_decoder(mailsub__slice_of(data, size));
    return 0;
}
