/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A word is a run of letters and digits of ASCII, in either case, and of octets beyond it; in the
 * scripts of East Asia, which part no words, each character is one. Of a word its length and its
 * first eight octets count.
 *
 * The check of a message shall cost less than building it, and most of its octets come by here. So
 * 16 octets are judged at once where the processor can do that; only what holds characters of East
 * Asia, or is shorter, is looked at octet by octet.
 */
#include "message/vocabulary.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Lead octets of U+3000 to U+DFFF: kana, Han, Hangul; of three octets each. */
enum { EAST_FIRST = 0xe3, EAST_LAST = 0xed, EAST_OCTETS = 3, HASHED = 8, BLOCK = 16 };

void mailsub__vocabulary_init(mailsub__vocabulary *vocabulary, const mailsub__vocabulary *other)
{
    memset(vocabulary->bits, 0, sizeof vocabulary->bits);
    vocabulary->n = 0;
    vocabulary->other = other;
    vocabulary->n_shared = 0;
}

/* The first eight octets of a word, zeros behind it; at end the text ends. */
static inline uint64_t load(const char *word, size_t len, const char *end)
{
    static const uint64_t masks[HASHED + 1] = {
        0,
        UINT64_C(0xff),
        UINT64_C(0xffff),
        UINT64_C(0xffffff),
        UINT64_C(0xffffffff),
        UINT64_C(0xffffffffff),
        UINT64_C(0xffffffffffff),
        UINT64_C(0xffffffffffffff),
        UINT64_MAX,
    };
    uint64_t octets = 0;
    if (end - word < HASHED)
        memcpy(&octets, word, len < HASHED ? len : HASHED);
    else
        memcpy(&octets, word, HASHED);
    /* On machines with the other order the masks take other octets, of all words alike. */
    return octets & masks[len < HASHED ? len : HASHED];
}

/* Capitals of ASCII count as small letters: bit 5 is set everywhere. */
static inline void add_word(mailsub__vocabulary *vocabulary, const char *word, size_t len,
                            const char *end)
{
    uint64_t octets = (load(word, len, end) | UINT64_C(0x2020202020202020)) + len;
    uint32_t bit = (uint32_t)(octets * UINT64_C(0x9e3779b97f4a7c15) >> 51); /* 13 bits */
    if (vocabulary->n == MAILSUB__VOCABULARY_MOST)
        return;
    vocabulary->bits[bit >> 6] |= UINT64_C(1) << (bit & 63);
    if (vocabulary->other)
        vocabulary->n_shared += vocabulary->other->bits[bit >> 6] >> (bit & 63) & 1;
    vocabulary->words[vocabulary->n++] = (uint16_t)bit;
}

static bool is_east(char c)
{
    unsigned char octet = (unsigned char)c;
    return octet >= EAST_FIRST && octet <= EAST_LAST;
}

static bool is_letter(char c)
{
    if ((unsigned char)c >= 0x80)
        return !is_east(c);
    return mailsub__ascii_is_alpha(c) || mailsub__ascii_is_digit(c);
}

/* The words of some octets from p on, where no word is open; what follows them. */
static const char *add_slowly(mailsub__vocabulary *vocabulary, const char *p, const char *end)
{
    const char *stop = end - p < BLOCK ? end : p + BLOCK;
    while (p < stop) {
        const char *word = p;
        while (p < end && is_letter(*p))
            p++;
        if (p > word)
            add_word(vocabulary, word, (size_t)(p - word), end);
        else if (is_east(*p)) {
            size_t len = end - p < EAST_OCTETS ? (size_t)(end - p) : EAST_OCTETS;
            add_word(vocabulary, p, len, end);
            p += len;
        } else {
            p++;
        }
    }
    return p;
}

#ifdef __SSE2__
/* first <= octet <= last, as signed numbers */
static __m128i in_range(__m128i octets, char first, char last)
{
    return _mm_and_si128(_mm_cmpgt_epi8(octets, _mm_set1_epi8((char)(first - 1))),
                         _mm_cmplt_epi8(octets, _mm_set1_epi8((char)(last + 1))));
}

/* Bits of the letters among the octets of a block. False: some are of East Asia. */
static bool judge(const char *p, unsigned *out_letters)
{
    __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i small = _mm_or_si128(octets, _mm_set1_epi8(0x20));
    __m128i letter = _mm_or_si128(in_range(small, 'a', 'z'), in_range(octets, '0', '9'));
    letter = _mm_or_si128(letter, _mm_cmplt_epi8(octets, _mm_setzero_si128()));
    *out_letters = (unsigned)_mm_movemask_epi8(letter);
    return _mm_movemask_epi8(in_range(octets, (char)EAST_FIRST, (char)EAST_LAST)) == 0;
}
#else
static bool judge(const char *p, unsigned *out_letters)
{
    (void)p;
    (void)out_letters;
    return false;
}
#endif

/* The same of a block, by the bits of its letters; what follows the last word that is whole. */
static const char *add_block(mailsub__vocabulary *vocabulary, mailsub__slice block,
                             unsigned letters, const char *end)
{
    const char *block_end = block.ptr + block.len;
    while (letters != 0) {
        unsigned at = (unsigned)__builtin_ctz(letters);
        unsigned len = (unsigned)__builtin_ctz(~(letters >> at));
        const char *word = block.ptr + at;
        if (word + len == block_end && block_end < end)
            return at > 0 ? word : add_slowly(vocabulary, word, end);
        add_word(vocabulary, word, len, end);
        letters &= ~0u << (at + len);
    }
    return block_end;
}

void mailsub__vocabulary_add(mailsub__vocabulary *vocabulary, mailsub__slice text)
{
    const char *end = text.ptr + text.len;
    const char *p = text.ptr;
    while (p < end && vocabulary->n < MAILSUB__VOCABULARY_MOST) {
        size_t n = end - p < BLOCK ? (size_t)(end - p) : BLOCK;
        unsigned letters;
        /* The last block begins with octets that were looked at already. */
        if (text.len >= BLOCK && judge(p + n - BLOCK, &letters))
            p = add_block(vocabulary, mailsub__slice_of(p, n), letters >> (BLOCK - n), end);
        else
            p = add_slowly(vocabulary, p, end);
    }
}

size_t mailsub__vocabulary_count_shared(const mailsub__vocabulary *of, size_t n,
                                        const mailsub__vocabulary *in)
{
    size_t n_shared = 0;
    for (size_t i = 0; i < n; i++)
        n_shared += in->bits[of->words[i] >> 6] >> (of->words[i] & 63) & 1;
    return n_shared;
}

/*
 * Below so many words nothing can be said of a difference. Of the text only a part of those that
 * are known is compared, so that a page's head of some hundred words, which only the HTML has, does
 * no harm.
 */
enum { LEAST_TEXT = 6, LEAST_HTML = 20, MOST_OF_TEXT = 64 };

void mailsub__word_pair_init(mailsub__word_pair *pair)
{
    mailsub__vocabulary_init(&pair->text, NULL);
    mailsub__vocabulary_init(&pair->html, &pair->text);
}

bool mailsub__word_pair_differs(const mailsub__word_pair *pair)
{
    size_t n_text = pair->text.n < MOST_OF_TEXT ? pair->text.n : MOST_OF_TEXT;
    if (n_text >= LEAST_TEXT &&
        2 * mailsub__vocabulary_count_shared(&pair->text, n_text, &pair->html) < n_text)
        return true;
    return pair->html.n >= LEAST_HTML && 5 * pair->html.n_shared < pair->html.n;
}
