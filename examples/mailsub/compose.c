/* SPDX-License-Identifier: 0BSD */
/* The header of a message: each handler hands one option to the builder, which checks it. */
#include <string.h>

#include "command.h"
#include "handlers.h"

/* A field from text as it stands in a message: the builder parses it. */
static int set_field(struct work *work, const char *name, const char *value)
{
    return mailsub_message_add_header(work->message, name, value, MAILSUB_NUL_TERMINATED);
}

int message_smtputf8(struct work *work, const char *value)
{
    (void)value;
    return mailsub_message_allow_smtputf8(work->message, 1);
}

int message_from(struct work *work, const char *value)
{
    const char *address;
    const char *name;
    if (!work->is_existing)
        return set_field(work, "From", value);
    if (mailsub_message_get_mailbox(work->message, "From", 0, &address, &name) == MAILSUB_OK)
        return MAILSUB_OK; /* for messages that lack it */
    return mailsub_message_set_from(work->message, value, NULL);
}

int message_sender(struct work *work, const char *value)
{
    return set_field(work, "Sender", value);
}

static int add_recipients(struct work *work, int field, const char *value)
{
    return mailsub_message_add_recipients(work->message, field, value, MAILSUB_NUL_TERMINATED);
}

int message_to(struct work *work, const char *value)
{
    return add_recipients(work, MAILSUB_RECIPIENT_TO, value);
}

int message_cc(struct work *work, const char *value)
{
    return add_recipients(work, MAILSUB_RECIPIENT_CC, value);
}

int message_bcc(struct work *work, const char *value)
{
    return add_recipients(work, MAILSUB_RECIPIENT_BCC, value);
}

int message_return_path(struct work *work, const char *value)
{
    return mailsub_message_set_return_path(work->message, value);
}

int message_verp(struct work *work, const char *value)
{
    return mailsub_message_set_verp(work->message, value);
}

int message_reply_to(struct work *work, const char *value)
{
    return set_field(work, "Reply-To", value);
}

int message_subject(struct work *work, const char *value)
{
    return mailsub_message_set_subject(work->message, value);
}

int message_header(struct work *work, const char *value)
{
    char name[128];
    size_t len = strcspn(value, ":");
    if (value[len] != ':' || len >= sizeof name) {
        work->why = "a field is written \"Name: value\"";
        return MAILSUB_E_HEADER_NAME;
    }
    memcpy(name, value, len);
    name[len] = '\0';
    const char *text = value + len + 1;
    return set_field(work, name, text + strspn(text, " \t"));
}

int message_class(struct work *work, const char *value)
{
    static const struct word classes[] = {{"transactional", MAILSUB_CLASS_TRANSACTIONAL},
                                          {"notification", MAILSUB_CLASS_NOTIFICATION},
                                          {"bulk", MAILSUB_CLASS_BULK}};
    const char *list_id = setting_of(work, OPTION_LIST_ID);
    const char *url = setting_of(work, OPTION_UNSUBSCRIBE);
    int class;
    work->why = "transactional, notification or bulk";
    if (!parse_word(WORDS(classes), value, &class))
        return MAILSUB_E_INVALID;
    work->why = NULL;
    if (class == MAILSUB_CLASS_TRANSACTIONAL)
        return mailsub_message_set_transactional(work->message);
    if (class == MAILSUB_CLASS_NOTIFICATION)
        return mailsub_message_set_notification(work->message, list_id, url);
    work->why = "--list-id and --unsubscribe belong to bulk mail";
    if (!list_id || !url)
        return MAILSUB_E_INVALID;
    work->why = NULL;
    return mailsub_message_set_bulk(work->message, list_id, url,
                                    setting_of(work, OPTION_UNSUBSCRIBE_TO),
                                    setting_of(work, OPTION_FEEDBACK_ID));
}

int message_date(struct work *work, const char *value)
{
    int64_t unix_s;
    if (*value != '@')
        return set_field(work, "Date", value);
    if (!parse_number(value + 1, 0, 253402300799, &unix_s))
        return MAILSUB_E_DATE;
    return mailsub_message_set_date(work->message, unix_s, 0);
}

int message_message_id(struct work *work, const char *value)
{
    return mailsub_message_set_message_id(work->message, value);
}

int message_in_reply_to(struct work *work, const char *value)
{
    return mailsub_message_set_parent(work->message, value, setting_of(work, OPTION_REFERENCES));
}
