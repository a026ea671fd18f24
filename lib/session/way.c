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

/* The codes are those of 5.3.x. */
static const struct way_row {
    enum mailsub__outlet_kind outlet;
    int unable;
} ways[] = {
    [MAILSUB__WAY_TCP] = {MAILSUB__OUTLET_NONE, MAILSUB_OK},
    [MAILSUB__WAY_UNIX] = {MAILSUB__OUTLET_NONE, MAILSUB_OK},
    [MAILSUB__WAY_COMMAND] = {MAILSUB__OUTLET_COMMAND, MAILSUB_E_SENDMAIL},
    [MAILSUB__WAY_MAILDIR] = {MAILSUB__OUTLET_MAILDIR, MAILSUB_E_DIRECTORY},
    [MAILSUB__WAY_DIRECTORY] = {MAILSUB__OUTLET_DIRECTORY, MAILSUB_E_DIRECTORY},
};

enum mailsub__outlet_kind mailsub__way_outlet(enum mailsub__way way)
{
    return ways[way].outlet;
}

/* outlet.h tells what the statuses mean. A server's 5.3.x may be about the message. */
static void explain(mailsub__verdict *verdict, int unable)
{
    if (verdict->code != MAILSUB_E_MESSAGE_REFUSED)
        return;
    if (strncmp(verdict->enhanced, "5.3.", 4) == 0)
        verdict->code = unable;
    else if (strncmp(verdict->enhanced, "5.1.", 4) == 0)
        verdict->code = MAILSUB_E_RECIPIENTS_REFUSED;
    else if (strcmp(verdict->enhanced, "5.7.1") == 0)
        verdict->code = MAILSUB_E_SENDER_REFUSED;
}

void mailsub__way_explain(const mailsub_config *config, mailsub__transaction *transaction)
{
    const struct way_row *row = &ways[config->servers->way];
    if (row->outlet == MAILSUB__OUTLET_NONE)
        return;
    explain(&transaction->whole, row->unable);
    for (size_t i = 0; i < transaction->n_recipients; i++)
        explain(&transaction->verdicts[i], row->unable);
}
