/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of findings from the side that fills it. */
#ifndef MAILSUB_MESSAGE_FINDINGS_H
#define MAILSUB_MESSAGE_FINDINGS_H

#include <mailsub/policy.h>

#include "base/buffer.h"

enum { MAILSUB__FINDINGS_MOST_OF_ONE = 20, MAILSUB__FINDINGS_LONGEST_DETAIL = 300 };

/* Offsets into the texts. */
typedef struct mailsub__finding {
    size_t rule; /* its identifier */
    size_t where;
    size_t detail;
    uint8_t severity;
} mailsub__finding;

struct mailsub_findings {
    mailsub_allocator allocator;
    mailsub__finding *items;
    size_t n;
    size_t room;
    bool has_error;
    mailsub__buffer texts; /* NUL-terminated, one behind the other */
};

void mailsub__findings_init(mailsub_findings *findings, const mailsub_allocator *allocator);
void mailsub__findings_deinit(mailsub_findings *findings);
void mailsub__findings_reset(mailsub_findings *findings);
/* Add one, its texts cleaned. MAILSUB_E_NOMEM, or MAILSUB_E_LIMIT: nothing has changed. */
int mailsub__findings_add(mailsub_findings *findings, const char *rule, int severity,
                          mailsub__slice where, mailsub__slice detail);

#endif
