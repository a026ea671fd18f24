/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a file is still what it was: size, times and identity. Whoever writes to it, or puts
 * another one in its place, changes one of them, and the time of change cannot be set back as that
 * of modification can.
 */
#ifndef MAILSUB_MESSAGE_SAME_FILE_H
#define MAILSUB_MESSAGE_SAME_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

static inline bool mailsub__same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static inline bool mailsub__same_file(const struct stat *now, const struct stat *then)
{
    return now->st_size == then->st_size && now->st_dev == then->st_dev &&
           now->st_ino == then->st_ino && mailsub__same_time(now->st_mtim, then->st_mtim) &&
           mailsub__same_time(now->st_ctim, then->st_ctim);
}

#endif
