/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * A limiter's store in an SQLite database: libmailsub-sqlite, a library of its own.
 * mailsub_limiter_open finds it by itself; link with it to be told at build time that it is there.
 */
#ifndef MAILSUB_SQLITE_H
#define MAILSUB_SQLITE_H

#include <mailsub/export.h>
#include <mailsub/store.h>

MAILSUB_BEGIN_DECLS

/**
 * Open a store in a database, which may be one that the application has anyway: it has a table of
 * its own, mailsub_limits, made when there is none. Where the database is new, it keeps a
 * write-ahead log, which is fastest; an existing one is left as it is. Each decision is one
 * transaction that survives a loss of power. The database must not be on a network file system.
 * After a fork the child opens it again by itself.
 * @param url        "sqlite:/path"; not NULL
 * @param out_store  receives the store, for mailsub_limiter_new_with_store
 * @return 0; MAILSUB_E_URL another scheme, or no absolute path; MAILSUB_E_STORE it cannot be opened
 *         or is locked for 10 s; MAILSUB_E_STORE_DAMAGED; MAILSUB_E_INVALID; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_sqlite_store(const char *url, mailsub_store *out_store);

MAILSUB_END_DECLS

#endif
