/* SPDX-License-Identifier: 0BSD */
/*
 * A web form that sends mail, the way that operators of mail servers want it:
 *
 *  - The mail goes to one fixed address of the house, and never to one that was typed in. A form
 *    that writes to any address given is soon used to send spam to strangers, confirmations too.
 *  - It comes from a fixed address of the house, for which this host may send. The visitor's stands
 *    in Reply-To, so that an answer reaches him; it is checked there like any other address.
 *  - Each visitor has a limit, and so has the form as a whole.
 *  - What was typed goes into the text, and a short part of it into the Subject. Line ends cannot
 *    make fields of their own: the library refuses them in a header.
 *
 *   webform URL VISITOR REPLY_TO TOPIC < text     submits one form; VISITOR is his network address
 *   webform                                       shows all this against a server of its own
 *
 * A program that serves one request each has to keep the counts where the next one finds them.
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MOST_VISITORS = 1000, PER_VISITOR = 3, PER_FORM = 60, WINDOW_S = 60 * 60 };

static const char form_address[] = "form@council.example.org";
static const char office_address[] = "office@council.example.org";

struct form {
    const char *visitor; /* network address */
    const char *reply_to;
    const char *topic;
    const char *text;
};

/* How often each visitor, and everybody together, has used the form in the hour that runs. */
struct counts {
    time_t since;
    int n_all;
    size_t n_visitors;
    struct {
        char address[64];
        int n;
    } visitors[MOST_VISITORS];
};

static int may_send(struct counts *counts, const char *visitor, time_t now)
{
    if (now - counts->since >= WINDOW_S || now < counts->since) {
        counts->since = now;
        counts->n_all = 0;
        counts->n_visitors = 0;
    }
    if (counts->n_all >= PER_FORM || strlen(visitor) >= sizeof counts->visitors[0].address)
        return 0;
    size_t i = 0;
    while (i < counts->n_visitors && strcmp(counts->visitors[i].address, visitor) != 0)
        i++;
    if (i == MOST_VISITORS)
        return 0;
    if (i == counts->n_visitors) {
        strcpy(counts->visitors[i].address, visitor);
        counts->visitors[i].n = 0;
        counts->n_visitors++;
    }
    if (counts->visitors[i].n >= PER_VISITOR)
        return 0;
    counts->visitors[i].n++;
    counts->n_all++;
    return 1;
}

/* The builder keeps its first error: a malformed Reply-To or a topic with a line end ends it. */
static int build(mailsub_message *message, const struct form *form)
{
    char subject[200];
    if (strlen(form->topic) > 100)
        return MAILSUB_E_LIMIT;
    snprintf(subject, sizeof subject, "Web form: %s", form->topic);
    mailsub_message_set_from(message, form_address, "Web form");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, office_address, NULL);
    mailsub_message_add_reply_to(message, form->reply_to, NULL);
    mailsub_message_set_subject(message, subject);
    mailsub_message_set_transactional(message);
    mailsub_message_set_text(message, form->text, MAILSUB_NUL_TERMINATED);
    return mailsub_message_get_error(message, NULL);
}

static int submit(mailsub_session *session, struct counts *counts, const struct form *form)
{
    mailsub_message *message;
    if (!may_send(counts, form->visitor, time(NULL))) {
        printf("%s: too many forms, try again in an hour\n", form->visitor);
        return 1;
    }
    int rc = mailsub_message_new(NULL, &message);
    if (rc)
        return rc;
    rc = build(message, form);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_submit(session, message, NULL);
    mailsub_message_free(message);
    printf("%s: %s\n", form->visitor, mailsub_strerror(rc));
    return rc;
}

/* What the form takes and refuses, against a server of its own; 0 when all is as it should be. */
static int show(mailsub_session *session, const mailsub_testing_server *server)
{
    static struct counts counts;
    static const struct form good = {"192.0.2.1", "visitor@example.net", "Street lamp", "Dark.\n"};
    static const struct form injected = {"192.0.2.2", "visitor@example.net",
                                         "a\r\nBcc: victim@example.com", "Spam.\n"};
    static const struct form two = {"192.0.2.3", "a@example.net, b@example.net", "a", "Spam.\n"};
    int wrong = 0;
    for (int i = 0; i < PER_VISITOR; i++)
        wrong += submit(session, &counts, &good) != MAILSUB_OK;
    wrong += submit(session, &counts, &good) != 1;
    wrong += submit(session, &counts, &injected) != MAILSUB_E_CONTROL;
    wrong += submit(session, &counts, &two) != MAILSUB_E_ADDRESS;
    wrong += mailsub_testing_server_count_messages(server) != PER_VISITOR;
    for (size_t i = 0; i < mailsub_testing_server_count_messages(server); i++)
        wrong += strcmp(mailsub_testing_server_get_recipient(server, i, 0), office_address) != 0;
    return wrong;
}

static int open_session(const char *url, mailsub_session **out_session)
{
    mailsub_config *config;
    int rc = mailsub_config_new(NULL, &config);
    if (rc)
        return rc;
    rc = mailsub_config_set_url(config, url);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, out_session);
    mailsub_config_unref(config);
    return rc;
}

static int run_one(char **argv)
{
    static struct counts counts;
    static char text[64 * 1024];
    mailsub_session *session;
    size_t len = fread(text, 1, sizeof text - 1, stdin);
    text[len] = '\0';
    const struct form form = {argv[2], argv[3], argv[4], text};
    int rc = open_session(argv[1], &session);
    if (rc)
        return rc;
    rc = submit(session, &counts, &form);
    mailsub_session_free(session);
    return rc;
}

int main(int argc, char **argv)
{
    mailsub_testing_server *server = NULL;
    mailsub_session *session = NULL;
    if (argc == 5)
        return run_one(argv) == MAILSUB_OK ? 0 : 1;
    int rc = argc == 1 ? mailsub_testing_server_new(MAILSUB_TESTING_PIPELINING, &server) : 1;
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_start(server);
    if (rc == MAILSUB_OK)
        rc = open_session(mailsub_testing_server_get_url(server), &session);
    if (rc == MAILSUB_OK)
        rc = show(session, server);
    mailsub_session_free(session);
    mailsub_testing_server_free(server);
    return rc == MAILSUB_OK ? 0 : 1;
}
