/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one connection of a session.
 *
 *   NONE -> OPENING -> TALKING <-> STARTING_TLS,  and from each back to NONE
 *
 * Bytes are moved until neither side has more to say, reading before writing, so that two full
 * buffers can never wait for each other.
 */
#include "session/session.h"

#include <stdio.h>
#include <string.h>

#include "net/clock.h"
#include "net/literal.h"
#include "session/settings.h"

#define READ_LEN 8192

static void note(const mailsub_session *session, const char *text)
{
    const mailsub_config *config = session->config;
    if (config->transcript)
        config->transcript(config->transcript_context, MAILSUB_TRANSCRIPT_NOTE, text, strlen(text));
}

void mailsub__link_drop(mailsub_session *session)
{
    if (session->link == MAILSUB__LINK_NONE)
        return;
    if (session->engine)
        mailsub__engine_move_offers(session->engine, &session->allocator, session->offers);
    mailsub__engine_free(session->engine);
    session->engine = NULL;
    mailsub__transport_close(session->transport, true);
    session->link = MAILSUB__LINK_NONE;
    session->idle = false;
    session->kept = false;
}

/* The link could not be made, or ended before a transaction: the waiting job ends with it. */
static void fail_link(mailsub_session *session, int code, int stage, const char *detail)
{
    if (session->first)
        mailsub__job_fail(session, code, stage, detail);
    mailsub__link_drop(session);
}

void mailsub__link_open(mailsub_session *session, int64_t now_ms)
{
    const mailsub_config *config = session->config;
    session->link = MAILSUB__LINK_OPENING;
    session->handshaking = false;
    session->phase_deadline_ms = now_ms + config->timeout_ms[MAILSUB_TIMEOUT_CONNECT];
    mailsub__transport_open(session->transport, config->tls == MAILSUB_TLS_IMPLICIT, now_ms);
}

/* The stage at which a transport fails, or waits. */
static int transport_stage(const mailsub_session *session)
{
    switch (mailsub__transport_get_state(session->transport)) {
    case MAILSUB__TRANSPORT_RESOLVING:
        return MAILSUB_STAGE_RESOLVE;
    case MAILSUB__TRANSPORT_HANDSHAKING:
        return MAILSUB_STAGE_TLS;
    case MAILSUB__TRANSPORT_FAILED:
        break;
    case MAILSUB__TRANSPORT_CLOSED:
    case MAILSUB__TRANSPORT_CONNECTING:
    case MAILSUB__TRANSPORT_READY:
        return MAILSUB_STAGE_CONNECT;
    }
    int code = mailsub__transport_get_error(session->transport);
    if (code == MAILSUB_E_RESOLVE || code == MAILSUB_E_RESOLVE_AGAIN)
        return MAILSUB_STAGE_RESOLVE;
    if (mailsub_error_group(code) == MAILSUB_GROUP_TLS || session->handshaking)
        return MAILSUB_STAGE_TLS;
    return MAILSUB_STAGE_CONNECT;
}

static enum mailsub__protection protection(const mailsub_session *session)
{
    if (!mailsub__transport_is_tls(session->transport))
        return MAILSUB__CLEAR;
    return mailsub__transport_is_verified(session->transport) ? MAILSUB__TLS_VERIFIED
                                                              : MAILSUB__TLS_UNVERIFIED;
}

static void note_tls(const mailsub_session *session)
{
    char text[160];
    snprintf(text, sizeof text, "%s %s, certificate %s",
             mailsub__transport_get_tls_version(session->transport),
             mailsub__transport_get_tls_cipher(session->transport),
             mailsub__transport_is_verified(session->transport) ? "verified" : "NOT verified");
    note(session, text);
}

/* RFC 5321 section 4.1.4: the full name of this host, or its address where it has none. */
static const char *find_helo_name(mailsub_session *session)
{
    if (session->config->helo_name)
        return session->config->helo_name;
    mailsub__host_name(session->helo_name);
    if (session->helo_name[0] != '\0')
        return session->helo_name;
    return mailsub__transport_get_local_literal(session->transport);
}

/* A login can be bound to this very TLS connection. */
static void tell_binding(mailsub_session *session)
{
    unsigned char data[MAILSUB__TLS_BINDING_LEN];
    const char *type = "";
    size_t len = mailsub__transport_get_tls_binding(session->transport, &type, data);
    if (len > 0)
        mailsub__engine_set_binding(session->engine, type, mailsub__slice_of(data, len));
}

static int start_engine(mailsub_session *session, int64_t now_ms)
{
    mailsub__engine_settings settings;
    mailsub__settings_fill(&settings, session->config);
    settings.helo_name = find_helo_name(session);
    int rc = mailsub__engine_new(&session->allocator, &settings, &session->engine);
    if (rc)
        return rc;
    tell_binding(session);
    mailsub__engine_start(session->engine, protection(session), now_ms);
    return MAILSUB_OK;
}

/*
 * TLS may be left out towards this host only. A "localhost" that the resolver places elsewhere is
 * not this host, whatever it offers.
 */
static bool is_misplaced(const mailsub_session *session)
{
    const mailsub_config *config = session->config;
    return config->tls == MAILSUB_TLS_OPPORTUNISTIC && !config->tls_chosen &&
           !mailsub__transport_is_loopback(session->transport);
}

/* The transport is ready for the first time, or again after STARTTLS. */
static void begin_talking(mailsub_session *session, int64_t now_ms)
{
    if (session->link == MAILSUB__LINK_STARTING_TLS) {
        note_tls(session);
        session->link = MAILSUB__LINK_TALKING;
        tell_binding(session);
        mailsub__engine_tls_started(session->engine, protection(session), now_ms);
        return;
    }
    if (is_misplaced(session)) {
        fail_link(session, MAILSUB_E_CONNECT, MAILSUB_STAGE_CONNECT,
                  "the server's name means this host, but its address does not");
        return;
    }
    char text[128];
    snprintf(text, sizeof text, "connected to %s", mailsub__transport_get_peer(session->transport));
    note(session, text);
    if (mailsub__transport_is_tls(session->transport))
        note_tls(session);
    session->link = MAILSUB__LINK_TALKING;
    int rc = start_engine(session, now_ms);
    if (rc)
        fail_link(session, rc, MAILSUB_STAGE_CONNECT, "");
}

/* Go on opening. True when it came to an end, good or bad. */
static bool advance_transport(mailsub_session *session, int64_t now_ms)
{
    mailsub__transport_process(session->transport, now_ms);
    enum mailsub__transport_state state = mailsub__transport_get_state(session->transport);
    if (state == MAILSUB__TRANSPORT_FAILED) {
        fail_link(session, mailsub__transport_get_error(session->transport),
                  transport_stage(session), mailsub__transport_get_detail(session->transport));
        return true;
    }
    if (state == MAILSUB__TRANSPORT_READY) {
        begin_talking(session, now_ms);
        return true;
    }
    if (state == MAILSUB__TRANSPORT_HANDSHAKING && !session->handshaking) {
        session->handshaking = true;
        session->phase_deadline_ms = now_ms + session->config->timeout_ms[MAILSUB_TIMEOUT_TLS];
    }
    return false;
}

/* The engine has ended. A job that it was never given waits for another link, or ends with it. */
static void close_link(mailsub_session *session)
{
    const mailsub__verdict *failure = mailsub__engine_failure(session->engine);
    mailsub__job *job = session->first;
    if (job && !job->submitted && !session->idle)
        mailsub__job_refuse(session, failure, mailsub__engine_failure_text(session->engine));
    mailsub__link_drop(session);
}

/* Act on what the engine tells. True when it told something. */
static bool handle_events(mailsub_session *session, int64_t now_ms)
{
    bool any = false;
    while (session->link == MAILSUB__LINK_TALKING) {
        switch (mailsub__engine_next_event(session->engine)) {
        case MAILSUB__EVENT_NONE:
            return any;
        case MAILSUB__EVENT_STARTTLS:
            session->link = MAILSUB__LINK_STARTING_TLS;
            session->handshaking = true;
            session->phase_deadline_ms = now_ms + session->config->timeout_ms[MAILSUB_TIMEOUT_TLS];
            mailsub__transport_start_tls(session->transport);
            break;
        case MAILSUB__EVENT_READY:
            session->idle = true;
            break;
        case MAILSUB__EVENT_DONE:
            session->idle = true;
            mailsub__job_transacted(session);
            session->kept = true;
            break;
        case MAILSUB__EVENT_CLOSED:
            close_link(session);
            break;
        }
        any = true;
    }
    return any;
}

/* Feed the engine all that has arrived. True when something had. */
static bool receive(mailsub_session *session, int64_t now_ms)
{
    char data[READ_LEN];
    size_t len;
    bool any = false;
    for (;;) {
        int rc = mailsub__transport_read(session->transport, data, sizeof data, &len);
        if (rc) {
            mailsub__engine_lost(session->engine, rc, now_ms);
            return true;
        }
        if (len == 0)
            return any;
        mailsub__engine_feed(session->engine, data, len, now_ms);
        any = true;
    }
}

/* Send what the engine has. True when something went. */
static bool transmit(mailsub_session *session, int64_t now_ms)
{
    mailsub__slice out = mailsub__engine_peek_output(session->engine, now_ms);
    if (out.len == 0)
        return false;
    size_t len;
    int rc = mailsub__transport_write(session->transport, out.ptr, out.len, &len);
    if (rc) {
        /* The server's last words may still stand in the receive buffer. */
        receive(session, now_ms);
        mailsub__engine_lost(session->engine, rc, now_ms);
        return true;
    }
    if (len > 0)
        mailsub__engine_ack_output(session->engine, len, now_ms);
    return len > 0;
}

bool mailsub__link_advance(mailsub_session *session, int64_t now_ms)
{
    if (session->link == MAILSUB__LINK_NONE)
        return false;
    if (session->link != MAILSUB__LINK_TALKING)
        return advance_transport(session, now_ms);
    mailsub__transport_process(session->transport, now_ms);
    bool any = receive(session, now_ms);
    if (handle_events(session, now_ms))
        return true;
    if (session->link == MAILSUB__LINK_TALKING && transmit(session, now_ms))
        any = true;
    return handle_events(session, now_ms) || any;
}

void mailsub__link_abort(mailsub_session *session, int code, int64_t now_ms)
{
    if (session->link == MAILSUB__LINK_TALKING) {
        mailsub__engine_lost(session->engine, code, now_ms);
        handle_events(session, now_ms);
    } else if (session->link != MAILSUB__LINK_NONE) {
        fail_link(session, code, transport_stage(session),
                  mailsub__transport_get_detail(session->transport));
    }
}

void mailsub__link_quit(mailsub_session *session, int64_t now_ms)
{
    if (session->link != MAILSUB__LINK_TALKING || !session->idle)
        return;
    session->idle = false;
    mailsub__engine_quit(session->engine, now_ms);
    transmit(session, now_ms);
    handle_events(session, now_ms);
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

int64_t mailsub__link_deadline(const mailsub_session *session)
{
    switch (session->link) {
    case MAILSUB__LINK_OPENING:
    case MAILSUB__LINK_STARTING_TLS:
        return earlier(session->phase_deadline_ms, mailsub__transport_deadline(session->transport));
    case MAILSUB__LINK_TALKING:
        return mailsub__engine_deadline(session->engine);
    case MAILSUB__LINK_NONE:
        break;
    }
    return -1;
}

void mailsub__link_expire(mailsub_session *session, int64_t now_ms)
{
    if (session->link == MAILSUB__LINK_TALKING) {
        int64_t deadline_ms = mailsub__engine_deadline(session->engine);
        if (deadline_ms >= 0 && deadline_ms <= now_ms) {
            mailsub__engine_expire(session->engine, now_ms);
            handle_events(session, now_ms);
        }
    } else if (session->link != MAILSUB__LINK_NONE && session->phase_deadline_ms <= now_ms) {
        mailsub__link_abort(session, MAILSUB_E_TIMEOUT, now_ms);
    }
}
