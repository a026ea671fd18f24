/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A million senders, each in two or three cache lines. A sender is known by a keyed hash of 64 bits
 * and its rule; two that have both in common (in a million, once in 37 million tables) share their
 * quota, which holds them back and lets nothing through.
 *
 * Senders are spread over shards, each with a lock of its own, so that threads seldom meet: to wait
 * for a lock takes as long as some hundred decisions. A shard has an index with open addressing: an
 * entry is the number of a record (records.h) and 6 bits of its hash, so that nearly every record
 * that is read is the right one. A new sender looks at some old ones, and takes the place of one
 * that has nothing left to count, so the table does not grow for ever.
 *
 * The clock is one of the limiter's for all (anchor.h): while the steady clock is the same, time is
 * what it shows and a constant, and no thread waits for another to know it.
 */
#include "limit/memory.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/forked.h"
#include "base/memory.h"
#include "limit/anchor.h"
#include "limit/records.h"

enum {
    SHARD_BITS = 8,
    N_SHARDS = 1 << SHARD_BITS,
    N_SWEPT = 4,      /* places, three of which hold two senders when the table is to grow */
    NUMBER_BITS = 26, /* of an index entry, which is a number + 1 */
    MAX_PLACE_BITS = 27,
    LEVEL_BITS = 4
};

_Static_assert(MAILSUB__RECORDS_MAX <= 1 << NUMBER_BITS, "an entry can hold every number");

#define NUMBER_MASK ((1u << NUMBER_BITS) - 1)
#define FREE_RULE (UINT32_MAX >> LEVEL_BITS)
/* A closure is remembered for so long behind its end: four times the longest. */
#define CLOSURE_S (16u * 60 * 60)

/* Of 32-bit parts, so that no octet is lost to alignment. */
struct record {
    uint32_t hash[2];
    uint32_t closed_s; /* seconds behind the store's beginning; free: the next free one, + 1 */
    uint32_t level : LEVEL_BITS;
    uint32_t rule : 32 - LEVEL_BITS; /* its number; FREE_RULE: free */
    mailsub__usage usages[];
};

/* Changed with its lock. Without it, index and bits are looked at only to ask for a place early. */
struct shard {
    pthread_mutex_t lock;
    _Atomic(uint32_t *) index;
    atomic_uint bits; /* the index has 2^bits places; 0: none yet */
    uint32_t n_live;
    uint32_t next; /* number of the next record that was never used; at a batch's end: none */
    uint32_t free; /* number + 1 of the first free one */
    size_t swept;
};

struct mailsub__memory {
    mailsub_allocator allocator;
    const mailsub__rules *rules;
    mailsub__records records;
    mailsub__birth birth;
    pthread_mutex_t clock_lock;
    mailsub__anchor anchor;
    int64_t begun_ms;
    atomic_uint_fast64_t steady_id; /* offset_ms is good for it */
    atomic_int_fast64_t offset_ms;
    struct shard shards[N_SHARDS];
};

/* ---- records ---- */

static struct record *record_at(const mailsub__memory *memory, uint32_t number)
{
    return mailsub__records_at(&memory->records, number);
}

static struct shard *shard_of(mailsub__memory *memory, uint64_t hash)
{
    return &memory->shards[hash >> (64 - SHARD_BITS)];
}

static uint64_t hash_of(const struct record *record)
{
    return (uint64_t)record->hash[1] << 32 | record->hash[0];
}

/* A shard takes the upper bits of a hash, a place the lower, an entry some between. */
static uint32_t entry_of(uint64_t hash, uint32_t number)
{
    return (uint32_t)(hash >> 40) << NUMBER_BITS | (number + 1);
}

static uint32_t *index_of(const struct shard *shard)
{
    return atomic_load_explicit(&shard->index, memory_order_relaxed);
}

static size_t count_places(const struct shard *shard)
{
    unsigned bits = atomic_load_explicit(&shard->bits, memory_order_relaxed);
    return bits > 0 ? (size_t)1 << bits : 0;
}

static bool is_tag(uint32_t entry, uint64_t hash)
{
    return ((entry ^ entry_of(hash, 0)) >> NUMBER_BITS) == 0;
}

static uint32_t number_of(uint32_t entry)
{
    return (entry & NUMBER_MASK) - 1;
}

static struct record *look_up(const mailsub__memory *memory, const struct shard *shard,
                              uint64_t hash, uint32_t rule)
{
    const uint32_t *index = index_of(shard);
    if (!index)
        return NULL;
    size_t mask = count_places(shard) - 1;
    for (size_t at = hash & mask; index[at] != 0; at = (at + 1) & mask) {
        if (!is_tag(index[at], hash))
            continue;
        struct record *found = record_at(memory, number_of(index[at]));
        __builtin_prefetch((char *)found + 64);
        __builtin_prefetch((char *)found + 128);
        if (hash_of(found) == hash && found->rule == rule)
            return found;
    }
    return NULL;
}

static void put_in_index(struct shard *shard, uint64_t hash, uint32_t number)
{
    size_t mask = count_places(shard) - 1;
    size_t at = hash & mask;
    uint32_t *index = index_of(shard);
    while (index[at] != 0)
        at = (at + 1) & mask;
    index[at] = entry_of(hash, number);
}

/* At most three of four places are taken. */
static int grow_index(mailsub__memory *memory, struct shard *shard)
{
    size_t n_old = count_places(shard);
    if (shard->n_live + 1 <= n_old / 4 * 3)
        return MAILSUB_OK;
    unsigned bits = n_old > 0 ? shard->bits + 1 : 4;
    if (bits > MAX_PLACE_BITS)
        return MAILSUB_E_LIMIT;
    uint32_t *index =
        mailsub__alloc_zeroed(&memory->allocator, ((size_t)1 << bits) * sizeof *index);
    if (!index)
        return MAILSUB_E_NOMEM;
    uint32_t *old = index_of(shard);
    atomic_store_explicit(&shard->index, index, memory_order_relaxed);
    atomic_store_explicit(&shard->bits, bits, memory_order_relaxed);
    for (size_t i = 0; i < n_old; i++) {
        if (old[i] != 0)
            put_in_index(shard, hash_of(record_at(memory, number_of(old[i]))), number_of(old[i]));
    }
    mailsub__free(&memory->allocator, old);
    return MAILSUB_OK;
}

/* Where the entry of a record is; there is one. */
static size_t place_of(const struct shard *shard, uint64_t hash, uint32_t number)
{
    size_t mask = count_places(shard) - 1;
    size_t at = hash & mask;
    const uint32_t *index = index_of(shard);
    while (index[at] != entry_of(hash, number))
        at = (at + 1) & mask;
    return at;
}

/* Entries behind the gap move into it, unless their own place is behind it. */
static void take_from_index(const mailsub__memory *memory, struct shard *shard, size_t gap)
{
    uint32_t *index = index_of(shard);
    size_t mask = count_places(shard) - 1;
    for (size_t at = (gap + 1) & mask; index[at] != 0; at = (at + 1) & mask) {
        size_t home = hash_of(record_at(memory, number_of(index[at]))) & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            index[gap] = index[at];
            gap = at;
        }
    }
    index[gap] = 0;
}

static void forget(const mailsub__memory *memory, struct shard *shard, uint32_t number)
{
    struct record *gone = record_at(memory, number);
    take_from_index(memory, shard, place_of(shard, hash_of(gone), number));
    gone->rule = FREE_RULE;
    gone->closed_s = shard->free;
    shard->free = number + 1;
    shard->n_live--;
}

/* ---- new senders ---- */

static bool has_nothing_left(const mailsub__memory *memory, const struct record *old,
                             int64_t now_ms)
{
    const mailsub__rule *rule = &memory->rules->rules[old->rule];
    if (old->closed_s > 0 &&
        memory->begun_ms + (old->closed_s + (int64_t)CLOSURE_S) * 1000 > now_ms)
        return false;
    for (size_t i = 0; i < rule->n_spans; i++) {
        if (!mailsub__window_is_idle(&old->usages[i], &rule->spans[i], now_ms))
            return false;
    }
    return true;
}

static void sweep(const mailsub__memory *memory, struct shard *shard, int64_t now_ms)
{
    const uint32_t *index = index_of(shard);
    size_t n_places = count_places(shard);
    for (int i = 0; i < N_SWEPT && index; i++) {
        shard->swept = (shard->swept + 1) & (n_places - 1);
        if (index[shard->swept] == 0)
            continue;
        uint32_t number = number_of(index[shard->swept]);
        if (has_nothing_left(memory, record_at(memory, number), now_ms))
            forget(memory, shard, number);
    }
}

/* A place for a record: its number. */
static int find_place(mailsub__memory *memory, struct shard *shard, uint32_t *out_number)
{
    if (shard->free != 0) {
        *out_number = shard->free - 1;
        shard->free = record_at(memory, *out_number)->closed_s;
        return MAILSUB_OK;
    }
    if (shard->next % MAILSUB__RECORDS_BATCH == 0) {
        int rc = mailsub__records_take(&memory->records, &shard->next);
        if (rc)
            return rc;
    }
    *out_number = shard->next++;
    return MAILSUB_OK;
}

static int create(mailsub__memory *memory, struct shard *shard, uint64_t hash, uint32_t rule,
                  struct record **out_record)
{
    uint32_t number;
    int rc = grow_index(memory, shard);
    if (rc == MAILSUB_OK)
        rc = find_place(memory, shard, &number);
    if (rc)
        return rc;
    struct record *made = record_at(memory, number);
    memset(made, 0, memory->records.len);
    made->hash[0] = (uint32_t)hash;
    made->hash[1] = (uint32_t)(hash >> 32);
    made->rule = rule & FREE_RULE;
    put_in_index(shard, hash, number);
    shard->n_live++;
    *out_record = made;
    return MAILSUB_OK;
}

/* ---- time ---- */

static int64_t read_clock_slowly(mailsub__memory *memory, const mailsub_instant *now)
{
    pthread_mutex_lock(&memory->clock_lock);
    bool first = memory->anchor.at_ms == 0;
    int64_t now_ms = mailsub__anchor_advance(&memory->anchor, now);
    if (first)
        memory->begun_ms = now_ms;
    if (now->steady_id != 0) {
        atomic_store(&memory->steady_id, 0);
        atomic_store(&memory->offset_ms, now_ms - memory->anchor.steady_ms);
        atomic_store(&memory->steady_id, now->steady_id);
    }
    pthread_mutex_unlock(&memory->clock_lock);
    return now_ms;
}

static int64_t read_clock(mailsub__memory *memory, const mailsub_instant *now)
{
    if (now->steady_id != 0 &&
        atomic_load_explicit(&memory->steady_id, memory_order_acquire) == now->steady_id) {
        int64_t offset_ms = atomic_load_explicit(&memory->offset_ms, memory_order_acquire);
        if (atomic_load_explicit(&memory->steady_id, memory_order_acquire) == now->steady_id) {
            int64_t now_ms = now->steady_ms + offset_ms;
            return now_ms > memory->begun_ms ? now_ms : memory->begun_ms;
        }
    }
    return read_clock_slowly(memory, now);
}

bool mailsub__memory_has_clock(mailsub__memory *memory, uint64_t steady_id)
{
    return atomic_load_explicit(&memory->steady_id, memory_order_acquire) == steady_id;
}

/* ---- the store ---- */

int mailsub__memory_new(const mailsub__rules *rules, mailsub__memory **out_memory)
{
    const mailsub_allocator *allocator = rules->allocator;
    mailsub__memory *memory = mailsub__alloc_zeroed(allocator, sizeof *memory);
    if (!memory)
        return MAILSUB_E_NOMEM;
    memory->allocator = *allocator;
    memory->rules = rules;
    size_t len =
        sizeof(struct record) + mailsub__rules_most_windows(rules) * sizeof(mailsub__usage);
    int rc = mailsub__birth_init(&memory->birth);
    if (rc) {
        mailsub__free(allocator, memory);
        return rc;
    }
    mailsub__records_init(&memory->records, &memory->allocator, (len + 3) & ~(size_t)3);
    pthread_mutex_init(&memory->clock_lock, NULL);
    for (size_t i = 0; i < N_SHARDS; i++)
        pthread_mutex_init(&memory->shards[i].lock, NULL);
    *out_memory = memory;
    return MAILSUB_OK;
}

void mailsub__memory_free(mailsub__memory *memory)
{
    if (!memory)
        return;
    for (size_t i = 0; i < N_SHARDS; i++) {
        mailsub__free(&memory->allocator, index_of(&memory->shards[i]));
        pthread_mutex_destroy(&memory->shards[i].lock);
    }
    mailsub__records_deinit(&memory->records);
    pthread_mutex_destroy(&memory->clock_lock);
    mailsub__birth_deinit(&memory->birth);
    mailsub_allocator allocator = memory->allocator;
    mailsub__free(&allocator, memory);
}

static mailsub__closure get_closure(const mailsub__memory *memory, const struct record *record)
{
    if (record->closed_s == 0)
        return (mailsub__closure){0};
    return (mailsub__closure){.until_ms = memory->begun_ms + record->closed_s * 1000LL,
                              .level = record->level};
}

/* In whole seconds, rounded up. */
static void put_closure(const mailsub__memory *memory, struct record *record,
                        const mailsub__closure *closure)
{
    int64_t seconds = (closure->until_ms - memory->begun_ms + 999) / 1000;
    record->closed_s = seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
    record->level = closure->level & ((1u << LEVEL_BITS) - 1);
}

static void decide_on(const mailsub__memory *memory, const mailsub__ask *ask, struct record *record,
                      int64_t now_ms, mailsub_store_answer *answer)
{
    mailsub__closure closure = get_closure(memory, record);
    mailsub__decide(ask, record->usages, &closure, now_ms, answer);
    if (ask->what == MAILSUB_STORE_CLOSE)
        put_closure(memory, record, &closure);
}

/* What nobody has used yet; nothing of it is kept. */
static void decide_on_nothing(const mailsub__ask *ask, int64_t now_ms, mailsub_store_answer *answer)
{
    mailsub__usage usages[MAILSUB_MAX_WINDOWS] = {{{0}}};
    mailsub__closure closure = {0};
    mailsub__decide(ask, usages, &closure, now_ms, answer);
}

/* With the shard's lock. */
static int decide_in(mailsub__memory *memory, struct shard *shard, const mailsub__ask *ask,
                     const mailsub__rule *rule, mailsub_store_answer *answer)
{
    uint32_t rule_number = (uint32_t)(rule - memory->rules->rules);
    int64_t now_ms = read_clock(memory, ask->now);
    struct record *found = look_up(memory, shard, ask->hash, rule_number);
    if (ask->what == MAILSUB_STORE_RESET) {
        if (found) {
            memset(found->usages, 0, rule->n_spans * sizeof found->usages[0]);
            found->closed_s = found->level = 0;
        }
        return MAILSUB_OK;
    }
    bool may_create = ask->what == MAILSUB_STORE_RESERVE || ask->what == MAILSUB_STORE_CLOSE;
    if (!found && may_create) {
        sweep(memory, shard, now_ms);
        int rc = create(memory, shard, ask->hash, rule_number, &found);
        if (rc)
            return rc;
    }
    if (found)
        decide_on(memory, ask, found, now_ms, answer);
    else
        decide_on_nothing(ask, now_ms, answer);
    return MAILSUB_OK;
}

uint64_t mailsub__memory_prepare(const mailsub__memory *memory, const char *key, size_t len)
{
    uint64_t hash = mailsub__hash_text(&memory->rules->key, key, len);
    const struct shard *shard = &memory->shards[hash >> (64 - SHARD_BITS)];
    /* Another thread may just be replacing the index: this is an address, and nothing is read. */
    uintptr_t index = (uintptr_t)index_of(shard);
    size_t mask = count_places(shard) - 1;
    __builtin_prefetch((const void *)(index + (hash & mask) * sizeof(uint32_t)));
    return hash;
}

int mailsub__memory_decide(mailsub__memory *memory, const mailsub__ask *ask,
                           const mailsub__rule *rule, mailsub_store_answer *answer)
{
    if (mailsub__birth_is_elsewhere(&memory->birth))
        return MAILSUB_E_STATE;
    struct shard *shard = shard_of(memory, ask->hash);
    pthread_mutex_lock(&shard->lock);
    int rc = decide_in(memory, shard, ask, rule, answer);
    pthread_mutex_unlock(&shard->lock);
    return rc;
}
