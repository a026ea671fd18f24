/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drives a streaming codec for a fuzz target: whole, and cut as the fuzzer's first octets say. */
#ifndef MAILSUB_TESTS_FUZZ_STEP_H
#define MAILSUB_TESTS_FUZZ_STEP_H

#include <string.h>

#include "fuzz.h"

#include "codec/step.h"

typedef bool fuzz_encode_fn(void *codec, mailsub__step *step);

/* The encode functions take their own struct; this makes one that takes a void pointer. */
#define FUZZ_STEP_ENCODE(name)                                                                     \
    static bool name##_fuzz_encode(void *codec, mailsub__step *step)                               \
    {                                                                                              \
        return mailsub__##name##_encode(codec, step);                                              \
    }

/* Encode in pieces of piece octets with room for room ones; out has room enough for all. */
static inline size_t fuzz_encode(fuzz_encode_fn *encode, void *codec, const char *in, size_t in_len,
                                 size_t piece, size_t room, char *out, size_t out_capacity)
{
    size_t at = 0;
    size_t n = 0;
    for (bool done = false; !done;) {
        size_t len = in_len - at < piece ? in_len - at : piece;
        char *exact = fuzz_alloc(len);
        if (len > 0)
            memcpy(exact, in + at, len);
        at += len;
        mailsub__step step = {.in = exact, .in_len = len, .last = at == in_len};
        do {
            FUZZ_CHECK(n < out_capacity);
            size_t given = out_capacity - n < room ? out_capacity - n : room;
            step.out = out + n;
            step.out_room = given;
            done = encode(codec, &step);
            n += given - step.out_room;
            FUZZ_CHECK(step.out == out + n);
            FUZZ_CHECK(done || step.in_len == 0 || step.out_room == 0);
        } while (!done && (step.in_len > 0 || step.last));
        FUZZ_CHECK(done == (at == in_len) && (!done || step.in_len == 0));
        free(exact);
    }
    return n;
}

/* How the fuzzer wants it cut: its first two octets, which are taken off. */
struct fuzz_cut {
    size_t piece;
    size_t room;
};

static inline struct fuzz_cut fuzz_take_cut(const uint8_t **data, size_t *size)
{
    struct fuzz_cut cut = {1, 1};
    if (*size < 2)
        return cut;
    cut = (struct fuzz_cut){(size_t)(*data)[0] + 1, (size_t)(*data)[1] + 1};
    *data += 2;
    *size -= 2;
    return cut;
}

#endif
