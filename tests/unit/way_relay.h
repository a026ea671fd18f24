/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands between a session and the fake server: a Unix socket, or a proxy that follows a
 * script. In a thread; one connection after the other.
 */
#ifndef MAILSUB_TESTS_WAY_RELAY_H
#define MAILSUB_TESTS_WAY_RELAY_H

#include <pthread.h>
#include <stddef.h>

/* What is awaited, and what is answered. */
struct way_turn {
    const char *wanted; /* NULL: the end of a message, whatever stands before it */
    size_t wanted_len;
    const char *reply;
    size_t reply_len;
};

struct way_relay {
    const char *path;             /* of a Unix socket; NULL: TCP on a port of 127.0.0.1 */
    int port;                     /* of TCP */
    const struct way_turn *turns; /* until one that answers nothing */
    int target;                   /* port of the fake server, which follows; 0: nothing follows */
    size_t n_kept;                /* connections that kept to the script */
    int listener;
    pthread_t thread;
};

void way_relay_start(struct way_relay *relay);
/* Returns when the connection that is served has ended. */
void way_relay_stop(struct way_relay *relay);

#endif
