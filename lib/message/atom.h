/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The characters that addresses, phrases and identifiers are made of (RFC 5322 section 3.2.3). */
#ifndef MAILSUB_MESSAGE_ATOM_H
#define MAILSUB_MESSAGE_ATOM_H

#include "base/slice.h"

/* atext of ASCII. */
bool mailsub__atom_char(char c);
/* atext, at least one. */
bool mailsub__atom_is_atom(mailsub__slice text);
/* Atoms parted by single dots. */
bool mailsub__atom_is_dot_atom(mailsub__slice text);

#endif
