/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "send.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

void send_need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s: %s\n", send_name, what);
    exit(1);
}

static void load(struct sending *sending)
{
    FILE *file = fopen(sending->path, "rb");
    send_need(file && fseek(file, 0, SEEK_END) == 0, "the message cannot be read");
    long len = ftell(file);
    send_need(len > 0, "the message is empty");
    rewind(file);
    sending->len = (size_t)len;
    if (len > SEND_LARGE) {
        fclose(file);
        return;
    }
    sending->data = malloc(sending->len);
    send_need(sending->data && fread(sending->data, 1, sending->len, file) == sending->len,
              "the message cannot be read");
    fclose(file);
}

/* One for each connection at least, and few are allowed at first. */
static void allow_many_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ru_maxrss would tell of the program that started this one, if that was bigger. */
static long peak_kib(void)
{
    char line[256];
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

static void report(const struct sending *sending, double wall_s)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"program\": \"%s\", \"acknowledged\": %lu, \"bytes\": %llu, \"wall_s\": %.6f, "
           "\"user_s\": %.6f, \"system_s\": %.6f, \"peak_rss_kib\": %ld}\n",
           send_name, sending->n_acknowledged,
           (unsigned long long)sending->n_acknowledged * sending->len, wall_s,
           seconds_of(usage.ru_utime), seconds_of(usage.ru_stime), peak_kib());
}

int main(int argc, char **argv)
{
    if (argc != 10) {
        fprintf(stderr, "usage: %s HOST PORT COUNT CONNECTIONS FILE TLS CA USER PASSWORD\n",
                send_name);
        return 64;
    }
    struct sending sending = {
        .host = argv[1],
        .port = atoi(argv[2]),
        .count = strtoul(argv[3], NULL, 10),
        .connections = atoi(argv[4]),
        .path = argv[5],
        .tls = argv[6],
        .ca = argv[7],
        .user = argv[8],
        .password = argv[9],
    };
    allow_many_descriptors();
    load(&sending);
    double start = now();
    send_all(&sending);
    report(&sending, now() - start);
    free(sending.data);
    return sending.n_acknowledged == sending.count ? 0 : 1;
}
