/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks through the parts of an existing message as a reader of mail takes them, their contents
 * decoded: for the check of the policy. Memory is bounded whatever the message holds: by the depth
 * of multiparts, and by the header of one part.
 */
#ifndef MAILSUB_MESSAGE_PART_WALK_H
#define MAILSUB_MESSAGE_PART_WALK_H

#include "message/existing.h"
#include "message/part_header.h"

enum { MAILSUB__PART_MOST_LEVELS = 16 };

/* What data returns when it has seen enough of a part, which is then only measured. */
enum { MAILSUB__PART_ENOUGH = 1 };

/* Each returns 0, or an error that ends the walk. */
typedef struct mailsub__part_events {
    void *context;
    int (*open)(void *context, const mailsub__part_header *header); /* a multipart begins */
    int (*close)(void *context);                                    /* and ends */
    int (*begin)(void *context, const mailsub__part_header *header);
    int (*data)(void *context, mailsub__slice data);
    int (*end)(void *context, uint64_t len); /* of the decoded content, of base64 about that */
} mailsub__part_events;

/* The errors of the events; MAILSUB_E_FILE, MAILSUB_E_FILE_CHANGED, MAILSUB_E_NOMEM. */
int mailsub__part_walk(const struct mailsub__existing *existing, const mailsub_allocator *allocator,
                       const mailsub__part_events *events);

#endif
