/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plain text of a message that was given HTML only. It is made when the message is first laid
 * out, and kept until the HTML or the way of making it changes.
 */
#include "codec/utf8.h"
#include "message/html_text.h"
#include "message/state.h"

static int append_part(void *context, const void *data, size_t len)
{
    return mailsub__buffer_append(context, data, len);
}

/* What the program's own function made is checked like a text that was set. */
static int convert(const mailsub_message *message, mailsub__slice html, mailsub__buffer *out)
{
    int rc = message->convert(message->convert_context, html.ptr, html.len, append_part, out);
    if (rc)
        return rc < 0 ? rc : MAILSUB_E_SINK;
    if (out->error)
        return out->error;
    mailsub__slice text = mailsub__buffer_slice(out);
    if (!mailsub__utf8_is_valid(text))
        return MAILSUB_E_UTF8;
    return memchr(text.ptr, '\0', text.len) ? MAILSUB_E_CONTROL : MAILSUB_OK;
}

int mailsub__message_derive_text(mailsub_message *message, mailsub__slice *out_text)
{
    if (!message->has_derived) {
        mailsub__slice html = mailsub__slice_of(message->html.data, message->html.len);
        mailsub__buffer_reset(&message->derived);
        int rc = message->convert ? convert(message, html, &message->derived)
                                  : mailsub__html_text(html, &message->derived);
        if (rc) {
            message->detail = "text";
            return rc;
        }
        message->has_derived = true;
    }
    *out_text = mailsub__buffer_slice(&message->derived);
    return MAILSUB_OK;
}

int mailsub_message_set_text_from_html(mailsub_message *message, int is_derived)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc)
        message->html_is_alone = is_derived == 0;
    return mailsub__message_end_change(message, "text", rc);
}

int mailsub_message_get_text_from_html(const mailsub_message *message)
{
    return message && !message->html_is_alone;
}

int mailsub_message_set_html_converter(mailsub_message *message, mailsub_html_text_fn converter,
                                       void *context)
{
    int rc = mailsub__message_begin_change(message);
    if (!rc) {
        message->convert = converter;
        message->convert_context = context;
        message->has_derived = false;
    }
    return mailsub__message_end_change(message, "text", rc);
}
