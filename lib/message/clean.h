/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a check that found nothing depended on, so that it need not be made again for a message that
 * is submitted again. It is kept by value: a policy or a login at the same address may be another
 * one, and neither has to outlive a message.
 */
#ifndef MAILSUB_MESSAGE_CLEAN_H
#define MAILSUB_MESSAGE_CLEAN_H

#include <stdbool.h>

#include "message/policy.h"

/* A login that is longer has each check made. */
enum { MAILSUB__CLEAN_LONGEST_LOGIN = 127 };

typedef struct mailsub__clean {
    bool is_known;
    bool relay_signs;
    int profile;
    uint8_t severity[MAILSUB__N_RULES];
    int64_t thresholds[MAILSUB__N_THRESHOLDS];
    char login[MAILSUB__CLEAN_LONGEST_LOGIN + 1];
} mailsub__clean;

typedef struct mailsub__check mailsub__check;

/* The library's rules, save for the one about the Date, have found nothing: keep what that rests on,
   where it can be kept. */
void mailsub__clean_note(const mailsub__check *check);
/* Would they find nothing again? */
bool mailsub__clean_holds(const mailsub__check *check);

#endif
