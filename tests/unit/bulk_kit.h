/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many messages posted to one session, against the fake server. */
#ifndef MAILSUB_TESTS_BULK_KIT_H
#define MAILSUB_TESTS_BULK_KIT_H

#include "session_kit.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BULK_MAX = 40, BULK_MAX_RULES = 4 };

struct bulk_rule {
    const char *verb;
    const char *argument;
    const char *reply;
    unsigned times;
};

struct bulk {
    struct unit_heap *heap; /* NULL: malloc */
    mailsub_testing_server *server;
    mailsub_config *config;
    mailsub_session *session;
    size_t n;
    size_t n_done;
    mailsub_message *messages[BULK_MAX];
    mailsub_receipt *receipts[BULK_MAX];
    int codes[BULK_MAX];
    bool done[BULK_MAX];
    struct kit_transcript transcript;
};

/* A server with these rules, and a config for it. */
static inline void bulk_begin(struct bulk *bulk, uint32_t flags, const struct bulk_rule *rules)
{
    *bulk = (struct bulk){0};
    assert_int_equal(mailsub_testing_server_new(flags, &bulk->server), 0);
    for (size_t i = 0; rules && i < BULK_MAX_RULES && rules[i].verb; i++)
        assert_int_equal(mailsub_testing_server_add_rule(bulk->server, rules[i].verb,
                                                         rules[i].argument, rules[i].reply,
                                                         rules[i].times),
                         0);
    assert_int_equal(mailsub_testing_server_start(bulk->server), 0);
}

static inline int bulk_configure(struct bulk *bulk, const mailsub_allocator *allocator)
{
    const char *ca = mailsub_testing_server_get_ca(bulk->server);
    int rc = mailsub_config_new(allocator, &bulk->config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(bulk->config, mailsub_testing_server_get_url(bulk->server));
    if (rc == MAILSUB_OK && ca[0] != '\0')
        rc = mailsub_config_set_ca_data(bulk->config, ca, strlen(ca));
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_transcript(bulk->config, kit_note, &bulk->transcript);
    return rc;
}

/* n messages from m0@example.org, m1@example.org and so on, none posted. */
static inline int bulk_make(struct bulk *bulk, const mailsub_allocator *allocator, size_t n,
                            const char *text)
{
    for (size_t i = 0; i < n; i++, bulk->n++) {
        char sender[32];
        snprintf(sender, sizeof sender, "m%zu@example.org", i);
        if (mailsub_receipt_new(allocator, &bulk->receipts[i]) ||
            mailsub_message_new(allocator, &bulk->messages[i]))
            return MAILSUB_E_NOMEM;
        mailsub_message_set_from(bulk->messages[i], sender, NULL);
        mailsub_message_add_recipient(bulk->messages[i], MAILSUB_RECIPIENT_TO, "to@example.net",
                                      NULL);
        mailsub_message_set_text(bulk->messages[i], text, MAILSUB_NUL_TERMINATED);
        int rc = mailsub_message_get_error(bulk->messages[i], NULL);
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}

static inline size_t bulk_find(const struct bulk *bulk, const mailsub_message *message)
{
    size_t i = 0;
    while (bulk->messages[i] != message)
        assert_true(++i < bulk->n);
    return i;
}

/* Each message is told once, and its receipt says the same. */
static inline void bulk_take(struct bulk *bulk)
{
    mailsub_message *message;
    mailsub_receipt *receipt = NULL;
    void *context = NULL;
    int code = 1;
    while ((message = mailsub_session_next_done(bulk->session, &context, &code, &receipt))) {
        size_t i = bulk_find(bulk, message);
        assert_false(bulk->done[i]);
        assert_ptr_equal(context, bulk);
        assert_ptr_equal(receipt, bulk->receipts[i]);
        assert_int_equal(mailsub_receipt_get_code(receipt), code);
        bulk->done[i] = true;
        bulk->codes[i] = code;
        bulk->n_done++;
    }
}

static inline int bulk_post(struct bulk *bulk)
{
    int rc = MAILSUB_OK;
    for (size_t i = 0; i < bulk->n && rc == MAILSUB_OK; i++)
        rc = mailsub_session_post(bulk->session, bulk->messages[i], bulk->receipts[i], NULL, bulk);
    return rc;
}

/* Wait once for what is due, and let the session go on. */
static inline void bulk_step(struct bulk *bulk)
{
    struct pollfd watched = {.fd = mailsub_session_get_fd(bulk->session), .events = POLLIN};
    int64_t timeout_ms = mailsub_session_get_timeout(bulk->session);
    assert_true(timeout_ms >= 0);
    assert_true(poll(&watched, 1, timeout_ms > 20000 ? 20000 : (int)timeout_ms) >= 0);
    assert_int_equal(mailsub_session_process(bulk->session), 0);
    bulk_take(bulk);
}

static inline void bulk_finish(struct bulk *bulk)
{
    while (mailsub_session_count_pending(bulk->session) > 0)
        bulk_step(bulk);
}

static inline void bulk_end(struct bulk *bulk)
{
    mailsub_session_free(bulk->session);
    mailsub_config_unref(bulk->config);
    for (size_t i = 0; i < BULK_MAX; i++) {
        mailsub_message_free(bulk->messages[i]);
        mailsub_receipt_free(bulk->receipts[i]);
    }
    mailsub_testing_server_free(bulk->server);
}

/* The child of it ends without cmocka, and not late. */
static inline void bulk_in_child(struct bulk *bulk, int (*act)(struct bulk *bulk))
{
    int status = -1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        _exit(act(bulk));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* How often the server has the i-th message. */
static inline size_t bulk_count(const struct bulk *bulk, size_t i)
{
    size_t n = 0;
    char sender[32];
    snprintf(sender, sizeof sender, "m%zu@example.org", i);
    for (size_t k = 0; k < mailsub_testing_server_count_messages(bulk->server); k++)
        n += strcmp(mailsub_testing_server_get_sender(bulk->server, k), sender) == 0;
    return n;
}

/* Nothing is lost or doubled: what was told is what the server has. */
static inline void bulk_check_truth(const struct bulk *bulk)
{
    assert_int_equal(bulk->n_done, bulk->n);
    for (size_t i = 0; i < bulk->n; i++) {
        size_t n = bulk_count(bulk, i);
        if (bulk->codes[i] == MAILSUB_OK)
            assert_int_equal(n, 1);
        else if (bulk->codes[i] == MAILSUB_E_UNKNOWN_OUTCOME)
            assert_true(n <= 1);
        else
            assert_int_equal(n, 0);
    }
    assert_int_equal(mailsub_testing_server_count_client_errors(bulk->server), 0);
}

#endif
