/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files about classes of mail share. */
#ifndef MAILSUB_MESSAGE_CLASS_H
#define MAILSUB_MESSAGE_CLASS_H

#include <mailsub/class.h>

#include "message/state.h"

/* The fields that tell a class. */
enum {
    MAILSUB__CLASS_AUTO_SUBMITTED,
    MAILSUB__CLASS_PRECEDENCE,
    MAILSUB__CLASS_LIST_ID,
    MAILSUB__CLASS_UNSUBSCRIBE,
    MAILSUB__CLASS_UNSUBSCRIBE_POST,
    MAILSUB__CLASS_FEEDBACK_ID,
    MAILSUB__CLASS_N_FIELDS
};

/* Their names, and no values, which takes a field away. */
void mailsub__class_init(mailsub__extra_value values[MAILSUB__CLASS_N_FIELDS]);

#endif
