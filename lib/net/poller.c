/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/poller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/fd.h"
#include "base/memory.h"

struct mailsub__poller {
    const mailsub_allocator *allocator;
    int epoll_fd;
    int event_fd;
    /* Set behind each write to event_fd, so that _clear saves the system call when there was none.
       In this order a wake can be seen twice, never missed. */
    atomic_bool was_woken;
    unsigned round;
};

int mailsub__poller_new(const mailsub_allocator *allocator, mailsub__poller **out_poller)
{
    mailsub__poller *poller = mailsub__alloc_zeroed(allocator, sizeof *poller);
    if (!poller)
        return MAILSUB_E_NOMEM;
    poller->allocator = allocator;
    atomic_init(&poller->was_woken, false);
    poller->epoll_fd = mailsub__fd_lift(epoll_create1(EPOLL_CLOEXEC));
    poller->event_fd = mailsub__fd_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (poller->epoll_fd < 0 || poller->event_fd < 0 ||
        mailsub__poller_add(poller, poller->event_fd, true, false) != MAILSUB_OK) {
        mailsub__poller_free(poller);
        return MAILSUB_E_SYSTEM;
    }
    *out_poller = poller;
    return MAILSUB_OK;
}

void mailsub__poller_free(mailsub__poller *poller)
{
    if (!poller)
        return;
    if (poller->epoll_fd >= 0)
        close(poller->epoll_fd);
    if (poller->event_fd >= 0)
        close(poller->event_fd);
    mailsub__free(poller->allocator, poller);
}

/* Watching for what is watched for already changes nothing, but fails where it was never watched. */
static bool is_whole(mailsub__poller *poller)
{
    return mailsub__poller_change(poller, poller->event_fd, true, false) == MAILSUB_OK;
}

bool mailsub__poller_leave(mailsub__poller *poller)
{
    bool closed = !is_whole(poller);
    if (!closed) {
        close(poller->epoll_fd);
        close(poller->event_fd);
    }
    poller->epoll_fd = -1;
    poller->event_fd = -1;
    return closed;
}

/* Have number, or where it was closed any, stand for what made stands for. */
static int take_place(int made, int number, bool closed)
{
    if (closed)
        return made;
    dup3(made, number, O_CLOEXEC);
    close(made);
    return number;
}

int mailsub__poller_settle(mailsub__poller *poller, bool *out_closed)
{
    bool closed = !is_whole(poller);
    int epoll_fd = mailsub__fd_lift(epoll_create1(EPOLL_CLOEXEC));
    int event_fd = mailsub__fd_lift(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (epoll_fd < 0 || event_fd < 0) {
        if (epoll_fd >= 0)
            close(epoll_fd);
        if (event_fd >= 0)
            close(event_fd);
        return MAILSUB_E_SYSTEM;
    }
    poller->epoll_fd = take_place(epoll_fd, poller->epoll_fd, closed);
    poller->event_fd = take_place(event_fd, poller->event_fd, closed);
    atomic_store(&poller->was_woken, false);
    poller->round++;
    int rc = mailsub__poller_add(poller, poller->event_fd, true, false);
    if (rc == MAILSUB_OK)
        *out_closed = closed;
    return rc;
}

int mailsub__poller_get_fd(const mailsub__poller *poller)
{
    return poller->epoll_fd;
}

static int control(mailsub__poller *poller, int operation, int fd, bool want_read, bool want_write)
{
    struct epoll_event event = {
        .events = (want_read ? (uint32_t)EPOLLIN : 0) | (want_write ? (uint32_t)EPOLLOUT : 0),
        .data.fd = fd,
    };
    return epoll_ctl(poller->epoll_fd, operation, fd, &event) == 0 ? MAILSUB_OK : MAILSUB_E_SYSTEM;
}

int mailsub__poller_add(mailsub__poller *poller, int fd, bool want_read, bool want_write)
{
    return control(poller, EPOLL_CTL_ADD, fd, want_read, want_write);
}

int mailsub__poller_change(mailsub__poller *poller, int fd, bool want_read, bool want_write)
{
    return control(poller, EPOLL_CTL_MOD, fd, want_read, want_write);
}

void mailsub__poller_remove(mailsub__poller *poller, int fd)
{
    control(poller, EPOLL_CTL_DEL, fd, false, false);
}

void mailsub__poller_wake(mailsub__poller *poller)
{
    int error = errno; /* the code that a signal handler interrupts may be about to read it */
    static const uint64_t one = 1;
    /* EAGAIN means that the counter is full: it is readable then. */
    ssize_t n;
    do
        n = write(poller->event_fd, &one, sizeof one);
    while (n < 0 && errno == EINTR);
    atomic_store(&poller->was_woken, true);
    errno = error;
}

void mailsub__poller_clear(mailsub__poller *poller)
{
    poller->round++;
    if (!atomic_load_explicit(&poller->was_woken, memory_order_relaxed))
        return;
    atomic_store(&poller->was_woken, false);
    uint64_t count;
    ssize_t n = read(poller->event_fd, &count, sizeof count);
    (void)n;
}

void mailsub__poller_wait(mailsub__poller *poller, int64_t timeout_ms)
{
    poller->round++;
    struct epoll_event event;
    int timeout = timeout_ms < 0 ? -1 : timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
    epoll_wait(poller->epoll_fd, &event, 1, timeout);
}

unsigned mailsub__poller_get_round(const mailsub__poller *poller)
{
    return poller->round;
}
