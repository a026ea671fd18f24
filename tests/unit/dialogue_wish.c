/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of a dialogue that say what the message asks of its delivery. */
#include <stdio.h>

#include "dialogue.h"

static uint8_t notify_flags(const char *words)
{
    static const struct {
        const char *word;
        uint8_t flag;
    } flags[] = {
        {"success", MAILSUB_NOTIFY_SUCCESS},
        {"failure", MAILSUB_NOTIFY_FAILURE},
        {"delay", MAILSUB_NOTIFY_DELAY},
        {"never", MAILSUB_NOTIFY_NEVER},
    };
    uint8_t all = 0;
    for (size_t i = 0; i < 4; i++) {
        if (strstr(words, flags[i].word))
            all |= flags[i].flag;
    }
    return all;
}

static void set_notify(struct dialogue *dialogue, char *value)
{
    char *words;
    size_t n = strtoul(value, &words, 10);
    if (n == 0) {
        dialogue->delivery.notify = notify_flags(words);
        return;
    }
    assert_true(n <= DIALOGUE_MAX_RECIPIENTS);
    dialogue->wishes[n - 1].has_notify = true;
    dialogue->wishes[n - 1].notify = notify_flags(words);
    dialogue->delivery.dsn_by_recipient = true;
}

static void set_orcpt(struct dialogue *dialogue, char *value)
{
    char *type;
    size_t n = strtoul(value, &type, 10);
    assert_true(n >= 1 && n <= DIALOGUE_MAX_RECIPIENTS && *type == ' ');
    char *address = strchr(++type, ' ');
    dialogue->wishes[n - 1].original_type = mailsub__slice_of(type, (size_t)(address - type));
    dialogue->wishes[n - 1].original = mailsub__slice_str(address + 1);
    dialogue->delivery.dsn_by_recipient = true;
}

static void set_deliver_by(mailsub__delivery *delivery, char *value)
{
    delivery->deliver_by = value[0] == 'R' ? MAILSUB_DELIVER_BY_RETURN : MAILSUB_DELIVER_BY_NOTIFY;
    delivery->deliver_by_trace = strchr(value, 'T') != NULL;
    delivery->deliver_by_s = strtol(strrchr(value, ' '), NULL, 10);
}

static void set_policy(struct dialogue *dialogue, char *value)
{
    char *policy = strchr(value, ' ');
    *policy++ = '\0';
    for (int i = 0; i < MAILSUB_EXTENSION_END_; i++) {
        if (strcmp(value, mailsub_extension_name(i)) == 0)
            dialogue->settings.extension_policy[i] = policy[0] == 'f'   ? MAILSUB_MISSING_FAIL
                                                     : policy[0] == 'w' ? MAILSUB_MISSING_WARN
                                                                        : MAILSUB_MISSING_DROP;
    }
}

static bool simple_wish(mailsub__delivery *delivery, const char *name, char *value)
{
    if (strcmp(name, "ret") == 0)
        delivery->return_part = value[0] == 'f' ? MAILSUB_RETURN_FULL : MAILSUB_RETURN_HEADERS;
    else if (strcmp(name, "envid") == 0)
        delivery->envelope_id = mailsub__slice_str(value);
    else if (strcmp(name, "require-tls") == 0)
        delivery->require_tls = true;
    else if (strcmp(name, "priority") == 0)
        delivery->priority = (int)strtol(value, NULL, 10);
    else
        return false;
    return true;
}

static bool timed_wish(mailsub__delivery *delivery, const char *name, char *value)
{
    bool until = strcmp(name, "hold-until") == 0;
    if (strcmp(name, "deliver-by") == 0) {
        set_deliver_by(delivery, value);
        return true;
    }
    if (!until && strcmp(name, "hold-for") != 0)
        return false;
    delivery->hold = until ? MAILSUB_HOLD_UNTIL : MAILSUB_HOLD_FOR;
    delivery->hold_time = strtol(value, NULL, 10);
    return true;
}

/* "etrn example.org": what is asked for instead of a message. */
static void set_kind(struct dialogue *dialogue, char *value)
{
    static const char *const names[] = {"message", "probe", "etrn", "vrfy",
                                        "expn",    "help",  "check"};
    dialogue_unescape(value);
    char *argument = strchr(value, ' ');
    if (argument)
        *argument++ = '\0';
    dialogue->argument = mailsub__slice_str(argument);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(value, names[i]) == 0) {
            dialogue->kind = (enum mailsub__kind)i;
            return;
        }
    }
    fail_msg("kind: %s", value);
}

bool dialogue_wish(struct dialogue *dialogue, const char *name, char *value)
{
    mailsub__delivery *delivery = &dialogue->delivery;
    for (size_t i = delivery->n_wishes; i < DIALOGUE_MAX_RECIPIENTS; i++)
        dialogue->wishes[i] = (mailsub__recipient_wish){.original_type = MAILSUB__SLICE_EMPTY,
                                                        .original = MAILSUB__SLICE_EMPTY};
    delivery->n_wishes = DIALOGUE_MAX_RECIPIENTS;
    if (strcmp(name, "kind") == 0)
        set_kind(dialogue, value);
    else if (strcmp(name, "notify") == 0)
        set_notify(dialogue, value);
    else if (strcmp(name, "orcpt") == 0)
        set_orcpt(dialogue, value);
    else if (strcmp(name, "missing") == 0)
        set_policy(dialogue, value);
    else if (strcmp(name, "submitter") == 0) {
        delivery->has_submitter = true;
        delivery->submitter = mailsub__slice_str(value);
    } else
        return simple_wish(delivery, name, value) || timed_wish(delivery, name, value);
    return true;
}
