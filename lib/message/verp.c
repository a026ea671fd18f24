/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Variable envelope return paths: the recipient stands in the local part of the sender, behind "+",
 * its "@" as "=". A domain holds no "=", so the last one parts them again, whatever the recipient's
 * own local part holds. A local part beyond 64 octets is refused and not cut: what was cut would
 * name another recipient.
 */
#include <mailsub/class.h>

#include "message/address.h"
#include "message/line.h"
#include "message/state.h"

static int parse(const char *text, mailsub__address *out)
{
    mailsub__slice address = mailsub__slice_str(text);
    int rc = mailsub__line_check(address, MAILSUB__LINE_NO_TAB);
    return rc ? rc : mailsub__address_parse(address, MAILSUB__ADDRESS_ASCII, out);
}

static int make(const mailsub__address *sender, mailsub__slice recipient, mailsub__address *out)
{
    mailsub__slice domain = mailsub__address_domain(recipient);
    size_t local_len = recipient.len - domain.len - 1;
    char local[MAILSUB_MAX_LOCAL_PART];
    /* Quotes would have to be undone, and stand within the words of another. */
    if (sender->text[0] == '"' || recipient.ptr[0] == '"' || domain.ptr[0] == '[')
        return MAILSUB_E_ADDRESS;
    if (sender->local_len + 1 + local_len + 1 + domain.len > sizeof local)
        return MAILSUB_E_LIMIT;
    char *end = mempcpy(local, sender->text, sender->local_len);
    *end++ = '+';
    end = mempcpy(end, recipient.ptr, local_len);
    *end++ = '=';
    end = mempcpy(end, domain.ptr, domain.len);
    return mailsub__address_join(mailsub__slice_of(local, (size_t)(end - local)),
                                 mailsub__address_domain(mailsub__address_slice(sender)),
                                 MAILSUB__ADDRESS_ASCII, out);
}

static int set_verp(mailsub_message *message, const char *sender)
{
    mailsub__address parsed;
    mailsub__address made;
    if (!sender)
        return MAILSUB_E_INVALID;
    int rc = parse(sender, &parsed);
    if (!rc && message->n_recipients != 1)
        rc = message->n_recipients == 0 ? MAILSUB_E_NO_RECIPIENTS : MAILSUB_E_LIMIT;
    if (!rc)
        rc = make(&parsed, mailsub__message_recipients(message)[0], &made);
    return rc ? rc : mailsub_message_set_return_path(message, made.text);
}

int mailsub_message_set_verp(mailsub_message *message, const char *sender)
{
    int rc = mailsub__message_begin_any_change(message);
    if (!rc)
        rc = set_verp(message, sender);
    return mailsub__message_end_change(message, "Return-Path", rc);
}

int mailsub_verp_get_recipient(const char *sender, const char *address, char *out_recipient,
                               size_t room)
{
    mailsub__address own;
    mailsub__address bounced;
    mailsub__address recipient;
    if (!sender || !address || !out_recipient)
        return MAILSUB_E_INVALID;
    int rc = parse(sender, &own);
    if (!rc)
        rc = parse(address, &bounced);
    if (rc)
        return rc;
    mailsub__slice local = mailsub__slice_of(bounced.text, bounced.local_len);
    if (!mailsub__slice_equal(mailsub__address_domain(mailsub__address_slice(&own)),
                              mailsub__address_domain(mailsub__address_slice(&bounced))) ||
        local.len <= own.local_len || memcmp(local.ptr, own.text, own.local_len) != 0 ||
        local.ptr[own.local_len] != '+')
        return MAILSUB_E_ADDRESS;
    local = mailsub__slice_of(local.ptr + own.local_len + 1, local.len - own.local_len - 1);
    const char *mark = memrchr(local.ptr, '=', local.len);
    if (!mark || mark == local.ptr)
        return MAILSUB_E_ADDRESS;
    size_t n = (size_t)(mark - local.ptr);
    rc = mailsub__address_join(mailsub__slice_of(local.ptr, n),
                               mailsub__slice_of(mark + 1, local.len - n - 1),
                               MAILSUB__ADDRESS_ASCII, &recipient);
    if (!rc && recipient.len >= room)
        rc = MAILSUB_E_LIMIT;
    if (!rc)
        memcpy(out_recipient, recipient.text, recipient.len + 1);
    return rc;
}
