/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the header of an existing message says, for those who ask the message: as it will be
 * written, and read like the fields that are given to a built one. A field that has a getter of its
 * own but is not understood is told among the others.
 */
#include "message/existing_field.h"
#include "message/fields.h"
#include "message/state.h"

struct teller {
    mailsub_message *message;
    const mailsub__header_field *field;
    mailsub__slice value; /* on one line */
    mailsub__buffer text; /* the same, encoded words decoded */
};

static mailsub__slice decode(struct teller *teller)
{
    mailsub__buffer_reset(&teller->text);
    int rc = mailsub__existing_decode_words(&teller->text, teller->value);
    return rc ? teller->value : mailsub__buffer_slice(&teller->text);
}

static int tell_list(struct teller *teller, struct mailsub__mailbox_list *list)
{
    mailsub_message *message = teller->message;
    return mailsub__mailboxes_parse(&message->arena, teller->value, MAILSUB__ADDRESS_LIST,
                                    message->address_form, list);
}

static int tell_to(struct teller *teller)
{
    return tell_list(teller, &teller->message->to);
}

static int tell_cc(struct teller *teller)
{
    return tell_list(teller, &teller->message->cc);
}

static int tell_reply_to(struct teller *teller)
{
    return tell_list(teller, &teller->message->reply_to);
}

static int tell_from(struct teller *teller)
{
    (void)teller; /* the envelope has read it already */
    return MAILSUB_OK;
}

static int tell_sender(struct teller *teller)
{
    teller->message->existing->has_sender = true;
    return mailsub__message_parse_sender(teller->message, teller->value);
}

static int tell_subject(struct teller *teller)
{
    return mailsub__message_keep_subject(teller->message, decode(teller));
}

static int tell_date(struct teller *teller)
{
    return teller->message->existing->date_is_known ? MAILSUB_OK : MAILSUB_E_DATE;
}

static int tell_message_id(struct teller *teller)
{
    (void)teller; /* kept already */
    return MAILSUB_OK;
}

static const struct {
    const char *name;
    int (*tell)(struct teller *teller);
} functions[] = {
    {"Date", tell_date},       {"From", tell_from},
    {"Sender", tell_sender},   {"Reply-To", tell_reply_to},
    {"To", tell_to},           {"Cc", tell_cc},
    {"Subject", tell_subject}, {"Message-ID", tell_message_id},
};

static bool is_for_people(mailsub__slice name)
{
    const mailsub__field *field = mailsub__field_find(name);
    return field->kind == MAILSUB__FIELD_TEXT || field->kind == MAILSUB__FIELD_VALUE;
}

/* A field without a getter of its own; under the name that it has in the header. */
static int tell_other(struct teller *teller)
{
    const mailsub__field *unknown = mailsub__field_find(MAILSUB__SLICE_EMPTY);
    mailsub__slice name = teller->field->name;
    return mailsub__message_keep_extra(teller->message, unknown, name,
                                       is_for_people(name) ? decode(teller) : teller->value);
}

static int tell_field(struct teller *teller)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (!mailsub__slice_equal_nocase(mailsub__slice_str(functions[i].name),
                                         teller->field->name))
            continue;
        int rc = functions[i].tell(teller);
        if (rc == MAILSUB_OK || rc == MAILSUB_E_NOMEM)
            return rc;
    }
    return tell_other(teller);
}

int mailsub__existing_tell(mailsub_message *message)
{
    mailsub__header_scan scan = {.rest = mailsub__buffer_slice(&message->existing->header)};
    mailsub__header_field field;
    mailsub__buffer value;
    struct teller teller = {.message = message, .field = &field};
    mailsub__buffer_init(&value, &message->allocator, SIZE_MAX / 4);
    mailsub__buffer_init(&teller.text, &message->allocator, SIZE_MAX / 4);
    int rc = MAILSUB_OK;
    while (!rc && mailsub__header_scan_next(&scan, &field)) {
        mailsub__buffer_reset(&value);
        rc = mailsub__header_scan_unfold(&scan, field.value, &value);
        teller.value = mailsub__buffer_slice(&value);
        if (!rc)
            rc = tell_field(&teller);
        if (!rc && teller.text.error == MAILSUB_E_NOMEM)
            rc = MAILSUB_E_NOMEM;
    }
    mailsub__buffer_deinit(&value);
    mailsub__buffer_deinit(&teller.text);
    return rc;
}
