/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links and words of the texts of a message. */
#ifndef MAILSUB_MESSAGE_CHECK_LINKS_H
#define MAILSUB_MESSAGE_CHECK_LINKS_H

#include "message/check.h"
#include "message/vocabulary.h"

/* Both take valid UTF-8, and look at each octet a constant number of times. words may be NULL. */

/* Plain text: its links are checked, its other words read. */
void mailsub__check_links_in_text(mailsub__check *check, mailsub__slice text,
                                  mailsub__vocabulary *words);
/* HTML: its links and what they show are checked, the words that are seen read. */
void mailsub__check_links_in_html(mailsub__check *check, mailsub__slice html,
                                  mailsub__vocabulary *words);
#endif
