/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/resource.h>

void bench_need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s: %s failed\n", bench_name, what);
    exit(1);
}

char *bench_load(const char *path, size_t *out_len)
{
    FILE *file = fopen(path, "rb");
    bench_need(file && fseek(file, 0, SEEK_END) == 0, path);
    long len = ftell(file);
    bench_need(len >= 0 && fseek(file, 0, SEEK_SET) == 0, path);
    char *data = malloc((size_t)len + 1);
    bench_need(data && fread(data, 1, (size_t)len, file) == (size_t)len, path);
    data[len] = '\0';
    fclose(file);
    *out_len = (size_t)len;
    return data;
}

void bench_put(struct bench *bench, const void *data, size_t len)
{
    bench->n_bytes += len;
    if (!bench->in_memory)
        return;
    if (bench->room - bench->len < len) {
        bench->room = 2 * (bench->len + len);
        bench->data = realloc(bench->data, bench->room);
        bench_need(bench->data, "memory");
    }
    memcpy(bench->data + bench->len, data, len);
    bench->len += len;
}

static double seconds_of(struct timeval value)
{
    return (double)value.tv_sec + (double)value.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Peak of this program's own memory; getrusage would tell its parent's when that was larger. */
static long peak_rss_kib(void)
{
    char line[128];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    }
    if (status)
        fclose(status);
    return kib;
}

static void keep_message(const struct bench *bench)
{
    if (strcmp(bench->sink, "memory") == 0 || strcmp(bench->sink, "null") == 0)
        return;
    FILE *file = fopen(bench->sink, "wb");
    bench_need(file && fwrite(bench->data, 1, bench->len, file) == bench->len && fclose(file) == 0,
               bench->sink);
}

int main(int argc, char **argv)
{
    if (argc != 3 + bench_n_files) {
        fprintf(stderr, "usage: %s COUNT SINK FILE...\n", bench_name);
        return 64;
    }
    struct bench bench = {
        .name = bench_name,
        .count = strtoul(argv[1], NULL, 10),
        .sink = argv[2],
        .in_memory = strcmp(argv[2], "null") != 0,
        .paths = argv + 3,
    };
    bench_prepare(&bench);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    double start = now();
    for (unsigned long i = 0; i < bench.count; i++) {
        bench.len = 0;
        bench_one(&bench);
    }
    double wall = now() - start;
    getrusage(RUSAGE_SELF, &after);
    printf("{\"program\": \"%s\", \"messages\": %lu, \"bytes\": %llu, \"wall_s\": %.6f, "
           "\"user_s\": %.6f, \"system_s\": %.6f, \"peak_rss_kib\": %ld}\n",
           bench.name, bench.count, (unsigned long long)bench.n_bytes, wall,
           seconds_of(after.ru_utime) - seconds_of(before.ru_utime),
           seconds_of(after.ru_stime) - seconds_of(before.ru_stime), peak_rss_kib());
    keep_message(&bench);
    free(bench.data);
    return 0;
}
