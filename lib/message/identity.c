/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What tells a message from all others: Date and Message-ID. Each is set, or made when it is first
 * needed, and then stays: the same message submitted again is known for the same.
 */
#include "message/address.h"
#include "message/line.h"
#include "message/state.h"

/* RFC 5322 section 3.3 has zones up to 99:59; many a reader takes none of a whole day or more. */
enum { LARGEST_ZONE_MIN = 23 * 60 + 59 };

int mailsub__message_keep_date(mailsub_message *message, int64_t unix_s, int32_t zone_min)
{
    if (!mailsub__date_is_valid(unix_s, zone_min) || zone_min < -LARGEST_ZONE_MIN ||
        zone_min > LARGEST_ZONE_MIN)
        return MAILSUB_E_DATE;
    mailsub__date_write(message->date, unix_s, zone_min);
    message->unix_s = unix_s;
    message->zone_min = zone_min;
    message->has_date = true;
    return MAILSUB_OK;
}

int mailsub_message_set_date(mailsub_message *message, int64_t unix_s, int32_t zone_min)
{
    int rc = mailsub__message_begin_addition(message, MAILSUB__MESSAGE_DATE);
    if (!rc)
        rc = mailsub__message_keep_date(message, unix_s, zone_min);
    if (!rc)
        message->date_is_set = true;
    return mailsub__message_end_change(message, "Date", rc);
}

int mailsub_message_get_date(mailsub_message *message, int64_t *out_unix_s, int32_t *out_zone_min)
{
    if (!message || !out_unix_s || !out_zone_min)
        return MAILSUB_E_INVALID;
    if (message->existing && message->existing->has_date && !message->has_date)
        return MAILSUB_E_DATE; /* there is one, but nobody can tell what it means */
    if (!message->has_date) {
        int64_t unix_s;
        int32_t zone_min;
        int rc = message->clock.now(message->clock.context, &unix_s, &zone_min);
        if (!rc)
            rc = mailsub__message_keep_date(message, unix_s, zone_min);
        if (rc)
            return rc;
    }
    *out_unix_s = message->unix_s;
    *out_zone_min = message->zone_min;
    return MAILSUB_OK;
}

int mailsub__message_keep_id(mailsub_message *message, mailsub__slice id)
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
    message->id_is_set = true;
    return MAILSUB_OK;
}

int mailsub_message_set_message_id(mailsub_message *message, const char *message_id)
{
    int rc = mailsub__message_begin_addition(message, MAILSUB__MESSAGE_ID);
    if (!rc)
        rc = message_id ? mailsub__message_keep_id(message, mailsub__slice_str(message_id))
                        : MAILSUB_E_INVALID;
    return mailsub__message_end_change(message, "Message-ID", rc);
}

int mailsub_message_get_message_id(mailsub_message *message, const char **out_id)
{
    if (!message || !out_id)
        return MAILSUB_E_INVALID;
    if (message->existing && message->existing->message_id) {
        *out_id = message->existing->message_id;
        return MAILSUB_OK;
    }
    if (message->message_id[0] == '\0') {
        if (!message->from.is_set)
            return MAILSUB_E_NO_FROM;
        int rc =
            mailsub__message_id_generate(message->message_id, &message->random,
                                         mailsub__address_domain(message->from.mailbox.address));
        if (rc)
            return rc;
    }
    *out_id = message->message_id;
    return MAILSUB_OK;
}
