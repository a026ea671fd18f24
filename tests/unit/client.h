/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A transport with its poller, and the loop that an owner runs around them, for tests. */
#ifndef MAILSUB_TESTS_CLIENT_H
#define MAILSUB_TESTS_CLIENT_H

#include "unit.h"

#include <sys/socket.h>

#include <mailsub/error.h>

#include "net/clock.h"
#include "net/transport.h"

struct client {
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub__poller *poller;
    mailsub__transport *transport;
};

static inline int client_init(struct client *client, const mailsub__transport_settings *settings)
{
    client->allocator = unit_allocator(&client->heap);
    client->poller = NULL;
    client->transport = NULL;
    int rc = mailsub__poller_new(&client->allocator, &client->poller);
    if (rc)
        return rc;
    return mailsub__transport_new(&client->allocator, client->poller, settings, &client->transport);
}

/* Nothing may be left. */
static inline void client_deinit(struct client *client)
{
    mailsub__transport_free(client->transport);
    mailsub__poller_free(client->poller);
    assert_int_equal(client->heap.n_live, 0);
}

/* Linked in place of the C library's (-Wl,--wrap): counts the calls of the client's thread. */
static _Thread_local size_t client_n_receives;

ssize_t __real_recv(int fd, void *out, size_t room, int flags);
ssize_t __wrap_recv(int fd, void *out, size_t room, int flags);

ssize_t __wrap_recv(int fd, void *out, size_t room, int flags)
{
    client_n_receives++;
    return __real_recv(fd, out, room, flags);
}

/* Wait for what is due, and let the transport go on. Fails the test when nothing comes. */
static inline void client_step(struct client *client)
{
    int64_t now_ms = mailsub__clock_monotonic_ms();
    int64_t deadline = mailsub__transport_deadline(client->transport);
    bool is_due_first = deadline >= 0 && deadline < now_ms + 20000;
    mailsub__poller_wait(client->poller, !is_due_first       ? 20000
                                         : deadline > now_ms ? deadline - now_ms
                                                             : 0);
    assert_true(is_due_first || mailsub__clock_monotonic_ms() - now_ms < 20000);
    mailsub__poller_clear(client->poller);
    mailsub__transport_process(client->transport, mailsub__clock_monotonic_ms());
}

/* Go on until the connection stands or has failed; MAILSUB_OK or its error. */
static inline int client_finish(struct client *client)
{
    while (mailsub__transport_get_state(client->transport) < MAILSUB__TRANSPORT_READY)
        client_step(client);
    return mailsub__transport_get_error(client->transport);
}

static inline int client_open(struct client *client, bool with_tls)
{
    mailsub__transport_open(client->transport, with_tls, mailsub__clock_monotonic_ms());
    return client_finish(client);
}

/* Read until len octets are there. */
static inline int client_read(struct client *client, char *out, size_t len)
{
    while (len > 0) {
        size_t n = 0;
        int rc = mailsub__transport_read(client->transport, out, len, &n);
        if (rc)
            return rc;
        out += n;
        len -= n;
        if (n == 0)
            client_step(client);
    }
    return MAILSUB_OK;
}

static inline int client_write(struct client *client, const char *data, size_t len)
{
    while (len > 0) {
        size_t n = 0;
        int rc = mailsub__transport_write(client->transport, data, len, &n);
        if (rc)
            return rc;
        data += n;
        len -= n;
        if (len > 0)
            client_step(client);
    }
    return MAILSUB_OK;
}

/* Five octets arrive: they and their end cost one call of the system. */
static inline void client_check_thrift(struct client *client)
{
    char data[100];
    size_t n = 0;
    while (n == 0) {
        client_step(client);
        client_n_receives = 0;
        assert_int_equal(mailsub__transport_read(client->transport, data, sizeof data, &n), 0);
    }
    assert_int_equal(n, 5);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(mailsub__transport_read(client->transport, data, sizeof data, &n), 0);
        assert_int_equal(n, 0);
        mailsub__transport_process(client->transport, mailsub__clock_monotonic_ms());
    }
    assert_int_equal(client_n_receives, 1);
}

/* Read until nothing is left now. */
static inline int client_drain_now(struct client *client)
{
    char scrap[4096];
    size_t n = 0;
    int rc;
    do
        rc = mailsub__transport_read(client->transport, scrap, sizeof scrap, &n);
    while (rc == MAILSUB_OK && n > 0);
    return rc;
}

/* Read all there is; the error that ends it. */
static inline int client_drain(struct client *client)
{
    char scrap[4096];
    for (;;) {
        size_t n = 0;
        int rc = mailsub__transport_read(client->transport, scrap, sizeof scrap, &n);
        if (rc)
            return rc;
        if (n == 0)
            client_step(client);
    }
}

#endif
