/* SPDX-License-Identifier: 0BSD */
/* Lines of a file or a pipe, read as they come. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"
#include "command.h"

enum { MOST_LINE = 128 * 1024 * 1024, STEP = 64 * 1024 };

int lines_open(struct work *work, const char *path, struct lines *lines)
{
    struct stat status;
    *lines = (struct lines){.fd = STDIN_FILENO};
    if (strcmp(path, "-") != 0)
        lines->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (lines->fd < 0)
        return fail(work, MAILSUB_E_FILE, "%s: %s", path, strerror(errno));
    if (fstat(lines->fd, &status) == 0 && S_ISREG(status.st_mode))
        lines->size = (uint64_t)status.st_size;
    return MAILSUB_OK;
}

char *lines_next(struct lines *lines)
{
    size_t left = lines->len - lines->begin;
    if (left == 0)
        return NULL;
    char *line = lines->data + lines->begin;
    char *end = memchr(line, '\n', left);
    if (!end && !lines->is_over)
        return NULL;
    lines->begin = end ? (size_t)(end - lines->data) + 1 : lines->len;
    if (!end)
        end = line + left; /* there is room for the NUL */
    *end = '\0';
    return line;
}

int lines_fill(struct lines *lines)
{
    if (lines->begin > 0)
        memmove(lines->data, lines->data + lines->begin, lines->len - lines->begin);
    lines->len -= lines->begin;
    lines->begin = 0;
    if (lines->room - lines->len < STEP + 1) {
        if (lines->room > MOST_LINE)
            return MAILSUB_E_LIMIT;
        lines->room = 2 * lines->room + STEP + 1;
        lines->data = need(realloc(lines->data, lines->room));
    }
    ssize_t n = read(lines->fd, lines->data + lines->len, STEP);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? MAILSUB_OK : MAILSUB_E_FILE;
    lines->is_over = n == 0;
    lines->len += (size_t)n;
    lines->n_read += (uint64_t)n;
    return MAILSUB_OK;
}

void lines_close(struct lines *lines)
{
    if (lines->fd > STDIN_FILENO)
        close(lines->fd);
    free(lines->data);
}
