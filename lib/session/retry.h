/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a server wants a client to wait, read from the words of a reply 4yz. */
#ifndef MAILSUB_SESSION_RETRY_H
#define MAILSUB_SESSION_RETRY_H

#include <stdint.h>

#include "base/slice.h"

/* Seconds, 1 to five days: "try again in 5 minutes", "retry after 300 s", "for 00:04:59". -1: the
   text does not tell. */
int64_t mailsub__retry_read(mailsub__slice text);

#endif
