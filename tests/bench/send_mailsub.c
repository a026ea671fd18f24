/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmailsub: as many messages are posted as may be under way, each again when it is done. The
 * message is one that stands already, and is checked and sent as every other.
 */
#include <mailsub/mailsub.h>
#include <poll.h>

#include "send_own.h"

enum { N_UNDER_WAY = 256 };

const char send_name[] = "mailsub";

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
    mailsub_config *config = own_config(sending);
    send_need(mailsub_config_set_max_connections(config, sending->connections) == MAILSUB_OK,
              "connections");
    struct run run = {.sending = sending};
    send_need(mailsub_session_new(config, &run.session) == MAILSUB_OK, "session");
    for (size_t i = 0; i < N_UNDER_WAY && run.n_posted < sending->count; i++) {
        messages[i] = own_message(sending);
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
