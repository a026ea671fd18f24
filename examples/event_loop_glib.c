/* SPDX-License-Identifier: 0BSD */
/*
 * A session in GLib's main loop, and so in GTK's: a source of its own kind, which asks the session for
 * its time before each wait.
 */
#include "event_loop.h"

#include <glib.h>

struct session_source {
    GSource source;
    mailsub_session *session;
    gpointer tag; /* of the descriptor */
};

/* Before the loop waits: is something due, or when? */
static gboolean prepare(GSource *source, gint *timeout_ms)
{
    const mailsub_session *session = ((struct session_source *)source)->session;
    int64_t time_ms = mailsub_session_get_timeout(session);
    *timeout_ms = time_ms > G_MAXINT ? G_MAXINT : (gint)time_ms;
    return time_ms == 0;
}

static gboolean check(GSource *source)
{
    const struct session_source *own = (struct session_source *)source;
    return g_source_query_unix_fd(source, own->tag) != 0 ||
           mailsub_session_get_timeout(own->session) == 0;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer context)
{
    mailsub_session_process(((struct session_source *)source)->session);
    return callback ? callback(context) : G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = {.prepare = prepare, .check = check, .dispatch = dispatch};

struct ending {
    const mailsub_session *session;
    GMainLoop *loop;
};

/* For the sake of the example: end when all is done. */
static gboolean quit_when_done(gpointer context)
{
    const struct ending *ending = context;
    if (mailsub_session_count_pending(ending->session) == 0)
        g_main_loop_quit(ending->loop);
    return G_SOURCE_CONTINUE;
}

int run(struct application *app)
{
    int rc = post_messages(app, report);
    if (rc)
        return rc;
    struct ending ending = {app->session, g_main_loop_new(NULL, FALSE)};
    GSource *source = g_source_new(&functions, sizeof(struct session_source));
    struct session_source *own = (struct session_source *)source;
    own->session = app->session;
    own->tag = g_source_add_unix_fd(source, mailsub_session_get_fd(app->session), G_IO_IN);
    g_source_set_callback(source, quit_when_done, &ending, NULL);
    g_source_attach(source, NULL);
    g_main_loop_run(ending.loop);
    g_main_loop_unref(ending.loop);
    g_source_destroy(source); /* before the session is freed */
    g_source_unref(source);
    return MAILSUB_OK;
}
