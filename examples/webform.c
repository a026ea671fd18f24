/* SPDX-License-Identifier: 0BSD */
/*
 * A web form that sends mail, the way that operators of mail servers want it:
 *
 *  - The mail goes to one fixed address of the house, and never to one that was typed in. A form
 *    that writes to any address given is soon used to send spam to strangers, confirmations too.
 *  - It comes from a fixed address of the house, for which this host may send. The visitor's stands
 *    in Reply-To, so that an answer reaches him; it is checked there like any other address.
 *  - Each visitor has a limit, and so has the form as a whole. The counts stand in a file, so that
 *    each request may have a process of its own.
 *  - What was typed goes into the text, and a short part of it into the Subject. Line ends cannot
 *    make fields of their own: the library refuses them in a header.
 *
 *   webform URL LIMITS VISITOR REPLY_TO TOPIC < text    submits one form; LIMITS is the file of the
 *                                                       counts, such as file:/var/lib/form/limits,
 *                                                       VISITOR the visitor's network address
 *   webform                                             shows all this against a server of its own
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <stdio.h>
#include <string.h>

enum { PER_VISITOR = 3, PER_FORM = 60, HOUR_MS = 60 * 60 * 1000 };

static const char form_address[] = "form@council.example.org";
static const char office_address[] = "office@council.example.org";

struct form {
    const char *visitor; /* network address */
    const char *reply_to;
    const char *topic;
    const char *text;
};

struct office {
    mailsub_limiter *limiter;
    mailsub_ticket *ticket;
    mailsub_session *session;
};

/* The sender's rule is for the form as a whole; the session keeps it. Everybody else is a visitor. */
static int open_limiter(const char *limits, mailsub_limiter **out_limiter)
{
    int rc = mailsub_limiter_open(NULL, limits, out_limiter);
    if (rc == MAILSUB_OK)
        rc = mailsub_limiter_add_rule(*out_limiter, form_address, PER_FORM, HOUR_MS, 0);
    if (rc == MAILSUB_OK)
        rc = mailsub_limiter_add_rule(*out_limiter, NULL, PER_VISITOR, HOUR_MS, 0);
    return rc;
}

/* Count one form of a visitor, under a name that looks like a mailbox and is none. */
static int count(const struct office *office, const char *visitor)
{
    char key[128];
    snprintf(key, sizeof key, "\"%.60s\"@visitor.invalid", visitor);
    return mailsub_limiter_reserve(office->limiter, key, 1, NULL, office->ticket);
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

static int submit(const struct office *office, const struct form *form)
{
    mailsub_message *message;
    int rc = mailsub_message_new(NULL, &message);
    if (rc)
        return rc;
    rc = build(message, form);
    if (rc == MAILSUB_OK)
        rc = count(office, form->visitor);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_submit(office->session, message, NULL);
    mailsub_message_free(message);
    printf("%s: %s\n", form->visitor, mailsub_strerror(rc));
    return rc;
}

/* What the form takes and refuses, against a server of its own; 0 when all is as it should be. */
static int show(const struct office *office, const mailsub_testing_server *server)
{
    static const struct form good = {"192.0.2.1", "visitor@example.net", "Street lamp", "Dark.\n"};
    static const struct form injected = {"192.0.2.2", "visitor@example.net",
                                         "a\r\nBcc: victim@example.com", "Spam.\n"};
    static const struct form two = {"192.0.2.3", "a@example.net, b@example.net", "a", "Spam.\n"};
    int wrong = 0;
    for (int i = 0; i < PER_VISITOR; i++)
        wrong += submit(office, &good) != MAILSUB_OK;
    wrong += submit(office, &good) != MAILSUB_E_RATE_LIMITED;
    wrong += submit(office, &injected) != MAILSUB_E_CONTROL;
    wrong += submit(office, &two) != MAILSUB_E_ADDRESS;
    wrong += mailsub_testing_server_count_messages(server) != PER_VISITOR;
    for (size_t i = 0; i < mailsub_testing_server_count_messages(server); i++)
        wrong += strcmp(mailsub_testing_server_get_recipient(server, i, 0), office_address) != 0;
    return wrong;
}

static int open_office(const char *url, const char *limits, struct office *office)
{
    mailsub_config *config;
    int rc = mailsub_config_new(NULL, &config);
    if (rc)
        return rc;
    rc = mailsub_config_set_url(config, url);
    if (rc == MAILSUB_OK)
        rc = open_limiter(limits, &office->limiter);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_limiter(config, office->limiter, MAILSUB_WHEN_LIMITED_FAIL);
    if (rc == MAILSUB_OK)
        rc = mailsub_ticket_new(NULL, &office->ticket);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, &office->session);
    mailsub_config_unref(config);
    return rc;
}

static void close_office(struct office *office)
{
    mailsub_session_free(office->session);
    mailsub_ticket_free(office->ticket);
    mailsub_limiter_unref(office->limiter);
}

static int run_one(char **argv)
{
    static char text[64 * 1024];
    struct office office = {NULL, NULL, NULL};
    size_t len = fread(text, 1, sizeof text - 1, stdin);
    text[len] = '\0';
    const struct form form = {argv[3], argv[4], argv[5], text};
    int rc = open_office(argv[1], argv[2], &office);
    if (rc == MAILSUB_OK)
        rc = submit(&office, &form);
    close_office(&office);
    return rc;
}

int main(int argc, char **argv)
{
    mailsub_testing_server *server = NULL;
    struct office office = {NULL, NULL, NULL};
    if (argc == 6)
        return run_one(argv) == MAILSUB_OK ? 0 : 1;
    int rc = argc == 1 ? mailsub_testing_server_new(MAILSUB_TESTING_PIPELINING, &server) : 1;
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_start(server);
    if (rc == MAILSUB_OK)
        rc = open_office(mailsub_testing_server_get_url(server), "memory:", &office);
    if (rc == MAILSUB_OK)
        rc = show(&office, server);
    close_office(&office);
    mailsub_testing_server_free(server);
    return rc == MAILSUB_OK ? 0 : 1;
}
