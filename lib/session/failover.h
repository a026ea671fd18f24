/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of several servers is asked next, and how long one that failed is left alone. No I/O; the
 * time comes in.
 */
#ifndef MAILSUB_SESSION_FAILOVER_H
#define MAILSUB_SESSION_FAILOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/config.h"

/* What is known of a server. All zero: nothing bad. */
typedef struct mailsub__health {
    int64_t pause_ms; /* 0: it is taken to be alive */
    int64_t until_ms; /* left alone until then */
    bool asked;       /* a connection tries whether it is alive again */
    bool early;       /* before its time, since no other was left */
} mailsub__health;

typedef struct mailsub__failover {
    int64_t first_ms;
    int64_t most_ms;
    size_t n;
    mailsub__health *servers;
} mailsub__failover;

/* What one job has behind it. All zero: nothing. */
typedef struct mailsub__tour {
    uint32_t tried; /* bits by server: it failed for the job */
    bool is_last;   /* one that was left alone was asked: no other is */
} mailsub__tour;

_Static_assert(MAILSUB_MAX_SERVERS <= 32, "a bit for each server");

/* Does a failure of this code at this stage (MAILSUB_STAGE_*) lead to the next server? */
bool mailsub__failover_permits(int code, int stage);

/* servers: as many as the config has, all zero; borrowed. */
void mailsub__failover_init(mailsub__failover *failover, const mailsub_config *config,
                            mailsub__health *servers);
/* The server to be asked now; the number of servers: none. tour NULL: for no certain job. */
size_t mailsub__failover_next(const mailsub__failover *failover, const mailsub__tour *tour,
                              int64_t now_ms);
/* Among how many servers, that one included, the time for the tour is divided; 1 at least. */
size_t mailsub__failover_count_left(const mailsub__failover *failover, const mailsub__tour *tour,
                                    int64_t now_ms);
/* Is there one before it that could be asked? */
bool mailsub__failover_has_better(const mailsub__failover *failover, const mailsub__tour *tour,
                                  size_t server, int64_t now_ms);

/* A connection to it is being made. */
void mailsub__failover_begin(mailsub__failover *failover, size_t server, int64_t now_ms);
/* It was made. */
void mailsub__failover_succeed(mailsub__failover *failover, size_t server);
/* It failed, as the table has it: leave the server alone. For how long, in ms. */
int64_t mailsub__failover_fail(mailsub__failover *failover, size_t server, int64_t now_ms);
/* That was about a job, which does not ask this server again. To be told before _fail. */
void mailsub__failover_pass(const mailsub__failover *failover, mailsub__tour *tour, size_t server);
/* The connection ended without telling anything about the server. */
void mailsub__failover_leave(mailsub__failover *failover, size_t server);
/* Take all of them to be alive. */
void mailsub__failover_forget(mailsub__failover *failover);

#endif
