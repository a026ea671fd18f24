/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testing/rule.h"

#include "base/memory.h"

#define MAX_RULES 100000
#define MAX_REPLY ((size_t)16 * 1024 * 1024)

void mailsub__rules_init(mailsub__rules *rules, const mailsub_allocator *allocator)
{
    *rules = (mailsub__rules){.allocator = allocator};
}

static void free_rule(const mailsub_allocator *allocator, mailsub__rule *rule)
{
    mailsub__free(allocator, rule->verb);
    mailsub__free(allocator, rule->argument);
    mailsub__free(allocator, rule->reply);
}

void mailsub__rules_deinit(mailsub__rules *rules)
{
    for (size_t i = 0; i < rules->n; i++)
        free_rule(rules->allocator, &rules->items[i]);
    mailsub__free(rules->allocator, rules->items);
    mailsub__rules_init(rules, rules->allocator);
}

char *mailsub__copy_str(const mailsub_allocator *allocator, const char *text)
{
    size_t len = strlen(text);
    char *copy = mailsub__alloc(allocator, len + 1);
    if (copy)
        memcpy(copy, text, len + 1);
    return copy;
}

/* The reply as it goes out: every line end is CRLF, whichever the caller wrote. */
static char *copy_reply(const mailsub_allocator *allocator, const char *reply)
{
    mailsub__buffer out;
    mailsub__buffer_init(&out, allocator, MAX_REPLY);
    const char *line = reply;
    while (*line) {
        size_t len = strcspn(line, "\n");
        size_t text_len = len > 0 && line[len - 1] == '\r' ? len - 1 : len;
        mailsub__buffer_append(&out, line, text_len);
        mailsub__buffer_append_str(&out, "\r\n");
        line += len + (line[len] == '\n');
    }
    char *copy = NULL;
    if (!out.error && mailsub__buffer_str(&out))
        copy = mailsub__copy_str(allocator, mailsub__buffer_str(&out));
    mailsub__buffer_deinit(&out);
    return copy;
}

int mailsub__rules_add(mailsub__rules *rules, const char *verb, const char *argument,
                       const char *reply, unsigned times)
{
    void *array = rules->items;
    int rc = mailsub__grow_array(rules->allocator, &array, &rules->capacity, rules->n,
                                 sizeof *rules->items, MAX_RULES);
    rules->items = array;
    if (rc)
        return MAILSUB_E_NOMEM;
    mailsub__rule rule = {.times = times};
    rule.verb = mailsub__copy_str(rules->allocator, verb);
    rule.argument = argument ? mailsub__copy_str(rules->allocator, argument) : NULL;
    rule.reply = reply ? copy_reply(rules->allocator, reply) : NULL;
    if (!rule.verb || !rule.argument != !argument || !rule.reply != !reply) {
        free_rule(rules->allocator, &rule);
        return MAILSUB_E_NOMEM;
    }
    rules->items[rules->n++] = rule;
    return MAILSUB_OK;
}

static bool fits(const mailsub__rule *rule, mailsub__slice verb, mailsub__slice line)
{
    if (rule->times > 0 && rule->n_used >= rule->times)
        return false;
    if (!mailsub__slice_equal_nocase(mailsub__slice_str(rule->verb), verb))
        return false;
    return !rule->argument ||
           memmem(line.ptr, line.len, rule->argument, strlen(rule->argument)) != NULL;
}

const mailsub__rule *mailsub__rules_use(mailsub__rules *rules, mailsub__slice verb,
                                        mailsub__slice line)
{
    for (size_t i = 0; i < rules->n; i++) {
        mailsub__rule *rule = &rules->items[i];
        if (fits(rule, verb, line)) {
            if (rule->times > 0)
                rule->n_used++;
            return rule;
        }
    }
    return NULL;
}
