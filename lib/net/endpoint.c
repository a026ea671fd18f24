/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool mailsub__endpoint_init(mailsub__endpoint *out, const struct sockaddr *from, socklen_t len)
{
    bool is_ipv4 = from->sa_family == AF_INET && len >= sizeof out->ipv4;
    bool is_ipv6 = from->sa_family == AF_INET6 && len >= sizeof out->ipv6;
    if (!is_ipv4 && !is_ipv6)
        return false;
    memset(out, 0, sizeof *out);
    memcpy(out, from, is_ipv4 ? sizeof out->ipv4 : sizeof out->ipv6);
    return true;
}

bool mailsub__endpoint_parse(const char *text, mailsub__endpoint *out)
{
    mailsub__endpoint address = {0};
    if (inet_pton(AF_INET, text, &address.ipv4.sin_addr) == 1)
        address.ipv4.sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &address.ipv6.sin6_addr) == 1)
        address.ipv6.sin6_family = AF_INET6;
    else
        return false;
    *out = address;
    return true;
}

socklen_t mailsub__endpoint_len(const mailsub__endpoint *address)
{
    return address->any.sa_family == AF_INET ? sizeof address->ipv4 : sizeof address->ipv6;
}

static bool is_mapped(const mailsub__endpoint *address)
{
    return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address->ipv6.sin6_addr);
}

/* The IPv4 address of address, where it is one: ::ffff:192.0.2.1 is 192.0.2.1 (RFC 4291). */
static bool get_ipv4(const mailsub__endpoint *address, struct in_addr *out)
{
    if (is_mapped(address))
        memcpy(out, &address->ipv6.sin6_addr.s6_addr[12], sizeof *out);
    else if (address->any.sa_family == AF_INET)
        *out = address->ipv4.sin_addr;
    else
        return false;
    return true;
}

static bool equal_hosts(const mailsub__endpoint *a, const mailsub__endpoint *b)
{
    struct in_addr a4;
    struct in_addr b4;
    bool is_a4 = get_ipv4(a, &a4);
    if (is_a4 != get_ipv4(b, &b4))
        return false;
    if (is_a4)
        return a4.s_addr == b4.s_addr;
    return IN6_ARE_ADDR_EQUAL(&a->ipv6.sin6_addr, &b->ipv6.sin6_addr);
}

static in_port_t get_port(const mailsub__endpoint *address)
{
    return ntohs(address->any.sa_family == AF_INET ? address->ipv4.sin_port
                                                   : address->ipv6.sin6_port);
}

bool mailsub__endpoint_equal(const mailsub__endpoint *a, const mailsub__endpoint *b)
{
    return equal_hosts(a, b) && get_port(a) == get_port(b);
}

bool mailsub__endpoint_is_loopback(const mailsub__endpoint *peer, const mailsub__endpoint *local)
{
    struct in_addr ipv4;
    if (get_ipv4(peer, &ipv4)) {
        if (ntohl(ipv4.s_addr) >> 24 == IN_LOOPBACKNET)
            return true;
    } else if (IN6_IS_ADDR_LOOPBACK(&peer->ipv6.sin6_addr)) {
        return true;
    }
    return equal_hosts(peer, local);
}

/* The bare address; what inet_ntop is given here cannot fail. */
static bool write_host(const mailsub__endpoint *address, char out[INET6_ADDRSTRLEN])
{
    struct in_addr ipv4;
    bool is_ipv4 = get_ipv4(address, &ipv4);
    out[0] = '\0';
    inet_ntop(is_ipv4 ? AF_INET : AF_INET6,
              is_ipv4 ? (const void *)&ipv4 : (const void *)&address->ipv6.sin6_addr, out,
              INET6_ADDRSTRLEN);
    return is_ipv4;
}

void mailsub__endpoint_write(const mailsub__endpoint *address, char out[MAILSUB__ENDPOINT_TEXT_LEN])
{
    char host[INET6_ADDRSTRLEN];
    write_host(address, host);
    snprintf(out, MAILSUB__ENDPOINT_TEXT_LEN, "%s port %d", host, get_port(address));
}

void mailsub__endpoint_write_literal(const mailsub__endpoint *address,
                                     char out[MAILSUB__ENDPOINT_TEXT_LEN])
{
    char host[INET6_ADDRSTRLEN];
    bool is_ipv4 = write_host(address, host);
    snprintf(out, MAILSUB__ENDPOINT_TEXT_LEN, is_ipv4 ? "[%s]" : "[IPv6:%s]", host);
}
