/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Domain names that are made to look like others (in the spirit of UTS 39). */
#ifndef MAILSUB_MESSAGE_LOOKALIKE_H
#define MAILSUB_MESSAGE_LOOKALIKE_H

#include "message/host.h"

enum mailsub__lookalike {
    MAILSUB__LOOKALIKE_NOT,
    MAILSUB__LOOKALIKE_MIXED, /* one label holds letters of scripts whose letters look alike */
    MAILSUB__LOOKALIKE_WHOLE  /* a label of Cyrillic or Greek letters that all look like Latin */
};

/*
 * Look at a folded name. MAILSUB_E_NOMEM; what cannot be decoded looks like nothing. out_label, for
 * a person, is the label in its own script; NUL-terminated.
 */
int mailsub__lookalike_find(mailsub__slice host, enum mailsub__lookalike *out,
                            char out_label[MAILSUB_MAX_DOMAIN + 1]);

#endif
