/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Twelve octets become sixteen characters at a time: a shuffle brings the octets of each group into
 * order, two multiplications shift its four numbers of six bits into octets of their own, and as
 * the alphabet has five ranges, a shuffle finds what is to be added in each. A line is five such
 * steps, of which the last two overlap: 48 and 12 octets make 57 when the last begin at 45.
 *
 * AVX2 does two such steps at once, so that a line is three, of which the last begins at 33. It gains
 * a third where what is made stays near, as for a signature, which is hashed piece by piece; on the
 * way into memory either form waits for that.
 *
 * SSSE3 is in almost every x86-64, AVX2 in most, but neither in each: they are asked for when the
 * program runs.
 */
#include "codec/base64_lines.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

enum { STEP_OCTETS = 12, STEP_LOAD = 16, STEP_LEN = 16, N_STEPS = 5 };

/* The last step reads beyond the octets of its line. */
enum { LINE_LOAD = MAILSUB__BASE64_LINE_OCTETS - STEP_OCTETS + STEP_LOAD };

__attribute__((target("ssse3"))) static __m128i split(__m128i octets)
{
    const __m128i order = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    __m128i groups = _mm_shuffle_epi8(octets, order);
    __m128i odd = _mm_and_si128(groups, _mm_set1_epi32(0x0fc0fc00));
    __m128i even = _mm_and_si128(groups, _mm_set1_epi32(0x003f03f0));
    return _mm_or_si128(_mm_mulhi_epu16(odd, _mm_set1_epi32(0x04000040)),
                        _mm_mullo_epi16(even, _mm_set1_epi32(0x01000010)));
}

/* Ranges: 0 for "a" to "z", 1 to 10 for the digits, 11 "+", 12 "/", 13 for "A" to "Z". */
__attribute__((target("ssse3"))) static __m128i translate(__m128i numbers)
{
    const __m128i offsets =
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    __m128i capital = _mm_cmplt_epi8(numbers, _mm_set1_epi8(26));
    __m128i range = _mm_or_si128(_mm_subs_epu8(numbers, _mm_set1_epi8(51)),
                                 _mm_and_si128(capital, _mm_set1_epi8(13)));
    return _mm_add_epi8(numbers, _mm_shuffle_epi8(offsets, range));
}

__attribute__((target("ssse3"))) static void encode_line(const char *in, char *out)
{
    static const unsigned char at_octet[N_STEPS] = {0, 12, 24, 36, 45};
    static const unsigned char at_char[N_STEPS] = {0, 16, 32, 48, 60};
    for (int i = 0; i < N_STEPS; i++) {
        __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)(in + at_octet[i]));
        _mm_storeu_si128((__m128i *)(void *)(out + at_char[i]), translate(split(octets)));
    }
    memcpy(out + MAILSUB__BASE64_LINE_LEN, "\r\n", 2);
}

__attribute__((target("ssse3"))) static size_t encode_lines(const char *in, size_t in_len,
                                                            size_t n_lines, char *out)
{
    size_t n = 0;
    for (; n < n_lines && in_len >= LINE_LOAD; n++) {
        encode_line(in, out);
        in += MAILSUB__BASE64_LINE_OCTETS;
        in_len -= MAILSUB__BASE64_LINE_OCTETS;
        out += MAILSUB__BASE64_LINE_LEN + 2;
    }
    return n;
}

/* ---- AVX2: the same in both halves ---- */

enum { N_WIDE_STEPS = 3 };

/* A table for each half. */
__attribute__((target("avx2"))) static __m256i both(__m128i half)
{
    return _mm256_broadcastsi128_si256(half);
}

__attribute__((target("avx2"))) static __m256i split_wide(__m256i octets)
{
    const __m256i order = both(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
    __m256i groups = _mm256_shuffle_epi8(octets, order);
    __m256i odd = _mm256_and_si256(groups, _mm256_set1_epi32(0x0fc0fc00));
    __m256i even = _mm256_and_si256(groups, _mm256_set1_epi32(0x003f03f0));
    return _mm256_or_si256(_mm256_mulhi_epu16(odd, _mm256_set1_epi32(0x04000040)),
                           _mm256_mullo_epi16(even, _mm256_set1_epi32(0x01000010)));
}

__attribute__((target("avx2"))) static __m256i translate_wide(__m256i numbers)
{
    const __m256i offsets =
        both(_mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                           '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
    __m256i capital = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), numbers);
    __m256i range = _mm256_or_si256(_mm256_subs_epu8(numbers, _mm256_set1_epi8(51)),
                                    _mm256_and_si256(capital, _mm256_set1_epi8(13)));
    return _mm256_add_epi8(numbers, _mm256_shuffle_epi8(offsets, range));
}

__attribute__((target("avx2"))) static void encode_line_wide(const char *in, char *out)
{
    static const unsigned char at_octet[N_WIDE_STEPS] = {0, 24, 33};
    static const unsigned char at_char[N_WIDE_STEPS] = {0, 32, 44};
    for (int i = 0; i < N_WIDE_STEPS; i++) {
        const char *from = in + at_octet[i];
        __m128i low = _mm_loadu_si128((const __m128i *)(const void *)from);
        __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(from + STEP_OCTETS));
        __m256i octets = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
        _mm256_storeu_si256((__m256i *)(void *)(out + at_char[i]),
                            translate_wide(split_wide(octets)));
    }
    memcpy(out + MAILSUB__BASE64_LINE_LEN, "\r\n", 2);
}

__attribute__((target("avx2"))) static size_t encode_lines_wide(const char *in, size_t in_len,
                                                                size_t n_lines, char *out)
{
    size_t n = 0;
    for (; n < n_lines && in_len >= LINE_LOAD; n++) {
        encode_line_wide(in, out);
        in += MAILSUB__BASE64_LINE_OCTETS;
        in_len -= MAILSUB__BASE64_LINE_OCTETS;
        out += MAILSUB__BASE64_LINE_LEN + 2;
    }
    return n;
}

size_t mailsub__base64_lines(const char *in, size_t in_len, size_t n_lines, char *out)
{
    if (__builtin_cpu_supports("avx2"))
        return encode_lines_wide(in, in_len, n_lines, out);
    return __builtin_cpu_supports("ssse3") ? encode_lines(in, in_len, n_lines, out) : 0;
}

#else

size_t mailsub__base64_lines(const char *in, size_t in_len, size_t n_lines, char *out)
{
    (void)in;
    (void)in_len;
    (void)n_lines;
    (void)out;
    return 0;
}

#endif
