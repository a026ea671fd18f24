/* SPDX-License-Identifier: 0BSD */
/*
 * A session in a loop around epoll(7): its descriptor is added once, and stays the same however many
 * connections come and go behind it.
 */
#include "event_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

int run(struct application *app)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = app->session};
    int rc = post_messages(app, report);
    if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, mailsub_session_get_fd(app->session), &event) != 0)
        rc = MAILSUB_E_SYSTEM;
    while (rc == MAILSUB_OK && mailsub_session_count_pending(app->session) > 0) {
        int64_t timeout_ms = mailsub_session_get_timeout(app->session);
        int n = epoll_wait(fd, &event, 1, timeout_ms > 60000 ? 60000 : (int)timeout_ms);
        /* With several sessions, event.data.ptr tells which; all whose time has come are to be
           processed too. */
        mailsub_session *session = n > 0 ? event.data.ptr : app->session;
        rc = mailsub_session_process(session);
    }
    if (fd >= 0)
        close(fd);
    return rc;
}
