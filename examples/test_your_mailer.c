/* SPDX-License-Identifier: 0BSD */
/*
 * How to test a program that sends mail: against a server in the test itself, which captures what it
 * gets, and refuses or hangs up when it is told to. No port is fixed, nothing leaves the host, and
 * no test waits.
 *
 * send_reset() stands for the program. It takes its config from outside: that is all that makes it
 * fit for tests. With a test framework, each test_*() becomes one of its tests.
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <stdio.h>
#include <string.h>

/* The program: mail a link by which a password is set anew. */
enum result { SENT, NO_SUCH_USER, TRY_LATER, BROKEN };

static enum result result_of(int code)
{
    if (code == MAILSUB_OK)
        return SENT;
    if (code == MAILSUB_E_RECIPIENTS_REFUSED || mailsub_error_group(code) == MAILSUB_GROUP_MESSAGE)
        return NO_SUCH_USER;
    return mailsub_error_action(code) == MAILSUB_ACTION_RETRY_LATER ? TRY_LATER : BROKEN;
}

static enum result send_reset(mailsub_config *config, const char *address, const char *link)
{
    mailsub_session *session = NULL;
    mailsub_message *message = NULL;
    char text[300];
    int rc = mailsub_session_new(config, &session);
    if (rc == MAILSUB_OK)
        rc = mailsub_message_new(NULL, &message);
    if (rc == MAILSUB_OK) {
        snprintf(text, sizeof text, "Follow this link within an hour:\n%s\n", link);
        mailsub_message_set_from(message, "accounts@example.org", "Accounts");
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, address, NULL);
        mailsub_message_set_subject(message, "Set a new password");
        mailsub_message_set_transactional(message);
        mailsub_message_set_text(message, text, MAILSUB_NUL_TERMINATED);
        rc = mailsub_session_submit(session, message, NULL);
    }
    mailsub_session_free(session);
    mailsub_message_free(message);
    return result_of(rc);
}

/* What each test begins and ends with. */
struct fixture {
    mailsub_testing_server *server;
    mailsub_config *config;
};

static int set_up(struct fixture *fixture, const char *verb, const char *argument,
                  const char *reply)
{
    int rc = mailsub_testing_server_new(MAILSUB_TESTING_PIPELINING, &fixture->server);
    if (rc == MAILSUB_OK && verb)
        rc = mailsub_testing_server_add_rule(fixture->server, verb, argument, reply, 0);
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_start(fixture->server);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_new(NULL, &fixture->config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(fixture->config,
                                    mailsub_testing_server_get_url(fixture->server));
    return rc;
}

static void tear_down(struct fixture *fixture)
{
    mailsub_config_unref(fixture->config);
    mailsub_testing_server_free(fixture->server);
}

static int check(const char *name, int is_good)
{
    printf("%s: %s\n", is_good ? "ok" : "NOT ok", name);
    return is_good ? 0 : 1;
}

/* What arrives: to whom, from whom, and the text. */
static int test_link_is_sent(void)
{
    struct fixture fixture = {NULL, NULL};
    int is_good = set_up(&fixture, NULL, NULL, NULL) == MAILSUB_OK &&
                  send_reset(fixture.config, "bob@example.net", "https://example.org/r/1") == SENT;
    const char *to = mailsub_testing_server_get_recipient(fixture.server, 0, 0);
    const char *content = mailsub_testing_server_get_content(fixture.server, 0, NULL);
    is_good = is_good && to && strcmp(to, "bob@example.net") == 0 && content &&
              strstr(content, "https://example.org/r/1") &&
              strstr(content, "Auto-Submitted: auto-generated") &&
              mailsub_testing_server_count_messages(fixture.server) == 1;
    tear_down(&fixture);
    return check("the link is sent to the user, once", is_good);
}

/* The same call, and a server that answers otherwise. */
static int test_result(const char *name, const char *verb, const char *reply, enum result wanted)
{
    struct fixture fixture = {NULL, NULL};
    int is_good = set_up(&fixture, verb, NULL, reply) == MAILSUB_OK &&
                  send_reset(fixture.config, "bob@example.net", "https://x.example/") == wanted;
    tear_down(&fixture);
    return check(name, is_good);
}

/* What a user types in reaches nobody else. */
static int test_injection_is_refused(void)
{
    struct fixture fixture = {NULL, NULL};
    int is_good = set_up(&fixture, NULL, NULL, NULL) == MAILSUB_OK &&
                  send_reset(fixture.config, "bob@example.net\r\nBcc: eve@example.com", "x") ==
                      NO_SUCH_USER &&
                  mailsub_testing_server_count_messages(fixture.server) == 0;
    tear_down(&fixture);
    return check("an injected recipient is refused", is_good);
}

int main(void)
{
    int n_failed = test_link_is_sent() + test_injection_is_refused();
    n_failed += test_result("an unknown user", "RCPT", "550 5.1.1 No such user", NO_SUCH_USER);
    n_failed += test_result("a busy server", "", "421 4.3.2 Too busy", TRY_LATER);
    n_failed += test_result("a server that hangs up", "MAIL", NULL, TRY_LATER);
    n_failed += test_result("a sender that may not send", "MAIL", "550 5.7.1 No", BROKEN);
    return n_failed == 0 ? 0 : 1;
}
