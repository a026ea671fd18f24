/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completes the header of an existing message, as its body is written. */
#include "message/existing_field.h"
#include "message/state.h"

static bool is_8bit(const struct mailsub__existing *existing)
{
    return existing->body.n_8bit > 0;
}

/* The value of Content-Transfer-Encoding that has to be written; NULL: what there is, is right. */
static const char *new_transfer(const struct mailsub__existing *existing,
                                const mailsub__image *image)
{
    switch (image->coding) {
    case MAILSUB__EXISTING_QUOTED_PRINTABLE:
        return "quoted-printable";
    case MAILSUB__EXISTING_BASE64:
    case MAILSUB__EXISTING_BASE64_RAW:
        return "base64";
    case MAILSUB__EXISTING_FOLD_BASE64:
    case MAILSUB__EXISTING_COPY:
        break;
    }
    bool is_signed = existing->body_is_signed || existing->body.has_pgp;
    bool stays_8bit = image->domain == MAILSUB__BODY_8BIT;
    if (is_signed || mailsub__existing_is_encoded(existing->transfer))
        return NULL;
    if (stays_8bit && existing->transfer == MAILSUB__EXISTING_7BIT)
        return "8bit";
    /* Lines that are text: no server needs BINARYMIME for them. */
    if (existing->transfer == MAILSUB__EXISTING_BINARY)
        return stays_8bit ? "8bit" : "7bit";
    /* Parts of it were 8bit and are encoded. */
    bool was_8bit = existing->transfer == MAILSUB__EXISTING_8BIT && is_8bit(existing);
    return was_8bit && !stays_8bit ? "7bit" : NULL;
}

/* Fields that are missing. */
struct addition {
    mailsub_message *message;
    mailsub__buffer *out;
    int error;
};

static void add(struct addition *addition, const char *name, const char *value)
{
    mailsub_message *message = addition->message;
    if (addition->error)
        return;
    /* A signature that names a field is broken by adding one, too (RFC 6376 section 5.4). */
    if (mailsub__existing_signs(message->existing, mailsub__slice_str(name))) {
        message->detail = name;
        addition->error = MAILSUB_E_SIGNED;
        return;
    }
    mailsub__buffer *out = addition->out;
    mailsub__buffer_append_str(out, name);
    mailsub__buffer_append_str(out, ": ");
    mailsub__buffer_append_str(out, value);
    addition->error = mailsub__buffer_append_str(out, "\r\n");
}

/* A From or Sender that the caller gave. */
static void add_mailbox(struct addition *addition, const char *name,
                        const struct mailsub__mailbox *mailbox)
{
    mailsub_message *message = addition->message;
    if (addition->error)
        return;
    if (mailsub__existing_signs(message->existing, mailsub__slice_str(name))) {
        message->detail = name;
        addition->error = MAILSUB_E_SIGNED;
        return;
    }
    mailsub__fold fold;
    mailsub__fold_init(&fold, addition->out);
    addition->error = mailsub__mailboxes_write(&fold, mailsub__slice_str(name), mailbox);
    mailsub__fold_deinit(&fold);
}

static int add_missing(mailsub_message *message, const char *transfer, mailsub__buffer *out)
{
    const struct mailsub__existing *existing = message->existing;
    struct addition addition = {.message = message, .out = out};
    if (!existing->has_date)
        add(&addition, "Date", message->date);
    if (!existing->has_from)
        add_mailbox(&addition, "From", &message->from.mailbox);
    if (!existing->has_sender && message->sender.is_set)
        add_mailbox(&addition, "Sender", &message->sender.mailbox);
    if (!existing->message_id)
        add(&addition, "Message-ID", message->message_id);
    if (!existing->has_mime_version && (existing->has_mime || transfer))
        add(&addition, "MIME-Version", "1.0");
    /* Octets beyond ASCII need a name; those of no known charset have one too (RFC 1428). */
    if (!existing->has_content_type && transfer)
        add(&addition, "Content-Type",
            !is_8bit(existing)                           ? "text/plain; charset=us-ascii"
            : mailsub__utf8_finish(&existing->body.utf8) ? "text/plain; charset=utf-8"
                                                         : "text/plain; charset=unknown-8bit");
    if (transfer)
        add(&addition, "Content-Transfer-Encoding", transfer);
    return addition.error;
}

static int put_header(mailsub_message *message, mailsub__image *image)
{
    const struct mailsub__existing *existing = message->existing;
    const char *transfer = new_transfer(existing, image);
    mailsub__buffer *out = &image->octets;
    mailsub__slice header = mailsub__buffer_slice(&existing->header);
    if (transfer && existing->transfer_len > 0) {
        size_t behind = existing->transfer_at + existing->transfer_len;
        mailsub__buffer_append(out, header.ptr, existing->transfer_at);
        header = mailsub__slice_of(header.ptr + behind, header.len - behind);
    }
    mailsub__buffer_append_slice(out, header);
    int rc = add_missing(message, transfer, out);
    return rc ? rc : mailsub__buffer_append_str(out, "\r\n");
}

/* Octets that the body becomes. */
static int measure(const mailsub__image *image, uint64_t *out_len)
{
    *out_len = image->existing->body.repaired_len;
    if (image->n_edits == 0)
        return MAILSUB_OK;
    *out_len = 0;
    char piece[4096];
    mailsub__existing_reader reader;
    mailsub__existing_reader_init(&reader);
    int rc = mailsub__existing_reader_begin(&reader, image);
    for (size_t n = 1; !rc && n > 0;) {
        rc = mailsub__existing_reader_read(&reader, piece, sizeof piece, &n);
        *out_len += rc ? 0 : n;
    }
    mailsub__existing_reader_deinit(&reader);
    return rc;
}

/* Date and Message-ID, where the header has none. */
static int fix_identity(mailsub_message *message)
{
    const struct mailsub__existing *existing = message->existing;
    int64_t unix_s;
    int32_t zone_min;
    const char *id;
    int rc =
        existing->has_date ? MAILSUB_OK : mailsub_message_get_date(message, &unix_s, &zone_min);
    return rc ? rc : mailsub_message_get_message_id(message, &id);
}

int mailsub__existing_layout(mailsub_message *message, mailsub__image *image)
{
    const struct mailsub__existing *existing = message->existing;
    bool may_8bit = (image->capabilities & MAILSUB_CAN_8BITMIME) != 0;
    image->existing = existing;
    int rc = mailsub__existing_plan(existing, may_8bit, &image->coding, &message->detail);
    if (!rc)
        rc = mailsub__existing_make_edits(image, image->coding, may_8bit);
    if (!rc) {
        bool stays_8bit = image->coding == MAILSUB__EXISTING_COPY && may_8bit && is_8bit(existing);
        image->domain = stays_8bit ? MAILSUB__BODY_8BIT : MAILSUB__BODY_7BIT;
        message->detail = existing->source.path ? existing->source.path : "";
        rc = fix_identity(message);
    }
    if (!rc)
        rc = put_header(message, image);
    uint64_t body_len = 0;
    if (!rc)
        rc = measure(image, &body_len);
    if (rc)
        return rc;
    image->size = image->octets.len + body_len;
    message->detail = "";
    return MAILSUB_OK;
}
