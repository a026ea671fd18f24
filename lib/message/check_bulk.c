/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules about bulk mail, and about fields that do not fit the kind of mail. */
#include <mailsub/class.h>

#include "message/check.h"

static bool is_one_of(mailsub__slice value, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (mailsub__slice_equal_nocase(value, mailsub__slice_str(words[i])))
            return true;
    }
    return false;
}

static bool says_bulk(const mailsub__check *check)
{
    static const char *const words[] = {"bulk", "list", "junk"};
    mailsub__slice value;
    return mailsub__check_field(check, "Precedence", &value) && is_one_of(value, words, 3);
}

/* By its class; where it has none, by its fields, or by the policy. */
static bool is_bulk(const mailsub__check *check)
{
    mailsub__slice value;
    int class = check->message->class;
    if (class != MAILSUB_CLASS_NONE)
        return class == MAILSUB_CLASS_BULK;
    if (check->policy->profile == MAILSUB_PROFILE_BULK || says_bulk(check))
        return true;
    /* A notification has a List-Id too, but says that a program wrote it for this one reader. */
    return mailsub__check_field(check, "List-Id", &value) &&
           !mailsub__check_field(check, "Auto-Submitted", &value);
}

static bool holds_https(mailsub__slice value)
{
    static const char scheme[] = "<https://";
    const size_t n = sizeof scheme - 1;
    for (size_t i = 0; i + n <= value.len; i++) {
        if (mailsub__slice_equal_nocase(mailsub__slice_of(value.ptr + i, n),
                                        mailsub__slice_of(scheme, n)))
            return true;
    }
    return false;
}

static void check_unsubscribe(mailsub__check *check)
{
    mailsub__slice value;
    mailsub__slice post;
    bool has_url = mailsub__check_field(check, "List-Unsubscribe", &value);
    bool has_post = mailsub__check_field(check, "List-Unsubscribe-Post", &post);
    bool is_one_click = has_url && has_post && holds_https(value);
    if (check->is_bulk && !is_one_click)
        mailsub__check_tell_one(check, MAILSUB__RULE_NO_UNSUBSCRIBE, "List-Unsubscribe",
                                !has_url    ? "it is missing"
                                : !has_post ? "List-Unsubscribe-Post is missing"
                                            : "it has no https URL",
                                MAILSUB__SLICE_EMPTY);
    if (has_post && !is_one_click && !check->is_bulk)
        mailsub__check_tell_one(check, MAILSUB__RULE_CLASS_FIELDS, "List-Unsubscribe-Post",
                                "it stands without an https URL in List-Unsubscribe",
                                MAILSUB__SLICE_EMPTY);
    if (has_post && !check->facts->relay_signs &&
        !mailsub__check_is_signed(check, mailsub__check_author_domain(check)))
        mailsub__check_tell_one(check, MAILSUB__RULE_UNSIGNED_UNSUBSCRIBE, "List-Unsubscribe-Post",
                                "", MAILSUB__SLICE_EMPTY);
}

static void check_fields(mailsub__check *check)
{
    /* What must not stand on mail of a class. */
    static const struct {
        int class;
        const char *name;
        const char *value; /* NULL: any */
    } rows[] = {
        {MAILSUB_CLASS_TRANSACTIONAL, "List-Unsubscribe", NULL},
        {MAILSUB_CLASS_TRANSACTIONAL, "List-Id", NULL},
        {MAILSUB_CLASS_TRANSACTIONAL, "Precedence", "bulk"},
        {MAILSUB_CLASS_TRANSACTIONAL, "Precedence", "list"},
        {MAILSUB_CLASS_TRANSACTIONAL, "Precedence", "junk"},
        {MAILSUB_CLASS_NOTIFICATION, "Precedence", "list"},
        {MAILSUB_CLASS_NOTIFICATION, "Precedence", "junk"},
        {MAILSUB_CLASS_BULK, "Auto-Submitted", "auto-replied"},
        {MAILSUB_CLASS_REPLY, "List-Unsubscribe", NULL},
        {MAILSUB_CLASS_REPLY, "List-Id", NULL},
        {MAILSUB_CLASS_REPLY, "Precedence", "list"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailsub__slice value;
        if (rows[i].class != check->message->class ||
            !mailsub__check_field(check, rows[i].name, &value))
            continue;
        if (!rows[i].value || mailsub__slice_equal_nocase(value, mailsub__slice_str(rows[i].value)))
            mailsub__check_tell_one(check, MAILSUB__RULE_CLASS_FIELDS, rows[i].name, "%", value);
    }
}

void mailsub__check_bulk(mailsub__check *check)
{
    check->is_bulk = is_bulk(check);
    check_unsubscribe(check);
    if (check->is_bulk && check->message->n_recipients > 1)
        mailsub__check_tell_one(check, MAILSUB__RULE_BULK_TO_MANY, "envelope", "",
                                MAILSUB__SLICE_EMPTY);
    check_fields(check);
}
