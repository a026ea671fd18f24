/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes an empty message one that exists already; when that fails, it is empty again. */
#include "message/state.h"

/* Nothing was given that an existing message would have to be reconciled with. */
static bool is_empty(const mailsub_message *message)
{
    return !message->existing && !message->from.is_set && !message->sender.is_set &&
           !message->return_path.is_set && !message->reply_to.first && !message->to.first &&
           !message->cc.first && !message->bcc.first && !message->has_subject &&
           !message->first_extra && !message->has_date && message->message_id[0] == '\0' &&
           !message->text.data && !message->html.data && !message->calendar.data &&
           !message->first_part;
}

/* Take back what was read until it failed. */
static void forget(mailsub_message *message, const mailsub__arena *before)
{
    const struct mailsub__single_mailbox unset = {.is_set = false};
    const struct mailsub__mailbox_list none = {NULL, NULL};
    mailsub__existing_free(message->existing, &message->allocator);
    message->existing = NULL;
    message->from = message->sender = message->return_path = unset;
    message->more_from = message->reply_to = none;
    message->to = message->cc = message->bcc = none;
    message->recipients_slot = (mailsub__slot){.room = NULL};
    message->n_recipients = 0;
    message->has_subject = false;
    message->subject_slot = (mailsub__slot){.room = NULL};
    message->first_extra = message->last_extra = NULL;
    message->has_date = false;
    message->walk_at = NULL;
    mailsub__arena_rewind(&message->arena, before);
}

int mailsub__message_adopt(mailsub_message *message, mailsub__slice data, const char *path,
                           uint32_t flags)
{
    char fault[MAILSUB__EXISTING_FAULT_SIZE] = "";
    const mailsub__arena before = message->arena;
    int rc = mailsub__existing_make(message, data, path, flags);
    if (rc && message->existing)
        strcpy(fault, message->existing->fault);
    if (rc)
        forget(message, &before);
    return mailsub__message_end_change(message, fault, rc);
}

static int begin(const mailsub_message *message)
{
    int rc = mailsub__message_begin_change(message);
    return !rc && !is_empty(message) ? MAILSUB_E_STATE : rc;
}

int mailsub_message_load_bytes(mailsub_message *message, const void *data, size_t len,
                               uint32_t flags)
{
    int rc = begin(message);
    if (!rc && !data && len > 0)
        rc = MAILSUB_E_INVALID;
    return rc ? mailsub__message_end_change(message, "", rc)
              : mailsub__message_adopt(message, mailsub__slice_of(data, len), NULL, flags);
}

int mailsub_message_load_file(mailsub_message *message, const char *path, uint32_t flags)
{
    int rc = begin(message);
    if (!rc && !path)
        rc = MAILSUB_E_INVALID;
    return rc ? mailsub__message_end_change(message, "file", rc)
              : mailsub__message_adopt(message, MAILSUB__SLICE_EMPTY, path, flags);
}
