/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By which way connections come about. */
#include "session/config.h"

#include <string.h>

#include "base/memory.h"
#include "codec/base64.h"
#include "net/literal.h"

/* A login of a proxy, in base64. */
#define MAX_CREDENTIALS 1024

static void forget_proxy(mailsub_config *config)
{
    mailsub__config_replace_secret(config, &config->proxy_user, NULL);
    mailsub__config_replace_secret(config, &config->proxy_password, NULL);
    mailsub__config_replace_secret(config, &config->proxy_credentials, NULL);
    config->proxy_kind = MAILSUB__PROXY_NONE;
}

void mailsub__config_deinit_way(mailsub_config *config)
{
    forget_proxy(config);
    mailsub__free(&config->allocator, config->source_ipv4);
    mailsub__free(&config->allocator, config->source_ipv6);
}

void mailsub__config_fill_dial(const mailsub_config *config, const mailsub__server *server,
                               mailsub__dial_settings *out)
{
    *out = (mailsub__dial_settings){
        .host = server->host,
        .port = server->port,
        .unix_path = server->way == MAILSUB__WAY_UNIX ? server->path : NULL,
        .source_ipv4 = config->source_ipv4,
        .source_ipv6 = config->source_ipv6,
        .proxy = {.kind = config->proxy_kind,
                  .host = config->proxy_host,
                  .port = config->proxy_port,
                  .user = config->proxy_user,
                  .password = config->proxy_password,
                  .credentials = config->proxy_credentials},
        .connect = config->connect,
        .connect_context = config->connect_context,
    };
}

int mailsub_config_set_source_address(mailsub_config *config, const char *address)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!address) {
        mailsub__config_replace_text(config, &config->source_ipv4, NULL);
        return mailsub__config_replace_text(config, &config->source_ipv6, NULL);
    }
    switch (mailsub__literal_kind(address)) {
    case MAILSUB__IPV4:
        return mailsub__config_replace_text(config, &config->source_ipv4, address);
    case MAILSUB__IPV6:
        return mailsub__config_replace_text(config, &config->source_ipv6, address);
    case MAILSUB__NO_LITERAL:
        break;
    }
    return mailsub__config_refuse(config, MAILSUB_E_HOST_NAME,
                                  "the source address is no IPv4 and no IPv6 address");
}

/* Why a login cannot be told to the proxy; NULL: it can. */
static const char *find_fault(mailsub__slice user, mailsub__slice password,
                              enum mailsub__proxy_kind kind)
{
    if (user.len > MAILSUB__PROXY_MAX_LOGIN || password.len > MAILSUB__PROXY_MAX_LOGIN)
        return "the proxy's user or password has more than 255 octets";
    if (password.len == 0) /* RFC 1929 section 2: 1 to 255 octets */
        return "the proxy's user needs a password";
    if (kind == MAILSUB__PROXY_HTTP && memchr(user.ptr, ':', user.len)) /* RFC 7617 section 2 */
        return "the proxy's user has a colon";
    return NULL;
}

/* user:password in base64. */
static int encode_login(mailsub__buffer *out, const mailsub__url *url)
{
    mailsub__buffer both;
    mailsub__buffer_init_secret(&both, out->allocator, 2 * MAILSUB__PROXY_MAX_LOGIN + 1);
    mailsub__buffer_append_slice(&both, mailsub__buffer_slice(&url->user));
    mailsub__buffer_append_char(&both, ':');
    int rc = mailsub__buffer_append_slice(&both, mailsub__buffer_slice(&url->password));
    mailsub__slice text = mailsub__buffer_slice(&both);
    if (rc == MAILSUB_OK)
        rc = mailsub__base64_append(out, text.ptr, text.len);
    mailsub__buffer_deinit(&both);
    return rc;
}

/* On failure nothing is changed. */
static int take_proxy(mailsub_config *config, mailsub__url *url)
{
    mailsub__buffer credentials;
    const char *user = NULL;
    const char *password = NULL;
    const char *encoded = NULL;
    char *copies[3] = {NULL, NULL, NULL};
    mailsub__buffer_init_secret(&credentials, &config->allocator, MAX_CREDENTIALS);
    int rc = url->has_user ? encode_login(&credentials, url) : MAILSUB_OK;
    if (rc == MAILSUB_OK && url->has_user) {
        user = mailsub__buffer_str(&url->user);
        password = mailsub__buffer_str(&url->password);
        encoded = mailsub__buffer_str(&credentials);
        rc = user && password && encoded ? MAILSUB_OK : MAILSUB_E_NOMEM;
    }
    if (rc == MAILSUB_OK)
        rc = mailsub__config_replace_secret(config, &copies[0], user);
    if (rc == MAILSUB_OK)
        rc = mailsub__config_replace_secret(config, &copies[1], password);
    if (rc == MAILSUB_OK)
        rc = mailsub__config_replace_secret(config, &copies[2], encoded);
    mailsub__buffer_deinit(&credentials);
    if (rc) {
        for (int i = 0; i < 3; i++)
            mailsub__config_replace_secret(config, &copies[i], NULL);
        return rc;
    }
    forget_proxy(config);
    config->proxy_user = copies[0];
    config->proxy_password = copies[1];
    config->proxy_credentials = copies[2];
    config->proxy_kind = url->proxy;
    config->proxy_port = url->port;
    memcpy(config->proxy_host, url->host, sizeof config->proxy_host);
    return MAILSUB_OK;
}

int mailsub_config_set_proxy(mailsub_config *config, const char *url)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!url) {
        forget_proxy(config);
        return MAILSUB_OK;
    }
    mailsub__url parsed;
    const char *cause = "";
    rc = mailsub__url_parse_proxy(&config->allocator, url, &parsed, &cause);
    if (rc)
        return rc == MAILSUB_E_URL ? mailsub__config_refuse(config, rc, cause) : rc;
    const char *fault = NULL;
    if (parsed.has_user)
        fault = find_fault(mailsub__buffer_slice(&parsed.user),
                           mailsub__buffer_slice(&parsed.password), parsed.proxy);
    rc = fault ? mailsub__config_refuse(config, MAILSUB_E_URL, fault) : take_proxy(config, &parsed);
    mailsub__url_deinit(&parsed);
    return rc;
}

int mailsub_config_set_connect(mailsub_config *config, mailsub_connect_fn connect, void *context)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    config->connect = connect;
    config->connect_context = context;
    return MAILSUB_OK;
}
