/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drives a streaming codec with input and room cut in all ways that matter, and checks the contract
 * of step.h while it does. Every piece and every room is a heap block of its own, so that ASan sees
 * an octet read or written outside.
 */
#ifndef MAILSUB_TESTS_CODEC_FEED_H
#define MAILSUB_TESTS_CODEC_FEED_H

#include "unit.h"

#include "codec/step.h"

typedef bool codec_encode_fn(void *codec, mailsub__step *step);

/* The encode functions take their own struct; this makes one that takes a void pointer. */
#define CODEC_FEED_ENCODE(name)                                                                    \
    static bool name##_feed_encode(void *codec, mailsub__step *step)                               \
    {                                                                                              \
        return mailsub__##name##_encode(codec, step);                                              \
    }

struct codec_cut {
    size_t piece; /* octets of input in one call */
    size_t room;  /* octets of room in one call */
};

static const struct codec_cut codec_cuts[] = {
    {SIZE_MAX, 1 << 16}, /* whole */
    {1, 1 << 16},
    {SIZE_MAX, 1},
    {1, 1},
    {2, 3},
    {3, 2},
    {5, 77},
    {7, 4},
    {57, 78},
    {64, 79},
    {100, 5},
};

#define CODEC_N_CUTS (sizeof codec_cuts / sizeof codec_cuts[0])

struct codec_output {
    char *data;
    size_t len;
    size_t capacity;
};

static inline void codec_collect(struct codec_output *output, const char *data, size_t len)
{
    while (output->capacity - output->len < len + 1) {
        output->capacity = output->capacity * 2 + 64;
        output->data = realloc(output->data, output->capacity);
        assert_non_null(output->data);
    }
    if (len > 0)
        memcpy(output->data + output->len, data, len);
    output->len += len;
    output->data[output->len] = '\0';
}

/* One call; true when the codec says that it is done. */
static inline bool codec_feed_once(codec_encode_fn *encode, void *codec, mailsub__step *step,
                                   size_t room_len, struct codec_output *output)
{
    char *room = malloc(room_len);
    assert_non_null(room);
    step->out = room;
    step->out_room = room_len;
    bool done = encode(codec, step);
    assert_true(step->out == room + (room_len - step->out_room));
    assert_true(done || step->in_len == 0 || step->out_room == 0);
    assert_true(!done || step->in_len == 0);
    codec_collect(output, room, room_len - step->out_room);
    free(room);
    return done;
}

/* Encode in; the caller frees what is returned, which is NUL-terminated behind *out_len octets. */
static inline char *codec_feed(codec_encode_fn *encode, void *codec, const char *in, size_t in_len,
                               struct codec_cut cut, size_t *out_len)
{
    struct codec_output output = {0};
    codec_collect(&output, "", 0);
    bool done = false;
    size_t at = 0;
    do {
        size_t len = in_len - at < cut.piece ? in_len - at : cut.piece;
        char *piece = malloc(len > 0 ? len : 1);
        assert_non_null(piece);
        if (len > 0)
            memcpy(piece, in + at, len);
        at += len;
        mailsub__step step = {.in = piece, .in_len = len, .last = at == in_len};
        do {
            done = codec_feed_once(encode, codec, &step, cut.room, &output);
        } while (!done && (step.in_len > 0 || step.last));
        assert_int_equal(done, at == in_len);
        free(piece);
    } while (!done);

    mailsub__step again = {.in = "", .last = true};
    assert_true(codec_feed_once(encode, codec, &again, 8, &output));
    *out_len = output.len;
    return output.data;
}

/* A generator of the test's own, so that a seed gives the same texts everywhere. */
static inline uint32_t codec_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

#endif
