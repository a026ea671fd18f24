/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file appears under its name complete, or not at all: it is made under another name and linked.
 * So an empty file is a damaged one.
 *
 * It grows by a copy that takes its place. Processes that have the old one open must not go on with
 * it, and whoever dies in between must leave either the old or the new one, so the steps are these,
 * under the lock of the old file:
 *   1. path.new is written, with the next generation, and made to last;
 *   2. the old head names that generation as its successor. Nobody looks at that yet;
 *   3. the old file is cut behind its head. From now on it has no slots: who reads one attaches
 *      again, and finds a head with a successor;
 *   4. path.new is renamed to path. Who finds the cut file there, and a path.new of the generation
 *      that it names, does this step.
 */
#include "limit/file_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/fd.h"

enum {
    FIRST_SLOTS = 128,
    MAX_SLOTS = 1 << 26,
    ATTEMPTS = 100 /* others may make and replace the file at the same time */
};

/* File systems on which flock is another machine's, or nobody's. */
static const uint32_t remote_types[] = {
    0x6969,     /* NFS */
    0x517b,     /* SMB */
    0xff534d42, /* CIFS */
    0xfe534d42, /* SMB2 */
    0x5346414f, /* AFS */
    0x6b414653, /* kAFS */
    0x73757245, /* Coda */
    0x00c36400, /* Ceph */
    0x7461636f, /* OCFS2 */
    0x01161970, /* GFS2 */
    0x0bd00bd0, /* Lustre */
    0x47504653, /* GPFS */
};

/* ---- octets ---- */

int mailsub__limits_read(int fd, void *out, size_t len, uint64_t offset)
{
    ssize_t n;
    do
        n = pread(fd, out, len, (off_t)offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return MAILSUB_E_STORE;
    return (size_t)n == len ? MAILSUB_OK : MAILSUB_E_STORE_DAMAGED;
}

int mailsub__limits_write(int fd, const void *data, size_t len, uint64_t offset)
{
    ssize_t n;
    do
        n = pwrite(fd, data, len, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)len ? MAILSUB_OK : MAILSUB_E_STORE;
}

int mailsub__limits_lock(int fd)
{
    while (flock(fd, LOCK_EX)) {
        if (errno != EINTR)
            return MAILSUB_E_STORE;
    }
    return MAILSUB_OK;
}

void mailsub__limits_unlock(int fd)
{
    flock(fd, LOCK_UN);
}

/* A new name lasts when its directory does. */
static int sync_directory(const char *path)
{
    char folder[MAILSUB__LIMITS_PATH_LEN];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 2;
    memcpy(folder, slash ? path : "./", len);
    folder[len] = '\0';
    int fd = mailsub__fd_lift(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd < 0)
        return MAILSUB_E_STORE;
    int rc = fsync(fd) == 0 ? MAILSUB_OK : MAILSUB_E_STORE;
    close(fd);
    return rc;
}

/* path and a suffix; false: too long. */
static bool append(const char *path, const char *suffix, char out[MAILSUB__LIMITS_PATH_LEN])
{
    int n = snprintf(out, MAILSUB__LIMITS_PATH_LEN, "%s%s", path, suffix);
    return n > 0 && n < MAILSUB__LIMITS_PATH_LEN;
}

/* ---- new files ---- */

/* An empty table, all of whose octets have their place on the disk. */
static int make(const char *path, const mailsub__limits_head *head, int *out_fd)
{
    unsigned char octets[MAILSUB__LIMITS_HEAD_LEN];
    int fd = mailsub__fd_lift(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd < 0)
        return MAILSUB_E_STORE;
    mailsub__limits_put_head(head, octets);
    int rc = fchmod(fd, 0600) == 0 ? MAILSUB_OK : MAILSUB_E_STORE;
    if (rc == MAILSUB_OK &&
        posix_fallocate(fd, 0, (off_t)mailsub__limits_offset(head->n_slots)) != 0)
        rc = MAILSUB_E_STORE;
    if (rc == MAILSUB_OK)
        rc = mailsub__limits_write(fd, octets, sizeof octets, 0);
    if (rc) {
        close(fd);
        unlink(path);
        return rc;
    }
    *out_fd = fd;
    return MAILSUB_OK;
}

/* Make the file under its name, where there is none. MAILSUB_OK too when somebody else did. */
static int create(const char *path)
{
    char suffix[32];
    char scratch[MAILSUB__LIMITS_PATH_LEN];
    mailsub__limits_head head = {.n_slots = FIRST_SLOTS, .generation = 1, .unknown_ms = -1};
    mailsub__hash_key_init(&head.salt);
    snprintf(suffix, sizeof suffix, ".%lx.tmp", (unsigned long)(head.salt.words[0] & 0xffffffff));
    if (!append(path, suffix, scratch))
        return MAILSUB_E_INVALID;
    int fd = -1;
    int rc = make(scratch, &head, &fd);
    if (rc)
        return rc;
    if (fsync(fd) != 0 || (link(scratch, path) != 0 && errno != EEXIST))
        rc = MAILSUB_E_STORE;
    close(fd);
    unlink(scratch);
    return rc == MAILSUB_OK ? sync_directory(path) : rc;
}

/* ---- what is there ---- */

static int check_place(int fd)
{
    struct stat facts;
    struct statfs system;
    if (fstat(fd, &facts) != 0 || fstatfs(fd, &system) != 0)
        return MAILSUB_E_STORE;
    if (!S_ISREG(facts.st_mode) || (facts.st_mode & 077) != 0)
        return MAILSUB_E_STORE_UNSAFE;
    for (size_t i = 0; i < sizeof remote_types / sizeof remote_types[0]; i++) {
        if ((uint32_t)system.f_type == remote_types[i])
            return MAILSUB_E_STORE_UNSAFE;
    }
    return MAILSUB_OK;
}

bool mailsub__limits_is_at(const char *path, int fd)
{
    struct stat named, held;
    return stat(path, &named) == 0 && fstat(fd, &held) == 0 && named.st_dev == held.st_dev &&
           named.st_ino == held.st_ino;
}

static int read_head(int fd, mailsub__limits_head *out_head, bool *out_cut)
{
    unsigned char octets[MAILSUB__LIMITS_HEAD_LEN];
    struct stat facts;
    ssize_t n = pread(fd, octets, sizeof octets, 0);
    if (n < 0 || fstat(fd, &facts) != 0)
        return MAILSUB_E_STORE;
    int rc = mailsub__limits_get_head(octets, (size_t)n, out_head);
    if (rc)
        return rc;
    uint64_t len = (uint64_t)facts.st_size;
    *out_cut = len == MAILSUB__LIMITS_HEAD_LEN && out_head->successor != 0;
    return *out_cut || len == mailsub__limits_offset(out_head->n_slots) ? MAILSUB_OK
                                                                        : MAILSUB_E_STORE_DAMAGED;
}

/* With the lock of the cut file: step 4, by another. */
static int finish_change(const char *path, const mailsub__limits_head *head)
{
    char next[MAILSUB__LIMITS_PATH_LEN];
    mailsub__limits_head found;
    bool cut = false;
    if (!append(path, ".new", next))
        return MAILSUB_E_INVALID;
    int fd = mailsub__fd_lift(open(next, O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (fd < 0)
        return MAILSUB_E_STORE_DAMAGED;
    int rc = read_head(fd, &found, &cut);
    close(fd);
    if (rc == MAILSUB_OK && (cut || found.generation != head->successor))
        rc = MAILSUB_E_STORE_DAMAGED;
    if (rc == MAILSUB_OK && rename(next, path) != 0)
        rc = MAILSUB_E_STORE;
    return rc == MAILSUB_OK ? sync_directory(path) : rc;
}

/* One look at what path names. *out_again: it changed meanwhile. */
static int look(const char *path, int fd, mailsub__limits_head *out_head, bool *out_again)
{
    bool cut = false;
    int rc = check_place(fd);
    if (rc == MAILSUB_OK)
        rc = mailsub__limits_lock(fd);
    if (rc)
        return rc;
    if (!mailsub__limits_is_at(path, fd)) {
        *out_again = true;
    } else {
        rc = read_head(fd, out_head, &cut);
        if (rc == MAILSUB_OK && cut) {
            rc = finish_change(path, out_head);
            *out_again = true;
        }
    }
    mailsub__limits_unlock(fd);
    return rc;
}

int mailsub__limits_attach(const char *path, int *out_fd, mailsub__limits_head *out_head)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        int fd = mailsub__fd_lift(open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        if (fd < 0 && errno == ENOENT) {
            int rc = create(path);
            if (rc)
                return rc;
            continue;
        }
        if (fd < 0)
            return errno == ELOOP || errno == EISDIR ? MAILSUB_E_STORE_UNSAFE : MAILSUB_E_STORE;
        bool again = false;
        int rc = look(path, fd, out_head, &again);
        if (rc == MAILSUB_OK && !again) {
            *out_fd = fd;
            return MAILSUB_OK;
        }
        close(fd);
        if (rc)
            return rc;
    }
    return MAILSUB_E_STORE;
}

/* ---- the copy ---- */

/* Put a slot into its place in a new file. MAILSUB_E_LIMIT: all that it may have are taken. */
static int insert(int fd, const mailsub__limits_head *head, const mailsub__limits_slot *slot)
{
    unsigned char octets[MAILSUB__LIMITS_SLOT_LEN];
    for (uint64_t i = 0; i < MAILSUB__LIMITS_REACH; i++) {
        uint64_t at = (slot->hash[0] + i) & (head->n_slots - 1);
        mailsub__limits_slot taken;
        int rc = mailsub__limits_read(fd, octets, sizeof octets, mailsub__limits_offset(at));
        if (rc == MAILSUB_OK)
            rc = mailsub__limits_get_slot(octets, &taken);
        if (rc)
            return rc;
        if (taken.len > 0)
            continue;
        mailsub__limits_put_slot(slot, octets);
        return mailsub__limits_write(fd, octets, sizeof octets, mailsub__limits_offset(at));
    }
    return MAILSUB_E_LIMIT;
}

static int copy_slots(int from, const mailsub__limits_head *old, int to,
                      const mailsub__limits_head *head, const struct mailsub__limits_change *change)
{
    unsigned char octets[MAILSUB__LIMITS_SLOT_LEN];
    for (uint64_t i = 0; i < old->n_slots; i++) {
        mailsub__limits_slot slot;
        int rc = mailsub__limits_read(from, octets, sizeof octets, mailsub__limits_offset(i));
        if (rc == MAILSUB_E_STORE_DAMAGED && change->salvage)
            return MAILSUB_OK; /* the file was cut here */
        if (rc == MAILSUB_OK)
            rc = mailsub__limits_get_slot(octets, &slot);
        if (rc == MAILSUB_E_STORE_DAMAGED && change->salvage)
            continue;
        if (rc)
            return rc;
        if (slot.len == 0 || (change->keep && !change->keep(&slot, change->now)))
            continue;
        rc = insert(to, head, &slot);
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}

/* Steps 2 to 4. */
static int take_over(const char *path, const char *next, int fd, mailsub__limits_head old,
                     uint64_t successor)
{
    unsigned char octets[MAILSUB__LIMITS_HEAD_LEN];
    old.successor = successor;
    mailsub__limits_put_head(&old, octets);
    int rc = mailsub__limits_write(fd, octets, sizeof octets, 0);
    if (rc == MAILSUB_OK && ftruncate(fd, MAILSUB__LIMITS_HEAD_LEN) != 0)
        rc = MAILSUB_E_STORE;
    if (rc == MAILSUB_OK && rename(next, path) != 0)
        rc = MAILSUB_E_STORE;
    return rc == MAILSUB_OK ? sync_directory(path) : rc;
}

int mailsub__limits_rebuild(const char *path, int fd, const mailsub__limits_head *head,
                            const struct mailsub__limits_change *change)
{
    char next[MAILSUB__LIMITS_PATH_LEN];
    if (!append(path, ".new", next))
        return MAILSUB_E_INVALID;
    mailsub__limits_head made = *head;
    made.generation = (head->successor > head->generation ? head->successor : head->generation) + 1;
    made.successor = 0;
    made.unknown_ms = change->unknown_ms;
    for (made.n_slots = change->n_slots; made.n_slots <= MAX_SLOTS; made.n_slots *= 2) {
        int to = -1;
        unlink(next);
        int rc = make(next, &made, &to);
        if (rc)
            return rc;
        rc = copy_slots(fd, head, to, &made, change);
        if (rc == MAILSUB_OK && fsync(to) != 0)
            rc = MAILSUB_E_STORE;
        close(to);
        if (rc == MAILSUB_OK)
            return take_over(path, next, fd, *head, made.generation);
        unlink(next);
        if (rc != MAILSUB_E_LIMIT)
            return rc;
    }
    return MAILSUB_E_STORE;
}
