/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attachments as they are, over a session, where the server takes content without lines. */
#include "unit.h"

#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#define BINARY "\x00\xff\r\x80\n."
#define BASE64 "AP8NgAou\r\n"

static const struct row {
    const char *name;
    const char *ehlo;
    const char *want;
    size_t want_len;
} rows[] = {
    {"binary", "250-x\n250-8BITMIME\n250-CHUNKING\n250 BINARYMIME", BINARY, sizeof BINARY - 1},
    {"no BINARYMIME", "250-x\n250-8BITMIME\n250 CHUNKING", BASE64, sizeof BASE64 - 1},
    {"no CHUNKING", "250-x\n250-8BITMIME\n250 BINARYMIME", BASE64, sizeof BASE64 - 1},
};

static mailsub_message *make_message(void)
{
    mailsub_message *message;
    assert_int_equal(mailsub_message_new(NULL, &message), 0);
    mailsub_message_set_from(message, "app@example.org", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "jo@example.net", NULL);
    mailsub_message_set_text(message, "Hello\n", MAILSUB_NUL_TERMINATED);
    mailsub_message_attach_data(message, "x.bin", NULL, BINARY, sizeof BINARY - 1);
    assert_int_equal(mailsub_message_get_error(message, NULL), 0);
    return message;
}

/* The first message was laid out before the server had said what it can, the second behind. */
static void goes_as_the_server_takes_it(void **state)
{
    const struct row *row = *state;
    mailsub_testing_server *server;
    mailsub_config *config;
    mailsub_session *session;
    mailsub_message *message = make_message();
    assert_int_equal(mailsub_testing_server_new(MAILSUB_TESTING_CHUNKING, &server), 0);
    assert_int_equal(mailsub_testing_server_add_rule(server, "EHLO", NULL, row->ehlo, 0), 0);
    assert_int_equal(mailsub_testing_server_start(server), 0);
    assert_int_equal(mailsub_config_new(NULL, &config), 0);
    assert_int_equal(mailsub_config_set_url(config, mailsub_testing_server_get_url(server)), 0);
    assert_int_equal(mailsub_session_new(config, &session), 0);
    for (size_t i = 0; i < 2; i++) {
        size_t len = 0;
        assert_int_equal(mailsub_session_submit(session, message, NULL), 0);
        const char *content = mailsub_testing_server_get_content(server, i, &len);
        assert_non_null(content);
        assert_non_null(memmem(content, len, row->want, row->want_len));
    }
    assert_int_equal(mailsub_testing_server_count_client_errors(server), 0);
    mailsub_session_free(session);
    mailsub_config_unref(config);
    mailsub_message_free(message);
    mailsub_testing_server_free(server);
}

int main(void)
{
    static struct CMUnitTest tests[3];
    size_t n_tests = 0;
    UNIT_ADD_ROWS(tests, n_tests, rows, goes_as_the_server_takes_it);
    return UNIT_RUN(tests, n_tests);
}
