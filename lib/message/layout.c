/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Flattens a message into its image: all octets save for the contents of attachments, which may be
 * large and in files; each attachment keeps the place in the image where its content goes.
 *
 * The structure is mixed(alternative(text, html), attachment...), only as deep as needed.
 *
 * Boundaries begin with "=_", which neither base64 nor quoted-printable can produce (RFC 2045
 * section 6.7), and a text in which a line begins with "--=_" is not sent as 7bit (see body.c): no
 * content can hold a boundary, whatever the randomness in it.
 */
#include <stdio.h>

#include "codec/param.h"
#include "message/body.h"
#include "message/state.h"
#include "message/words.h"

enum { RANDOM_OCTETS = 12 };

/* Each multipart has its own last letter: none of the boundaries is the beginning of another. */
static const char mixed_mark = 'm';
static const char alternative_mark = 'a';

struct layout {
    mailsub_message *message;
    mailsub__buffer *out;
    mailsub__fold fold;
};

static void put(struct layout *layout, const char *text)
{
    mailsub__buffer_append_str(layout->out, text);
}

static void put_field(struct layout *layout, const char *name, const char *token)
{
    mailsub__fold_begin(&layout->fold, mailsub__slice_str(name), MAILSUB__FOLD_STAY);
    mailsub__fold_token(&layout->fold, mailsub__slice_str(token));
    mailsub__fold_end(&layout->fold);
}

static int put_address_fields(struct layout *layout)
{
    const mailsub_message *message = layout->message;
    struct mailsub__mailbox from = message->from.mailbox;
    from.next = message->more_from.first;
    const struct {
        const char *name;
        const struct mailsub__mailbox *first;
    } rows[] = {
        {"From", &from},
        {"Sender", message->sender.is_set ? &message->sender.mailbox : NULL},
        {"Reply-To", message->reply_to.first},
        {"To", message->to.first},
        {"Cc", message->cc.first},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].first)
            continue;
        int rc = mailsub__mailboxes_write(&layout->fold, mailsub__slice_str(rows[i].name),
                                          rows[i].first);
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}

static int put_header(struct layout *layout)
{
    const mailsub_message *message = layout->message;
    put(layout, "Date: ");
    put(layout, message->date);
    put(layout, "\r\n");
    int rc = put_address_fields(layout);
    if (rc)
        return rc;
    put_field(layout, "Message-ID", message->message_id);
    if (message->has_subject) {
        mailsub__fold_begin(&layout->fold, mailsub__slice_str("Subject"), MAILSUB__FOLD_STAY);
        rc = mailsub__words_write_text(&layout->fold, message->subject, MAILSUB__FOLD_AIM);
        if (rc)
            return rc;
        mailsub__fold_end(&layout->fold);
    }
    for (const struct mailsub__extra *extra = message->first_extra; extra; extra = extra->next) {
        rc = mailsub__field_write(extra->field, &layout->fold, extra->name, extra->value);
        if (rc)
            return rc;
    }
    put(layout, "MIME-Version: 1.0\r\n");
    return layout->out->error;
}

/* Header of a text part, empty line, text. */
static int put_text(struct layout *layout, const char *media_type, const struct mailsub__text *text)
{
    mailsub__slice content = mailsub__slice_of(text->data, text->len);
    enum mailsub__body_encoding encoding = mailsub__body_choose(content);
    put(layout, "Content-Type: ");
    put(layout, media_type);
    put(layout, "; charset=utf-8\r\nContent-Transfer-Encoding: ");
    put(layout, mailsub__body_encoding_name(encoding));
    put(layout, "\r\n\r\n");
    return mailsub__body_append(layout->out, content, encoding);
}

/* "--boundary" and what follows: a line end, or "--" and a line end behind the last part. */
static void put_delimiter(struct layout *layout, char mark, const char *end)
{
    put(layout, "--");
    put(layout, layout->message->boundary);
    mailsub__buffer_append_char(layout->out, mark);
    put(layout, end);
}

static void put_multipart_header(struct layout *layout, const char *subtype, char mark)
{
    put(layout, "Content-Type: multipart/");
    put(layout, subtype);
    put(layout, ";\r\n boundary=\"");
    put(layout, layout->message->boundary);
    mailsub__buffer_append_char(layout->out, mark);
    put(layout, "\"\r\n\r\n");
}

static int put_alternative(struct layout *layout)
{
    const mailsub_message *message = layout->message;
    put_multipart_header(layout, "alternative", alternative_mark);
    put_delimiter(layout, alternative_mark, "\r\n");
    int rc = put_text(layout, "text/plain", &message->text);
    if (rc)
        return rc;
    /* The line end before a delimiter is part of it: the text has its own. */
    put(layout, "\r\n");
    put_delimiter(layout, alternative_mark, "\r\n");
    rc = put_text(layout, "text/html", &message->html);
    if (rc)
        return rc;
    put(layout, "\r\n");
    put_delimiter(layout, alternative_mark, "--\r\n");
    return layout->out->error;
}

/* What a person reads: one text, or two versions of it. */
static int put_texts(struct layout *layout)
{
    const mailsub_message *message = layout->message;
    if (message->text.data && message->html.data)
        return put_alternative(layout);
    return message->html.data ? put_text(layout, "text/html", &message->html)
                              : put_text(layout, "text/plain", &message->text);
}

/* Content-Disposition: attachment; filename=..., folded between its parameters. */
static int put_disposition(struct layout *layout, mailsub__slice file_name)
{
    mailsub__buffer *scratch = &layout->fold.scratch;
    mailsub__buffer_reset(scratch);
    mailsub__buffer_append_str(scratch, "attachment");
    int rc = mailsub__param_append(scratch, "filename", file_name);
    if (rc)
        return rc;
    mailsub__fold_begin(&layout->fold, mailsub__slice_str("Content-Disposition"),
                        MAILSUB__FOLD_STAY);
    mailsub__slice rest = mailsub__buffer_slice(scratch);
    while (rest.len > 0) {
        /* Only a quoted value, which stands alone, can hold spaces: not a place to fold. */
        const char *space = memchr(rest.ptr, ' ', rest.len);
        const char *quote = memchr(rest.ptr, '"', rest.len);
        size_t n = space && (!quote || space < quote) ? (size_t)(space - rest.ptr) : rest.len;
        mailsub__fold_token(&layout->fold, mailsub__slice_of(rest.ptr, n));
        n += n < rest.len;
        rest = mailsub__slice_of(rest.ptr + n, rest.len - n);
    }
    return mailsub__fold_end(&layout->fold);
}

static int put_attachment(struct layout *layout, struct mailsub__attachment *attachment)
{
    mailsub__fold_begin(&layout->fold, mailsub__slice_str("Content-Type"), MAILSUB__FOLD_STAY);
    mailsub__fold_token(&layout->fold, attachment->media_type);
    mailsub__fold_end(&layout->fold);
    put(layout, "Content-Transfer-Encoding: base64\r\n");
    int rc = put_disposition(layout, attachment->file_name);
    if (rc)
        return rc;
    put(layout, "\r\n");
    attachment->image_at = layout->out->len;
    return layout->out->error;
}

static int put_mixed(struct layout *layout)
{
    mailsub_message *message = layout->message;
    put_multipart_header(layout, "mixed", mixed_mark);
    if (message->text.data || message->html.data) {
        put_delimiter(layout, mixed_mark, "\r\n");
        int rc = put_texts(layout);
        if (rc)
            return rc;
        put(layout, "\r\n");
    }
    struct mailsub__attachment *attachment = message->first_attachment;
    for (; attachment; attachment = attachment->next) {
        put_delimiter(layout, mixed_mark, "\r\n");
        int rc = put_attachment(layout, attachment);
        if (rc)
            return rc;
        /* Base64 ends with a line end, which the delimiter may have; nothing has none. */
        if (attachment->len == 0)
            put(layout, "\r\n");
    }
    put_delimiter(layout, mixed_mark, "--\r\n");
    return layout->out->error;
}

static int put_message(struct layout *layout)
{
    const mailsub_message *message = layout->message;
    int rc = put_header(layout);
    if (rc)
        return rc;
    if (message->n_attachments == 0)
        return put_texts(layout);
    if (message->n_attachments == 1 && !message->text.data && !message->html.data)
        return put_attachment(layout, message->first_attachment);
    return put_mixed(layout);
}

static int fix_boundary(mailsub_message *message)
{
    if (message->boundary[0] != '\0')
        return MAILSUB_OK;
    static const char digits[] = "0123456789abcdef";
    unsigned char octets[RANDOM_OCTETS];
    int rc = message->random.fill(message->random.context, octets, sizeof octets);
    if (rc)
        return rc;
    char *at = stpcpy(message->boundary, "=_");
    for (size_t i = 0; i < sizeof octets; i++) {
        *at++ = digits[octets[i] >> 4];
        *at++ = digits[octets[i] & 15];
    }
    *at = '\0';
    return MAILSUB_OK;
}

static int fix_identity(mailsub_message *message)
{
    int64_t unix_s;
    int32_t zone_min;
    int rc = mailsub_message_get_date(message, &unix_s, &zone_min);
    if (rc)
        return rc;
    const char *id;
    rc = mailsub_message_get_message_id(message, &id);
    if (rc)
        return rc;
    return fix_boundary(message);
}

/* A first guess at the image's size, so that it is allocated once. */
static size_t guess_len(const mailsub_message *message)
{
    enum { HEADER_LEN = 2048, ATTACHMENT_HEADER_LEN = 256, MAILBOX_LEN = 64 };
    size_t texts = message->text.len + message->html.len;
    return HEADER_LEN + texts + texts / 4 + message->subject.len +
           message->n_attachments * ATTACHMENT_HEADER_LEN + message->n_recipients * MAILBOX_LEN;
}

static int measure(mailsub_message *message)
{
    uint64_t size = message->image.len;
    const struct mailsub__attachment *attachment = message->first_attachment;
    for (; attachment; attachment = attachment->next) {
        if (__builtin_add_overflow(size, mailsub__base64_encoded_len(attachment->len), &size))
            return MAILSUB_E_LIMIT;
    }
    message->size = size;
    return MAILSUB_OK;
}

int mailsub__layout_make(mailsub_message *message)
{
    if (message->is_laid_out)
        return MAILSUB_OK;
    int rc = fix_identity(message);
    if (rc)
        return rc;
    struct layout layout = {.message = message, .out = &message->image};
    mailsub__buffer_reset(&message->image);
    mailsub__fold_init(&layout.fold, &message->image);
    char *room;
    rc = mailsub__buffer_reserve(&message->image, guess_len(message), &room);
    if (!rc)
        rc = put_message(&layout);
    mailsub__fold_deinit(&layout.fold);
    if (!rc)
        rc = measure(message);
    message->is_laid_out = rc == MAILSUB_OK;
    return rc;
}
