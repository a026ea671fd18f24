/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many connections and messages a session may have at once, and how long it keeps them. */
#include "session/config.h"

#define MAX_CONNECTIONS 100
#define MAX_PENDING 10000000
#define MAX_IDLE_MS (24LL * 60 * 60 * 1000)

int mailsub_config_set_max_connections(mailsub_config *config, int connections)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (connections < 1 || connections > MAX_CONNECTIONS)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "1 to 100 connections");
    config->max_connections = (size_t)connections;
    return MAILSUB_OK;
}

int mailsub_config_set_max_messages(mailsub_config *config, uint64_t messages)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    config->max_messages = messages;
    return MAILSUB_OK;
}

int mailsub_config_set_idle_timeout(mailsub_config *config, int64_t ms)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (ms < -1 || ms > MAX_IDLE_MS)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "a day at most, or -1");
    config->idle_timeout_ms = ms;
    return MAILSUB_OK;
}

int mailsub_config_set_max_pending(mailsub_config *config, size_t messages)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (messages < 1 || messages > MAX_PENDING)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "1 to 10,000,000 messages");
    config->max_pending = messages;
    return MAILSUB_OK;
}
