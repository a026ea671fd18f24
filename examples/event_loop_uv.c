/* SPDX-License-Identifier: 0BSD */
/*
 * A session in libuv's loop: a poll handle for its descriptor and a timer for its time.
 */
#include "event_loop.h"

#include <uv.h>

struct watch {
    mailsub_session *session;
    uv_poll_t readable;
    uv_timer_t timer;
    int rc;
};

static void process(struct watch *watch);

static void on_readable(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    process(handle->data);
}

static void on_time(uv_timer_t *handle)
{
    process(handle->data);
}

/* Let the session go on, and ask it again until when it can be left alone. */
static void process(struct watch *watch)
{
    watch->rc = mailsub_session_process(watch->session);
    int64_t timeout_ms = mailsub_session_get_timeout(watch->session);
    if (watch->rc != MAILSUB_OK || mailsub_session_count_pending(watch->session) == 0) {
        /* For the sake of the example: with no handle left the loop ends. */
        uv_close((uv_handle_t *)&watch->readable, NULL);
        uv_close((uv_handle_t *)&watch->timer, NULL);
    } else if (timeout_ms >= 0) {
        uv_timer_start(&watch->timer, on_time, (uint64_t)timeout_ms, 0);
    } else {
        uv_timer_stop(&watch->timer);
    }
}

int run(struct application *app)
{
    uv_loop_t loop;
    struct watch watch = {.session = app->session, .rc = MAILSUB_E_SYSTEM};
    int rc = post_messages(app, report);
    if (rc)
        return rc;
    if (uv_loop_init(&loop) != 0)
        return MAILSUB_E_SYSTEM;
    uv_timer_init(&loop, &watch.timer);
    watch.timer.data = &watch;
    if (uv_poll_init(&loop, &watch.readable, mailsub_session_get_fd(app->session)) == 0) {
        watch.readable.data = &watch;
        uv_poll_start(&watch.readable, UV_READABLE, on_readable);
        uv_timer_start(&watch.timer, on_time, 0, 0);
    } else {
        uv_close((uv_handle_t *)&watch.timer, NULL);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return watch.rc;
}
