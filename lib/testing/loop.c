/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake server's thread: one epoll instance over the listener, the wake-up and all clients. */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testing/connection.h"

#define N_EVENTS 64
/* No descriptor is free: wait a little for a client to go rather than spin. */
#define ACCEPT_PAUSE_MS 10

struct loop {
    mailsub_testing_server *server;
    int epoll;
    mailsub__connection *first;
};

static bool watch(struct loop *loop, int fd, void *owner)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = owner};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void drop(struct loop *loop, mailsub__connection *connection)
{
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        loop->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    /* Where the test has forked, its child holds the socket too: closing would not end the watch. */
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    mailsub__connection_free(connection);
}

/* Let the connection go on, and wait for what it wants next, or free it. */
static void attend(struct loop *loop, mailsub__connection *connection, uint32_t events)
{
    mailsub__connection_process(connection, events);
    uint32_t wanted = mailsub__connection_wanted(connection);
    if (connection->phase != MAILSUB__PHASE_CLOSED && wanted != connection->watched) {
        struct epoll_event event = {.events = wanted, .data.ptr = connection};
        if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, connection->fd, &event) != 0)
            connection->phase = MAILSUB__PHASE_CLOSED;
        connection->watched = wanted;
    }
    if (connection->phase == MAILSUB__PHASE_CLOSED)
        drop(loop, connection);
}

static void accept_all(struct loop *loop)
{
    for (;;) {
        int fd = accept4(loop->server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE)
                poll(NULL, 0, ACCEPT_PAUSE_MS);
            return;
        }
        mailsub__connection *connection = mailsub__connection_new(loop->server, fd);
        if (!connection)
            return;
        connection->next = loop->first;
        if (loop->first)
            loop->first->previous = connection;
        loop->first = connection;
        connection->watched = EPOLLIN;
        if (watch(loop, fd, connection))
            attend(loop, connection, 0);
        else
            drop(loop, connection);
    }
}

/* Events that were reported together may be for a connection that the first of them freed only if
   a connection frees another, which none does. */
static void serve(struct loop *loop)
{
    struct epoll_event events[N_EVENTS];
    for (;;) {
        int n = epoll_wait(loop->epoll, events, N_EVENTS, -1);
        if (n < 0 && errno != EINTR)
            return;
        for (int i = 0; i < n; i++) {
            void *owner = events[i].data.ptr;
            if (owner == &loop->server->wake)
                return;
            if (owner == &loop->server->listener)
                accept_all(loop);
            else
                attend(loop, owner, events[i].events);
        }
    }
}

void mailsub__loop_run(mailsub_testing_server *server)
{
    struct loop loop = {.server = server};
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop.epoll < 0)
        return;
    if (watch(&loop, server->wake, &server->wake) &&
        watch(&loop, server->listener, &server->listener))
        serve(&loop);
    /* What clients have sent until now, such as a QUIT without waiting, still gets recorded. */
    accept_all(&loop);
    for (mailsub__connection *connection = loop.first; connection; connection = connection->next)
        mailsub__connection_process(connection, 0);
    while (loop.first)
        drop(&loop, loop.first);
    close(loop.epoll);
}
