/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A damaged file is read as far as it can be: what is whole is kept. Which senders the rest was
 * about nobody knows, so all whom the new file does not have count as full until now, unless the
 * caller wants them forgotten.
 */
#include "limit/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/fd.h"
#include "limit/file_build.h"

/* Keep the damaged file's octets as path.damaged, for who wants to look at them. */
static int keep_aside(const char *path, int fd)
{
    char aside[MAILSUB__LIMITS_PATH_LEN];
    char piece[65536];
    if (snprintf(aside, sizeof aside, "%s.damaged", path) >= (int)sizeof aside)
        return MAILSUB_E_INVALID;
    unlink(aside);
    int to =
        mailsub__fd_lift(open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (to < 0)
        return MAILSUB_E_STORE;
    int rc = MAILSUB_OK;
    uint64_t at = 0;
    for (ssize_t n; rc == MAILSUB_OK && (n = pread(fd, piece, sizeof piece, (off_t)at)) != 0;) {
        if (n < 0)
            rc = MAILSUB_E_STORE;
        else
            rc = mailsub__limits_write(to, piece, (size_t)n, at);
        at += n > 0 ? (uint64_t)n : 0;
    }
    if (rc == MAILSUB_OK && fsync(to) != 0)
        rc = MAILSUB_E_STORE;
    close(to);
    return rc;
}

/* Whether every slot is whole, and the file as long as its head says. */
static bool is_whole(int fd, const mailsub__limits_head *head)
{
    unsigned char octets[MAILSUB__LIMITS_SLOT_LEN];
    mailsub__limits_slot slot;
    struct stat facts;
    if (fstat(fd, &facts) != 0 || (uint64_t)facts.st_size != mailsub__limits_offset(head->n_slots))
        return false;
    for (uint64_t i = 0; i < head->n_slots; i++) {
        if (mailsub__limits_read(fd, octets, sizeof octets, mailsub__limits_offset(i)) ||
            mailsub__limits_get_slot(octets, &slot))
            return false;
    }
    return true;
}

/* Without its head a file's slots cannot be told apart: the salt is lost. */
static int recover_locked(const char *path, int fd, int64_t unknown_ms)
{
    unsigned char octets[MAILSUB__LIMITS_HEAD_LEN];
    mailsub__limits_head head;
    ssize_t n = pread(fd, octets, sizeof octets, 0);
    if (n < 0)
        return MAILSUB_E_STORE;
    int rc = mailsub__limits_get_head(octets, (size_t)n, &head);
    if (rc == MAILSUB_E_STORE_VERSION || (rc == MAILSUB_OK && is_whole(fd, &head)))
        return rc;
    bool headless = rc != MAILSUB_OK;
    if (headless) {
        head = (mailsub__limits_head){.n_slots = 128, .generation = (uint64_t)unknown_ms};
        mailsub__hash_key_init(&head.salt);
    }
    rc = keep_aside(path, fd);
    if (rc)
        return rc;
    if (headless && ftruncate(fd, MAILSUB__LIMITS_HEAD_LEN) != 0)
        return MAILSUB_E_STORE;
    const struct mailsub__limits_change change = {
        .n_slots = head.n_slots, .unknown_ms = unknown_ms, .salvage = true};
    return mailsub__limits_rebuild(path, fd, &head, &change);
}

int mailsub__limits_recover(const char *path, bool forget, int64_t unix_ms)
{
    int fd = mailsub__fd_lift(open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (fd < 0)
        return errno == ELOOP || errno == EISDIR ? MAILSUB_E_STORE_UNSAFE : MAILSUB_E_STORE;
    int rc = mailsub__limits_lock(fd);
    if (rc == MAILSUB_OK) {
        rc = mailsub__limits_is_at(path, fd) ? recover_locked(path, fd, forget ? -1 : unix_ms)
                                             : MAILSUB_E_STORE;
        mailsub__limits_unlock(fd);
    }
    close(fd);
    return rc;
}
