/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/literal.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/slice.h"

enum mailsub__literal_kind mailsub__literal_kind(const char *text)
{
    struct in6_addr address;
    if (inet_pton(AF_INET, text, &address) == 1)
        return MAILSUB__IPV4;
    if (inet_pton(AF_INET6, text, &address) == 1)
        return MAILSUB__IPV6;
    return MAILSUB__NO_LITERAL;
}

bool mailsub__host_is_loopback(const char *host)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    struct in6_addr v6;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    mailsub__slice name = mailsub__slice_str(host);
    mailsub__slice local = mailsub__slice_str("localhost");
    if (name.len < local.len)
        return false;
    size_t start = name.len - local.len;
    if (!mailsub__slice_equal_nocase(mailsub__slice_of(host + start, local.len), local))
        return false;
    return start == 0 || host[start - 1] == '.';
}
