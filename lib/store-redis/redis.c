/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store: a request becomes one call of the script in decide.lua, by its hash; a server that
 * does not know it (yet, or any more) is given it once.
 */
#include <mailsub/redis.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mailsub/error.h>

#include "decide.lua.h"
#include "store-redis/connection.h"

enum { N_FIXED = 12, MAX_ARGUMENTS = N_FIXED + 5 * MAILSUB_MAX_WINDOWS, NUMBER_LEN = 24 };
#define RETRY_MS 1000

typedef struct redis_store {
    redis_address address;
    pid_t pid;
    pthread_mutex_t lock;
    redis_connection connection;
    char hash[48];     /* of the script; "": the server has not been given it */
    int64_t failed_ms; /* when the server was last found not to answer; 0: it answers */
} redis_store;

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

/* ---- calls ---- */

static int error_of(const redisReply *reply)
{
    if (strstr(reply->str, "MAILSUBVERSION"))
        return MAILSUB_E_STORE_VERSION;
    if (strstr(reply->str, "MAILSUBDAMAGED"))
        return MAILSUB_E_STORE_DAMAGED;
    return MAILSUB_E_STORE;
}

static int call_words(redis_store *store, int n, const char **words, redisReply **out_reply)
{
    redisReply *reply = NULL;
    int rc = redis_connection_call(&store->connection, n, words, NULL, &reply);
    if (rc)
        return rc;
    if (reply->type == REDIS_REPLY_ERROR) {
        rc = error_of(reply);
        freeReplyObject(reply);
        return rc;
    }
    *out_reply = reply;
    return MAILSUB_OK;
}

static int command(redis_store *store, int n, const char **words)
{
    redisReply *reply = NULL;
    int rc = call_words(store, n, words, &reply);
    freeReplyObject(reply);
    return rc;
}

static int log_in(redis_store *store)
{
    const redis_address *address = &store->address;
    const char *auth[] = {"AUTH", address->user, address->password};
    const char *auth_alone[] = {"AUTH", address->password};
    const char *select[] = {"SELECT", address->db};
    int rc = MAILSUB_OK;
    if (address->user[0] != '\0')
        rc = command(store, 3, auth);
    else if (address->password[0] != '\0')
        rc = command(store, 2, auth_alone);
    if (rc == MAILSUB_OK && address->db[0] != '\0')
        rc = command(store, 2, select);
    return rc;
}

static int load_script(redis_store *store)
{
    const char *words[] = {"SCRIPT", "LOAD", script};
    redisReply *reply = NULL;
    int rc = call_words(store, 3, words, &reply);
    if (rc == MAILSUB_OK && (reply->type != REDIS_REPLY_STRING || reply->len != 40))
        rc = MAILSUB_E_STORE;
    if (rc == MAILSUB_OK)
        memcpy(store->hash, reply->str, 41);
    freeReplyObject(reply);
    return rc;
}

static int attach(redis_store *store)
{
    if (store->connection.fd >= 0)
        return MAILSUB_OK;
    if (store->failed_ms != 0 && clock_ms() - store->failed_ms < RETRY_MS)
        return MAILSUB_E_STORE;
    int rc = redis_connection_open(&store->connection, &store->address);
    if (rc == MAILSUB_OK)
        rc = log_in(store);
    if (rc == MAILSUB_OK)
        rc = load_script(store);
    if (rc)
        redis_connection_abandon(&store->connection);
    store->failed_ms = rc ? clock_ms() : 0;
    return rc;
}

/* ---- the request ---- */

typedef struct arguments {
    int n;
    const char *words[MAX_ARGUMENTS];
    size_t lens[MAX_ARGUMENTS];
    char numbers[MAX_ARGUMENTS][NUMBER_LEN];
    char key[sizeof(((redis_address *)0)->prefix) + MAILSUB_MAX_STORE_KEY];
} arguments;

static void add_octets(arguments *list, const char *octets, size_t len)
{
    list->words[list->n] = octets;
    list->lens[list->n++] = len;
}

static void add_number(arguments *list, int64_t number)
{
    char *text = list->numbers[list->n];
    int len = snprintf(text, NUMBER_LEN, "%lld", (long long)number);
    add_octets(list, text, (size_t)len);
}

static void add_clock(arguments *list, const redis_store *store, const mailsub_instant *now)
{
    if (!store->address.client_clock) {
        for (int i = 0; i < 3; i++)
            add_octets(list, "", 0);
        return;
    }
    add_number(list, now->unix_ms);
    add_number(list, now->steady_ms);
    memcpy(list->numbers[list->n], &now->steady_id, sizeof now->steady_id);
    add_octets(list, list->numbers[list->n], sizeof now->steady_id);
}

static void write_arguments(arguments *list, const redis_store *store,
                            const mailsub_store_request *request)
{
    list->n = 0;
    int len = snprintf(list->key, sizeof list->key, "%s%s", store->address.prefix, request->key);
    add_octets(list, "EVALSHA", 7);
    add_octets(list, store->hash, 40);
    add_octets(list, "1", 1);
    add_octets(list, list->key, (size_t)len);
    add_number(list, request->what);
    add_clock(list, store, &request->now);
    add_number(list, request->recipients);
    add_number(list, request->least);
    add_number(list, request->messages);
    add_number(list, request->at_ms);
    add_number(list, request->close_ms);
    for (size_t i = 0; i < request->n_windows; i++) {
        const mailsub_window *window = &request->windows[i];
        add_number(list, window->length_ms);
        add_number(list, window->limit);
        add_number(list, window->flags & (MAILSUB_WINDOW_MESSAGES | MAILSUB_WINDOW_FIXED));
        add_number(list, window->offset_min);
        add_number(list, window->next_min);
    }
}

static bool is_answer(const redisReply *reply, size_t n_windows)
{
    if (reply->type != REDIS_REPLY_ARRAY ||
        (reply->elements != 5 && reply->elements != 5 + 2 * n_windows))
        return false;
    for (size_t i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type != REDIS_REPLY_INTEGER)
            return false;
    }
    return true;
}

static void read_answer(const redisReply *reply, mailsub_store_answer *answer)
{
    int64_t *const fixed[] = {&answer->granted, &answer->at_ms, &answer->retry_ms,
                              &answer->closed_ms};
    for (size_t i = 0; i < 4; i++)
        *fixed[i] = reply->element[i]->integer;
    answer->stopped_by = (int)reply->element[4]->integer;
    for (size_t i = 5; i + 1 < reply->elements; i += 2) {
        answer->used[(i - 5) / 2] = reply->element[i]->integer;
        answer->next_ms[(i - 5) / 2] = reply->element[i + 1]->integer;
    }
}

/* One call of the script, on a connection that is there. *out_again: try once more. */
static int call_script(redis_store *store, const mailsub_store_request *request,
                       mailsub_store_answer *answer, bool *out_again)
{
    arguments list;
    redisReply *reply = NULL;
    write_arguments(&list, store, request);
    int rc = redis_connection_call(&store->connection, list.n, list.words, list.lens, &reply);
    if (rc) {
        redis_connection_abandon(&store->connection);
        *out_again = true;
        return rc;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        *out_again = strncmp(reply->str, "NOSCRIPT", 8) == 0;
        rc = *out_again ? load_script(store) : error_of(reply);
    } else if (!is_answer(reply, request->n_windows)) {
        rc = MAILSUB_E_STORE;
    } else {
        read_answer(reply, answer);
    }
    freeReplyObject(reply);
    return rc;
}

static int decide_locked(redis_store *store, const mailsub_store_request *request,
                         mailsub_store_answer *answer)
{
    int rc = MAILSUB_OK;
    bool again = true;
    for (int i = 0; i < 2 && again; i++) {
        again = false;
        rc = attach(store);
        if (rc == MAILSUB_OK)
            rc = call_script(store, request, answer, &again);
    }
    return again && rc == MAILSUB_OK ? MAILSUB_E_STORE : rc;
}

static int decide(void *context, const mailsub_store_request *request, mailsub_store_answer *answer)
{
    redis_store *store = context;
    if (store->pid != getpid()) { /* a child: another thread may have held the lock */
        pthread_mutex_init(&store->lock, NULL);
        redis_connection_abandon(&store->connection);
        store->pid = getpid();
    }
    pthread_mutex_lock(&store->lock);
    int rc = decide_locked(store, request, answer);
    pthread_mutex_unlock(&store->lock);
    return rc;
}

static void close_store(void *context)
{
    redis_store *store = context;
    if (store->pid == getpid())
        redis_connection_close(&store->connection);
    else
        redis_connection_abandon(&store->connection);
    pthread_mutex_destroy(&store->lock);
    explicit_bzero(store, sizeof *store);
    free(store);
}

int mailsub_redis_store(const char *url, mailsub_store *out_store)
{
    if (!url || !out_store)
        return MAILSUB_E_INVALID;
    redis_store *store = calloc(1, sizeof *store);
    if (!store)
        return MAILSUB_E_NOMEM;
    store->pid = getpid();
    store->connection.fd = -1;
    pthread_mutex_init(&store->lock, NULL);
    int rc = redis_address_parse(url, &store->address);
    if (rc == MAILSUB_OK)
        rc = attach(store);
    if (rc) {
        close_store(store);
        return rc;
    }
    *out_store = (mailsub_store){
        .size = sizeof *out_store, .context = store, .decide = decide, .close = close_store};
    return MAILSUB_OK;
}
