/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's name for an accepted message, which no standard defines a place for. */
#ifndef MAILSUB_SMTP_QUEUE_ID_H
#define MAILSUB_SMTP_QUEUE_ID_H

#include "base/slice.h"

#define MAILSUB__QUEUE_ID_LEN 64

/*
 * Find the queue id in the clean text of the reply to the end of data, without its enhanced status.
 * False, and out untouched, when no known form fits or the id is too long: half an id finds nothing
 * in a server's log.
 */
bool mailsub__queue_id_find(mailsub__slice text, char out[MAILSUB__QUEUE_ID_LEN]);

#endif
