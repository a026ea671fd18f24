/* SPDX-License-Identifier: 0BSD */
/* Where to and how, but for encryption: each handler sets one thing in the library's config. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command.h"
#include "handlers.h"

int config_server(struct work *work, const char *value)
{
    return mailsub_config_count_servers(work->config) == 0
               ? mailsub_config_set_url(work->config, value)
               : mailsub_config_add_url(work->config, value);
}

int config_lmtp(struct work *work, const char *value)
{
    (void)value;
    return mailsub_config_set_lmtp(work->config, 1);
}

int config_helo(struct work *work, const char *value)
{
    return mailsub_config_set_helo_name(work->config, value);
}

int config_source(struct work *work, const char *value)
{
    return mailsub_config_set_source_address(work->config, value);
}

int config_proxy(struct work *work, const char *value)
{
    return mailsub_config_set_proxy(work->config, value);
}

static int set_all_timeouts(struct work *work, int64_t ms)
{
    int rc = MAILSUB_OK;
    for (int i = MAILSUB_TIMEOUT_CONNECT; rc == MAILSUB_OK && i <= MAILSUB_TIMEOUT_END_OF_DATA; i++)
        rc = mailsub_config_set_timeout(work->config, i, ms);
    return rc;
}

int config_timeout(struct work *work, const char *value)
{
    static const struct word phases[] = {
        {"connect", MAILSUB_TIMEOUT_CONNECT},   {"tls", MAILSUB_TIMEOUT_TLS},
        {"greeting", MAILSUB_TIMEOUT_GREETING}, {"command", MAILSUB_TIMEOUT_COMMAND},
        {"data", MAILSUB_TIMEOUT_DATA},         {"content", MAILSUB_TIMEOUT_CONTENT},
        {"end", MAILSUB_TIMEOUT_END_OF_DATA}};
    const char *equals = strchr(value, '=');
    int64_t ms;
    int phase;
    work->why = "a time such as 30s; connect, tls, greeting, command, data, content or end and = "
                "in front of it";
    if (!parse_time(equals ? equals + 1 : value, &ms))
        return MAILSUB_E_INVALID;
    if (!equals)
        return set_all_timeouts(work, ms);
    char *name = copy_text(value, (size_t)(equals - value));
    bool is_phase = parse_word(WORDS(phases), name, &phase);
    free(name);
    return is_phase ? mailsub_config_set_timeout(work->config, phase, ms) : MAILSUB_E_INVALID;
}

int config_deadline(struct work *work, const char *value)
{
    int64_t ms;
    work->why = "a time such as 5m, a day at most";
    return parse_time(value, &ms) ? mailsub_config_set_deadline(work->config, ms)
                                  : MAILSUB_E_INVALID;
}

int config_all_or_none(struct work *work, const char *value)
{
    (void)value;
    return mailsub_config_set_all_or_none(work->config, 1);
}

static int find_extension(const char *name)
{
    for (int i = 0; i < MAILSUB_EXTENSION_END_; i++) {
        if (strcasecmp(mailsub_extension_name(i), name) == 0)
            return i;
    }
    return -1;
}

int config_missing(struct work *work, const char *value)
{
    static const struct word ways[] = {{"fail", MAILSUB_MISSING_FAIL},
                                       {"warn", MAILSUB_MISSING_WARN},
                                       {"drop", MAILSUB_MISSING_DROP}};
    size_t len = strcspn(value, "=");
    int way;
    work->why = "an extension such as DSN, = and fail, warn or drop";
    if (value[len] != '=' || !parse_word(WORDS(ways), value + len + 1, &way))
        return MAILSUB_E_INVALID;
    char *name = copy_text(value, len);
    int extension = find_extension(name);
    free(name);
    return mailsub_config_set_extension_policy(work->config, extension, way);
}

int config_chunk_size(struct work *work, const char *value)
{
    int64_t octets;
    work->why = "0 to 1048576";
    if (!parse_number(value, 0, 1048576, &octets))
        return MAILSUB_E_INVALID;
    return mailsub_config_set_chunk_size(work->config, (size_t)octets);
}

int config_overlap(struct work *work, const char *value)
{
    int64_t n;
    work->why = "1 to 1000";
    return parse_number(value, 1, 1000, &n) ? mailsub_config_set_overlap(work->config, (int)n)
                                            : MAILSUB_E_INVALID;
}

int config_connections(struct work *work, const char *value)
{
    int64_t n;
    work->why = "1 to 100";
    return parse_number(value, 1, 100, &n)
               ? mailsub_config_set_max_connections(work->config, (int)n)
               : MAILSUB_E_INVALID;
}

int config_authorize(struct work *work, const char *value)
{
    return mailsub_config_set_authorization(work->config, value);
}

int config_auth(struct work *work, const char *value)
{
    work->why = "names of mechanisms, parted by spaces: see mailsub version";
    int rc = mailsub_config_set_mechanisms(work->config, value);
    if (rc != MAILSUB_E_INVALID)
        work->why = NULL;
    return rc;
}

/* A key file is told by its path; what begins with pkcs11: or tpmkey: is looked for by GnuTLS. */
int config_dkim(struct work *work, const char *value)
{
    mailsub_dkim *dkim = NULL;
    char *text = copy_text(value, strlen(value));
    char *selector = strchr(text, ':');
    char *key = selector ? strchr(selector + 1, ':') : NULL;
    int rc = MAILSUB_E_INVALID;
    work->why = "DOMAIN:SELECTOR:FILE";
    if (!key)
        goto out;
    work->why = NULL;
    *selector++ = '\0';
    *key++ = '\0';
    rc = mailsub_dkim_new(NULL, text, selector, &dkim);
    if (rc == MAILSUB_OK && (strncmp(key, "pkcs11:", 7) == 0 || strncmp(key, "tpmkey:", 7) == 0))
        rc = mailsub_dkim_set_key_url(dkim, key, NULL);
    else if (rc == MAILSUB_OK)
        rc = mailsub_dkim_set_key_file(dkim, key, NULL);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_add_dkim(work->config, dkim);
out:
    mailsub_dkim_unref(dkim);
    free(text);
    return rc;
}

int config_relay_signs(struct work *work, const char *value)
{
    (void)value;
    return mailsub_config_set_relay_signs(work->config, 1);
}

/* The library has replaced secrets by asterisks, and sends no content here. */
static void trace(void *context, int direction, const char *line, size_t len)
{
    (void)context;
    if (direction == MAILSUB_TRANSCRIPT_CLIENT)
        fputs("C: ", stderr);
    else
        fputs(direction == MAILSUB_TRANSCRIPT_SERVER ? "S: " : "-- ", stderr);
    for (size_t i = 0; i < len; i++) {
        bool is_control = (unsigned char)line[i] < 0x20 || line[i] == 0x7f;
        fputc(is_control ? '?' : line[i], stderr);
    }
    fputc('\n', stderr);
}

int config_trace(struct work *work, const char *value)
{
    (void)value;
    return mailsub_config_set_transcript(work->config, trace, NULL);
}
