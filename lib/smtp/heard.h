/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of a reply on their way to logs and receipts. Where a server may echo a secret, they are
 * kept until the reply is whole: only then can be seen what was broken over several of them.
 */
#ifndef MAILSUB_SMTP_HEARD_H
#define MAILSUB_SMTP_HEARD_H

#include "base/buffer.h"
#include "smtp/reply.h"
#include "smtp/secrets.h"

typedef struct mailsub__heard {
    mailsub__buffer octets; /* secret: lines as they came, each behind its head */
    size_t n;
    bool short_of_memory; /* some line is missing: nothing of the others can be shown */
} mailsub__heard;

/* A line that can be shown. */
typedef struct mailsub__clean_line {
    int code;     /* 0: it is no line of a reply */
    size_t front; /* octets of code and separator */
    size_t len;
    const char *text; /* with the front */
} mailsub__clean_line;

void mailsub__heard_init(mailsub__heard *heard, const mailsub_allocator *allocator);
void mailsub__heard_deinit(mailsub__heard *heard);
/* Keep a line; front: octets of it that are code and separator. */
void mailsub__heard_add(mailsub__heard *heard, int code, mailsub__slice line, size_t front);

/* Who is told of each line. */
typedef struct mailsub__told {
    void (*tell)(void *context, const mailsub__clean_line *line);
    void *context;
} mailsub__told;

/* Tell a line that is a whole reply. */
void mailsub__heard_clean(int code, mailsub__slice line, size_t front,
                          const mailsub__secrets *secrets, mailsub__told told);
/* Tell all lines that were added, in their order, and forget them. unfinished: the reply breaks off
   behind them. */
void mailsub__heard_release(mailsub__heard *heard, const mailsub__secrets *secrets, bool unfinished,
                            mailsub__told told);

#endif
