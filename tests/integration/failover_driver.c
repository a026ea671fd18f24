/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * failover_driver CA USER PASSWORD URL...: one session for these servers. For each line on standard
 * input it submits a message whose subject is the line, and prints the code's name, the server, and
 * the codes' names of those that failed before, with spaces between.
 */
#include <stdio.h>
#include <string.h>

#include <mailsub/mailsub.h>

/* A dead server is tried again soon, so that the test need not wait. */
#define FIRST_MS 50
#define MOST_MS 500

static int configure(mailsub_config *config, char **argv)
{
    int rc = mailsub_config_set_url(config, argv[4]);
    for (int i = 5; argv[i] && rc == MAILSUB_OK; i++)
        rc = mailsub_config_add_url(config, argv[i]);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_ca_file(config, argv[1]);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_credentials(config, argv[2], argv[3]);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_tls(config, MAILSUB_TLS_STARTTLS);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_server_pause(config, FIRST_MS, MOST_MS);
    return rc;
}

static int send_one(mailsub_session *session, const char *subject, mailsub_receipt *receipt)
{
    mailsub_message *message = NULL;
    if (mailsub_message_new(NULL, &message))
        return MAILSUB_E_NOMEM;
    mailsub_message_set_from(message, "alice@ours.example", NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "ann@ours.example", NULL);
    mailsub_message_set_subject(message, subject);
    mailsub_message_set_text(message, "text\n", MAILSUB_NUL_TERMINATED);
    int rc = mailsub_session_submit(session, message, receipt);
    mailsub_message_free(message);
    return rc;
}

static void tell(int code, const mailsub_receipt *receipt)
{
    printf("%s %s", mailsub_error_name(code), mailsub_receipt_get_server(receipt));
    for (size_t i = 0; i < mailsub_receipt_count_failed_servers(receipt); i++)
        printf(" %s", mailsub_error_name(mailsub_receipt_get_failed_server_code(receipt, i)));
    putchar('\n');
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char line[256];
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    mailsub_receipt *receipt = NULL;
    if (argc < 5 || mailsub_config_new(NULL, &config) || mailsub_receipt_new(NULL, &receipt) ||
        configure(config, argv) || mailsub_session_new(config, &session))
        return 1;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        tell(send_one(session, line, receipt), receipt);
    }
    mailsub_session_free(session);
    mailsub_receipt_free(receipt);
    mailsub_config_unref(config);
    return 0;
}
