/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether two texts say the same, by the words that they have in common. Words are kept as hashes
 * in a set of bits of fixed size: what collides is taken for the same, so a difference that is
 * found is one. The first words of a text are enough, and the others are not looked at.
 */
#ifndef MAILSUB_MESSAGE_VOCABULARY_H
#define MAILSUB_MESSAGE_VOCABULARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { MAILSUB__VOCABULARY_BITS = 1 << 13, MAILSUB__VOCABULARY_MOST = 224 };

typedef struct mailsub__vocabulary {
    uint64_t bits[MAILSUB__VOCABULARY_BITS / 64];
    uint16_t words[MAILSUB__VOCABULARY_MOST]; /* as numbers of bits */
    size_t n;
    const struct mailsub__vocabulary *other; /* NULL: none */
    size_t n_shared;                         /* words that are in the other, too */
} mailsub__vocabulary;

/* A text and the HTML that is to say the same, whose words are looked up in those of the text. */
typedef struct mailsub__word_pair {
    mailsub__vocabulary text;
    mailsub__vocabulary html;
} mailsub__word_pair;

/* Words that are added are looked up in other, which may be NULL. */
void mailsub__vocabulary_init(mailsub__vocabulary *vocabulary, const mailsub__vocabulary *other);
/* Add the words of a text, as long as there is room for more. */
void mailsub__vocabulary_add(mailsub__vocabulary *vocabulary, mailsub__slice text);
/* How many of the first n words of one, which has them, are in the other. */
size_t mailsub__vocabulary_count_shared(const mailsub__vocabulary *of, size_t n,
                                        const mailsub__vocabulary *in);

void mailsub__word_pair_init(mailsub__word_pair *pair);
/*
 * They differ when half of the text's words are not in the HTML, or hardly any of those of the HTML
 * in the text: it says something else, or next to nothing.
 */
bool mailsub__word_pair_differs(const mailsub__word_pair *pair);

#endif
