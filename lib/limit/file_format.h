/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file of a limiter, octet by octet. Numbers are little end first.
 *
 * A head of 4,096 octets: magic (16), version (4), length of a slot (4), slots (8), generation (8),
 * generation of the file that takes its place (8), salt (16), until when senders may have been
 * lost, ms since 1970, + 1 (8), check (8). Behind it the slots, a power of two, of 512 octets each.
 *
 * A slot: check (8), hash of the key (16), the steady clock by which it was written (8), lease of
 * recipients and of messages (4 each), size of the last lease (4), 0 (2), length of the state (2),
 * when the lease was made to last (8), state. All zero: never used.
 *
 * A slot is one sector of every disk, so that it is written in whole or not at all, be it that the
 * process is killed or that the power fails.
 */
#ifndef MAILSUB_LIMIT_FILE_FORMAT_H
#define MAILSUB_LIMIT_FILE_FORMAT_H

#include <stdbool.h>

#include <mailsub/store.h>

#include "limit/hash.h"

enum {
    MAILSUB__LIMITS_VERSION = 1,
    MAILSUB__LIMITS_HEAD_LEN = 4096,
    MAILSUB__LIMITS_SLOT_LEN = 512,
    MAILSUB__LIMITS_SLOT_HEAD = 56,
    MAILSUB__LIMITS_MAX_STATE = MAILSUB__LIMITS_SLOT_LEN - MAILSUB__LIMITS_SLOT_HEAD
};

typedef struct mailsub__limits_head {
    uint64_t n_slots;
    uint64_t generation;
    uint64_t successor; /* generation of the file path.new that takes its place; 0: none */
    mailsub__hash_key salt;
    int64_t unknown_ms; /* -1: no sender was lost */
} mailsub__limits_head;

typedef struct mailsub__limits_slot {
    uint64_t hash[2];
    uint64_t steady_id;
    uint32_t lease;
    uint32_t lease_messages;
    uint32_t lease_len;
    uint64_t lease_at_ms;
    size_t len; /* of state; 0: never used */
    unsigned char state[MAILSUB__LIMITS_MAX_STATE];
} mailsub__limits_slot;

void mailsub__limits_put_head(const mailsub__limits_head *head,
                              unsigned char out[MAILSUB__LIMITS_HEAD_LEN]);
/* MAILSUB_E_STORE_DAMAGED; MAILSUB_E_STORE_VERSION. */
int mailsub__limits_get_head(const unsigned char *octets, size_t len,
                             mailsub__limits_head *out_head);
void mailsub__limits_put_slot(const mailsub__limits_slot *slot,
                              unsigned char out[MAILSUB__LIMITS_SLOT_LEN]);
/* MAILSUB_E_STORE_DAMAGED */
int mailsub__limits_get_slot(const unsigned char octets[MAILSUB__LIMITS_SLOT_LEN],
                             mailsub__limits_slot *out_slot);
/* The two hashes of a key; the first tells its place. */
void mailsub__limits_hash(const mailsub__limits_head *head, const char *key, uint64_t out_hash[2]);

#endif
