/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The setters of the texts. */
#include "base/memory.h"
#include "codec/utf8.h"
#include "message/state.h"

static int replace_text(mailsub_message *message, struct mailsub__text *text, const char *data,
                        size_t len)
{
    if (!data && (len == 0 || len == MAILSUB_NUL_TERMINATED)) {
        mailsub__free(&message->allocator, text->data);
        *text = (struct mailsub__text){.data = NULL};
        return MAILSUB_OK;
    }
    if (!data)
        return MAILSUB_E_INVALID;
    if (len == MAILSUB_NUL_TERMINATED)
        len = strlen(data);
    if (!mailsub__utf8_is_valid(mailsub__slice_of(data, len)))
        return MAILSUB_E_UTF8;
    if (memchr(data, '\0', len))
        return MAILSUB_E_CONTROL;
    char *copy = mailsub__alloc(&message->allocator, len);
    if (!copy)
        return MAILSUB_E_NOMEM;
    memcpy(copy, data, len);
    mailsub__free(&message->allocator, text->data);
    *text = (struct mailsub__text){.data = copy, .len = len};
    return MAILSUB_OK;
}

int mailsub_message_set_text(mailsub_message *message, const char *text, size_t len)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        rc = replace_text(message, &message->text, text, len);
    return mailsub__message_end_change(message, "text", rc);
}

int mailsub_message_set_html(mailsub_message *message, const char *html, size_t len)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        rc = replace_text(message, &message->html, html, len);
    if (!rc)
        message->has_derived = false;
    return mailsub__message_end_change(message, "html", rc);
}

static int get_text(const struct mailsub__text *text, const char **out_text, size_t *out_len)
{
    if (!out_text || !out_len)
        return MAILSUB_E_INVALID;
    *out_text = text->data;
    *out_len = text->len;
    return MAILSUB_OK;
}

int mailsub_message_get_text(const mailsub_message *message, const char **out_text, size_t *out_len)
{
    return message ? get_text(&message->text, out_text, out_len) : MAILSUB_E_INVALID;
}

int mailsub_message_get_html(const mailsub_message *message, const char **out_html, size_t *out_len)
{
    return message ? get_text(&message->html, out_html, out_len) : MAILSUB_E_INVALID;
}

int mailsub_message_set_text_flowed(mailsub_message *message, int is_flowed)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        message->is_flowed = is_flowed != 0;
    return mailsub__message_end_change(message, "text", rc);
}

int mailsub_message_get_text_flowed(const mailsub_message *message)
{
    return message && message->is_flowed;
}

int mailsub__content_copy(mailsub_message *to, const mailsub_message *from)
{
    int rc = replace_text(to, &to->text, from->text.data, from->text.len);
    if (!rc)
        rc = replace_text(to, &to->html, from->html.data, from->html.len);
    if (!rc)
        rc = replace_text(to, &to->calendar, from->calendar.data, from->calendar.len);
    if (rc)
        return rc;
    to->calendar_method = from->calendar_method;
    to->is_flowed = from->is_flowed;
    to->html_is_alone = from->html_is_alone;
    to->convert = from->convert;
    to->convert_context = from->convert_context;
    return mailsub__parts_copy(to, from);
}
