/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Receipts filled by hand, for the tests of what can be read from them. */
#ifndef MAILSUB_TESTS_RECEIPT_KIT_H
#define MAILSUB_TESTS_RECEIPT_KIT_H

#include <stdio.h>

#include <mailsub/error.h>

#include "session/receipt.h"

/* What became of one recipient, or of the whole. */
struct kit_verdict {
    int outcome;
    int code;
    int stage;
    int reply;
    const char *enhanced;
    const char *text;
};

static inline mailsub__verdict kit_verdict_of(const struct kit_verdict *from)
{
    mailsub__verdict verdict = {.outcome = from->outcome,
                                .code = from->code,
                                .stage = from->stage,
                                .reply_code = from->reply};
    snprintf(verdict.enhanced, sizeof verdict.enhanced, "%s", from->enhanced ? from->enhanced : "");
    return verdict;
}

/* Fill a new receipt: the whole, then recipients up to one with stage 0. */
static inline int kit_fill(mailsub_receipt *receipt, const struct kit_verdict *whole,
                           const struct kit_verdict *recipients, size_t n)
{
    mailsub__slice addresses[4] = {{"anna@example.org", 16},
                                   {"j\xc3\xbcrgen@example.org", 19},
                                   {"\"a\\\"b\"@example.org", 18},
                                   {"d@example.org", 13}};
    mailsub__receipt_reset(receipt);
    int rc = mailsub__receipt_list(receipt, addresses, n);
    if (rc)
        return rc;
    receipt->whole = kit_verdict_of(whole);
    mailsub__receipt_copy(receipt->text, sizeof receipt->text, whole->text ? whole->text : "");
    for (size_t i = 0; i < n; i++) {
        receipt->verdicts[i] = kit_verdict_of(&recipients[i]);
        if (recipients[i].text)
            mailsub__receipt_add_text(receipt, i, mailsub__slice_str(recipients[i].text));
    }
    receipt->filled = true;
    return MAILSUB_OK;
}

#endif
