/* SPDX-License-Identifier: 0BSD */
/*
 * A session in libevent's loop: a persistent event for its descriptor and a timer for its time.
 */
#include "event_loop.h"

#include <event2/event.h>

struct watch {
    mailsub_session *session;
    struct event_base *base;
    struct event *readable;
    struct event *timer;
    int rc;
};

/* Let the session go on, and ask it again until when it can be left alone. */
static void process(evutil_socket_t fd, short what, void *context)
{
    struct watch *watch = context;
    (void)fd;
    (void)what;
    watch->rc = mailsub_session_process(watch->session);
    int64_t timeout_ms = mailsub_session_get_timeout(watch->session);
    if (watch->rc != MAILSUB_OK || mailsub_session_count_pending(watch->session) == 0) {
        event_base_loopbreak(watch->base); /* for the sake of the example */
    } else if (timeout_ms >= 0) {
        struct timeval time = {.tv_sec = (time_t)(timeout_ms / 1000),
                               .tv_usec = (suseconds_t)(timeout_ms % 1000 * 1000)};
        event_add(watch->timer, &time);
    } else {
        event_del(watch->timer);
    }
}

int run(struct application *app)
{
    const struct timeval at_once = {0};
    struct watch watch = {.session = app->session, .base = event_base_new()};
    watch.rc = post_messages(app, report);
    if (watch.base) {
        watch.readable = event_new(watch.base, mailsub_session_get_fd(app->session),
                                   EV_READ | EV_PERSIST, process, &watch);
        watch.timer = event_new(watch.base, -1, 0, process, &watch);
    }
    if (!watch.readable || !watch.timer || event_add(watch.readable, NULL) != 0 ||
        event_add(watch.timer, &at_once) != 0)
        watch.rc = MAILSUB_E_NOMEM;
    if (watch.rc == MAILSUB_OK)
        event_base_dispatch(watch.base);
    if (watch.readable)
        event_free(watch.readable);
    if (watch.timer)
        event_free(watch.timer);
    if (watch.base)
        event_base_free(watch.base);
    return watch.rc;
}
