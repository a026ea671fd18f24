/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/fd.h"

#define PIECE_LEN 16384

static int read_all(int fd, mailsub__buffer *buffer, int *out_os_error)
{
    for (;;) {
        char *room;
        int rc = mailsub__buffer_reserve(buffer, PIECE_LEN, &room);
        if (rc == MAILSUB_E_LIMIT)
            *out_os_error = EFBIG;
        if (rc)
            return rc == MAILSUB_E_LIMIT ? MAILSUB_E_FILE : rc;
        ssize_t n = read(fd, room, PIECE_LEN);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            *out_os_error = errno;
            return MAILSUB_E_FILE;
        }
        if (n == 0)
            return MAILSUB_OK;
        mailsub__buffer_commit(buffer, (size_t)n);
    }
}

int mailsub__file_read(const char *path, mailsub__buffer *buffer, int *out_os_error)
{
    /* Without O_NONBLOCK a FIFO of that name would block until somebody writes to it. */
    int fd = mailsub__fd_lift(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (fd < 0) {
        *out_os_error = errno;
        return MAILSUB_E_FILE;
    }
    int rc = read_all(fd, buffer, out_os_error);
    close(fd);
    return rc;
}
