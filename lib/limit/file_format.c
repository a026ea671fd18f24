/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit/file_format.h"

#include <string.h>

#include <mailsub/error.h>

static const char magic[16] = "mailsub-limits\n";

/* A check against damage, not against people: who may write the file may write anything. */
static const mailsub__hash_key check_key = {{0x6c696d6974657221u, 0x66696c6520636865u}};

enum { MAX_SLOT_BITS = 26, HEAD_USED = 80 };

static uint64_t get(const unsigned char *at, unsigned len)
{
    uint64_t number = 0;
    for (unsigned i = len; i > 0; i--)
        number = number << 8 | at[i - 1];
    return number;
}

static void put(unsigned char *at, unsigned len, uint64_t number)
{
    for (unsigned i = 0; i < len; i++)
        at[i] = (unsigned char)(number >> 8 * i);
}

static uint64_t check_of(const unsigned char *octets, size_t len)
{
    return mailsub__hash_text(&check_key, (const char *)octets, len);
}

void mailsub__limits_put_head(const mailsub__limits_head *head,
                              unsigned char out[MAILSUB__LIMITS_HEAD_LEN])
{
    memset(out, 0, MAILSUB__LIMITS_HEAD_LEN);
    memcpy(out, magic, sizeof magic);
    put(out + 16, 4, MAILSUB__LIMITS_VERSION);
    put(out + 20, 4, MAILSUB__LIMITS_SLOT_LEN);
    put(out + 24, 8, head->n_slots);
    put(out + 32, 8, head->generation);
    put(out + 40, 8, head->successor);
    put(out + 48, 8, head->salt.words[0]);
    put(out + 56, 8, head->salt.words[1]);
    put(out + 64, 8, (uint64_t)(head->unknown_ms + 1));
    put(out + 72, 8, check_of(out, 72));
}

int mailsub__limits_get_head(const unsigned char *octets, size_t len,
                             mailsub__limits_head *out_head)
{
    if (len < HEAD_USED || memcmp(octets, magic, sizeof magic) != 0)
        return MAILSUB_E_STORE_DAMAGED;
    if (get(octets + 16, 4) > MAILSUB__LIMITS_VERSION)
        return MAILSUB_E_STORE_VERSION;
    uint64_t n_slots = get(octets + 24, 8);
    bool sound = len == MAILSUB__LIMITS_HEAD_LEN && get(octets + 72, 8) == check_of(octets, 72) &&
                 get(octets + 16, 4) == MAILSUB__LIMITS_VERSION &&
                 get(octets + 20, 4) == MAILSUB__LIMITS_SLOT_LEN && n_slots > 0 &&
                 n_slots <= 1u << MAX_SLOT_BITS && (n_slots & (n_slots - 1)) == 0;
    if (!sound)
        return MAILSUB_E_STORE_DAMAGED;
    *out_head = (mailsub__limits_head){
        .n_slots = n_slots,
        .generation = get(octets + 32, 8),
        .successor = get(octets + 40, 8),
        .salt = {{get(octets + 48, 8), get(octets + 56, 8)}},
        .unknown_ms = (int64_t)get(octets + 64, 8) - 1,
    };
    return MAILSUB_OK;
}

void mailsub__limits_put_slot(const mailsub__limits_slot *slot,
                              unsigned char out[MAILSUB__LIMITS_SLOT_LEN])
{
    put(out + 8, 8, slot->hash[0]);
    put(out + 16, 8, slot->hash[1]);
    put(out + 24, 8, slot->steady_id);
    put(out + 32, 4, slot->lease);
    put(out + 36, 4, slot->lease_messages);
    put(out + 40, 4, slot->lease_len);
    put(out + 44, 2, 0);
    put(out + 46, 2, slot->len);
    put(out + 48, 8, slot->lease_at_ms);
    memcpy(out + MAILSUB__LIMITS_SLOT_HEAD, slot->state, slot->len);
    size_t used = MAILSUB__LIMITS_SLOT_HEAD + slot->len;
    memset(out + used, 0, MAILSUB__LIMITS_SLOT_LEN - used);
    put(out, 8, check_of(out + 8, used - 8));
}

static bool is_zero(const unsigned char *octets, size_t len)
{
    return octets[0] == 0 && memcmp(octets, octets + 1, len - 1) == 0;
}

int mailsub__limits_get_slot(const unsigned char octets[MAILSUB__LIMITS_SLOT_LEN],
                             mailsub__limits_slot *out_slot)
{
    size_t len = get(octets + 46, 2);
    out_slot->len = 0;
    if (len == 0 && is_zero(octets, MAILSUB__LIMITS_SLOT_LEN))
        return MAILSUB_OK;
    if (len == 0 || len > MAILSUB__LIMITS_MAX_STATE ||
        get(octets, 8) != check_of(octets + 8, MAILSUB__LIMITS_SLOT_HEAD - 8 + len))
        return MAILSUB_E_STORE_DAMAGED;
    out_slot->hash[0] = get(octets + 8, 8);
    out_slot->hash[1] = get(octets + 16, 8);
    out_slot->steady_id = get(octets + 24, 8);
    out_slot->lease = (uint32_t)get(octets + 32, 4);
    out_slot->lease_messages = (uint32_t)get(octets + 36, 4);
    out_slot->lease_len = (uint32_t)get(octets + 40, 4);
    out_slot->lease_at_ms = get(octets + 48, 8);
    out_slot->len = len;
    memcpy(out_slot->state, octets + MAILSUB__LIMITS_SLOT_HEAD, len);
    return MAILSUB_OK;
}

void mailsub__limits_hash(const mailsub__limits_head *head, const char *key, uint64_t out_hash[2])
{
    mailsub__hash_key other = {{~head->salt.words[0], head->salt.words[1]}};
    size_t len = strlen(key);
    out_hash[0] = mailsub__hash_text(&head->salt, key, len);
    out_hash[1] = mailsub__hash_text(&other, key, len);
}
