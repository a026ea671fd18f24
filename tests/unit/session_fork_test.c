/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session after a fork: the child neither speaks over the parent's connections nor reports its
 * messages, and both go on. What a child finds is told by its exit status.
 */
#include "bulk_kit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/forked.h"

#define PIPE MAILSUB_TESTING_PIPELINING
#define TLS MAILSUB_TESTING_STARTTLS

/* By its address: where a thread of the parent looks a name up, glibc's lock on that may be held in
   the child for ever, which the manual warns of. */
static void name_by_address(struct bulk *bulk)
{
    const char *url = mailsub_testing_server_get_url(bulk->server);
    char numeric[64];
    snprintf(numeric, sizeof numeric, "smtp://127.0.0.1%s", strrchr(url, ':'));
    assert_int_equal(mailsub_config_set_url(bulk->config, numeric), 0);
    assert_int_equal(mailsub_config_set_verify_name(bulk->config, "localhost"), 0);
}

static void set_up(struct bulk *bulk, uint32_t flags, int connections, size_t n)
{
    bulk_begin(bulk, flags, NULL);
    assert_int_equal(bulk_configure(bulk, NULL), 0);
    name_by_address(bulk);
    assert_int_equal(mailsub_config_set_max_connections(bulk->config, connections), 0);
    assert_int_equal(bulk_make(bulk, NULL, n, "text\n"), 0);
    assert_int_equal(mailsub_session_new(bulk->config, &bulk->session), 0);
}

static size_t count_connections(const struct bulk *bulk)
{
    return mailsub_testing_server_count_connections(bulk->server);
}

static int submit_two(struct bulk *bulk)
{
    if (mailsub_session_submit(bulk->session, bulk->messages[1], NULL) ||
        mailsub_session_submit(bulk->session, bulk->messages[2], NULL))
        return 1;
    mailsub_session_free(bulk->session);
    return 0;
}

static int only_free(struct bulk *bulk)
{
    mailsub_session_free(bulk->session);
    mailsub_config_unref(bulk->config);
    return 0;
}

static int only_close(struct bulk *bulk)
{
    return mailsub_session_close(bulk->session) != MAILSUB_OK;
}

/* Both use what was one connection, and the parent's is as it was. */
static void share(uint32_t flags)
{
    struct bulk bulk;
    set_up(&bulk, flags, 1, 4);
    assert_int_equal(mailsub_session_submit(bulk.session, bulk.messages[0], NULL), 0);
    bulk_in_child(&bulk, submit_two);
    bulk_in_child(&bulk, only_free);
    bulk_in_child(&bulk, only_close);
    assert_int_equal(count_connections(&bulk), 2);
    assert_int_equal(mailsub_session_submit(bulk.session, bulk.messages[3], bulk.receipts[3]), 0);
    assert_int_equal(count_connections(&bulk), 2);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(bulk_count(&bulk, i), 1);
    assert_int_equal(mailsub_testing_server_count_client_errors(bulk.server), 0);
    bulk_end(&bulk);
}

static void a_child_does_not_speak_over_its_parents_connection(void **state)
{
    (void)state;
    share(PIPE);
    share(PIPE | TLS);
    share(PIPE | TLS | MAILSUB_TESTING_TLS_1_2);
}

/* In the middle of everything: nothing is pending, no message is told, and all of them are mine. */
static int look_around(struct bulk *bulk)
{
    int fd = mailsub_session_get_fd(bulk->session);
    if (mailsub_session_count_pending(bulk->session) != 0 ||
        mailsub_session_next_done(bulk->session, NULL, NULL, NULL) ||
        mailsub_session_process(bulk->session) != MAILSUB_OK ||
        mailsub_session_get_timeout(bulk->session) != -1 ||
        mailsub_session_get_fd(bulk->session) != fd)
        return 1;
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    if (poll(&watched, 1, 0) != 0)
        return 2;
    for (size_t i = 0; i < bulk->n; i++) {
        if (mailsub_message_set_subject(bulk->messages[i], "mine") != MAILSUB_OK)
            return 3;
    }
    mailsub_message_set_return_path(bulk->messages[0], "child@example.org");
    if (mailsub_session_submit(bulk->session, bulk->messages[0], NULL) != MAILSUB_OK)
        return 4;
    mailsub_session_free(bulk->session);
    return 0;
}

static void a_child_leaves_what_is_under_way_to_its_parent(void **state)
{
    (void)state;
    for (int steps = 0; steps < 10; steps++) {
        struct bulk bulk;
        set_up(&bulk, steps % 2 ? PIPE : PIPE | TLS, 2, 6);
        assert_int_equal(bulk_post(&bulk), 0);
        for (int i = 0; i < steps && mailsub_session_count_pending(bulk.session) > 0; i++)
            bulk_step(&bulk);
        bulk_in_child(&bulk, look_around);
        bulk_finish(&bulk);
        bulk_check_truth(&bulk);
        for (size_t i = 0; i < bulk.n; i++)
            assert_int_equal(bulk.codes[i], MAILSUB_OK);
        bulk_end(&bulk);
    }
}

/* ---- several servers ---- */

static int submit_one(struct bulk *bulk)
{
    int rc = mailsub_session_submit(bulk->session, bulk->messages[1], bulk->receipts[1]);
    if (rc || mailsub_receipt_count_failed_servers(bulk->receipts[1]) != 0)
        return 1;
    mailsub_session_free(bulk->session);
    return 0;
}

/* The dead server in front of the one that is there. */
static mailsub_testing_server *put_dead_server(struct bulk *bulk)
{
    mailsub_testing_server *dead = NULL;
    char numeric[64];
    assert_int_equal(mailsub_testing_server_new(PIPE, &dead), 0);
    assert_int_equal(mailsub_testing_server_add_rule(dead, "", NULL, "421 4.3.2 later", 0), 0);
    assert_int_equal(mailsub_testing_server_start(dead), 0);
    snprintf(numeric, sizeof numeric, "smtp://127.0.0.1:%d", mailsub_testing_server_get_port(dead));
    assert_int_equal(mailsub_config_set_url(bulk->config, numeric), 0);
    snprintf(numeric, sizeof numeric, "smtp://127.0.0.1:%d",
             mailsub_testing_server_get_port(bulk->server));
    assert_int_equal(mailsub_config_add_url(bulk->config, numeric), 0);
    return dead;
}

static void a_child_knows_which_server_is_left_alone(void **state)
{
    (void)state;
    struct bulk bulk;
    bulk_begin(&bulk, PIPE, NULL);
    assert_int_equal(bulk_configure(&bulk, NULL), 0);
    mailsub_testing_server *dead = put_dead_server(&bulk);
    assert_int_equal(bulk_make(&bulk, NULL, 3, "text\n"), 0);
    assert_int_equal(mailsub_session_new(bulk.config, &bulk.session), 0);
    assert_int_equal(mailsub_session_submit(bulk.session, bulk.messages[0], bulk.receipts[0]), 0);
    assert_int_equal(mailsub_receipt_count_failed_servers(bulk.receipts[0]), 1);
    bulk_in_child(&bulk, submit_one);
    assert_int_equal(mailsub_session_submit(bulk.session, bulk.messages[2], NULL), 0);
    assert_int_equal(mailsub_testing_server_count_connections(dead), 1);
    assert_int_equal(count_connections(&bulk), 2);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(bulk_count(&bulk, i), 1);
    mailsub_testing_server_free(dead);
    bulk_end(&bulk);
}

static int cancel(struct bulk *bulk)
{
    return mailsub_session_cancel(bulk->session) != MAILSUB_OK;
}

static void a_child_does_not_wake_its_parent(void **state)
{
    (void)state;
    struct bulk bulk;
    set_up(&bulk, PIPE, 1, 1);
    assert_int_equal(mailsub_session_submit(bulk.session, bulk.messages[0], NULL), 0);
    struct pollfd watched = {.fd = mailsub_session_get_fd(bulk.session), .events = POLLIN};
    assert_int_equal(poll(&watched, 1, 0), 0);
    bulk_in_child(&bulk, cancel);
    bulk_in_child(&bulk, look_around);
    assert_int_equal(poll(&watched, 1, 0), 0);
    /* And the parent still hears of its own. */
    assert_int_equal(mailsub_session_cancel(bulk.session), 0);
    assert_int_equal(poll(&watched, 1, 0), 1);
    bulk_end(&bulk);
}

/* As daemons do; what takes the numbers then is not the session's. */
static int close_all_first(struct bulk *bulk)
{
    int files[40];
    closefrom(3);
    for (size_t i = 0; i < 40; i++)
        files[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (mailsub_session_submit(bulk->session, bulk->messages[1], NULL) != MAILSUB_OK)
        return 1;
    mailsub_session_free(bulk->session);
    for (size_t i = 0; i < 40; i++) {
        char octet;
        if (read(files[i], &octet, 1) != 0)
            return 2;
    }
    return 0;
}

static int free_after_closing_all(struct bulk *bulk)
{
    int file;
    closefrom(3);
    file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (file >= 0 && file < 60)
        file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    mailsub_session_free(bulk->session);
    for (file = 3; file < 60; file++) {
        if (fcntl(file, F_GETFD) < 0)
            return 1;
    }
    return 0;
}

static int without_descriptors(struct bulk *bulk)
{
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct rlimit none = {.rlim_cur = (rlim_t)file + 1, .rlim_max = (rlim_t)file + 1};
    if (file < 0 || setrlimit(RLIMIT_NOFILE, &none) != 0)
        return 1;
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
        ;
    if (mailsub_session_process(bulk->session) != MAILSUB_E_SYSTEM ||
        mailsub_session_submit(bulk->session, bulk->messages[0], bulk->receipts[0]) !=
            MAILSUB_E_SYSTEM ||
        mailsub_receipt_get_code(bulk->receipts[0]) != MAILSUB_E_SYSTEM)
        return 2;
    mailsub_session_free(bulk->session);
    return 0;
}

static void a_child_may_have_closed_everything(void **state)
{
    (void)state;
    struct bulk bulk;
    set_up(&bulk, PIPE | TLS, 1, 3);
    assert_int_equal(mailsub_session_submit(bulk.session, bulk.messages[0], NULL), 0);
    bulk_in_child(&bulk, close_all_first);
    bulk_in_child(&bulk, free_after_closing_all);
    bulk_in_child(&bulk, without_descriptors);
    assert_int_equal(mailsub_session_submit(bulk.session, bulk.messages[2], NULL), 0);
    assert_int_equal(count_connections(&bulk), 2);
    bulk_end(&bulk);
}

/* In the middle of processing, the child is no place for the session. */
static int try_all(struct bulk *bulk)
{
    if (mailsub_session_process(bulk->session) != MAILSUB_E_STATE ||
        mailsub_session_close(bulk->session) != MAILSUB_E_STATE ||
        mailsub_session_post(bulk->session, bulk->messages[1], NULL, NULL, NULL) != MAILSUB_E_STATE)
        return 1;
    mailsub_session_free(bulk->session);
    return 0;
}

static void fork_within(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    struct bulk *bulk = context;
    (void)message;
    (void)receipt;
    assert_int_equal(code, MAILSUB_OK);
    if (bulk->n_done++ == 0)
        bulk_in_child(bulk, try_all);
}

/* The child comes back out of the library with nothing said, and can go on from there. */
static bool is_child;

static void fork_and_return(void *context, mailsub_message *message, int code,
                            mailsub_receipt *receipt)
{
    pid_t *pid = context;
    (void)message;
    (void)code;
    (void)receipt;
    *pid = fork();
    is_child = *pid == 0;
}

static void a_done_function_may_fork(void **state)
{
    (void)state;
    struct bulk bulk;
    pid_t pid = -1;
    int status = -1;
    set_up(&bulk, PIPE | TLS, 2, 4);
    assert_int_equal(mailsub_session_post(bulk.session, bulk.messages[0], NULL, fork_within, &bulk),
                     0);
    while (mailsub_session_count_pending(bulk.session) > 0)
        assert_int_equal(mailsub_session_process(bulk.session), 0);
    assert_int_equal(
        mailsub_session_post(bulk.session, bulk.messages[1], NULL, fork_and_return, &pid), 0);
    assert_int_equal(mailsub_session_post(bulk.session, bulk.messages[2], NULL, fork_within, &bulk),
                     0);
    while (pid < 0)
        assert_int_equal(mailsub_session_process(bulk.session), 0);
    if (is_child) {
        alarm(60);
        _exit(mailsub_session_count_pending(bulk.session) == 0 &&
                      mailsub_session_submit(bulk.session, bulk.messages[3], NULL) == MAILSUB_OK
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    while (mailsub_session_count_pending(bulk.session) > 0)
        assert_int_equal(mailsub_session_process(bulk.session), 0);
    assert_int_equal(bulk.n_done, 2);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(bulk_count(&bulk, i), 1);
    assert_int_equal(mailsub_testing_server_count_client_errors(bulk.server), 0);
    bulk_end(&bulk);
}

/* Objects that share a birth each notice that they have moved, in a child and in its child. */
static void generations_differ(void **state)
{
    (void)state;
    for (int wiped = 0; wiped < 2; wiped++) {
        mailsub__birth birth;
        int status = -1;
        assert_int_equal(mailsub__birth_init(&birth), 0);
        birth.wiped = birth.wiped && wiped;
        uint64_t at_home = mailsub__birth_generation(&birth);
        assert_int_equal(mailsub__birth_generation(&birth), at_home);
        pid_t pid = fork();
        if (pid == 0) {
            uint64_t in_child = mailsub__birth_generation(&birth);
            bool fine = in_child != at_home && mailsub__birth_generation(&birth) == in_child;
            if (fork() == 0) {
                uint64_t further = mailsub__birth_generation(&birth);
                _exit(fine && further != at_home && further != in_child ? 0 : 1);
            }
            wait(&status);
            _exit(fine && status == 0 ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(mailsub__birth_generation(&birth), at_home);
        mailsub__birth_deinit(&birth);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_does_not_speak_over_its_parents_connection),
        cmocka_unit_test(a_child_leaves_what_is_under_way_to_its_parent),
        cmocka_unit_test(a_child_knows_which_server_is_left_alone),
        cmocka_unit_test(a_child_does_not_wake_its_parent),
        cmocka_unit_test(a_child_may_have_closed_everything),
        cmocka_unit_test(a_done_function_may_fork),
        cmocka_unit_test(generations_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
