/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A receipt as lines of text for a person or a log. */
#include <stdio.h>
#include <string.h>

#include "session/receipt.h"

/* Where the lines go; the first refusal of the sink ends the writing. */
struct writer {
    mailsub_sink_fn sink;
    void *context;
    bool stopped;
};

static void put(struct writer *writer, const char *text)
{
    size_t len = strlen(text);
    if (!writer->stopped && len > 0)
        writer->stopped = writer->sink(writer->context, text, len) != 0;
}

static void put_number(struct writer *writer, int number)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%d", number);
    put(writer, digits);
}

/* "label: value", unless there is no value. */
static void put_line(struct writer *writer, const char *label, const char *value)
{
    if (value[0] == '\0')
        return;
    put(writer, label);
    put(writer, ": ");
    put(writer, value);
    put(writer, "\n");
}

/* "550 5.1.1 No such user": a reply as the server said it. */
static void put_reply(struct writer *writer, const mailsub__verdict *verdict, const char *text)
{
    put_number(writer, verdict->reply_code);
    if (verdict->enhanced[0] != '\0') {
        put(writer, " ");
        put(writer, verdict->enhanced);
    }
    if (text[0] != '\0') {
        put(writer, " ");
        put(writer, text);
    }
}

static void put_whole(struct writer *writer, const mailsub_receipt *receipt)
{
    put(writer, "result: ");
    put(writer, mailsub_error_name(receipt->whole.code));
    put(writer, ", ");
    put(writer, mailsub_strerror(receipt->whole.code));
    put(writer, "\n");
    put_line(writer, "stage", mailsub_stage_name(receipt->whole.stage));
    if (receipt->whole.reply_code != 0) {
        put(writer, "reply: ");
        put_reply(writer, &receipt->whole, receipt->text);
        put(writer, "\n");
    }
    put_line(writer, "detail", receipt->detail);
    put_line(writer, "message-id", receipt->message_id);
    put_line(writer, "queue-id", receipt->queue_id);
    if (receipt->tls_version[0] != '\0') {
        put(writer, "tls: ");
        put(writer, receipt->tls_version);
        put(writer, " ");
        put(writer, receipt->tls_cipher);
        put(writer, receipt->certificate.verified_by != MAILSUB_VERIFIED_NOT
                        ? ", certificate verified\n"
                        : ", NOT verified\n");
    }
}

/* Where more than one server was asked: "failed: smtp://a.example.org:25: no connection", and the one
   that the result is from. */
static void put_servers(struct writer *writer, const mailsub_receipt *receipt)
{
    size_t n = receipt->n_failures;
    if (n == 0 || (n == 1 && strcmp(receipt->failures->server, receipt->server) == 0))
        return;
    for (size_t i = 0; i < n; i++) {
        put(writer, "failed: ");
        put(writer, receipt->failures[i].server);
        put(writer, ": ");
        put(writer, mailsub_strerror(receipt->failures[i].verdict.code));
        put(writer, "\n");
    }
    put_line(writer, "server", receipt->server);
}

static void put_warnings(struct writer *writer, const mailsub_receipt *receipt)
{
    for (size_t i = 0; i < mailsub_receipt_count_warnings(receipt); i++)
        put_line(writer, "warning", mailsub_receipt_get_warning(receipt, i));
}

/* "login: SCRAM-SHA-256 rejected, PLAIN withheld after a refusal": the known ones that were offered.
 */
static void put_login(struct writer *writer, const mailsub_receipt *receipt)
{
    const char *before = "login: ";
    for (size_t i = 0; i < receipt->login.n; i++) {
        const mailsub__attempt *attempt = &receipt->login.attempts[i];
        if (attempt->state == MAILSUB_LOGIN_NOT_OFFERED ||
            attempt->state == MAILSUB_LOGIN_ONLY_BY_NAME)
            continue;
        put(writer, before);
        put(writer, attempt->name);
        put(writer, " ");
        put(writer, mailsub_login_state_name(attempt->state));
        before = ", ";
    }
    if (before[0] == ',')
        put(writer, "\n");
    put_line(writer, "login text", receipt->login.text);
}

/* "finding: warning: noreply-sender: From: no-reply@example.org" */
static void put_findings(struct writer *writer, const mailsub_receipt *receipt)
{
    const mailsub_findings *findings = &receipt->findings;
    for (size_t i = 0; i < mailsub_findings_count(findings); i++) {
        bool is_error = mailsub_findings_get_severity(findings, i) == MAILSUB_SEVERITY_ERROR;
        const char *detail = mailsub_findings_get_detail(findings, i);
        put(writer, is_error ? "finding: error: " : "finding: warning: ");
        put(writer, mailsub_findings_get_rule(findings, i));
        put(writer, ": ");
        put(writer, mailsub_findings_get_where(findings, i));
        put(writer, *detail != '\0' ? ": " : "");
        put(writer, detail);
        put(writer, "\n");
    }
}

static void put_lines(struct writer *writer, const mailsub_receipt *receipt)
{
    for (size_t i = 0; i < mailsub_receipt_count_lines(receipt); i++)
        put_line(writer, "line", mailsub_receipt_get_line(receipt, i));
}

static void put_recipient(struct writer *writer, const mailsub_receipt *receipt, size_t index)
{
    const mailsub__verdict *verdict = &receipt->verdicts[index];
    put(writer, "recipient: <");
    put(writer, mailsub_receipt_get_recipient(receipt, index));
    put(writer, "> ");
    put(writer, mailsub_outcome_name(verdict->outcome));
    if (verdict->reply_code != 0) {
        put(writer, ": ");
        put_reply(writer, verdict, mailsub_receipt_get_recipient_reply_text(receipt, index));
    }
    put(writer, "\n");
}

int mailsub_receipt_write(const mailsub_receipt *receipt, mailsub_sink_fn sink, void *context)
{
    if (!receipt || !sink)
        return MAILSUB_E_INVALID;
    if (!receipt->filled)
        return MAILSUB_E_STATE;
    struct writer writer = {.sink = sink, .context = context};
    put_whole(&writer, receipt);
    put_servers(&writer, receipt);
    put_warnings(&writer, receipt);
    put_login(&writer, receipt);
    put_findings(&writer, receipt);
    put_lines(&writer, receipt);
    for (size_t i = 0; i < receipt->n_recipients && !writer.stopped; i++)
        put_recipient(&writer, receipt, i);
    return writer.stopped ? MAILSUB_E_SINK : MAILSUB_OK;
}
