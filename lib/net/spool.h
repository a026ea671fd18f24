/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file without a name, for a content that must be complete before anybody reads it. It is gone
 * with its descriptor, whatever happens.
 */
#ifndef MAILSUB_NET_SPOOL_H
#define MAILSUB_NET_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

/* A descriptor above 2, with close-on-exec; -1, with errno. */
int mailsub__spool_open(void);
/* False, with errno, such as ENOSPC: not all of it is there. */
bool mailsub__spool_write(int fd, const char *data, size_t len);

#endif
