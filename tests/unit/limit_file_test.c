/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limiter's file: the conformance suite, what is refused, what survives. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mailsub/mailsub.h>

#include "../store/conformance.h"
#include "limit/file_format.h"

#define DAY_MS (24LL * 60 * 60 * 1000)

struct folder {
    char name[64];
    char path[128];
    char url[160];
};

static void make_folder(struct folder *folder)
{
    /* In memory where there is a file system of that kind: a disk takes long to make it last. */
    strcpy(folder->name, "/dev/shm/mailsub-limits.XXXXXX");
    if (!mkdtemp(folder->name)) {
        strcpy(folder->name, "/tmp/mailsub-limits.XXXXXX");
        assert_non_null(mkdtemp(folder->name));
    }
    snprintf(folder->path, sizeof folder->path, "%s/limits", folder->name);
    snprintf(folder->url, sizeof folder->url, "file:%s", folder->path);
}

static void remove_folder(const struct folder *folder)
{
    static const char *const names[] = {"limits", "limits.new", "limits.damaged", "other"};
    char path[200];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder->name, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder->name), 0); /* nothing else is left behind */
}

static int open_file(void *context, mailsub_limiter **out_limiter)
{
    const struct folder *folder = context;
    return mailsub_limiter_open(NULL, folder->url, out_limiter);
}

static mailsub_limiter *open_limit(const struct folder *folder, int64_t limit)
{
    mailsub_limiter *limiter = NULL;
    assert_int_equal(mailsub_limiter_open(NULL, folder->url, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, limit, DAY_MS, 0), 0);
    return limiter;
}

static const mailsub_instant start_time = {
    .size = sizeof(mailsub_instant), .unix_ms = 1795348800000, .steady_ms = 5000, .steady_id = 3};

static int reserve_at(mailsub_limiter *limiter, const char *sender, int64_t n,
                      const mailsub_instant *now)
{
    mailsub_ticket *ticket = NULL;
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    int rc = mailsub_limiter_reserve(limiter, sender, n, now, ticket);
    mailsub_ticket_free(ticket);
    return rc;
}

static int reserve(mailsub_limiter *limiter, const char *sender, int64_t n)
{
    return reserve_at(limiter, sender, n, &start_time);
}

static void tell_failure(void *context, const char *check, const char *what)
{
    (void)context;
    printf("# %s: %s\n", check, what);
}

static void a_file_conforms(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder);
    const char *text = getenv("MAILSUB_LIMITER_OPERATIONS");
    const struct conformance suite = {
        .context = &folder,
        .flags = CONFORMANCE_SHARED,
        .open = open_file,
        .failed = tell_failure,
        .n_operations = text ? (unsigned)strtoul(text, NULL, 10) : 2000,
        .seed = 0xf11e,
    };
    assert_int_equal(conformance_run(&suite), 0);
    struct stat facts;
    assert_int_equal(stat(folder.path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    remove_folder(&folder);
}

static void a_file_grows_and_forgets(void **state)
{
    (void)state;
    struct folder folder;
    struct stat facts;
    char sender[64];
    make_folder(&folder);
    mailsub_limiter *one = open_limit(&folder, 2);
    mailsub_limiter *two = open_limit(&folder, 2);
    for (int i = 0; i < 400; i++) {
        snprintf(sender, sizeof sender, "s%d@x.example", i);
        assert_int_equal(reserve(i % 2 ? one : two, sender, 1), 0);
    }
    for (int i = 0; i < 400; i++) {
        snprintf(sender, sizeof sender, "s%d@x.example", i);
        assert_int_equal(reserve(i % 3 ? one : two, sender, 2), MAILSUB_E_RATE_LIMITED);
        assert_int_equal(reserve(i % 3 ? one : two, sender, 1), 0);
    }
    assert_int_equal(stat(folder.path, &facts), 0);
    off_t len = facts.st_size;
    assert_true(len >= 4096 + 400 * 512);
    mailsub_instant later = start_time;
    for (int i = 0; i < 2000; i++) {
        later.steady_ms += DAY_MS / 100;
        later.unix_ms += DAY_MS / 100;
        snprintf(sender, sizeof sender, "t%d@x.example", i);
        assert_int_equal(reserve_at(i % 2 ? one : two, sender, 2, &later), 0);
    }
    assert_int_equal(stat(folder.path, &facts), 0);
    assert_true(facts.st_size <= 2 * len);
    mailsub_limiter_unref(one);
    mailsub_limiter_unref(two);
    remove_folder(&folder);
}

/* ---- what is refused ---- */

static void write_at(const struct folder *folder, off_t at, const char *data, size_t len)
{
    int fd = open(folder->path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, len, at), len);
    close(fd);
}

static void set_version(const struct folder *folder)
{
    write_at(folder, 16, "\2", 1);
}

static void break_head(const struct folder *folder)
{
    write_at(folder, 50, "x", 1);
}

static void write_text(const struct folder *folder)
{
    write_at(folder, 0, "To whom it may concern", 22);
}

static void cut_all(const struct folder *folder)
{
    assert_int_equal(truncate(folder->path, 0), 0);
}

static void cut_slots(const struct folder *folder)
{
    assert_int_equal(truncate(folder->path, 4096), 0);
}

static void cut_some(const struct folder *folder)
{
    assert_int_equal(truncate(folder->path, 4096 + 700), 0);
}

static void open_to_others(const struct folder *folder)
{
    assert_int_equal(chmod(folder->path, 0644), 0);
}

static void make_link(const struct folder *folder)
{
    char other[200];
    snprintf(other, sizeof other, "%s/other", folder->name);
    assert_int_equal(rename(folder->path, other), 0);
    assert_int_equal(symlink(other, folder->path), 0);
}

static void make_pipe(const struct folder *folder)
{
    assert_int_equal(unlink(folder->path), 0);
    assert_int_equal(mkfifo(folder->path, 0600), 0);
}

static const struct refused_row {
    const char *name;
    void (*change)(const struct folder *folder);
    int want;
} refused_rows[] = {
    {"later version", set_version, MAILSUB_E_STORE_VERSION},
    {"damaged head", break_head, MAILSUB_E_STORE_DAMAGED},
    {"something else", write_text, MAILSUB_E_STORE_DAMAGED},
    {"empty file", cut_all, MAILSUB_E_STORE_DAMAGED},
    {"file cut behind its head", cut_slots, MAILSUB_E_STORE_DAMAGED},
    {"file cut in a slot", cut_some, MAILSUB_E_STORE_DAMAGED},
    {"file that others may read", open_to_others, MAILSUB_E_STORE_UNSAFE},
    {"symbolic link", make_link, MAILSUB_E_STORE_UNSAFE},
    {"named pipe", make_pipe, MAILSUB_E_STORE_UNSAFE},
};

static void file_is_refused(void **state)
{
    const struct refused_row *row = *state;
    struct folder folder;
    make_folder(&folder);
    mailsub_limiter *limiter = open_limit(&folder, 5);
    assert_int_equal(reserve(limiter, "a@x.example", 5), 0);
    row->change(&folder);
    mailsub_limiter *other = NULL;
    assert_int_equal(mailsub_limiter_open(NULL, folder.url, &other), row->want);
    assert_null(other);
    /* Who has it open finds out within a second, and admits nothing that is not there meanwhile. */
    mailsub_instant later = start_time;
    later.steady_ms += 1500;
    int rc = reserve_at(limiter, "a@x.example", 1, &later);
    assert_true(rc == row->want || rc == MAILSUB_E_RATE_LIMITED);
    mailsub_limiter_unref(limiter);
    remove_folder(&folder);
}

static void a_damaged_slot_is_refused(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder);
    mailsub_limiter *limiter = open_limit(&folder, 5);
    assert_int_equal(reserve(limiter, "a@x.example", 5), 0);
    for (off_t at = 4096; at < 4096 + 128 * 512; at += 512)
        write_at(&folder, at + 60, "?", 1);
    assert_int_equal(reserve(limiter, "a@x.example", 1), MAILSUB_E_STORE_DAMAGED);
    assert_int_equal(reserve(limiter, "b@x.example", 1), MAILSUB_E_STORE_DAMAGED);
    mailsub_limiter_unref(limiter);
    remove_folder(&folder);
}

static void places_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        int want;
    } rows[] = {
        {"file:/nonexistent/limits", MAILSUB_E_STORE},
        {"file:/proc/limits", MAILSUB_E_STORE},
        {"file:/tmp", MAILSUB_E_STORE_UNSAFE},
        {"file:", MAILSUB_E_URL},
        {"file:limits", MAILSUB_E_URL},
        {"file://host/limits", MAILSUB_E_URL},
        {"memory:x", MAILSUB_E_URL},
        {"", MAILSUB_E_URL},
        {"oracle:/x", MAILSUB_E_URL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailsub_limiter *limiter = NULL;
        assert_int_equal(mailsub_limiter_open(NULL, rows[i].url, &limiter), rows[i].want);
        assert_null(limiter);
    }
    mailsub_limiter *limiter = NULL;
    assert_int_equal(mailsub_limiter_open(NULL, "memory:", &limiter), 0);
    mailsub_limiter_unref(limiter);
}

/* ---- recovery ---- */

#define LAST_SLOT_AT (4096 + 127 * 512)

static bool last_slot_is_used(const struct folder *folder)
{
    static const unsigned char unused[512];
    unsigned char slot[512];
    int fd = open(folder->path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, slot, sizeof slot, LAST_SLOT_AT), sizeof slot);
    close(fd);
    return memcmp(slot, unused, sizeof slot) != 0;
}

/* A file in which the sender has not got the last slot: where one is, the file's salt decides. */
static mailsub_limiter *open_with_sender(struct folder *folder, const char *sender)
{
    for (;;) {
        make_folder(folder);
        mailsub_limiter *limiter = open_limit(folder, 5);
        assert_int_equal(mailsub_limiter_recover(folder->url, 0), 0); /* nothing to be done */
        assert_int_equal(reserve(limiter, sender, 4), 0);
        if (!last_slot_is_used(folder))
            return limiter;
        mailsub_limiter_unref(limiter);
        remove_folder(folder);
    }
}

static void what_is_whole_is_recovered(void **state)
{
    (void)state;
    struct folder folder;
    mailsub_limiter *limiter = open_with_sender(&folder, "a@x.example");
    mailsub_limiter_unref(limiter);
    assert_int_equal(truncate(folder.path, LAST_SLOT_AT + 1), 0);
    assert_int_equal(mailsub_limiter_recover(folder.url, 0), 0);
    limiter = NULL;
    assert_int_equal(mailsub_limiter_open(NULL, folder.url, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, 5, DAY_MS, 0), 0);
    assert_int_equal(reserve_at(limiter, "a@x.example", 1, NULL), 0);
    /* Who was not in it may have used all. */
    assert_int_equal(reserve_at(limiter, "b@x.example", 1, NULL), MAILSUB_E_RATE_LIMITED);
    mailsub_limiter_unref(limiter);
    assert_int_equal(truncate(folder.path, 100), 0);
    assert_int_equal(mailsub_limiter_recover(folder.url, MAILSUB_RECOVER_FORGET), 0);
    limiter = open_limit(&folder, 5);
    assert_int_equal(reserve_at(limiter, "a@x.example", 5, NULL), 0);
    mailsub_limiter_unref(limiter);
    assert_int_equal(mailsub_limiter_recover("memory:", 0), MAILSUB_E_URL);
    remove_folder(&folder);
}

/* The process dies between the steps by which one file takes the place of another. */
static void a_change_that_was_cut_short_is_ended(void **state)
{
    (void)state;
    struct folder folder;
    char next[160];
    unsigned char octets[4096];
    mailsub__limits_head head;
    make_folder(&folder);
    mailsub_limiter *limiter = open_limit(&folder, 5);
    assert_int_equal(reserve(limiter, "a@x.example", 5), 0);
    /* A whole successor, as step 1 leaves it. */
    snprintf(next, sizeof next, "%s.new", folder.path);
    int from = open(folder.path, O_RDWR);
    int to = open(next, O_RDWR | O_CREAT, 0600);
    for (ssize_t n, at = 0; (n = pread(from, octets, sizeof octets, at)) > 0; at += n)
        assert_int_equal(pwrite(to, octets, (size_t)n, at), n);
    assert_int_equal(pread(from, octets, sizeof octets, 0), sizeof octets);
    assert_int_equal(mailsub__limits_get_head(octets, sizeof octets, &head), 0);
    head.generation++;
    mailsub__limits_put_head(&head, octets);
    assert_int_equal(pwrite(to, octets, sizeof octets, 0), sizeof octets);
    assert_int_equal(reserve(limiter, "b@x.example", 5), 0); /* the old one is the one */
    head.successor = head.generation--;
    mailsub__limits_put_head(&head, octets);
    assert_int_equal(pwrite(from, octets, sizeof octets, 0), sizeof octets);
    assert_int_equal(reserve(limiter, "b@x.example", 1), MAILSUB_E_RATE_LIMITED);
    assert_int_equal(ftruncate(from, 4096), 0);
    close(from);
    close(to);
    assert_int_equal(reserve(limiter, "a@x.example", 1), MAILSUB_E_RATE_LIMITED);
    assert_int_not_equal(access(next, F_OK), 0);
    mailsub_limiter_unref(limiter);
    remove_folder(&folder);
}

/* ---- power and disk ---- */

/* An older version of a slot comes back with the next start of the machine. */
static void what_the_disk_forgot_counts(void **state)
{
    (void)state;
    struct folder folder;
    static char octets[4096 + 128 * 512];
    make_folder(&folder);
    mailsub_limiter *limiter = open_limit(&folder, 10000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(reserve(limiter, "a@x.example", 1), 0);
    int fd = open(folder.path, O_RDWR);
    assert_int_equal(pread(fd, octets, sizeof octets, 0), sizeof octets);
    int n = 0;
    struct stat facts;
    assert_int_equal(fstat(fd, &facts), 0);
    assert_int_equal(facts.st_size, sizeof octets);
    /* What is admitted before something is made to last again is a lease: at most 156. */
    int64_t last = 0;
    for (; n < 60; n++) {
        assert_int_equal(reserve(limiter, "a@x.example", 1), 0);
        mailsub__limits_slot slot;
        for (size_t at = 4096; at < sizeof octets; at += 512) {
            unsigned char now[512];
            assert_int_equal(pread(fd, now, 512, (off_t)at), 512);
            assert_int_equal(mailsub__limits_get_slot(now, &slot), 0);
            if (slot.len > 0)
                break;
        }
        if (n > 0 && (int64_t)slot.lease != last - 1)
            assert_int_equal(pread(fd, octets, sizeof octets, 0), sizeof octets);
        last = slot.lease;
    }
    assert_int_equal(pwrite(fd, octets, sizeof octets, 0), sizeof octets);
    close(fd);
    mailsub_instant later = start_time;
    later.steady_id++;
    later.steady_ms = 10;
    mailsub_ticket *ticket = NULL;
    int64_t used = 0;
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    assert_int_equal(mailsub_limiter_query(limiter, "a@x.example", &later, ticket), 0);
    assert_int_equal(mailsub_ticket_get_usage(ticket, 0, &used, NULL, NULL), 0);
    assert_true(used >= 1060 && used <= 1060 + 156);
    mailsub_ticket_free(ticket);
    mailsub_limiter_unref(limiter);
    remove_folder(&folder);
}

enum { CHILD_FAILED = 3, CHILD_CANNOT = 77 };

/* Senders are admitted until the file would have to grow; those who are in it go on. */
static void use_up_the_file(const struct folder *folder)
{
    mailsub_limiter *limiter = NULL;
    if (mailsub_limiter_open(NULL, folder->url, &limiter) ||
        mailsub_limiter_add_rule(limiter, NULL, 2, DAY_MS, 0))
        _exit(CHILD_FAILED);
    char sender[32];
    int rc = 0;
    int n = 0;
    for (; n < 400 && rc == 0; n++) {
        snprintf(sender, sizeof sender, "s%d@x.example", n);
        rc = reserve(limiter, sender, 1);
    }
    if (rc != MAILSUB_E_STORE || n < 50 || reserve(limiter, "s0@x.example", 1) ||
        reserve(limiter, "s0@x.example", 1) != MAILSUB_E_RATE_LIMITED)
        _exit(CHILD_FAILED);
    _exit(0);
}

static void limit_files(const struct folder *folder)
{
    const struct rlimit small = {4096 + 128 * 512, 4096 + 128 * 512};
    (void)folder;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &small))
        _exit(CHILD_CANNOT);
}

/* A file system of this process alone, in which the file fits once and not twice. */
static void mount_small_disk(const struct folder *folder)
{
    if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", folder->name, "tmpfs", 0, "size=100k"))
        _exit(CHILD_CANNOT);
}

/* Somebody whom permissions hold back, which root is not. The file is there and may be written. */
static void make_read_only(const struct folder *folder)
{
    char url[180];
    mailsub_limiter *limiter = NULL;
    if (mailsub_limiter_open(NULL, folder->url, &limiter))
        _exit(CHILD_FAILED);
    mailsub_limiter_unref(limiter);
    if (getuid() == 0 && (chown(folder->name, 65534, 65534) || chown(folder->path, 65534, 65534) ||
                          setgroups(0, NULL) || setgid(65534) || setuid(65534)))
        _exit(CHILD_CANNOT);
    if (chmod(folder->name, 0555))
        _exit(CHILD_CANNOT);
    snprintf(url, sizeof url, "file:%s/other", folder->name);
    if (mailsub_limiter_open(NULL, url, &limiter) != MAILSUB_E_STORE)
        _exit(CHILD_FAILED);
}

static const struct full_row {
    const char *name;
    void (*prepare)(const struct folder *folder);
    bool stays; /* what the child has done to the file is there afterwards */
} full_rows[] = {
    {"file that may not grow", limit_files, true},
    {"full disk", mount_small_disk, false},
    {"read-only directory", make_read_only, true},
};

static void nothing_is_admitted_that_cannot_be_counted(void **state)
{
    const struct full_row *row = *state;
    struct folder folder;
    make_folder(&folder);
    pid_t child = fork();
    if (child == 0) {
        row->prepare(&folder);
        use_up_the_file(&folder);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    chmod(folder.name, 0700);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_CANNOT) {
        remove_folder(&folder);
        skip();
    }
    assert_int_equal(status, 0);
    mailsub_limiter *limiter = open_limit(&folder, 2);
    if (row->stays)
        assert_int_equal(reserve(limiter, "s0@x.example", 1), MAILSUB_E_RATE_LIMITED);
    for (int i = 0; i < 200; i++) {
        char sender[32];
        snprintf(sender, sizeof sender, "t%d@x.example", i);
        assert_int_equal(reserve(limiter, sender, 1), 0);
    }
    mailsub_limiter_unref(limiter);
    remove_folder(&folder);
}

/* ---- several processes ---- */

static void parent_and_child_count_together(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder);
    mailsub_limiter *limiter = open_limit(&folder, 100);
    assert_int_equal(reserve(limiter, "a@x.example", 10), 0);
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    for (int i = 0; i < 3; i++) {
        if (fork() == 0) {
            while (reserve(limiter, "a@x.example", 1) == 0) {
                if (write(pipe_fds[1], "x", 1) != 1)
                    _exit(1);
            }
            _exit(0);
        }
    }
    int64_t n = 10;
    while (reserve(limiter, "a@x.example", 1) == 0)
        n++;
    close(pipe_fds[1]);
    for (char c; read(pipe_fds[0], &c, 1) == 1;)
        n++;
    close(pipe_fds[0]);
    for (int i = 0; i < 3; i++)
        wait(NULL);
    assert_int_equal(n, 100);
    mailsub_limiter_unref(limiter);
    remove_folder(&folder);
}

enum { N_WORKERS = 16, RATE = 200, DAILY = 60000 };

struct admission {
    int64_t before_us;
    int64_t after_us;
};

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void work(const struct folder *folder, int to)
{
    mailsub_limiter *limiter = NULL;
    mailsub_ticket *ticket = NULL;
    if (mailsub_limiter_open(NULL, folder->url, &limiter) || mailsub_ticket_new(NULL, &ticket) ||
        mailsub_limiter_add_rule(limiter, NULL, RATE, 1000, 0) ||
        mailsub_limiter_add_rule(limiter, NULL, DAILY, DAY_MS, 0))
        _exit(1);
    for (;;) {
        struct admission admission = {.before_us = clock_us()};
        int rc = mailsub_limiter_reserve(limiter, "a@x.example", 1, NULL, ticket);
        admission.after_us = clock_us();
        if (rc == MAILSUB_E_RATE_LIMITED) {
            sched_yield();
            continue;
        }
        if (rc || write(to, &admission, sizeof admission) != sizeof admission)
            _exit(1);
    }
}

static int by_after(const void *a, const void *b)
{
    const struct admission *x = a, *y = b;
    return (x->after_us > y->after_us) - (x->after_us < y->after_us);
}

/* More than RATE admissions surely within a second? An admission is somewhere between its times. */
static void check_rate(struct admission *list, size_t n)
{
    qsort(list, n, sizeof *list, by_after);
    for (size_t last = RATE; last < n; last++) {
        int64_t first_us = list[last].before_us;
        for (size_t i = last - RATE; i < last; i++)
            first_us = list[i].before_us < first_us ? list[i].before_us : first_us;
        assert_true(list[last].after_us - first_us > 1000 * 1000);
    }
}

/* Sixteen processes, of which one after the other is killed at any point and started again. As
   many as MAILSUB_HAMMER says are waited for: 12000 take a minute. */
static void nobody_exceeds_when_processes_are_killed(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder);
    const char *text = getenv("MAILSUB_HAMMER");
    size_t wanted = text ? strtoul(text, NULL, 10) : 500;
    int fds[2];
    pid_t workers[N_WORKERS];
    uint32_t random = 12345;
    struct admission *list = calloc(wanted, sizeof *list);
    assert_non_null(list);
    assert_int_equal(pipe(fds), 0);
    for (int i = 0; i < N_WORKERS; i++) {
        workers[i] = fork();
        if (workers[i] == 0)
            work(&folder, fds[1]);
    }
    size_t n_killed = 0;
    for (size_t n = 0; n < wanted; n++) {
        assert_int_equal(read(fds[0], &list[n], sizeof list[n]), sizeof list[n]);
        random = random * 1103515245 + 12345;
        if ((random >> 16) % 8 != 0)
            continue;
        int i = (int)(random >> 20) % N_WORKERS;
        int status = 0;
        kill(workers[i], SIGKILL);
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        assert_true(WIFSIGNALED(status)); /* it had not failed by itself */
        n_killed++;
        workers[i] = fork();
        if (workers[i] == 0)
            work(&folder, fds[1]);
    }
    for (int i = 0; i < N_WORKERS; i++) {
        kill(workers[i], SIGKILL);
        waitpid(workers[i], NULL, 0);
    }
    printf("# %zu admitted, %zu processes killed\n", wanted, n_killed);
    check_rate(list, wanted);
    free(list);
    close(fds[0]);
    close(fds[1]);
    remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(a_file_conforms),
        cmocka_unit_test(a_file_grows_and_forgets),
        cmocka_unit_test(a_damaged_slot_is_refused),
        cmocka_unit_test(places_that_cannot_be_are_refused),
        cmocka_unit_test(what_is_whole_is_recovered),
        cmocka_unit_test(a_change_that_was_cut_short_is_ended),
        cmocka_unit_test(what_the_disk_forgot_counts),
        cmocka_unit_test(parent_and_child_count_together),
        cmocka_unit_test(nobody_exceeds_when_processes_are_killed),
    };
    struct CMUnitTest tests[32];
    size_t n = 0;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        tests[n++] = fixed[i];
    UNIT_ADD_ROWS(tests, n, refused_rows, file_is_refused);
    UNIT_ADD_ROWS(tests, n, full_rows, nothing_is_admitted_that_cannot_be_counted);
    return UNIT_RUN(tests, n);
}
