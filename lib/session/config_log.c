/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told what happens. */
#include "session/config.h"

int mailsub_config_set_transcript(mailsub_config *config, mailsub_transcript_fn transcript,
                                  void *context)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    config->log.transcript = transcript;
    config->log.transcript_context = context;
    return MAILSUB_OK;
}

int mailsub_config_set_transcript_content(mailsub_config *config, int on)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    if (on != 0 && on != 1)
        return mailsub__config_refuse(config, MAILSUB_E_INVALID, "neither 0 nor 1");
    config->log.content = on;
    return MAILSUB_OK;
}

int mailsub_config_set_log(mailsub_config *config, mailsub_log_fn log, void *context)
{
    int rc = mailsub__config_check_changeable(config);
    if (rc)
        return rc;
    config->log.log = log;
    config->log.log_context = context;
    return MAILSUB_OK;
}
