/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

void mailsub__spool_init(mailsub__spool *spool)
{
    spool->fd = -1;
    spool->error = 0;
    spool->len = 0;
    spool->n_block = 0;
}

/*
 * A write beyond the limit would raise SIGXFSZ, by whose default the application dies; so none is
 * tried.
 */
static void find_limit(mailsub__spool *spool)
{
    struct rlimit limit;
    bool is_limited = getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    spool->max = is_limited ? limit.rlim_cur : INT64_MAX;
}

void mailsub__spool_take(mailsub__spool *spool, int fd)
{
    mailsub__spool_close(spool);
    spool->fd = fd;
    find_limit(spool);
}

void mailsub__spool_open(mailsub__spool *spool)
{
    /* Where the file system knows no files without names, or there is no /tmp: in memory. */
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        fd = memfd_create("mailsub", MFD_CLOEXEC);
    fd = mailsub__fd_lift(fd);
    int error = fd < 0 ? errno : 0;
    mailsub__spool_take(spool, fd);
    spool->error = error;
}

/* Each octet has its place, so that a child that inherits the descriptor moves nothing. */
static int write_all(mailsub__spool *spool)
{
    size_t done = 0;
    if (spool->n_block > spool->max - spool->len)
        return EFBIG;
    while (done < spool->n_block) {
        ssize_t n =
            pwrite(spool->fd, spool->block + done, spool->n_block - done, (off_t)spool->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        done += (size_t)n;
        spool->len += (size_t)n;
    }
    return 0;
}

bool mailsub__spool_flush(mailsub__spool *spool)
{
    if (spool->error == 0)
        spool->error = write_all(spool);
    spool->n_block = 0;
    return spool->error == 0;
}

void mailsub__spool_write(mailsub__spool *spool, const char *data, size_t len)
{
    while (len > 0) {
        size_t room = sizeof spool->block - spool->n_block;
        size_t n = len < room ? len : room;
        memcpy(spool->block + spool->n_block, data, n);
        spool->n_block += n;
        data += n;
        len -= n;
        if (spool->n_block == sizeof spool->block)
            mailsub__spool_flush(spool);
    }
}

void mailsub__spool_close(mailsub__spool *spool)
{
    mailsub__fd_close(&spool->fd);
    mailsub__spool_init(spool);
}
