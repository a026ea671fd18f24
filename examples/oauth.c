/* SPDX-License-Identifier: 0BSD */
/*
 * A login with an OAuth token: a function of the program gives it when a login begins, and is asked
 * once more when the server refuses it, since tokens grow old. The session waits for the function,
 * so a program with an event loop fetches the next token before the old one ends.
 *
 *   oauth URL USER FROM TO < token    submits one message
 *   oauth                             shows it against a server of its own
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <stdio.h>
#include <string.h>

/* What a program knows of its tokens; a real one asks its identity provider in refresh(). */
struct tokens {
    const char *user;
    const char *cached;
    const char *fresh;
    unsigned n_refreshed;
};

static const char *refresh(struct tokens *tokens)
{
    tokens->n_refreshed++;
    tokens->cached = tokens->fresh;
    return tokens->cached;
}

/* The same token again, or an error, ends the login as MAILSUB_E_AUTH_REJECTED. */
static int give_token(void *context, int reason, mailsub_credentials *credentials)
{
    struct tokens *tokens = context;
    const char *token = reason == MAILSUB_CREDENTIALS_REFUSED ? refresh(tokens) : tokens->cached;
    int rc = mailsub_credentials_set_user(credentials, tokens->user);
    if (rc == MAILSUB_OK)
        rc = mailsub_credentials_set_token(credentials, token);
    return rc;
}

static int submit(mailsub_config *config, const char *from, const char *to)
{
    mailsub_session *session = NULL;
    mailsub_message *message = NULL;
    int rc = mailsub_session_new(config, &session);
    if (rc == MAILSUB_OK)
        rc = mailsub_message_new(NULL, &message);
    if (rc == MAILSUB_OK) {
        mailsub_message_set_from(message, from, NULL);
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, to, NULL);
        mailsub_message_set_subject(message, "By a token");
        mailsub_message_set_text(message, "No password was needed.\n", MAILSUB_NUL_TERMINATED);
        rc = mailsub_session_submit(session, message, NULL);
    }
    printf("%s: %s\n", mailsub_error_name(rc), mailsub_strerror(rc));
    mailsub_session_free(session);
    mailsub_message_free(message);
    return rc;
}

/* OAUTHBEARER or XOAUTH2 is chosen by what the server offers. A token goes over verified TLS only. */
static int log_in_and_submit(const char *url, const char *ca, struct tokens *tokens,
                             const char *from, const char *to)
{
    mailsub_config *config = NULL;
    int rc = mailsub_config_new(NULL, &config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(config, url);
    if (rc == MAILSUB_OK && ca)
        rc = mailsub_config_set_ca_data(config, ca, strlen(ca));
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_credentials_callback(config, give_token, tokens);
    if (rc == MAILSUB_OK)
        rc = submit(config, from, to);
    mailsub_config_unref(config);
    return rc;
}

static int run(char **argv)
{
    static char token[8193];
    if (!fgets(token, sizeof token, stdin))
        return MAILSUB_E_CREDENTIALS;
    token[strcspn(token, "\r\n")] = '\0';
    struct tokens tokens = {.user = argv[2], .cached = token, .fresh = token};
    return log_in_and_submit(argv[1], NULL, &tokens, argv[3], argv[4]);
}

/* A token that has grown old is renewed once; one that stays refused is not tried again. */
static int show(const mailsub_testing_server *server)
{
    const char *url = mailsub_testing_server_get_url(server);
    const char *ca = mailsub_testing_server_get_ca(server);
    struct tokens old = {.user = "app", .cached = "expired", .fresh = "t0k.en"};
    struct tokens wrong = {.user = "app", .cached = "expired", .fresh = "expired"};
    int n_wrong = 0;
    n_wrong += log_in_and_submit(url, ca, &old, "app@example.org", "bob@example.net") != MAILSUB_OK;
    n_wrong += log_in_and_submit(url, ca, &wrong, "app@example.org", "bob@example.net") !=
               MAILSUB_E_AUTH_REJECTED;
    n_wrong += old.n_refreshed != 1 || wrong.n_refreshed != 1;
    n_wrong += mailsub_testing_server_count_messages(server) != 1;
    return n_wrong;
}

int main(int argc, char **argv)
{
    mailsub_testing_server *server = NULL;
    if (argc == 5)
        return mailsub_error_sysexit(run(argv));
    int rc =
        mailsub_testing_server_new(MAILSUB_TESTING_IMPLICIT_TLS | MAILSUB_TESTING_REQUIRE_AUTH |
                                       MAILSUB_TESTING_AUTH_OAUTHBEARER,
                                   &server);
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_add_user(server, "app", "t0k.en");
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_start(server);
    if (rc == MAILSUB_OK)
        rc = show(server);
    mailsub_testing_server_free(server);
    return rc == MAILSUB_OK ? 0 : 1;
}
