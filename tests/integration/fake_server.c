/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_server [WORD...]: the server of libmailsub-testing as a program, for clients in any
 * language.
 *
 * A WORD is the name of a flag, or "user NAME PASSWORD", or "rule VERB ARGUMENT REPLY" (three
 * words behind it; ARGUMENT "" for any). Prints its port, its authority in PEM and a line ".", and
 * serves until its standard input ends. Then it prints each message: "message OCTETS", "login",
 * "sender" and "recipient" lines, an empty line, and the content; and at last "errors N".
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <mailsub/error.h>
#include <mailsub/testing.h>

static const struct {
    const char *name;
    uint32_t flag;
} flags[] = {
    {"pipelining", MAILSUB_TESTING_PIPELINING},
    {"starttls", MAILSUB_TESTING_STARTTLS},
    {"implicit-tls", MAILSUB_TESTING_IMPLICIT_TLS},
    {"auth-plain", MAILSUB_TESTING_AUTH_PLAIN},
    {"auth-login", MAILSUB_TESTING_AUTH_LOGIN},
    {"auth-clear", MAILSUB_TESTING_AUTH_CLEAR},
    {"require-auth", MAILSUB_TESTING_REQUIRE_AUTH},
    {"enhanced", MAILSUB_TESTING_ENHANCED},
    {"no-ehlo", MAILSUB_TESTING_NO_EHLO},
    {"discard", MAILSUB_TESTING_DISCARD},
    {"chunking", MAILSUB_TESTING_CHUNKING},
    {"auth-scram-sha-256", MAILSUB_TESTING_AUTH_SCRAM_SHA_256},
    {"auth-scram-sha-1", MAILSUB_TESTING_AUTH_SCRAM_SHA_1},
    {"auth-plus", MAILSUB_TESTING_AUTH_PLUS},
    {"auth-cram-md5", MAILSUB_TESTING_AUTH_CRAM_MD5},
    {"auth-oauthbearer", MAILSUB_TESTING_AUTH_OAUTHBEARER},
    {"auth-xoauth2", MAILSUB_TESTING_AUTH_XOAUTH2},
};

static uint32_t flag_of(const char *word)
{
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(flags[i].name, word) == 0)
            return flags[i].flag;
    }
    return 0;
}

/* Apply the words that are no flags. Flags are skipped. */
static bool set_up(mailsub_testing_server *server, char **words)
{
    int rc = MAILSUB_OK;
    for (; *words && rc == MAILSUB_OK; words++) {
        if (strcmp(*words, "user") == 0 && words[1] && words[2]) {
            rc = mailsub_testing_server_add_user(server, words[1], words[2]);
            words += 2;
        } else if (strcmp(*words, "rule") == 0 && words[1] && words[2] && words[3]) {
            const char *argument = words[2][0] ? words[2] : NULL;
            rc = mailsub_testing_server_add_rule(server, words[1], argument, words[3], 0);
            words += 3;
        } else if (!flag_of(*words)) {
            rc = MAILSUB_E_INVALID;
        }
    }
    return rc == MAILSUB_OK;
}

static void report(const mailsub_testing_server *server)
{
    size_t n = mailsub_testing_server_count_messages(server);
    for (size_t i = 0; i < n; i++) {
        size_t len = 0;
        const char *content = mailsub_testing_server_get_content(server, i, &len);
        printf("message %zu\n", len);
        printf("login %s\n", mailsub_testing_server_get_login(server, i));
        printf("sender %s\n", mailsub_testing_server_get_sender(server, i));
        const char *recipient;
        for (size_t nth = 0;
             (recipient = mailsub_testing_server_get_recipient(server, i, nth)) != NULL; nth++)
            printf("recipient %s\n", recipient);
        putchar('\n');
        fwrite(content, 1, len, stdout);
    }
    printf("errors %zu\n", mailsub_testing_server_count_client_errors(server));
}

static int print(void *context, const void *data, size_t len)
{
    return fwrite(data, 1, len, context) != len;
}

int main(int argc, char **argv)
{
    mailsub_testing_server *server = NULL;
    uint32_t chosen = 0;
    for (int i = 1; i < argc; i++)
        chosen |= flag_of(argv[i]);
    if (mailsub_testing_server_new(chosen, &server) != MAILSUB_OK || !set_up(server, argv + 1) ||
        mailsub_testing_server_start(server) != MAILSUB_OK) {
        mailsub_testing_server_free(server);
        return 1;
    }
    printf("%d\n%s.\n", mailsub_testing_server_get_port(server),
           mailsub_testing_server_get_ca(server));
    fflush(stdout);
    while (getchar() != EOF)
        ;
    mailsub_testing_server_stop(server);
    report(server);
    mailsub_testing_server_write_transcript(server, print, stderr);
    mailsub_testing_server_free(server);
    return 0;
}
