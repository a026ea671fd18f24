/* SPDX-License-Identifier: 0BSD */
/* mailsub send: one message, or what would become of it. */
#include <stdio.h>

#include "command.h"

static int print_message(struct work *work)
{
    int rc = mailsub_message_write(work->message, sink_to_file, stdout);
    const char *field = "";
    if (rc == MAILSUB_OK && fflush(stdout) != 0)
        rc = MAILSUB_E_SINK;
    if (rc)
        mailsub_message_get_error(work->message, &field);
    return rc ? fail(work, rc, "the message%s%s", *field != '\0' ? ": " : "", field) : MAILSUB_OK;
}

int send_message(struct work *work)
{
    int rc = make_session_for(work, author_of(work));
    if (rc)
        return rc;
    cancel_when_interrupted(work->session);
    if (is_set(work, OPTION_DRY_RUN))
        rc = mailsub_session_probe(work->session, work->message, work->receipt);
    else
        rc = mailsub_session_submit(work->session, work->message, work->receipt);
    mailsub_session_close(work->session);
    cancel_when_interrupted(NULL);
    return report(work, rc);
}

int run_send(struct work *work)
{
#ifdef MAILSUB_HAVE_JANSSON
    if (is_set(work, OPTION_BATCH))
        return run_batch(work);
#endif
    int rc = make_message(work);
    if (rc == MAILSUB_OK && is_set(work, OPTION_PRINT)) {
        rc = settings_choose(work, author_of(work));
        return rc ? rc : print_message(work);
    }
    return rc ? rc : send_message(work);
}
