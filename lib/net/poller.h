/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One descriptor that stands for all that a session waits for: an epoll instance with an eventfd in
 * it, by which another thread or a signal handler can wake whoever waits.
 */
#ifndef MAILSUB_NET_POLLER_H
#define MAILSUB_NET_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include <mailsub/system.h>

typedef struct mailsub__poller mailsub__poller;

/* The allocator is borrowed, here and in the other modules of this room. MAILSUB_E_NOMEM, _SYSTEM.
 */
int mailsub__poller_new(const mailsub_allocator *allocator, mailsub__poller **out_poller);
void mailsub__poller_free(mailsub__poller *poller);
/* Readable when something is due; stays the same for the poller's life. */
int mailsub__poller_get_fd(const mailsub__poller *poller);

/*
 * In a child, which shares both descriptors with its parent: put its own in their places, under the
 * same numbers, and watch nothing. Nothing is done to the parent's. Where the child has closed them
 * meanwhile, their numbers may be somebody else's by now: *out_closed is set, and there are others.
 * MAILSUB_E_SYSTEM: to be called again.
 */
int mailsub__poller_settle(mailsub__poller *poller, bool *out_closed);
/* In a child, before _free: give the descriptors back if they are still there; else true. */
bool mailsub__poller_leave(mailsub__poller *poller);

/* Watch fd; what it is watched for may be changed any number of times. An error or hang-up of fd
   always counts. MAILSUB_E_SYSTEM, with errno. */
int mailsub__poller_add(mailsub__poller *poller, int fd, bool want_read, bool want_write);
int mailsub__poller_change(mailsub__poller *poller, int fd, bool want_read, bool want_write);
/* Before fd is closed. */
void mailsub__poller_remove(mailsub__poller *poller, int fd);

/* Any thread, and a signal handler: make the descriptor readable. */
void mailsub__poller_wake(mailsub__poller *poller);
/* Make it quiet again; costs nothing when nobody woke it. What the waker had to say must be looked
   at behind this call, not before. */
void mailsub__poller_clear(mailsub__poller *poller);
/* Block until something is due, at most timeout_ms; -1 for as long as it takes. A signal may end
   the wait early. */
void mailsub__poller_wait(mailsub__poller *poller, int64_t timeout_ms);
/* Another number behind each _clear and _wait. Within one round, a socket that was found empty need
   not be asked again: what arrives later makes the poller due. The owner's thread only. */
unsigned mailsub__poller_get_round(const mailsub__poller *poller);

#endif
