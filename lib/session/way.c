/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs by the way to the server once the config is frozen. */
#include <string.h>

#include "net/fd.h"
#include "session/session.h"

int mailsub_session_take_descriptor(mailsub_session *session, int fd)
{
    if (!session || !mailsub__fd_is_stream_socket(fd)) {
        mailsub__fd_close(&fd);
        return MAILSUB_E_INVALID;
    }
    int rc = mailsub__session_settle(session);
    if (rc) {
        mailsub__fd_close(&fd);
        return rc;
    }
    mailsub__fd_close(&session->handed_in);
    session->handed_in = fd;
    return MAILSUB_OK;
}

/* outlet.h tells what the statuses mean. A server's 5.3.x may be about the message. */
static void explain(mailsub__verdict *verdict)
{
    if (verdict->code != MAILSUB_E_MESSAGE_REFUSED)
        return;
    if (strncmp(verdict->enhanced, "5.3.", 4) == 0)
        verdict->code = MAILSUB_E_SENDMAIL;
    else if (strncmp(verdict->enhanced, "5.1.", 4) == 0)
        verdict->code = MAILSUB_E_RECIPIENTS_REFUSED;
    else if (strcmp(verdict->enhanced, "5.7.1") == 0)
        verdict->code = MAILSUB_E_SENDER_REFUSED;
}

void mailsub__way_explain(const mailsub_config *config, mailsub__transaction *transaction)
{
    if (config->servers->way != MAILSUB__WAY_COMMAND)
        return;
    explain(&transaction->whole);
    for (size_t i = 0; i < transaction->n_recipients; i++)
        explain(&transaction->verdicts[i]);
}
