/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one check that every text passes before it may become part of a header or an envelope. */
#ifndef MAILSUB_MESSAGE_LINE_H
#define MAILSUB_MESSAGE_LINE_H

#include "base/slice.h"

enum mailsub__line_tab { MAILSUB__LINE_NO_TAB, MAILSUB__LINE_TAB };

/*
 * Valid UTF-8 on one line: MAILSUB_E_LIMIT more than MAILSUB_MAX_HEADER_VALUE octets;
 * MAILSUB_E_UTF8; MAILSUB_E_CONTROL U+0000-U+001F, U+007F-U+009F, U+2028, U+2029, save for a tab
 * where it is allowed.
 */
int mailsub__line_check(mailsub__slice text, enum mailsub__line_tab tab);

#endif
