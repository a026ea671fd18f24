/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The arguments of commands, as strict as RFC 5321 section 4.1.2 writes them. */
#ifndef MAILSUB_TESTING_SYNTAX_H
#define MAILSUB_TESTING_SYNTAX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* A domain or an address literal: what may follow EHLO. */
bool mailsub__syntax_is_client_name(mailsub__slice text);
/* local-part@domain, without source route. */
bool mailsub__syntax_is_mailbox(mailsub__slice text);
/*
 * keyword, "<", path, ">", parameters: "FROM:<a@b.example> SIZE=1". keyword has its colon.
 * *out_path is what stands between the brackets, unchecked; *out_params begins behind one space,
 * or is empty.
 */
bool mailsub__syntax_split_path(mailsub__slice argument, const char *keyword,
                                mailsub__slice *out_path, mailsub__slice *out_params);
/* Cut the first word off *rest; false when nothing is left. Words stand one space apart: an empty
   word tells of two. */
bool mailsub__syntax_next_word(mailsub__slice *rest, mailsub__slice *out_word);
/* Decimal digits only, below 10^19. */
bool mailsub__syntax_number(mailsub__slice text, uint64_t *out_number);

#endif
