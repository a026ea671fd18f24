/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fake server is made of. Set up by one thread; constant once its own thread runs, but
   for the rules' counters, which that thread alone touches, and the record, which locks. */
#ifndef MAILSUB_TESTING_SERVER_H
#define MAILSUB_TESTING_SERVER_H

#include <pthread.h>

#include <mailsub/testing.h>

#include "testing/identity.h"
#include "testing/record.h"
#include "testing/rule.h"

/* Offered as SIZE, and kept. */
#define MAILSUB__TESTING_MAX_CONTENT ((size_t)100 * 1024 * 1024)

typedef struct mailsub__user {
    char *name;
    char *password;
} mailsub__user;

struct mailsub_testing_server {
    mailsub_allocator allocator;
    uint32_t flags;
    mailsub__rules rules;
    mailsub__user *users;
    size_t n_users;
    size_t user_capacity;
    mailsub__identity identity;
    mailsub__record *record;
    bool started; /* stays true after stop */
    bool running;
    int listener; /* -1 when closed, as the next */
    int wake;     /* eventfd: readable when the thread is to end */
    pthread_t thread;
    int port;
    char url[48];
};

/* Serve until server->wake becomes readable. */
void mailsub__loop_run(mailsub_testing_server *server);

#endif
