/* SPDX-License-Identifier: 0BSD */
/*
 * The main job against an embedded server: a message with text, HTML and an attachment is submitted
 * over TLS with a login. Shows the dialogue, the message as delivered, and the receipt.
 */
#include <mailsub/mailsub.h>
#include <mailsub/testing.h>

#include <stdio.h>
#include <string.h>

static int to_stdout(void *context, const void *data, size_t len)
{
    (void)context;
    return fwrite(data, 1, len, stdout) == len ? 0 : -1;
}

static int start_server(mailsub_testing_server **out_server)
{
    int rc = mailsub_testing_server_new(MAILSUB_TESTING_IMPLICIT_TLS | MAILSUB_TESTING_PIPELINING |
                                            MAILSUB_TESTING_ENHANCED | MAILSUB_TESTING_AUTH_PLAIN |
                                            MAILSUB_TESTING_REQUIRE_AUTH,
                                        out_server);
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_add_user(*out_server, "library", "correct horse");
    if (rc == MAILSUB_OK)
        rc = mailsub_testing_server_start(*out_server);
    return rc;
}

static int make_config(const mailsub_testing_server *server, mailsub_config **out_config)
{
    const char *ca = mailsub_testing_server_get_ca(server);
    int rc = mailsub_config_new(NULL, out_config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(*out_config, mailsub_testing_server_get_url(server));
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_credentials(*out_config, "library", "correct horse");
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_ca_data(*out_config, ca, strlen(ca));
    return rc;
}

/* The builder keeps its first error, and the submission returns it: no check is needed here. */
static int make_message(mailsub_message **out_message)
{
    static const char list[] = "shelf;title\n4711;Effi Briest\n";
    int rc = mailsub_message_new(NULL, out_message);
    if (rc)
        return rc;
    mailsub_message *message = *out_message;
    mailsub_message_set_from(message, "library@example.org", "Stadtbücherei Köln");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "reader@example.net",
                                  "Žofie Nováková");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, "archive@example.org", NULL);
    mailsub_message_set_subject(message, "Ihre Vormerkung „Effi Briest“ liegt bereit");
    mailsub_message_set_text(message, "Guten Tag,\nbitte bis Freitag abholen.\n",
                             MAILSUB_NUL_TERMINATED);
    mailsub_message_set_html(message,
                             "<p>Guten Tag,</p>\n<p>bitte bis <b>Freitag</b> abholen.</p>\n",
                             MAILSUB_NUL_TERMINATED);
    mailsub_message_attach_data(message, "Vormerkungen für Žofie.csv", "text/csv", list,
                                sizeof list - 1);
    return MAILSUB_OK;
}

static void show(const mailsub_testing_server *server, const mailsub_receipt *receipt)
{
    size_t len = 0;
    const char *content = mailsub_testing_server_get_content(server, 0, &len);
    puts("--- what the server saw");
    mailsub_testing_server_write_transcript(server, to_stdout, NULL);
    puts("--- the message as delivered");
    if (content)
        fwrite(content, 1, len, stdout);
    puts("--- the receipt");
    mailsub_receipt_write(receipt, to_stdout, NULL);
}

int main(void)
{
    mailsub_testing_server *server = NULL;
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    mailsub_message *message = NULL;
    mailsub_receipt *receipt = NULL;

    int rc = start_server(&server);
    if (rc == MAILSUB_OK)
        rc = make_config(server, &config);
    if (rc == MAILSUB_OK)
        rc = make_message(&message);
    if (rc == MAILSUB_OK)
        rc = mailsub_receipt_new(NULL, &receipt);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, &session);
    if (rc == MAILSUB_OK) {
        rc = mailsub_session_submit(session, message, receipt);
        mailsub_session_close(session);
        show(server, receipt);
    }
    if (rc)
        fprintf(stderr, "quickstart: %s\n", mailsub_strerror(rc));

    mailsub_session_free(session);
    mailsub_receipt_free(receipt);
    mailsub_message_free(message);
    mailsub_config_unref(config);
    mailsub_testing_server_free(server);
    return mailsub_error_sysexit(rc);
}
