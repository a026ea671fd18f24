/* SPDX-License-Identifier: 0BSD */
/* What a message asks of its delivery. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "handlers.h"

static const struct word reports[] = {{"success", MAILSUB_NOTIFY_SUCCESS},
                                      {"failure", MAILSUB_NOTIFY_FAILURE},
                                      {"delay", MAILSUB_NOTIFY_DELAY},
                                      {"never", MAILSUB_NOTIFY_NEVER}};

int message_dsn(struct work *work, const char *value)
{
    uint32_t notify = 0;
    char *text = copy_text(value, strlen(value));
    char *rest = NULL;
    int rc = MAILSUB_OK;
    for (char *name = strtok_r(text, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
        int flag = 0;
        if (!parse_word(WORDS(reports), name, &flag)) {
            work->why = "success, failure and delay, or never";
            rc = MAILSUB_E_INVALID;
        }
        notify |= (uint32_t)flag;
    }
    free(text);
    return rc ? rc
              : mailsub_message_set_recipient_notify(work->message, MAILSUB_ALL_RECIPIENTS, notify);
}

int message_dsn_return(struct work *work, const char *value)
{
    static const struct word parts[] = {{"full", MAILSUB_RETURN_FULL},
                                        {"headers", MAILSUB_RETURN_HEADERS},
                                        {"hdrs", MAILSUB_RETURN_HEADERS},
                                        {"default", MAILSUB_RETURN_DEFAULT}};
    int part;
    work->why = "full, headers or default";
    if (!parse_word(WORDS(parts), value, &part))
        return MAILSUB_E_INVALID;
    work->why = NULL;
    return mailsub_message_set_dsn(work->message, part, setting_of(work, OPTION_ENVELOPE_ID));
}

int message_deliver_by(struct work *work, const char *value)
{
    static const char notify[] = ":notify";
    size_t len = strcspn(value, ":");
    char *text = copy_text(value, len);
    int64_t ms = 0;
    bool is_time = parse_time(text, &ms);
    free(text);
    if (!is_time || (value[len] != '\0' && strcmp(value + len, notify) != 0)) {
        work->why = "a time such as 4h, and :notify behind it or nothing";
        return MAILSUB_E_INVALID;
    }
    return mailsub_message_set_deliver_by(
        work->message, value[len] == '\0' ? MAILSUB_DELIVER_BY_RETURN : MAILSUB_DELIVER_BY_NOTIFY,
        ms / 1000, 0);
}

int message_hold_for(struct work *work, const char *value)
{
    int64_t ms;
    work->why = "a time such as 4h";
    if (!parse_time(value, &ms))
        return MAILSUB_E_INVALID;
    return mailsub_message_set_hold(work->message, MAILSUB_HOLD_FOR, ms / 1000);
}

int message_hold_until(struct work *work, const char *value)
{
    int64_t unix_s;
    work->why = "@ and seconds since 1970";
    if (*value != '@' || !parse_number(value + 1, 0, 253402300799, &unix_s))
        return MAILSUB_E_INVALID;
    return mailsub_message_set_hold(work->message, MAILSUB_HOLD_UNTIL, unix_s);
}

int message_priority(struct work *work, const char *value)
{
    int64_t priority;
    work->why = "-9 to 9";
    if (!parse_number(value, -9, 9, &priority))
        return MAILSUB_E_INVALID;
    return mailsub_message_set_priority(work->message, (int)priority);
}

int message_require_tls(struct work *work, const char *value)
{
    (void)value;
    return mailsub_message_set_require_tls(work->message, 1);
}

int message_submitter(struct work *work, const char *value)
{
    return mailsub_message_set_submitter(work->message, value);
}
