/* SPDX-License-Identifier: 0BSD */
/* mailsub probe and mailsub etrn: questions that send nothing. */
#include <stdio.h>

#include "command.h"

int run_probe(struct work *work)
{
    if (work->n_operands == 0)
        return fail(work, MAILSUB_E_INVALID, "which recipients? mailsub probe ADDRESS...");
    int rc = make_message(work);
    if (rc == MAILSUB_OK)
        rc = make_session_for(work, author_of(work));
    if (rc)
        return rc;
    rc = mailsub_session_probe(work->session, work->message, work->receipt);
    mailsub_session_close(work->session);
    if (!is_set(work, OPTION_JSON) && !work->is_quiet) {
        for (size_t i = 0; i < mailsub_receipt_count_recipients(work->receipt); i++)
            printf("%s\t%s\n", mailsub_receipt_get_recipient(work->receipt, i),
                   mailsub_outcome_name(mailsub_receipt_get_outcome(work->receipt, i)));
    }
    return report(work, rc);
}

static int ask_etrn(struct work *work, const char *node)
{
    int rc = mailsub_session_etrn(work->session, node, work->receipt);
    int64_t pending = mailsub_receipt_get_pending(work->receipt);
    if (rc == MAILSUB_OK && !is_set(work, OPTION_JSON) && !work->is_quiet) {
        printf("%s\t%d %s", node, mailsub_receipt_get_reply_code(work->receipt),
               mailsub_receipt_get_reply_text(work->receipt));
        if (pending >= 0)
            printf("\t%lld", (long long)pending);
        putchar('\n');
    }
    return report(work, rc);
}

int run_etrn(struct work *work)
{
    if (work->n_operands == 0)
        return fail(work, MAILSUB_E_INVALID, "for which domain? mailsub etrn DOMAIN...");
    int rc = make_session_for(work, NULL);
    for (size_t i = 0; rc == MAILSUB_OK && i < work->n_operands; i++)
        rc = ask_etrn(work, work->operands[i]);
    if (work->session)
        mailsub_session_close(work->session);
    return rc;
}
