/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a check has found: kept, cleaned, told and written. */
#include "message/findings.h"

#include "base/memory.h"
#include "codec/utf8.h"
#include "message/policy.h"

/* More than all rules together may find. */
enum {
    MOST_FINDINGS = MAILSUB__FINDINGS_MOST_OF_ONE * (MAILSUB__N_RULES + MAILSUB__POLICY_MOST_RULES)
};

void mailsub__findings_init(mailsub_findings *findings, const mailsub_allocator *allocator)
{
    *findings = (mailsub_findings){.allocator = *allocator};
    mailsub__buffer_init(&findings->texts, &findings->allocator, SIZE_MAX / 4);
}

void mailsub__findings_deinit(mailsub_findings *findings)
{
    mailsub__buffer_deinit(&findings->texts);
    mailsub__free(&findings->allocator, findings->items);
    mailsub_allocator allocator = findings->allocator;
    mailsub__findings_init(findings, &allocator);
}

void mailsub__findings_reset(mailsub_findings *findings)
{
    mailsub__buffer_reset(&findings->texts);
    findings->n = 0;
    findings->has_error = false;
}

int mailsub_findings_new(const mailsub_allocator *allocator, mailsub_findings **out_findings)
{
    mailsub_allocator table;
    if (!out_findings)
        return MAILSUB_E_INVALID;
    int rc = mailsub__allocator_init(&table, allocator);
    if (rc)
        return rc;
    mailsub_findings *findings = mailsub__alloc(&table, sizeof *findings);
    if (!findings)
        return MAILSUB_E_NOMEM;
    mailsub__findings_init(findings, &table);
    *out_findings = findings;
    return MAILSUB_OK;
}

void mailsub_findings_free(mailsub_findings *findings)
{
    if (!findings)
        return;
    mailsub__findings_deinit(findings);
    mailsub_allocator allocator = findings->allocator;
    mailsub__free(&allocator, findings);
}

/* A character that could forge a line of a log, or turn its text around. */
static bool is_unsafe(uint32_t c)
{
    return c < ' ' || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Append text as one line, what is unsafe in it or no UTF-8 as "?", and its NUL. */
static void append_clean(mailsub__buffer *out, mailsub__slice text)
{
    size_t start = out->len;
    bool is_utf8 = mailsub__utf8_is_valid(text);
    while (text.len > 0 && out->len - start < MAILSUB__FINDINGS_LONGEST_DETAIL - 3) {
        uint32_t c = (unsigned char)text.ptr[0];
        size_t n = is_utf8 ? mailsub__utf8_decode(text, &c) : 1;
        if (is_unsafe(c) || (!is_utf8 && c >= 0x80))
            mailsub__buffer_append_char(out, '?');
        else
            mailsub__buffer_append(out, text.ptr, n);
        text = mailsub__slice_of(text.ptr + n, text.len - n);
    }
    mailsub__buffer_append_char(out, '\0');
}

int mailsub__findings_add(mailsub_findings *findings, const char *rule, int severity,
                          mailsub__slice where, mailsub__slice detail)
{
    mailsub__buffer *texts = &findings->texts;
    void *items = findings->items;
    int rc = mailsub__grow_array(&findings->allocator, &items, &findings->room, findings->n,
                                 sizeof *findings->items, MOST_FINDINGS);
    if (rc)
        return rc;
    findings->items = items;
    size_t before = texts->len;
    mailsub__finding finding = {.rule = before, .severity = (uint8_t)severity};
    mailsub__buffer_append(texts, rule, strlen(rule) + 1);
    finding.where = texts->len;
    append_clean(texts, where);
    finding.detail = texts->len;
    append_clean(texts, detail);
    rc = texts->error;
    if (rc) {
        mailsub__buffer_truncate(texts, before);
        return rc;
    }
    findings->items[findings->n++] = finding;
    findings->has_error |= severity == MAILSUB_SEVERITY_ERROR;
    return MAILSUB_OK;
}

size_t mailsub_findings_count(const mailsub_findings *findings)
{
    return findings ? findings->n : 0;
}

static const char *text_at(const mailsub_findings *findings, size_t at)
{
    return mailsub__buffer_slice(&findings->texts).ptr + at;
}

const char *mailsub_findings_get_rule(const mailsub_findings *findings, size_t index)
{
    if (index >= mailsub_findings_count(findings))
        return "";
    return text_at(findings, findings->items[index].rule);
}

int mailsub_findings_get_severity(const mailsub_findings *findings, size_t index)
{
    if (index >= mailsub_findings_count(findings))
        return MAILSUB_SEVERITY_OFF;
    return findings->items[index].severity;
}

const char *mailsub_findings_get_where(const mailsub_findings *findings, size_t index)
{
    if (index >= mailsub_findings_count(findings))
        return "";
    return text_at(findings, findings->items[index].where);
}

const char *mailsub_findings_get_detail(const mailsub_findings *findings, size_t index)
{
    if (index >= mailsub_findings_count(findings))
        return "";
    return text_at(findings, findings->items[index].detail);
}

const char *mailsub_findings_get_advice(const mailsub_findings *findings, size_t index)
{
    return mailsub_rule_get_advice(mailsub_findings_get_rule(findings, index));
}

/* "error: noreply-sender: From: a@b.de" and, behind it, "  advice". */
static void append_finding(mailsub__buffer *out, const mailsub_findings *findings, size_t i)
{
    const char *const parts[] = {
        mailsub_findings_get_rule(findings, i),
        mailsub_findings_get_where(findings, i),
        mailsub_findings_get_detail(findings, i),
    };
    bool is_error = mailsub_findings_get_severity(findings, i) == MAILSUB_SEVERITY_ERROR;
    mailsub__buffer_append_str(out, is_error ? "error" : "warning");
    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
        if (*parts[part] == '\0')
            continue;
        mailsub__buffer_append_str(out, ": ");
        mailsub__buffer_append_str(out, parts[part]);
    }
    const char *advice = mailsub_findings_get_advice(findings, i);
    if (*advice != '\0') {
        mailsub__buffer_append_str(out, "\n  ");
        mailsub__buffer_append_str(out, advice);
    }
    mailsub__buffer_append_char(out, '\n');
}

int mailsub_findings_write(const mailsub_findings *findings, mailsub_sink_fn sink, void *context)
{
    if (!findings || !sink)
        return MAILSUB_E_INVALID;
    mailsub__buffer line;
    mailsub__buffer_init(&line, &findings->allocator, SIZE_MAX / 4);
    int rc = MAILSUB_OK;
    for (size_t i = 0; i < findings->n && !rc; i++) {
        mailsub__buffer_reset(&line);
        append_finding(&line, findings, i);
        mailsub__slice text = mailsub__buffer_slice(&line);
        rc = line.error;
        if (!rc && sink(context, text.ptr, text.len) != 0)
            rc = MAILSUB_E_SINK;
    }
    mailsub__buffer_deinit(&line);
    return rc;
}
