/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mailboxes behind which no person reads, told by their local parts. */
#ifndef MAILSUB_MESSAGE_ROBOT_H
#define MAILSUB_MESSAGE_ROBOT_H

#include "base/slice.h"

/* One that says that it wants no answer, in the languages of Europe: "no-reply", "ne.pas.repondre".
 */
bool mailsub__robot_is_noreply(mailsub__slice local);
/* One that programs send from: of these too, and "mailer-daemon", "owner-x", "x-request". */
bool mailsub__robot_is_program(mailsub__slice local);

#endif
