/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit/rules.h"

#include "base/memory.h"

#define DAY_MS (24LL * 60 * 60 * 1000)

void mailsub__rules_init(mailsub__rules *rules, const mailsub_allocator *allocator)
{
    *rules = (mailsub__rules){.allocator = allocator};
    mailsub__hash_key_init(&rules->key);
}

void mailsub__rules_deinit(mailsub__rules *rules)
{
    for (size_t i = 0; i < rules->n_rules; i++) {
        mailsub__free(rules->allocator, rules->rules[i].who);
        mailsub__free(rules->allocator, rules->rules[i].spans);
    }
    mailsub__free(rules->allocator, rules->rules);
    mailsub__free(rules->allocator, rules->index);
}

static mailsub__rule *look_up(const mailsub__rules *rules, const char *who, size_t len,
                              uint64_t hash)
{
    if (rules->n_places == 0)
        return NULL;
    size_t mask = rules->n_places - 1;
    for (size_t at = hash & mask; rules->index[at] != 0; at = (at + 1) & mask) {
        mailsub__rule *rule = &rules->rules[rules->index[at] - 1];
        if (rule->hash == hash && strlen(rule->who) == len && memcmp(rule->who, who, len) == 0)
            return rule;
    }
    return NULL;
}

static void put_in_index(mailsub__rules *rules, size_t number)
{
    size_t mask = rules->n_places - 1;
    size_t at = rules->rules[number].hash & mask;
    while (rules->index[at] != 0)
        at = (at + 1) & mask;
    rules->index[at] = (uint32_t)number + 1;
}

/* Twice as many places as rules, one more included. */
static int grow_index(mailsub__rules *rules)
{
    if (2 * (rules->n_rules + 1) <= rules->n_places)
        return MAILSUB_OK;
    size_t n_places = rules->n_places > 0 ? 2 * rules->n_places : 16;
    uint32_t *index =
        mailsub__alloc_zeroed(rules->allocator, n_places * sizeof *index); /* rules are bounded */
    if (!index)
        return MAILSUB_E_NOMEM;
    mailsub__free(rules->allocator, rules->index);
    rules->index = index;
    rules->n_places = n_places;
    for (size_t i = 0; i < rules->n_rules; i++)
        put_in_index(rules, i);
    return MAILSUB_OK;
}

static int create(mailsub__rules *rules, const mailsub__sender *who, mailsub__rule **out_rule)
{
    int rc = grow_index(rules);
    if (rc == MAILSUB_OK)
        rc = mailsub__grow_array(rules->allocator, (void **)&rules->rules, &rules->capacity,
                                 rules->n_rules, sizeof *rules->rules, MAILSUB_MAX_RULES);
    if (rc)
        return rc;
    char *text = mailsub__alloc(rules->allocator, who->len + 1);
    if (!text)
        return MAILSUB_E_NOMEM;
    memcpy(text, who->text, who->len + 1);
    mailsub__rule *rule = &rules->rules[rules->n_rules];
    *rule =
        (mailsub__rule){.who = text, .hash = mailsub__hash_text(&rules->key, who->text, who->len)};
    put_in_index(rules, rules->n_rules);
    rules->n_rules++;
    if (who->text[0] == '*' && who->len == 1)
        rules->has_default = rules->n_rules;
    else if (who->at == 0 && who->len > 0)
        rules->n_domains++;
    else
        rules->n_addresses++;
    *out_rule = rule;
    return MAILSUB_OK;
}

static bool is_window(const mailsub_window *window)
{
    const uint32_t known = MAILSUB_WINDOW_MESSAGES | MAILSUB_WINDOW_FIXED | MAILSUB_WINDOW_TOGETHER;
    if (window->limit < 1 || window->limit > MAILSUB_MAX_WINDOW_LIMIT || window->flags & ~known ||
        window->length_ms < MAILSUB_MIN_WINDOW_MS || window->length_ms > MAILSUB_MAX_WINDOW_MS)
        return false;
    return !(window->flags & MAILSUB_WINDOW_FIXED) || DAY_MS % window->length_ms == 0 ||
           window->length_ms % DAY_MS == 0;
}

/* A store knows a window again by these. */
static bool has_window(const mailsub__rule *rule, const mailsub_window *window)
{
    const uint32_t kind = MAILSUB_WINDOW_MESSAGES | MAILSUB_WINDOW_FIXED;
    for (size_t i = 0; i < rule->n_spans; i++) {
        const mailsub_window *other = &rule->spans[i].window;
        if (other->length_ms == window->length_ms && ((other->flags ^ window->flags) & kind) == 0)
            return true;
    }
    return false;
}

static int parse(const char *who, mailsub__sender *out)
{
    if (who)
        return mailsub__sender_parse(who, who[0] == '@', out);
    memcpy(out->text, "*", 2);
    out->len = 1;
    out->at = 0;
    return MAILSUB_OK;
}

int mailsub__rules_add(mailsub__rules *rules, const char *who, const mailsub_window *window)
{
    mailsub__sender name;
    if (!is_window(window))
        return MAILSUB_E_INVALID;
    int rc = parse(who, &name);
    if (rc)
        return rc;
    mailsub__rule *rule =
        look_up(rules, name.text, name.len, mailsub__hash_text(&rules->key, name.text, name.len));
    if (rule && has_window(rule, window))
        return MAILSUB_E_INVALID;
    if (!rule)
        rc = create(rules, &name, &rule);
    if (rc)
        return rc;
    /* A rule whose first window found no memory is left without one: it limits nothing. */
    rc = mailsub__grow_array(rules->allocator, (void **)&rule->spans, &rule->capacity,
                             rule->n_spans, sizeof *rule->spans, MAILSUB_MAX_WINDOWS);
    if (rc)
        return rc;
    if (rule->n_spans == 0)
        rule->together = (window->flags & MAILSUB_WINDOW_TOGETHER) != 0;
    rule->fixed = rule->fixed || (window->flags & MAILSUB_WINDOW_FIXED) != 0;
    mailsub__span_init(&rule->spans[rule->n_spans++], window);
    return MAILSUB_OK;
}

const mailsub__rule *mailsub__rules_find(const mailsub__rules *rules, const mailsub__sender *sender)
{
    const mailsub__rule *rule = NULL;
    if (rules->n_addresses > 0)
        rule = look_up(rules, sender->text, sender->len,
                       mailsub__hash_text(&rules->key, sender->text, sender->len));
    if ((!rule || rule->n_spans == 0) && rules->n_domains > 0 && sender->len > 0) {
        const char *domain = sender->text + sender->at;
        size_t len = sender->len - sender->at;
        rule = look_up(rules, domain, len, mailsub__hash_text(&rules->key, domain, len));
    }
    if ((!rule || rule->n_spans == 0) && rules->has_default)
        rule = &rules->rules[rules->has_default - 1];
    return rule && rule->n_spans > 0 ? rule : NULL;
}

size_t mailsub__rules_most_windows(const mailsub__rules *rules)
{
    size_t most = 0;
    for (size_t i = 0; i < rules->n_rules; i++)
        most = rules->rules[i].n_spans > most ? rules->rules[i].n_spans : most;
    return most;
}
