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

enum {
    ASK_LEN = 2 + 2 * 8 + 8 + 5 * 8 + 1,
    WINDOW_LEN = 2 * 8 + 1 + 2 * 2,
    MAX_REQUEST = ASK_LEN + WINDOW_LEN * MAILSUB_MAX_WINDOWS,
    N_GRANTED = 2, /* elements of an answer when all is granted, and else in front of the windows */
    N_FIXED = 5
};
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

/* A number as the script reads it: all of ours are whole in a double. */
static unsigned char *put_number(unsigned char *at, int64_t number)
{
    double value = (double)number;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 8; i++)
        *at++ = (unsigned char)(bits >> 8 * i);
    return at;
}

static unsigned char *put_short(unsigned char *at, int32_t number)
{
    *at++ = (unsigned char)((uint32_t)number & 0xff);
    *at++ = (unsigned char)((uint32_t)number >> 8 & 0xff);
    return at;
}

/* All that is asked, in one string: the server makes a value of each argument, and the script would
   make a number of each. Returns its length. */
static size_t write_request(const redis_store *store, const mailsub_store_request *request,
                            unsigned char out[MAX_REQUEST])
{
    const int64_t numbers[] = {request->recipients, request->least, request->messages,
                               request->at_ms, request->close_ms};
    unsigned char *at = out;
    *at++ = (unsigned char)request->what;
    *at++ = store->address.client_clock;
    at = put_number(at, request->now.unix_ms);
    at = put_number(at, request->now.steady_ms);
    memcpy(at, &request->now.steady_id, 8);
    at += 8;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        at = put_number(at, numbers[i]);
    *at++ = (unsigned char)request->n_windows;
    for (size_t i = 0; i < request->n_windows; i++) {
        const mailsub_window *window = &request->windows[i];
        at = put_number(at, window->length_ms);
        at = put_number(at, window->limit);
        *at++ = window->flags & (MAILSUB_WINDOW_MESSAGES | MAILSUB_WINDOW_FIXED);
        at = put_short(at, window->offset_min);
        at = put_short(at, window->next_min);
    }
    return (size_t)(at - out);
}

static bool is_answer(const redisReply *reply, size_t n_windows)
{
    if (reply->type != REDIS_REPLY_ARRAY ||
        (reply->elements != N_GRANTED && reply->elements != N_FIXED + 2 * n_windows))
        return false;
    for (size_t i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type != REDIS_REPLY_INTEGER)
            return false;
    }
    return true;
}

static void read_answer(const redisReply *reply, mailsub_store_answer *answer)
{
    answer->granted = reply->element[0]->integer;
    answer->at_ms = reply->element[1]->integer;
    answer->retry_ms = answer->closed_ms = 0;
    answer->stopped_by = -1;
    if (reply->elements == N_GRANTED)
        return;
    answer->retry_ms = reply->element[2]->integer;
    answer->closed_ms = reply->element[3]->integer;
    answer->stopped_by = (int)reply->element[4]->integer;
    for (size_t i = N_FIXED; i + 1 < reply->elements; i += 2) {
        answer->used[(i - N_FIXED) / 2] = reply->element[i]->integer;
        answer->next_ms[(i - N_FIXED) / 2] = reply->element[i + 1]->integer;
    }
}

/* One call of the script, on a connection that is there. *out_again: try once more. */
static int call_script(redis_store *store, const mailsub_store_request *request,
                       mailsub_store_answer *answer, bool *out_again)
{
    unsigned char asked[MAX_REQUEST];
    char key[sizeof store->address.prefix + MAILSUB_MAX_STORE_KEY];
    redisReply *reply = NULL;
    int key_len = snprintf(key, sizeof key, "%s%s", store->address.prefix, request->key);
    const char *words[] = {"EVALSHA", store->hash, "1", key, (const char *)asked};
    const size_t lens[] = {7, 40, 1, (size_t)key_len, write_request(store, request, asked)};
    int rc = redis_connection_call(&store->connection, 5, words, lens, &reply);
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
