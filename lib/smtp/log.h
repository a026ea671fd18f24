/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How events reach the application: as events, and those that are no line of the dialogue as notes
 * in the transcript. Whoever makes one leaves secrets out.
 */
#ifndef MAILSUB_SMTP_LOG_H
#define MAILSUB_SMTP_LOG_H

#include <stdbool.h>

#include <mailsub/config.h>
#include <mailsub/log.h>

#include "base/slice.h"

/* Where a connection's events go. */
typedef struct mailsub__log {
    mailsub_log_fn log; /* may be NULL */
    void *log_context;
    mailsub_transcript_fn transcript; /* may be NULL */
    void *transcript_context;
    bool content;        /* the transcript is to have the content of messages too */
    uint32_t connection; /* its number; 0: it has none */
} mailsub__log;

/* What happened, told by whom it happened to. What is left out of an initializer is none. */
typedef struct mailsub__fact {
    int id;
    int code;
    int stage;
    int reply_code;
    const char *enhanced;
    uint32_t message;
    uint32_t transaction;
    size_t recipient; /* its index and 1; 0: none */
    mailsub__slice name;
    mailsub__slice text; /* clean */
    uint64_t number;
    uint64_t total;
    bool quiet; /* of little interest: no note */
} mailsub__fact;

/* Does anybody listen? To be asked before a fact is gathered that costs something. */
static inline bool mailsub__log_is_on(const mailsub__log *log)
{
    return log->log || log->transcript;
}

void mailsub__log_tell(const mailsub__log *log, int64_t now_ms, const mailsub__fact *fact);
/* A line of the transcript: MAILSUB_TRANSCRIPT_*. */
void mailsub__log_line(const mailsub__log *log, int direction, mailsub__slice line);

#endif
