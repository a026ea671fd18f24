/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The envelope of an existing message, read from its header: the sender, and on request the
 * recipients, as sendmail -t does.
 */
#include <stdlib.h>
#include <strings.h>

#include "base/memory.h"
#include "message/address.h"
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

static int take_recipients(struct envelope *envelope, const mailsub__header_field *field)
{
    mailsub__slice text;
    int rc = unfold(envelope, field->value, &text);
    if (!rc && text.len > 0)
        rc = mailsub__message_parse_recipients(envelope->message, MAILSUB_RECIPIENT_BCC, text);
    if (rc)
        mailsub__existing_blame(envelope->message->existing, field->name);
    return rc;
}

/* Leave the mailboxes, without what says where a group begins and ends. */
static void drop_groups(struct mailsub__mailbox_list *list)
{
    struct mailsub__mailbox *next = list->first;
    *list = (struct mailsub__mailbox_list){NULL, NULL};
    while (next) {
        struct mailsub__mailbox *mailbox = next;
        const struct mailsub__mailbox_list one = {mailbox, mailbox};
        next = mailbox->next;
        mailbox->next = NULL;
        if (mailbox->address.len > 0)
            mailsub__mailboxes_join(list, &one);
    }
}

/* The first mailbox of a list, and those behind it; nothing when there is none. */
static int take_mailboxes(struct envelope *envelope, const mailsub__header_field *field,
                          struct mailsub__single_mailbox *first, struct mailsub__mailbox_list *more)
{
    mailsub_message *message = envelope->message;
    struct mailsub__mailbox_list list = {NULL, NULL};
    mailsub__slice text;
    int rc = unfold(envelope, field->value, &text);
    if (!rc && text.len > 0)
        rc = mailsub__mailboxes_parse(&message->arena, text, MAILSUB__ADDRESS_LIST,
                                      message->address_form, &list);
    if (rc) {
        mailsub__existing_blame(message->existing, field->name);
        return rc;
    }
    drop_groups(&list);
    if (!list.first)
        return MAILSUB_OK;
    first->mailbox = *list.first;
    first->mailbox.next = NULL;
    first->is_set = true;
    more->first = list.first->next;
    more->last = more->first ? list.last : NULL;
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

/* A recipient, and its place among them all. */
struct place {
    mailsub__slice address;
    size_t index;
};

/* Local parts may differ in case alone (RFC 5321 section 2.4), domains may not. */
static int compare_addresses(mailsub__slice a, mailsub__slice b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    size_t local = a.len - mailsub__address_domain(a).len;
    int order = memcmp(a.ptr, b.ptr, local);
    return order ? order : strncasecmp(a.ptr + local, b.ptr + local, a.len - local);
}

static int compare_places(const void *a, const void *b)
{
    const struct place *one = a;
    const struct place *two = b;
    int order = compare_addresses(one->address, two->address);
    return order ? order : one->index < two->index ? -1 : 1;
}

/* Take those whose address is empty out of the envelope, and of the list, in the same order. */
static void drop_empty(mailsub_message *message, mailsub__slice *recipients)
{
    struct mailsub__mailbox *next = message->bcc.first;
    size_t n = 0;
    message->bcc = (struct mailsub__mailbox_list){NULL, NULL};
    for (size_t i = 0; next;) {
        struct mailsub__mailbox *mailbox = next;
        const struct mailsub__mailbox_list one = {mailbox, mailbox};
        bool is_kept = mailbox->address.len == 0; /* of a group */
        if (!is_kept && recipients[i++].len > 0) {
            is_kept = true;
            recipients[n++] = mailbox->address;
        }
        next = mailbox->next;
        mailbox->next = NULL;
        if (is_kept)
            mailsub__mailboxes_join(&message->bcc, &one);
    }
    message->n_recipients = n;
}

/* Who is named more than once gets the message once, as from sendmail. */
static int merge_recipients(mailsub_message *message)
{
    size_t n = message->n_recipients;
    mailsub__slice *recipients = (mailsub__slice *)(void *)message->recipients_slot.room;
    if (n < 2)
        return MAILSUB_OK;
    struct place *places = mailsub__alloc_array(&message->allocator, n, sizeof *places);
    if (!places)
        return MAILSUB_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){recipients[i], i};
    qsort(places, n, sizeof *places, compare_places);
    for (size_t i = 1; i < n; i++) {
        if (compare_addresses(places[i - 1].address, places[i].address) == 0)
            recipients[places[i].index] = MAILSUB__SLICE_EMPTY;
    }
    mailsub__free(&message->allocator, places);
    drop_empty(message, recipients);
    return MAILSUB_OK;
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
    mailsub__header_field senders[2] = {{.value = MAILSUB__SLICE_EMPTY},
                                        {.value = MAILSUB__SLICE_EMPTY}};
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
            rc = take_recipients(envelope, &field);
        else if (which == FROM || which == SENDER)
            senders[which == FROM] = field;
        if (rc)
            return rc;
    }
    struct mailsub__mailbox_list more = {NULL, NULL};
    struct mailsub__single_mailbox *path = &envelope->message->return_path;
    int rc = take_mailboxes(envelope, &senders[0], path, &more);
    if (rc || path->is_set)
        return rc;
    rc = take_mailboxes(envelope, &senders[1], path, &more);
    /* Which of several authors sends it is for Sender to say; writing will ask for it. */
    if (more.first && !want_resent)
        path->is_set = false;
    return rc;
}

/* The authors; a Message-ID needs the first one's domain. Naming nobody is as good as no field. */
static int take_authors(struct envelope *envelope)
{
    mailsub_message *message = envelope->message;
    mailsub__header_scan scan = envelope->scan;
    mailsub__header_field field;
    while (mailsub__header_scan_next(&scan, &field)) {
        if (find(field.name) != FROM)
            continue;
        int rc = take_mailboxes(envelope, &field, &message->from, &message->more_from);
        if (rc)
            return rc;
    }
    if (!message->existing->has_from || message->from.is_set)
        return MAILSUB_OK;
    mailsub__existing_blame(message->existing, mailsub__slice_str(names[FROM]));
    return MAILSUB_E_ADDRESS;
}

int mailsub__existing_take_envelope(mailsub_message *message, mailsub__header_scan scan,
                                    uint32_t flags)
{
    struct envelope envelope = {.message = message, .scan = scan};
    mailsub__buffer_init(&envelope.value, &message->allocator, SIZE_MAX / 4);
    bool want_recipients = (flags & MAILSUB_FROM_TAKE_RECIPIENTS) != 0;
    int rc = take_authors(&envelope);
    if (!rc)
        rc = take_fields(&envelope, want_recipients && has_resent(scan), want_recipients);
    if (!rc)
        rc = merge_recipients(message);
    mailsub__buffer_deinit(&envelope.value);
    return rc;
}
