/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether two texts say the same, by the words that they have in common. Words are kept as hashes
 * in a set of bits of fixed size: what collides is taken for the same, so a difference that is
 * found is one.
 */
#ifndef MAILSUB_MESSAGE_VOCABULARY_H
#define MAILSUB_MESSAGE_VOCABULARY_H

#include <stdint.h>

#include "base/slice.h"

enum { MAILSUB__VOCABULARY_BITS = 1 << 16 };

typedef struct mailsub__vocabulary {
    uint64_t bits[MAILSUB__VOCABULARY_BITS / 64];
} mailsub__vocabulary;

/* Reads a text piece by piece; the pieces of a word may come apart. */
typedef struct mailsub__word_reader {
    mailsub__vocabulary *own;         /* gets the words; NULL: nobody wants them */
    const mailsub__vocabulary *known; /* they are looked up there; NULL: nowhere */
    size_t n;
    size_t n_known;
    uint32_t hash; /* of the word so far */
    uint8_t left;  /* octets of a character that is a word by itself */
} mailsub__word_reader;

void mailsub__word_reader_init(mailsub__word_reader *reader, mailsub__vocabulary *own,
                               const mailsub__vocabulary *known);
void mailsub__word_reader_feed(mailsub__word_reader *reader, mailsub__slice text);
void mailsub__word_reader_end_word(mailsub__word_reader *reader);

#endif
