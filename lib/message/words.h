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

/* ASCII words of up to longest octets stay bare; MAILSUB__WORDS_READ or _PARSED. */
int mailsub__words_write_text(mailsub__fold *fold, mailsub__slice text, size_t longest);
enum {
    MAILSUB__WORDS_READ = MAILSUB__FOLD_AIM - 1,        /* for people: no line is longer than 78 */
    MAILSUB__WORDS_PARSED = MAILSUB__FOLD_LONGEST_TOKEN /* for programs, that may not decode */
};

/* Atoms, a quoted string, or encoded words; then suffix: "" or ",". name is not empty. */
int mailsub__words_write_phrase(mailsub__fold *fold, mailsub__slice name, const char *suffix);

#endif
