/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the fake server saw: messages, counts and the transcript. The server's thread adds, any
 * thread reads; everything here may be called from any thread.
 */
#ifndef MAILSUB_TESTING_RECORD_H
#define MAILSUB_TESTING_RECORD_H

#include "base/slice.h"
#include "testing/mail.h"

typedef struct mailsub__record mailsub__record;

int mailsub__record_new(const mailsub_allocator *allocator, mailsub__record **out_record);
void mailsub__record_free(mailsub__record *record);

/* Returns the connection's number, from 1. */
size_t mailsub__record_add_connection(mailsub__record *record);
/* Take a sealed mail; *out_number is its number, from 1. On failure the caller keeps the mail. */
int mailsub__record_add_mail(mailsub__record *record, mailsub__mail *mail, size_t *out_number);
/* The client did what the protocol forbids. */
void mailsub__record_add_error(mailsub__record *record, size_t connection, const char *what);
/* One line of the transcript; mark is "S: ", "C: " or "-- ". Octets that do not print are shown
   as question marks. */
void mailsub__record_add_line(mailsub__record *record, size_t connection, const char *mark,
                              mailsub__slice text);

size_t mailsub__record_count_connections(mailsub__record *record);
size_t mailsub__record_count_mails(mailsub__record *record);
size_t mailsub__record_count_errors(mailsub__record *record);
/* NULL: there is no such mail. Lent until the record is freed. */
const mailsub__mail *mailsub__record_get_mail(mailsub__record *record, size_t index);
/* The transcript so far. Lent until the record is freed, and never changed. */
mailsub__slice mailsub__record_get_transcript(mailsub__record *record);

#endif
