/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policies: which rules count, and how much. */
#include "message/policy.h"

#include <stdlib.h>

#include "base/memory.h"
#include "codec/domain.h"
#include "message/shorteners.h"

enum { DAY_S = 24 * 60 * 60, MIB = 1024 * 1024 };

#define THRESHOLDS                                                                                 \
    {                                                                                              \
        [MAILSUB__THRESHOLD_DATE_S] = DAY_S, [MAILSUB__THRESHOLD_ATTACHED] = 25 * MIB,             \
        [MAILSUB__THRESHOLD_VISIBLE] = 20,                                                         \
    }

enum { O = MAILSUB_SEVERITY_OFF, W = MAILSUB_SEVERITY_WARNING, E = MAILSUB_SEVERITY_ERROR };

#define DEFAULT_SEVERITY(NAME, id, normal, strict, bulk) normal,
const mailsub_policy mailsub__policy_default = {
    .profile = MAILSUB_PROFILE_DEFAULT,
    .severity = {MAILSUB__RULES(DEFAULT_SEVERITY)},
    .thresholds = THRESHOLDS,
};
#undef DEFAULT_SEVERITY

static const struct {
    size_t rule;
    size_t threshold;
} numbered[] = {
    {MAILSUB__RULE_DATE_SKEW, MAILSUB__THRESHOLD_DATE_S},
    {MAILSUB__RULE_LARGE_ATTACHMENT, MAILSUB__THRESHOLD_ATTACHED},
    {MAILSUB__RULE_MANY_VISIBLE, MAILSUB__THRESHOLD_VISIBLE},
};

int mailsub_policy_new(const mailsub_allocator *allocator, int profile, mailsub_policy **out_policy)
{
    mailsub_allocator table;
    if (!out_policy || profile < 0 || profile >= MAILSUB__N_PROFILES)
        return MAILSUB_E_INVALID;
    int rc = mailsub__allocator_init(&table, allocator);
    if (rc)
        return rc;
    mailsub_policy *policy = mailsub__alloc_zeroed(&table, sizeof *policy);
    if (!policy)
        return MAILSUB_E_NOMEM;
    policy->allocator = table;
    atomic_init(&policy->n_refs, 1);
    atomic_init(&policy->frozen, false);
    policy->profile = profile;
    for (size_t i = 0; i < MAILSUB__N_RULES; i++)
        policy->severity[i] = mailsub__rules[i].severity[profile];
    memcpy(policy->thresholds, mailsub__policy_default.thresholds, sizeof policy->thresholds);
    mailsub__buffer_init(&policy->shortener_names, &policy->allocator, SIZE_MAX / 4);
    *out_policy = policy;
    return MAILSUB_OK;
}

mailsub_policy *mailsub_policy_ref(mailsub_policy *policy)
{
    if (policy)
        atomic_fetch_add_explicit(&policy->n_refs, 1, memory_order_relaxed);
    return policy;
}

void mailsub_policy_unref(mailsub_policy *policy)
{
    if (!policy || atomic_fetch_sub_explicit(&policy->n_refs, 1, memory_order_acq_rel) != 1)
        return;
    mailsub__buffer_deinit(&policy->shortener_names);
    mailsub__free(&policy->allocator, policy->shorteners);
    mailsub__free(&policy->allocator, policy->own_rules);
    mailsub_allocator allocator = policy->allocator;
    mailsub__free(&allocator, policy);
}

static int begin_change(const mailsub_policy *policy)
{
    if (!policy)
        return MAILSUB_E_INVALID;
    return atomic_load(&policy->frozen) ? MAILSUB_E_STATE : MAILSUB_OK;
}

static mailsub__own_rule *find_own(const mailsub_policy *policy, const char *id)
{
    for (size_t i = 0; i < policy->n_own_rules; i++) {
        if (strcmp(policy->own_rules[i].id, id) == 0)
            return &policy->own_rules[i];
    }
    return NULL;
}

static bool is_severity(int severity)
{
    return severity >= MAILSUB_SEVERITY_OFF && severity <= MAILSUB_SEVERITY_ERROR;
}

int mailsub_policy_set_severity(mailsub_policy *policy, const char *rule, int severity)
{
    int rc = begin_change(policy);
    if (rc)
        return rc;
    if (!rule || !is_severity(severity))
        return MAILSUB_E_INVALID;
    size_t index = mailsub__rule_find(rule);
    mailsub__own_rule *own = find_own(policy, rule);
    if (index < MAILSUB__N_RULES)
        policy->severity[index] = (uint8_t)severity;
    else if (own)
        own->severity = (uint8_t)severity;
    else
        return MAILSUB_E_INVALID;
    return MAILSUB_OK;
}

int mailsub_policy_get_severity(const mailsub_policy *policy, const char *rule, int *out_severity)
{
    if (!rule || !out_severity)
        return MAILSUB_E_INVALID;
    if (!policy)
        policy = &mailsub__policy_default;
    size_t index = mailsub__rule_find(rule);
    const mailsub__own_rule *own = find_own(policy, rule);
    if (index < MAILSUB__N_RULES)
        *out_severity = policy->severity[index];
    else if (own)
        *out_severity = own->severity;
    else
        return MAILSUB_E_INVALID;
    return MAILSUB_OK;
}

/* The number of a rule; MAILSUB__N_THRESHOLDS when it has none. */
static size_t find_threshold(const char *rule)
{
    size_t index = mailsub__rule_find(rule);
    for (size_t i = 0; i < sizeof numbered / sizeof numbered[0]; i++) {
        if (numbered[i].rule == index)
            return numbered[i].threshold;
    }
    return MAILSUB__N_THRESHOLDS;
}

int mailsub_policy_set_threshold(mailsub_policy *policy, const char *rule, int64_t most)
{
    int rc = begin_change(policy);
    if (rc)
        return rc;
    size_t i = find_threshold(rule);
    if (i == MAILSUB__N_THRESHOLDS || most < 0)
        return MAILSUB_E_INVALID;
    policy->thresholds[i] = most;
    return MAILSUB_OK;
}

int mailsub_policy_get_threshold(const mailsub_policy *policy, const char *rule, int64_t *out_most)
{
    size_t i = find_threshold(rule);
    if (i == MAILSUB__N_THRESHOLDS || !out_most)
        return MAILSUB_E_INVALID;
    *out_most = (policy ? policy : &mailsub__policy_default)->thresholds[i];
    return MAILSUB_OK;
}

static bool is_own_id(const char *id)
{
    size_t len = strlen(id);
    for (size_t i = 0; i < len; i++) {
        bool is_small = mailsub__ascii_is_alpha(id[i]) && mailsub__ascii_lower(id[i]) == id[i];
        if (!is_small && !mailsub__ascii_is_digit(id[i]) && id[i] != '-')
            return false;
    }
    return len > 0 && len <= MAILSUB__POLICY_LONGEST_ID;
}

int mailsub_policy_add_rule(mailsub_policy *policy, const char *id, int severity,
                            mailsub_rule_fn rule, void *context)
{
    int rc = begin_change(policy);
    if (rc)
        return rc;
    if (!id || !rule || !is_own_id(id) || !is_severity(severity) ||
        mailsub__rule_find(id) < MAILSUB__N_RULES || find_own(policy, id))
        return MAILSUB_E_INVALID;
    void *rules = policy->own_rules;
    rc = mailsub__grow_array(&policy->allocator, &rules, &policy->room_for_own_rules,
                             policy->n_own_rules, sizeof *policy->own_rules,
                             MAILSUB__POLICY_MOST_RULES);
    if (rc)
        return rc;
    policy->own_rules = rules;
    mailsub__own_rule *own = &policy->own_rules[policy->n_own_rules++];
    *own = (mailsub__own_rule){.severity = (uint8_t)severity, .check = rule, .context = context};
    strcpy(own->id, id);
    return MAILSUB_OK;
}

/* Names that are being collected. */
struct names {
    mailsub__buffer text;
    size_t *starts;
    size_t n;
};

static int add_name(struct names *names, const char *host)
{
    static const char www[] = "www.";
    char name[MAILSUB_MAX_DOMAIN + 1];
    if (!host)
        return MAILSUB_E_INVALID;
    int rc = mailsub__domain_to_ascii(mailsub__slice_str(host), name);
    if (rc)
        return rc;
    const char *start = strncmp(name, www, sizeof www - 1) == 0 ? name + sizeof www - 1 : name;
    names->starts[names->n++] = names->text.len;
    return mailsub__buffer_append(&names->text, start, strlen(start) + 1);
}

static int compare_names(const void *a, const void *b, void *text)
{
    return strcmp((const char *)text + *(const size_t *)a, (const char *)text + *(const size_t *)b);
}

int mailsub_policy_set_shorteners(mailsub_policy *policy, const char *const *hosts, size_t n)
{
    int rc = begin_change(policy);
    if (rc)
        return rc;
    if (!hosts && n > 0)
        return MAILSUB_E_INVALID;
    struct names names = {.n = 0};
    mailsub__buffer_init(&names.text, &policy->allocator, SIZE_MAX / 4);
    names.starts = mailsub__alloc_array(&policy->allocator, n, sizeof *names.starts);
    rc = names.starts ? MAILSUB_OK : MAILSUB_E_NOMEM;
    for (size_t i = 0; i < n && !rc; i++)
        rc = add_name(&names, hosts[i]);
    if (rc) {
        mailsub__buffer_deinit(&names.text);
        mailsub__free(&policy->allocator, names.starts);
        return rc;
    }
    qsort_r(names.starts, n, sizeof *names.starts, compare_names, names.text.block);
    mailsub__buffer_deinit(&policy->shortener_names);
    mailsub__free(&policy->allocator, policy->shorteners);
    policy->shortener_names = names.text;
    policy->shorteners = names.starts;
    policy->n_shorteners = n;
    policy->has_shorteners = true;
    return MAILSUB_OK;
}

static bool is_own_shortener(const mailsub_policy *policy, mailsub__slice host)
{
    const char *text = mailsub__buffer_slice(&policy->shortener_names).ptr;
    size_t low = 0;
    size_t high = policy->n_shorteners;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *name = text + policy->shorteners[middle];
        int order = strncmp(host.ptr, name, host.len);
        if (order == 0 && name[host.len] == '\0')
            return true;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool mailsub__policy_is_shortener(const mailsub_policy *policy, mailsub__slice host)
{
    return policy->has_shorteners ? is_own_shortener(policy, host) : mailsub__shorteners_have(host);
}
