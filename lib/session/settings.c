/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The config's way into an engine, and the setters of what matters on the wire only. */
#include "session/settings.h"

#include <string.h>

#include <mailsub/message.h>

#include "net/clock.h"
#include "session/session.h"

#define MAX_CHUNK (1024 * 1024)
#define MAX_OVERLAP 1000

static mailsub__login_settings login_settings(const mailsub_config *config)
{
    return (mailsub__login_settings){
        .token = config->token,
        .authorization = config->authorization,
        .fetch = config->fetch,
        .fetch_context = config->fetch_context,
        .mechanisms = config->mechanisms_chosen ? config->mechanisms : NULL,
        .excluded = config->excluded,
        .custom = config->custom,
        .n_custom = config->n_custom,
        .random = &mailsub__system_random,
        .host = config->verify_name,
        .has_certificate = config->client_certificate,
    };
}

void mailsub__settings_set_server(mailsub__engine_settings *out, const mailsub_config *config,
                                  const mailsub__server *server)
{
    out->tls = mailsub__config_server_tls(config, server);
    out->login.host = mailsub__config_server_name(config, server);
    out->login.port = server->port;
    /* What stands in place of a server takes no login, and is not to be blamed for no TLS. */
    out->clear_login = config->clear_login || mailsub__way_outlet(server->way);
}

void mailsub__settings_fill(mailsub__engine_settings *out, const mailsub_config *config)
{
    *out = (mailsub__engine_settings){
        .helo_name = config->helo_name,
        .tls = config->tls,
        .user = config->user,
        .password = config->password,
        .login = login_settings(config),
        .clear_login = config->clear_login,
        .all_or_none = config->all_or_none,
        .lmtp = config->lmtp,
        .no_chunking = config->chunk_len == 0,
        .chunk_len = config->chunk_len,
        .depth = config->overlap,
        .log = config->log,
    };
    memcpy(out->extension_policy, config->extension_policy, sizeof out->extension_policy);
    memcpy(out->timeout_ms, config->timeout_ms, sizeof out->timeout_ms);
    if (config->n_servers > 0)
        mailsub__settings_set_server(out, config, config->servers);
}

uint32_t mailsub__settings_layout(const mailsub__engine *engine, const mailsub_config *config)
{
    uint32_t can = 0;
    if (mailsub__engine_offers(engine, MAILSUB__CAPABILITY_EIGHTBITMIME))
        can |= MAILSUB_CAN_8BITMIME;
    if (can && config->chunk_len > 0 &&
        mailsub__engine_offers(engine, MAILSUB__CAPABILITY_CHUNKING) &&
        mailsub__engine_offers(engine, MAILSUB__CAPABILITY_BINARYMIME))
        can |= MAILSUB_CAN_BINARYMIME;
    return can;
}

int mailsub_config_set_chunk_size(mailsub_config *config, size_t octets)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (octets > MAX_CHUNK)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "a chunk has 1 MiB at most");
    config->chunk_len = (uint32_t)octets;
    return MAILSUB_OK;
}

int mailsub_config_set_overlap(mailsub_config *config, int transactions)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (transactions < 1 || transactions > MAX_OVERLAP)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "1 to 1000 can be under way");
    config->overlap = (uint32_t)transactions;
    return MAILSUB_OK;
}

int mailsub_config_set_lmtp(mailsub_config *config, int on)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (on != 0 && on != 1)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "neither 0 nor 1");
    config->lmtp = on;
    config->lmtp_by_url = false;
    return MAILSUB_OK;
}
