/* SPDX-License-Identifier: 0BSD */
/*
 * What the examples of event loops have in common: a server to talk to, a session, and messages for
 * it. Each event_loop_*.c is the loop itself.
 */
#ifndef EVENT_LOOP_H
#define EVENT_LOOP_H

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#define N_MESSAGES 3

/* The application: a session, what it is given, and how many of its messages were accepted. */
struct application {
    mailsub_testing_server *server;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *messages[N_MESSAGES];
    int n_accepted;
};

/* What each example has: post the messages, and go round until none is pending. */
int run(struct application *app);

/* Hand the messages to the session, which tells done of each; NULL: it is asked for them. */
int post_messages(struct application *app, mailsub_done_fn done);

/* A mailsub_done_fn: the message is the application's again. The context is the application. */
void report(void *context, mailsub_message *message, int code, mailsub_receipt *receipt);

#endif
