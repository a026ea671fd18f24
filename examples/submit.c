/* SPDX-License-Identifier: 0BSD */
/* Submit one message: submit submission://user:password@mail.example.org me@example.org you@... */
#include <mailsub/mailsub.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    mailsub_message *message = NULL;
    if (argc < 4 || mailsub_message_new(NULL, &message) || mailsub_config_new(NULL, &config))
        return 64;
    mailsub_message_set_from(message, argv[2], "Bücherei");
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, argv[3], NULL);
    mailsub_message_set_subject(message, "Ihre Vormerkung ist da");
    mailsub_message_set_text(message, "Bitte bis Freitag abholen.\n", MAILSUB_NUL_TERMINATED);
    mailsub_message_set_html(message, "<p>Bitte bis <b>Freitag</b> abholen.</p>\n",
                             MAILSUB_NUL_TERMINATED);
    int rc = mailsub_config_set_url(config, argv[1]);
    if (rc == MAILSUB_OK && argc > 4)
        rc = mailsub_config_set_ca_file(config, argv[4]);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, &session);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_submit(session, message, NULL);
    printf("%s: %s\n", mailsub_error_name(rc), mailsub_strerror(rc));
    mailsub_session_free(session);
    mailsub_config_unref(config);
    mailsub_message_free(message);
    return mailsub_error_sysexit(rc);
}
