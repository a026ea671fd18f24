/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sendmail_driver URL SENDER RECIPIENT...: submit one message, and print the code's name, the reply
   and the detail, a line each; then a line for each recipient: outcome, enhanced status, address. */
#include <stdio.h>

#include <mailsub/mailsub.h>

static int submit(const char *url, mailsub_message *message, mailsub_receipt *receipt)
{
    mailsub_config *config = NULL;
    mailsub_session *session = NULL;
    int rc = mailsub_config_new(NULL, &config);
    if (rc == MAILSUB_OK)
        rc = mailsub_config_set_url(config, url);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_new(config, &session);
    if (rc == MAILSUB_OK)
        rc = mailsub_session_submit(session, message, receipt);
    mailsub_session_free(session);
    mailsub_config_unref(config);
    return rc;
}

static void print_recipients(const mailsub_receipt *receipt)
{
    static const char *const outcomes[] = {
        [MAILSUB_OUTCOME_NOT_ATTEMPTED] = "untried", [MAILSUB_OUTCOME_ACCEPTED] = "accepted",
        [MAILSUB_OUTCOME_REFUSED] = "refused",       [MAILSUB_OUTCOME_DEFERRED] = "deferred",
        [MAILSUB_OUTCOME_UNKNOWN] = "unknown",
    };
    for (size_t i = 0; i < mailsub_receipt_count_recipients(receipt); i++)
        printf("%s %s %s\n", outcomes[mailsub_receipt_get_outcome(receipt, i)],
               mailsub_receipt_get_recipient_enhanced_status(receipt, i),
               mailsub_receipt_get_recipient(receipt, i));
}

int main(int argc, char **argv)
{
    mailsub_message *message = NULL;
    mailsub_receipt *receipt = NULL;
    if (argc < 4 || mailsub_message_new(NULL, &message) || mailsub_receipt_new(NULL, &receipt))
        return 1;
    mailsub_message_set_from(message, "author@ours.example", NULL);
    mailsub_message_set_return_path(message, argv[2]);
    for (int i = 3; i < argc; i++)
        mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_BCC, argv[i], NULL);
    mailsub_message_set_subject(message, "by a command");
    mailsub_message_set_text(message, "first\n.\nlast\n", MAILSUB_NUL_TERMINATED);
    int rc = submit(argv[1], message, receipt);
    printf("%s\n%s\n%s\n", mailsub_error_name(rc), mailsub_receipt_get_reply_text(receipt),
           mailsub_receipt_get_detail(receipt));
    print_recipients(receipt);
    mailsub_message_free(message);
    mailsub_receipt_free(receipt);
    return 0;
}
