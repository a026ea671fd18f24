/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading RFC 2047 encoded words, for header text that others wrote. */
#ifndef MAILSUB_CODEC_WORD_DECODE_H
#define MAILSUB_CODEC_WORD_DECODE_H

#include "base/buffer.h"

/* Octets at the front of text that have the form of an encoded word; 0: none. */
size_t mailsub__word_decode_len(mailsub__slice text);

/*
 * Append what one encoded word stands for. US-ASCII and ISO-8859-1 become UTF-8; the octets of
 * UTF-8 are appended as they are, for some writers divide a character between two words: the caller
 * checks the whole. MAILSUB_E_HEADER_VALUE: not an encoded word, or one of another charset, or a
 * malformed one, out unchanged; or the error of the buffer.
 */
int mailsub__word_decode_append(mailsub__buffer *out, mailsub__slice word);

#endif
