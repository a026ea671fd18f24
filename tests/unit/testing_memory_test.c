/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake server when memory is short: it says so or hangs up, and leaks nothing. */
#include "unit.h"

#include <mailsub/error.h>
#include <mailsub/testing.h>

#include "raw_client.h"
#include "testing/server.h"

/* Read one reply, all its lines. False at the end of the connection. */
static bool read_reply(struct raw_client *client)
{
    const char *line;
    do {
        line = raw_client_read_line(client);
    } while (line && line[3] == '-');
    return line != NULL;
}

static void converse(int port)
{
    static const char *const steps[] = {
        "EHLO client.example\r\n",
        "AUTH LOGIN\r\n",
        "am9l\r\n",
        "c2VjcmV0\r\n",
        "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n",
        "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<e@f.example>\r\nDATA\r\n",
        "Hello\r\n.\r\n",
        "QUIT\r\n",
    };
    struct raw_client client;
    raw_client_open(&client, port);
    bool open = read_reply(&client);
    for (size_t i = 0; open && i < sizeof steps / sizeof steps[0]; i++) {
        raw_client_send(&client, steps[i], strlen(steps[i]));
        /* A step that was refused must not bring the next one out of step: one reply a line. */
        for (const char *c = steps[i]; open && (c = strchr(c, '\n')) != NULL; c++) {
            if (i != 6 || c[1] == '\0')
                open = read_reply(&client);
        }
    }
    raw_client_close(&client);
}

/* Whether all went well without the fail_at-th block of memory. */
static bool serve_once(size_t fail_at)
{
    mailsub_testing_server *server = NULL;
    const uint32_t flags = MAILSUB_TESTING_PIPELINING | MAILSUB_TESTING_AUTH_PLAIN |
                           MAILSUB_TESTING_AUTH_LOGIN | MAILSUB_TESTING_AUTH_CLEAR;
    assert_int_equal(mailsub_testing_server_new(flags, &server), MAILSUB_OK);
    /* From here on: what new allocated is the server, its record and the transcript. */
    struct unit_heap heap = {.fail_at = fail_at, .n_live = 3};
    server->allocator = unit_allocator(&heap);

    int rc = mailsub_testing_server_set_certificate(server, "mail.example", -10, 10);
    if (!rc)
        rc = mailsub_testing_server_add_user(server, "joe", "secret");
    if (!rc)
        rc = mailsub_testing_server_add_rule(server, "VRFY", "x", "250 Yes", 1);
    if (!rc)
        rc = mailsub_testing_server_start(server);
    assert_true(rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM);
    if (!rc) {
        converse(mailsub_testing_server_get_port(server));
        mailsub_testing_server_stop(server);
    }
    bool taken = mailsub_testing_server_count_messages(server) == 1;
    mailsub_testing_server_free(server);
    assert_int_equal(heap.n_live, 0);
    assert_true(heap.n_requests > 0);
    return heap.n_requests < fail_at && taken;
}

static void every_block_of_memory_may_be_missing(void **state)
{
    (void)state;
    size_t fail_at = 1;
    while (!serve_once(fail_at))
        assert_true(++fail_at < 200);
    assert_true(fail_at > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_of_memory_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
