/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes receipts as JSON, one a line, for receipt_json.py to read; and stops at each piece once. */
#include <stdlib.h>
#include <string.h>

#include "receipt_kit.h"

static int to_stdout(void *context, const void *data, size_t len)
{
    (void)context;
    return fwrite(data, 1, len, stdout) != len;
}

static int stop_at(void *context, const void *data, size_t len)
{
    size_t *left = context;
    (void)data;
    (void)len;
    return (*left)-- == 0;
}

static void write_out(const mailsub_receipt *receipt)
{
    int rc = mailsub_receipt_write_json(receipt, to_stdout, NULL);
    if (rc)
        exit(1);
    rc = MAILSUB_E_SINK;
    for (size_t n = 0; rc == MAILSUB_E_SINK; n++) {
        size_t left = n;
        rc = mailsub_receipt_write_json(receipt, stop_at, &left);
    }
    if (rc)
        exit(1);
}

/* One of a rule of the library, one of a rule of the program. */
static void add_findings(mailsub_findings *findings)
{
    int rc = mailsub__findings_add(findings, "missing-subject", MAILSUB_SEVERITY_WARNING,
                                   mailsub__slice_str("Subject"), MAILSUB__SLICE_EMPTY);
    if (!rc)
        rc = mailsub__findings_add(findings, "our-own", MAILSUB_SEVERITY_ERROR,
                                   mailsub__slice_str("attachment 2"),
                                   mailsub__slice_str("says \"\xf0\x9f\x98\x80\""));
    if (rc)
        exit(1);
}

static void fill_all(mailsub_receipt *receipt)
{
    static const struct kit_verdict whole = {0,   MAILSUB_E_PARTIAL, MAILSUB_STAGE_END_OF_DATA,
                                             250, "2.0.0",           "queued as 4XyZ"};
    static const struct kit_verdict recipients[] = {
        {MAILSUB_OUTCOME_ACCEPTED, MAILSUB_OK, MAILSUB_STAGE_END_OF_DATA, 250, "2.0.0", "queued"},
        {MAILSUB_OUTCOME_REFUSED, MAILSUB_E_RECIPIENTS_REFUSED, MAILSUB_STAGE_RCPT, 550, "5.1.1",
         "no \"such\" user \\ j\xc3\xbcrgen"},
        {MAILSUB_OUTCOME_DEFERRED, MAILSUB_E_RECIPIENTS_DEFERRED, MAILSUB_STAGE_RCPT, 451, "4.7.1",
         "try again in 5 minutes"},
        {MAILSUB_OUTCOME_NOT_ATTEMPTED, MAILSUB_E_CANCELLED, MAILSUB_STAGE_NONE, 0, NULL, NULL},
    };
    if (kit_fill(receipt, &whole, recipients, 4))
        exit(1);
    for (size_t i = 0; i < 3; i++)
        receipt->verdicts[i].transaction = i < 2 ? 1 : 2;
    mailsub__receipt_copy(receipt->detail, sizeof receipt->detail,
                          "/tmp/caf\xe9\x01\x7f\xed\xa0\x80\xf0\x9f\x98\x80\xf0\x9f");
    mailsub__receipt_copy(receipt->message_id, sizeof receipt->message_id, "<1@example.org>");
    mailsub__receipt_copy(receipt->queue_id, sizeof receipt->queue_id, "4XyZ");
    mailsub__receipt_copy(receipt->tls_version, sizeof receipt->tls_version, "TLS1.3");
    mailsub__receipt_copy(receipt->tls_cipher, sizeof receipt->tls_cipher, "AES");
    mailsub__receipt_set_server(receipt, "submission://b.example.org:587");
    mailsub__receipt_add_failure(receipt, "smtp://a.example.org:25",
                                 &(mailsub__verdict){.code = MAILSUB_E_UNAVAILABLE,
                                                     .stage = MAILSUB_STAGE_GREETING,
                                                     .reply_code = 421,
                                                     .enhanced = "4.3.2"},
                                 "not \"now\"");
    mailsub__receipt_add_failure(
        receipt, "smtp+unix:/run/x",
        &(mailsub__verdict){.code = MAILSUB_E_CONNECT, .stage = MAILSUB_STAGE_CONNECT},
        "nobody listens");
    receipt->certificate.verified_by = MAILSUB_VERIFIED_NOT + 1;
    receipt->tls_resumed = true;
    receipt->dropped = 1u << MAILSUB_EXTENSION_DSN | 1u << MAILSUB_EXTENSION_AUTH;
    receipt->n_pending = 7;
    mailsub__receipt_add_line(receipt, mailsub__slice_str("one"));
    mailsub__receipt_add_line(receipt, mailsub__slice_str("two"));
    receipt->warnings = 1u << MAILSUB_EXTENSION_DSN;
    add_findings(&receipt->findings);
}

int main(void)
{
    static const struct kit_verdict lost = {0,   MAILSUB_E_CONNECT, MAILSUB_STAGE_CONNECT, 0, NULL,
                                            NULL};
    mailsub_receipt *receipt = NULL;
    if (mailsub_receipt_new(NULL, &receipt))
        return 1;
    if (mailsub_receipt_write_json(receipt, to_stdout, NULL) != MAILSUB_E_STATE ||
        mailsub_receipt_write_json(NULL, to_stdout, NULL) != MAILSUB_E_INVALID ||
        mailsub_receipt_write_json(receipt, NULL, NULL) != MAILSUB_E_INVALID)
        return 1;
    fill_all(receipt);
    write_out(receipt);
    if (kit_fill(receipt, &lost, NULL, 0))
        return 1;
    write_out(receipt);
    mailsub_receipt_free(receipt);
    return 0;
}
