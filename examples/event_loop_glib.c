/* SPDX-License-Identifier: 0BSD */
/*
 * A session in GLib's main loop, and so in GTK's: a source of its own kind, which asks the session for
 * its time before each wait.
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <stdio.h>
#include <string.h>

#include <glib.h>

#define N_MESSAGES 3

/* The application: a session, what it waits for, and how many of its messages were accepted. */
struct application {
    mailsub_testing_server *server;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *messages[N_MESSAGES];
    int n_accepted;
    GMainLoop *loop;
};

/* The message is the application's again. */
static void report(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    struct application *app = context;
    const char *message_id = "";
    (void)receipt;
    mailsub_message_get_message_id(message, &message_id);
    printf("%s: %s\n", message_id, mailsub_strerror(code));
    app->n_accepted += code == MAILSUB_OK;
}

/* A server to talk to, for the sake of the example: an application sets its own URL and login. */
static int set_up(struct application *app)
{
    int rc = mailsub_testing_server_new(MAILSUB_TESTING_STARTTLS | MAILSUB_TESTING_PIPELINING,
                                        &app->server);
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_start(app->server);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_new(NULL, &app->config);
    if (rc)
        return rc;
    const char *ca = mailsub_testing_server_get_ca(app->server);
    rc = mailsub_config_set_url(app->config, mailsub_testing_server_get_url(app->server));
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_ca_data(app->config, ca, strlen(ca));
    return rc == MAILSUB_OK ? mailsub_session_new(app->config, &app->session) : rc;
}

static int post_messages(struct application *app)
{
    int rc = MAILSUB_OK;
    for (int i = 0; i < N_MESSAGES && rc == MAILSUB_OK; i++) {
        rc = mailsub_message_new(NULL, &app->messages[i]);
        if (rc)
            break;
        mailsub_message_set_from(app->messages[i], "app@example.org", NULL);
        mailsub_message_add_recipient(app->messages[i], MAILSUB_RECIPIENT_TO, "reader@example.net",
                                      NULL);
        mailsub_message_set_subject(app->messages[i], "From an event loop");
        mailsub_message_set_text(app->messages[i], "Hello\n", MAILSUB_NUL_TERMINATED);
        rc = mailsub_session_post(app->session, app->messages[i], NULL, report, app);
    }
    return rc;
}

static void tear_down(struct application *app)
{
    mailsub_session_free(app->session);
    for (int i = 0; i < N_MESSAGES; i++)
        mailsub_message_free(app->messages[i]);
    mailsub_config_unref(app->config);
    mailsub_testing_server_free(app->server);
}

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

/* For the sake of the example: end when all is done. */
static gboolean quit_when_done(gpointer context)
{
    struct application *app = context;
    if (mailsub_session_count_pending(app->session) == 0)
        g_main_loop_quit(app->loop);
    return G_SOURCE_CONTINUE;
}

static int run(struct application *app)
{
    GSource *source = g_source_new(&functions, sizeof(struct session_source));
    struct session_source *own = (struct session_source *)source;
    own->session = app->session;
    own->tag = g_source_add_unix_fd(source, mailsub_session_get_fd(app->session), G_IO_IN);
    g_source_set_callback(source, quit_when_done, app, NULL);
    g_source_attach(source, NULL);
    app->loop = g_main_loop_new(NULL, FALSE);
    g_main_loop_run(app->loop);
    g_main_loop_unref(app->loop);
    g_source_destroy(source); /* before the session is freed */
    g_source_unref(source);
    return MAILSUB_OK;
}

int main(void)
{
    struct application app = {0};
    int rc = set_up(&app);
    if (rc == MAILSUB_OK)
        rc = post_messages(&app);
    if (rc == MAILSUB_OK)
        rc = run(&app);
    tear_down(&app);
    if (rc)
        fprintf(stderr, "%s\n", mailsub_strerror(rc));
    return rc == MAILSUB_OK && app.n_accepted == N_MESSAGES ? 0 : 1;
}
