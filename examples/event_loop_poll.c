/* SPDX-License-Identifier: 0BSD */
/*
 * A session in a loop around poll(2): one descriptor to watch for reading, one time-out, one function
 * to call. What is done is taken from the session's queue.
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define N_MESSAGES 3

/* The application: a session, what it waits for, and how many of its messages were accepted. */
struct application {
    mailsub_testing_server *server;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *messages[N_MESSAGES];
    int n_accepted;
};

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
        rc = mailsub_session_post(app->session, app->messages[i], NULL, NULL, app);
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

/* Take back what is done. */
static void collect(struct application *app)
{
    mailsub_message *message;
    const char *message_id = "";
    int code = MAILSUB_OK;
    while ((message = mailsub_session_next_done(app->session, NULL, &code, NULL))) {
        mailsub_message_get_message_id(message, &message_id);
        printf("%s: %s\n", message_id, mailsub_strerror(code));
        app->n_accepted += code == MAILSUB_OK;
    }
}

/* Further descriptors of the application would stand in the same array. */
static int run(struct application *app)
{
    struct pollfd watched = {.fd = mailsub_session_get_fd(app->session), .events = POLLIN};
    int rc = MAILSUB_OK;
    while (rc == MAILSUB_OK && mailsub_session_count_pending(app->session) > 0) {
        int64_t timeout_ms = mailsub_session_get_timeout(app->session);
        poll(&watched, 1, timeout_ms > 60000 ? 60000 : (int)timeout_ms);
        /* Whether something arrived or time has passed: the session finds out itself. */
        rc = mailsub_session_process(app->session);
        collect(app);
    }
    return rc;
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
