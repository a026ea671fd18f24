/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts what a process holds, to show that nothing stays behind. */
#ifndef MAILSUB_TESTS_LEFTOVERS_H
#define MAILSUB_TESTS_LEFTOVERS_H

#include <dirent.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

static inline size_t count_entries(const char *path)
{
    size_t n = 0;
    DIR *directory = opendir(path);
    if (!directory)
        return 0;
    while (readdir(directory))
        n++;
    closedir(directory);
    return n;
}

static inline size_t count_descriptors(void)
{
    return count_entries("/proc/self/fd");
}

static inline size_t count_threads(void)
{
    return count_entries("/proc/self/task");
}

/*
 * The number of threads, which is to be n: the kernel wakes whoever joins a thread a moment before
 * it takes the thread off the list, so another number is looked at again for a while.
 */
static inline size_t await_threads(size_t n)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    size_t now = count_threads();
    for (int waited = 0; now != n && waited < 5000; waited++) {
        nanosleep(&pause, NULL);
        now = count_threads();
    }
    return now;
}

static inline void *end_at_once(void *context)
{
    return context;
}

/* A sanitizer starts a thread of its own with the program's first: call this before counting. */
static inline void start_first_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, end_at_once, NULL) == 0)
        pthread_join(thread, NULL);
}

#endif
