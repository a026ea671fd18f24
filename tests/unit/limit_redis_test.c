/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Redis over TCP and over TLS, with a user and a password, a server that others do not trust, and
 * two processes that go on while the server is killed and comes back. A server of Debian's package
 * is started for each row; where there is none, or no library for it, they are skipped.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mailsub/mailsub.h>

#include "../store/conformance.h"
#include "pki.h"

#define DAY_MS (24LL * 60 * 60 * 1000)
#define PASSWORD "p@ss/wo:rd"
#define PASSWORD_IN_URL "p%40ss%2Fwo%3Ard"

static char folder[64];
static struct pki_ca ca, other_ca;

struct server {
    pid_t pid;
    int port;
    int log;
    bool tls;
};

static void path_in(const char *name, char *out, size_t room)
{
    snprintf(out, room, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text, size_t len)
{
    char path[128];
    path_in(name, path, sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* ---- the server ---- */

/* A port that was free a moment ago: Redis cannot be given a socket. */
static int find_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void exec_server(const struct server *server)
{
    char config[2048];
    int len = snprintf(config, sizeof config,
                       "bind 127.0.0.1\ndir %s\nsave \"\"\nappendonly yes\nappendfsync always\n"
                       "user default off\nuser app on >%s ~* +@all\n",
                       folder, PASSWORD);
    if (server->tls)
        len += snprintf(config + len, sizeof config - (size_t)len,
                        "port 0\ntls-port %d\ntls-cert-file %s/server.pem\n"
                        "tls-key-file %s/server.pem\ntls-ca-cert-file %s/ca.pem\n"
                        "tls-auth-clients no\n",
                        server->port, folder, folder, folder);
    else
        len += snprintf(config + len, sizeof config - (size_t)len, "port %d\n", server->port);
    int fds[2];
    if (pipe(fds) || write(fds[1], config, (size_t)len) != len)
        _exit(127);
    close(fds[1]);
    dup2(fds[0], 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execlp("redis-server", "redis-server", "-", (char *)NULL);
    _exit(127);
}

/* It says when it is ready; the end of its output is the end of it. */
static bool wait_until_ready(const struct server *server)
{
    char text[16384];
    size_t len = 0;
    for (ssize_t n; (n = read(server->log, text + len, sizeof text - 1 - len)) > 0;) {
        len += (size_t)n;
        text[len] = '\0';
        if (strstr(text, "Ready to accept connections"))
            return true;
        if (len == sizeof text - 1)
            return false;
    }
    return false;
}

static bool start(struct server *server)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    server->pid = fork();
    if (server->pid == 0) {
        dup2(fds[1], 1);
        exec_server(server);
    }
    close(fds[1]);
    server->log = fds[0];
    return wait_until_ready(server);
}

static void stop(struct server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    close(server->log);
}

/* Skips the row where there is no server, or no library. */
static void set_up(struct server *server, bool tls)
{
    mailsub_limiter *limiter = NULL;
    *server = (struct server){.port = find_port(), .tls = tls};
    if (mailsub_limiter_open(NULL, "redis://", &limiter) != MAILSUB_E_URL)
        skip();
    if (start(server))
        return;
    stop(server);
    skip();
}

static void tear_down(struct server *server)
{
    char command[128];
    stop(server);
    snprintf(command, sizeof command, "rm -rf %s/appendonlydir", folder);
    assert_int_equal(system(command), 0);
}

static int open_as(const struct server *server, const char *login, const char *options,
                   mailsub_limiter **out_limiter)
{
    char url[300];
    snprintf(url, sizeof url, "%s://%s@localhost:%d/3?%s", server->tls ? "rediss" : "redis", login,
             server->port, options);
    return mailsub_limiter_open(NULL, url, out_limiter);
}

static int open_server(void *context, mailsub_limiter **out_limiter)
{
    const struct server *server = context;
    char options[128];
    snprintf(options, sizeof options, "clock=client%s%s%s", server->tls ? "&ca=" : "",
             server->tls ? folder : "", server->tls ? "/ca.pem" : "");
    return open_as(server, "app:" PASSWORD_IN_URL, options, out_limiter);
}

static void tell_failure(void *context, const char *check, const char *what)
{
    (void)context;
    printf("# %s: %s\n", check, what);
}

/* ---- rows ---- */

static void check_conformance(bool tls)
{
    struct server server;
    set_up(&server, tls);
    const struct conformance suite = {
        .context = &server,
        .flags = CONFORMANCE_SHARED,
        .open = open_server,
        .failed = tell_failure,
        .n_operations = 1000,
        .seed = tls ? 0x715 : 0x7c9,
    };
    size_t n_failed = conformance_run(&suite);
    tear_down(&server);
    assert_int_equal(n_failed, 0);
}

static void redis_conforms_over_tcp(void **state)
{
    (void)state;
    check_conformance(false);
}

static void redis_conforms_over_tls(void **state)
{
    (void)state;
    check_conformance(true);
}

static void wrong_logins_are_refused(void **state)
{
    (void)state;
    static const char *const logins[] = {"app:wrong", "nobody:" PASSWORD_IN_URL,
                                         ":" PASSWORD_IN_URL, ""};
    struct server server;
    mailsub_limiter *limiter = NULL;
    set_up(&server, false);
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++)
        assert_int_equal(open_as(&server, logins[i], "timeout=5000", &limiter), MAILSUB_E_STORE);
    tear_down(&server);
}

/* Neither an authority of one's own that is not named, nor another one, nor the name of another. */
static void certificates_are_verified(void **state)
{
    (void)state;
    char url[300], options[128];
    struct server server;
    mailsub_limiter *limiter = NULL;
    set_up(&server, true);
    const char *login = "app:" PASSWORD_IN_URL;
    assert_int_equal(open_as(&server, login, "timeout=5000", &limiter), MAILSUB_E_STORE);
    snprintf(options, sizeof options, "ca=%s/other.pem", folder);
    assert_int_equal(open_as(&server, login, options, &limiter), MAILSUB_E_STORE);
    snprintf(options, sizeof options, "ca=%s/none.pem", folder);
    assert_int_equal(open_as(&server, login, options, &limiter), MAILSUB_E_CA);
    snprintf(url, sizeof url, "rediss://%s@127.0.0.1:%d?ca=%s/ca.pem", login, server.port, folder);
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), MAILSUB_E_STORE);
    snprintf(url, sizeof url, "redis://%s@localhost:%d", login, server.port); /* in clear */
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), MAILSUB_E_STORE);
    assert_null(limiter);
    tear_down(&server);
}

/* Commands of somebody else, one a line. */
static void send_lines(const struct server *server, const char *lines)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)server->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char text[1024], reply[1024];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    int len =
        snprintf(text, sizeof text, "AUTH app %s\r\nSELECT 3\r\n%s\r\nQUIT\r\n", PASSWORD, lines);
    assert_int_equal(write(fd, text, (size_t)len), len);
    size_t n_seen = 0;
    for (ssize_t n; (n = read(fd, reply + n_seen, sizeof reply - 1 - n_seen)) > 0;)
        n_seen += (size_t)n;
    reply[n_seen] = '\0';
    assert_null(strstr(reply, "-"));
    close(fd);
}

static void later_and_damaged_states_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int want;
    } rows[] = {
        {"SETRANGE mailsub:a@x.example 0 \"\\x02\"", MAILSUB_E_STORE_VERSION},
        {"SETRANGE mailsub:a@x.example 0 \"\\x01\\x02\"", MAILSUB_E_STORE_DAMAGED},
        {"SET mailsub:a@x.example \"\\x01\"", MAILSUB_E_STORE_DAMAGED},
        {"SET mailsub:a@x.example \"\"", MAILSUB_E_STORE_VERSION},
    };
    struct server server;
    mailsub_limiter *limiter = NULL;
    mailsub_ticket *ticket = NULL;
    set_up(&server, false);
    assert_int_equal(open_as(&server, "app:" PASSWORD_IN_URL, "timeout=5000", &limiter), 0);
    assert_int_equal(mailsub_limiter_add_rule(limiter, NULL, 5, DAY_MS, 0), 0);
    assert_int_equal(mailsub_ticket_new(NULL, &ticket), 0);
    assert_int_equal(mailsub_limiter_reserve(limiter, "a@x.example", 1, NULL, ticket), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        send_lines(&server, rows[i].line);
        assert_int_equal(mailsub_limiter_reserve(limiter, "a@x.example", 1, NULL, ticket),
                         rows[i].want);
    }
    mailsub_ticket_free(ticket);
    mailsub_limiter_unref(limiter);
    tear_down(&server);
}

/* Nothing listens, and something that says nothing: neither keeps the caller longer than it said. */
static void nobody_waits_for_ever(void **state)
{
    (void)state;
    char url[64];
    mailsub_limiter *limiter = NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    if (mailsub_limiter_open(NULL, "redis://", &limiter) != MAILSUB_E_URL)
        skip();
    snprintf(url, sizeof url, "redis://localhost:%d?timeout=50", find_port());
    assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), MAILSUB_E_STORE);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    for (int tls = 0; tls < 2; tls++) {
        snprintf(url, sizeof url, "%s://localhost:%d?timeout=50", tls ? "rediss" : "redis",
                 ntohs(address.sin_port));
        assert_int_equal(mailsub_limiter_open(NULL, url, &limiter), MAILSUB_E_STORE);
    }
    close(fd);
}

/* ---- the server dies ---- */

enum { N_CLIENTS = 2, LIMIT = 2000 };

static void pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

/* Asks until the quota is used up; each admission is an octet. While the server is away there is an
   error, and nothing is admitted. */
static void ask_until_refused(struct server *server, int to)
{
    mailsub_limiter *limiter = NULL;
    mailsub_ticket *ticket = NULL;
    if (open_as(server, "app:" PASSWORD_IN_URL, "prefix=killed:", &limiter) ||
        mailsub_limiter_add_rule(limiter, NULL, LIMIT, DAY_MS, 0) ||
        mailsub_ticket_new(NULL, &ticket))
        _exit(2);
    int rc;
    while ((rc = mailsub_limiter_reserve(limiter, "a@x.example", 1, NULL, ticket)) !=
           MAILSUB_E_RATE_LIMITED) {
        if (rc == MAILSUB_E_STORE)
            pause_ms(10);
        else if (rc || write(to, "x", 1) != 1)
            _exit(1);
    }
    mailsub_ticket_free(ticket);
    mailsub_limiter_unref(limiter);
    _exit(0);
}

static void a_server_that_is_killed_admits_no_more_than_once(void **state)
{
    (void)state;
    struct server server;
    int fds[2];
    int n = 0, n_killed = 0;
    set_up(&server, false);
    assert_int_equal(pipe(fds), 0);
    for (int i = 0; i < N_CLIENTS; i++) {
        if (fork() == 0)
            ask_until_refused(&server, fds[1]);
    }
    close(fds[1]);
    for (char c; read(fds[0], &c, 1) == 1; n++) {
        if (n != LIMIT / 4 && n != LIMIT / 2)
            continue;
        stop(&server);
        assert_true(start(&server));
        n_killed++;
    }
    for (int i = 0; i < N_CLIENTS; i++) {
        int status = -1;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    close(fds[0]);
    tear_down(&server);
    /* What was decided and whose reply died with the server counts against the sender. */
    printf("# %d of %d admitted, %d times killed\n", n, LIMIT, n_killed);
    assert_int_equal(n_killed, 2);
    assert_true(n <= LIMIT && n >= LIMIT - N_CLIENTS * n_killed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redis_conforms_over_tcp),
        cmocka_unit_test(redis_conforms_over_tls),
        cmocka_unit_test(wrong_logins_are_refused),
        cmocka_unit_test(certificates_are_verified),
        cmocka_unit_test(later_and_damaged_states_are_refused),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(a_server_that_is_killed_admits_no_more_than_once),
    };
    strcpy(folder, "/dev/shm/mailsub-redis.XXXXXX");
    if (!mkdtemp(folder)) {
        strcpy(folder, "/tmp/mailsub-redis.XXXXXX");
        if (!mkdtemp(folder))
            return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    pki_ca_init(&ca, "Test CA");
    pki_ca_init(&other_ca, "Another CA");
    gnutls_datum_t leaf = pki_issue_pem(&ca, &(struct pki_leaf){.dns = {"localhost"}});
    write_file("server.pem", (const char *)leaf.data, leaf.size);
    write_file("ca.pem", (const char *)ca.pem.data, ca.pem.size);
    write_file("other.pem", (const char *)other_ca.pem.data, other_ca.pem.size);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gnutls_free(leaf.data);
    pki_ca_deinit(&ca);
    pki_ca_deinit(&other_ca);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return failed + (system(command) != 0);
}
