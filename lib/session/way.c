/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a caller says of a session's way to the server once the config is frozen. */
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
