/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 *   C: 5, methods           S: 5, the method
 *   C: 1, user, password    S: 1, 0                  where the method is that
 *   C: 5, CONNECT, address  S: 5, 0, 0, an address   which nobody needs
 *
 * Nothing is sent before the reply to what went before: the proxy's choice decides what comes next.
 */
#include "net/socks.h"

#include <arpa/inet.h>
#include <assert.h>

#include <mailsub/error.h>

#include "base/memory.h"

#define VERSION 5
#define LOGIN_VERSION 1
#define METHOD_NONE 0
#define METHOD_PASSWORD 2
#define METHOD_NOT_ACCEPTABLE 0xff
#define COMMAND_CONNECT 1
#define ADDRESS_IPV4 1
#define ADDRESS_NAME 3
#define ADDRESS_IPV6 4

/* What the reply that is awaited is about. */
enum phase { METHOD, LOGIN, CONNECT };

static void append(mailsub__socks *socks, const void *data, size_t len)
{
    assert(len <= sizeof socks->out - socks->out_len);
    memcpy(socks->out + socks->out_len, data, len);
    socks->out_len += len;
}

static void append_octet(mailsub__socks *socks, int octet)
{
    unsigned char value = (unsigned char)octet;
    append(socks, &value, 1);
}

/* One octet of length, and the text. */
static void append_text(mailsub__socks *socks, const char *text)
{
    size_t len = strlen(text);
    assert(len <= 255);
    append_octet(socks, (int)len);
    append(socks, text, len);
}

/* What is sent next begins here, and its reply has at least n_wanted octets. */
static void begin(mailsub__socks *socks, enum phase phase, size_t n_wanted)
{
    mailsub__wipe(socks->out, sizeof socks->out);
    socks->phase = (int)phase;
    socks->out_len = 0;
    socks->out_at = 0;
    socks->n_seen = 0;
    socks->n_wanted = n_wanted;
}

void mailsub__socks_init(mailsub__socks *socks, const mailsub__proxy *proxy, const char *host,
                         int port)
{
    *socks = (mailsub__socks){.proxy = proxy, .host = host, .port = port, .reason = ""};
    begin(socks, METHOD, 2);
    append_octet(socks, VERSION);
    append_octet(socks, proxy->user ? 2 : 1);
    append_octet(socks, METHOD_NONE);
    if (proxy->user)
        append_octet(socks, METHOD_PASSWORD);
}

void mailsub__socks_deinit(mailsub__socks *socks)
{
    mailsub__wipe(socks, sizeof *socks);
}

mailsub__slice mailsub__socks_peek_output(const mailsub__socks *socks)
{
    if (socks->state != MAILSUB__PROXY_TALKING)
        return MAILSUB__SLICE_EMPTY;
    return mailsub__slice_of(socks->out + socks->out_at, socks->out_len - socks->out_at);
}

void mailsub__socks_ack_output(mailsub__socks *socks, size_t len)
{
    assert(len <= socks->out_len - socks->out_at);
    socks->out_at += len;
}

static void fail(mailsub__socks *socks, int error, const char *reason)
{
    socks->state = MAILSUB__PROXY_FAILED;
    socks->error = error;
    socks->reason = reason;
}

static void send_login(mailsub__socks *socks)
{
    begin(socks, LOGIN, 2);
    append_octet(socks, LOGIN_VERSION);
    append_text(socks, socks->proxy->user);
    append_text(socks, socks->proxy->password);
}

static void send_connect(mailsub__socks *socks)
{
    struct in6_addr address;
    begin(socks, CONNECT, 5);
    append_octet(socks, VERSION);
    append_octet(socks, COMMAND_CONNECT);
    append_octet(socks, 0);
    if (inet_pton(AF_INET, socks->host, &address) == 1) {
        append_octet(socks, ADDRESS_IPV4);
        append(socks, &address, 4);
    } else if (inet_pton(AF_INET6, socks->host, &address) == 1) {
        append_octet(socks, ADDRESS_IPV6);
        append(socks, &address, 16);
    } else {
        append_octet(socks, ADDRESS_NAME);
        append_text(socks, socks->host);
    }
    append_octet(socks, socks->port >> 8);
    append_octet(socks, socks->port & 0xff);
}

static void take_method(mailsub__socks *socks)
{
    int method = socks->reply[1];
    if (method == METHOD_NONE)
        send_connect(socks);
    else if (method == METHOD_PASSWORD && socks->proxy->user)
        send_login(socks);
    else if (method == METHOD_NOT_ACCEPTABLE)
        fail(socks, MAILSUB_E_PROXY_LOGIN,
             socks->proxy->user ? "no method of login in common" : "it demands a login");
    else
        fail(socks, MAILSUB_E_PROXY_PROTOCOL, "it chose what was not offered");
}

/* RFC 1928 section 6: the codes of a refusal, from 1 on. */
static const struct refusal {
    int error;
    const char *reason;
} refusals[] = {
    {MAILSUB_E_PROXY, "general failure"},
    {MAILSUB_E_PROXY_REFUSED, "not allowed by its rules"},
    {MAILSUB_E_PROXY, "network unreachable"},
    {MAILSUB_E_PROXY, "host unreachable"},
    {MAILSUB_E_PROXY, "connection refused"},
    {MAILSUB_E_PROXY, "TTL expired"},
    {MAILSUB_E_PROXY_REFUSED, "command not supported"},
    {MAILSUB_E_PROXY_REFUSED, "address type not supported"},
};

/* The proxy hangs up behind a refusal, and the rest of it may never come. */
static void take_refusal(mailsub__socks *socks)
{
    size_t code = socks->reply[1];
    if (code <= sizeof refusals / sizeof refusals[0])
        fail(socks, refusals[code - 1].error, refusals[code - 1].reason);
    else
        fail(socks, MAILSUB_E_PROXY, "a failure that has no name");
}

/* Octets of the reply to CONNECT, by the kind of address and the first octet of that; 0: unknown. */
static size_t connect_reply_len(int kind, int first)
{
    switch (kind) {
    case ADDRESS_IPV4:
        return 4 + 4 + 2;
    case ADDRESS_NAME:
        return 4 + 1 + (size_t)first + 2;
    case ADDRESS_IPV6:
        return 4 + 16 + 2;
    default:
        return 0;
    }
}

/* The reply has n_wanted octets more than before, or is complete. */
static void take_reply(mailsub__socks *socks)
{
    switch ((enum phase)socks->phase) {
    case METHOD:
        take_method(socks);
        break;
    case LOGIN:
        if (socks->reply[1] != 0)
            fail(socks, MAILSUB_E_PROXY_LOGIN, "it refused the login");
        else
            send_connect(socks);
        break;
    case CONNECT:
        if (socks->n_seen > 5) {
            socks->state = MAILSUB__PROXY_OPEN;
            break;
        }
        socks->n_wanted = connect_reply_len(socks->reply[3], socks->reply[4]);
        if (socks->n_wanted == 0)
            fail(socks, MAILSUB_E_PROXY_PROTOCOL, "an address of no known kind");
        break;
    }
}

/* What is wrong with an octet as soon as it comes. */
static void check_octet(mailsub__socks *socks)
{
    int version = socks->phase == LOGIN ? LOGIN_VERSION : VERSION;
    size_t at = socks->n_seen - 1;
    if (at == 0 && socks->reply[0] != version)
        fail(socks, MAILSUB_E_PROXY_PROTOCOL, "this is no SOCKS5 proxy");
    else if (at == 1 && socks->phase == CONNECT && socks->reply[1] != 0)
        take_refusal(socks);
    else if (at == 2 && socks->reply[2] != 0)
        fail(socks, MAILSUB_E_PROXY_PROTOCOL, "a reserved octet is not 0");
}

static void take_octet(mailsub__socks *socks, char octet)
{
    if (socks->out_at < socks->out_len) {
        fail(socks, MAILSUB_E_PROXY_PROTOCOL, "a reply to what was not yet sent");
        return;
    }
    if (socks->n_seen < sizeof socks->reply)
        socks->reply[socks->n_seen] = (unsigned char)octet;
    socks->n_seen++;
    check_octet(socks);
    if (socks->state == MAILSUB__PROXY_TALKING && socks->n_seen == socks->n_wanted)
        take_reply(socks);
}

void mailsub__socks_feed(mailsub__socks *socks, const char *data, size_t len, size_t *out_used)
{
    size_t used = 0;
    while (used < len && socks->state == MAILSUB__PROXY_TALKING)
        take_octet(socks, data[used++]);
    *out_used = used;
}

enum mailsub__proxy_state mailsub__socks_get_state(const mailsub__socks *socks)
{
    return socks->state;
}

int mailsub__socks_get_error(const mailsub__socks *socks)
{
    return socks->error;
}

void mailsub__socks_describe(const mailsub__socks *socks, mailsub__detail *detail)
{
    mailsub__detail_append(detail, socks->reason);
}
