/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every frame of bench programs measures with. */
#ifndef MAILSUB_TESTS_BENCH_MEASURE_H
#define MAILSUB_TESTS_BENCH_MEASURE_H

#include <stdbool.h>

/* Seconds. */
struct measure {
    double wall;
    double user;
    double system;
};

/* End with a message when ok is false. */
void bench_need(bool ok, const char *what);
struct measure measure_begin(void);
/* What has passed since; of this process and of its children that were waited for. */
struct measure measure_end(const struct measure *begun);
/* A number of /proc/self/status in KiB, such as "VmHWM:". */
long measure_kib(const char *name);
extern const char bench_name[];

#endif
