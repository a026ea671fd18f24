/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Servers are asked in their order. One that failed is left alone for a time that doubles with each
 * failure behind it; then it is asked by one connection, and the others wait for what comes of that.
 * Where all are left alone, the one whose time ends first is asked at once, and only that one: an
 * application that asks gets an answer, and a site that is down is not asked over and over for each
 * of many messages. A failure before its time does not make the time longer, or a busy application
 * would drive it to the most within seconds.
 */
#include "session/failover.h"

#include <mailsub/error.h>
#include <mailsub/receipt.h>

/*
 * Failures that the next server may not share. All that is not listed ends the submission: what a
 * person must see, and what another server would say too.
 *
 *  - A certificate that is not acceptable, or STARTTLS that is gone: somebody may stand in the way,
 *    and the application shall hear of it, not of a mail that went elsewhere.
 *  - A login that was refused, or cannot be made: the next server would get the same password, and
 *    many a wrong one locks the account.
 *  - A reply that breaks the protocol, or comes early: it may be an attack.
 *  - A proxy's own login or protocol: all servers are reached through the same proxy.
 *  - Memory, descriptors: they are this side's.
 *  - An answer to MAIL, RCPT, DATA or the message is about the message.
 */
static const struct failure {
    int code;
    int last_stage; /* beyond it the code has another meaning */
} failures[] = {
    {MAILSUB_E_RESOLVE, MAILSUB_STAGE_RESOLVE},
    {MAILSUB_E_RESOLVE_AGAIN, MAILSUB_STAGE_RESOLVE},
    {MAILSUB_E_CONNECT, MAILSUB_STAGE_CONNECT},
    {MAILSUB_E_PROXY, MAILSUB_STAGE_CONNECT},
    {MAILSUB_E_PROXY_REFUSED, MAILSUB_STAGE_CONNECT}, /* of this host and port */
    {MAILSUB_E_TLS, MAILSUB_STAGE_TLS},               /* the handshake broke, nothing was shown */
    {MAILSUB_E_TLS_REFUSED, MAILSUB_STAGE_STARTTLS},  /* 454: for now */
    {MAILSUB_E_GREETING_REFUSED, MAILSUB_STAGE_GREETING},
    {MAILSUB_E_EHLO_REFUSED, MAILSUB_STAGE_EHLO},
    {MAILSUB_E_AUTH_DEFERRED, MAILSUB_STAGE_AUTH}, /* 454: says nothing about the password */
    /* The connection ends, in whatever stage. */
    {MAILSUB_E_UNAVAILABLE, MAILSUB_STAGE_END_},
    {MAILSUB_E_TIMEOUT, MAILSUB_STAGE_END_},
    {MAILSUB_E_CONNECTION_LOST, MAILSUB_STAGE_END_},
};

bool mailsub__failover_permits(int code, int stage)
{
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        if (failures[i].code == code)
            return stage <= failures[i].last_stage;
    }
    return false;
}

void mailsub__failover_init(mailsub__failover *failover, const mailsub_config *config,
                            mailsub__health *servers)
{
    *failover = (mailsub__failover){
        .first_ms = config->pause_first_ms,
        .most_ms = config->pause_most_ms,
        .n = config->n_servers,
        .servers = servers,
    };
}

static bool was_tried(const mailsub__tour *tour, size_t server)
{
    return tour && (tour->tried >> server & 1u);
}

/* May it be asked without further ado? */
static bool is_open(const mailsub__health *health, int64_t now_ms)
{
    return health->pause_ms == 0 || (health->until_ms <= now_ms && !health->asked);
}

size_t mailsub__failover_next(const mailsub__failover *failover, const mailsub__tour *tour,
                              int64_t now_ms)
{
    size_t first = failover->n; /* of those left alone */
    for (size_t i = 0; i < failover->n; i++) {
        const mailsub__health *health = &failover->servers[i];
        if (was_tried(tour, i))
            continue;
        if (is_open(health, now_ms))
            return i;
        if (first == failover->n || health->until_ms < failover->servers[first].until_ms)
            first = i;
    }
    return tour && tour->is_last ? failover->n : first;
}

size_t mailsub__failover_count_left(const mailsub__failover *failover, const mailsub__tour *tour,
                                    int64_t now_ms)
{
    size_t n = 0;
    for (size_t i = 0; i < failover->n; i++)
        n += !was_tried(tour, i) && is_open(&failover->servers[i], now_ms);
    return n > 0 ? n : 1;
}

bool mailsub__failover_has_better(const mailsub__failover *failover, const mailsub__tour *tour,
                                  size_t server, int64_t now_ms)
{
    for (size_t i = 0; i < server; i++) {
        if (!was_tried(tour, i) && is_open(&failover->servers[i], now_ms))
            return true;
    }
    return false;
}

void mailsub__failover_begin(mailsub__failover *failover, size_t server, int64_t now_ms)
{
    mailsub__health *health = &failover->servers[server];
    health->asked = health->pause_ms > 0;
    health->early = health->asked && health->until_ms > now_ms;
}

void mailsub__failover_succeed(mailsub__failover *failover, size_t server)
{
    failover->servers[server] = (mailsub__health){0};
}

static int64_t longer(const mailsub__failover *failover, const mailsub__health *health)
{
    if (health->pause_ms == 0)
        return failover->first_ms;
    if (health->early)
        return health->pause_ms;
    return health->pause_ms < failover->most_ms / 2 ? health->pause_ms * 2 : failover->most_ms;
}

int64_t mailsub__failover_fail(mailsub__failover *failover, size_t server, int64_t now_ms)
{
    mailsub__health *health = &failover->servers[server];
    /* Connections that fall together are one failure. */
    if (health->pause_ms > 0 && health->until_ms > now_ms && !health->asked)
        return health->pause_ms;
    int64_t pause_ms = longer(failover, health);
    *health = (mailsub__health){.pause_ms = pause_ms, .until_ms = now_ms + pause_ms};
    return pause_ms;
}

void mailsub__failover_pass(const mailsub__failover *failover, mailsub__tour *tour, size_t server)
{
    tour->tried |= (uint32_t)1 << server;
    tour->is_last |= failover->servers[server].early;
}

void mailsub__failover_leave(mailsub__failover *failover, size_t server)
{
    failover->servers[server].asked = false;
    failover->servers[server].early = false;
}

void mailsub__failover_forget(mailsub__failover *failover)
{
    for (size_t i = 0; i < failover->n; i++)
        failover->servers[i] = (mailsub__health){0};
}
