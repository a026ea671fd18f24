/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure.h"

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

static double seconds_of(struct timeval value)
{
    return (double)value.tv_sec + (double)value.tv_usec / 1e6;
}

struct measure measure_begin(void)
{
    struct timespec at;
    struct rusage own, children;
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (struct measure){
        .wall = (double)at.tv_sec + (double)at.tv_nsec / 1e9,
        .user = seconds_of(own.ru_utime) + seconds_of(children.ru_utime),
        .system = seconds_of(own.ru_stime) + seconds_of(children.ru_stime),
    };
}

struct measure measure_end(const struct measure *begun)
{
    struct measure now = measure_begin();
    return (struct measure){now.wall - begun->wall, now.user - begun->user,
                            now.system - begun->system};
}

long measure_kib(const char *name)
{
    char line[128];
    long kib = 0;
    size_t len = strlen(name);
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        if (strncmp(line, name, len) == 0) {
            kib = strtol(line + len, NULL, 10);
            break;
        }
    }
    if (status)
        fclose(status);
    return kib;
}
