/* SPDX-License-Identifier: 0BSD */
/* What the command writes as JSON besides the library's receipts. */
#include "json.h"

#include "command.h"

void json_text(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*text);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            putc(*text, out);
    }
    putc('"', out);
}

void json_member(FILE *out, const char *before, const char *name, const char *value)
{
    fputs(before, out);
    json_text(out, name);
    putc(':', out);
    json_text(out, value);
}

/* A receipt has no line end but its last, which would cut the line that it is part of. */
static int sink_without_end(void *context, const void *data, size_t len)
{
    const char *text = data;
    if (len > 0 && text[len - 1] == '\n')
        len--;
    return len > 0 ? sink_to_file(context, data, len) : 0;
}

void json_receipt(FILE *out, const mailsub_receipt *receipt)
{
    if (mailsub_receipt_write_json(receipt, sink_without_end, out) != MAILSUB_OK)
        fputs("null", out);
}

void json_findings(FILE *out, const mailsub_findings *findings)
{
    putc('[', out);
    for (size_t i = 0; i < mailsub_findings_count(findings); i++) {
        bool is_error = mailsub_findings_get_severity(findings, i) == MAILSUB_SEVERITY_ERROR;
        json_member(out, i > 0 ? ",{" : "{", "rule", mailsub_findings_get_rule(findings, i));
        json_member(out, ",", "severity", is_error ? "error" : "warning");
        json_member(out, ",", "where", mailsub_findings_get_where(findings, i));
        json_member(out, ",", "detail", mailsub_findings_get_detail(findings, i));
        json_member(out, ",", "advice", mailsub_findings_get_advice(findings, i));
        putc('}', out);
    }
    putc(']', out);
}
