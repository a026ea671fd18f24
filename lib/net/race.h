/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Happy eyeballs, RFC 8305: connect to the addresses of a host one after the other without waiting
 * for those that do not answer, and keep the first connection that stands.
 *
 * The families take turns, beginning with that of the first address (section 4): the system's order
 * prefers IPv6 where it is usable, and an administrator may have said otherwise in gai.conf.
 */
#ifndef MAILSUB_NET_RACE_H
#define MAILSUB_NET_RACE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/detail.h"
#include "net/endpoint.h"
#include "net/poller.h"

/* Section 5: Connection Attempt Delay. */
#define MAILSUB__RACE_DELAY_MS 250
/* More addresses than that are left out; each attempt costs a descriptor. */
#define MAILSUB__RACE_MAX_ATTEMPTS 20

typedef struct mailsub__race mailsub__race;

enum mailsub__race_state { MAILSUB__RACE_RUNNING, MAILSUB__RACE_WON, MAILSUB__RACE_LOST };

/* The addresses are copied; n is at least 1. Nothing is connected yet. MAILSUB_E_NOMEM. */
int mailsub__race_new(const mailsub_allocator *allocator, mailsub__poller *poller,
                      const mailsub__endpoint *addresses, size_t n, mailsub__race **out_race);
/* Before the first _process: addresses of this family are connected to from this address. Once for
   each family; copied. */
void mailsub__race_set_source(mailsub__race *race, const mailsub__endpoint *source);
/* Closes all sockets, except the winner's if it was taken. */
void mailsub__race_free(mailsub__race *race);

void mailsub__race_process(mailsub__race *race, int64_t now_ms);
enum mailsub__race_state mailsub__race_get_state(const mailsub__race *race);
/* When the next address is due; -1 when there is none. */
int64_t mailsub__race_deadline(const mailsub__race *race);

/* Won: the socket, non-blocking, in no poller, the caller's from now on; and whom it leads to. */
int mailsub__race_take(mailsub__race *race, mailsub__endpoint *out_peer);
/* Lost: MAILSUB_E_CONNECT, or MAILSUB_E_SYSTEM when all attempts failed for want of a resource. */
int mailsub__race_get_error(const mailsub__race *race);
/* Add the addresses tried so far, and how each came out. */
void mailsub__race_describe(const mailsub__race *race, mailsub__detail *detail);

#endif
