/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stores of libmailsub-sqlite and libmailsub-redis, through mailsub_limiter_open: the
 * conformance suite, forks, and what happens when they are not there. A Redis server is started
 * for the test, on a local socket; where there is none, its rows are left out.
 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mailsub/mailsub.h>

#include "../store/conformance.h"

#define DAY_MS (24LL * 60 * 60 * 1000)

static char folder[64];
static pid_t redis_pid = -1;

static void path_in(const char *name, char *out, size_t room)
{
    snprintf(out, room, "%s/%s", folder, name);
}

/* ---- a Redis server ---- */

static void start_redis(void)
{
    char socket_path[128];
    path_in("redis.sock", socket_path, sizeof socket_path);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    redis_pid = fork();
    if (redis_pid == 0) {
        dup2(ready[1], 1);
        close(ready[0]);
        close(ready[1]);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_path, "--dir",
               folder, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
               "--requirepass", "p@ss", (char *)NULL);
        _exit(127);
    }
    close(ready[1]);
    /* It says when it is ready; the end of its output is the end of it. */
    char text[8192];
    size_t len = 0;
    for (ssize_t n; (n = read(ready[0], text + len, sizeof text - 1 - len)) > 0;) {
        len += (size_t)n;
        text[len] = '\0';
        if (strstr(text, "accept connections at") || strstr(text, "Ready to accept connections"))
            return; /* the pipe stays open: its log goes there */
        if (len > sizeof text / 2)
            len = 0;
    }
    close(ready[0]);
    waitpid(redis_pid, NULL, 0);
    redis_pid = -1;
}

static void stop_redis(int how)
{
    if (redis_pid > 0) {
        kill(redis_pid, how);
        waitpid(redis_pid, NULL, 0);
    }
    redis_pid = -1;
}

static bool has_redis(void)
{
    static const char *const places[] = {"/usr/bin/redis-server", "/usr/local/bin/redis-server"};
    mailsub_limiter *limiter = NULL;
    int rc = mailsub_limiter_open(NULL, "redis://", &limiter);
    return rc == MAILSUB_E_URL && (access(places[0], X_OK) == 0 || access(places[1], X_OK) == 0);
}

static bool has_sqlite(void)
{
    mailsub_limiter *limiter = NULL;
    return mailsub_limiter_open(NULL, "sqlite:", &limiter) == MAILSUB_E_URL;
}

/* ---- both ---- */

static void write_url(const char *kind, char *out, size_t room)
{
    if (strcmp(kind, "sqlite") == 0)
        snprintf(out, room, "sqlite:%s/limits.sqlite", folder);
    else
        snprintf(out, room, "redis+unix://:p%%40ss@%s/redis.sock?clock=client", folder);
}

static int open_store(void *context, mailsub_limiter **out_limiter)
{
    char url[200];
    write_url(context, url, sizeof url);
    return mailsub_limiter_open(NULL, url, out_limiter);
}

static void tell_failure(void *context, const char *check, const char *what)
{
    printf("# %s: %s: %s\n", (const char *)context, check, what);
}

static void check_conformance(const char *kind, unsigned n_operations)
{
    const struct conformance suite = {
        .context = (void *)(uintptr_t)kind,
        .flags = CONFORMANCE_SHARED,
        .open = open_store,
        .failed = tell_failure,
        .n_operations = n_operations,
        .seed = 0x57023,
    };
    assert_int_equal(conformance_run(&suite), 0);
}

static const mailsub_instant start_time = {
    .size = sizeof(mailsub_instant), .unix_ms = 1795348800000, .steady_ms = 5000, .steady_id = 3};

static mailsub_limiter *open_limit(const char *kind, int64_t limit)
{
    char url[200];
    mailsub_limiter *limiter = NULL;
    write_url(kind, url, sizeof url);
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, limit, DAY_MS, 0), 0);
    return limiter;
}

static int reserve(mailsub_limiter *limiter, const char *sender)
{
    mailsub_ticket *ticket = NULL;
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    int rc = mailsub_limiter_reserve(limiter, sender, 1, &start_time, ticket);
    mailsub_ticket_free(ticket);
    return rc;
}

static void check_processes(const char *kind)
{
    int fds[2];
    mailsub_limiter *limiter = open_limit(kind, 100);
    assert_int_equal(reserve(limiter, "processes@x.example"), 0);
    assert_int_equal(pipe(fds), 0);
    for (int i = 0; i < 3; i++) {
        if (fork() == 0) {
            while (reserve(limiter, "processes@x.example") == 0) {
                if (write(fds[1], "x", 1) != 1)
                    _exit(1);
            }
            _exit(0);
        }
    }
    int n = 1;
    while (reserve(limiter, "processes@x.example") == 0)
        n++;
    close(fds[1]);
    for (char c; read(fds[0], &c, 1) == 1;)
        n++;
    close(fds[0]);
    for (int i = 0; i < 3; i++)
        wait(NULL);
    assert_int_equal(n, 100);
    mailsub_limiter_unref(limiter);
}

/* ---- SQLite ---- */

static void sqlite_conforms(void **state)
{
    (void)state;
    if (!has_sqlite())
        skip();
    check_conformance("sqlite", 3000);
}

static void sqlite_counts_for_all_processes(void **state)
{
    (void)state;
    if (!has_sqlite())
        skip();
    check_processes("sqlite");
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    (void)state;
    char url[200], path[128];
    mailsub_limiter *limiter = NULL;
    if (!has_sqlite())
        skip();
    path_in("text.sqlite", path, sizeof path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 200; i++)
        assert_int_equal(write(fd, "To whom it may concern\n", 23), 23);
    close(fd);
    snprintf(url, sizeof url, "sqlite:%s", path);
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), MAILSUB_E_STORE_DAMAGED);
    assert_int_equal(mailsub_limiter_open(NULL, "sqlite:/nonexistent/limits", &limiter),
                     MAILSUB_E_STORE);
    assert_null(limiter);
    unlink(path);
}

/* Twenty senders of each hundred count at any time: without a broom there would be 6,000 rows. */
static void rows_that_count_no_more_are_deleted(void **state)
{
    (void)state;
    char url[200], path[128], sender[32];
    struct stat facts;
    mailsub_limiter *limiter = NULL;
    mailsub_ticket *ticket = NULL;
    mailsub_instant now = start_time;
    if (!has_sqlite())
        skip();
    path_in("pruned.sqlite", path, sizeof path);
    snprintf(url, sizeof url, "sqlite:%s", path);
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, 1, 1000, 0), 0);
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    for (int i = 0; i < 6000; i++) {
        now.steady_ms += 10;
        now.unix_ms += i % 500 == 0 ? 365 * DAY_MS : -20; /* the calendar alone deletes nothing */
        snprintf(sender, sizeof sender, "s%d@x.example", i);
        assert_int_equal(mailsub_limiter_reserve(limiter, sender, 1, &now, ticket), 0);
        assert_int_equal(mailsub_limiter_reserve(limiter, sender, 1, &now, ticket),
                         MAILSUB_E_RATE_LIMITED);
    }
    for (int i = 5920; i < 6000; i++) {
        snprintf(sender, sizeof sender, "s%d@x.example", i);
        assert_int_equal(mailsub_limiter_reserve(limiter, sender, 1, &now, ticket),
                         MAILSUB_E_RATE_LIMITED);
    }
    mailsub_ticket_free(ticket);
    mailsub_limiter_unref(limiter);
    assert_int_equal(stat(path, &facts), 0);
    assert_true(facts.st_size < 400 * 1024); /* 6,000 rows are a megabyte */
    unlink(path);
}

/* RLIMIT_FSIZE stands for a full disk; the database and its log may not grow. */
static void fill_disk(mailsub_limiter *limiter)
{
    const struct rlimit small = {64 * 1024, 64 * 1024};
    char sender[32];
    int rc = 0;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &small))
        _exit(2);
    for (int i = 0; i < 2000 && rc == 0; i++) {
        snprintf(sender, sizeof sender, "f%d@x.example", i);
        rc = reserve(limiter, sender);
    }
    if (rc != MAILSUB_E_STORE)
        _exit(3);
    rc = reserve(limiter, "f0@x.example"); /* once more at most */
    mailsub_limiter_unref(limiter);
    _exit(rc == 0 || rc == MAILSUB_E_STORE ? 0 : 4);
}

static void a_full_disk_stops_sqlite(void **state)
{
    (void)state;
    int status = -1;
    if (!has_sqlite())
        skip();
    pid_t child = fork();
    if (child == 0)
        fill_disk(open_limit("sqlite", 2));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    mailsub_limiter *limiter = open_limit("sqlite", 2);
    while (reserve(limiter, "f1@x.example") == 0)
        status++;
    assert_int_equal(status, 1); /* of two, one was admitted there */
    mailsub_limiter_unref(limiter);
}

/* What is left of a database of which the end is missing is refused, or does not admit again. */
static void a_database_that_was_cut_admits_nothing_twice(void **state)
{
    (void)state;
    char url[200], path[128], sender[32];
    struct stat facts;
    mailsub_limiter *limiter = NULL;
    if (!has_sqlite())
        skip();
    path_in("cut.sqlite", path, sizeof path);
    snprintf(url, sizeof url, "sqlite:%s", path);
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, 1, DAY_MS, 0), 0);
    for (int i = 0; i < 300; i++) {
        snprintf(sender, sizeof sender, "s%d@x.example", i);
        assert_int_equal(reserve(limiter, sender), 0);
    }
    mailsub_limiter_unref(limiter);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(truncate(path, facts.st_size / 8192 * 4096), 0);
    int rc = mailsub_limiter_open(NULL, url, &limiter);
    if (rc == MAILSUB_OK) {
        assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, 1, DAY_MS, 0), 0);
        int n_damaged = 0;
        for (int i = 0; i < 300; i++) {
            snprintf(sender, sizeof sender, "s%d@x.example", i);
            rc = reserve(limiter, sender);
            assert_true(rc == MAILSUB_E_STORE_DAMAGED || rc == MAILSUB_E_RATE_LIMITED);
            n_damaged += rc == MAILSUB_E_STORE_DAMAGED;
        }
        assert_true(n_damaged > 0);
        mailsub_limiter_unref(limiter);
    } else {
        assert_int_equal(rc, MAILSUB_E_STORE_DAMAGED);
    }
    unlink(path);
}

/* ---- Redis ---- */

static void redis_conforms(void **state)
{
    (void)state;
    if (redis_pid < 0)
        skip();
    check_conformance("redis", 5000);
}

static void redis_counts_for_all_processes(void **state)
{
    (void)state;
    if (redis_pid < 0)
        skip();
    check_processes("redis");
}

static void redis_counts_by_its_own_clock(void **state)
{
    (void)state;
    char url[200];
    mailsub_limiter *limiter = NULL;
    if (redis_pid < 0)
        skip();
    snprintf(url, sizeof url, "redis+unix://:p%%40ss@%s/redis.sock?prefix=own:", folder);
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, 1, DAY_MS, 0), 0);
    assert_int_equal(reserve(limiter, "clock@x.example"), 0);
    mailsub_ticket *ticket = NULL;
    mailsub_instant later = start_time;
    later.unix_ms += 400 * DAY_MS;
    later.steady_ms += 400 * DAY_MS;
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    assert_int_equal(mailsub_limiter_reserve(limiter, "clock@x.example", 1, &later, ticket),
                     MAILSUB_E_RATE_LIMITED);
    mailsub_ticket_free(ticket);
    mailsub_limiter_unref(limiter);
}

/* Two clients, between whose requests the server dies and comes back. */
static void a_server_that_starts_again_has_forgotten_nothing(void **state)
{
    (void)state;
    if (redis_pid < 0)
        skip();
    mailsub_limiter *one = open_limit("redis", 60);
    mailsub_limiter *two = open_limit("redis", 60);
    int n = 0;
    for (int i = 0; i < 90; i++) {
        if (i == 20 || i == 45) {
            stop_redis(SIGKILL);
            assert_int_equal(reserve(one, "restart@x.example"), MAILSUB_E_STORE);
            start_redis();
            /* A reply may not have been waited for within the first second: ask with others. */
            mailsub_limiter_unref(one);
            mailsub_limiter_unref(two);
            one = open_limit("redis", 60);
            two = open_limit("redis", 60);
        }
        n += reserve(i % 2 ? one : two, "restart@x.example") == 0;
    }
    assert_int_equal(n, 60);
    mailsub_limiter_unref(one);
    mailsub_limiter_unref(two);
}

static void a_connection_that_was_lost_is_made_anew(void **state)
{
    (void)state;
    if (redis_pid < 0)
        skip();
    mailsub_limiter *limiter = open_limit("redis", 60);
    assert_int_equal(reserve(limiter, "lost@x.example"), 0);
    stop_redis(SIGTERM);
    start_redis();
    assert_int_equal(reserve(limiter, "lost@x.example"), 0); /* the script is not there any more */
    mailsub_limiter_unref(limiter);
}

static void a_wrong_login_is_refused(void **state)
{
    (void)state;
    char url[200];
    mailsub_limiter *limiter = NULL;
    if (redis_pid < 0)
        skip();
    snprintf(url, sizeof url, "redis+unix://:wrong@%s/redis.sock", folder);
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), MAILSUB_E_STORE);
    snprintf(url, sizeof url, "redis+unix://%s/redis.sock", folder);
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), MAILSUB_E_STORE);
}

static const struct url_row {
    const char *name;
    const char *url;
} url_rows[] = {
    {"no host", "redis://"},
    {"no host, but a port", "redis://:6379"},
    {"port beyond all", "redis://localhost:65536"},
    {"port that is none", "redis://localhost:x"},
    {"database that is none", "redis://localhost/x"},
    {"bracket without its other", "redis://[::1/0"},
    {"escape that is none", "redis://a:%zz@localhost"},
    {"NUL", "redis://a:%00@localhost"},
    {"unknown option", "redis://localhost?x=y"},
    {"option without a value", "redis://localhost?clock"},
    {"time-out of none", "redis://localhost?timeout=0"},
    {"socket without a path", "redis+unix://"},
    {"socket with a host", "redis+unix://host/path"},
};

static void url_is_refused(void **state)
{
    const struct url_row *row = *state;
    mailsub_limiter *limiter = NULL;
    int rc = mailsub_limiter_open(NULL, row->url, &limiter);
    if (rc == MAILSUB_E_STORE_MISSING)
        skip();
    assert_int_equal(rc, MAILSUB_E_URL);
}

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(sqlite_conforms),
        cmocka_unit_test(sqlite_counts_for_all_processes),
        cmocka_unit_test(a_file_that_is_no_database_is_refused),
        cmocka_unit_test(rows_that_count_no_more_are_deleted),
        cmocka_unit_test(a_full_disk_stops_sqlite),
        cmocka_unit_test(a_database_that_was_cut_admits_nothing_twice),
        cmocka_unit_test(redis_conforms),
        cmocka_unit_test(redis_counts_for_all_processes),
        cmocka_unit_test(redis_counts_by_its_own_clock),
        cmocka_unit_test(a_connection_that_was_lost_is_made_anew),
        cmocka_unit_test(a_server_that_starts_again_has_forgotten_nothing),
        cmocka_unit_test(a_wrong_login_is_refused),
    };
    struct CMUnitTest tests[64];
    size_t n = 0;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        tests[n++] = fixed[i];
    UNIT_ADD_ROWS(tests, n, url_rows, url_is_refused);
    strcpy(folder, "/dev/shm/mailsub-stores.XXXXXX");
    if (!mkdtemp(folder)) {
        strcpy(folder, "/tmp/mailsub-stores.XXXXXX");
        if (!mkdtemp(folder))
            return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    if (has_redis())
        start_redis();
    int failed = UNIT_RUN(tests, n);
    stop_redis(SIGKILL);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return failed + (system(command) != 0);
}
