/* SPDX-License-Identifier: 0BSD */
/* How far a batch has come: one line on a terminal, drawn ten times a second at most. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "command.h"

enum { WIDTH = 30, PERIOD_MS = 100 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, struct work *work)
{
    progress->is_on = isatty(STDERR_FILENO) != 0 && !work->is_quiet && !is_set(work, OPTION_TRACE);
    work->has_bar = progress->is_on;
    progress->begin_ms = now_ms();
    progress->next_ms = progress->begin_ms;
}

static void draw_bar(const struct lines *lines)
{
    uint64_t done = lines->n_read - (lines->len - lines->begin);
    int n = (int)(done * WIDTH / lines->size);
    n = n > WIDTH ? WIDTH : n;
    fputc('[', stderr);
    for (int i = 0; i < WIDTH; i++)
        fputc(i < n ? '#' : '.', stderr);
    fprintf(stderr, "] %3d%% ", (int)(done * 100 / lines->size));
}

void progress_show(struct progress *progress, const struct lines *lines, size_t n_done,
                   size_t n_failed)
{
    int64_t now = progress->is_on ? now_ms() : 0;
    if (!progress->is_on || now < progress->next_ms)
        return;
    int64_t ms = now - progress->begin_ms;
    progress->next_ms = now + PERIOD_MS;
    fputc('\r', stderr);
    if (lines->size > 0)
        draw_bar(lines);
    fprintf(stderr, "%zu done, %zu failed, %lld/s\x1b[K", n_done, n_failed,
            ms > 0 ? (long long)((int64_t)n_done * 1000 / ms) : 0LL);
}

void progress_end(const struct progress *progress)
{
    if (progress->is_on)
        fputs("\r\x1b[K", stderr);
}
