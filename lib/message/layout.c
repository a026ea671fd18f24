/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Flattens a message into an image: all octets save for the contents of parts, which may be large
 * and in files. Here are the header and the order of the work; plan.c decides how each part is
 * sent, structure.c writes the body.
 */
#include "message/layout.h"

#include "base/memory.h"
#include "message/words.h"

static void put(mailsub__layout *layout, const char *text)
{
    mailsub__buffer_append_str(layout->out, text);
}

static void put_field(mailsub__layout *layout, const char *name, const char *token)
{
    mailsub__fold_begin(&layout->fold, mailsub__slice_str(name), MAILSUB__FOLD_STAY);
    mailsub__fold_token(&layout->fold, mailsub__slice_str(token));
    mailsub__fold_end(&layout->fold);
}

static int put_address_fields(mailsub__layout *layout)
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

static int put_header(mailsub__layout *layout)
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

static int fix_identity(mailsub_message *message)
{
    int64_t unix_s;
    int32_t zone_min;
    int rc = mailsub_message_get_date(message, &unix_s, &zone_min);
    if (rc)
        return rc;
    const char *id;
    return mailsub_message_get_message_id(message, &id);
}

/* A first guess at the image's size, so that it is allocated once. */
static size_t guess_len(const mailsub_message *message)
{
    enum { HEADER_LEN = 2048, PART_HEADER_LEN = 256, MAILBOX_LEN = 64 };
    size_t texts = message->text.len + message->html.len + 3 * message->calendar.len;
    return HEADER_LEN + texts + texts / 4 + message->subject.len +
           message->n_parts * PART_HEADER_LEN + message->n_recipients * MAILBOX_LEN;
}

static int measure(mailsub__image *image)
{
    uint64_t size = image->octets.len;
    for (size_t i = 0; i < image->n_places; i++) {
        if (__builtin_add_overflow(size, image->places[i].encoded_len, &size))
            return MAILSUB_E_LIMIT;
    }
    image->size = size;
    return MAILSUB_OK;
}

static int make(mailsub__layout *layout)
{
    if (layout->message->existing)
        return mailsub__existing_layout(layout->message, layout->image);
    char *room;
    int rc = fix_identity(layout->message);
    if (!rc)
        rc = mailsub__plan_make(layout);
    if (!rc)
        rc = mailsub__buffer_reserve(layout->out, guess_len(layout->message), &room);
    if (!rc)
        rc = put_header(layout);
    if (!rc)
        rc = mailsub__structure_write(layout);
    return rc ? rc : measure(layout->image);
}

/* Lay out and sign; what signs is in the image already. */
static int make_all(mailsub_message *message, mailsub__image *image)
{
    mailsub__layout layout = {.message = message, .image = image, .out = &image->octets};
    mailsub__buffer_reset(&image->octets);
    mailsub__buffer_reset(&image->signatures);
    mailsub__fold_init(&layout.fold, &image->octets);
    mailsub__buffer_init(&layout.flowed, &message->allocator, image->octets.max);
    int rc = make(&layout);
    mailsub__buffer_deinit(&layout.flowed);
    mailsub__fold_deinit(&layout.fold);
    if (!rc && image->signers.n > 0)
        rc = mailsub__dkim_sign_image(message, image);
    return rc;
}

int mailsub__layout_make(mailsub_message *message, mailsub__image *image, uint32_t capabilities,
                         const mailsub__dkim_list *offered)
{
    mailsub__dkim_set signers = {.n = 0};
    int rc = mailsub__dkim_choose(message, offered, &signers);
    bool is_made = image->is_made && image->capabilities == capabilities &&
                   mailsub__dkim_set_equal(&image->signers, &signers);
    if (rc)
        message->detail = "DKIM-Signature";
    if (rc || is_made) {
        mailsub__dkim_set_clear(&signers);
        return rc;
    }
    mailsub__dkim_set_clear(&image->signers);
    image->signers = signers;
    image->capabilities = capabilities;
    image->is_made = false;
    rc = make_all(message, image);
    image->is_made = rc == MAILSUB_OK;
    return rc;
}

void mailsub__image_init(mailsub__image *image, const mailsub_allocator *allocator)
{
    *image = (mailsub__image){.is_made = false};
    mailsub__buffer_init(&image->octets, allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&image->signatures, allocator, SIZE_MAX / 4);
}

void mailsub__image_deinit(mailsub__image *image)
{
    mailsub__dkim_set_clear(&image->signers);
    mailsub__buffer_deinit(&image->signatures);
    mailsub__free(image->octets.allocator, image->places);
    mailsub__free(image->octets.allocator, image->edits);
    mailsub__buffer_deinit(&image->octets);
}
