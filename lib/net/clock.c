/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clock.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

#include <mailsub/error.h>

int64_t mailsub__clock_monotonic_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int read_calendar(void *context, int64_t *out_unix_s, int32_t *out_zone_min)
{
    (void)context;
    time_t now = time(NULL);
    struct tm local;
    if (now == (time_t)-1 || !localtime_r(&now, &local))
        return MAILSUB_E_SYSTEM;
    *out_unix_s = (int64_t)now;
    *out_zone_min = (int32_t)(local.tm_gmtoff / 60);
    return MAILSUB_OK;
}

const mailsub_clock mailsub__system_clock = {
    .size = sizeof(mailsub_clock),
    .now = read_calendar,
};

static int fill_randomly(void *context, void *out, size_t n_bytes)
{
    (void)context;
    unsigned char *at = out;
    while (n_bytes > 0) {
        ssize_t n = getrandom(at, n_bytes, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return MAILSUB_E_RANDOM;
        at += n;
        n_bytes -= (size_t)n;
    }
    return MAILSUB_OK;
}

const mailsub_random mailsub__system_random = {
    .size = sizeof(mailsub_random),
    .fill = fill_randomly,
};
