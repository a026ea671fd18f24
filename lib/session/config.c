/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where and how: server, name, time-outs. Login and TLS stand in config_login.c and config_tls.c. */
#include "session/config.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "codec/domain.h"
#include "codec/utf8.h"
#include "net/literal.h"
#include "session/url.h"
#include "smtp/credentials.h"
#include "smtp/parameters.h"

#define MAX_TIMEOUT_MS (24LL * 60 * 60 * 1000)

/* RFC 5321 section 4.5.3.2; the two that it does not name are a minute. */
static const int64_t default_timeout_ms[MAILSUB__N_TIMEOUTS] = {
    [MAILSUB_TIMEOUT_CONNECT] = 60 * 1000,      [MAILSUB_TIMEOUT_TLS] = 60 * 1000,
    [MAILSUB_TIMEOUT_GREETING] = 300 * 1000,    [MAILSUB_TIMEOUT_COMMAND] = 300 * 1000,
    [MAILSUB_TIMEOUT_DATA] = 120 * 1000,        [MAILSUB_TIMEOUT_CONTENT] = 180 * 1000,
    [MAILSUB_TIMEOUT_END_OF_DATA] = 600 * 1000,
};

int mailsub_config_new(const mailsub_allocator *allocator, mailsub_config **out_config)
{
    mailsub_allocator table;
    if (!out_config)
        return MAILSUB_E_INVALID;
    int rc = mailsub__allocator_init(&table, allocator);
    if (rc)
        return rc;
    mailsub_config *config = mailsub__alloc_zeroed(&table, sizeof *config);
    if (!config)
        return MAILSUB_E_NOMEM;
    config->allocator = table;
    config->tls = MAILSUB_TLS_STARTTLS;
    config->chunk_len = MAILSUB__CHUNK_LEN;
    config->overlap = MAILSUB__DEPTH;
    config->max_connections = 1;
    config->pause_first_ms = MAILSUB__PAUSE_FIRST_MS;
    config->pause_most_ms = MAILSUB__PAUSE_MOST_MS;
    config->max_pending = MAILSUB__MAX_PENDING;
    config->idle_timeout_ms = MAILSUB__IDLE_TIMEOUT_MS;
    atomic_init(&config->n_refs, 1);
    mailsub__birth_init(&config->birth); /* without its page, it costs a call of the system */
    atomic_init(&config->frozen, false);
    mailsub__parameters_default_policy(config->extension_policy);
    memcpy(config->timeout_ms, default_timeout_ms, sizeof config->timeout_ms);
    config->tls_min_version = MAILSUB_TLS_VERSION_1_2;
    config->resume = true;
    rc = mailsub__trust_new(&config->allocator, &config->trust);
    if (rc) {
        mailsub__birth_deinit(&config->birth);
        mailsub__free(&table, config);
        return rc;
    }
    *out_config = config;
    return MAILSUB_OK;
}

static void free_secret(mailsub_config *config, char *secret)
{
    if (secret)
        mailsub__wipe(secret, strlen(secret));
    mailsub__free(&config->allocator, secret);
}

mailsub_config *mailsub_config_ref(mailsub_config *config)
{
    if (config)
        atomic_fetch_add_explicit(&config->n_refs, 1, memory_order_relaxed);
    return config;
}

void mailsub_config_unref(mailsub_config *config)
{
    if (!config || atomic_fetch_sub_explicit(&config->n_refs, 1, memory_order_acq_rel) > 1)
        return;
    free_secret(config, config->user);
    free_secret(config, config->password);
    free_secret(config, config->token);
    free_secret(config, config->authorization);
    mailsub__config_drop_servers(config, config->servers, config->n_servers);
    mailsub__config_deinit_way(config);
    mailsub__free(&config->allocator, config->verify_name);
    mailsub__free(&config->allocator, config->helo_name);
    mailsub__free(&config->allocator, config->tls_priority);
    mailsub__trust_free(config->trust);
    mailsub__config_deinit_dkim(config);
    mailsub_policy_unref(config->policy);
    mailsub_limiter_unref(config->limiter);
    mailsub__birth_deinit(&config->birth);
    mailsub_allocator allocator = config->allocator;
    mailsub__free(&allocator, config);
}

int mailsub__config_check_changeable(const mailsub_config *config)
{
    if (!config)
        return MAILSUB_E_INVALID;
    return atomic_load(&config->frozen) ? MAILSUB_E_STATE : MAILSUB_OK;
}

int mailsub__config_refuse(mailsub_config *config, int code, const char *cause)
{
    snprintf(config->detail, sizeof config->detail, "%s", cause);
    return code;
}

/* A copy of len octets as a string. */
static char *copy_text(mailsub_config *config, const char *text, size_t len)
{
    char *copy = mailsub__alloc(&config->allocator, len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

/* password may be NULL: there is none. */
static int replace_credentials(mailsub_config *config, mailsub__slice user,
                               const mailsub__slice *password)
{
    char *new_user = copy_text(config, user.ptr, user.len);
    char *new_password = password ? copy_text(config, password->ptr, password->len) : NULL;
    if (!new_user || (password && !new_password)) {
        free_secret(config, new_user);
        free_secret(config, new_password);
        return MAILSUB_E_NOMEM;
    }
    free_secret(config, config->user);
    free_secret(config, config->password);
    config->user = new_user;
    config->password = new_password;
    return MAILSUB_OK;
}

int mailsub__config_replace_secret(mailsub_config *config, char **target, const char *text)
{
    char *copy = NULL;
    if (text) {
        copy = copy_text(config, text, strlen(text));
        if (!copy)
            return MAILSUB_E_NOMEM;
    }
    free_secret(config, *target);
    *target = copy;
    return MAILSUB_OK;
}

int mailsub_config_set_credentials(mailsub_config *config, const char *user, const char *password)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!user) {
        free_secret(config, config->user);
        free_secret(config, config->password);
        config->user = NULL;
        config->password = NULL;
        return mailsub__config_replace_secret(config, &config->token, NULL);
    }
    if (!password)
        return MAILSUB_E_INVALID;
    mailsub__slice name = mailsub__slice_str(user);
    mailsub__slice secret = mailsub__slice_str(password);
    if (name.len == 0 || !mailsub__credential_is_usable(name))
        return mailsub__config_refuse(config, MAILSUB_E_CREDENTIALS,
                                      "the user name is empty, too long or not UTF-8");
    if (!mailsub__credential_is_usable(secret))
        return mailsub__config_refuse(config, MAILSUB_E_CREDENTIALS,
                                      "the password is too long or not UTF-8");
    return replace_credentials(config, name, &secret);
}

/* The login of a parsed URL. On failure nothing is changed. */
static int take_login(mailsub_config *config, const mailsub__url *url)
{
    mailsub__slice user = mailsub__buffer_slice(&url->user);
    mailsub__slice password = mailsub__buffer_slice(&url->password);
    if (!url->has_user)
        return MAILSUB_OK;
    if (!mailsub__credential_is_usable(user) || !mailsub__credential_is_usable(password))
        return mailsub__config_refuse(config, MAILSUB_E_URL, "user or password is too long");
    return replace_credentials(config, user, url->has_password ? &password : NULL);
}

int mailsub_config_set_url(mailsub_config *config, const char *url)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!url)
        return MAILSUB_E_INVALID;
    mailsub__url parsed;
    const char *cause = "";
    rc = mailsub__url_parse(&config->allocator, url, &parsed, &cause);
    if (rc)
        return rc == MAILSUB_E_URL ? mailsub__config_refuse(config, rc, cause) : rc;
    mailsub__server *server = NULL;
    rc = mailsub__config_list_server(config, 0, &parsed, &server);
    if (rc == MAILSUB_OK)
        rc = take_login(config, &parsed);
    if (rc == MAILSUB_OK)
        mailsub__config_take_servers(config, server, 1);
    else if (server)
        mailsub__config_drop_servers(config, server, 1);
    mailsub__url_deinit(&parsed);
    return rc;
}

/* Replace *target by a copy of text, or by NULL. */
int mailsub__config_replace_text(mailsub_config *config, char **target, const char *text)
{
    char *copy = NULL;
    if (text) {
        copy = copy_text(config, text, strlen(text));
        if (!copy)
            return MAILSUB_E_NOMEM;
    }
    mailsub__free(&config->allocator, *target);
    *target = copy;
    return MAILSUB_OK;
}

/* An address literal of RFC 5321 section 4.1.3: [192.0.2.1] or [IPv6:2001:db8::1]. */
static bool is_address_literal(mailsub__slice text, char out[256])
{
    static const char tag[] = "[IPv6:";
    bool v6 = text.len > sizeof tag && strncmp(text.ptr, tag, sizeof tag - 1) == 0;
    size_t start = v6 ? sizeof tag - 1 : 1;
    if (text.len < 3 || text.len > 60 || text.ptr[0] != '[' || text.ptr[text.len - 1] != ']')
        return false;
    char address[64];
    memcpy(address, text.ptr + start, text.len - start - 1);
    address[text.len - start - 1] = '\0';
    enum mailsub__literal_kind kind = mailsub__literal_kind(address);
    if (kind != (v6 ? MAILSUB__IPV6 : MAILSUB__IPV4))
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

int mailsub_config_set_helo_name(mailsub_config *config, const char *name)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc || !name)
        return rc ? rc : mailsub__config_replace_text(config, &config->helo_name, NULL);
    char text[256];
    mailsub__slice slice = mailsub__slice_str(name);
    if (!is_address_literal(slice, text)) {
        rc = mailsub__domain_to_ascii(slice, text);
        if (rc == MAILSUB_E_DOMAIN)
            rc = mailsub__config_refuse(config, MAILSUB_E_HOST_NAME,
                                        "the EHLO name is no domain name and no address literal");
        if (rc)
            return rc;
    }
    return mailsub__config_replace_text(config, &config->helo_name, text);
}

int mailsub_config_set_timeout(mailsub_config *config, int timeout, int64_t ms)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (timeout < 0 || timeout >= MAILSUB__N_TIMEOUTS || ms < 1 || ms > MAX_TIMEOUT_MS)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID,
                                      "no such time-out, or not 1 ms to a day");
    config->timeout_ms[timeout] = ms;
    return MAILSUB_OK;
}

int mailsub_config_set_deadline(mailsub_config *config, int64_t ms)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (ms < 0 || ms > MAX_TIMEOUT_MS)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "the deadline is not 0 to a day");
    config->deadline_ms = ms;
    return MAILSUB_OK;
}

int mailsub_config_set_all_or_none(mailsub_config *config, int on)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (on != 0 && on != 1)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "neither 0 nor 1");
    config->all_or_none = on;
    return MAILSUB_OK;
}

int mailsub_config_set_extension_policy(mailsub_config *config, int extension, int policy)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (policy < MAILSUB_MISSING_FAIL || policy > MAILSUB_MISSING_DROP)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "there is no such policy");
    if (policy != MAILSUB_MISSING_FAIL && !mailsub__parameters_may_be_missing(extension))
        return mailsub__config_refuse(config, MAILSUB_E_INVALID,
                                      "what this extension is for cannot be left out");
    if (extension < 0 || extension >= MAILSUB_EXTENSION_END_)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "there is no such extension");
    config->extension_policy[extension] = (uint8_t)policy;
    return MAILSUB_OK;
}

int mailsub_config_get_extension_policy(const mailsub_config *config, int extension)
{
    if (!config || extension < 0 || extension >= MAILSUB_EXTENSION_END_)
        return MAILSUB_E_INVALID;
    return config->extension_policy[extension];
}

int mailsub_config_set_limiter(mailsub_config *config, mailsub_limiter *limiter, int when_limited)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (when_limited < MAILSUB_WHEN_LIMITED_FAIL || when_limited > MAILSUB_WHEN_LIMITED_PART)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "no such way to be limited");
    mailsub_limiter_ref(limiter);
    mailsub_limiter_unref(config->limiter);
    config->limiter = limiter;
    config->when_limited = when_limited;
    return MAILSUB_OK;
}

int mailsub_config_insecure_allow_clear_login(mailsub_config *config)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    config->clear_login = true;
    return MAILSUB_OK;
}

const char *mailsub_config_get_error_detail(const mailsub_config *config)
{
    return config ? config->detail : "";
}
