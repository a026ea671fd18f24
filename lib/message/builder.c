/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The setters of the header, save for mailboxes (envelope.c). Each checks everything and takes the
 * memory it needs before it changes anything, so that a refused call leaves the message as it was.
 */
#include "base/memory.h"
#include "message/line.h"
#include "message/state.h"

static int set_subject(mailsub_message *message, mailsub__slice subject)
{
    int rc = mailsub__line_check(subject, MAILSUB__LINE_TAB);
    if (rc)
        return rc;
    char *room = mailsub__arena_replace(&message->arena, &message->subject_slot, subject.len);
    if (!room)
        return MAILSUB_E_NOMEM;
    memcpy(room, subject.ptr, subject.len);
    message->subject = mailsub__slice_of(room, subject.len);
    message->has_subject = true;
    return MAILSUB_OK;
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

static bool stands_already(const mailsub_message *message, const mailsub__field *field)
{
    for (const struct mailsub__extra *extra = message->first_extra; extra; extra = extra->next) {
        if (extra->field == field)
            return true;
    }
    return false;
}

/* A known field is written with the name of the table. */
static int add_header(mailsub_message *message, mailsub__slice name, mailsub__slice value)
{
    const mailsub__field *field = mailsub__field_find(name);
    if (field->owner != MAILSUB__FIELD_CALLER)
        return MAILSUB_E_HEADER_OWNED;
    int rc = mailsub__line_check(value, MAILSUB__LINE_TAB);
    if (rc)
        return rc;
    rc = mailsub__field_check(field, value);
    if (rc)
        return rc;
    if (field->once && stands_already(message, field))
        return MAILSUB_E_HEADER_REPEATED;
    struct mailsub__extra *extra =
        mailsub__arena_alloc(&message->arena, sizeof *extra + name.len + value.len);
    if (!extra)
        return MAILSUB_E_NOMEM;
    char *room = (char *)(extra + 1);
    memcpy(room, *field->name ? field->name : name.ptr, name.len);
    memcpy(room + name.len, value.ptr, value.len);
    *extra = (struct mailsub__extra){
        .field = field,
        .name = mailsub__slice_of(room, name.len),
        .value = mailsub__slice_of(room + name.len, value.len),
    };
    if (message->last_extra)
        message->last_extra->next = extra;
    else
        message->first_extra = extra;
    message->last_extra = extra;
    return MAILSUB_OK;
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

int mailsub_message_set_date(mailsub_message *message, int64_t unix_s, int32_t zone_min)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !mailsub__date_is_valid(unix_s, zone_min))
        rc = MAILSUB_E_DATE;
    if (!rc) {
        mailsub__date_write(message->date, unix_s, zone_min);
        message->has_date = true;
    }
    return mailsub__message_end_change(message, "Date", rc);
}

static int set_message_id(mailsub_message *message, mailsub__slice id)
{
    int rc = mailsub__line_check(id, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    if (id.len >= 2 && id.ptr[0] == '<' && id.ptr[id.len - 1] == '>')
        id = mailsub__slice_of(id.ptr + 1, id.len - 2);
    if (!mailsub__message_id_is_valid(id))
        return MAILSUB_E_MESSAGE_ID;
    char *end = message->message_id;
    *end++ = '<';
    end = mempcpy(end, id.ptr, id.len);
    *end++ = '>';
    *end = '\0';
    return MAILSUB_OK;
}

int mailsub_message_set_message_id(mailsub_message *message, const char *message_id)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        rc = message_id ? set_message_id(message, mailsub__slice_str(message_id))
                        : MAILSUB_E_INVALID;
    return mailsub__message_end_change(message, "Message-ID", rc);
}
