/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The least that a limiter in Redis can be: one EVALSHA through hiredis. WHERE is a local socket.
 * With GCRA defined the script is one cell of GCRA for each of two windows, in one value that is
 * read and written; else it does nothing at all, and the round trip alone is what takes time.
 */
#include "limiter.h"
#include "measure.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef GCRA
const char bench_name[] = "redisgcra_limiter";
static const char script[] =
    "local now = redis.call('TIME')\n"
    "now = now[1] * 1000 + now[2] / 1000\n"
    "local held = redis.call('GET', KEYS[1])\n"
    "local due = {now, now}\n"
    "if held then due[1], due[2] = struct.unpack('<dd', held) end\n"
    "for i = 1, 2 do\n"
    "  local span = tonumber(ARGV[i])\n"
    "  due[i] = math.max(due[i], now) + span / tonumber(ARGV[3])\n"
    "  if due[i] > now + span then return {0, math.ceil(due[i] - now - span)} end\n"
    "end\n"
    "redis.call('SET', KEYS[1], struct.pack('<dd', due[1], due[2]), 'PX', ARGV[2])\n"
    "return {1, 0}\n";
#else
const char bench_name[] = "redisbare_limiter";
static const char script[] = "return {1, 0}\n";
#endif

struct client {
    redisContext *context;
    char hash[41];
    char limit[24];
};

void *limiter_open(const char *where, int64_t limit, unsigned long n_senders)
{
    struct client *client = calloc(1, sizeof *client);
    (void)n_senders;
    bench_need(client, "memory");
    client->context = redisConnectUnix(where);
    bench_need(client->context && !client->context->err, where);
    redisReply *reply = redisCommand(client->context, "SCRIPT LOAD %s", script);
    bench_need(reply && reply->type == REDIS_REPLY_STRING && reply->len == 40, "SCRIPT LOAD");
    memcpy(client->hash, reply->str, 41);
    freeReplyObject(reply);
    snprintf(client->limit, sizeof client->limit, "%lld", (long long)limit);
    return client;
}

void *limiter_worker_new(void *handle)
{
    return handle;
}

void limiter_decide(void *worker, const char *sender)
{
    struct client *client = worker;
    const char *words[] = {"EVALSHA", client->hash, "1",          sender,
                           "1000",    "2592000000", client->limit};
    redisReply *reply = redisCommandArgv(client->context, 7, words, NULL);
    bench_need(reply && reply->type == REDIS_REPLY_ARRAY, "EVALSHA");
    freeReplyObject(reply);
}

void limiter_worker_free(void *worker)
{
    (void)worker;
}

void limiter_close(void *handle)
{
    struct client *client = handle;
    redisFree(client->context);
    free(client);
}
