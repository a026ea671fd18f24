/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A million senders, each in two or three cache lines. A sender is known by a keyed hash of 64 bits
 * and its rule; two that have both in common (in a million, once in 37 million tables) share their
 * quota, which holds them back and lets nothing through.
 *
 * Senders are spread over shards, each with a lock of its own, so that threads seldom meet. A shard
 * has its records in chunks that never move, and an index with open addressing: an entry is a
 * record's number and 8 bits of its hash, so that nearly every record that is read is the right
 * one. A new sender looks at two old ones, and takes the place of one that has nothing left to
 * count, so the table does not grow for ever.
 *
 * The clock is one of the limiter's for all (anchor.h): while the steady clock is the same, time is
 * what it shows and a constant, and no thread waits for another to know it.
 */
#include "limit/memory.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "limit/anchor.h"
#include "limit/forked.h"

enum {
    N_SHARDS = 32, /* five bits: see shard_of */
    CHUNK_LEN = 256,
    N_SWEPT = 2,
    NUMBER_BITS = 24, /* of an index entry, which is a number + 1 */
    MAX_RECORDS = (1 << NUMBER_BITS) - 1,
    MAX_CHUNKS = MAX_RECORDS / CHUNK_LEN,
    LEVEL_BITS = 4
};

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

struct shard {
    pthread_mutex_t lock;
    uint32_t *index;
    size_t n_places; /* a power of two */
    size_t n_live;
    char **chunks;
    size_t chunk_capacity;
    size_t n_chunks;
    uint32_t n_records; /* ever used */
    uint32_t free;      /* number + 1 of the first free one */
    uint32_t swept;
    char apart[64]; /* what two threads change is never in one cache line */
};

struct mailsub__memory {
    mailsub_allocator allocator;
    const mailsub__rules *rules;
    size_t record_len;
    mailsub__birth birth;
    pthread_mutex_t clock_lock;
    mailsub__anchor anchor;
    int64_t begun_ms;
    atomic_uint_fast64_t steady_id; /* offset_ms is good for it */
    atomic_int_fast64_t offset_ms;
    struct shard shards[N_SHARDS];
};

/* ---- records ---- */

static struct record *record_at(const mailsub__memory *memory, const struct shard *shard,
                                uint32_t number)
{
    return (struct record *)(void *)(shard->chunks[number / CHUNK_LEN] +
                                     (number % CHUNK_LEN) * memory->record_len);
}

static struct shard *shard_of(mailsub__memory *memory, uint64_t hash)
{
    return &memory->shards[hash >> 59];
}

static uint64_t hash_of(const struct record *record)
{
    return (uint64_t)record->hash[1] << 32 | record->hash[0];
}

/* A shard takes the upper bits of a hash, a place the lower, an entry eight between. */
static uint32_t entry_of(uint64_t hash, uint32_t number)
{
    return (uint32_t)(hash >> 40) << NUMBER_BITS | (number + 1);
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
    if (shard->n_places == 0)
        return NULL;
    size_t mask = shard->n_places - 1;
    for (size_t at = hash & mask; shard->index[at] != 0; at = (at + 1) & mask) {
        if (!is_tag(shard->index[at], hash))
            continue;
        struct record *found = record_at(memory, shard, number_of(shard->index[at]));
        __builtin_prefetch((char *)found + 64);
        __builtin_prefetch((char *)found + 128);
        if (hash_of(found) == hash && found->rule == rule)
            return found;
    }
    return NULL;
}

static void put_in_index(struct shard *shard, uint64_t hash, uint32_t number)
{
    size_t mask = shard->n_places - 1;
    size_t at = hash & mask;
    while (shard->index[at] != 0)
        at = (at + 1) & mask;
    shard->index[at] = entry_of(hash, number);
}

/* At most three of four places are taken. */
static int grow_index(mailsub__memory *memory, struct shard *shard)
{
    if (shard->n_live + 1 <= shard->n_places / 4 * 3)
        return MAILSUB_OK;
    size_t n_places = shard->n_places > 0 ? 2 * shard->n_places : 16;
    uint32_t *index = mailsub__alloc_zeroed(&memory->allocator, n_places * sizeof *index);
    if (!index)
        return MAILSUB_E_NOMEM;
    uint32_t *old = shard->index;
    size_t n_old = shard->n_places;
    shard->index = index;
    shard->n_places = n_places;
    for (size_t i = 0; i < n_old; i++) {
        if (old[i] != 0)
            put_in_index(shard, hash_of(record_at(memory, shard, number_of(old[i]))),
                         number_of(old[i]));
    }
    mailsub__free(&memory->allocator, old);
    return MAILSUB_OK;
}

/* Where the entry of a record is; there is one. */
static size_t place_of(const struct shard *shard, uint64_t hash, uint32_t number)
{
    size_t mask = shard->n_places - 1;
    size_t at = hash & mask;
    while (shard->index[at] != entry_of(hash, number))
        at = (at + 1) & mask;
    return at;
}

/* Entries behind the gap move into it, unless their own place is behind it. */
static void take_from_index(const mailsub__memory *memory, struct shard *shard, size_t gap)
{
    size_t mask = shard->n_places - 1;
    for (size_t at = (gap + 1) & mask; shard->index[at] != 0; at = (at + 1) & mask) {
        size_t home = hash_of(record_at(memory, shard, number_of(shard->index[at]))) & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            shard->index[gap] = shard->index[at];
            gap = at;
        }
    }
    shard->index[gap] = 0;
}

static void forget(const mailsub__memory *memory, struct shard *shard, uint32_t number)
{
    struct record *gone = record_at(memory, shard, number);
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
    for (int i = 0; i < N_SWEPT && shard->n_records > 0; i++) {
        shard->swept = (shard->swept + 1) % shard->n_records;
        struct record *old = record_at(memory, shard, shard->swept);
        if (old->rule != FREE_RULE && has_nothing_left(memory, old, now_ms))
            forget(memory, shard, shard->swept);
    }
}

/* A place for a record: its number. */
static int find_place(mailsub__memory *memory, struct shard *shard, uint32_t *out_number)
{
    if (shard->free != 0) {
        *out_number = shard->free - 1;
        shard->free = record_at(memory, shard, *out_number)->closed_s;
        return MAILSUB_OK;
    }
    if (shard->n_records == shard->n_chunks * CHUNK_LEN) {
        int rc =
            mailsub__grow_array(&memory->allocator, (void **)&shard->chunks, &shard->chunk_capacity,
                                shard->n_chunks, sizeof(char *), MAX_CHUNKS);
        if (rc)
            return rc;
        char *chunk = mailsub__alloc_array(&memory->allocator, CHUNK_LEN, memory->record_len);
        if (!chunk)
            return MAILSUB_E_NOMEM;
        shard->chunks[shard->n_chunks++] = chunk;
    }
    *out_number = shard->n_records++;
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
    struct record *made = record_at(memory, shard, number);
    memset(made, 0, memory->record_len);
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

/* ---- the store ---- */

int mailsub__memory_new(const mailsub__rules *rules, mailsub__memory **out_memory)
{
    const mailsub_allocator *allocator = rules->allocator;
    mailsub__memory *memory = mailsub__alloc_zeroed(allocator, sizeof *memory);
    if (!memory)
        return MAILSUB_E_NOMEM;
    memory->allocator = *allocator;
    memory->rules = rules;
    memory->record_len =
        (sizeof(struct record) + mailsub__rules_most_windows(rules) * sizeof(mailsub__usage) + 3) &
        ~3u;
    int rc = mailsub__birth_init(&memory->birth);
    if (rc) {
        mailsub__free(allocator, memory);
        return rc;
    }
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
        struct shard *shard = &memory->shards[i];
        for (size_t j = 0; j < shard->n_chunks; j++)
            mailsub__free(&memory->allocator, shard->chunks[j]);
        mailsub__free(&memory->allocator, shard->chunks);
        mailsub__free(&memory->allocator, shard->index);
        pthread_mutex_destroy(&shard->lock);
    }
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
static int decide_in(mailsub__memory *memory, uint64_t hash, const mailsub__ask *ask,
                     const mailsub__rule *rule, mailsub_store_answer *answer)
{
    struct shard *shard = shard_of(memory, hash);
    uint32_t rule_number = (uint32_t)(rule - memory->rules->rules);
    int64_t now_ms = read_clock(memory, ask->now);
    struct record *found = look_up(memory, shard, hash, rule_number);
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
        int rc = create(memory, shard, hash, rule_number, &found);
        if (rc)
            return rc;
    }
    if (found)
        decide_on(memory, ask, found, now_ms, answer);
    else
        decide_on_nothing(ask, now_ms, answer);
    return MAILSUB_OK;
}

int mailsub__memory_decide(mailsub__memory *memory, const mailsub__ask *ask,
                           const mailsub__rule *rule, mailsub_store_answer *answer)
{
    if (mailsub__birth_is_elsewhere(&memory->birth))
        return MAILSUB_E_STATE;
    uint64_t hash = mailsub__hash_text(&memory->rules->key, ask->key, strlen(ask->key));
    struct shard *shard = shard_of(memory, hash);
    pthread_mutex_lock(&shard->lock);
    int rc = decide_in(memory, hash, ask, rule, answer);
    pthread_mutex_unlock(&shard->lock);
    return rc;
}
