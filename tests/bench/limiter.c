/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limiter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include "measure.h"

enum { MAX_WORKERS = 64, TAKEN_AT_ONCE = 16 };

struct job {
    const char *where;
    int64_t limit;
    unsigned long n_senders;
    unsigned long count;
    unsigned n_workers;
    void *handle;
    pthread_barrier_t start;
    struct measure begun;
};

/* What processes share. */
struct common {
    pthread_barrier_t start;
    atomic_ulong left;
    unsigned long done[MAX_WORKERS];
};

struct worker {
    struct job *job;
    uint64_t random;
    unsigned long count;
};

/* By hand: a decision takes less than what snprintf does. */
static void write_sender(unsigned long number, char out[LIMITER_SENDER_LEN])
{
    memcpy(out, "user0000000@dept0.example.org", 30);
    out[16] = (char)('0' + number % 8);
    for (int i = 10; number > 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
}

static unsigned long draw(uint64_t *random, unsigned long below)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (unsigned long)((*random >> 32) * below >> 32);
}

static void decide(void *worker, const struct job *job, uint64_t *random, unsigned long count)
{
    char sender[LIMITER_SENDER_LEN];
    for (unsigned long i = 0; i < count; i++) {
        write_sender(draw(random, job->n_senders), sender);
        limiter_decide(worker, sender);
    }
}

/* Returns the octets a sender that it took. */
static double fill(struct job *job)
{
    char sender[LIMITER_SENDER_LEN];
    long before_kib = measure_kib("VmRSS:");
    job->handle = limiter_open(job->where, job->limit, job->n_senders);
    void *worker = limiter_worker_new(job->handle);
    for (unsigned long i = 0; i < job->n_senders; i++) {
        write_sender(i, sender);
        limiter_decide(worker, sender);
    }
    limiter_worker_free(worker);
    return (double)(measure_kib("VmRSS:") - before_kib) * 1024 / (double)job->n_senders;
}

/* ---- threads ---- */

static void *work(void *context)
{
    struct worker *own = context;
    void *worker = limiter_worker_new(own->job->handle);
    pthread_barrier_wait(&own->job->start);
    decide(worker, own->job, &own->random, own->count);
    limiter_worker_free(worker);
    return NULL;
}

static struct measure run_threads(struct job *job)
{
    struct worker workers[MAX_WORKERS];
    pthread_t threads[MAX_WORKERS];
    pthread_barrier_init(&job->start, NULL, job->n_workers + 1);
    for (unsigned i = 0; i < job->n_workers; i++) {
        workers[i] = (struct worker){job, 88172645463325252u + i, job->count / job->n_workers};
        bench_need(pthread_create(&threads[i], NULL, work, &workers[i]) == 0, "pthread_create");
    }
    pthread_barrier_wait(&job->start);
    struct measure begun = measure_begin();
    for (unsigned i = 0; i < job->n_workers; i++)
        pthread_join(threads[i], NULL);
    return measure_end(&begun);
}

/* ---- processes ---- */

static void work_apart(struct job *job, struct common *common, unsigned number)
{
    uint64_t random = 88172645463325252u + number;
    void *handle = limiter_open(job->where, job->limit, job->n_senders);
    void *worker = limiter_worker_new(handle);
    pthread_barrier_wait(&common->start);
    while (atomic_fetch_sub(&common->left, TAKEN_AT_ONCE) >= TAKEN_AT_ONCE) {
        decide(worker, job, &random, TAKEN_AT_ONCE);
        common->done[number] += TAKEN_AT_ONCE;
        if (atomic_load(&common->left) > job->count) /* it went below zero */
            break;
    }
    limiter_worker_free(worker);
    limiter_close(handle);
    _exit(0);
}

static struct measure run_processes(struct job *job, double *out_slowest)
{
    struct common *common =
        mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bench_need(common != MAP_FAILED, "mmap");
    pthread_barrierattr_t shared;
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&common->start, &shared, job->n_workers + 1);
    atomic_init(&common->left, job->count);
    for (unsigned i = 0; i < job->n_workers; i++) {
        pid_t pid = fork();
        bench_need(pid >= 0, "fork");
        if (pid == 0)
            work_apart(job, common, i);
    }
    struct measure begun = measure_begin();
    pthread_barrier_wait(&common->start);
    begun.wall = measure_begin().wall;
    unsigned long least = job->count, sum = 0;
    for (int status; wait(&status) > 0;)
        bench_need(status == 0, "a process");
    struct measure took = measure_end(&begun);
    for (unsigned i = 0; i < job->n_workers; i++) {
        least = common->done[i] < least ? common->done[i] : least;
        sum += common->done[i];
    }
    *out_slowest = (double)least * job->n_workers / (double)sum;
    munmap(common, sizeof *common);
    return took;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: %s WHERE LIMIT SENDERS COUNT threads|processes WORKERS\n",
                bench_name);
        return 64;
    }
    struct job job = {
        .where = argv[1],
        .limit = strtoll(argv[2], NULL, 10),
        .n_senders = strtoul(argv[3], NULL, 10),
        .count = strtoul(argv[4], NULL, 10),
        .n_workers = (unsigned)strtoul(argv[6], NULL, 10),
    };
    bool threads = strcmp(argv[5], "threads") == 0;
    bench_need(job.n_workers >= 1 && job.n_workers <= MAX_WORKERS, "WORKERS");
    double slowest = 1;
    double octets = fill(&job);
    if (!threads)
        limiter_close(job.handle); /* connections are nothing to be inherited */
    struct measure took = threads ? run_threads(&job) : run_processes(&job, &slowest);
    if (threads)
        limiter_close(job.handle);
    printf("{\"program\": \"%s\", \"senders\": %lu, \"decisions\": %lu, \"wall_s\": %.6f, "
           "\"user_s\": %.6f, \"system_s\": %.6f, \"bytes_a_sender\": %.1f, "
           "\"slowest_share\": %.3f}\n",
           bench_name, job.n_senders, job.count, took.wall, took.user, took.system,
           threads ? octets : 0, slowest);
    return 0;
}
