/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading back what is attached and embedded. */
#include "message/state.h"

static const struct mailsub__part *part_at(const mailsub_message *message, size_t index)
{
    const struct mailsub__part *part = message ? message->first_part : NULL;
    while (part && index-- > 0)
        part = part->next;
    return part;
}

size_t mailsub_message_count_parts(const mailsub_message *message)
{
    return message ? message->n_parts : 0;
}

const char *mailsub_message_get_part_file_name(const mailsub_message *message, size_t index)
{
    const struct mailsub__part *part = part_at(message, index);
    return part && part->file_name.len > 0 ? part->file_name.ptr : NULL;
}

const char *mailsub_message_get_part_media_type(const mailsub_message *message, size_t index)
{
    const struct mailsub__part *part = part_at(message, index);
    return part ? part->media_type.ptr : NULL;
}

const char *mailsub_message_get_part_content_id(const mailsub_message *message, size_t index)
{
    const struct mailsub__part *part = part_at(message, index);
    return part && part->content_id.len > 0 ? part->content_id.ptr : NULL;
}

const char *mailsub_message_get_part_path(const mailsub_message *message, size_t index)
{
    const struct mailsub__part *part = part_at(message, index);
    return part ? part->path : NULL;
}

int mailsub_message_get_part_data(const mailsub_message *message, size_t index,
                                  const void **out_data, size_t *out_len)
{
    const struct mailsub__part *part = part_at(message, index);
    if (!part || !out_data || !out_len)
        return MAILSUB_E_INVALID;
    *out_data = part->data;
    *out_len = part->len;
    return MAILSUB_OK;
}
