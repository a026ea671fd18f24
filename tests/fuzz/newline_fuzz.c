/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invariants: as the reference, which goes octet by octet; a second pass changes nothing; where
 * input and room are cut changes nothing.
 */
#include "../codec_decode.h"
#include "fuzz_step.h"

#include "codec/newline.h"

FUZZ_STEP_ENCODE(newline)

static void check(const char *in, size_t len, struct fuzz_cut cut, const char *want,
                  size_t want_len)
{
    size_t capacity = want_len + 1;
    char *out = fuzz_alloc(capacity);
    mailsub__newline codec;
    mailsub__newline_init(&codec);
    size_t n =
        fuzz_encode(newline_fuzz_encode, &codec, in, len, cut.piece, cut.room, out, capacity);
    FUZZ_CHECK(n == want_len);
    FUZZ_CHECK(memcmp(out, want, want_len) == 0);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_cut cut = fuzz_take_cut(&data, &size);
    const char *in = (const char *)data;
    char *want = fuzz_alloc(2 * size + 2);
    size_t want_len = decode_lines(in, size, want);
    struct fuzz_cut cuts[] = {{SIZE_MAX, SIZE_MAX}, {1, 1}, cut};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        check(in, size, cuts[i], want, want_len);
        check(want, want_len, cuts[i], want, want_len);
    }
    free(want);
    return 0;
}
