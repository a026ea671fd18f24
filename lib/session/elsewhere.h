/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a server fails: which server a job goes to next, and what its receipt tells of that. */
#ifndef MAILSUB_SESSION_ELSEWHERE_H
#define MAILSUB_SESSION_ELSEWHERE_H

#include "session/link.h"

/*
 * The link could not be opened, because of cause; text is the server's or this side's. True: nothing
 * more is to be done, the job that waits goes on over another connection. False: it ends with the
 * cause; without a job, nobody is told.
 */
bool mailsub__elsewhere_after_opening(mailsub__link *link, const mailsub__verdict *cause,
                                      const char *text, int64_t now_ms);
/*
 * The job has failed everywhere, at last by cause. Where a later attempt may help at a server before,
 * end the job with that cause instead. False: it has not ended.
 */
bool mailsub__elsewhere_conclude(mailsub__link *link, mailsub__job *job,
                                 const mailsub__verdict *cause);
/* The open link broke under the job, of whose content nothing was handed over. True: another server
   can be asked, and the job goes back to those that wait. */
bool mailsub__elsewhere_after_loss(mailsub__link *link, mailsub__job *job, int64_t now_ms);
/* The open link ended because of cause: is its server dead? */
void mailsub__elsewhere_note_end(mailsub__link *link, const mailsub__verdict *cause,
                                 int64_t now_ms);

#endif
