/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From settings to a connected socket: by name and TCP (resolver.h, race.h), directly or through a
 * proxy (tunnel.h), over a Unix socket, by a function of the application, or with a descriptor that
 * the application has handed in. What is
 * spoken over it is not this module's matter. Nothing here blocks, except _free while the system's
 * resolver has not returned.
 */
#ifndef MAILSUB_NET_DIAL_H
#define MAILSUB_NET_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include <mailsub/config.h>

#include "net/detail.h"
#include "net/ends.h"
#include "net/poller.h"
#include "net/proxy.h"

/* Longest path of a Unix socket, NUL included: sizeof sun_path (unix(7)). */
#define MAILSUB__UNIX_PATH_LEN 108

typedef struct mailsub__dial mailsub__dial;

/* Strings are borrowed and outlive the dial. What is NULL is not used. */
typedef struct mailsub__dial_settings {
    const char *host; /* A-label name, or IPv4 or IPv6 address without brackets */
    int port;
    const char *unix_path;   /* instead of host and port */
    const char *source_ipv4; /* this end's address, as text; when one of the two is given, the other
                                family is not used */
    const char *source_ipv6;
    mailsub__proxy proxy;       /* leads to host and port */
    mailsub_connect_fn connect; /* makes the connection to host and port, or to the proxy's */
    void *connect_context;
} mailsub__dial_settings;

enum mailsub__dial_state {
    MAILSUB__DIAL_CLOSED,
    MAILSUB__DIAL_RESOLVING,
    MAILSUB__DIAL_CONNECTING,
    MAILSUB__DIAL_CONNECTED,
    MAILSUB__DIAL_FAILED
};

/* detail is borrowed: it says why a dial failed, and meanwhile who has not answered. MAILSUB_E_NOMEM.
 */
int mailsub__dial_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                      const mailsub__dial_settings *settings, mailsub__detail *detail,
                      mailsub__dial **out_dial);
void mailsub__dial_free(mailsub__dial *dial);

/*
 * The next _open uses fd, a stream socket that is connected or is being connected; it is closed
 * here, whatever happens. An earlier one that was not used is closed. -1: none.
 */
void mailsub__dial_hand_in(mailsub__dial *dial, int fd);

/* CLOSED: begin; may already be in any other state on return. */
void mailsub__dial_open(mailsub__dial *dial, int64_t now_ms);
void mailsub__dial_process(mailsub__dial *dial, int64_t now_ms);
enum mailsub__dial_state mailsub__dial_get_state(const mailsub__dial *dial);
/* When _process must be called if the poller stays quiet; -1: never. */
int64_t mailsub__dial_deadline(const mailsub__dial *dial);
/* CONNECTED: the socket, non-blocking, in no poller, the caller's from now on. The state is CLOSED
   then. */
int mailsub__dial_take(mailsub__dial *dial, mailsub__ends *out_ends);
/* FAILED: MAILSUB_E_RESOLVE, _RESOLVE_AGAIN, _CONNECT, _PROXY*, _SYSTEM, _NOMEM, or the
   application's. */
int mailsub__dial_get_error(const mailsub__dial *dial);
/* Give up, in every state. Does not wait for a name resolution, whose answer is then taken by the
   next open, or ignored. */
void mailsub__dial_close(mailsub__dial *dial);
/* In a child, whose poller has settled: give up what is the parent's, without a wait. closed: its
   descriptors are not there any more. */
void mailsub__dial_abandon(mailsub__dial *dial, bool closed);

#endif
