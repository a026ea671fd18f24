/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a limiter as a whole: opened, made, made anew. See file_build.c on the order of steps. */
#ifndef MAILSUB_LIMIT_FILE_BUILD_H
#define MAILSUB_LIMIT_FILE_BUILD_H

#include "limit/file_format.h"

/* Longest path, with what is put behind it. */
#define MAILSUB__LIMITS_PATH_LEN 4096

/* Open the file at path, whatever it takes: make it, or end a change of files that was cut short.
   *out_fd is the caller's, not locked. The errors of mailsub__limits_open. */
int mailsub__limits_attach(const char *path, int *out_fd, mailsub__limits_head *out_head);
/* Whether path still names the file. */
bool mailsub__limits_is_at(const char *path, int fd);
/* With the lock of fd: replace the file by one of n_slots. A slot that keep turns down is left
   out; one that is damaged too with salvage, else it is an error. The caller attaches again. */
typedef bool (*mailsub__limits_keep_fn)(const mailsub__limits_slot *slot,
                                        const mailsub_instant *now);
struct mailsub__limits_change {
    uint64_t n_slots;
    int64_t unknown_ms;
    mailsub__limits_keep_fn keep; /* NULL: all */
    const mailsub_instant *now;
    bool salvage;
};
int mailsub__limits_rebuild(const char *path, int fd, const mailsub__limits_head *head,
                            const struct mailsub__limits_change *change);
/* Read and write in whole. Reading less is MAILSUB_E_STORE_DAMAGED, other failures MAILSUB_E_STORE.
 */
int mailsub__limits_read(int fd, void *out, size_t len, uint64_t offset);
int mailsub__limits_write(int fd, const void *data, size_t len, uint64_t offset);
int mailsub__limits_lock(int fd);
void mailsub__limits_unlock(int fd);

static inline uint64_t mailsub__limits_offset(uint64_t slot)
{
    return MAILSUB__LIMITS_HEAD_LEN + slot * MAILSUB__LIMITS_SLOT_LEN;
}

/* Slots that a key may stand in, from its place on. */
#define MAILSUB__LIMITS_REACH 16

#endif
