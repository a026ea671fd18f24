/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of IPv4 and IPv6 with their ports, and how they are written. */
#ifndef MAILSUB_NET_ENDPOINT_H
#define MAILSUB_NET_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>

/* Room for the longest text below, NUL included. */
#define MAILSUB__ENDPOINT_TEXT_LEN 64

typedef union mailsub__endpoint {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
} mailsub__endpoint;

/* False, and nothing set: another family, or cut short. */
bool mailsub__endpoint_init(mailsub__endpoint *out, const struct sockaddr *from, socklen_t len);
/* From an IPv4 address, or an IPv6 address without brackets and zone; port 0. False: it is neither. */
bool mailsub__endpoint_parse(const char *text, mailsub__endpoint *out);
socklen_t mailsub__endpoint_len(const mailsub__endpoint *address);
bool mailsub__endpoint_equal(const mailsub__endpoint *a, const mailsub__endpoint *b);
/* The peer is this host: a loopback address, or the same address at both ends. */
bool mailsub__endpoint_is_loopback(const mailsub__endpoint *peer, const mailsub__endpoint *local);
/* "192.0.2.1 port 25" */
void mailsub__endpoint_write(const mailsub__endpoint *address,
                             char out[MAILSUB__ENDPOINT_TEXT_LEN]);
/* "[192.0.2.7]", "[IPv6:2001:db8::7]": RFC 5321 section 4.1.3. */
void mailsub__endpoint_write_literal(const mailsub__endpoint *address,
                                     char out[MAILSUB__ENDPOINT_TEXT_LEN]);

#endif
