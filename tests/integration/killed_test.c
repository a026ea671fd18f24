/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A real Postfix is killed in the middle of a submission: the process that serves the connection
 * names its number in the greeting (services.py, TOLD), and gets SIGKILL at a line of the
 * dialogue. The outcome is right and comes at once, and nothing is sent again by itself: run_services
 * sees that nothing arrived.
 */
#include "submission.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

/* More than the buffers of two sockets hold. */
#define LARGE 20000000
#define WAIT_MS 30000
#define STEP_MS 5

enum {
    WHOLE = 1u << 0,  /* DATA instead of BDAT: the content waits for 354 */
    LATER = 1u << 1,  /* killed when it has all of the message, and thinks of an answer */
    SECURE = 1u << 2, /* TLS from the first octet */
};

static const struct killed {
    const char *name;
    const char *service;
    const char *at; /* what stands in the line at which it is killed */
    unsigned flags;
    size_t padding;
} rows[] = {
    {"a server is killed behind its greeting", "killed_greeting", "220 mx", 0, 0},
    {"a server is killed behind EHLO", "killed_ehlo", "250-PIPELINING", WHOLE | SECURE, 0},
    {"a server is killed before the content", "killed_data", "354 ", WHOLE, LARGE},
    {"a server is killed before the content, with TLS", "killed_data_tls", "354 ", WHOLE | SECURE,
     LARGE},
    {"a server is killed in the first chunk", "killed_chunks", "BDAT ", 0, LARGE},
    {"a server is killed before it has answered", "killed_late", "354 ", WHOLE | LATER, 0},
};

/* ---- the killer ---- */

struct killer {
    const struct killed *row;
    long pid;
    pthread_t thread;
    bool has_begun;
    bool has_killed;
};

static void read_pid(struct killer *killer, const char *line, size_t len)
{
    char greeting[128];
    snprintf(greeting, sizeof greeting, "%.*s", (int)len, line);
    if (sscanf(greeting, "220 mx.ours.example ESMTP %ld", &killer->pid) == 1)
        assert_true(killer->pid > 1);
}

static void kill_it(struct killer *killer)
{
    killer->has_killed = true;
    assert_int_equal(kill((pid_t)killer->pid, SIGKILL), 0);
}

/* In a thread: services.py says by a file that the server was asked about the whole message. */
static void *kill_later(void *context)
{
    char path[512];
    snprintf(path, sizeof path, "%s/thinking", real_setting("MAILSUB_SCRATCH"));
    for (int waited = 0; access(path, F_OK) != 0 && waited < WAIT_MS; waited += STEP_MS)
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000}, NULL);
    kill_it(context);
    return NULL;
}

static void watch(void *context, int direction, const char *line, size_t len)
{
    struct killer *killer = context;
    const struct killed *row = killer->row;
    (void)direction;
    read_pid(killer, line, len);
    if (killer->has_begun || killer->pid <= 1 || !memmem(line, len, row->at, strlen(row->at)))
        return;
    killer->has_begun = true;
    if (row->flags & LATER)
        assert_int_equal(pthread_create(&killer->thread, NULL, kill_later, killer), 0);
    else
        kill_it(killer);
}

static void set_up(struct fixture *fixture, struct killer *killer)
{
    const struct killed *row = killer->row;
    const struct submission to = {.name = row->name,
                                  .scheme = row->flags & SECURE ? "smtps" : "smtp",
                                  .service = row->service,
                                  .padding = row->padding};
    submission_set_up(fixture, &to);
    mailsub_session_free(fixture->session);
    fixture->session = NULL;
    submission_configure(fixture, &to);
    mailsub_config *config = fixture->config;
    assert_int_equal(mailsub_config_set_transcript(config, watch, killer), MAILSUB_OK);
    if (row->flags & WHOLE)
        assert_int_equal(mailsub_config_set_chunk_size(config, 0), MAILSUB_OK);
    assert_int_equal(mailsub_session_new(config, &fixture->session), MAILSUB_OK);
    mailsub_message_add_recipient(fixture->message, MAILSUB_RECIPIENT_TO, "ann@ours.example", NULL);
}

static void a_killed_server_is_told(void **state)
{
    const struct killed *row = *state;
    static struct fixture fixture;
    struct killer killer = {.row = row};
    bool is_whole = row->flags & LATER;
    set_up(&fixture, &killer);
    int code = mailsub_session_submit(fixture.session, fixture.message, fixture.receipt);
    if (killer.has_begun && is_whole)
        pthread_join(killer.thread, NULL);
    assert_true(killer.has_killed);
    assert_string_equal(
        mailsub_error_name(code),
        mailsub_error_name(is_whole ? MAILSUB_E_UNKNOWN_OUTCOME : MAILSUB_E_CONNECTION_LOST));
    assert_int_equal(mailsub_receipt_get_outcome(fixture.receipt, 0),
                     is_whole ? MAILSUB_OUTCOME_UNKNOWN : MAILSUB_OUTCOME_NOT_ATTEMPTED);
    assert_int_equal(mailsub_receipt_count_retryable(fixture.receipt), !is_whole);
    submission_tear_down(&fixture);
}

int main(void)
{
    static struct CMUnitTest tests[16];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, a_killed_server_is_told);
    return UNIT_RUN(tests, n_tests);
}
