/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smtp/command.h"

#include "codec/octets.h"
#include "codec/utf8.h"

static int check_octets(mailsub__slice octets, enum mailsub__command_text text)
{
    bool ascii = true;
    if (mailsub__octets_all_printable(octets.ptr, octets.len))
        return MAILSUB_OK;
    for (size_t i = 0; i < octets.len; i++) {
        unsigned char c = (unsigned char)octets.ptr[i];
        if (c < ' ' || c == 0x7f)
            return MAILSUB_E_CONTROL;
        ascii = ascii && c < 0x80;
    }
    if (ascii || (text == MAILSUB__COMMAND_UTF8 && mailsub__utf8_is_valid(octets)))
        return MAILSUB_OK;
    return MAILSUB_E_SMTPUTF8;
}

int mailsub__command_append(mailsub__buffer *out, const mailsub__slice *parts, size_t n_parts,
                            size_t max_len, enum mailsub__command_text text)
{
    size_t len = 2;
    for (size_t i = 0; i < n_parts; i++) {
        int rc = check_octets(parts[i], text);
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

int mailsub__command_check_path(mailsub__slice path, enum mailsub__command_text text)
{
    if (path.len == 0 || path.len > MAILSUB_MAX_ADDRESS)
        return MAILSUB_E_ADDRESS;
    int rc = check_octets(path, text);
    if (rc)
        return rc;
    bool quoted = false;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (c > '>' && c != '\\') /* as nearly all are: none of those below */
            continue;
        if (c == '"')
            quoted = !quoted;
        else if (quoted && c == '\\' && ++i == path.len)
            return MAILSUB_E_ADDRESS;
        else if (!quoted && (c == ' ' || c == '<' || c == '>'))
            return MAILSUB_E_ADDRESS;
    }
    return quoted ? MAILSUB_E_ADDRESS : MAILSUB_OK;
}
