/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an answer needs to know of the message that is answered, and whether it may be answered. */
#ifndef MAILSUB_MESSAGE_AUTOMATIC_H
#define MAILSUB_MESSAGE_AUTOMATIC_H

#include "message/header_scan.h"

typedef struct mailsub__automatic {
    mailsub__buffer unfolded; /* what the slices point to */
    bool is_automatic;
    mailsub__slice return_path; /* on one line; empty: there is none */
    mailsub__slice from;
    mailsub__slice subject; /* encoded words not decoded */
    mailsub__slice message_id;
    mailsub__slice references;
} mailsub__automatic;

/*
 * Read a header that somebody else wrote; the body behind it does not matter. The error of the
 * buffer, or MAILSUB_E_LIMIT beyond MAILSUB_MAX_HEADER_VALUE octets; to be deinited in any case.
 */
int mailsub__automatic_read(mailsub__automatic *automatic, mailsub__slice header,
                            const mailsub_allocator *allocator);
void mailsub__automatic_deinit(mailsub__automatic *automatic);

#endif
