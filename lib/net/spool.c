/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

int mailsub__spool_open(void)
{
    /* Where the file system knows no files without names, or there is no /tmp: in memory. */
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        fd = memfd_create("mailsub", MFD_CLOEXEC);
    return mailsub__fd_lift(fd);
}

bool mailsub__spool_write(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}
