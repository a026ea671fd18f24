/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store in a file, for the processes of one machine. */
#ifndef MAILSUB_LIMIT_FILE_H
#define MAILSUB_LIMIT_FILE_H

#include <stdbool.h>

#include <mailsub/store.h>
#include <mailsub/system.h>

/* Open a file, or make it where there is none. Its close takes back what this took. MAILSUB_E_STORE:
   it cannot be read or written; _DAMAGED; _VERSION; _UNSAFE; MAILSUB_E_NOMEM; MAILSUB_E_SYSTEM. */
int mailsub__limits_open(const mailsub_allocator *allocator, const char *path,
                         mailsub_store *out_store);
/* See mailsub_limiter_recover; unix_ms is the time. */
int mailsub__limits_recover(const char *path, bool forget, int64_t unix_ms);

#endif
