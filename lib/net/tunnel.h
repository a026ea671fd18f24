/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A conversation with a proxy over a connected socket, until what comes is the server's. */
#ifndef MAILSUB_NET_TUNNEL_H
#define MAILSUB_NET_TUNNEL_H

#include <mailsub/system.h>

#include "net/detail.h"
#include "net/poller.h"
#include "net/proxy.h"

typedef struct mailsub__tunnel mailsub__tunnel;

/*
 * To host and port, over fd, which is non-blocking, in the poller, and stays the caller's: when the
 * tunnel is open, nothing of the server's has been read from it. All is borrowed. MAILSUB_E_NOMEM.
 */
int mailsub__tunnel_new(const mailsub_allocator *allocator, mailsub__poller *poller, int fd,
                        const mailsub__proxy *proxy, mailsub__tunnel **out_tunnel);
void mailsub__tunnel_free(mailsub__tunnel *tunnel);

/* Before the first _process; host outlives the tunnel. */
void mailsub__tunnel_begin(mailsub__tunnel *tunnel, const char *host, int port);
void mailsub__tunnel_process(mailsub__tunnel *tunnel);
enum mailsub__proxy_state mailsub__tunnel_get_state(const mailsub__tunnel *tunnel);
/* FAILED: MAILSUB_E_PROXY, _PROXY_LOGIN, _PROXY_REFUSED, _PROXY_PROTOCOL. */
int mailsub__tunnel_get_error(const mailsub__tunnel *tunnel);
/* Who it is, and why it failed, or that it has not answered. */
void mailsub__tunnel_describe(const mailsub__tunnel *tunnel, mailsub__detail *detail);

#endif
