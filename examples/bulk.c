/* SPDX-License-Identifier: 0BSD */
/*
 * A newsletter: each reader gets a message of his own, with a link of his own to unsubscribe, and a
 * return path that names him, so that a bounce tells whose address is dead. Many messages are under
 * way at once over one connection, and the sender's quota is kept by waiting.
 *
 *   bulk URL SENDER LIST UNSUBSCRIBE < addresses   a line each; UNSUBSCRIBE is the link without the
 *                                                  reader, such as https://example.org/leave/
 *   bulk                                           shows it against a server of its own
 *
 * Operators want it signed by DKIM: add a signer to the config, see dkim.c.
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { MOST_UNDER_WAY = 128, PER_DAY = 10000, DAY_MS = 24 * 60 * 60 * 1000 };

struct newsletter {
    const char *sender;
    const char *list;
    const char *unsubscribe;
    mailsub_session *session;
    unsigned long n_read;
    unsigned long n_accepted;
};

/* Called when a message is done: it is ours again. */
static void on_done(void *context, mailsub_message *message, int code, mailsub_receipt *receipt)
{
    struct newsletter *letter = context;
    const char *reader = "?";
    (void)receipt;
    mailsub_message_get_recipient(message, 0, &reader);
    letter->n_accepted += code == MAILSUB_OK;
    if (code)
        printf("%s: %s\n", reader, mailsub_strerror(code));
    mailsub_message_free(message);
}

/* The link names the reader by his number: an address in a URL ends in other people's logs. */
static int build(const struct newsletter *letter, const char *reader, mailsub_message *message)
{
    char link[512];
    snprintf(link, sizeof link, "%s%lu", letter->unsubscribe, letter->n_read);
    mailsub_message_set_from(message, letter->sender, "The Library");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, reader, NULL);
    mailsub_message_set_verp(message, letter->sender);
    mailsub_message_set_subject(message, "New books in June");
    mailsub_message_set_bulk(message, letter->list, link, NULL, NULL);
    mailsub_message_set_text(message,
                             "These books are new:\n...\nYou get this mail because you "
                             "asked for it.\n",
                             MAILSUB_NUL_TERMINATED);
    return mailsub_message_get_error(message, NULL);
}

static void post(struct newsletter *letter, const char *reader)
{
    mailsub_message *message = NULL;
    letter->n_read++;
    int rc = mailsub_message_new(NULL, &message);
    if (rc == MAILSUB_OK)
        rc = build(letter, reader, message);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_post(letter->session, message, NULL, on_done, letter);
    if (rc) {
        printf("%s: %s\n", reader, mailsub_strerror(rc));
        mailsub_message_free(message);
    }
}

/* Wait until something can be done, and do it. */
static int turn(mailsub_session *session)
{
    int64_t ms = mailsub_session_get_timeout(session);
    struct pollfd fd = {.fd = mailsub_session_get_fd(session), .events = POLLIN};
    poll(&fd, 1, ms > 1000 || ms < 0 ? 1000 : (int)ms);
    return mailsub_session_process(session);
}

static int send_all(struct newsletter *letter, FILE *addresses)
{
    char line[512];
    int rc = MAILSUB_OK;
    while (rc == MAILSUB_OK && fgets(line, sizeof line, addresses)) {
        line[strcspn(line, "\r\n")] = '\0';
        post(letter, line);
        while (rc == MAILSUB_OK && mailsub_session_count_pending(letter->session) >= MOST_UNDER_WAY)
            rc = turn(letter->session);
    }
    while (rc == MAILSUB_OK && mailsub_session_count_pending(letter->session) > 0)
        rc = turn(letter->session);
    return rc;
}

/* In memory, so for this run; limiter.c keeps the counts between runs. */
static int limit(mailsub_config *config, const char *sender)
{
    mailsub_limiter *limiter = NULL;
    int rc = mailsub_limiter_new(NULL, &limiter);
    if (rc == MAILSUB_OK)
        rc = mailsub_limiter_add_rule(limiter, sender, PER_DAY, DAY_MS, 0);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_limiter(config, limiter, MAILSUB_WHEN_LIMITED_WAIT);
    mailsub_limiter_unref(limiter);
    return rc;
}

static int run(const char *url, struct newsletter *letter, FILE *addresses)
{
    mailsub_config *config = NULL;
    int rc = mailsub_config_new(NULL, &config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(config, url);
    if (rc == MAILSUB_OK)
        rc = limit(config, letter->sender);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, &letter->session);
    if (rc == MAILSUB_OK)
        rc = send_all(letter, addresses);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_close(letter->session);
    mailsub_session_free(letter->session);
    mailsub_config_unref(config);
    printf("%lu of %lu accepted\n", letter->n_accepted, letter->n_read);
    return rc;
}

/* A thousand readers, one of them gone, and one line that is no address. */
static int show(struct newsletter *letter, const mailsub_testing_server *server)
{
    FILE *addresses = tmpfile();
    if (!addresses)
        return 1;
    for (int i = 0; i < 999; i++)
        fprintf(addresses, "reader%d@example.net\n", i);
    fputs("gone@example.net\nnobody\n", addresses);
    rewind(addresses);
    int wrong = run(mailsub_testing_server_get_url(server), letter, addresses) != MAILSUB_OK;
    fclose(addresses);
    wrong += letter->n_accepted != 999;
    wrong += mailsub_testing_server_count_messages(server) != 999;
    const char *sender = mailsub_testing_server_get_sender(server, 0);
    wrong += !sender || strcmp(sender, "news+reader0=example.net@example.org") != 0;
    wrong += mailsub_testing_server_count_connections(server) != 1;
    return wrong;
}

int main(int argc, char **argv)
{
    struct newsletter letter = {.sender = "news@example.org",
                                .list = "News of the library <news.example.org>",
                                .unsubscribe = "https://example.org/leave/"};
    mailsub_testing_server *server = NULL;
    if (argc == 5) {
        letter.sender = argv[2];
        letter.list = argv[3];
        letter.unsubscribe = argv[4];
        return mailsub_error_sysexit(run(argv[1], &letter, stdin));
    }
    int rc = mailsub_testing_server_new(MAILSUB_TESTING_PIPELINING, &server);
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_add_rule(server, "RCPT", "<gone@", "550 5.1.1 No such user", 0);
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_start(server);
    if (rc == MAILSUB_OK)
        rc = show(&letter, server);
    mailsub_testing_server_free(server);
    return rc == MAILSUB_OK ? 0 : 1;
}
