/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection of a session:
 *
 *   NONE -> OPENING -> TALKING <-> STARTING_TLS,  and from each back to NONE
 *
 * Bytes are moved until neither side has more to say, reading before writing, so that two full
 * buffers can never wait for each other.
 */
#include "session/link.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "session/elsewhere.h"
#include "session/session.h"
#include "session/settings.h"

#define READ_LEN 8192

/*
 * Whether the certificate decides. Where the connection would also be taken in clear, a certificate
 * that nobody vouches for is no reason to give up, unless the caller named whom to trust.
 */
static bool certificate_decides(const mailsub_config *config, const mailsub__server *server)
{
    if (config->skip_verify)
        return false;
    return mailsub__config_server_tls(config, server) != MAILSUB_TLS_OPPORTUNISTIC ||
           config->trust_chosen || config->verify_name;
}

/* Have a transport for the server. MAILSUB_E_NOMEM and others. */
static int have_transport(mailsub__link *link, size_t i)
{
    mailsub_session *session = link->session;
    const mailsub_config *config = session->config;
    const mailsub__server *server = &config->servers[i];
    if (link->transports[i])
        return MAILSUB_OK;
    mailsub__transport_settings settings = {
        .outlet = mailsub__way_outlet(server->way),
        .outlet_path = server->path,
        .verify_name = mailsub__config_server_name(config, server),
        .trust = config->trust,
        .verify = certificate_decides(config, server),
        .resume = config->resume,
    };
    mailsub__config_fill_dial(config, server, &settings.dial);
    return mailsub__transport_new(&session->allocator, session->poller, &settings,
                                  &link->transports[i]);
}

int mailsub__link_new(mailsub_session *session, mailsub__link **out_link)
{
    size_t n_bytes =
        sizeof(mailsub__link) + session->config->n_servers * sizeof(mailsub__transport *);
    mailsub__link *link = mailsub__alloc_zeroed(&session->allocator, n_bytes);
    if (!link)
        return MAILSUB_E_NOMEM;
    link->session = session;
    link->share_until_ms = -1;
    for (int i = 0; i < 2; i++)
        mailsub__buffer_init(&link->offers[i], &session->allocator, 0);
    int rc = have_transport(link, 0);
    if (rc) {
        mailsub__link_free(link);
        return rc;
    }
    link->transport = link->transports[0];
    *out_link = link;
    return MAILSUB_OK;
}

void mailsub__link_free(mailsub__link *link)
{
    mailsub__buffer_deinit(&link->offers[0]);
    mailsub__buffer_deinit(&link->offers[1]);
    for (size_t i = 0; i < link->session->config->n_servers; i++)
        mailsub__transport_free(link->transports[i]);
    mailsub__free(&link->session->allocator, link);
}

bool mailsub__link_is_usable(const mailsub__link *link)
{
    return link->state == MAILSUB__LINK_TALKING && link->opened && !link->quitting;
}

bool mailsub__link_is_idle(const mailsub__link *link)
{
    return mailsub__link_is_usable(link) && link->jobs.n == 0;
}

/* There is no connection any more. */
static void forget_connection(mailsub__link *link)
{
    if (link->engine)
        mailsub__engine_move_offers(link->engine, &link->session->allocator, link->offers);
    mailsub__engine_free(link->engine);
    link->engine = NULL;
    if (!link->opened)
        mailsub__failover_leave(&link->session->failover, link->server);
    link->share_until_ms = -1;
    link->state = MAILSUB__LINK_NONE;
    link->opened = false;
    link->quitting = false;
    link->kept = false;
    link->lost = false;
    link->n_begun = 0;
}

/* A done function that forks may come back here in the child: the connection is the parent's. */
void mailsub__link_drop(mailsub__link *link)
{
    if (link->state == MAILSUB__LINK_NONE || mailsub__session_is_elsewhere(link->session))
        return;
    forget_connection(link);
    mailsub__transport_close(link->transport, true);
}

void mailsub__link_abandon(mailsub__link *link, bool closed)
{
    while (link->jobs.first)
        mailsub__job_forget(link->session, link->jobs.first);
    forget_connection(link);
    for (size_t i = 0; i < link->session->config->n_servers; i++) {
        if (link->transports[i])
            mailsub__transport_abandon(link->transports[i], closed);
    }
}

bool mailsub__link_has_company(const mailsub__link *link)
{
    const mailsub__link *other = link->session->links;
    while (other && (other == link || other->state == MAILSUB__LINK_NONE))
        other = other->next;
    return other != NULL;
}

/* The connection could not be made: where there is no other, and no other server to be asked, the
   job that waits ends with it. */
static void fail_opening(mailsub__link *link, const mailsub__verdict *cause, const char *detail,
                         int64_t now_ms)
{
    mailsub__job *job = link->session->waiting.first;
    mailsub__log_tell(&link->log, now_ms,
                      &(mailsub__fact){.id = MAILSUB_LOG_CONNECT_FAILED,
                                       .code = cause->code,
                                       .stage = cause->stage,
                                       .text = mailsub__slice_str(detail)});
    if (!mailsub__elsewhere_after_opening(link, cause, detail, now_ms) && job &&
        !mailsub__elsewhere_conclude(link, job, cause))
        mailsub__job_fail(link->session, link, job, cause, detail);
}

static void fail_link(mailsub__link *link, const mailsub__verdict *cause, const char *detail,
                      int64_t now_ms)
{
    if (!link->opened)
        fail_opening(link, cause, detail, now_ms);
    mailsub__link_drop(link);
}

/* Where others can be asked yet, a job gives this server its share of the time that is left. */
static int64_t share_until(const mailsub__link *link, const mailsub__job *job, int64_t now_ms)
{
    if (!job || job->deadline_ms < 0)
        return -1;
    size_t n = mailsub__failover_count_left(&link->session->failover, &job->tour, now_ms);
    return n > 1 ? now_ms + (job->deadline_ms - now_ms) / (int64_t)n : -1;
}

void mailsub__link_open(mailsub__link *link, size_t index, const mailsub__job *job, int64_t now_ms)
{
    mailsub_session *session = link->session;
    const mailsub_config *config = session->config;
    const mailsub__server *server = &config->servers[index];
    link->share_until_ms = share_until(link, job, now_ms);
    mailsub__failover_begin(&session->failover, index, now_ms);
    link->server = index;
    link->state = MAILSUB__LINK_OPENING;
    link->handshaking = false;
    link->phase_deadline_ms = now_ms + config->timeout_ms[MAILSUB_TIMEOUT_CONNECT];
    link->log = config->log;
    link->log.connection = ++session->n_connections;
    mailsub__log_tell(&link->log, now_ms,
                      &(mailsub__fact){.id = MAILSUB_LOG_CONNECTING,
                                       .name = mailsub__slice_str(server->host),
                                       .number = (uint64_t)server->port});
    const mailsub__verdict failed = {.code = have_transport(link, index),
                                     .stage = MAILSUB_STAGE_CONNECT};
    if (failed.code) {
        fail_link(link, &failed, "", now_ms);
        return;
    }
    link->transport = link->transports[index];
    mailsub__transport_hand_in(link->transport, session->handed_in);
    session->handed_in = -1;
    mailsub__transport_open(link->transport,
                            mailsub__config_server_tls(config, server) == MAILSUB_TLS_IMPLICIT,
                            now_ms);
}

/* The stage at which a transport fails, or waits. */
static int transport_stage(const mailsub__link *link)
{
    switch (mailsub__transport_get_state(link->transport)) {
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
    int code = mailsub__transport_get_error(link->transport);
    if (code == MAILSUB_E_RESOLVE || code == MAILSUB_E_RESOLVE_AGAIN)
        return MAILSUB_STAGE_RESOLVE;
    if (mailsub_error_group(code) == MAILSUB_GROUP_TLS || link->handshaking)
        return MAILSUB_STAGE_TLS;
    return MAILSUB_STAGE_CONNECT;
}

static void fail_transport(mailsub__link *link, int code, int64_t now_ms)
{
    const mailsub__verdict cause = {.code = code, .stage = transport_stage(link)};
    fail_link(link, &cause, mailsub__transport_get_detail(link->transport), now_ms);
}

static enum mailsub__protection protection(const mailsub__link *link)
{
    if (!mailsub__transport_is_tls(link->transport))
        return MAILSUB__CLEAR;
    return mailsub__transport_is_verified(link->transport) ? MAILSUB__TLS_VERIFIED
                                                           : MAILSUB__TLS_UNVERIFIED;
}

static void tell_tls(const mailsub__link *link, int64_t now_ms)
{
    char text[160];
    const mailsub__transport *transport = link->transport;
    snprintf(text, sizeof text, "%s, certificate %s%s",
             mailsub__transport_get_tls_cipher(transport),
             mailsub__transport_is_verified(transport) ? "verified" : "NOT verified",
             mailsub__transport_is_resumed(transport) ? ", resumed" : "");
    mailsub__log_tell(
        &link->log, now_ms,
        &(mailsub__fact){.id = MAILSUB_LOG_TLS,
                         .name = mailsub__slice_str(mailsub__transport_get_tls_version(transport)),
                         .text = mailsub__slice_str(text)});
}

static void tell_connected(const mailsub__link *link, int64_t now_ms)
{
    mailsub__log_tell(
        &link->log, now_ms,
        &(mailsub__fact){.id = MAILSUB_LOG_CONNECTED,
                         .text = mailsub__slice_str(mailsub__transport_get_peer(link->transport))});
    if (mailsub__transport_is_tls(link->transport))
        tell_tls(link, now_ms);
}

/* RFC 5321 section 4.1.4: the full name of this host, or its address where it has none. */
static const char *find_helo_name(const mailsub__link *link)
{
    mailsub_session *session = link->session;
    if (session->config->helo_name)
        return session->config->helo_name;
    mailsub__host_name(session->helo_name);
    if (session->helo_name[0] != '\0')
        return session->helo_name;
    return mailsub__transport_get_local_literal(link->transport);
}

/* A login can be bound to this very TLS connection. */
static void tell_binding(mailsub__link *link)
{
    unsigned char data[MAILSUB__TLS_BINDING_LEN];
    const char *type = "";
    size_t len = mailsub__transport_get_tls_binding(link->transport, &type, data);
    if (len > 0)
        mailsub__engine_set_binding(link->engine, type, mailsub__slice_of(data, len));
}

static int start_engine(mailsub__link *link, int64_t now_ms)
{
    mailsub__engine_settings settings;
    const mailsub_config *config = link->session->config;
    mailsub__settings_fill(&settings, config);
    mailsub__settings_set_server(&settings, config, &config->servers[link->server]);
    settings.helo_name = find_helo_name(link);
    settings.log = link->log;
    link->session->shown = link;
    int rc = mailsub__engine_new(&link->session->allocator, &settings, &link->engine);
    if (rc)
        return rc;
    tell_binding(link);
    mailsub__engine_start(link->engine, protection(link), now_ms);
    return MAILSUB_OK;
}

/*
 * TLS may be left out towards this host only. A "localhost" that the resolver places elsewhere is
 * not this host, whatever it offers.
 */
static bool is_misplaced(const mailsub__link *link)
{
    const mailsub_config *config = link->session->config;
    return config->servers[link->server].tls == MAILSUB_TLS_OPPORTUNISTIC && !config->tls_chosen &&
           !mailsub__transport_is_loopback(link->transport);
}

/* The transport is ready for the first time, or again after STARTTLS. */
static void begin_talking(mailsub__link *link, int64_t now_ms)
{
    mailsub__verdict failed = {.code = MAILSUB_E_CONNECT, .stage = MAILSUB_STAGE_CONNECT};
    if (link->state == MAILSUB__LINK_STARTING_TLS) {
        tell_tls(link, now_ms);
        link->state = MAILSUB__LINK_TALKING;
        tell_binding(link);
        mailsub__engine_tls_started(link->engine, protection(link), now_ms);
        return;
    }
    if (is_misplaced(link)) {
        fail_link(link, &failed, "the server's name means this host, but its address does not",
                  now_ms);
        return;
    }
    tell_connected(link, now_ms);
    link->state = MAILSUB__LINK_TALKING;
    failed.code = start_engine(link, now_ms);
    if (failed.code)
        fail_link(link, &failed, "", now_ms);
}

/* Go on opening. True when it came to an end, good or bad. */
static bool advance_transport(mailsub__link *link, int64_t now_ms)
{
    mailsub__transport_process(link->transport, now_ms);
    enum mailsub__transport_state state = mailsub__transport_get_state(link->transport);
    if (state == MAILSUB__TRANSPORT_FAILED) {
        fail_transport(link, mailsub__transport_get_error(link->transport), now_ms);
        return true;
    }
    if (state == MAILSUB__TRANSPORT_READY) {
        begin_talking(link, now_ms);
        return true;
    }
    if (state == MAILSUB__TRANSPORT_HANDSHAKING && !link->handshaking) {
        link->handshaking = true;
        link->phase_deadline_ms = now_ms + link->session->config->timeout_ms[MAILSUB_TIMEOUT_TLS];
    }
    return false;
}

/* The engine has ended. Where it never took a job, the one that waits for it ends with it. */
static void close_link(mailsub__link *link, int64_t now_ms)
{
    const mailsub__verdict *failure = mailsub__engine_failure(link->engine);
    const char *text = mailsub__engine_failure_text(link->engine);
    mailsub__job *job = link->session->waiting.first;
    if (link->opened)
        mailsub__elsewhere_note_end(link, failure, now_ms);
    else if (!mailsub__elsewhere_after_opening(link, failure, text, now_ms) && job &&
             !mailsub__elsewhere_conclude(link, job, failure))
        mailsub__job_refuse(link->session, link, job, failure, text);
    mailsub__link_drop(link);
}

/* Act on what the engine tells. True when it told something. */
static bool handle_events(mailsub__link *link, int64_t now_ms)
{
    bool any = false;
    while (link->state == MAILSUB__LINK_TALKING) {
        switch (mailsub__engine_next_event(link->engine)) {
        case MAILSUB__EVENT_NONE:
            return any;
        case MAILSUB__EVENT_STARTTLS:
            link->state = MAILSUB__LINK_STARTING_TLS;
            link->handshaking = true;
            link->phase_deadline_ms =
                now_ms + link->session->config->timeout_ms[MAILSUB_TIMEOUT_TLS];
            mailsub__transport_start_tls(link->transport);
            break;
        case MAILSUB__EVENT_READY:
            link->opened = true;
            link->share_until_ms = -1;
            mailsub__failover_succeed(&link->session->failover, link->server);
            link->idle_since_ms = now_ms;
            break;
        case MAILSUB__EVENT_DONE:
            link->idle_since_ms = now_ms;
            mailsub__job_transacted(link, mailsub__engine_done(link->engine), now_ms);
            link->kept = true;
            break;
        case MAILSUB__EVENT_CLOSED:
            close_link(link, now_ms);
            break;
        }
        any = true;
    }
    return any;
}

/* Feed the engine all that has arrived. True when something had. */
static bool receive(mailsub__link *link, int64_t now_ms)
{
    char data[READ_LEN];
    size_t len;
    bool any = false;
    for (;;) {
        int rc = mailsub__transport_read(link->transport, data, sizeof data, &len);
        if (rc) {
            mailsub__engine_lost(link->engine, rc, now_ms);
            return true;
        }
        if (len == 0)
            return any;
        mailsub__engine_feed(link->engine, data, len, now_ms);
        any = true;
    }
}

/* Send what the engine has. True when something went. */
static bool transmit(mailsub__link *link, int64_t now_ms)
{
    if (mailsub__session_is_elsewhere(link->session))
        return false;
    mailsub__slice out = mailsub__engine_peek_output(link->engine, now_ms);
    if (out.len == 0)
        return false;
    size_t len;
    int rc = mailsub__transport_write(link->transport, out.ptr, out.len, &len);
    if (rc) {
        /* The server's last words may still stand in the receive buffer. */
        receive(link, now_ms);
        mailsub__engine_lost(link->engine, rc, now_ms);
        return true;
    }
    if (len > 0) {
        mailsub__engine_ack_output(link->engine, len, now_ms);
        for (mailsub__job *job = link->jobs.first; job; job = job->behind)
            mailsub__job_tell_progress(link, job);
    }
    return len > 0;
}

bool mailsub__link_advance(mailsub__link *link, int64_t now_ms)
{
    if (link->state == MAILSUB__LINK_NONE || mailsub__session_is_elsewhere(link->session))
        return false;
    if (link->state != MAILSUB__LINK_TALKING)
        return advance_transport(link, now_ms);
    mailsub__transport_process(link->transport, now_ms);
    bool any = receive(link, now_ms);
    if (handle_events(link, now_ms))
        return true;
    if (link->state == MAILSUB__LINK_TALKING && transmit(link, now_ms))
        any = true;
    return handle_events(link, now_ms) || any;
}

void mailsub__link_abort(mailsub__link *link, int code, int64_t now_ms)
{
    if (link->state == MAILSUB__LINK_TALKING) {
        mailsub__engine_lost(link->engine, code, now_ms);
        handle_events(link, now_ms);
    } else if (link->state != MAILSUB__LINK_NONE) {
        fail_transport(link, code, now_ms);
    }
}

void mailsub__link_quit(mailsub__link *link, int64_t now_ms)
{
    if (!mailsub__link_is_idle(link))
        return;
    link->quitting = true;
    mailsub__engine_quit(link->engine, now_ms);
    transmit(link, now_ms);
    handle_events(link, now_ms);
}

static int64_t earlier(int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

static int64_t state_deadline(const mailsub__link *link)
{
    switch (link->state) {
    case MAILSUB__LINK_OPENING:
    case MAILSUB__LINK_STARTING_TLS:
        return earlier(link->phase_deadline_ms, mailsub__transport_deadline(link->transport));
    case MAILSUB__LINK_TALKING:
        return mailsub__engine_deadline(link->engine);
    case MAILSUB__LINK_NONE:
        break;
    }
    return -1;
}

int64_t mailsub__link_deadline(const mailsub__link *link)
{
    return earlier(state_deadline(link), link->share_until_ms);
}

void mailsub__link_expire(mailsub__link *link, int64_t now_ms)
{
    if (link->share_until_ms >= 0 && link->share_until_ms <= now_ms) {
        mailsub__link_abort(link, MAILSUB_E_TIMEOUT, now_ms);
        mailsub__link_drop(link);
    } else if (link->state == MAILSUB__LINK_TALKING) {
        int64_t deadline_ms = mailsub__engine_deadline(link->engine);
        if (deadline_ms >= 0 && deadline_ms <= now_ms) {
            mailsub__engine_expire(link->engine, now_ms);
            handle_events(link, now_ms);
        }
    } else if (link->state != MAILSUB__LINK_NONE && link->phase_deadline_ms <= now_ms) {
        mailsub__link_abort(link, MAILSUB_E_TIMEOUT, now_ms);
    }
}
