/* SPDX-License-Identifier: 0BSD */
/* The frame of the examples of event loops; nothing in it depends on the loop. */
#include "event_loop.h"

#include <stdio.h>
#include <string.h>

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

static void tear_down(struct application *app)
{
    mailsub_session_free(app->session);
    for (int i = 0; i < N_MESSAGES; i++)
        mailsub_message_free(app->messages[i]);
    mailsub_config_unref(app->config);
    mailsub_testing_server_free(app->server);
}

int post_messages(struct application *app, mailsub_done_fn done)
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
        rc = mailsub_session_post(app->session, app->messages[i], NULL, done, app);
    }
    return rc;
}

void report(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    struct application *app = context;
    const char *message_id = "";
    (void)receipt;
    mailsub_message_get_message_id(message, &message_id);
    printf("%s: %s\n", message_id, mailsub_strerror(code));
    app->n_accepted += code == MAILSUB_OK;
}

int main(void)
{
    struct application app = {0};
    int rc = set_up(&app);
    if (rc == MAILSUB_OK)
        rc = run(&app);
    tear_down(&app);
    if (rc)
        fprintf(stderr, "%s\n", mailsub_strerror(rc));
    return rc == MAILSUB_OK && app.n_accepted == N_MESSAGES ? 0 : 1;
}
