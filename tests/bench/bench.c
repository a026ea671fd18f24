/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct measure begun = measure_begin();
    for (unsigned long i = 0; i < bench.count; i++) {
        bench.len = 0;
        bench_one(&bench);
    }
    struct measure took = measure_end(&begun);
    printf("{\"program\": \"%s\", \"messages\": %lu, \"bytes\": %llu, \"wall_s\": %.6f, "
           "\"user_s\": %.6f, \"system_s\": %.6f, \"peak_rss_kib\": %ld}\n",
           bench.name, bench.count, (unsigned long long)bench.n_bytes, took.wall, took.user,
           took.system, measure_kib("VmHWM:"));
    keep_message(&bench);
    free(bench.data);
    return 0;
}
