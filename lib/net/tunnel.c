/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the proxy says is looked at in the socket first, and taken from it as far as it is the
 * proxy's: the server's first octets may stand right behind it, and belong to TLS or to the dialogue.
 */
#include "net/tunnel.h"

#include <errno.h>
#include <sys/socket.h>

#include <mailsub/error.h>

#include "base/memory.h"
#include "net/http_tunnel.h"
#include "net/socks.h"

struct mailsub__tunnel {
    const mailsub_allocator *allocator;
    mailsub__poller *poller;
    const mailsub__proxy *proxy;
    int fd;
    bool is_lost; /* the proxy hung up, or the network failed */
    int os_error; /* 0: it hung up */
    bool is_socks;
    union {
        mailsub__socks socks;
        mailsub__http_tunnel http;
    } talk;
};

int mailsub__tunnel_new(const mailsub_allocator *allocator, mailsub__poller *poller, int fd,
                        const mailsub__proxy *proxy, mailsub__tunnel **out_tunnel)
{
    mailsub__tunnel *tunnel = mailsub__alloc_zeroed(allocator, sizeof *tunnel);
    if (!tunnel)
        return MAILSUB_E_NOMEM;
    tunnel->allocator = allocator;
    tunnel->poller = poller;
    tunnel->proxy = proxy;
    tunnel->fd = fd;
    tunnel->is_socks = proxy->kind == MAILSUB__PROXY_SOCKS5;
    *out_tunnel = tunnel;
    return MAILSUB_OK;
}

void mailsub__tunnel_free(mailsub__tunnel *tunnel)
{
    if (!tunnel)
        return;
    if (tunnel->is_socks)
        mailsub__socks_deinit(&tunnel->talk.socks);
    else
        mailsub__http_tunnel_deinit(&tunnel->talk.http);
    mailsub__free(tunnel->allocator, tunnel);
}

void mailsub__tunnel_begin(mailsub__tunnel *tunnel, const char *host, int port)
{
    if (tunnel->is_socks)
        mailsub__socks_init(&tunnel->talk.socks, tunnel->proxy, host, port);
    else
        mailsub__http_tunnel_init(&tunnel->talk.http, tunnel->proxy, host, port);
}

static mailsub__slice peek_output(const mailsub__tunnel *tunnel)
{
    return tunnel->is_socks ? mailsub__socks_peek_output(&tunnel->talk.socks)
                            : mailsub__http_tunnel_peek_output(&tunnel->talk.http);
}

static void ack_output(mailsub__tunnel *tunnel, size_t len)
{
    if (tunnel->is_socks)
        mailsub__socks_ack_output(&tunnel->talk.socks, len);
    else
        mailsub__http_tunnel_ack_output(&tunnel->talk.http, len);
}

static size_t feed(mailsub__tunnel *tunnel, const char *data, size_t len)
{
    size_t used = 0;
    if (tunnel->is_socks)
        mailsub__socks_feed(&tunnel->talk.socks, data, len, &used);
    else
        mailsub__http_tunnel_feed(&tunnel->talk.http, data, len, &used);
    return used;
}

static void lose(mailsub__tunnel *tunnel, int os_error)
{
    tunnel->is_lost = true;
    tunnel->os_error = os_error;
}

/* False: no more goes now. */
static bool transmit(mailsub__tunnel *tunnel)
{
    mailsub__slice out = peek_output(tunnel);
    if (out.len == 0)
        return true;
    ssize_t n = send(tunnel->fd, out.ptr, out.len, MSG_NOSIGNAL);
    if (n > 0)
        ack_output(tunnel, (size_t)n);
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        lose(tunnel, errno);
    return peek_output(tunnel).len == 0;
}

/* True: something came. */
static bool receive(mailsub__tunnel *tunnel)
{
    char data[512];
    ssize_t n = recv(tunnel->fd, data, sizeof data, MSG_PEEK);
    if (n > 0) {
        size_t used = feed(tunnel, data, (size_t)n);
        /* They are there: this takes just them. */
        return recv(tunnel->fd, data, used, 0) == (ssize_t)used;
    }
    if (n == 0)
        lose(tunnel, 0);
    else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        lose(tunnel, errno);
    return false;
}

void mailsub__tunnel_process(mailsub__tunnel *tunnel)
{
    while (mailsub__tunnel_get_state(tunnel) == MAILSUB__PROXY_TALKING) {
        bool is_sent = transmit(tunnel);
        if (mailsub__tunnel_get_state(tunnel) == MAILSUB__PROXY_TALKING && receive(tunnel))
            continue;
        if (mailsub__tunnel_get_state(tunnel) == MAILSUB__PROXY_TALKING &&
            mailsub__poller_change(tunnel->poller, tunnel->fd, true, !is_sent) != MAILSUB_OK)
            lose(tunnel, errno);
        return;
    }
}

enum mailsub__proxy_state mailsub__tunnel_get_state(const mailsub__tunnel *tunnel)
{
    if (tunnel->is_lost)
        return MAILSUB__PROXY_FAILED;
    return tunnel->is_socks ? mailsub__socks_get_state(&tunnel->talk.socks)
                            : mailsub__http_tunnel_get_state(&tunnel->talk.http);
}

int mailsub__tunnel_get_error(const mailsub__tunnel *tunnel)
{
    if (tunnel->is_lost)
        return MAILSUB_E_PROXY;
    return tunnel->is_socks ? mailsub__socks_get_error(&tunnel->talk.socks)
                            : mailsub__http_tunnel_get_error(&tunnel->talk.http);
}

void mailsub__tunnel_describe(const mailsub__tunnel *tunnel, mailsub__detail *detail)
{
    mailsub__detail_append(detail, "proxy ");
    mailsub__detail_append(detail, tunnel->proxy->host);
    mailsub__detail_append(detail, " port ");
    mailsub__detail_append_int(detail, tunnel->proxy->port);
    mailsub__detail_append(detail, ": ");
    if (tunnel->is_lost && tunnel->os_error != 0)
        mailsub__detail_append_os_error(detail, tunnel->os_error);
    else if (tunnel->is_lost)
        mailsub__detail_append(detail, "it closed the connection");
    else if (mailsub__tunnel_get_state(tunnel) == MAILSUB__PROXY_TALKING)
        mailsub__detail_append(detail, "no answer");
    else if (tunnel->is_socks)
        mailsub__socks_describe(&tunnel->talk.socks, detail);
    else
        mailsub__http_tunnel_describe(&tunnel->talk.http, detail);
}
