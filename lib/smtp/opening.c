/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the greeting to the point where a message may be sent: EHLO or HELO, STARTTLS, login. */
#include <assert.h>

#include "smtp/command.h"
#include "smtp/engine_private.h"

#define PART(text) ((mailsub__slice){(text), sizeof(text) - 1})

void mailsub__engine_start(mailsub__engine *engine, enum mailsub__protection protection,
                           int64_t now_ms)
{
    assert(engine->cursor == MAILSUB__STATE_NEW);
    assert(engine->settings.tls != MAILSUB_TLS_IMPLICIT || protection != MAILSUB__CLEAR);
    engine->now_ms = now_ms;
    engine->protection = protection;
    mailsub__tell_start(engine, MAILSUB_LOG_STARTED);
    mailsub__flights_push(&engine->flights, (mailsub__flight){.state = MAILSUB__STATE_GREETING});
    mailsub__engine_restart_deadline(engine, MAILSUB__STATE_GREETING);
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
}

/* The refusals that end an opening. */
static void leave(mailsub__engine *engine, int code, const mailsub__flight *flight)
{
    mailsub__engine_leave(engine, code, mailsub__states[flight->state].stage, &engine->reply);
}

void mailsub__opening_greeted(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    mailsub__engine_go(engine, MAILSUB__STATE_EHLO);
}

void mailsub__opening_deferred(mailsub__engine *engine, const mailsub__flight *flight)
{
    leave(engine, MAILSUB_E_UNAVAILABLE, flight);
}

void mailsub__opening_turned_away(mailsub__engine *engine, const mailsub__flight *flight)
{
    leave(engine, MAILSUB_E_GREETING_REFUSED, flight);
}

/* ---- EHLO, HELO ---- */

static bool send_hello(mailsub__engine *engine, enum mailsub__state state, mailsub__slice verb)
{
    const mailsub__slice line[] = {verb, mailsub__slice_str(engine->settings.helo_name)};
    mailsub__capabilities_reset(&engine->capabilities);
    mailsub__offer_forget(engine);
    if (!mailsub__output_command(engine, state, line, 2))
        return false;
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    return true;
}

bool mailsub__opening_send_ehlo(mailsub__engine *engine)
{
    return send_hello(engine, MAILSUB__STATE_EHLO,
                      engine->settings.lmtp ? PART("LHLO ") : PART("EHLO "));
}

bool mailsub__opening_send_helo(mailsub__engine *engine)
{
    return send_hello(engine, MAILSUB__STATE_HELO, PART("HELO "));
}

static bool demands_tls(const mailsub__engine *engine)
{
    return engine->settings.tls == MAILSUB_TLS_STARTTLS && engine->protection == MAILSUB__CLEAR;
}

static bool wants_tls(const mailsub__engine *engine)
{
    return demands_tls(engine) || (engine->settings.tls == MAILSUB_TLS_OPPORTUNISTIC &&
                                   engine->protection == MAILSUB__CLEAR && !engine->tls_refused);
}

void mailsub__opening_become_ready(mailsub__engine *engine)
{
    mailsub__engine_go(engine, MAILSUB__STATE_IDLE);
    engine->events |= 1u << MAILSUB__EVENT_READY;
    mailsub__tell(engine, &(mailsub__fact){.id = MAILSUB_LOG_READY});
}

/* Behind EHLO, and where opportunistic TLS was refused: what comes next. */
static void go_on(mailsub__engine *engine)
{
    bool offered = mailsub__capabilities_has(&engine->capabilities, MAILSUB__CAPABILITY_STARTTLS);
    if (wants_tls(engine) && offered)
        mailsub__engine_go(engine, MAILSUB__STATE_STARTTLS);
    else if (demands_tls(engine))
        mailsub__engine_leave(engine, MAILSUB_E_TLS_NOT_OFFERED, MAILSUB_STAGE_STARTTLS, NULL);
    else if (mailsub__auth_is_wanted(&engine->auth))
        mailsub__signon_begin(engine);
    else
        mailsub__opening_become_ready(engine);
}

void mailsub__opening_welcomed(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    go_on(engine);
}

/*
 * RFC 5321 section 3.2: a server that does not know EHLO may know HELO, which offers no extension.
 * So HELO is not tried where one is needed; nor by LMTP, which has none (RFC 2033 section 4.1).
 */
void mailsub__opening_ehlo_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    if (demands_tls(engine))
        leave(engine, MAILSUB_E_TLS_NOT_OFFERED, flight);
    else if (mailsub__auth_is_wanted(&engine->auth))
        leave(engine, MAILSUB_E_AUTH_NOT_OFFERED, flight);
    else if (engine->settings.lmtp)
        leave(engine, MAILSUB_E_EHLO_REFUSED, flight);
    else
        mailsub__engine_go(engine, MAILSUB__STATE_HELO);
}

void mailsub__opening_helo_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    leave(engine, MAILSUB_E_EHLO_REFUSED, flight);
}

/* ---- STARTTLS ---- */

bool mailsub__opening_send_starttls(mailsub__engine *engine)
{
    const mailsub__slice line = PART("STARTTLS");
    if (!mailsub__output_command(engine, MAILSUB__STATE_STARTTLS, &line, 1))
        return false;
    mailsub__engine_go(engine, MAILSUB__STATE_WAIT);
    return true;
}

void mailsub__opening_tls_granted(mailsub__engine *engine, const mailsub__flight *flight)
{
    (void)flight;
    engine->in_clear = engine->capabilities;
    mailsub__engine_go(engine, MAILSUB__STATE_HANDSHAKE);
    mailsub__engine_restart_deadline(engine, MAILSUB__STATE_HANDSHAKE);
    engine->events |= 1u << MAILSUB__EVENT_STARTTLS;
}

void mailsub__opening_tls_refused(mailsub__engine *engine, const mailsub__flight *flight)
{
    engine->tls_refused = true;
    if (demands_tls(engine))
        leave(engine, MAILSUB_E_TLS_REFUSED, flight);
    else
        go_on(engine);
}

void mailsub__engine_tls_started(mailsub__engine *engine, enum mailsub__protection protection,
                                 int64_t now_ms)
{
    assert(protection != MAILSUB__CLEAR);
    engine->now_ms = now_ms;
    if (engine->cursor != MAILSUB__STATE_HANDSHAKE)
        return; /* closed meanwhile */
    engine->protection = protection;
    mailsub__tell_start(engine, MAILSUB_LOG_TLS_STARTED);
    mailsub__offer_put_aside(engine);
    mailsub__engine_go(engine, MAILSUB__STATE_EHLO);
    mailsub__output_commands(engine);
}
