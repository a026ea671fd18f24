/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The check as a whole: what all rules share, and the order in which they are looked at. */
#include "message/check.h"

#include "message/header_scan.h"

bool mailsub__check_wants(const mailsub__check *check, enum mailsub__rule_index rule)
{
    return !check->error && check->policy->severity[rule] != MAILSUB_SEVERITY_OFF &&
           check->n_found[rule] < MAILSUB__FINDINGS_MOST_OF_ONE;
}

/* Put format with its values into room, as much as fits; the octets. */
static size_t format_detail(char *room, size_t size, const char *format,
                            const mailsub__slice values[2])
{
    size_t n = 0;
    size_t next = 0;
    for (; *format != '\0'; format++) {
        mailsub__slice piece = mailsub__slice_of(format, 1);
        if (*format == '%' && next < 2)
            piece = values[next++];
        if (piece.len > size - n)
            piece.len = size - n;
        memcpy(room + n, piece.ptr, piece.len);
        n += piece.len;
    }
    /* No character is cut in two. */
    while (n == size && n > 0 && ((unsigned char)room[n - 1] & 0xc0u) == 0x80)
        n--;
    return n;
}

void mailsub__check_tell(mailsub__check *check, enum mailsub__rule_index rule, const char *where,
                         const char *format, const mailsub__slice values[2])
{
    char detail[MAILSUB__FINDINGS_LONGEST_DETAIL];
    if (!mailsub__check_wants(check, rule))
        return;
    size_t len = format_detail(detail, sizeof detail, format, values);
    check->n_found[rule]++;
    check->error = mailsub__findings_add(check->findings, mailsub__rules[rule].id,
                                         check->policy->severity[rule], mailsub__slice_str(where),
                                         mailsub__slice_of(detail, len));
}

void mailsub__check_tell_one(mailsub__check *check, enum mailsub__rule_index rule,
                             const char *where, const char *format, mailsub__slice value)
{
    const mailsub__slice values[2] = {value, MAILSUB__SLICE_EMPTY};
    mailsub__check_tell(check, rule, where, format, values);
}

static mailsub__slice trim(mailsub__slice text)
{
    while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ')
        text = mailsub__slice_of(text.ptr + 1, text.len - 1);
    while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ')
        text.len--;
    return text;
}

bool mailsub__check_field(const mailsub__check *check, const char *name, mailsub__slice *out_value)
{
    mailsub__slice wanted = mailsub__slice_str(name);
    const mailsub_message *message = check->message;
    const struct mailsub__extra *extra = message->first_extra;
    for (; extra; extra = extra->next) {
        if (mailsub__slice_equal_nocase(extra->name, wanted)) {
            *out_value = trim(extra->value);
            return true;
        }
    }
    if (!message->existing)
        return false;
    mailsub__header_scan scan = {.rest = mailsub__buffer_slice(&message->existing->header)};
    mailsub__header_field field;
    while (mailsub__header_scan_next(&scan, &field)) {
        if (mailsub__slice_equal_nocase(field.name, wanted)) {
            *out_value = trim(field.value);
            return true;
        }
    }
    return false;
}

/* A rule of the program at work. */
struct own_report {
    mailsub__check *check;
    const mailsub__own_rule *rule;
    size_t n_found;
};

static int report_own(void *context, const char *where, const char *detail)
{
    struct own_report *report = context;
    if (report->n_found++ >= MAILSUB__FINDINGS_MOST_OF_ONE)
        return MAILSUB_OK;
    return mailsub__findings_add(report->check->findings, report->rule->id, report->rule->severity,
                                 mailsub__slice_str(where), mailsub__slice_str(detail));
}

/* A number above 0 is no error of ours: it ends the check as a sink does that stops. */
static int check_own(mailsub__check *check)
{
    int rc = MAILSUB_OK;
    for (size_t i = 0; i < check->policy->n_own_rules && !rc; i++) {
        const mailsub__own_rule *rule = &check->policy->own_rules[i];
        struct own_report report = {.check = check, .rule = rule};
        if (rule->severity != MAILSUB_SEVERITY_OFF)
            rc = rule->check(rule->context, check->message, report_own, &report);
    }
    return rc > 0 ? MAILSUB_E_SINK : rc;
}

static bool has_rules(const mailsub_policy *policy)
{
    for (size_t i = 0; i < MAILSUB__N_RULES; i++) {
        if (policy->severity[i] != MAILSUB_SEVERITY_OFF)
            return true;
    }
    return false;
}

/* All rules of the library, in their order. */
static void check_all(mailsub__check *check)
{
    static void (*const groups[])(mailsub__check * check) = {
        mailsub__check_sender, mailsub__check_header, mailsub__check_recipients,
        mailsub__check_bulk,   mailsub__check_texts,  mailsub__check_parts,
        mailsub__check_size,   mailsub__check_server,
    };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0] && !check->error; i++)
        groups[i](check);
    if (!check->error && check->findings->n == check->n_found[MAILSUB__RULE_DATE_SKEW])
        mailsub__clean_note(check);
}

static int run(mailsub__check *check)
{
    if (mailsub__clean_holds(check))
        mailsub__check_date(check);
    else if (has_rules(check->policy))
        check_all(check);
    int rc = check->error ? check->error : check_own(check);
    if (rc)
        return rc;
    return check->findings->has_error ? MAILSUB_E_POLICY : MAILSUB_OK;
}

int mailsub__message_check_server(mailsub_message *message, const mailsub_policy *policy,
                                  const mailsub_facts *facts, mailsub_findings *findings)
{
    bool had_error = findings->has_error;
    mailsub__check check = {
        .message = message,
        .policy = policy ? policy : &mailsub__policy_default,
        .facts = facts,
        .findings = findings,
    };
    mailsub__check_server(&check);
    bool has_error = findings->has_error;
    mailsub__check_size(&check);
    if (check.error)
        return check.error;
    return has_error && !had_error ? MAILSUB_E_POLICY : MAILSUB_OK;
}

int mailsub_message_check(mailsub_message *message, const mailsub_policy *policy,
                          const mailsub_facts *facts, mailsub_findings *findings)
{
    static const mailsub_facts nothing = {.size = sizeof nothing};
    if (!message || (facts && facts->size < sizeof *facts))
        return MAILSUB_E_INVALID;
    mailsub_findings own;
    mailsub__findings_init(&own, &message->allocator);
    if (findings)
        mailsub__findings_reset(findings);
    mailsub__check check = {
        .message = message,
        .policy = policy ? policy : &mailsub__policy_default,
        .facts = facts ? facts : &nothing,
        .findings = findings ? findings : &own,
    };
    /* Rules of the program look, and change nothing. */
    bool locked = mailsub__message_lock(message);
    int rc = run(&check);
    if (locked)
        mailsub__message_unlock(message);
    if (rc && rc != MAILSUB_E_POLICY)
        mailsub__findings_reset(check.findings);
    mailsub__findings_deinit(&own);
    return rc;
}
