/* SPDX-License-Identifier: 0BSD */
/*
 * The first interrupt ends what is under way, and what became of it is told; the second one ends
 * the command.
 */
#include <signal.h>
#include <stdatomic.h>

#include "command.h"

/* A handler has no other way to know. */
static _Atomic(mailsub_session *) running;
static atomic_bool has_come;

static void on_signal(int number)
{
    mailsub_session *session = atomic_load(&running);
    (void)number;
    atomic_store(&has_come, true);
    if (session)
        mailsub_session_cancel(session);
}

void cancel_when_interrupted(mailsub_session *session)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    sigemptyset(&action.sa_mask);
    atomic_store(&running, session);
    for (size_t i = 0; session && i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

bool was_interrupted(void)
{
    return atomic_load(&has_come);
}
