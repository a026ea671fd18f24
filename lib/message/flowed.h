/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plain text whose paragraphs fit any window (RFC 3676, DelSp=no). */
#ifndef MAILSUB_MESSAGE_FLOWED_H
#define MAILSUB_MESSAGE_FLOWED_H

#include "base/buffer.h"

/*
 * Append text as format=flowed, lines ended by CRLF: each line of text is a paragraph, which a
 * reader gets back exactly, save for spaces at its end. Lines that begin with ">" are quoted ones.
 * The error of the buffer.
 */
int mailsub__flowed_append(mailsub__buffer *out, mailsub__slice text);

#endif
