/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <mailsub/error.h>

int64_t mailsub__clock_monotonic_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Which start of the machine this is: the kernel tells a random UUID, in containers too. Where it
 * cannot be read, a number that no other process has, so that its clock is compared with no other.
 */
static uint64_t find_start(void)
{
    char text[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : -1;
    if (fd >= 0)
        close(fd);
    uint64_t hash = n > 0 ? 0 : (uint64_t)getpid() + 1;
    for (ssize_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u + 0x9e3779b97f4a7c15u;
    return hash | 1;
}

void mailsub__clock_instant(bool calendar, mailsub_instant *out_now)
{
    /* No state of the library: a fact of the machine, which every thread finds the same. */
    static _Atomic uint64_t start;
    struct timespec date = {0};
    struct timespec steady = {0};
    uint64_t id = start;
    if (id == 0)
        start = id = find_start();
    if (calendar)
        clock_gettime(CLOCK_REALTIME, &date);
    clock_gettime(CLOCK_BOOTTIME, &steady);
    int64_t unix_ms = (int64_t)date.tv_sec * 1000 + date.tv_nsec / 1000000;
    *out_now = (mailsub_instant){
        .size = sizeof *out_now,
        .unix_ms = unix_ms > 0 ? unix_ms : 0,
        .steady_ms = (int64_t)steady.tv_sec * 1000 + steady.tv_nsec / 1000000,
        .steady_id = id,
    };
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
