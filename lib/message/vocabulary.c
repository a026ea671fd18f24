/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A word is a run of letters and digits of ASCII, in either case, and of octets beyond it; in the
 * scripts of East Asia, which part no words, each character is one.
 */
#include "message/vocabulary.h"

/* FNV-1a */
#define SEED 0x811c9dc5u
#define PRIME 0x01000193u

/* What an ASCII octet is hashed as; 0: it parts words. */
static const uint8_t folded[128] = {
    ['0'] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ['A'] = 'a', 'b', 'c',
    'd',         'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n',         'o', 'p',
    'q',         'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', ['a'] = 'a', 'b', 'c',
    'd',         'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n',         'o', 'p',
    'q',         'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
};

void mailsub__word_reader_init(mailsub__word_reader *reader, mailsub__vocabulary *own,
                               const mailsub__vocabulary *known)
{
    *reader = (mailsub__word_reader){.own = own, .known = known, .hash = SEED};
}

void mailsub__word_reader_end_word(mailsub__word_reader *reader)
{
    if (reader->hash == SEED)
        return;
    uint32_t bit = (reader->hash ^ reader->hash >> 16) & (MAILSUB__VOCABULARY_BITS - 1);
    uint64_t mask = UINT64_C(1) << (bit & 63);
    reader->n++;
    if (reader->known && (reader->known->bits[bit >> 6] & mask))
        reader->n_known++;
    if (reader->own)
        reader->own->bits[bit >> 6] |= mask;
    reader->hash = SEED;
    reader->left = 0;
}

/* An octet beyond ASCII. Lead octets E3 to ED are U+3000 to U+DFFF: kana, Han, Hangul. */
static void feed_wide(mailsub__word_reader *reader, uint8_t octet)
{
    enum { EAST_FIRST = 0xe3, EAST_LAST = 0xed, OCTETS = 3 };
    if (octet >= EAST_FIRST && octet <= EAST_LAST) {
        mailsub__word_reader_end_word(reader);
        reader->left = OCTETS;
    }
    reader->hash = (reader->hash ^ octet) * PRIME;
    if (reader->left > 0 && --reader->left == 0)
        mailsub__word_reader_end_word(reader);
}

void mailsub__word_reader_feed(mailsub__word_reader *reader, mailsub__slice text)
{
    const uint8_t *end = (const uint8_t *)text.ptr + text.len;
    for (const uint8_t *p = (const uint8_t *)text.ptr; p < end; p++) {
        if (*p >= 0x80)
            feed_wide(reader, *p);
        else if (folded[*p] != 0)
            reader->hash = (reader->hash ^ folded[*p]) * PRIME;
        else
            mailsub__word_reader_end_word(reader);
    }
}
