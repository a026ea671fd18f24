/* SPDX-License-Identifier: 0BSD */
/* The policy that messages are checked against, and the quotas of senders. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "handlers.h"

int policy_profile(struct work *work, const char *value)
{
    static const struct word profiles[] = {{"default", MAILSUB_PROFILE_DEFAULT},
                                           {"strict", MAILSUB_PROFILE_STRICT},
                                           {"bulk", MAILSUB_PROFILE_BULK},
                                           {"none", MAILSUB_PROFILE_NONE}};
    int profile;
    work->why = "default, strict, bulk or none";
    if (!parse_word(WORDS(profiles), value, &profile))
        return MAILSUB_E_INVALID;
    return mailsub_policy_new(NULL, profile, &work->policy);
}

/* RULE=off, RULE=warning, RULE=error, or RULE=NUMBER for a rule that has one. */
int policy_set(struct work *work, const char *value)
{
    static const struct word severities[] = {{"off", MAILSUB_SEVERITY_OFF},
                                             {"warning", MAILSUB_SEVERITY_WARNING},
                                             {"error", MAILSUB_SEVERITY_ERROR}};
    size_t len = strcspn(value, "=");
    int64_t number;
    int severity;
    int rc = MAILSUB_E_INVALID;
    work->why = "a rule of mailsub-policy(7), = and off, warning, error or its number";
    if (value[len] != '=')
        return rc;
    if (!work->policy && mailsub_policy_new(NULL, MAILSUB_PROFILE_DEFAULT, &work->policy))
        return MAILSUB_E_NOMEM;
    char *rule = copy_text(value, len);
    if (parse_word(WORDS(severities), value + len + 1, &severity))
        rc = mailsub_policy_set_severity(work->policy, rule, severity);
    else if (parse_number(value + len + 1, 0, INT64_MAX, &number))
        rc = mailsub_policy_set_threshold(work->policy, rule, number);
    free(rule);
    return rc;
}

static int add_window(struct work *work, const char *who, const char *limit)
{
    size_t n_digits = strspn(limit, "0123456789");
    char *number = copy_text(limit, n_digits);
    int64_t most = 0;
    int64_t window_ms = 0;
    bool is_good = limit[n_digits] == '/' &&
                   parse_number(number, 1, MAILSUB_MAX_WINDOW_LIMIT, &most) &&
                   parse_time(limit + n_digits + 1, &window_ms);
    free(number);
    if (!is_good)
        return MAILSUB_E_INVALID;
    return mailsub_limiter_add_rule(work->limiter, who, most, window_ms, 0);
}

/* "250/24h" for everybody, "app@example.org=1000/1h" or "@example.org=1000/1h". */
int limit_add(struct work *work, const char *value)
{
    const char *equals = strrchr(value, '=');
    work->why = "a number, / and a time such as 24h; a sender or @domain and = in front of it";
    if (!equals)
        return add_window(work, NULL, value);
    char *who = copy_text(value, (size_t)(equals - value));
    int rc = add_window(work, who, equals + 1);
    free(who);
    return rc;
}
