/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In which order the servers that SRV records name are tried: RFC 2782, priority and weight. */
#ifndef MAILSUB_NET_SRV_H
#define MAILSUB_NET_SRV_H

#include <mailsub/system.h>

#include "net/dns.h"

/* Put them into the order to try, by chance where they have one. The codes of random's fill; they
   may then be in any order. */
int mailsub__srv_order(mailsub__dns_srv *records, size_t n, const mailsub_random *random);

#endif
