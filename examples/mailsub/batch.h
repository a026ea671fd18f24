/* SPDX-License-Identifier: 0BSD */
/* What the files of --batch share. */
#ifndef MAILSUB_COMMAND_BATCH_H
#define MAILSUB_COMMAND_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <mailsub/mailsub.h>

struct work;

/* lines.c: input, which may come slowly while messages are under way. */
struct lines {
    int fd;
    char *data;
    size_t begin;
    size_t len;
    size_t room;
    uint64_t n_read; /* octets */
    uint64_t size;   /* octets of the whole, 0 when it is not known */
    bool is_over;    /* there is no more to be read */
};

int lines_open(struct work *work, const char *path, struct lines *lines);
/* A line that is there already, without its end; lent until the next call; NULL for none. */
char *lines_next(struct lines *lines);
/* Read what there is. Waits when there is nothing. */
int lines_fill(struct lines *lines);
void lines_close(struct lines *lines);

/* journal.c: what has been handed over, and what came of it, so that nothing is sent twice. */
enum journal_state { JOURNAL_NEW, JOURNAL_STARTED, JOURNAL_DONE };

struct journal_entry {
    enum journal_state state;
    uint64_t key;
    char *message_id;
};

struct journal {
    int fd; /* -1: none is kept */
    FILE *out;
    char *pending; /* written by the next journal_flush */
    size_t pending_len;
    struct journal_entry *entries; /* by the number of the line */
    size_t n;
};

int journal_open(struct work *work, const char *path, struct journal *journal);
const struct journal_entry *journal_find(const struct journal *journal, size_t line);
uint64_t journal_key(const char *line);
void journal_start(struct journal *journal, size_t line, uint64_t key, const char *message_id);
void journal_done(struct journal *journal, size_t line);
/* Nothing of it arrived: the next run takes it as new. */
void journal_retry(struct journal *journal, size_t line);
/* Hand what was noted to the kernel, which outlives this process. 0 or MAILSUB_E_SYSTEM. */
int journal_flush(struct journal *journal);
void journal_close(struct journal *journal);

/* progress.c: on a terminal, and nowhere else. */
struct progress {
    bool is_on;
    int64_t next_ms;
    int64_t begin_ms;
};

void progress_begin(struct progress *progress, struct work *work);
void progress_show(struct progress *progress, const struct lines *lines, size_t n_done,
                   size_t n_failed);
void progress_end(const struct progress *progress);

/* object.c: take the settings of a message from a JSON object. */
int object_take(struct work *work, const char *line, char **out_id);

#endif
