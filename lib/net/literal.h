/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IP addresses as text. */
#ifndef MAILSUB_NET_LITERAL_H
#define MAILSUB_NET_LITERAL_H

#include <stdbool.h>

enum mailsub__literal_kind { MAILSUB__NO_LITERAL, MAILSUB__IPV4, MAILSUB__IPV6 };

/* What text is: dotted-quad IPv4, IPv6 without brackets and zone, or neither. */
enum mailsub__literal_kind mailsub__literal_kind(const char *text);
/* True for "localhost", names under it (RFC 6761 section 6.3), 127.0.0.0/8 and ::1. */
bool mailsub__host_is_loopback(const char *host);

#endif
