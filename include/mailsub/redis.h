/* SPDX-License-Identifier: LGPL-2.1-or-later */
/** @file
 * A limiter's store in Redis or Valkey, for a fleet of machines: libmailsub-redis, a library of its
 * own. mailsub_limiter_open finds it by itself; link with it to be told at build time that it is
 * there.
 */
#ifndef MAILSUB_REDIS_H
#define MAILSUB_REDIS_H

#include <mailsub/export.h>
#include <mailsub/store.h>

MAILSUB_BEGIN_DECLS

/**
 * Open a store on a server. Each decision is one script, run by the server at once and by its own
 * clock, so that the clocks of the machines do not matter; when the server's clock is set forward,
 * windows open too early, for it has no steady one. Nothing is kept beyond the time in which it
 * means something. What the server forgets, because it does not write to its disk each second
 * (appendonly) or because a replica takes over, is admitted again.
 *
 * A lost connection is made anew by the next request, once; a reply that was lost with it may have
 * counted. While the server does not answer, requests fail at once with MAILSUB_E_STORE, but for
 * one in a second: see mailsub_limiter_set_fail_open.
 *
 *  redis://[user[:password]@]host[:port][/db]     port 6379
 *  rediss://[user[:password]@]host[:port][/db]    with TLS; the certificate is verified
 *  redis+unix://[user[:password]@]/path           over a local socket
 *
 * Behind it, after ? and separated by &: ca=/path (trust these instead of the system's),
 * prefix=text (in front of keys, "mailsub:" by default), timeout=ms (of each step, 5000),
 * clock=client (the requests' time instead of the server's: for one machine, and for tests).
 * User, password and prefix are percent-decoded.
 * @param url        not NULL
 * @param out_store  receives the store, for mailsub_limiter_new_with_store
 * @return 0; MAILSUB_E_URL malformed; MAILSUB_E_STORE the server cannot be reached, or refuses the
 *         login; MAILSUB_E_CA; MAILSUB_E_INVALID; MAILSUB_E_NOMEM
 * Since 0.1
 */
MAILSUB_API int mailsub_redis_store(const char *url, mailsub_store *out_store);

MAILSUB_END_DECLS

#endif
