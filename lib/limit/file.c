/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One file, many processes: a decision is made under flock by one read and one write of a slot.
 *
 * A process may die at any instruction. The kernel gives its lock back, and the slot is the old or
 * the new one, in the page cache, which outlives it: what was not told to the caller then counts
 * against the sender.
 *
 * The power may fail. To make each decision last (fdatasync) takes a thousand times as long as to
 * make it. So a slot that is made to last may include a lease: recipients that may be admitted
 * after it without making that last. State and lease go up and down together, in one slot, so
 * whichever version since then is on the disk, its state and the rest of its lease show at least
 * what was admitted. When the machine has started again, which the steady clock tells, the rest of
 * a lease is counted as used at that moment. A sender that sends now and then has no lease, and
 * loses nothing; one that sends a lot has a larger one each time, up to a 64th of its limit.
 *
 * A child of a fork shares the parent's lock: it opens the file again before its first decision.
 */
#include "limit/file.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "base/forked.h"
#include "base/memory.h"
#include "limit/file_build.h"
#include "limit/state.h"

enum {
    ATTEMPTS = 100,
    FIRST_LEASE = 4,
    SOON_MS = 1000,      /* a lease that is used up sooner was too short */
    LOOK_EVERY_MS = 1000 /* whether path still names the file */
};

typedef struct file_store {
    mailsub_allocator allocator;
    char *path;
    mailsub__birth birth;
    atomic_int renewer; /* process that has come to terms with being a child */
    pthread_mutex_t lock;
    int fd;
    mailsub__limits_head head;
    int64_t looked_ms;
} file_store;

/* Where a key stands, or would. */
struct place {
    uint64_t number;
    mailsub__limits_slot slot; /* len 0: it is new */
    bool full;                 /* no slot that it could have is free */
};

_Static_assert(MAILSUB__LIMITS_MAX_STATE >= 44 + 58 * MAILSUB__STATE_MAX_WINDOWS,
               "a slot has room for every state");

/* ---- slots ---- */

static bool is_idle(const mailsub__limits_slot *slot, const mailsub_instant *now)
{
    mailsub__state state;
    if (slot->lease > 0 || slot->lease_messages > 0 ||
        mailsub__state_decode(mailsub__slice_of(slot->state, slot->len), &state) != MAILSUB_OK)
        return false;
    int64_t now_ms = mailsub__anchor_advance(&state.anchor, now);
    return mailsub__state_is_idle(&state, now_ms);
}

static bool is_needed(const mailsub__limits_slot *slot, const mailsub_instant *now)
{
    return !is_idle(slot, now);
}

/* Slots behind one that was never used cannot hold the key, as none is ever made unused. */
static int find(const file_store *file, const char *key, const mailsub_instant *now,
                struct place *out)
{
    unsigned char octets[MAILSUB__LIMITS_SLOT_LEN];
    uint64_t hash[2];
    mailsub__limits_hash(&file->head, key, hash);
    out->full = true;
    for (uint64_t i = 0; i < MAILSUB__LIMITS_REACH; i++) {
        uint64_t number = (hash[0] + i) & (file->head.n_slots - 1);
        mailsub__limits_slot *slot = &out->slot;
        int rc =
            mailsub__limits_read(file->fd, octets, sizeof octets, mailsub__limits_offset(number));
        if (rc == MAILSUB_OK)
            rc = mailsub__limits_get_slot(octets, slot);
        if (rc)
            return rc;
        if (slot->len > 0 && slot->hash[0] == hash[0] && slot->hash[1] == hash[1]) {
            out->number = number;
            out->full = false;
            return MAILSUB_OK;
        }
        if (out->full && (slot->len == 0 || is_idle(slot, now))) {
            out->number = number;
            out->full = false;
        }
        if (slot->len == 0)
            break;
    }
    out->slot = (mailsub__limits_slot){.hash = {hash[0], hash[1]}, .steady_id = now->steady_id};
    return MAILSUB_OK;
}

static int write_slot(const file_store *file, const struct place *place, bool last)
{
    unsigned char octets[MAILSUB__LIMITS_SLOT_LEN];
    mailsub__limits_put_slot(&place->slot, octets);
    int rc = mailsub__limits_write(file->fd, octets, sizeof octets,
                                   mailsub__limits_offset(place->number));
    if (rc == MAILSUB_OK && last && fdatasync(file->fd) != 0)
        rc = MAILSUB_E_STORE;
    return rc;
}

/* ---- leases ---- */

static uint32_t next_lease(const mailsub__limits_slot *slot, const mailsub_store_change *change,
                           uint64_t clock_ms)
{
    uint64_t lease = 0;
    if (slot->lease_at_ms > 0 && clock_ms - slot->lease_at_ms < SOON_MS)
        lease = slot->lease_len > 0 ? 2 * (uint64_t)slot->lease_len : FIRST_LEASE;
    if (lease > (uint64_t)change->lease)
        lease = (uint64_t)change->lease;
    return (uint32_t)lease;
}

/* Pay what was spent from the lease. False: it does not suffice, and there is a new one. */
static bool pay(mailsub__limits_slot *slot, const mailsub_store_change *change,
                const mailsub_instant *now)
{
    if (!change->last && change->spent <= slot->lease &&
        change->spent_messages <= slot->lease_messages) {
        slot->lease -= (uint32_t)change->spent;
        slot->lease_messages -= (uint32_t)change->spent_messages;
        return true;
    }
    uint64_t clock_ms = (uint64_t)(now->steady_id != 0 ? now->steady_ms : now->unix_ms);
    slot->lease = slot->lease_messages = slot->lease_len = next_lease(slot, change, clock_ms);
    slot->lease_at_ms = clock_ms;
    return false;
}

static int save(const file_store *file, struct place *place, const mailsub_store_change *change,
                const mailsub_instant *now)
{
    mailsub__limits_slot *slot = &place->slot;
    bool settled = pay(slot, change, now);
    slot->steady_id = now->steady_id;
    slot->len = change->len;
    memcpy(slot->state, change->data, change->len);
    int rc = write_slot(file, place, !settled);
    if (rc && !settled) {
        /* Others must not rely on a lease that may not last. */
        slot->lease = slot->lease_messages = 0;
        write_slot(file, place, false);
    }
    return rc;
}

/* ---- the file ---- */

static void detach(file_store *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

/* A child has the parent's descriptor and perhaps a lock that nobody will open. */
static void settle_after_fork(file_store *file)
{
    int self = (int)getpid();
    int before = atomic_load(&file->renewer);
    if (before != self && atomic_compare_exchange_strong(&file->renewer, &before, self)) {
        pthread_mutex_init(&file->lock, NULL);
        detach(file);
        mailsub__birth_renew(&file->birth);
        return;
    }
    while (mailsub__birth_is_elsewhere(&file->birth))
        sched_yield();
}

static int attach(file_store *file, const mailsub_instant *now)
{
    int64_t clock_ms = now->steady_id != 0 ? now->steady_ms : now->unix_ms;
    if (file->fd >= 0 && clock_ms - file->looked_ms < LOOK_EVERY_MS && clock_ms >= file->looked_ms)
        return MAILSUB_OK;
    file->looked_ms = clock_ms;
    if (file->fd >= 0 && mailsub__limits_is_at(file->path, file->fd))
        return MAILSUB_OK;
    detach(file);
    return mailsub__limits_attach(file->path, &file->fd, &file->head);
}

/* More slots, unless many of them are idle. */
static int grow(file_store *file, const mailsub_instant *now)
{
    const struct mailsub__limits_change change = {
        .n_slots = 2 * file->head.n_slots,
        .unknown_ms = file->head.unknown_ms,
        .keep = is_needed,
        .now = now,
    };
    return mailsub__limits_rebuild(file->path, file->fd, &file->head, &change);
}

struct call {
    const char *key;
    const mailsub_instant *now;
    mailsub_store_change_fn change;
    void *context;
};

/* With the lock of the file. *out_again: it was replaced, or is now. */
static int update_locked(file_store *file, const struct call *call, bool *out_again)
{
    struct place place;
    *out_again = false;
    int rc = find(file, call->key, call->now, &place);
    if (rc == MAILSUB_E_STORE_DAMAGED && lseek(file->fd, 0, SEEK_END) == MAILSUB__LIMITS_HEAD_LEN) {
        *out_again = true; /* cut behind its head: see file_build.c */
        return MAILSUB_OK;
    }
    if (rc)
        return rc;
    bool is_new = place.slot.len == 0;
    bool restarted = !is_new && place.slot.steady_id != call->now->steady_id;
    const mailsub_store_state state = {
        .size = sizeof state,
        .data = is_new ? NULL : place.slot.state,
        .len = place.slot.len,
        .now_ms = -1,
        .lost = restarted ? place.slot.lease : 0,
        .lost_messages = restarted ? place.slot.lease_messages : 0,
        .unknown_ms = is_new ? file->head.unknown_ms : -1,
    };
    mailsub_store_change change;
    change.size = sizeof change;
    change.write = change.last = 0;
    change.spent = change.spent_messages = change.lease = change.idle_ms = 0;
    rc = call->change(call->context, &state, &change);
    if (rc || !change.write)
        return rc;
    if (place.full) {
        *out_again = true;
        return grow(file, call->now);
    }
    return save(file, &place, &change, call->now);
}

static int update(void *context, const char *key, const mailsub_instant *now,
                  mailsub_store_change_fn change, void *change_context)
{
    file_store *file = context;
    const struct call call = {key, now, change, change_context};
    if (mailsub__birth_is_elsewhere(&file->birth))
        settle_after_fork(file);
    bool again = true;
    int rc = MAILSUB_OK;
    pthread_mutex_lock(&file->lock);
    for (int i = 0; i < ATTEMPTS && again && rc == MAILSUB_OK; i++) {
        if (i > 0)
            detach(file);
        rc = attach(file, now);
        if (rc == MAILSUB_OK)
            rc = mailsub__limits_lock(file->fd);
        if (rc)
            break;
        rc = update_locked(file, &call, &again);
        mailsub__limits_unlock(file->fd);
    }
    if (rc == MAILSUB_OK && again)
        rc = MAILSUB_E_STORE;
    if (rc)
        file->looked_ms = 0;
    pthread_mutex_unlock(&file->lock);
    return rc;
}

static void close_store(void *context)
{
    file_store *file = context;
    if (!file)
        return;
    detach(file);
    mailsub__birth_deinit(&file->birth);
    pthread_mutex_destroy(&file->lock);
    mailsub_allocator allocator = file->allocator;
    mailsub__free(&allocator, file->path);
    mailsub__free(&allocator, file);
}

int mailsub__limits_open(const mailsub_allocator *allocator, const char *path,
                         mailsub_store *out_store)
{
    size_t len = strlen(path);
    if (len == 0 || len > MAILSUB__LIMITS_PATH_LEN - 64)
        return MAILSUB_E_INVALID;
    file_store *file = mailsub__alloc_zeroed(allocator, sizeof *file);
    if (!file)
        return MAILSUB_E_NOMEM;
    file->allocator = *allocator;
    file->fd = -1;
    pthread_mutex_init(&file->lock, NULL);
    atomic_init(&file->renewer, (int)getpid());
    int rc = mailsub__birth_init(&file->birth);
    if (rc == MAILSUB_OK && !(file->path = mailsub__alloc(allocator, len + 1)))
        rc = MAILSUB_E_NOMEM;
    if (rc == MAILSUB_OK) {
        memcpy(file->path, path, len + 1);
        rc = mailsub__limits_attach(path, &file->fd, &file->head);
    }
    if (rc) {
        close_store(file);
        return rc;
    }
    *out_store = (mailsub_store){
        .size = sizeof *out_store, .context = file, .update = update, .close = close_store};
    return MAILSUB_OK;
}
