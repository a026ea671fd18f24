/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/command.h"

static int check_octets(mailsub__slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' || c == 0x7f)
            return MAILSUB_E_CONTROL;
        if (c > 0x7f)
            return MAILSUB_E_SMTPUTF8;
    }
    return MAILSUB_OK;
}

int mailsub__command_append(mailsub__buffer *out, const mailsub__slice *parts, size_t n_parts,
                            size_t max_len)
{
    size_t len = 2;
    for (size_t i = 0; i < n_parts; i++) {
        int rc = check_octets(parts[i]);
        if (rc)
            return rc;
        if (parts[i].len > max_len - len)
            return MAILSUB_E_LIMIT;
        len += parts[i].len;
    }
    size_t start = out->len;
    char *room;
    int rc = mailsub__buffer_reserve(out, len, &room);
    if (rc) {
        mailsub__buffer_truncate(out, start);
        return rc;
    }
    for (size_t i = 0; i < n_parts; i++) {
        memcpy(room, parts[i].ptr, parts[i].len);
        room += parts[i].len;
    }
    memcpy(room, "\r\n", 2);
    mailsub__buffer_commit(out, len);
    return MAILSUB_OK;
}

int mailsub__command_check_path(mailsub__slice path)
{
    if (path.len == 0 || path.len > MAILSUB_MAX_ADDRESS)
        return MAILSUB_E_ADDRESS;
    int rc = check_octets(path);
    if (rc)
        return rc;
    bool quoted = false;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (c == '"')
            quoted = !quoted;
        else if (quoted && c == '\\' && ++i == path.len)
            return MAILSUB_E_ADDRESS;
        else if (!quoted && (c == ' ' || c == '<' || c == '>'))
            return MAILSUB_E_ADDRESS;
    }
    return quoted ? MAILSUB_E_ADDRESS : MAILSUB_OK;
}
