/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The setters of the header, save for mailboxes (envelope.c). Each checks everything and takes the
 * memory it needs before it changes anything, so that a refused call leaves the message as it was.
 */
#include <assert.h>

#include "base/memory.h"
#include "message/line.h"
#include "message/state.h"

int mailsub__message_keep_subject(mailsub_message *message, mailsub__slice subject)
{
    char *room = mailsub__arena_replace(&message->arena, &message->subject_slot, subject.len + 1);
    if (!room)
        return MAILSUB_E_NOMEM;
    memcpy(room, subject.ptr, subject.len);
    room[subject.len] = '\0';
    message->subject = (mailsub__slice){room, subject.len};
    message->has_subject = true;
    return MAILSUB_OK;
}

static int set_subject(mailsub_message *message, mailsub__slice subject)
{
    int rc = mailsub__line_check(subject, MAILSUB__LINE_TAB);
    return rc ? rc : mailsub__message_keep_subject(message, subject);
}

int mailsub_message_set_subject(mailsub_message *message, const char *subject)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !subject)
        message->has_subject = false;
    else if (!rc)
        rc = set_subject(message, mailsub__slice_str(subject));
    return mailsub__message_end_change(message, "Subject", rc);
}

static struct mailsub__extra *find_extra(const mailsub_message *message,
                                         const mailsub__field *field)
{
    struct mailsub__extra *extra = message->first_extra;
    while (extra && extra->field != field)
        extra = extra->next;
    return extra;
}

static struct mailsub__extra *new_extra(mailsub__arena *arena, const mailsub__field *field,
                                        mailsub__slice name, mailsub__slice value)
{
    struct mailsub__extra *extra =
        mailsub__arena_alloc(arena, sizeof *extra + name.len + value.len + 2);
    if (!extra)
        return NULL;
    char *room = (char *)(extra + 1);
    char *value_room = room + name.len + 1;
    /* A known field is written with the name of the table. */
    memcpy(room, *field->name ? field->name : name.ptr, name.len);
    room[name.len] = '\0';
    memcpy(value_room, value.ptr, value.len);
    value_room[value.len] = '\0';
    *extra = (struct mailsub__extra){
        .field = field,
        .name = mailsub__slice_of(room, name.len),
        .value = {value_room, value.len},
    };
    return extra;
}

static void link_extra(mailsub_message *message, struct mailsub__extra *extra)
{
    if (message->last_extra)
        message->last_extra->next = extra;
    else
        message->first_extra = extra;
    message->last_extra = extra;
}

int mailsub__message_keep_extra(mailsub_message *message, const mailsub__field *field,
                                mailsub__slice name, mailsub__slice value)
{
    struct mailsub__extra *extra = new_extra(&message->arena, field, name, value);
    if (!extra)
        return MAILSUB_E_NOMEM;
    link_extra(message, extra);
    return MAILSUB_OK;
}

static void unlink_extra(mailsub_message *message, const struct mailsub__extra *extra)
{
    struct mailsub__extra *before = NULL;
    struct mailsub__extra **link = &message->first_extra;
    while (*link != extra) {
        before = *link;
        link = &before->next;
    }
    *link = extra->next;
    if (message->last_extra == extra)
        message->last_extra = before;
}

int mailsub__message_replace_extras(mailsub_message *message, const mailsub__extra_value *values,
                                    size_t n)
{
    enum { MOST = 8 };
    struct mailsub__extra *made[MOST] = {NULL};
    const mailsub__arena before = message->arena;
    assert(n <= MOST);
    for (size_t i = 0; i < n; i++) {
        mailsub__slice name = mailsub__slice_str(values[i].name);
        if (!values[i].value.ptr)
            continue;
        made[i] = new_extra(&message->arena, mailsub__field_find(name), name, values[i].value);
        if (!made[i]) {
            mailsub__arena_rewind(&message->arena, &before);
            return MAILSUB_E_NOMEM;
        }
    }
    for (size_t i = 0; i < n; i++) {
        const struct mailsub__extra *old =
            find_extra(message, mailsub__field_find(mailsub__slice_str(values[i].name)));
        if (old)
            unlink_extra(message, old);
        if (made[i])
            link_extra(message, made[i]);
    }
    return MAILSUB_OK;
}

/* Fields that have functions of their own: each value is parsed and set as by its function. */
static int add_date(mailsub_message *message, mailsub__slice value)
{
    int64_t unix_s;
    int32_t zone_min;
    if (message->date_is_set)
        return MAILSUB_E_HEADER_REPEATED;
    int rc = mailsub__line_check(value, MAILSUB__LINE_TAB);
    if (rc)
        return rc;
    if (!mailsub__date_parse(value, &unix_s, &zone_min))
        return MAILSUB_E_DATE;
    rc = mailsub__message_keep_date(message, unix_s, zone_min);
    message->date_is_set |= rc == MAILSUB_OK;
    return rc;
}

static int add_message_id(mailsub_message *message, mailsub__slice value)
{
    return message->id_is_set ? MAILSUB_E_HEADER_REPEATED
                              : mailsub__message_keep_id(message, value);
}

static int add_subject(mailsub_message *message, mailsub__slice value)
{
    return message->has_subject ? MAILSUB_E_HEADER_REPEATED : set_subject(message, value);
}

static int add_from(mailsub_message *message, mailsub__slice value)
{
    return message->from.is_set ? MAILSUB_E_HEADER_REPEATED
                                : mailsub__message_parse_from(message, value);
}

static int add_sender(mailsub_message *message, mailsub__slice value)
{
    return message->sender.is_set ? MAILSUB_E_HEADER_REPEATED
                                  : mailsub__message_parse_sender(message, value);
}

static int add_reply_to(mailsub_message *message, mailsub__slice value)
{
    if (message->reply_to.first)
        return MAILSUB_E_HEADER_REPEATED;
    return mailsub__mailboxes_parse(&message->arena, value, MAILSUB__ADDRESS_LIST,
                                    message->address_form, &message->reply_to);
}

static int add_to(mailsub_message *message, mailsub__slice value)
{
    return message->to.first
               ? MAILSUB_E_HEADER_REPEATED
               : mailsub__message_parse_recipients(message, MAILSUB_RECIPIENT_TO, value);
}

static int add_cc(mailsub_message *message, mailsub__slice value)
{
    return message->cc.first
               ? MAILSUB_E_HEADER_REPEATED
               : mailsub__message_parse_recipients(message, MAILSUB_RECIPIENT_CC, value);
}

static const struct {
    const char *name;
    int (*add)(mailsub_message *message, mailsub__slice value);
} functions[] = {
    {"Date", add_date},         {"Message-ID", add_message_id},
    {"Subject", add_subject},   {"From", add_from},
    {"Sender", add_sender},     {"To", add_to},
    {"Reply-To", add_reply_to}, {"Cc", add_cc},
};

static int add_by_function(mailsub_message *message, const mailsub__field *field,
                           mailsub__slice value)
{
    size_t i = 0;
    while (strcmp(functions[i].name, field->name) != 0) {
        i++;
        assert(i < sizeof functions / sizeof functions[0]);
    }
    return functions[i].add(message, value);
}

static int add_header(mailsub_message *message, mailsub__slice name, mailsub__slice value)
{
    const mailsub__field *field = mailsub__field_find(name);
    if (field->owner == MAILSUB__FIELD_LIBRARY)
        return MAILSUB_E_HEADER_OWNED;
    if (field->owner == MAILSUB__FIELD_FUNCTION)
        return add_by_function(message, field, value);
    int rc = mailsub__line_check(value, MAILSUB__LINE_TAB);
    if (rc)
        return rc;
    rc = mailsub__field_check(field, value, &message->allocator);
    if (rc)
        return rc;
    if (field->once && find_extra(message, field))
        return MAILSUB_E_HEADER_REPEATED;
    return mailsub__message_keep_extra(message, field, name, value);
}

int mailsub_message_add_header(mailsub_message *message, const char *name, const char *value,
                               size_t len)
{
    int rc = mailsub__message_begin_change(message);
    mailsub__slice name_slice = mailsub__slice_str(name);
    bool valid = mailsub__field_name_is_valid(name_slice);
    if (!rc && (!name || (!value && len != 0)))
        rc = MAILSUB_E_INVALID;
    if (!rc && !valid)
        rc = MAILSUB_E_HEADER_NAME;
    if (!rc)
        rc = add_header(message, name_slice,
                        len == MAILSUB_NUL_TERMINATED ? mailsub__slice_str(value)
                                                      : mailsub__slice_of(value, len));
    /* A malformed name must not reach a log. */
    return mailsub__message_end_change(message, valid ? name : "header", rc);
}
