/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text of people in header fields: unstructured text, and phrases such as display names. */
#ifndef MAILSUB_MESSAGE_WORDS_H
#define MAILSUB_MESSAGE_WORDS_H

#include "message/fold.h"

/*
 * Both write text that passed mailsub__line_check so that a reader gets it back exactly, white
 * space included. Words stay as they are where they can, and become encoded words (RFC 2047) where
 * they are not ASCII, are too long, or look encoded already. The error of the buffers.
 */

/*
 * ASCII words stay bare on lines of up to limit octets: MAILSUB__FOLD_AIM for a text that people
 * read; MAILSUB__FOLD_MOST for one that is parsed by programs, which may not decode.
 */
int mailsub__words_write_text(mailsub__fold *fold, mailsub__slice text, size_t limit);

/* Atoms, a quoted string, or encoded words; then suffix: marks, or "". name is not empty. */
int mailsub__words_write_phrase(mailsub__fold *fold, mailsub__slice name, const char *suffix);

#endif
