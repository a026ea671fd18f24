/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The servers of a config: one by its URL, and others behind it that are asked when it fails
 * (failover.h). They share all that the URLs do not say: login, trust, time-outs.
 */
#include <string.h>

#include "base/memory.h"
#include "session/config.h"
#include "session/url.h"

/* scheme, host and port, or a scheme and a path of which each octet is encoded */
#define MAX_URL (16 * 1024)
#define MAX_PAUSE_MS (24LL * 60 * 60 * 1000)

/* ---- the list ---- */

static void deinit_server(const mailsub_config *config, mailsub__server *server)
{
    mailsub__free(&config->allocator, server->path);
    mailsub__free(&config->allocator, server->url);
}

void mailsub__config_drop_servers(const mailsub_config *config, mailsub__server *servers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        deinit_server(config, &servers[i]);
    mailsub__free(&config->allocator, servers);
}

static char *copy_slice(const mailsub_config *config, mailsub__slice text)
{
    char *copy = mailsub__alloc(&config->allocator, text.len + 1);
    if (!copy)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

/* As the URL has it. MAILSUB_E_NOMEM, and there is nothing to deinit. */
static int init_server(const mailsub_config *config, const mailsub__url *url, mailsub__server *out)
{
    mailsub__buffer text;
    *out =
        (mailsub__server){.way = url->way, .port = url->port, .tls = url->tls, .lmtp = url->lmtp};
    memcpy(out->host, url->host, sizeof out->host);
    mailsub__buffer_init(&text, &config->allocator, MAX_URL);
    if (mailsub__url_write(url, &text) == MAILSUB_OK)
        out->url = copy_slice(config, mailsub__buffer_slice(&text));
    mailsub__buffer_deinit(&text);
    if (url->way != MAILSUB__WAY_TCP)
        out->path = copy_slice(config, mailsub__buffer_slice(&url->path));
    if (out->url && (out->path || url->way == MAILSUB__WAY_TCP))
        return MAILSUB_OK;
    deinit_server(config, out);
    return MAILSUB_E_NOMEM;
}

int mailsub__config_list_server(const mailsub_config *config, size_t n_kept,
                                const mailsub__url *url, mailsub__server **out_servers)
{
    mailsub__server *servers =
        mailsub__alloc_array(&config->allocator, n_kept + 1, sizeof *servers);
    if (!servers)
        return MAILSUB_E_NOMEM;
    int rc = init_server(config, url, &servers[n_kept]);
    if (rc) {
        mailsub__free(&config->allocator, servers);
        return rc;
    }
    if (n_kept > 0)
        memcpy(servers, config->servers, n_kept * sizeof *servers);
    *out_servers = servers;
    return MAILSUB_OK;
}

void mailsub__config_take_servers(mailsub_config *config, mailsub__server *servers, size_t n)
{
    for (size_t i = n - 1; i < config->n_servers; i++)
        deinit_server(config, &config->servers[i]);
    mailsub__free(&config->allocator, config->servers);
    config->servers = servers;
    config->n_servers = n;
    if (n > 1)
        return;
    if (!config->tls_chosen)
        config->tls = servers->tls;
    if (servers->lmtp || config->lmtp_by_url) {
        config->lmtp = servers->lmtp;
        config->lmtp_by_url = servers->lmtp;
    }
}

/* ---- one of them ---- */

int mailsub__config_server_tls(const mailsub_config *config, const mailsub__server *server)
{
    return config->tls_chosen ? config->tls : server->tls;
}

const char *mailsub__config_server_name(const mailsub_config *config, const mailsub__server *server)
{
    return config->verify_name ? config->verify_name : server->host;
}

static bool is_same(const mailsub__server *server, const mailsub__url *url)
{
    if (server->way != url->way)
        return false;
    if (url->way != MAILSUB__WAY_TCP)
        return mailsub__slice_equal(mailsub__slice_str(server->path),
                                    mailsub__buffer_slice(&url->path));
    return server->port == url->port &&
           mailsub__slice_equal_nocase(mailsub__slice_str(server->host),
                                       mailsub__slice_str(url->host));
}

static bool can_fail_over(enum mailsub__way way)
{
    return way == MAILSUB__WAY_TCP || way == MAILSUB__WAY_UNIX;
}

/* Why a server cannot stand behind those that there are; NULL: it can. */
static const char *find_fault(const mailsub_config *config, const mailsub__url *url)
{
    if (!can_fail_over(url->way) || !can_fail_over(config->servers->way))
        return "what is no server can neither stand behind others nor before them";
    if (url->has_user)
        return "the login is that of the first URL: another one has none";
    if (url->lmtp != config->servers->lmtp)
        return "all servers speak LMTP, or none does";
    for (size_t i = 0; i < config->n_servers; i++) {
        if (is_same(&config->servers[i], url))
            return "that server was named already";
    }
    return NULL;
}

static int add_server(mailsub_config *config, const mailsub__url *url)
{
    const char *fault = find_fault(config, url);
    if (fault)
        return mailsub__config_refuse(config, MAILSUB_E_URL, fault);
    mailsub__server *servers = NULL;
    int rc = mailsub__config_list_server(config, config->n_servers, url, &servers);
    if (rc == MAILSUB_OK)
        mailsub__config_take_servers(config, servers, config->n_servers + 1);
    return rc;
}

int mailsub_config_add_url(mailsub_config *config, const char *url)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!url)
        return MAILSUB_E_INVALID;
    if (config->n_servers == 0)
        return mailsub__config_refuse(config, MAILSUB_E_STATE, "there is no first server yet");
    if (config->n_servers >= MAILSUB_MAX_SERVERS)
        return mailsub__config_refuse(config, MAILSUB_E_LIMIT, "there are too many servers");
    mailsub__url parsed;
    const char *cause = "";
    rc = mailsub__url_parse(&config->allocator, url, &parsed, &cause);
    if (rc)
        return rc == MAILSUB_E_URL ? mailsub__config_refuse(config, rc, cause) : rc;
    rc = add_server(config, &parsed);
    mailsub__url_deinit(&parsed);
    return rc;
}

int mailsub_config_set_server_pause(mailsub_config *config, int64_t first_ms, int64_t most_ms)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (first_ms < 0 || first_ms > most_ms || most_ms > MAX_PAUSE_MS)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID,
                                      "the pauses are not 0 to a day, the first not the longer");
    config->pause_first_ms = first_ms;
    config->pause_most_ms = most_ms;
    return MAILSUB_OK;
}

/* ---- what was set ---- */

size_t mailsub_config_count_servers(const mailsub_config *config)
{
    return config ? config->n_servers : 0;
}

const char *mailsub_config_get_server(const mailsub_config *config, size_t index)
{
    return index < mailsub_config_count_servers(config) ? config->servers[index].url : "";
}

const char *mailsub_config_get_host(const mailsub_config *config)
{
    return mailsub_config_count_servers(config) > 0 ? config->servers->host : "";
}

int mailsub_config_get_port(const mailsub_config *config)
{
    return mailsub_config_count_servers(config) > 0 ? config->servers->port : 0;
}

const char *mailsub_config_get_path(const mailsub_config *config)
{
    bool any = mailsub_config_count_servers(config) > 0 && config->servers->path;
    return any ? config->servers->path : "";
}
