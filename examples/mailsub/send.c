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

int run_send(struct work *work)
{
#ifdef MAILSUB_HAVE_JANSSON
    if (is_set(work, OPTION_BATCH))
        return run_batch(work);
#endif
    int rc = make_message(work);
    if (rc == MAILSUB_OK)
        rc = settings_choose(work, author_of(work));
    if (rc)
        return rc;
    if (is_set(work, OPTION_PRINT))
        return print_message(work);
    rc = make_session(work);
    if (rc == MAILSUB_OK)
        rc = make_receipt(work);
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
