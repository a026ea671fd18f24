/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DKIM signers of a config. */
#include "base/memory.h"
#include "session/config.h"

int mailsub_config_add_dkim(mailsub_config *config, mailsub_dkim *dkim)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (!dkim)
        return MAILSUB_E_INVALID;
    void *array = config->signers.items;
    rc = mailsub__grow_array(&config->allocator, &array, &config->room_for_signers,
                             config->signers.n, sizeof *config->signers.items,
                             MAILSUB_MAX_CONFIG_SIGNERS);
    config->signers.items = array;
    if (!rc)
        rc = mailsub__dkim_freeze(dkim);
    if (!rc)
        config->signers.items[config->signers.n++] = mailsub_dkim_ref(dkim);
    return rc;
}

size_t mailsub_config_count_dkim(const mailsub_config *config)
{
    return config ? config->signers.n : 0;
}

mailsub_dkim *mailsub_config_get_dkim(const mailsub_config *config, size_t index)
{
    return config && index < config->signers.n ? config->signers.items[index] : NULL;
}

void mailsub__config_deinit_dkim(mailsub_config *config)
{
    while (config->signers.n > 0)
        mailsub_dkim_unref(config->signers.items[--config->signers.n]);
    mailsub__free(&config->allocator, config->signers.items);
}
