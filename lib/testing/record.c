/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testing/record.h"

#include <pthread.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/memory.h"

#define MAX_TRANSCRIPT ((size_t)1024 * 1024)
#define MAX_MAILS ((size_t)1 << 30)
static const char full_line[] = "-- the transcript is full: what follows is not recorded\n";

struct mailsub__record {
    const mailsub_allocator *allocator;
    pthread_mutex_t mutex; /* of everything below */
    mailsub__mail **mails;
    size_t n_mails;
    size_t mail_capacity;
    size_t n_connections;
    size_t n_errors;
    /* All of its memory is reserved at the start (and costs nothing until it is written to), so
       that it never moves and a reader needs no copy. */
    mailsub__buffer transcript;
    bool transcript_full;
    size_t last_connection; /* whom the last line belongs to */
};

int mailsub__record_new(const mailsub_allocator *allocator, mailsub__record **out_record)
{
    mailsub__record *record = mailsub__alloc_zeroed(allocator, sizeof *record);
    if (!record)
        return MAILSUB_E_NOMEM;
    record->allocator = allocator;
    mailsub__buffer_init(&record->transcript, allocator, MAX_TRANSCRIPT);
    char *room;
    int rc = mailsub__buffer_reserve(&record->transcript, MAX_TRANSCRIPT, &room);
    if (!rc && pthread_mutex_init(&record->mutex, NULL) != 0)
        rc = MAILSUB_E_SYSTEM;
    if (rc) {
        mailsub__buffer_deinit(&record->transcript);
        mailsub__free(allocator, record);
        return rc;
    }
    *out_record = record;
    return MAILSUB_OK;
}

void mailsub__record_free(mailsub__record *record)
{
    if (!record)
        return;
    for (size_t i = 0; i < record->n_mails; i++)
        mailsub__mail_free(record->mails[i]);
    mailsub__free(record->allocator, record->mails);
    mailsub__buffer_deinit(&record->transcript);
    pthread_mutex_destroy(&record->mutex);
    mailsub__free(record->allocator, record);
}

/* Mutex held. The line that tells of the end always finds its room. */
static void add_line(mailsub__record *record, const char *mark, mailsub__slice text)
{
    mailsub__buffer *out = &record->transcript;
    if (record->transcript_full)
        return;
    if (strlen(mark) + text.len + 1 + strlen(full_line) > out->max - out->len) {
        mailsub__buffer_append_str(out, full_line);
        record->transcript_full = true;
        return;
    }
    mailsub__buffer_append_str(out, mark);
    char *copy;
    if (mailsub__buffer_reserve(out, text.len, &copy) == MAILSUB_OK) {
        for (size_t i = 0; i < text.len; i++)
            copy[i] = text.ptr[i] >= ' ' && text.ptr[i] <= '~' ? text.ptr[i] : '?';
        mailsub__buffer_commit(out, text.len);
    }
    mailsub__buffer_append_char(out, '\n');
}

/* Mutex held. With several connections at once, say which one the next lines belong to. */
static void switch_to(mailsub__record *record, size_t connection)
{
    if (connection == record->last_connection)
        return;
    record->last_connection = connection;
    char text[40];
    int len = snprintf(text, sizeof text, "connection %zu", connection);
    add_line(record, "-- ", mailsub__slice_of(text, (size_t)len));
}

size_t mailsub__record_add_connection(mailsub__record *record)
{
    pthread_mutex_lock(&record->mutex);
    size_t number = ++record->n_connections;
    switch_to(record, number);
    pthread_mutex_unlock(&record->mutex);
    return number;
}

int mailsub__record_add_mail(mailsub__record *record, mailsub__mail *mail, size_t *out_number)
{
    pthread_mutex_lock(&record->mutex);
    void *array = record->mails;
    int rc = mailsub__grow_array(record->allocator, &array, &record->mail_capacity, record->n_mails,
                                 sizeof *record->mails, MAX_MAILS);
    record->mails = array;
    if (!rc) {
        record->mails[record->n_mails++] = mail;
        *out_number = record->n_mails;
    }
    pthread_mutex_unlock(&record->mutex);
    return rc;
}

void mailsub__record_add_error(mailsub__record *record, size_t connection, const char *what)
{
    char text[200];
    snprintf(text, sizeof text, "client error: %s", what);
    pthread_mutex_lock(&record->mutex);
    record->n_errors++;
    switch_to(record, connection);
    add_line(record, "-- ", mailsub__slice_str(text));
    pthread_mutex_unlock(&record->mutex);
}

void mailsub__record_add_line(mailsub__record *record, size_t connection, const char *mark,
                              mailsub__slice text)
{
    pthread_mutex_lock(&record->mutex);
    switch_to(record, connection);
    add_line(record, mark, text);
    pthread_mutex_unlock(&record->mutex);
}

static size_t read_count(mailsub__record *record, const size_t *count)
{
    pthread_mutex_lock(&record->mutex);
    size_t n = *count;
    pthread_mutex_unlock(&record->mutex);
    return n;
}

size_t mailsub__record_count_connections(mailsub__record *record)
{
    return read_count(record, &record->n_connections);
}

size_t mailsub__record_count_mails(mailsub__record *record)
{
    return read_count(record, &record->n_mails);
}

size_t mailsub__record_count_errors(mailsub__record *record)
{
    return read_count(record, &record->n_errors);
}

const mailsub__mail *mailsub__record_get_mail(mailsub__record *record, size_t index)
{
    pthread_mutex_lock(&record->mutex);
    const mailsub__mail *mail = index < record->n_mails ? record->mails[index] : NULL;
    pthread_mutex_unlock(&record->mutex);
    return mail;
}

mailsub__slice mailsub__record_get_transcript(mailsub__record *record)
{
    pthread_mutex_lock(&record->mutex);
    mailsub__slice text = mailsub__buffer_slice(&record->transcript);
    pthread_mutex_unlock(&record->mutex);
    return text;
}
