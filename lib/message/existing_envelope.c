/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The envelope of an existing message, read from its header: the sender, and on request the
 * recipients, as sendmail -t does.
 */
#include "message/existing.h"
#include "message/state.h"

enum which { TO, CC, BCC, FROM, SENDER, DATE, MESSAGE_ID, OTHER };

static const char *const names[OTHER] = {"To", "Cc", "Bcc", "From", "Sender", "Date", "Message-ID"};

struct envelope {
    mailsub_message *message;
    mailsub__header_scan scan;
    mailsub__buffer value;
};

/* The field's name without its Resent-, if it has it. */
static mailsub__slice strip_resent(mailsub__slice name)
{
    static const char resent[] = "Resent-";
    const size_t n = sizeof resent - 1;
    if (name.len <= n ||
        !mailsub__slice_equal_nocase(mailsub__slice_of(name.ptr, n), mailsub__slice_of(resent, n)))
        return name;
    return mailsub__slice_of(name.ptr + n, name.len - n);
}

static enum which find(mailsub__slice name)
{
    for (int i = 0; i < OTHER; i++) {
        if (mailsub__slice_equal_nocase(mailsub__slice_str(names[i]), name))
            return (enum which)i;
    }
    return OTHER;
}

static int unfold(struct envelope *envelope, mailsub__slice value, mailsub__slice *out)
{
    mailsub__buffer_reset(&envelope->value);
    int rc = mailsub__header_scan_unfold(&envelope->scan, value, &envelope->value);
    *out = mailsub__buffer_slice(&envelope->value);
    return rc;
}

static int take_recipients(struct envelope *envelope, mailsub__slice value)
{
    mailsub__slice text;
    int rc = unfold(envelope, value, &text);
    if (rc || text.len == 0)
        return rc;
    return mailsub__message_parse_recipients(envelope->message, MAILSUB_RECIPIENT_BCC, text);
}

/* The first mailbox of a list; nothing when there is none. */
static int take_first(struct envelope *envelope, mailsub__slice value,
                      struct mailsub__single_mailbox *single)
{
    mailsub_message *message = envelope->message;
    mailsub__slice text;
    int rc = unfold(envelope, value, &text);
    if (rc || text.len == 0)
        return rc;
    struct mailsub__mailbox_list list;
    rc = mailsub__mailboxes_parse(&message->arena, text, MAILSUB__ADDRESS_LIST,
                                  message->address_form, &list);
    if (rc)
        return rc;
    const struct mailsub__mailbox *mailbox = list.first;
    while (mailbox && mailbox->address.len == 0)
        mailbox = mailbox->next; /* a group's name, or its end */
    if (!mailbox)
        return MAILSUB_OK;
    single->mailbox = *mailbox;
    single->mailbox.next = NULL;
    single->is_set = true;
    return MAILSUB_OK;
}

static bool has_resent(mailsub__header_scan scan)
{
    mailsub__header_field field;
    while (mailsub__header_scan_next(&scan, &field)) {
        if (strip_resent(field.name).len != field.name.len)
            return true;
    }
    return false;
}

/*
 * Take the recipients, and the envelope sender from Sender or else From. With want_resent only the
 * first block of Resent- fields counts, which is the one that was added last (RFC 5322 section
 * 3.6.6). It ends at another field, and where one of its fields stands again: what follows tells of
 * an earlier sending, to others.
 */
static int take_fields(struct envelope *envelope, bool want_resent, bool want_recipients)
{
    mailsub__header_scan scan = envelope->scan;
    mailsub__header_field field;
    mailsub__slice senders[2] = {MAILSUB__SLICE_EMPTY, MAILSUB__SLICE_EMPTY};
    unsigned seen = 0;
    while (mailsub__header_scan_next(&scan, &field)) {
        mailsub__slice name = strip_resent(field.name);
        bool is_resent = name.len != field.name.len;
        if (is_resent != want_resent) {
            if (want_resent && seen)
                break;
            continue;
        }
        enum which which = find(name);
        if (want_resent && which != OTHER && (seen & 1u << which))
            break;
        seen |= 1u << which;
        int rc = MAILSUB_OK;
        if (which <= BCC && want_recipients)
            rc = take_recipients(envelope, field.value);
        else if (which == FROM || which == SENDER)
            senders[which == FROM] = field.value;
        if (rc)
            return rc;
    }
    for (int i = 0; i < 2 && !envelope->message->return_path.is_set; i++) {
        int rc = take_first(envelope, senders[i], &envelope->message->return_path);
        if (rc)
            return rc;
    }
    return MAILSUB_OK;
}

/* The From mailbox, whose domain a Message-ID needs. One that names nobody is as good as none. */
static int take_author(struct envelope *envelope)
{
    mailsub__header_scan scan = envelope->scan;
    mailsub__header_field field;
    while (mailsub__header_scan_next(&scan, &field)) {
        if (find(field.name) != FROM)
            continue;
        int rc = take_first(envelope, field.value, &envelope->message->from);
        if (rc)
            return rc;
    }
    struct mailsub__existing *existing = envelope->message->existing;
    return existing->has_from && !envelope->message->from.is_set ? MAILSUB_E_ADDRESS : MAILSUB_OK;
}

int mailsub__existing_take_envelope(mailsub_message *message, mailsub__header_scan scan,
                                    uint32_t flags)
{
    struct envelope envelope = {.message = message, .scan = scan};
    mailsub__buffer_init(&envelope.value, &message->allocator, SIZE_MAX / 4);
    bool want_recipients = (flags & MAILSUB_FROM_TAKE_RECIPIENTS) != 0;
    int rc = take_author(&envelope);
    if (!rc)
        rc = take_fields(&envelope, want_recipients && has_resent(scan), want_recipients);
    mailsub__buffer_deinit(&envelope.value);
    return rc;
}
