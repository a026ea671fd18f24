/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants of reading transfer encodings: where the input is cut changes nothing, no more is
 * written than there is room for, and what our own encoders have made comes back.
 */
#include "fuzz_step.h"

#include "codec/base64.h"
#include "codec/transfer.h"

FUZZ_STEP_ENCODE(base64)

static size_t decode(enum mailsub__transfer_coding coding, mailsub__slice in, size_t piece,
                     char *out)
{
    mailsub__transfer codec;
    size_t n = 0;
    mailsub__transfer_init(&codec, coding);
    while (in.len > 0) {
        size_t len = in.len < piece ? in.len : piece;
        char *exact = fuzz_alloc(len + 2);
        size_t got = mailsub__transfer_decode(&codec, mailsub__slice_of(in.ptr, len), exact);
        FUZZ_CHECK(got <= len + 2);
        memcpy(out + n, exact, got);
        free(exact);
        n += got;
        in = mailsub__slice_of(in.ptr + len, in.len - len);
    }
    return n + mailsub__transfer_finish(&codec, out + n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum mailsub__transfer_coding coding = data[0] % 3;
    size_t piece = data[1] % 32 + 1u;
    mailsub__slice in = mailsub__slice_of(data + 2, size - 2);
    char *whole = fuzz_alloc(in.len + 2);
    char *pieces = fuzz_alloc(in.len + 2);
    size_t n = decode(coding, in, in.len + 1, whole);
    FUZZ_CHECK(n <= in.len && decode(coding, in, piece, pieces) == n &&
               memcmp(whole, pieces, n) == 0);
    free(whole);
    free(pieces);
    mailsub__base64 codec;
    mailsub__base64_init(&codec);
    size_t capacity = 2 * in.len + 16;
    char *encoded = fuzz_alloc(capacity);
    char *again = fuzz_alloc(capacity + 2);
    size_t len =
        fuzz_encode(base64_fuzz_encode, &codec, in.ptr, in.len, in.len + 1, 64, encoded, capacity);
    n = decode(MAILSUB__TRANSFER_BASE64, mailsub__slice_of(encoded, len), piece, again);
    FUZZ_CHECK(n == in.len && memcmp(again, in.ptr, n) == 0);
    free(encoded);
    free(again);
    return 0;
}
