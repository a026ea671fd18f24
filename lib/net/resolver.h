/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a host's name to its addresses, by the system's getaddrinfo in a thread of its own, because
 * that blocks for as long as the name service likes. An address that is written as such needs no
 * thread.
 *
 * Not a DNS client: the system's way (hosts file, LDAP, mDNS, search list) is what administrators
 * set up and expect. The price is a thread for each connection that is being made.
 */
#ifndef MAILSUB_NET_RESOLVER_H
#define MAILSUB_NET_RESOLVER_H

#include <stdbool.h>

#include "net/detail.h"
#include "net/endpoint.h"
#include "net/poller.h"

typedef struct mailsub__resolver mailsub__resolver;

/*
 * Begin. The poller is woken when the answer is there, and it may be there on return; host is
 * borrowed until _free. MAILSUB_E_NOMEM; MAILSUB_E_SYSTEM no thread can be made, with errno.
 */
int mailsub__resolver_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                          const char *host, int port, mailsub__resolver **out_resolver);
/* Waits for getaddrinfo to return: no thread outlives its resolver, and none can be stopped. */
void mailsub__resolver_free(mailsub__resolver *resolver);

/* In a child, which does not have the thread: free without waiting for it. */
void mailsub__resolver_abandon(mailsub__resolver *resolver);
bool mailsub__resolver_is_done(const mailsub__resolver *resolver);
/*
 * Done only. The addresses in the system's order of preference (RFC 6724), at most room.
 * MAILSUB_E_RESOLVE there is no such name, or it has no address; MAILSUB_E_RESOLVE_AGAIN;
 * MAILSUB_E_NOMEM; MAILSUB_E_SYSTEM. On failure the reason is added to detail.
 */
int mailsub__resolver_get(const mailsub__resolver *resolver, mailsub__endpoint *out, size_t room,
                          size_t *out_n, mailsub__detail *detail);

#endif
