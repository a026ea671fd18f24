/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SipHash-1-3 (Aumasson and Bernstein, 2012). Octets are read little end first. */
#include "limit/hash.h"

#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static inline uint64_t rotate(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static inline void mix(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* The octets from i on, fewer than eight: a copy of a length that is not known is a call. */
static inline uint64_t read_rest(const char *text, size_t len, size_t i)
{
    uint64_t word = 0;
    if (i == len)
        return word;
    if (len < 8) {
        memcpy(&word, text, len);
        return word;
    }
    memcpy(&word, text + len - 8, 8);
    return word >> 8 * (8 - (len - i));
}

uint64_t mailsub__hash_text(const mailsub__hash_key *key, const char *text, size_t len)
{
    uint64_t v[4] = {key->words[0] ^ 0x736f6d6570736575u, key->words[1] ^ 0x646f72616e646f6du,
                     key->words[0] ^ 0x6c7967656e657261u, key->words[1] ^ 0x7465646279746573u};
    uint64_t word;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        memcpy(&word, text + i, 8);
        v[3] ^= word;
        mix(v);
        v[0] ^= word;
    }
    word = read_rest(text, len, i);
    word |= (uint64_t)len << 56;
    v[3] ^= word;
    mix(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    mix(v);
    mix(v);
    mix(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/*
 * The kernel gives each program 16 random octets when it starts, from which the C library has its
 * own secrets: they are hashed, with what differs from key to key, so that a key tells nothing of
 * them. Asking for fresh ones is the business of another room.
 */
void mailsub__hash_key_init(mailsub__hash_key *key)
{
    mailsub__hash_key start = {{0}};
    const void *random = (const void *)getauxval(AT_RANDOM);
    if (random)
        memcpy(&start, random, sizeof start);
    const uintptr_t differs[2] = {(uintptr_t)key, (uintptr_t)getpid()};
    key->words[0] = mailsub__hash_text(&start, (const char *)differs, sizeof differs);
    key->words[1] = mailsub__hash_text(&start, (const char *)differs, sizeof differs - 1);
}
