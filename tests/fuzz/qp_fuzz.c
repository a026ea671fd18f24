/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: a strict reader gets the text back with its line ends made CRLF, no line is longer
 * than 76 characters, begins with a dot or "From " or ends in white space; where input and room are
 * cut changes nothing.
 */
#include "../codec_decode.h"
#include "fuzz_step.h"

#include "codec/qp.h"

FUZZ_STEP_ENCODE(qp)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_cut cut = fuzz_take_cut(&data, &size);
    const char *in = (const char *)data;
    size_t capacity = 5 * size + 8;
    char *out = fuzz_alloc(capacity);
    char *decoded = fuzz_alloc(capacity);
    char *want = fuzz_alloc(2 * size + 2);
    size_t want_len = decode_lines(in, size, want);
    struct fuzz_cut cuts[] = {{SIZE_MAX, SIZE_MAX}, {1, 1}, cut};
    size_t first_len = 0;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        mailsub__qp codec;
        mailsub__qp_init(&codec);
        size_t n = fuzz_encode(qp_fuzz_encode, &codec, in, size, cuts[i].piece, cuts[i].room, out,
                               capacity);
        FUZZ_CHECK(i == 0 || n == first_len);
        first_len = n;
        FUZZ_CHECK(decode_qp(out, n, decoded) == want_len);
        FUZZ_CHECK(memcmp(decoded, want, want_len) == 0);
    }
    free(out);
    free(decoded);
    free(want);
    return 0;
}
