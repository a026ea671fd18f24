/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmailsub: as many messages are posted as may be under way, each again when it is done. The
 * message is one that stands already, and is checked and sent as every other.
 */
#include "send.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <mailsub/mailsub.h>

enum { N_UNDER_WAY = 256 };

const char send_name[] = "mailsub";

static void set_url(mailsub_config *config, const struct sending *sending)
{
    char url[300];
    bool implicit = strcmp(sending->tls, "implicit") == 0;
    bool starttls = strcmp(sending->tls, "starttls") == 0;
    snprintf(url, sizeof url, "%s://%s:%d",
             implicit   ? "submissions"
             : starttls ? "submission"
                        : "smtp",
             sending->host, sending->port);
    send_need(mailsub_config_set_url(config, url) == MAILSUB_OK, "URL");
    if (!implicit && !starttls) {
        mailsub_config_insecure_set_no_tls(config);
        mailsub_config_insecure_allow_clear_login(config);
    }
}

static mailsub_config *make_config(const struct sending *sending)
{
    mailsub_config *config = NULL;
    send_need(mailsub_config_new(NULL, &config) == MAILSUB_OK, "memory");
    set_url(config, sending);
    if (sending->ca[0] != '\0')
        send_need(mailsub_config_set_ca_file(config, sending->ca) == MAILSUB_OK, "CA");
    if (sending->user[0] != '\0')
        send_need(mailsub_config_set_credentials(config, sending->user, sending->password) ==
                      MAILSUB_OK,
                  "credentials");
    send_need(mailsub_config_set_max_connections(config, sending->connections) == MAILSUB_OK,
              "connections");
    return config;
}

static mailsub_message *make_message(const struct sending *sending)
{
    mailsub_message *message = NULL;
    send_need(mailsub_message_from_bytes(NULL, sending->data, sending->len, 0, &message) ==
                  MAILSUB_OK,
              "the message is not taken");
    mailsub_message_set_return_path(message, SEND_FROM);
    send_need(mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, SEND_TO, NULL) ==
                  MAILSUB_OK,
              "recipient");
    return message;
}

struct run {
    struct sending *sending;
    mailsub_session *session;
    unsigned long n_posted;
};

static void post(struct run *run, mailsub_message *message)
{
    send_need(mailsub_session_post(run->session, message, NULL, NULL, NULL) == MAILSUB_OK, "post");
    run->n_posted++;
}

/* Take back what is done, and post it again. */
static void collect(struct run *run)
{
    mailsub_message *message;
    int code = MAILSUB_OK;
    while ((message = mailsub_session_next_done(run->session, NULL, &code, NULL))) {
        send_need(code == MAILSUB_OK, mailsub_strerror(code));
        run->sending->n_acknowledged++;
        if (run->n_posted < run->sending->count)
            post(run, message);
    }
}

void send_all(struct sending *sending)
{
    mailsub_message *messages[N_UNDER_WAY] = {NULL};
    mailsub_config *config = make_config(sending);
    struct run run = {.sending = sending};
    send_need(mailsub_session_new(config, &run.session) == MAILSUB_OK, "session");
    for (size_t i = 0; i < N_UNDER_WAY && run.n_posted < sending->count; i++) {
        messages[i] = make_message(sending);
        post(&run, messages[i]);
    }
    while (sending->n_acknowledged < sending->count) {
        struct pollfd watched = {.fd = mailsub_session_get_fd(run.session), .events = POLLIN};
        poll(&watched, 1, (int)mailsub_session_get_timeout(run.session));
        mailsub_session_process(run.session);
        collect(&run);
    }
    mailsub_session_free(run.session);
    for (size_t i = 0; i < N_UNDER_WAY; i++)
        mailsub_message_free(messages[i]);
    mailsub_config_unref(config);
}
