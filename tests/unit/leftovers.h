/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts what a process holds, to show that nothing stays behind; and takes its standard descriptors. */
#ifndef MAILSUB_TESTS_LEFTOVERS_H
#define MAILSUB_TESTS_LEFTOVERS_H

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

/* Close what a program may have closed before it calls the library; nothing is told until it is
   back. */
static inline void close_standard(int kept[3])
{
    for (int fd = 0; fd < 3; fd++)
        kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 40);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
}

static inline void reopen_standard(const int kept[3])
{
    for (int fd = 0; fd < 3; fd++) {
        dup2(kept[fd], fd);
        close(kept[fd]);
    }
}

/* Whether the thread of that number goes on; one that has gone does not. */
static inline bool is_running(const char *number)
{
    enum { PF_EXITING = 4 }; /* of the kernel's flags in stat, see proc_pid_stat(5) */
    char text[512];
    unsigned flags = PF_EXITING;
    snprintf(text, sizeof text, "/proc/self/task/%.20s/stat", number);
    FILE *file = fopen(text, "r");
    if (!file)
        return false;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *behind_name = strrchr(text, ')');
    if (behind_name)
        sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %u", &flags);
    return (flags & PF_EXITING) == 0;
}

/*
 * The kernel wakes whoever joins a thread a moment before it takes the thread off the list. What is
 * still listed there does not count: counted before a test, it would be missing behind it.
 */
static inline size_t count_threads(void)
{
    size_t n = 0;
    DIR *directory = opendir("/proc/self/task");
    if (!directory)
        return 0;
    for (const struct dirent *entry; (entry = readdir(directory));)
        n += entry->d_name[0] != '.' && is_running(entry->d_name);
    closedir(directory);
    return n;
}

/* The number of threads, which is to be n: those that nobody joins end a moment later. */
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
