/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of IPv4 and IPv6 with their ports, and how they are written. */
#ifndef MAILSUB_NET_ADDRESS_H
#define MAILSUB_NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

/* Room for the longest text below, NUL included. */
#define MAILSUB__ADDRESS_TEXT_LEN 64

typedef union mailsub__address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
} mailsub__address;

/* False, and nothing set: another family, or cut short. */
bool mailsub__address_init(mailsub__address *out, const struct sockaddr *from, socklen_t len);
socklen_t mailsub__address_len(const mailsub__address *address);
bool mailsub__address_equal(const mailsub__address *a, const mailsub__address *b);
/* The peer is this host: a loopback address, or the same address at both ends. */
bool mailsub__address_is_loopback(const mailsub__address *peer, const mailsub__address *local);
/* "192.0.2.1 port 25" */
void mailsub__address_write(const mailsub__address *address, char out[MAILSUB__ADDRESS_TEXT_LEN]);
/* "[192.0.2.7]", "[IPv6:2001:db8::7]": RFC 5321 section 4.1.3. */
void mailsub__address_write_literal(const mailsub__address *address,
                                    char out[MAILSUB__ADDRESS_TEXT_LEN]);

#endif
