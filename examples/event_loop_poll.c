/* SPDX-License-Identifier: 0BSD */
/*
 * A session in a loop around poll(2): one descriptor to watch for reading, one time-out, one function
 * to call. What is done is taken from the session's queue.
 */
#include "event_loop.h"

#include <poll.h>

/* Take back what is done. */
static void collect(struct application *app)
{
    mailsub_message *message;
    int code = MAILSUB_OK;
    while ((message = mailsub_session_next_done(app->session, NULL, &code, NULL)))
        report(app, message, code, NULL);
}

/* Further descriptors of the application would stand in the same array. */
int run(struct application *app)
{
    struct pollfd watched = {.fd = mailsub_session_get_fd(app->session), .events = POLLIN};
    int rc = post_messages(app, NULL);
    while (rc == MAILSUB_OK && mailsub_session_count_pending(app->session) > 0) {
        int64_t timeout_ms = mailsub_session_get_timeout(app->session);
        poll(&watched, 1, timeout_ms > 60000 ? 60000 : (int)timeout_ms);
        /* Whether something arrived or time has passed: the session finds out itself. */
        rc = mailsub_session_process(app->session);
        collect(app);
    }
    return rc;
}
