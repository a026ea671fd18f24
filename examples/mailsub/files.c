/* SPDX-License-Identifier: 0BSD */
/* Files that are read whole: texts, settings and secrets. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

enum { MOST_OCTETS = 256 * 1024 * 1024 };

/*
 * A secret that others can read is none. A pipe, as a shell's <(...) gives it, has no permissions
 * that would mean anything.
 */
static int check_secret(const struct work *work, int fd, const char *path)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return MAILSUB_OK;
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return fail(work, MAILSUB_E_CREDENTIALS, "%s belongs to somebody else", path);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(work, MAILSUB_E_CREDENTIALS, "%s is open to others: chmod 600 it", path);
    return MAILSUB_OK;
}

/* What is left behind in a block that grows is wiped: it may be a secret. */
static char *grow(char *data, size_t len, size_t *room)
{
    *room *= 2;
    char *larger = need(malloc(*room));
    memcpy(larger, data, len);
    wipe(data, len);
    free(data);
    return larger;
}

static char *read_descriptor(int fd, size_t *out_len)
{
    size_t room = 4096;
    size_t len = 0;
    char *data = need(malloc(room));
    for (;;) {
        if (room - len < 2)
            data = grow(data, len, &room);
        ssize_t n = read(fd, data + len, room - len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || len > MOST_OCTETS) {
            wipe(data, len);
            free(data);
            return NULL;
        }
        len += (size_t)n;
        if (n == 0)
            break;
    }
    data[len] = '\0';
    *out_len = len;
    return data;
}

char *read_whole(struct work *work, const char *path, unsigned flags, size_t *out_len)
{
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char *data = NULL;
    int code = (flags & READ_SECRET) != 0 ? MAILSUB_E_CREDENTIALS : MAILSUB_E_FILE;
    if (fd < 0) {
        fail(work, code, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if ((flags & READ_SECRET) == 0 || check_secret(work, fd, path) == MAILSUB_OK) {
        data = read_descriptor(fd, out_len);
        if (!data)
            fail(work, code, "%s cannot be read, or is too large", path);
    }
    if (!is_input)
        close(fd);
    return data;
}

char *next_line(char **rest)
{
    char *line = *rest;
    if (*line == '\0')
        return NULL;
    char *end = strchr(line, '\n');
    *rest = end ? end + 1 : line + strlen(line);
    if (end)
        *end = '\0';
    size_t len = strlen(line);
    if (len > 0 && line[len - 1] == '\r')
        line[len - 1] = '\0';
    return line;
}

char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t", text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

char *expand_home(const char *path)
{
    const char *home = getenv("HOME");
    if (strncmp(path, "~/", 2) != 0 || !home)
        return copy_text(path, strlen(path));
    return join_text(home, path + 1, "");
}
