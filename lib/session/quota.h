/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session asks its limiter before a message, and tells it afterwards. */
#ifndef MAILSUB_SESSION_QUOTA_H
#define MAILSUB_SESSION_QUOTA_H

#include "session/link.h"

enum mailsub__quota {
    MAILSUB__QUOTA_GO,   /* the job's recipients first to first + n are admitted */
    MAILSUB__QUOTA_WAIT, /* until wait_until_ms of the job */
    MAILSUB__QUOTA_OVER  /* the job was ended */
};

/* Is it of any use to connect for the job? */
enum mailsub__quota mailsub__quota_look(mailsub_session *session, mailsub__job *job,
                                        int64_t now_ms);
/* Reserve for it, just before MAIL goes over the link. */
enum mailsub__quota mailsub__quota_reserve(mailsub_session *session, const mailsub__link *link,
                                           mailsub__job *job, int64_t now_ms);
/* Give back what was not attempted, and learn from the replies. */
void mailsub__quota_settle(mailsub_session *session, mailsub__job *job);
/* Whether recipients are left for which nothing was reserved; then the next ones are the job's. */
bool mailsub__quota_next(mailsub_session *session, mailsub__job *job);

#endif
