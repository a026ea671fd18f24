/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Setting an invitation. Its method stands in the media type and in the calendar: readers drop, or
 * show as a mere file, one in which they differ (RFC 6047 section 2.4), so this is refused. Nothing
 * else of the calendar is looked into.
 */
#include "message/calendar.h"

#include "base/memory.h"
#include "codec/utf8.h"
#include "message/line.h"
#include "message/state.h"

#define METHOD(name)                                                                               \
    {                                                                                              \
        name, "text/calendar; charset=utf-8; method=" name                                         \
    }

static const mailsub__calendar_method methods[] = {
    METHOD("ADD"),     METHOD("CANCEL"),  METHOD("COUNTER"), METHOD("DECLINECOUNTER"),
    METHOD("PUBLISH"), METHOD("REFRESH"), METHOD("REPLY"),   METHOD("REQUEST"),
};

const mailsub__calendar_method *mailsub__calendar_method_find(mailsub__slice name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (mailsub__slice_equal_nocase(name, mailsub__slice_str(methods[i].name)))
            return &methods[i];
    }
    return NULL;
}

static size_t line_len(mailsub__slice text)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] != '\r' && text.ptr[n] != '\n')
        n++;
    return n;
}

/* The line begins with this name and a colon; the value goes to *out_value. */
static bool is_property(mailsub__slice line, const char *name, mailsub__slice *out_value)
{
    size_t n = strlen(name);
    if (line.len <= n || line.ptr[n] != ':' ||
        !mailsub__slice_equal_nocase(mailsub__slice_of(line.ptr, n), mailsub__slice_str(name)))
        return false;
    *out_value = mailsub__slice_of(line.ptr + n + 1, line.len - n - 1);
    return true;
}

bool mailsub__calendar_has_method(mailsub__slice data, const mailsub__calendar_method *method)
{
    mailsub__slice value;
    mailsub__slice first = mailsub__slice_of(data.ptr, line_len(data));
    if (!is_property(first, "BEGIN", &value) ||
        !mailsub__slice_equal_nocase(value, mailsub__slice_str("VCALENDAR")))
        return false;
    while (data.len > 0) {
        size_t n = line_len(data);
        if (is_property(mailsub__slice_of(data.ptr, n), "METHOD", &value))
            return mailsub__slice_equal_nocase(value, mailsub__slice_str(method->name));
        n += n < data.len;
        data = mailsub__slice_of(data.ptr + n, data.len - n);
    }
    return false;
}

static void take_away(mailsub_message *message)
{
    mailsub__free(&message->allocator, message->calendar.data);
    message->calendar = (struct mailsub__text){.data = NULL};
    message->calendar_method = NULL;
}

static int set_calendar(mailsub_message *message, mailsub__slice method_name, mailsub__slice data)
{
    int rc = mailsub__line_check(method_name, MAILSUB__LINE_NO_TAB);
    if (rc)
        return rc;
    if (!mailsub__utf8_is_valid(data))
        return MAILSUB_E_UTF8;
    if (memchr(data.ptr, '\0', data.len))
        return MAILSUB_E_CONTROL;
    const mailsub__calendar_method *method = mailsub__calendar_method_find(method_name);
    if (!method || !mailsub__calendar_has_method(data, method))
        return MAILSUB_E_CALENDAR;
    char *copy = mailsub__alloc(&message->allocator, data.len);
    if (!copy)
        return MAILSUB_E_NOMEM;
    memcpy(copy, data.ptr, data.len);
    take_away(message);
    message->calendar = (struct mailsub__text){.data = copy, .len = data.len};
    message->calendar_method = method;
    return MAILSUB_OK;
}

int mailsub_message_set_calendar(mailsub_message *message, const char *method, const char *calendar,
                                 size_t len)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc && !method && !calendar)
        take_away(message);
    else if (!rc && (!method || !calendar))
        rc = MAILSUB_E_INVALID;
    else if (!rc)
        rc = set_calendar(message, mailsub__slice_str(method),
                          len == MAILSUB_NUL_TERMINATED ? mailsub__slice_str(calendar)
                                                        : mailsub__slice_of(calendar, len));
    return mailsub__message_end_change(message, "calendar", rc);
}

int mailsub_message_get_calendar(const mailsub_message *message, const char **out_method,
                                 const char **out_calendar, size_t *out_len)
{
    if (!message || !out_method || !out_calendar || !out_len)
        return MAILSUB_E_INVALID;
    *out_method = message->calendar_method ? message->calendar_method->name : NULL;
    *out_calendar = message->calendar.data;
    *out_len = message->calendar.len;
    return MAILSUB_OK;
}
