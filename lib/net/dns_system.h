/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name servers of the system, resolv.conf(5): the only place that sends questions to DNS. */
#ifndef MAILSUB_NET_DNS_SYSTEM_H
#define MAILSUB_NET_DNS_SYSTEM_H

#include <mailsub/discovery.h>

/*
 * Each question goes to one name server after the other, as often as resolv.conf(5) says, until one
 * can tell. MAILSUB_E_TIMEOUT: time is up, or none has answered; MAILSUB_E_RESOLVE_AGAIN: none could
 * be asked, or could tell; MAILSUB_E_SYSTEM.
 */
extern const mailsub_resolver mailsub__system_resolver;

#endif
