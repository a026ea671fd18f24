/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 2047 encoded words: =?UTF-8?B?...?= and =?UTF-8?Q?...?=, whichever is shorter. */
#ifndef MAILSUB_CODEC_ENCODED_WORD_H
#define MAILSUB_CODEC_ENCODED_WORD_H

#include "base/buffer.h"

/* Where the word will stand: decides which characters Q leaves bare (RFC 2047 section 5). */
enum mailsub__encoded_word_place { MAILSUB__IN_TEXT, MAILSUB__IN_PHRASE };

/* Room that one word needs for any one character: its frame, and four octets in Q. */
enum { MAILSUB__ENCODED_WORD_LEAST = 12 + 12 };

/*
 * Append valid UTF-8 as encoded words of at most 75 characters, parted by single spaces, which a
 * reader drops again: fold there. White space of the text is inside the words. No character is
 * divided between two words, and only the last word in B is padded: some readers, GMime among them,
 * decode neighbouring words as one run and stop at the padding. Empty text gives no word. The error
 * of the buffer, unchanged then.
 */
int mailsub__encoded_word_append(mailsub__buffer *buffer, mailsub__slice text,
                                 enum mailsub__encoded_word_place place);
/* The same, the first word at most longest characters, for what stands on its line already. */
int mailsub__encoded_word_append_beside(mailsub__buffer *buffer, mailsub__slice text,
                                        enum mailsub__encoded_word_place place, size_t longest);
/*
 * True when text holds something that some reader would take for an encoded word, or for the start
 * of one: then it must be encoded itself to arrive as it is.
 */
bool mailsub__encoded_word_lookalike(mailsub__slice text);

#endif
