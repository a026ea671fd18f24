/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the programs that send with libmailsub share. */
#ifndef MAILSUB_TESTS_SEND_OWN_H
#define MAILSUB_TESTS_SEND_OWN_H

#include <mailsub/mailsub.h>

#include "send.h"

mailsub_config *own_config(const struct sending *sending);
mailsub_message *own_message(const struct sending *sending);

#endif
