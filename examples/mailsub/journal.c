/* SPDX-License-Identifier: 0BSD */
/*
 * The journal of a batch: a line "s LINE KEY MESSAGE-ID" before a message is handed over, and
 * "d LINE" when it was accepted, or "r LINE" when it was not and may be sent again. What has begun and not ended, because the process
 * was killed, may have arrived. KEY tells the input's line, so that another input is noticed.
 *
 * It is safe against the end of the process at any moment. Against a loss of power it is as safe as
 * the file system is.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "batch.h"
#include "command.h"

#define HEAD "mailsub-journal 1"

enum { MOST_LINES = 100 * 1000 * 1000 };

/* FNV-1a: it tells a changed input, which nobody forges against himself. */
uint64_t journal_key(const char *line)
{
    uint64_t key = 14695981039346656037u;
    for (; *line != '\0'; line++)
        key = (key ^ (unsigned char)*line) * 1099511628211u;
    return key;
}

static struct journal_entry *entry_of(struct journal *journal, size_t line)
{
    if (line >= journal->n) {
        size_t n = line < 512 ? 1024 : 2 * line;
        journal->entries = need(realloc(journal->entries, n * sizeof *journal->entries));
        memset(journal->entries + journal->n, 0, (n - journal->n) * sizeof *journal->entries);
        journal->n = n;
    }
    return &journal->entries[line];
}

static bool take_line(struct journal *journal, char *text)
{
    char *end;
    char mark = *text;
    if (mark == '\0' || !strchr("sdr", mark) || text[1] != ' ')
        return false;
    unsigned long long line = strtoull(text + 2, &end, 10);
    if (end == text + 2 || line == 0 || line > MOST_LINES)
        return false;
    struct journal_entry *entry = entry_of(journal, (size_t)line);
    if (mark != 's') {
        entry->state = mark == 'd' ? JOURNAL_DONE : JOURNAL_NEW;
        return *end == '\0';
    }
    entry->state = JOURNAL_STARTED;
    entry->key = strtoull(end, &end, 16);
    free(entry->message_id);
    entry->message_id = *end == ' ' ? copy_text(end + 1, strlen(end + 1)) : NULL;
    return entry->message_id != NULL;
}

/* What a kill has cut off was not written before it was to count: it is taken away. */
static bool take_all(struct journal *journal, char *data, size_t len)
{
    size_t whole = len;
    while (whole > 0 && data[whole - 1] != '\n')
        whole--;
    if (whole < len && ftruncate(journal->fd, (off_t)whole) != 0)
        return false;
    data[whole] = '\0';
    char *rest = data;
    char *line = next_line(&rest);
    if (!line)
        return true;
    bool is_good = strcmp(line, HEAD) == 0;
    while (is_good && (line = next_line(&rest)) != NULL)
        is_good = take_line(journal, line);
    return is_good;
}

int journal_open(struct work *work, const char *path, struct journal *journal)
{
    size_t len;
    *journal = (struct journal){.fd = -1};
    if (!path)
        return MAILSUB_OK;
    journal->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal->fd < 0)
        return fail(work, MAILSUB_E_FILE, "%s: %s", path, strerror(errno));
    if (flock(journal->fd, LOCK_EX | LOCK_NB) != 0)
        return fail(work, MAILSUB_E_STATE, "%s: another batch uses it", path);
    char *data = read_whole(work, path, 0, &len);
    bool is_good = data && take_all(journal, data, len);
    bool is_new = is_good && *data == '\0';
    free(data);
    if (!is_good)
        return fail(work, MAILSUB_E_FILE, "%s is no journal", path);
    journal->out = need(open_memstream(&journal->pending, &journal->pending_len));
    if (is_new)
        fputs(HEAD "\n", journal->out);
    return MAILSUB_OK;
}

const struct journal_entry *journal_find(const struct journal *journal, size_t line)
{
    bool is_there = line < journal->n && journal->entries[line].state != JOURNAL_NEW;
    return is_there ? &journal->entries[line] : NULL;
}

void journal_start(struct journal *journal, size_t line, uint64_t key, const char *message_id)
{
    if (journal->out)
        fprintf(journal->out, "s %zu %016" PRIx64 " %s\n", line, key, message_id);
}

void journal_done(struct journal *journal, size_t line)
{
    if (journal->out)
        fprintf(journal->out, "d %zu\n", line);
}

void journal_retry(struct journal *journal, size_t line)
{
    if (journal->out)
        fprintf(journal->out, "r %zu\n", line);
}

int journal_flush(struct journal *journal)
{
    if (!journal->out)
        return MAILSUB_OK;
    fflush(journal->out);
    for (size_t at = 0; at < journal->pending_len;) {
        ssize_t n = write(journal->fd, journal->pending + at, journal->pending_len - at);
        if (n < 0 && errno != EINTR)
            return MAILSUB_E_SYSTEM;
        at += n > 0 ? (size_t)n : 0;
    }
    rewind(journal->out);
    fflush(journal->out);
    return MAILSUB_OK;
}

void journal_close(struct journal *journal)
{
    if (journal->out)
        fclose(journal->out);
    if (journal->fd >= 0)
        close(journal->fd);
    for (size_t i = 0; i < journal->n; i++)
        free(journal->entries[i].message_id);
    free(journal->entries);
    free(journal->pending);
}
