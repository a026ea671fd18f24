/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sixteen octets at once: which of them need a closer look. Most octets of most texts do not, so
 * that the codecs' loops turn once for sixteen and not for each. Bit i of a mask stands for octet i.
 *
 * SSE2 belongs to every x86-64; other processors, and the tests, take the portable form.
 */
#ifndef MAILSUB_CODEC_OCTETS_H
#define MAILSUB_CODEC_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MAILSUB__OCTETS = 16 };

#define MAILSUB__OCTETS_EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Written out, because compilers make one instruction of this form and not of a loop. */
static inline uint64_t mailsub__octets_load(const char *at)
{
    const uint8_t *o = (const uint8_t *)at;
    return (uint64_t)o[0] | (uint64_t)o[1] << 8 | (uint64_t)o[2] << 16 | (uint64_t)o[3] << 24 |
           (uint64_t)o[4] << 32 | (uint64_t)o[5] << 40 | (uint64_t)o[6] << 48 |
           (uint64_t)o[7] << 56;
}

/* The highest bits of eight octets, side by side. */
static inline uint32_t mailsub__octets_gather(uint64_t octets)
{
    octets = (octets & MAILSUB__OCTETS_EACH(0x80)) >> 7;
    return (uint32_t)(octets * UINT64_C(0x0102040810204080) >> 56);
}

/* Sums of seven bits each, so that no carry reaches a neighbour: the result is exact. */
static inline uint64_t mailsub__octets_special_of(uint64_t octets)
{
    const uint64_t low = octets & MAILSUB__OCTETS_EACH(0x7f);
    uint64_t printable = low + MAILSUB__OCTETS_EACH(0x80 - ' ');
    uint64_t not_equals = (low ^ MAILSUB__OCTETS_EACH('=')) + MAILSUB__OCTETS_EACH(0x7f);
    uint64_t del = low + MAILSUB__OCTETS_EACH(1);
    return octets | ~printable | ~not_equals | del;
}

/* The same without the "=". */
static inline uint64_t mailsub__octets_unprintable_of(uint64_t octets)
{
    const uint64_t low = octets & MAILSUB__OCTETS_EACH(0x7f);
    uint64_t printable = low + MAILSUB__OCTETS_EACH(0x80 - ' ');
    return octets | ~printable | (low + MAILSUB__OCTETS_EACH(1));
}

/* Exact for the same reason. */
static inline uint64_t mailsub__octets_blank_of(uint64_t octets)
{
    const uint64_t low = octets & MAILSUB__OCTETS_EACH(0x7f);
    return ~(octets | (low + MAILSUB__OCTETS_EACH(0x7f - ' ')));
}

static inline uint64_t mailsub__octets_control_of(uint64_t octets)
{
    const uint64_t low = octets & MAILSUB__OCTETS_EACH(0x7f);
    return ~(octets | (low + MAILSUB__OCTETS_EACH(0x80 - ' ')));
}

static inline uint64_t mailsub__octets_equal_of(uint64_t octets, char c)
{
    const uint64_t other = octets ^ MAILSUB__OCTETS_EACH((uint8_t)c);
    return ~(other | ((other & MAILSUB__OCTETS_EACH(0x7f)) + MAILSUB__OCTETS_EACH(0x7f)));
}

static inline uint32_t mailsub__octets_high_portable(const char *at)
{
    return mailsub__octets_gather(mailsub__octets_load(at)) |
           mailsub__octets_gather(mailsub__octets_load(at + 8)) << 8;
}

static inline uint32_t mailsub__octets_special_portable(const char *at)
{
    return mailsub__octets_gather(mailsub__octets_special_of(mailsub__octets_load(at))) |
           mailsub__octets_gather(mailsub__octets_special_of(mailsub__octets_load(at + 8))) << 8;
}

static inline uint64_t mailsub__octets_loose_of(const char *at)
{
    uint64_t octets = mailsub__octets_load(at);
    uint64_t behind = mailsub__octets_load(at + 1);
    return (mailsub__octets_blank_of(octets) & mailsub__octets_blank_of(behind)) |
           mailsub__octets_control_of(octets);
}

static inline uint32_t mailsub__octets_loose_portable(const char *at)
{
    return mailsub__octets_gather(mailsub__octets_loose_of(at)) |
           mailsub__octets_gather(mailsub__octets_loose_of(at + 8)) << 8;
}

static inline uint32_t mailsub__octets_equal_portable(const char *at, char c)
{
    return mailsub__octets_gather(mailsub__octets_equal_of(mailsub__octets_load(at), c)) |
           mailsub__octets_gather(mailsub__octets_equal_of(mailsub__octets_load(at + 8), c)) << 8;
}

static inline uint32_t mailsub__octets_unprintable_portable(const char *at)
{
    return mailsub__octets_gather(mailsub__octets_unprintable_of(mailsub__octets_load(at))) |
           mailsub__octets_gather(mailsub__octets_unprintable_of(mailsub__octets_load(at + 8)))
               << 8;
}

/*
 * _high: octets beyond ASCII. _special: octets that are not printable ASCII, or are "=". _loose:
 * control characters, and spaces with such a one or a space behind them; an octet more than the
 * sixteen is read. _unprintable: what is not printable ASCII. _equal: those that are c.
 */
#ifdef __SSE2__

static inline uint32_t mailsub__octets_high(const char *at)
{
    return (uint32_t)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)at));
}

/* Compared as signed numbers, octets beyond ASCII are below the space too. */
static inline uint32_t mailsub__octets_special(const char *at)
{
    __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i special = _mm_or_si128(_mm_cmplt_epi8(octets, _mm_set1_epi8(' ')),
                                   _mm_or_si128(_mm_cmpeq_epi8(octets, _mm_set1_epi8('=')),
                                                _mm_cmpeq_epi8(octets, _mm_set1_epi8(0x7f))));
    return (uint32_t)_mm_movemask_epi8(special);
}

static inline uint32_t mailsub__octets_loose(const char *at)
{
    __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i behind = _mm_loadu_si128((const __m128i *)(const void *)(at + 1));
    __m128i most = _mm_set1_epi8(' ');
    /* Where both are the space or below it, so is the larger of them. */
    __m128i larger = _mm_max_epu8(octets, behind);
    __m128i pairs = _mm_cmpeq_epi8(_mm_max_epu8(larger, most), most);
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(octets, _mm_set1_epi8(' ' - 1)), octets);
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(pairs, control));
}

static inline uint32_t mailsub__octets_unprintable(const char *at)
{
    __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)at);
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_cmplt_epi8(octets, _mm_set1_epi8(' ')),
                                                    _mm_cmpeq_epi8(octets, _mm_set1_epi8(0x7f))));
}

static inline uint32_t mailsub__octets_equal(const char *at, char c)
{
    __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)at);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(octets, _mm_set1_epi8(c)));
}

#else

static inline uint32_t mailsub__octets_high(const char *at)
{
    return mailsub__octets_high_portable(at);
}

static inline uint32_t mailsub__octets_special(const char *at)
{
    return mailsub__octets_special_portable(at);
}

static inline uint32_t mailsub__octets_loose(const char *at)
{
    return mailsub__octets_loose_portable(at);
}

static inline uint32_t mailsub__octets_unprintable(const char *at)
{
    return mailsub__octets_unprintable_portable(at);
}

static inline uint32_t mailsub__octets_equal(const char *at, char c)
{
    return mailsub__octets_equal_portable(at, c);
}

#endif

/* Whether all of the text is printable ASCII. */
static inline bool mailsub__octets_all_printable(const char *text, size_t len)
{
    size_t i = 0;
    for (; len - i >= MAILSUB__OCTETS; i += MAILSUB__OCTETS) {
        if (mailsub__octets_unprintable(text + i))
            return false;
    }
    if (len >= MAILSUB__OCTETS) /* the last ones, some of them again */
        return mailsub__octets_unprintable(text + len - MAILSUB__OCTETS) == 0;
    for (; i < len; i++) {
        if (text[i] < ' ' || text[i] == 0x7f)
            return false;
    }
    return true;
}

#endif
