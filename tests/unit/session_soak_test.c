/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Thousands of submissions in one process: neither memory nor descriptors grow. The fake server,
 * which remembers what it got, is in a process of its own. Most messages share a connection; every
 * so many there is a new one, with TLS and login, and every so many a session and a config.
 *
 *   MAILSUB_TEST_SOAK=100000 tests/unit/session_soak_test   more than the 2,000 of the suite
 */
#include "leftovers.h"
#include "unit.h"

#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#define N_MESSAGES 2000
#define PER_CONNECTION 50
#define PER_SESSION 250
#define MAX_GROWTH ((size_t)256 * 1024)

/* A message of the parent is taken for this one: 451, 550 and a silent end come from time to time. */
static const char *const odd_recipients[] = {"later@example.net", "nobody@example.net"};

/* ---- the server's process ---- */

struct host {
    pid_t pid;
    char url[64];
    char ca[8192];
};

static void serve_until_closed(int out, int in)
{
    mailsub_testing_server *server = NULL;
    struct host host = {0};
    char scrap;
    const uint32_t flags = MAILSUB_TESTING_STARTTLS | MAILSUB_TESTING_PIPELINING |
                           MAILSUB_TESTING_ENHANCED | MAILSUB_TESTING_AUTH_PLAIN |
                           MAILSUB_TESTING_DISCARD;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bool is_up =
        mailsub_testing_server_new(flags, &server) == 0 &&
        mailsub_testing_server_add_user(server, "user", "s3cret") == 0 &&
        mailsub_testing_server_add_rule(server, "RCPT", "later@", "450 4.2.0 Later", 0) == 0 &&
        mailsub_testing_server_add_rule(server, "RCPT", "nobody@", "550 5.1.1 No", 0) == 0 &&
        mailsub_testing_server_start(server) == 0;
    if (is_up) {
        snprintf(host.url, sizeof host.url, "%s", mailsub_testing_server_get_url(server));
        snprintf(host.ca, sizeof host.ca, "%s", mailsub_testing_server_get_ca(server));
    }
    if (write(out, &host, sizeof host) == (ssize_t)sizeof host)
        while (read(in, &scrap, 1) > 0) {
        }
    mailsub_testing_server_free(server);
    _exit(0);
}

/* Returns the descriptor whose end ends the server. */
static int start_host(struct host *host)
{
    int from_host[2];
    int to_host[2];
    assert_int_equal(pipe(from_host), 0);
    assert_int_equal(pipe(to_host), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(from_host[0]);
        close(to_host[1]);
        serve_until_closed(from_host[1], to_host[0]);
    }
    assert_true(pid > 0);
    close(from_host[1]);
    close(to_host[0]);
    assert_int_equal(read(from_host[0], host, sizeof *host), sizeof *host);
    close(from_host[0]);
    assert_string_not_equal(host->url, "");
    host->pid = pid;
    return to_host[1];
}

/* ---- this process ---- */

struct soak {
    struct unit_heap heap;
    mailsub_allocator allocator;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_receipt *receipt;
};

static void begin_session(struct soak *soak, const struct host *host)
{
    soak->allocator = unit_allocator(&soak->heap);
    assert_int_equal(mailsub_config_new(&soak->allocator, &soak->config), 0);
    assert_int_equal(mailsub_config_set_url(soak->config, host->url), 0);
    assert_int_equal(mailsub_config_set_ca_data(soak->config, host->ca, strlen(host->ca)), 0);
    assert_int_equal(mailsub_config_set_credentials(soak->config, "user", "s3cret"), 0);
    assert_int_equal(mailsub_session_new(soak->config, &soak->session), 0);
    assert_int_equal(mailsub_receipt_new(&soak->allocator, &soak->receipt), 0);
}

static void end_session(struct soak *soak)
{
    mailsub_session_free(soak->session);
    mailsub_receipt_free(soak->receipt);
    mailsub_config_unref(soak->config);
    soak->session = NULL;
    assert_int_equal(soak->heap.n_live, 0);
}

/* Every seventh has a recipient who is refused, for now or for good. */
static void submit(struct soak *soak, size_t i)
{
    mailsub_message *message = NULL;
    char subject[64];
    bool is_odd = i % 7 == 3;
    assert_int_equal(mailsub_message_new(&soak->allocator, &message), 0);
    mailsub_message_set_from(message, "app@example.org", "B\xc3\xbcro");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "jo@example.net", NULL);
    if (is_odd)
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_CC, odd_recipients[i % 2], NULL);
    snprintf(subject, sizeof subject, "Message %zu", i);
    mailsub_message_set_subject(message, subject);
    mailsub_message_set_text(message,
                             "Gr\xc3\xbc\xc3\x9f"
                             "e\n",
                             MAILSUB_NUL_TERMINATED);
    mailsub_message_attach_data(message, "data.txt", "text/plain", subject, strlen(subject));
    assert_int_equal(mailsub_session_submit(soak->session, message, soak->receipt),
                     is_odd ? MAILSUB_E_PARTIAL : MAILSUB_OK);
    mailsub_message_free(message);
}

/* What malloc has given out, by whomever: GnuTLS's memory counts, too. */
static size_t used_memory(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static long resident_kib(void)
{
    long n_pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d %ld", &n_pages), 1);
    fclose(file);
    return n_pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static size_t how_many(void)
{
    const char *wanted = getenv("MAILSUB_TEST_SOAK");
    const char *preloaded = getenv("LD_PRELOAD");
    if (wanted)
        return strtoul(wanted, NULL, 10);
    return preloaded && strstr(preloaded, "vgpreload") ? N_MESSAGES / 8 : N_MESSAGES;
}

static void nothing_grows(void **state)
{
    (void)state;
    struct host host;
    struct soak soak = {0};
    size_t n_descriptors = count_descriptors();
    int end_host = start_host(&host);
    size_t n = how_many();
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (i % PER_SESSION == 0) {
            if (soak.session)
                end_session(&soak);
            /* What libraries and sockets allocate once is there by now. */
            if (i == PER_SESSION * 2)
                used = used_memory();
            if (i >= PER_SESSION * 2) {
                assert_true(used_memory() <= used + MAX_GROWTH);
                assert_int_equal(count_descriptors(), n_descriptors + 1);
            }
            if (i % (n / 8) == 0 || i == PER_SESSION * 2)
                print_message("# %zu messages: %zu octets of memory, %ld KiB resident\n", i,
                              used_memory(), resident_kib());
            begin_session(&soak, &host);
        } else if (i % PER_CONNECTION == 0) {
            assert_int_equal(mailsub_session_close(soak.session), 0);
        }
        submit(&soak, i);
    }
    end_session(&soak);
    print_message("# %zu messages: %zu octets of memory, %ld KiB resident\n", n, used_memory(),
                  resident_kib());
    close(end_host);
    assert_int_equal(waitpid(host.pid, NULL, 0), host.pid);
    assert_int_equal(count_descriptors(), n_descriptors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_grows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
