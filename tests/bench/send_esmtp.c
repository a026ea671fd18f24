/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libESMTP: all messages of one session, which it sends one behind the other over one connection.
 * Without TLS and login, whose set-up it has in programs' own code.
 */
#include "send.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libesmtp.h>

const char send_name[] = "libesmtp";

struct reading {
    const struct sending *sending;
    size_t at;
};

/* The whole message at once; a NULL len rewinds. */
static const char *read_message(void **buffer, int *len, void *context)
{
    struct reading *reading = context;
    (void)buffer;
    if (!len) {
        reading->at = 0;
        return NULL;
    }
    *len = (int)(reading->sending->len - reading->at);
    const char *data = reading->sending->data + reading->at;
    reading->at = reading->sending->len;
    return data;
}

static void count_accepted(smtp_message_t message, void *context)
{
    struct sending *sending = context;
    const smtp_status_t *status = smtp_message_transfer_status(message);
    sending->n_acknowledged += status && status->code == 250;
}

void send_all(struct sending *sending)
{
    char server[300];
    send_need(sending->connections == 1 && strcmp(sending->tls, "none") == 0 &&
                  sending->user[0] == '\0',
              "one connection only, in clear");
    signal(SIGPIPE, SIG_IGN); /* which it leaves to the program */
    snprintf(server, sizeof server, "%s:%d", sending->host, sending->port);
    smtp_session_t session = smtp_create_session();
    send_need(session && smtp_set_server(session, server), "session");
    struct reading *readings = calloc(sending->count, sizeof *readings);
    send_need(readings != NULL, "memory");
    for (unsigned long i = 0; i < sending->count; i++) {
        smtp_message_t message = smtp_add_message(session);
        readings[i].sending = sending;
        send_need(message && smtp_set_reverse_path(message, SEND_FROM) &&
                      smtp_add_recipient(message, SEND_TO) &&
                      smtp_set_messagecb(message, read_message, &readings[i]),
                  "message");
    }
    send_need(smtp_start_session(session), "the session failed");
    smtp_enumerate_messages(session, count_accepted, sending);
    smtp_destroy_session(session);
    free(readings);
}
