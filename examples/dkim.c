/* SPDX-License-Identifier: 0BSD */
/*
 * Sign a message, and show the record that has to be published in DNS for it:
 *
 *   certtool --generate-privkey --key-type=rsa --bits=2048 --no-text --outfile=dkim.pem
 *   dkim dkim.pem example.org app1 me@example.org >signed.eml
 *
 * The message goes to standard output, the line for the zone file to standard error. A program that
 * submits gives the signer to mailsub_config_add_dkim instead: then all that it submits is signed.
 */
#include <mailsub/mailsub.h>
#include <stdio.h>

static int to_stdout(void *context, const void *data, size_t len)
{
    (void)context;
    return fwrite(data, 1, len, stdout) == len ? 0 : -1;
}

static int build(const char *author, mailsub_message **out_message)
{
    mailsub_message *message;
    int rc = mailsub_message_new(NULL, &message);
    if (rc != MAILSUB_OK)
        return rc;
    /* A message keeps its first error: to ask once is enough. */
    mailsub_message_set_from(message, author, NULL);
    mailsub_message_add_recipient(message, MAILSUB_RECIPIENT_TO, "reader@example.net", NULL);
    mailsub_message_set_subject(message, "Signed");
    mailsub_message_set_text(message, "Whoever changes this breaks the seal.\n",
                             MAILSUB_NUL_TERMINATED);
    *out_message = message;
    return MAILSUB_OK;
}

int main(int argc, char **argv)
{
    mailsub_dkim *dkim = NULL;
    mailsub_message *message = NULL;
    const char *record;
    if (argc != 5) {
        fprintf(stderr, "usage: dkim KEY.pem DOMAIN SELECTOR AUTHOR\n");
        return 64;
    }
    int rc = mailsub_dkim_new(NULL, argv[2], argv[3], &dkim);
    if (rc == MAILSUB_OK)
        rc = mailsub_dkim_set_key_file(dkim, argv[1], NULL);
    if (rc == MAILSUB_OK)
        rc = mailsub_dkim_record(dkim, MAILSUB_DKIM_RECORD_ZONE, &record);
    if (rc == MAILSUB_OK) {
        fputs(record, stderr);
        rc = build(argv[4], &message);
    }
    if (rc == MAILSUB_OK)
        rc = mailsub_message_sign_dkim(message, dkim);
    if (rc == MAILSUB_OK)
        rc = mailsub_message_write(message, to_stdout, NULL);
    if (rc != MAILSUB_OK)
        fprintf(stderr, "%s: %s\n", mailsub_error_name(rc), mailsub_strerror(rc));
    mailsub_message_free(message);
    mailsub_dkim_unref(dkim);
    return mailsub_error_sysexit(rc);
}
